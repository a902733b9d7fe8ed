//! BuildKit's API, mediated call by call. `POST /grpc` and `POST /session` become HTTP/2 connections, and
//! they end here: no byte of them reaches the engine's own BuildKit, whose builds, cache and history are
//! everybody's. A build that comes this way is built like any other (`images::build`).
//!
//! Source: moby/buildkit, `api/services/control`, `frontend/gateway/pb`, `session`.

mod control;
mod folder;
mod jobs;
mod session;
mod solve;
pub(crate) mod vertices;
mod wire;

use std::sync::Arc;

use http::{HeaderValue, Response, StatusCode, header};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::{
    body, limits,
    refusal::{Answer, Refusal},
    request::Request,
    serve::Context,
};

/// What of it lives as long as a sandbox is served.
#[derive(Debug, Default)]
pub(crate) struct BuildKit {
    sessions: Arc<session::Sessions>,
    jobs: Arc<jobs::Jobs>,
    /// Connections of `/grpc` at once.
    places: Places<{ limits::MAX_BUILD_SESSIONS }>,
    /// Messages that are read at once, on all of them.
    reading: Places<{ limits::MAX_BUILD_MESSAGES }>,
    /// The connections end with the sandbox.
    ended: CancellationToken,
}

#[derive(Debug)]
struct Places<const COUNT: usize>(Arc<Semaphore>);

impl<const COUNT: usize> Default for Places<COUNT> {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(COUNT)))
    }
}

impl BuildKit {
    pub(crate) fn close(&self) {
        self.ended.cancel();
    }
}

/// `POST /session`
pub(crate) async fn open_session(context: &Context, request: Request) -> Answer {
    let name = session::session_name(request.headers.get(&session::SESSION_HEADER)).to_owned();
    let upgrade = request.upgrade.ok_or_else(needs_upgrade)?;
    let sessions = context.sandbox.buildkit.sessions.clone();
    sessions.check(&name)?;
    switch(context, sessions.serve(name, upgrade))
}

/// `POST /grpc`
pub(crate) async fn open_control(context: &Context, request: Request) -> Answer {
    let upgrade = request.upgrade.ok_or_else(needs_upgrade)?;
    let place = context.sandbox.buildkit.places.0.clone().try_acquire_owned().map_err(|_| {
        let most = limits::MAX_BUILD_SESSIONS;
        Refusal::new(
            StatusCode::TOO_MANY_REQUESTS,
            format!("lunchbox: {most} builds are connected to this host already. Let one end and try again."),
        )
    })?;
    let context = context.clone();
    switch(&context.clone(), async move {
        let _place = place;
        control::serve(context, upgrade).await;
    })
}

fn needs_upgrade() -> Refusal {
    Refusal::invalid("lunchbox: this endpoint becomes a connection of its own; ask with Upgrade: h2c, as docker does")
}

/// Answers 101, and speaks on until the client goes or the sandbox does.
fn switch(context: &Context, speak: impl Future<Output = ()> + Send + 'static) -> Answer {
    let place = context.sandbox.stream()?;
    let ended = context.sandbox.buildkit.ended.clone();
    tokio::spawn(async move {
        let _place = place;
        ended.run_until_cancelled(speak).await;
    });
    let mut response = Response::new(body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    response.headers_mut().insert(header::UPGRADE, HeaderValue::from_static("h2c"));
    Ok(response)
}
