//! A client's connection that gets more room in the kernel when a large copy goes out on it: gateway and client then
//! take turns less often, which on few cores is what such a copy costs most.

use std::{
    io,
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::UnixStream,
    sync::{OwnedSemaphorePermit, Semaphore},
};

use crate::limits;

/// Whether a connection is to have more room. Once it has, it keeps that, and its place among the few that have it
/// ([`limits::MAX_WIDE_CONNECTIONS`]), until it is closed: what it was given last may stay unread for as long. Cheap to
/// clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Width(Arc<OnceLock<OwnedSemaphorePermit>>);

impl Width {
    /// More room from the next byte on, where a place is free. A copy without goes on as well, only slower.
    pub(crate) fn widen(&self, places: &Arc<Semaphore>) {
        if self.0.get().is_none()
            && let Ok(place) = places.clone().try_acquire_owned()
        {
            // Another request can't have come between: a connection has one at a time.
            _ = self.0.set(place);
        }
    }
}

/// A client's connection.
#[derive(Debug)]
pub(super) struct Wide {
    stream: UnixStream,
    width: Width,
    is_wide: bool,
}

impl Wide {
    pub(super) fn new(stream: UnixStream, width: Width) -> Self {
        Self { stream, width, is_wide: false }
    }

    fn stream(&mut self) -> Pin<&mut UnixStream> {
        Pin::new(&mut self.stream)
    }

    /// Before something is written.
    fn ready(&mut self) -> Pin<&mut UnixStream> {
        if !self.is_wide && self.width.0.get().is_some() {
            self.is_wide = true;
            widen(&self.stream);
        }
        self.stream()
    }
}

/// Gives a socket that much copied goes out on more room.
pub(crate) fn widen(socket: &UnixStream) {
    if let Err(error) = rustix::net::sockopt::set_socket_send_buffer_size(socket, limits::WIDE_BUFFER_BYTES) {
        tracing::debug!(%error, "a socket keeps the room that it has");
    }
}

impl AsyncRead for Wide {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_read(context, buffer)
    }
}

impl AsyncWrite for Wide {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.ready().poll_write(context, bytes)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, context: &mut Context<'_>, pieces: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        self.ready().poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    /// Bytes that a connection takes whose client reads nothing.
    async fn taken(wide: &mut Wide) -> usize {
        let (piece, mut taken) = ([0; 32 * 1024], 0);
        loop {
            let write = std::future::poll_fn(|context| Poll::Ready(Pin::new(&mut *wide).poll_write(context, &piece)));
            match write.await {
                Poll::Ready(written) => taken += written.unwrap(),
                Poll::Pending => return taken,
            }
        }
    }

    #[tokio::test]
    async fn few_connections_get_more_room_and_keep_their_place_until_they_are_closed() {
        let places = Arc::new(Semaphore::new(1));
        let connection = || {
            let (ours, client) = UnixStream::pair().unwrap();
            let width = Width::default();
            (Wide::new(ours, width.clone()), width, client)
        };
        let (mut narrow, _, _client) = connection();
        let usual = taken(&mut narrow).await;

        let (mut first, width, _client) = connection();
        width.widen(&places);
        width.widen(&places);
        let more = taken(&mut first).await;
        assert!(more >= limits::WIDE_BUFFER_BYTES && more > usual, "{more} after {usual}");

        let (mut second, late, _client) = connection();
        late.widen(&places);
        assert_eq!(taken(&mut second).await, usual, "no place is free");
        drop((first, width));
        let (mut third, width, _client) = connection();
        width.widen(&places);
        assert_eq!(taken(&mut third).await, more, "one is, now");
    }
}
