//! The engine's socket, looked at less often while it sends very little very often.
//!
//! The engine writes a container's log line by line. A reader that waits for each is woken for each, which costs
//! engine and gateway more than the line itself. So while small pieces come in quick succession the socket isn't
//! watched, but looked at again after [`PAUSE`]; the kernel keeps some 200 lines meanwhile, and the engine
//! waits where that isn't enough. As soon as nothing has come in a pause, the socket is watched again.

mod pause;

use std::{
    io::{self, Read as _},
    os::unix::net,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::UnixStream,
    time::Instant,
};

use self::pause::Pause;

/// Between two looks: the engine writes less in it than the kernel keeps.
const PAUSE: Duration = Duration::from_micros(400);
/// Bytes of a piece that is small.
const SMALL_BYTES: usize = 4 * 1024;
/// Small pieces that are a quick succession, and the time within which they are.
const MANY: u32 = 8;
const SOON: Duration = Duration::from_millis(1);

/// A connection to the engine.
#[derive(Debug)]
pub(super) struct Calm {
    socket: Socket,
    /// When the count began, and small pieces since.
    since: Instant,
    small: u32,
}

#[derive(Debug)]
enum Socket {
    Watched(UnixStream),
    Unwatched(net::UnixStream, Pause),
    /// The change from one to the other has failed.
    Lost,
}

impl Calm {
    pub(super) fn new(socket: UnixStream) -> Self {
        Self { socket: Socket::Watched(socket), since: Instant::now(), small: 0 }
    }

    fn watched(&mut self) -> io::Result<Pin<&mut UnixStream>> {
        if let Socket::Unwatched(..) = self.socket
            && let Socket::Unwatched(socket, _) = std::mem::replace(&mut self.socket, Socket::Lost)
        {
            self.socket = Socket::Watched(UnixStream::from_std(socket)?);
        }
        match &mut self.socket {
            Socket::Watched(socket) => Ok(Pin::new(socket)),
            Socket::Unwatched(..) | Socket::Lost => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    /// After a piece has come.
    fn count(&mut self, bytes: usize) -> io::Result<()> {
        let now = Instant::now();
        if bytes >= SMALL_BYTES || now - self.since > SOON {
            (self.since, self.small) = (now, 0);
        }
        self.small += 1;
        if self.small < MANY || bytes == 0 {
            return Ok(());
        }
        if let Socket::Watched(_) = self.socket
            && let Ok(pause) = Pause::begin(PAUSE)
            && let Socket::Watched(socket) = std::mem::replace(&mut self.socket, Socket::Lost)
        {
            self.socket = Socket::Unwatched(socket.into_std()?, pause);
        }
        Ok(())
    }
}

impl AsyncRead for Calm {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if let Socket::Unwatched(socket, pause) = &mut this.socket {
            ready!(pause.poll_over(context))?;
            match socket.read(buffer.initialize_unfilled()) {
                Ok(read) => {
                    buffer.advance(read);
                    // There may be more than the buffer holds.
                    if buffer.remaining() > 0 {
                        pause.again(PAUSE)?;
                    }
                    return Poll::Ready(Ok(()));
                }
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        let before = buffer.filled().len();
        ready!(this.watched()?.poll_read(context, buffer))?;
        this.count(buffer.filled().len() - before)?;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Calm {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.watched()?.poll_write(context, bytes)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, context: &mut Context<'_>, pieces: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        self.watched()?.poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // A socket keeps nothing back.
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.watched()?.poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    #[tokio::test]
    async fn many_lines_are_read_whole_and_in_order_with_few_looks() {
        const LINES: usize = 5000;
        let (mut engine, ours) = UnixStream::pair().unwrap();
        let sending = tokio::spawn(async move {
            for line in 0..LINES {
                engine.write_all(format!("{line:07}\n").as_bytes()).await.unwrap();
            }
        });
        let (mut calm, mut all, mut looks) = (Calm::new(ours), Vec::new(), 0);
        while calm.read_buf(&mut all).await.unwrap() > 0 {
            looks += 1;
        }
        sending.await.unwrap();
        assert!(all.chunks(8).enumerate().all(|(at, line)| line == format!("{at:07}\n").as_bytes()));
        assert_eq!(all.len(), LINES * 8);
        assert!(looks < LINES / 10, "it was looked at {looks} times");
    }

    #[tokio::test]
    async fn after_a_succession_a_line_that_comes_alone_is_seen() {
        let (mut engine, ours) = UnixStream::pair().unwrap();
        let (mut calm, mut byte) = (Calm::new(ours), [0]);
        for _ in 0..3 {
            for _ in 0..100 {
                engine.write_all(b"x").await.unwrap();
                calm.read_exact(&mut byte).await.unwrap();
            }
            assert!(matches!(calm.socket, Socket::Unwatched(..)));
            let nothing = tokio::time::timeout(Duration::from_millis(20), calm.read_exact(&mut byte)).await;
            assert!(nothing.is_err() && matches!(calm.socket, Socket::Watched(_)), "{:?}", calm.socket);
            engine.write_all(b"y").await.unwrap();
            calm.read_exact(&mut byte).await.unwrap();
            assert_eq!(&byte, b"y");
        }
        // What is written goes out in either state.
        calm.write_all(b"z").await.unwrap();
        engine.read_exact(&mut byte).await.unwrap();
        drop(engine);
        assert_eq!(calm.read(&mut byte).await.unwrap(), 0);
    }
}
