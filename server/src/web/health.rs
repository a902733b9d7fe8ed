//! `/healthz`: the server lives. `/readyz`: what it needs answers too.

use std::{future::Future, time::Duration};

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use crate::{database::Database, engine::Engine, registry::Registry};

/// How long each may take to answer.
const LIMIT: Duration = Duration::from_secs(2);

/// What readiness asks.
#[derive(Clone)]
pub struct Needs {
    pub engine: Engine,
    pub registry: Registry,
    pub database: Database,
}

#[derive(Serialize)]
struct Ready {
    engine: &'static str,
    registry: &'static str,
    database: &'static str,
}

const OK: &str = "ok";

/// Always 200.
pub async fn alive() -> Response {
    uncached("ok\n")
}

/// 200 when all three answer, 503 else; says which. Nothing of why: anybody may ask.
pub async fn ready(State(needs): State<Needs>) -> Response {
    let (engine, registry, database) = tokio::join!(
        asked("engine", needs.engine.ping()),
        asked("registry", needs.registry.ping()),
        asked("database", needs.database.ping())
    );
    let all = [engine, registry, database].iter().all(|answer| *answer == OK);
    let status = if all { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    uncached((status, Json(Ready { engine, registry, database })))
}

async fn asked<E: std::fmt::Display>(what: &'static str, question: impl Future<Output = Result<(), E>>) -> &'static str {
    match tokio::time::timeout(LIMIT, question).await {
        Ok(Ok(())) => OK,
        Ok(Err(error)) => {
            tracing::warn!(what, %error, "The server is not ready: something it needs does not answer.");
            "does not answer"
        }
        Err(_) => {
            tracing::warn!(what, limit_ms = LIMIT.as_millis() as u64, "The server is not ready: something it needs is too slow.");
            "too slow"
        }
    }
}

fn uncached(response: impl IntoResponse) -> Response {
    let mut response = response.into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
