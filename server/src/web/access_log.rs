//! One line in the log for each request, and the ID that ties a learner's error message to it.

use std::{borrow::Cow, time::Instant};

use axum::{extract::Request, http::HeaderValue, middleware::Next, response::Response};

use super::headers;

/// Tells one request from all others in the log. Made here, never taken from a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(pub String);

/// Response header with the request's ID.
const HEADER: &str = "x-request-id";

/// Gives the request an ID and logs it when its answer begins. Neither queries nor headers are
/// logged: they may hold secrets.
pub async fn log(mut request: Request, next: Next) -> Response {
    let id = RequestId(format!("{:08x}", rand::random::<u32>()));
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    request.extensions_mut().insert(id.clone());
    let began = Instant::now();
    let mut response = next.run(request).await;
    let status = response.status().as_u16();
    let duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let path = &*without_secrets(&path);
    if response.status().is_server_error() {
        tracing::error!(request.id = id.0, %method, path, status, duration_ms, "A request failed.");
    } else if is_chatter(path) {
        tracing::debug!(request.id = id.0, %method, path, status, duration_ms, "A request was answered.");
    } else if headers::is_refusal(&response) {
        tracing::info!(request.id = id.0, %method, path, status, duration_ms, "A request was refused.");
    } else {
        tracing::info!(request.id = id.0, %method, path, status, duration_ms, "A request was answered.");
    }
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        response.headers_mut().insert(HEADER, value);
    }
    response
}

/// What follows these in a path is a secret: who has it comes in, comes back as somebody, or may look.
const BEFORE_SECRETS: [&str; 6] = ["/preview/", "/teach/welcome/", "/lti/arrive/", "/join/back/", "/join/", "/certificates/"];

fn without_secrets(path: &str) -> Cow<'_, str> {
    match BEFORE_SECRETS.iter().find(|before| path.starts_with(**before)) {
        Some(before) => Cow::Owned(format!("{before}…")),
        None => Cow::Borrowed(path),
    }
}

/// Asked for all the time, and dull.
fn is_chatter(path: &str) -> bool {
    path.starts_with("/pkg/") || path == "/healthz" || path == "/readyz"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_in_a_path_is_logged() {
        for (path, logged) in [
            ("/preview/abcdefghij0123456789/8080/index.html", "/preview/…"),
            ("/teach/welcome/abcdefghij", "/teach/welcome/…"),
            ("/lti/arrive/abcdefghij", "/lti/arrive/…"),
            ("/join/back/K7QF-2MXA-9ZZZ", "/join/back/…"),
            ("/join/K7QF2M", "/join/…"),
            ("/certificates/abcdefghij", "/certificates/…"),
            ("/lessons/docker-images", "/lessons/docker-images"),
            ("/join", "/join"),
        ] {
            assert_eq!(without_secrets(path), logged);
        }
    }
}
