//! A learner's published port in the browser, on an origin that is not ours. Who knows the token
//! may look, as who knows a port may on a machine of one's own; no cookie of Lunchbox's is read here
//! and none gets through, so mount it outside the session middleware.
//!
//! Two forms. By host, `p8080-<token>.<domain>`: the page has an origin of its own and all of the
//! web's abilities. By path, `/preview/<token>/8080/…`: the page is on our origin's address, so a
//! CSP `sandbox` gives it an opaque one, and nothing it says about cookies is passed on.

mod headers;
mod page;
mod proxy;
#[cfg(test)]
mod tests;

use axum::{
    Router,
    extract::{FromRef, Path, Request, State},
    response::{IntoResponse, Redirect, Response},
    routing::any,
};
use http::{Uri, header, uri::PathAndQuery};

use crate::sandboxes::{Preview, Sandboxes};
use headers::Form;

/// The path form: `/preview/<token>/<port>/…`. Mount at the root (`.merge`), outside the session
/// middleware and the own-origin check.
pub fn router<S>() -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    Sandboxes: FromRef<S>,
{
    Router::new()
        .route("/preview/{token}/{port}", any(without_slash))
        .route("/preview/{token}/{port}/", any(by_path))
        .route("/preview/{token}/{port}/{*path}", any(by_path))
}

/// The host form: answers a request whose `Host` is a preview's (`p8080-<token>.<domain>`), and gives
/// any other back. Call it before routing, before every other middleware.
///
/// # Errors
/// The request itself, where it isn't a preview's.
pub async fn by_host(sandboxes: &Sandboxes, request: Request) -> Result<Response, Request> {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    // HTTP/2 has it in the address.
    let host = host.or_else(|| request.uri().authority().map(|authority| authority.as_str()));
    let Some(host) = host.map(str::to_owned) else { return Err(request) };
    let Some(preview) = sandboxes.preview_of_host(&host) else { return Err(request) };
    Ok(proxy::serve(sandboxes, &preview, Form::Host { host }, request).await)
}

async fn by_path(State(sandboxes): State<Sandboxes>, Path(parts): Path<Vec<(String, String)>>, mut request: Request) -> Response {
    let part = |name: &str| parts.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str());
    let Some(preview) = Preview::parse(part("token"), part("port")) else { return page::no_such_preview(&Form::Path) };
    if headers::is_from_our_page(request.headers()) {
        return page::refused();
    }
    // What follows the prefix, byte for byte: only the learner's program knows what it means.
    let prefix = format!("/preview/{}/{}", preview.token, preview.port);
    let rest = request.uri().path_and_query().and_then(|path| path.as_str().strip_prefix(&prefix));
    let Some(rest) = rest.and_then(|rest| PathAndQuery::try_from(rest).ok()) else { return page::no_such_preview(&Form::Path) };
    *request.uri_mut() = Uri::from(rest);
    proxy::serve(&sandboxes, &preview, Form::Path, request).await
}

/// Relative addresses in the page need the slash.
async fn without_slash(request: Request) -> Response {
    let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
    Redirect::temporary(&format!("{}/{query}", request.uri().path())).into_response()
}
