//! Streams of JSON objects (pull, push, build, events, stats): read one by one, in bounded memory.

use bytes::{Buf, Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde::de::DeserializeOwned;

use crate::{body::BoxError, limits};

/// Objects out of a body, whatever separates them and however they are cut into chunks.
pub(crate) struct JsonLines {
    body: Incoming,
    buffer: BytesMut,
    ended: bool,
}

impl JsonLines {
    pub(crate) fn new(body: Incoming) -> Self {
        Self { body, buffer: BytesMut::new(), ended: false }
    }

    /// The next object; `None` at the end of the body.
    pub(crate) async fn next<T: DeserializeOwned>(&mut self) -> Option<Result<T, BoxError>> {
        loop {
            let mut objects = serde_json::Deserializer::from_slice(&self.buffer).into_iter::<T>();
            match objects.next() {
                Some(Ok(object)) => {
                    let used = objects.byte_offset();
                    self.buffer.advance(used);
                    return Some(Ok(object));
                }
                Some(Err(error)) if !error.is_eof() => return Some(Err(error.into())),
                Some(Err(error)) if self.ended => return Some(Err(error.into())),
                None if self.ended => return None,
                Some(Err(_)) | None => {}
            }
            if self.buffer.len() > limits::MAX_STREAM_LINE_BYTES {
                return Some(Err("an object of the stream is too long".into()));
            }
            match self.body.frame().await {
                None => self.ended = true,
                Some(Err(error)) => return Some(Err(error.into())),
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        self.buffer.extend_from_slice(&data);
                    }
                }
            }
        }
    }
}

/// One object as the engine writes it: followed by CR and LF.
pub(crate) fn line(value: &impl serde::Serialize) -> Bytes {
    let mut bytes = serde_json::to_vec(value).unwrap_or_default();
    bytes.extend_from_slice(b"\r\n");
    bytes.into()
}
