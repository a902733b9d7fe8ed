//! `JSONMessage`: what pulls, pushes and builds tell while they run, one object a line. An error in the
//! middle of a stream is an object too, because the status 200 has been sent by then.

use std::future::Future;

use http::{Response, StatusCode};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

use crate::{
    body::{self, Body},
    lines,
    refusal::Refusal,
    sandbox::Sandbox,
};

/// Objects that may wait for a slow reader before the work itself waits.
const BACKLOG: usize = 64;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Message {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stream: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<String>,
    #[serde(rename = "progressDetail", skip_serializing_if = "Option::is_none")]
    pub(crate) progress_detail: Option<ProgressDetail>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) progress: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    #[serde(rename = "errorDetail", skip_serializing_if = "Option::is_none")]
    pub(crate) error_detail: Option<ErrorDetail>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) aux: Option<Aux>,
}

/// Bytes of a layer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct ProgressDetail {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) current: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) total: Option<i64>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct ErrorDetail {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<i64>,
    pub(crate) message: String,
}

/// The result: of a build its image's ID, of a push the rest.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Aux {
    #[serde(rename = "ID", skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    #[serde(rename = "Tag", skip_serializing_if = "Option::is_none")]
    pub(crate) tag: Option<String>,
    #[serde(rename = "Digest", skip_serializing_if = "Option::is_none")]
    pub(crate) digest: Option<String>,
    #[serde(rename = "Size", skip_serializing_if = "Option::is_none")]
    pub(crate) size: Option<i64>,
}

impl Message {
    /// A line of text.
    pub(crate) fn status(text: impl Into<String>) -> Self {
        Self { status: Some(text.into()), ..Self::default() }
    }

    /// A line about one layer; the client writes it over the one before.
    pub(crate) fn layer(id: &str, status: &str) -> Self {
        Self {
            status: Some(status.to_owned()),
            progress_detail: Some(ProgressDetail::default()),
            id: Some(id.to_owned()),
            ..Self::default()
        }
    }

    /// Output of a build, newlines included.
    pub(crate) fn stream(text: impl Into<String>) -> Self {
        Self { stream: Some(text.into()), ..Self::default() }
    }

    pub(crate) fn failed(message: impl Into<String>) -> Self {
        let message = message.into();
        Self { error: Some(message.clone()), error_detail: Some(ErrorDetail { code: None, message }), ..Self::default() }
    }
}

/// Where a piece of work tells how it goes. Telling somebody who has gone is no error: the work is
/// about to be ended.
#[derive(Debug, Clone)]
pub(crate) struct Messages(mpsc::Sender<Message>);

impl Messages {
    /// Nobody listens.
    pub(crate) fn silent() -> Self {
        Self(mpsc::channel(1).0)
    }

    pub(crate) async fn tell(&self, message: Message) {
        _ = self.0.send(message).await;
    }
}

/// An answer that tells how `work` goes. Work begins at once and is dropped when its reader goes (what of it must not
/// stop half-way is [`Sandbox::steady`]); what it fails with is the last object.
pub(crate) fn answer<F>(sandbox: &Sandbox, work: impl FnOnce(Messages) -> F) -> Response<Body>
where
    F: Future<Output = Result<(), Refusal>> + Send + 'static,
{
    let (sender, mut receiver) = mpsc::channel(BACKLOG);
    let messages = Messages(sender);
    let work = work(messages.clone());
    let working = AbortOnDropHandle::new(sandbox.answering.spawn(async move {
        if let Err(refusal) = work.await {
            messages.tell(Message::failed(refusal.message)).await;
        }
    }));
    let body = body::stream(async_stream::stream! {
        let _working = working;
        while let Some(message) = receiver.recv().await {
            yield Ok(lines::line(&message));
        }
    });
    body::with_type(StatusCode::OK, "application/json", body)
}
