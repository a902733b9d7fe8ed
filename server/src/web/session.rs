//! Who asks: a web session (tower-sessions), from whose ID, the secret in the cookie, the learner's is
//! worked out, unless they have come back to their own work from elsewhere: then the session says whose it
//! is. Otherwise nothing is stored for it: who only looks leaves no trace in the database, and pages that are
//! opened side by side before there is anything to store are one learner's all the same.
//!
//! Over HTTPS the cookie's name begins with `__Host-`, so that no other host can set it (RFC 6265bis,
//! section 4.1.3.2), not even a learner's web page on a host below ours. A preview domain on a site of
//! its own (`preview_domain`) keeps such pages from setting any cookie here, over HTTP too.

mod rows;

use axum::{
    extract::Request,
    http::{HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use sqlx::AnyPool;
use tower_sessions::{
    Expiry, Session, SessionManagerLayer,
    cookie::{SameSite, time::Duration},
    session::Error,
};

pub use rows::SessionRows;

use super::headers;
use crate::{clock, config::WebConfig, learner::LearnerId};

/// In a session: whose it is, where that doesn't follow from its ID.
pub(super) const LEARNER: &str = "learner";
const COOKIE: &str = "lunchbox";
const SECURE_COOKIE: &str = "__Host-lunchbox";
/// From the last page that the learner opened.
const DAYS: i64 = 90;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// The layer that reads and sends the cookie.
pub fn layer(pool: AnyPool, web: &WebConfig) -> SessionManagerLayer<SessionRows> {
    let is_secure = web.public_url.as_ref().is_some_and(|url| url.https);
    SessionManagerLayer::new(SessionRows(pool))
        .with_name(if is_secure { SECURE_COOKIE } else { COOKIE })
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_secure(is_secure)
        .with_path("/")
        .with_expiry(Expiry::OnInactivity(Duration::days(DAYS)))
}

/// Inserts `Extension<LearnerId>`. A visitor without a session becomes a learner when they open a
/// page in a browser or press something; anybody else is a stranger for this one request.
pub async fn learner(session: Session, mut request: Request, next: Next) -> Response {
    let is_new = session.id().is_none();
    let id = match identify(&session, becomes_learner(&request)).await {
        Ok(id) => id,
        Err(error) => {
            tracing::error!(%error, "A session could not be read or made.");
            return (
                StatusCode::SERVICE_UNAVAILABLE,
                "Lunchbox can't tell who you are just now, because its database doesn't answer. Try again in a moment.\n",
            )
                .into_response();
        }
    };
    request.extensions_mut().insert(id);
    let mut response = next.run(request).await;
    // Who is refused becomes nobody, and gets no cookie.
    if is_new
        && (response.status().is_client_error() || headers::is_refusal(&response))
        && let Err(error) = session.flush().await
    {
        tracing::warn!(%error, "A session could not be given up.");
    }
    // Nobody else's copy, and none that is shown without asking.
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("private, no-cache"));
    response
}

async fn identify(session: &Session, becomes_learner: bool) -> Result<LearnerId, Error> {
    if becomes_learner {
        // Puts the session off, and has its cookie sent.
        session.insert(rows::SEEN, clock::now() / DAY_MS).await?;
        if session.id().is_none() {
            session.save().await?;
        }
    }
    let Some(id) = session.id() else { return Ok(LearnerId::random()) };
    match session.get::<String>(LEARNER).await? {
        Some(learner) => Ok(LearnerId::from_stored(learner)),
        None => Ok(LearnerId::of(&id.to_string())),
    }
}

/// From now on the browser is that learner's, under another ID of its session, so that one that somebody else gave the
/// browser is worth nothing.
///
/// # Errors
/// Where the database fails.
pub async fn becomes(session: &Session, learner: &LearnerId) -> Result<(), Error> {
    session.insert(LEARNER, learner.as_str()).await?;
    session.cycle_id().await?;
    session.save().await
}

fn becomes_learner(request: &Request) -> bool {
    let wants_page =
        || request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(|accept| accept.contains("text/html"));
    request.method() == Method::POST || (request.method() == Method::GET && wants_page())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_makes_one_learner_and_cannot_be_read_back_from_them() {
        let id = |number: i128| tower_sessions::session::Id(number).to_string();
        assert_eq!(LearnerId::of(&id(1)), LearnerId::of(&id(1)));
        assert_ne!(LearnerId::of(&id(1)), LearnerId::of(&id(2)));
        assert!(!LearnerId::of(&id(1)).as_str().contains(&id(1)[..8]));
    }
}
