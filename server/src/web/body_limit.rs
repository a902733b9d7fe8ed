//! Nothing that a page sends is large, or takes long to say. A class's roster may be larger than the rest; not many of
//! them come from one address at once.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use axum::{
    body::{Body, to_bytes},
    extract::Request,
    http::{Method, StatusCode},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use tokio::time::timeout;

use super::{client::Client, lti};
use crate::classroom::lti::MAX_LAUNCH_BYTES;

/// Bytes of a request's body. The longest is an answer to a question.
const MAX_BODY_BYTES: usize = 32 * 1024;
/// The same of a roster: that of a full class, as learning platforms export it, with all their columns.
const MAX_ROSTER_BYTES: usize = 512 * 1024;
const ROSTERS: [&str; 2] = ["/api/fn/teach/look_at_roster", "/api/fn/teach/add_roster"];
/// Rosters that are read from one address at once. Whoever asks isn't known yet.
const MAX_ROSTERS: usize = 4;
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
    let is_roster = ROSTERS.contains(&parts.uri.path());
    let reading = if is_roster { Reading::of(parts.extensions.get::<Client>().copied()) } else { None };
    if is_roster && reading.is_none() {
        return (StatusCode::TOO_MANY_REQUESTS, "Other rosters come from your network's address just now. Try again in a moment.\n")
            .into_response();
    }
    let most = match parts.uri.path() {
        _ if is_roster => MAX_ROSTER_BYTES,
        lti::LAUNCH => MAX_LAUNCH_BYTES,
        _ => MAX_BODY_BYTES,
    };
    let read = timeout(limit, to_bytes(body, most)).await;
    drop(reading);
    match read {
        Ok(Ok(bytes)) => next.run(Request::from_parts(parts, Body::from(bytes))).await,
        Ok(Err(_)) => {
            (StatusCode::PAYLOAD_TOO_LARGE, format!("That is more than Lunchbox takes at once: {} KiB.\n", most / 1024)).into_response()
        }
        Err(_) => (StatusCode::REQUEST_TIMEOUT, "The request's body did not come in time.\n").into_response(),
    }
}

/// How many rosters are being read, by address.
static READING: Mutex<Option<HashMap<Client, usize>>> = Mutex::new(None);

/// A roster that is being read.
struct Reading(Client);

impl Reading {
    /// `None`: too many are.
    fn of(client: Option<Client>) -> Option<Self> {
        let client = client.unwrap_or_else(|| Client::of(std::net::Ipv4Addr::UNSPECIFIED.into()));
        let mut reading = READING.lock().unwrap_or_else(PoisonError::into_inner);
        let count = reading.get_or_insert_default().entry(client).or_default();
        if *count >= MAX_ROSTERS {
            return None;
        }
        *count += 1;
        Some(Self(client))
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        let mut reading = READING.lock().unwrap_or_else(PoisonError::into_inner);
        let all = reading.get_or_insert_default();
        if let Some(count) = all.get_mut(&self.0) {
            *count -= 1;
            if *count == 0 {
                all.remove(&self.0);
            }
        }
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

    #[tokio::test]
    async fn a_roster_may_be_larger_and_only_a_few_are_read_from_one_address_at_once() {
        let router = Router::new().fallback(any(|body: String| async move { body.len().to_string() })).layer(from_fn(limit));
        let ask = |path: &str, body| {
            let mut request = Request::builder().method(Method::POST).uri(path).body(body).expect("it is a request");
            request.extensions_mut().insert(Client::of([203, 0, 113, 7].into()));
            router.clone().oneshot(request)
        };
        let sized = |bytes: usize| Body::from("x".repeat(bytes));
        let status = async |path: &str, body| ask(path, body).await.expect("it answers").status();
        for roster in ROSTERS {
            assert_eq!(status(roster, sized(MAX_ROSTER_BYTES)).await, StatusCode::OK);
            assert_eq!(status(roster, sized(MAX_ROSTER_BYTES + 1)).await, StatusCode::PAYLOAD_TOO_LARGE);
        }
        assert_eq!(status(lti::LAUNCH, sized(MAX_LAUNCH_BYTES)).await, StatusCode::OK, "a launch, with all its claims");
        assert_eq!(status(lti::LAUNCH, sized(MAX_LAUNCH_BYTES + 1)).await, StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(status("/api/fn/teach/add_rosters", sized(MAX_BODY_BYTES + 1)).await, StatusCode::PAYLOAD_TOO_LARGE);

        let never = || Body::from_stream(stream::pending::<Result<String, std::io::Error>>());
        let mut slow: Vec<_> = (0..MAX_ROSTERS).map(|_| Box::pin(ask(ROSTERS[0], never()))).collect();
        for one in &mut slow {
            assert!(futures_util::poll!(one).is_pending());
        }
        assert_eq!(status(ROSTERS[1], sized(1)).await, StatusCode::TOO_MANY_REQUESTS);
        drop(slow);
        assert_eq!(status(ROSTERS[1], sized(1)).await, StatusCode::OK, "what is given up does not count");
    }
}
