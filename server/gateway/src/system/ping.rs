//! `/_ping`: the first thing every command asks. Answered without asking anybody.

use http::{HeaderValue, StatusCode, header};

use crate::{body, refusal::Answer};

pub(crate) fn ping() -> Answer {
    let mut response = body::with_type(StatusCode::OK, "text/plain; charset=utf-8", body::full("OK"));
    let headers = response.headers_mut();
    // The classic builder: without this header a CLI that has buildx would ask for BuildKit.
    headers.insert("Builder-Version", HeaderValue::from_static("1"));
    headers.insert("Swarm", HeaderValue::from_static("inactive"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache, no-store, must-revalidate"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    Ok(response)
}
