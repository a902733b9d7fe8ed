//! Connections from browsers: accepted, counted, served, and ended where nothing comes of them.
//!
//! `axum::serve` would do, but for what somebody does who means no good: headers that come a byte a
//! minute, and connections without end.

use std::{
    collections::HashMap,
    convert::Infallible,
    io,
    net::{IpAddr, SocketAddr},
    pin::{Pin, pin},
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use axum::{Router, body::Body, extract::ConnectInfo};
use http::{Request, Response};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use ipnet::IpNet;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt as _;

use super::client::{Client, is_trusted};

/// What connections may cost.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// Until a request's headers are there, from the connection's beginning or the answer before.
    headers: Duration,
    /// Bytes of a request's headers.
    header_bytes: usize,
    /// Connections from one address that is no trusted proxy: a hundred learners with ten each.
    per_client: usize,
    /// Connections at all; whoever comes then waits.
    all: usize,
}

const LIMITS: Limits = Limits { headers: Duration::from_secs(30), header_bytes: 64 * 1024, per_client: 1000, all: 8000 };
/// Before another connection is accepted when one could not be.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until `end`, and then until every request under way is answered.
pub async fn serve(listener: TcpListener, router: Router, trusted: Vec<IpNet>, end: CancellationToken) {
    raise_file_limit();
    serve_within(LIMITS, listener, router, trusted, end).await;
}

async fn serve_within(limits: Limits, listener: TcpListener, router: Router, trusted: Vec<IpNet>, end: CancellationToken) {
    let room = Arc::new(Semaphore::new(limits.all));
    let counts = Counts::default();
    let connections = TaskTracker::new();
    let accepting = async {
        // The semaphore is never closed.
        while let Ok(permit) = Arc::clone(&room).acquire_owned().await {
            let (stream, peer) = match listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file descriptors, most likely: give others time to close theirs.
                    tracing::warn!(%error, "A connection could not be accepted.");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            let Some(place) = counts.take(peer.ip(), &trusted, limits.per_client) else {
                tracing::debug!(%peer, "A connection was refused: its address has as many as it may.");
                continue;
            };
            // Small pieces, as of a terminal, should not wait for company.
            let _ = stream.set_nodelay(true);
            let stream = Counted { stream, _place: place, _permit: permit };
            connections.spawn(one(limits, stream, peer, router.clone(), end.clone()));
        }
    };
    let _ = end.run_until_cancelled(accepting).await;
    drop(listener);
    connections.close();
    connections.wait().await;
}

/// HTTP/1.1 only: a browser speaks HTTP/2 to the proxy with the certificate.
async fn one(limits: Limits, stream: Counted, peer: SocketAddr, router: Router, end: CancellationToken) {
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        let answer = router.clone().oneshot(request.map(Body::new));
        async move { Ok::<Response<Body>, Infallible>(answer.await.unwrap_or_else(|never| match never {})) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.headers)
        .max_buf_size(limits.header_bytes)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    // How it ended is of interest to its other end only.
    tokio::select! {
        _ = connection.as_mut() => return,
        () = end.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

/// How many connections each address has.
#[derive(Debug, Clone, Default)]
struct Counts(Arc<Mutex<HashMap<Client, usize>>>);

impl Counts {
    /// `None` where it has as many as it may.
    fn take(&self, peer: IpAddr, trusted: &[IpNet], limit: usize) -> Option<Place> {
        // Everybody comes from there.
        if is_trusted(peer, trusted) {
            return Some(Place(None));
        }
        let client = Client::of(peer);
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(client).or_default();
        if *count >= limit {
            return None;
        }
        *count += 1;
        Some(Place(Some((self.clone(), client))))
    }
}

/// One connection's, counted until it is dropped.
#[derive(Debug)]
struct Place(Option<(Counts, Client)>);

impl Drop for Place {
    fn drop(&mut self) {
        let Some((counts, client)) = &self.0 else { return };
        let mut counts = counts.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(client) {
            *count -= 1;
            if *count == 0 {
                counts.remove(client);
            }
        }
    }
}

/// A connection that holds its place also when it has become a WebSocket.
struct Counted {
    stream: TcpStream,
    _place: Place,
    _permit: OwnedSemaphorePermit,
}

impl AsyncRead for Counted {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// Each connection is a file, and many systems begin with 1024 of these.
fn raise_file_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum
        && let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum })
    {
        tracing::warn!(%error, "The limit of open files stays what it is; a large class may need more.");
    }
}

#[cfg(test)]
mod tests;
