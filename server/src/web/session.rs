//! Who asks: a web session in a cookie, a learner in the session. Made at the first visit.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use sqlx::SqlitePool;
use tower_sessions::{
    Expiry, Session, SessionManagerLayer,
    cookie::{SameSite, time::Duration},
    session_store::ExpiredDeletion as _,
};
use tower_sessions_sqlx_store::SqliteStore;

use crate::{config::WebConfig, learner::LearnerId, progress::Store};

const COOKIE: &str = "lunchbox";
/// From the last day on which the learner was here.
const DAYS: i64 = 90;
/// Between two clearings of sessions that are over.
const CLEAR_EVERY: std::time::Duration = std::time::Duration::from_secs(60 * 60);
const LEARNER: &str = "learner";
/// The day (since 1970) when the session was last put off; once a day is often enough to write.
const DAY: &str = "day";
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// The layer that reads and sends the cookie. Makes the sessions' table where there is none.
///
/// # Errors
/// Where the database fails.
pub async fn layer(pool: SqlitePool, web: &Arc<WebConfig>) -> Result<SessionManagerLayer<SqliteStore>, sqlx::Error> {
    let store = SqliteStore::new(pool);
    store.migrate().await?;
    Ok(SessionManagerLayer::new(store)
        .with_name(COOKIE)
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_secure(web.public_url.as_ref().is_some_and(|url| url.https))
        .with_expiry(Expiry::OnInactivity(Duration::days(DAYS))))
}

/// Removes sessions that are over, now and then. Never returns.
pub async fn clear(pool: SqlitePool) {
    let store = SqliteStore::new(pool);
    loop {
        if let Err(error) = store.delete_expired().await {
            tracing::warn!(%error, "Sessions that are over could not be cleared.");
        }
        tokio::time::sleep(CLEAR_EVERY).await;
    }
}

/// Inserts `Extension<LearnerId>`. A visitor without a session becomes a learner when they open a
/// page in a browser or press something; anybody else is a stranger for this one request, and
/// nothing is stored.
pub async fn learner(State(store): State<Store>, session: Session, mut request: Request, next: Next) -> Response {
    let id = match identify(&store, &session, becomes_learner(&request)).await {
        Ok(id) => id,
        Err(reason) => {
            tracing::error!(reason, "A session could not be read or made.");
            return (
                StatusCode::SERVICE_UNAVAILABLE,
                "Lunchbox can't tell who you are just now, because its database doesn't answer. Try again in a moment.\n",
            )
                .into_response();
        }
    };
    request.extensions_mut().insert(id);
    let mut response = next.run(request).await;
    // Nobody else's copy, and none that is shown without asking.
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("private, no-cache"));
    response
}

async fn identify(store: &Store, session: &Session, becomes_learner: bool) -> Result<LearnerId, String> {
    let today = crate::clock::now() / DAY_MS;
    let known = session.get::<LearnerId>(LEARNER).await.map_err(|error| error.to_string())?;
    let id = match known {
        Some(id) => {
            let day: Option<i64> = session.get(DAY).await.map_err(|error| error.to_string())?;
            if day == Some(today) {
                return Ok(id);
            }
            id
        }
        None if becomes_learner => {
            let id = LearnerId::random();
            store.add_learner(&id).await.map_err(|error| error.to_string())?;
            id
        }
        None => return Ok(LearnerId::random()),
    };
    session.insert(LEARNER, &id).await.map_err(|error| error.to_string())?;
    session.insert(DAY, today).await.map_err(|error| error.to_string())?;
    Ok(id)
}

fn becomes_learner(request: &Request) -> bool {
    let wants_page =
        || request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(|accept| accept.contains("text/html"));
    request.method() == Method::POST || (request.method() == Method::GET && wants_page())
}
