//! Headers that make the browser careful. Pages add a Content-Security-Policy of their own.

use axum::{
    extract::Request,
    http::{HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};

const HEADERS: [(HeaderName, &str); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // In nobody's frame.
    (header::X_FRAME_OPTIONS, "DENY"),
    // Not `no-referrer`: a form's POST would then come with `Origin: null`.
    (header::REFERRER_POLICY, "same-origin"),
    // A learner's page, opened from ours, gets no handle on us.
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
];

/// Sets them on every answer of ours, where the handler has not.
pub async fn careful(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in HEADERS {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// Whether a server function has answered that it can't: `server_fn` marks each of its errors by this header. A refusal is
/// sent with 200 (`app::api`), so its status doesn't tell.
pub(super) fn is_refusal(response: &Response) -> bool {
    response.status().is_success() && response.headers().contains_key("serverfnerror")
}
