//! Hijacked connections (attach, exec): after the 101 both sides are raw bytes, each direction ends by
//! itself, and nothing is ever parsed as HTTP again. `docker run -i` depends on the half-close.

use http::{HeaderValue, Response, StatusCode, header};
use hyper::{
    body::Incoming,
    upgrade::{OnUpgrade, Upgraded},
};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    sync::OwnedSemaphorePermit,
};

use crate::{body, body::Body, limits, model::versions, request::path::ApiVersion};

/// Answers 101 and copies both ways until both have ended. `held` is let go of at the end.
pub(crate) fn relay(client: OnUpgrade, engine: Response<Incoming>, version: ApiVersion, held: OwnedSemaphorePermit) -> Response<Body> {
    // raw-stream, or multiplexed-stream: the client reads from this which it is.
    let of_engine = engine.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    let content_type = HeaderValue::from_static(versions::stream_type(of_engine, version));
    tokio::spawn(async move {
        let _held = held;
        match tokio::try_join!(client, hyper::upgrade::on(engine)) {
            Ok((client, engine)) => copy(client, engine).await,
            Err(error) => tracing::debug!(%error, "a hijacked connection did not come about"),
        }
    });
    let mut response = Response::new(body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("tcp"));
    headers.insert(header::CONTENT_TYPE, content_type);
    response
}

async fn copy(client: Upgraded, engine: Upgraded) {
    let (client_read, client_write) = tokio::io::split(TokioIo::new(client));
    let (engine_read, engine_write) = tokio::io::split(TokioIo::new(engine));
    let input = one_way(client_read, engine_write);
    let output = one_way(engine_read, client_write);
    tokio::pin!(input, output);
    // Once one side has said all it had to say, the other may take its time, but not for ever.
    tokio::select! {
        () = &mut input => { tokio::time::timeout(limits::HALF_CLOSED_TIME, output).await.ok(); }
        // The process has ended: what is typed from here on has no reader.
        () = &mut output => {}
    }
}

async fn one_way(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) {
    let mut buffer = vec![0; limits::HIJACK_BUFFER_BYTES];
    loop {
        match from.read(&mut buffer).await {
            Ok(0) | Err(_) => break,
            Ok(read) => {
                if to.write_all(&buffer[..read]).await.is_err() || to.flush().await.is_err() {
                    return;
                }
                // Room for who has much to say, for as long as that lasts: most streams are silent mostly.
                if read == buffer.len() {
                    buffer.resize(limits::HIJACK_FLOOD_BYTES, 0);
                } else if read < limits::HIJACK_BUFFER_BYTES && buffer.len() > limits::HIJACK_BUFFER_BYTES {
                    buffer.truncate(limits::HIJACK_BUFFER_BYTES);
                    buffer.shrink_to_fit();
                }
            }
        }
    }
    // A side that has gone already can't be told.
    _ = to.shutdown().await;
}
