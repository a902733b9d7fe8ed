//! What a learner's client asked, parsed once: path, query and body are values from here on.

pub(crate) mod json;
pub(crate) mod moment;
pub(crate) mod path;
pub(crate) mod query;

use http::{HeaderMap, header};
use hyper::{
    body::{Body as _, Incoming},
    upgrade::OnUpgrade,
};
use serde::de::DeserializeOwned;

use crate::{
    body, limits,
    operation::{Operation, Parameters, Reads},
    refusal::Refusal,
    request::{path::ApiVersion, query::Query},
    serve::Width,
};

/// One request that the table of operations lets in.
pub(crate) struct Request {
    pub(crate) operation: Operation,
    pub(crate) reads: Reads,
    pub(crate) version: ApiVersion,
    /// What the template's placeholders stand for.
    pub(crate) parameters: Parameters,
    pub(crate) query: Query,
    /// For the few handlers that look at one header; none is ever passed on.
    pub(crate) headers: HeaderMap,
    pub(crate) body: Incoming,
    /// Where the client asked for a hijacked connection.
    pub(crate) upgrade: Option<OnUpgrade>,
    /// For an answer that is a large copy.
    pub(crate) width: Width,
}

/// Sent by the docker command where a workstation's shell asks it for names to complete
/// (server/images/workstation/completion). Nobody reads those lists.
const COMPLETION_HEADER: &str = "Lunchbox-Completion";

impl Request {
    /// Whether a shell asks on the learner's Tab: no look at anything, and so no activity.
    pub(crate) fn is_completion(&self) -> bool {
        self.headers.contains_key(COMPLETION_HEADER)
    }

    /// Whether its body is held in memory, and more than most; one that doesn't say how long it is counts as such.
    pub(crate) fn has_large_body(&self) -> bool {
        !self.operation.is_upload() && self.body.size_hint().upper().is_none_or(|bytes| bytes > limits::MAX_SMALL_BODY_BYTES)
    }

    /// The body as `T`; an absent body is `{}`.
    pub(crate) async fn json<T: DeserializeOwned>(body: Incoming, headers: &HeaderMap) -> Result<T, Refusal> {
        let bytes = body::read(body, limits::MAX_JSON_BODY_BYTES, "the request's body").await?;
        if bytes.is_empty() {
            return json::decode(&bytes::Bytes::from_static(b"{}"));
        }
        let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/json") {
            return Err(Refusal::invalid(format!("unsupported Content-Type header ({content_type}): must be 'application/json'")));
        }
        json::decode(&bytes)
    }
}
