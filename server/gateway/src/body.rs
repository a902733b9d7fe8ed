//! The one body type, and the few ways an answer is made.

mod gather;

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use futures_util::{Stream, TryStreamExt};
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited, StreamBody, combinators::UnsyncBoxBody};
use hyper::body::{Frame, Incoming, SizeHint};
use serde::Serialize;
use tokio::time::Instant;

use crate::{limits, refusal::Refusal};

pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Every body at every seam.
pub(crate) type Body = UnsyncBoxBody<Bytes, BoxError>;

/// Bytes that are there already.
pub(crate) fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed_unsync()
}

/// Nothing.
pub(crate) fn empty() -> Body {
    full(Bytes::new())
}

/// A stream, passed on as it comes: the reader's pace is the writer's.
pub(crate) fn stream<S>(stream: S) -> Body
where
    S: Stream<Item = Result<Bytes, BoxError>> + Send + 'static,
{
    StreamBody::new(stream.map_ok(Frame::data)).boxed_unsync()
}

/// What the engine sends, passed on as it comes; many small pieces in a row as few larger ones.
pub(crate) fn incoming(body: Incoming) -> Body {
    gathered(body)
}

/// The same, of any body.
pub(crate) fn gathered<B>(body: B) -> Body
where
    B: hyper::body::Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<BoxError>,
{
    gather::Gather::new(body).boxed_unsync()
}

/// A JSON answer. The content type is the engine's to the letter: the CLI compares it.
pub(crate) fn json(status: StatusCode, value: &impl Serialize) -> Response<Body> {
    let bytes = match serde_json::to_vec(value) {
        Ok(mut bytes) => {
            bytes.push(b'\n');
            bytes
        }
        Err(error) => {
            tracing::error!(%error, "an answer could not be written as JSON");
            return no_content(StatusCode::INTERNAL_SERVER_ERROR);
        }
    };
    with_type(status, "application/json", full(bytes))
}

/// An answer without a body.
pub(crate) fn no_content(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(empty());
    *response.status_mut() = status;
    response
}

/// An answer with a content type.
pub(crate) fn with_type(status: StatusCode, content_type: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// How many times the bytes that are taken may be sent in vain.
const DRAINED_TIMES: u64 = 8;

/// A client's upload, piece by piece, for as long as it may take.
pub(crate) struct Upload {
    body: Incoming,
    until: Instant,
}

impl Upload {
    pub(crate) fn new(body: Incoming) -> Self {
        Self { body, until: Instant::now() + limits::UPLOAD_TIME }
    }

    /// Reads it for nothing, so that a client which first sends and then reads comes to read why it was refused.
    /// Not for ever: whoever sends much more than is taken finds the connection closed.
    pub(crate) async fn drain(mut self, most_bytes: u64) {
        let most_bytes = most_bytes.saturating_mul(DRAINED_TIMES);
        let mut drained = 0;
        while drained < most_bytes {
            match self.next().await {
                Some(Ok(data)) => drained += data.len() as u64,
                Some(Err(_)) | None => return,
            }
        }
    }

    /// The next piece; `None` at the end. Nothing comes after a refusal.
    pub(crate) async fn next(&mut self) -> Option<Result<Bytes, Refusal>> {
        loop {
            let until = self.until.min(Instant::now() + limits::UPLOAD_PAUSE);
            match tokio::time::timeout_at(until, self.body.frame()).await {
                Err(_) => return Some(Err(Refusal::too_slow())),
                Ok(None) => return None,
                Ok(Some(Err(_))) => return Some(Err(Refusal::broken_off())),
                Ok(Some(Ok(frame))) => {
                    if let Ok(data) = frame.into_data() {
                        return Some(Ok(data));
                    }
                }
            }
        }
    }
}

/// The body of an upload and what was found before it, where that doesn't speak against it; else it is read for
/// nothing, since the client reads no answer before it has sent it.
pub(crate) async fn admit<T>(body: Incoming, most_bytes: u64, found: Result<T, Refusal>) -> Result<(Incoming, T), Refusal> {
    match found {
        Ok(found) => Ok((body, found)),
        Err(refusal) => {
            Upload::new(body).drain(most_bytes).await;
            Err(refusal)
        }
    }
}

/// Reads a body whole, up to `limit` bytes, for as long as it may take.
pub(crate) async fn read<B>(body: B, limit: usize, what: &str) -> Result<Bytes, Refusal>
where
    B: hyper::body::Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    let read = tokio::time::timeout(limits::BODY_TIME, Limited::new(body, limit).collect()).await;
    match read.map_err(|_| Refusal::too_slow())? {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => Err(Refusal::too_large(what, limit as u64)),
        Err(error) => {
            tracing::debug!(%error, "a body ended early");
            Err(Refusal::broken_off())
        }
    }
}

/// Reads one answer of the engine's whole.
pub(crate) async fn read_engine<B>(body: B) -> Result<Bytes, Refusal>
where
    B: hyper::body::Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    match Limited::new(body, limits::MAX_ENGINE_ANSWER_BYTES).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) => {
            tracing::error!(%error, "the engine's answer could not be read");
            Err(Refusal::engine_away())
        }
    }
}

/// A body that holds something (a place among the open streams, a transfer that is shown) until it
/// has been sent or its reader has gone.
pub(crate) fn holding<T: Send + Unpin + 'static>(body: Body, held: T) -> Body {
    Holding::new(body, held).boxed_unsync()
}

/// The same, of any body.
pub(crate) struct Holding<B, T> {
    body: B,
    held: Option<T>,
}

impl<B, T> Holding<B, T> {
    pub(crate) fn new(body: B, held: T) -> Self {
        Self { body, held: Some(held) }
    }
}

impl<B: hyper::body::Body<Data = Bytes> + Unpin, T: Unpin> hyper::body::Body for Holding<B, T> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if !matches!(frame, Some(Ok(_))) {
            self.held = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
