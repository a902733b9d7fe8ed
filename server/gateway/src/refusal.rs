//! What a learner's `docker` is told when something can't be done, in the engine's own shape:
//! a status and `{"message": "…"}` (Engine API `ErrorResponse`).

use http::{Response, StatusCode};

use crate::{
    activity::RefusedContainer,
    body::{self, Body},
};

/// An answer that is not a success. The message is for the learner's screen: it never holds an
/// engine name, a host path or another learner's anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) message: String,
    /// The container that was asked for, where it was one: for who tells of it, not for the answer.
    pub(crate) container: Option<Box<RefusedContainer>>,
}

/// What every handler returns.
pub(crate) type Answer = Result<Response<Body>, Refusal>;

impl Refusal {
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), container: None }
    }

    /// 400: not understood.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// 403: understood, and not done in this classroom. `what` and `why` make the sentence.
    pub(crate) fn forbidden(what: &str, why: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, format!("lunchbox: {what} is switched off in this classroom: {why}"))
    }

    /// 403: a limit of the sandbox's is reached.
    pub(crate) fn limit(thing: &str, most: u32, command: &str) -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            format!("lunchbox: limit reached: this host may have {most} {thing}. Remove some with `{command}`, then try again."),
        )
    }

    /// 404 in the engine's words. What isn't theirs gets the very same.
    pub(crate) fn no_such(kind: &str, name: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("No such {kind}: {name}"))
    }

    /// 404 of a path that is no endpoint, as the engine words it.
    pub(crate) fn page_not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "page not found")
    }

    /// 409.
    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, message)
    }

    /// 408: the client takes longer to send than anybody waits.
    pub(crate) fn too_slow() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "lunchbox: the request's body took too long to come. Try again.")
    }

    /// 400: the client went, or its body has no proper end.
    pub(crate) fn broken_off() -> Self {
        Self::invalid("the request's body ended before it was complete")
    }

    /// 413: more bytes than the sandbox may send.
    pub(crate) fn too_large(what: &str, most_bytes: u64) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("lunchbox: {what} is larger than {} MB, the most that this classroom takes.", most_bytes / 1_000_000),
        )
    }

    /// 500, with nothing of the cause: the cause is logged where it is known.
    pub(crate) fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "lunchbox: something went wrong on our side. Try again; if it stays, tell your instructor.",
        )
    }

    /// 503: the engine itself does not answer.
    pub(crate) fn engine_away() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "lunchbox: the Docker Engine behind this classroom does not answer. Try again in a moment.",
        )
    }

    /// The sandbox has ended while it was asked.
    pub(crate) fn closed() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "lunchbox: this host has been closed. Reload the page for a fresh one.")
    }

    /// As the engine would send it.
    pub(crate) fn into_response(self) -> Response<Body> {
        body::json(self.status, &serde_json::json!({ "message": self.message }))
    }
}

impl From<sqlx::Error> for Refusal {
    fn from(error: sqlx::Error) -> Self {
        tracing::error!(%error, "the ledger failed");
        Self::internal()
    }
}
