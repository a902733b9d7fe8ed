//! Nothing that a page sends is large, or takes long to say.

use std::time::Duration;

use axum::{
    body::{Body, to_bytes},
    extract::Request,
    http::{Method, StatusCode},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use tokio::time::timeout;

/// Bytes of a request's body. The longest is an answer to a question.
const MAX_BODY_BYTES: usize = 32 * 1024;
/// From a request's headers to its body's end.
const BODY_LIMIT: Duration = Duration::from_secs(15);

/// Reads a request's body, which must be small and come soon, before anything else is done with it.
pub async fn limit(request: Request, next: Next) -> Response {
    within(request, next, BODY_LIMIT).await
}

async fn within(request: Request, next: Next, limit: Duration) -> Response {
    // What asks for something has no body; if it has, nobody reads it.
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    match timeout(limit, to_bytes(body, MAX_BODY_BYTES)).await {
        Ok(Ok(bytes)) => next.run(Request::from_parts(parts, Body::from(bytes))).await,
        Ok(Err(_)) => (StatusCode::PAYLOAD_TOO_LARGE, "That is more than Lunchbox takes at once: 32 KiB.\n").into_response(),
        Err(_) => (StatusCode::REQUEST_TIMEOUT, "The request's body did not come in time.\n").into_response(),
    }
}

#[cfg(test)]
mod tests {
    use axum::{Router, middleware::from_fn, routing::any};
    use futures_util::stream;
    use tower::ServiceExt as _;

    use super::*;

    #[tokio::test]
    async fn a_body_that_does_not_come_is_not_waited_for() {
        let limit = from_fn(|request, next| within(request, next, Duration::from_millis(20)));
        let router = Router::new().route("/", any(|body: String| async move { body })).layer(limit);
        let status = async |method, body| {
            let request = Request::builder().method(method).uri("/").body(body).expect("it is a request");
            router.clone().oneshot(request).await.expect("it answers").status()
        };
        let never = || Body::from_stream(stream::pending::<Result<String, std::io::Error>>());
        for method in [Method::POST, Method::PUT, Method::DELETE] {
            assert_eq!(status(method.clone(), never()).await, StatusCode::REQUEST_TIMEOUT, "{method}");
            assert_eq!(status(method, Body::from("x=1")).await, StatusCode::OK);
        }
        assert_eq!(status(Method::POST, Body::from("x".repeat(MAX_BODY_BYTES + 1))).await, StatusCode::PAYLOAD_TOO_LARGE);
    }
}
