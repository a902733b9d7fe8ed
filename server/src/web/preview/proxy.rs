//! One request to a learner's program and its answer, as they flow.

use std::time::Duration;

use axum::{
    body::Body,
    extract::Request,
    response::{IntoResponse, Response},
};
use gateway::GatewayError;
use http::{HeaderValue, Method, StatusCode, Version, header};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, time::timeout};

use super::{
    headers::{self, Form},
    page,
};
use crate::sandboxes::{Preview, Sandboxes};

/// How long a container may take to accept a connection.
const DIAL_LIMIT: Duration = Duration::from_secs(10);
/// How long a program may think about its answer's first line. A body may take as long as it likes.
const ANSWER_LIMIT: Duration = Duration::from_secs(120);

/// Never fails: what goes wrong is a page.
pub(super) async fn serve(sandboxes: &Sandboxes, preview: &Preview, form: Form, request: Request) -> Response {
    // Its answer would make a tunnel of the connection, and of whatever stands before us.
    if *request.method() == Method::CONNECT {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let Some(id) = sandboxes.by_token(&preview.token) else { return page::no_such_preview(&form) };
    let Some(permit) = sandboxes.workstations().preview_permit(&id) else { return page::too_many(&form) };
    sandboxes.used(&id);
    let dialled = timeout(DIAL_LIMIT, sandboxes.gateway().dial(&id, preview.port)).await;
    let stream = match dialled {
        Ok(Ok(stream)) => stream,
        Ok(Err(GatewayError::PortNotPublished(_))) => return page::not_published(&form, preview.port),
        Ok(Err(GatewayError::NoSuchSandbox(_))) => return page::no_such_preview(&form),
        Ok(Err(_)) | Err(_) => return page::no_answer(&form, preview.port),
    };
    match exchange(stream, preview, &form, request, permit).await {
        Ok(response) => response,
        Err(error) => {
            tracing::debug!(sandbox.id = %id, port = preview.port, %error, "A preview got no answer.");
            page::no_answer(&form, preview.port)
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum ExchangeError {
    #[error("the program doesn't speak HTTP as it should")]
    Http(#[from] hyper::Error),
    #[error("it took too long")]
    Timeout,
}

/// A connection for one request. The permit is held until the connection ends.
async fn exchange(
    stream: TcpStream,
    preview: &Preview,
    form: &Form,
    mut request: Request,
    permit: tokio::sync::OwnedSemaphorePermit,
) -> Result<Response, ExchangeError> {
    // Small pieces, as of a WebSocket, should not wait for company.
    let _ = stream.set_nodelay(true);
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(async move {
        // How it ended is told to whoever reads the answer.
        let _ = connection.with_upgrades().await;
        drop(permit);
    });
    let upgrade = asked_upgrade(&request);
    let ours = upgrade.is_some().then(|| hyper::upgrade::on(&mut request));
    headers::request(request.headers_mut(), preview, form, upgrade);
    *request.version_mut() = Version::HTTP_11;
    // The program gets a path, not an address that names us.
    let path = request.uri().path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string);
    *request.uri_mut() = path.parse().unwrap_or_default();
    let mut response = timeout(ANSWER_LIMIT, sender.send_request(request)).await.map_err(|_| ExchangeError::Timeout)??;
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        return Ok(switch(ours, response));
    }
    headers::response(response.headers_mut(), preview, form);
    *response.version_mut() = Version::default();
    Ok(response.map(Body::new))
}

/// The protocol that a request wants to switch to; only HTTP/1.1 has this.
fn asked_upgrade(request: &Request) -> Option<HeaderValue> {
    let wants = request
        .headers()
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|token| token.trim().eq_ignore_ascii_case("upgrade"));
    let websocket = request.headers().get(header::UPGRADE).filter(|protocol| protocol.as_bytes().eq_ignore_ascii_case(b"websocket"));
    websocket.filter(|_| wants && request.version() == Version::HTTP_11).cloned()
}

/// Both sides speak another protocol from here on: bytes are passed until both have ended.
fn switch(ours: Option<hyper::upgrade::OnUpgrade>, mut response: hyper::Response<hyper::body::Incoming>) -> Response {
    let Some(ours) = ours else {
        // The program switches though nobody asked.
        return StatusCode::BAD_GATEWAY.into_response();
    };
    let theirs = hyper::upgrade::on(&mut response);
    tokio::spawn(async move {
        let Ok((ours, theirs)) = tokio::try_join!(ours, theirs) else { return };
        let _ = tokio::io::copy_bidirectional(&mut TokioIo::new(ours), &mut TokioIo::new(theirs)).await;
    });
    // The handshake's headers go through as they are, for they belong to the protocol.
    let mut switched = StatusCode::SWITCHING_PROTOCOLS.into_response();
    for name in [
        header::CONNECTION,
        header::UPGRADE,
        header::SEC_WEBSOCKET_ACCEPT,
        header::SEC_WEBSOCKET_PROTOCOL,
        header::SEC_WEBSOCKET_EXTENSIONS,
    ] {
        if let Some(value) = response.headers().get(&name) {
            switched.headers_mut().insert(name, value.clone());
        }
    }
    switched
}
