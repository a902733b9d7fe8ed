//! Nothing that a page sends is large.

use axum::{
    body::{Body, to_bytes},
    extract::Request,
    http::{Method, StatusCode},
    middleware::Next,
    response::{IntoResponse as _, Response},
};

/// Bytes of a request's body. The longest is an answer to a question.
const MAX_BODY_BYTES: usize = 32 * 1024;

/// Reads a POST's body, which must be small, before anything else is done with it.
pub async fn limit(request: Request, next: Next) -> Response {
    if request.method() != Method::POST {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    match to_bytes(body, MAX_BODY_BYTES).await {
        Ok(bytes) => next.run(Request::from_parts(parts, Body::from(bytes))).await,
        Err(_) => (StatusCode::PAYLOAD_TOO_LARGE, "That is more than Lunchbox takes at once: 32 KiB.\n").into_response(),
    }
}
