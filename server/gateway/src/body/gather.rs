//! Many small pieces in a row become few larger ones on their way from the engine.
//!
//! The engine sends a container's log line by line, each a chunk of its own. Passed on one by one they
//! cost the gateway and the client a system call each, and a log takes twice the time. So what comes
//! while the last piece has only just gone is kept for at most [`PAUSE`]. A line that comes alone goes
//! on at once.

use std::{
    future::Future as _,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use hyper::body::{Frame, SizeHint};
use tokio::time::{Instant, Sleep};

use super::BoxError;

/// Between two pieces at least, where both are small.
const PAUSE: Duration = Duration::from_millis(1);
/// Bytes of a piece that is passed on as it is.
const LARGE_BYTES: usize = 8 * 1024;
/// Bytes kept at most.
const FULL_BYTES: usize = 32 * 1024;

/// A body whose small pieces are gathered.
pub(super) struct Gather<B> {
    inner: B,
    kept: BytesMut,
    /// Before then nothing small is passed on.
    next_at: Option<Instant>,
    sleep: Option<Pin<Box<Sleep>>>,
    /// What came after the kept bytes: an end, or why there are no more.
    ended: Option<Result<(), BoxError>>,
}

impl<B> Gather<B> {
    pub(super) fn new(inner: B) -> Self {
        Self { inner, kept: BytesMut::new(), next_at: None, sleep: None, ended: None }
    }

    fn pass(&mut self) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.next_at = Some(Instant::now() + PAUSE);
        self.sleep = None;
        // An idle stream keeps no memory.
        Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut self.kept).freeze()))))
    }

    /// Ready once the pause after the last piece is over.
    fn poll_pause(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Some(next_at) = self.next_at.filter(|at| *at > Instant::now()) else { return Poll::Ready(()) };
        self.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(next_at))).as_mut().poll(context)
    }
}

impl<B> hyper::body::Body for Gather<B>
where
    B: hyper::body::Body<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        loop {
            if this.ended.is_some() || this.kept.len() >= FULL_BYTES {
                if !this.kept.is_empty() {
                    return this.pass();
                }
                return Poll::Ready(match this.ended.replace(Ok(())) {
                    Some(Err(error)) => Some(Err(error)),
                    _ => None,
                });
            }
            match Pin::new(&mut this.inner).poll_frame(context) {
                Poll::Ready(Some(Ok(frame))) => {
                    // Trailers: the engine sends none.
                    let Ok(data) = frame.into_data() else { continue };
                    if this.kept.is_empty() && data.len() >= LARGE_BYTES {
                        return Poll::Ready(Some(Ok(Frame::data(data))));
                    }
                    this.kept.extend_from_slice(&data);
                }
                Poll::Ready(Some(Err(error))) => this.ended = Some(Err(error.into())),
                Poll::Ready(None) => this.ended = Some(Ok(())),
                Poll::Pending if this.kept.is_empty() => return Poll::Pending,
                Poll::Pending => {
                    ready!(this.poll_pause(context));
                    return this.pass();
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.kept.is_empty() && (self.ended.is_some() || self.inner.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        let mut hint = SizeHint::new();
        if let (Some(exact), None) = (self.inner.size_hint().exact(), &self.ended) {
            hint.set_exact(exact + self.kept.len() as u64);
        }
        hint
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]
    use http_body_util::{BodyExt, StreamBody};
    use tokio::sync::mpsc;
    use tokio_stream::{StreamExt, wrappers::ReceiverStream};

    use super::*;

    type Sender = mpsc::Sender<Result<Bytes, BoxError>>;

    fn body() -> (Sender, Gather<impl hyper::body::Body<Data = Bytes, Error = BoxError> + Unpin>) {
        let (sender, receiver) = mpsc::channel(64);
        (sender, Gather::new(StreamBody::new(ReceiverStream::new(receiver).map(|piece| piece.map(Frame::data)))))
    }

    async fn send(sender: &Sender, text: &'static str) {
        sender.send(Ok(Bytes::from_static(text.as_bytes()))).await.unwrap();
    }

    async fn next(body: &mut (impl hyper::body::Body<Data = Bytes, Error = BoxError> + Unpin)) -> String {
        let data = body.frame().await.expect("there is more").unwrap().into_data().unwrap();
        String::from_utf8(data.to_vec()).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_line_alone_goes_on_at_once() {
        let (sender, mut body) = body();
        let began = Instant::now();
        send(&sender, "one\n").await;
        assert_eq!(next(&mut body).await, "one\n");
        assert_eq!(began.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn lines_in_a_row_become_one_piece_within_a_millisecond() {
        let (sender, mut body) = body();
        send(&sender, "one\n").await;
        assert_eq!(next(&mut body).await, "one\n");
        let began = Instant::now();
        let (piece, ()) = tokio::join!(next(&mut body), async {
            for text in ["two\n", "three\n", "four\n"] {
                send(&sender, text).await;
                tokio::task::yield_now().await;
            }
        });
        assert_eq!(piece, "two\nthree\nfour\n");
        assert!(began.elapsed() <= PAUSE + Duration::from_millis(1), "it took {:?}", began.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_kept_goes_out_before_the_end_and_before_an_error() {
        let (sender, mut all) = body();
        send(&sender, "one").await;
        send(&sender, "two").await;
        drop(sender);
        assert_eq!(next(&mut all).await, "onetwo");
        assert!(all.frame().await.is_none());
        assert!(all.frame().await.is_none());

        let (sender, mut broken) = body();
        send(&sender, "half").await;
        sender.send(Err("cut off".into())).await.unwrap();
        assert_eq!(next(&mut broken).await, "half");
        assert_eq!(broken.frame().await.unwrap().unwrap_err().to_string(), "cut off");
        assert!(broken.frame().await.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_is_kept_than_a_piece_holds_and_large_pieces_pass_untouched() {
        let (sender, mut body) = body();
        let large = Bytes::from(vec![b'x'; LARGE_BYTES]);
        sender.send(Ok(large.clone())).await.unwrap();
        let passed = body.frame().await.unwrap().unwrap().into_data().unwrap();
        assert_eq!(passed.as_ptr(), large.as_ptr(), "it was copied");
        for _ in 0..40 {
            sender.send(Ok(Bytes::from(vec![b'y'; 1024]))).await.unwrap();
        }
        let passed = body.frame().await.unwrap().unwrap().into_data().unwrap();
        assert_eq!(passed.len(), FULL_BYTES);
    }
}
