//! A learner's published port in the browser, on an origin that is not ours. Who knows the token
//! may look; no cookie of Lunchbox's is read here, so mount it outside the session middleware.

use axum::{
    Router,
    extract::{FromRef, Request, State},
    response::{IntoResponse, Response},
    routing::any,
};

use crate::sandboxes::Sandboxes;

/// The path form: `/preview/<token>/<port>/…`. Mount at the root (`.merge`), outside the session
/// middleware and the own-origin check.
pub fn router<S>() -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    Sandboxes: FromRef<S>,
{
    Router::new().route("/preview/{token}/{port}/{*path}", any(by_path))
}

async fn by_path(State(sandboxes): State<Sandboxes>) -> Response {
    let _ = sandboxes;
    axum::http::StatusCode::NOT_FOUND.into_response()
}

/// The host form: answers a request whose `Host` is a preview's (`p8080-<token>.<domain>`), and gives
/// any other back. Call it before routing, before every other middleware.
///
/// # Errors
/// The request itself, where it isn't a preview's.
pub async fn by_host(sandboxes: &Sandboxes, request: Request) -> Result<Response, Request> {
    let _ = sandboxes;
    Err(request)
}
