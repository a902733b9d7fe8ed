//! Streams of JSON objects (pull, push, build, events, stats): read one by one, in bounded memory.

use bytes::{Buf, Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use serde::de::DeserializeOwned;

use crate::{SandboxId, body::BoxError, limits};

/// Objects out of a body, whatever separates them and however they are cut into chunks.
pub(crate) struct JsonLines<B = Incoming> {
    body: B,
    /// Whose objects they are, for who reads of a fault.
    of: String,
    buffer: BytesMut,
    ended: bool,
}

/// What the engine tells of something that it does for a sandbox (`a pull`), as faults name it.
pub(crate) fn told_of(what: &str, sandbox: &SandboxId) -> String {
    format!("what the engine tells of {what} in sandbox {sandbox}")
}

impl<B> JsonLines<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    /// `of` begins the sentence that tells of a fault: `what the engine tells of …`.
    pub(crate) fn new(body: B, of: impl Into<String>) -> Self {
        Self { body, of: of.into(), buffer: BytesMut::new(), ended: false }
    }

    /// The next object; `None` at the end of the body.
    pub(crate) async fn next<T: DeserializeOwned>(&mut self) -> Option<Result<T, BoxError>> {
        let next = self.read().await?;
        Some(next.map_err(|fault| format!("{} can't be read: {fault}", self.of).into()))
    }

    async fn read<T: DeserializeOwned>(&mut self) -> Option<Result<T, BoxError>> {
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
                let most = limits::MAX_STREAM_LINE_BYTES / 1024;
                return Some(Err(format!("an object in it is longer than {most} KiB").into()));
            }
            if let Err(error) = self.more().await {
                return Some(Err(error));
            }
        }
    }

    /// The next object that can be read, where each is on a line of its own: lines that are too long or hold something
    /// else are left out. `None` where the body ends or breaks off.
    pub(crate) async fn next_readable<T: DeserializeOwned>(&mut self) -> Option<T> {
        loop {
            match self.next().await? {
                Ok(object) => return Some(object),
                Err(error) => tracing::warn!(%error, "a line of a stream can't be read; going on with the next"),
            }
            if let Err(error) = self.skip_line().await {
                tracing::warn!(%error, of = self.of, "a stream broke off");
                return None;
            }
        }
    }

    async fn skip_line(&mut self) -> Result<(), BoxError> {
        // The end of the line before may still be there.
        let before = self.buffer.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        self.buffer.advance(before);
        loop {
            if let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
                self.buffer.advance(end + 1);
                return Ok(());
            }
            self.buffer.clear();
            if self.ended {
                return Ok(());
            }
            self.more().await?;
        }
    }

    async fn more(&mut self) -> Result<(), BoxError> {
        match self.body.frame().await {
            None => self.ended = true,
            Some(Err(error)) => return Err(error.into()),
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    self.buffer.extend_from_slice(&data);
                }
            }
        }
        Ok(())
    }
}

/// One object as the engine writes it: followed by CR and LF.
pub(crate) fn line(value: &impl serde::Serialize) -> Bytes {
    let mut bytes = serde_json::to_vec(value).unwrap_or_default();
    bytes.extend_from_slice(b"\r\n");
    bytes.into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use http_body_util::StreamBody;
    use hyper::body::Frame;

    use super::*;

    fn lines(text: String) -> JsonLines<impl Body<Data = Bytes, Error = BoxError> + Unpin> {
        let chunks: Vec<_> =
            text.as_bytes().chunks(10_000).map(|chunk| Ok::<_, BoxError>(Frame::data(Bytes::copy_from_slice(chunk)))).collect();
        JsonLines::new(StreamBody::new(futures_util::stream::iter(chunks)), told_of("a pull", &SandboxId::parse("abcdefghijkl").unwrap()))
    }

    #[tokio::test]
    async fn what_comes_after_a_line_that_is_too_long_is_read() {
        let long = format!("[\"{}\"]", "x".repeat(3 * limits::MAX_STREAM_LINE_BYTES));
        let mut lines = lines(format!("[\"one\"]\n{long}\n[\"two\"]\n[3]\n[\"four\"]\n{long}"));
        let mut read = Vec::new();
        while let Some(object) = lines.next_readable::<Vec<String>>().await {
            read.extend(object);
        }
        assert_eq!(read, ["one", "two", "four"]);
    }

    #[tokio::test]
    async fn a_fault_says_of_which_stream_and_sandbox_it_is() {
        let long = format!("[\"{}\"]", "x".repeat(3 * limits::MAX_STREAM_LINE_BYTES));
        for (text, fault) in
            [(long, "an object in it is longer than 256 KiB"), ("[3]".to_owned(), "invalid type: integer `3`, expected a string")]
        {
            let told = lines(text).next::<Vec<String>>().await.unwrap().unwrap_err().to_string();
            assert!(told.starts_with(&format!("what the engine tells of a pull in sandbox abcdefghijkl can't be read: {fault}")), "{told}");
        }
    }
}
