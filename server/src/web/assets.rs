//! `/pkg/*`: wasm, scripts and styles, each sent as brotli or gzip where the browser takes it.

use std::path::Path;

use axum::{
    Router,
    extract::Request,
    http::{HeaderValue, header},
    middleware::{Next, from_fn},
    response::Response,
};
use tower_http::services::ServeDir;

/// The names don't change with the content, so a browser must ask whether its copy still holds; it
/// is answered 304 by the file's time.
const CACHE: HeaderValue = HeaderValue::from_static("no-cache");
const VARY: HeaderValue = HeaderValue::from_static("accept-encoding");

/// The folder `pkg` below the site's root.
pub fn router<S: Clone + Send + Sync + 'static>(site_root: &Path) -> Router<S> {
    let files = ServeDir::new(site_root.join("pkg")).append_index_html_on_directories(false).precompressed_br().precompressed_gzip();
    Router::new().nest_service("/pkg", files).layer(from_fn(caching))
}

async fn caching(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, CACHE);
    headers.insert(header::VARY, VARY);
    response
}
