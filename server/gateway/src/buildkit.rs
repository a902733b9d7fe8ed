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
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use crate::{
    body,
    images::build::too_many,
    limits,
    refusal::{Answer, Refusal},
    request::Request,
    serve::Context,
};

/// What of it lives as long as a sandbox is served.
#[derive(Debug, Default)]
pub(crate) struct BuildKit {
    sessions: Arc<session::Sessions>,
    jobs: Arc<jobs::Jobs>,
    /// Connections of `/session` at once: each is a build's.
    serving: Places<{ limits::MAX_BUILDS }>,
    /// Connections of `/grpc` at once.
    asking: Places<{ limits::MAX_BUILD_CONNECTIONS }>,
    /// Calls under way on all of them.
    calls: Places<{ limits::MAX_BUILD_CALLS }>,
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

impl<const COUNT: usize> Places<COUNT> {
    /// One of them, where one is free.
    fn take(&self) -> Option<OwnedSemaphorePermit> {
        self.0.clone().try_acquire_owned().ok()
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
    let buildkit = &context.sandbox.buildkit;
    buildkit.sessions.check(&name)?;
    let place = buildkit.serving.take().ok_or_else(too_many)?;
    switch(context, place, buildkit.sessions.clone().serve(name, upgrade))
}

/// `POST /grpc`
pub(crate) async fn open_control(context: &Context, request: Request) -> Answer {
    let upgrade = request.upgrade.ok_or_else(needs_upgrade)?;
    let place = context.sandbox.buildkit.asking.take().ok_or_else(too_many)?;
    switch(context, place, control::serve(context.clone(), upgrade))
}

fn needs_upgrade() -> Refusal {
    Refusal::invalid("lunchbox: this endpoint becomes a connection of its own; ask with Upgrade: h2c, as docker does")
}

/// Answers 101, and speaks on until the client goes or the sandbox does.
fn switch(context: &Context, place: OwnedSemaphorePermit, speak: impl Future<Output = ()> + Send + 'static) -> Answer {
    let ended = context.sandbox.buildkit.ended.clone();
    context.sandbox.answering.spawn(async move {
        let _place = place;
        ended.run_until_cancelled(speak).await;
    });
    let mut response = Response::new(body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    response.headers_mut().insert(header::UPGRADE, HeaderValue::from_static("h2c"));
    Ok(response)
}
