//! What platforms, and the browsers that come from them, ask (LTI 1.3).
//!
//! A platform's page posts the launch here. It comes without our session's cookie, which other sites' posts don't
//! bring, and nothing is read or made of one: it is looked at, and the browser goes on by itself to where its session is
//! known (`arrive`). That it is the browser that was sent to the platform says a cookie of its own.

mod arrive;
mod cookie;
mod page;

use std::time::Instant;

use app::model::ToolUrls;
use axum::{
    Extension, Form, Json, Router,
    extract::{FromRequest as _, Query, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse as _, Redirect, Response},
    routing::get,
};
use serde::Deserialize;

use super::{asker, client::Client, pace};
use crate::{
    app_state::AppState,
    classroom::{
        ClassError, Classroom,
        lti::{JWKS_TYPE, LaunchError, LoginAsked, browser_secret},
    },
};

const KEYS: &str = "/lti/keys";
pub(super) const LOGIN: &str = "/lti/login";
pub(super) const LAUNCH: &str = "/lti/launch";
const ARRIVE: &str = "/lti/arrive/";

/// What is pasted into a platform. `base`: where people find this server.
pub(super) fn tool_urls(base: &str) -> ToolUrls {
    ToolUrls { login: format!("{base}{LOGIN}"), launch: format!("{base}{LAUNCH}"), keys: format!("{base}{KEYS}") }
}

/// What knows no session.
pub fn impersonal() -> Router<AppState> {
    Router::new().route(KEYS, get(keys)).route(LOGIN, get(login).post(login)).route(LAUNCH, get(not_a_page).post(launch))
}

/// What does.
pub fn personal() -> Router<AppState> {
    Router::new().route("/lti/arrive/{ticket}", get(arrive::look).post(arrive::choose))
}

async fn keys(State(classroom): State<Classroom>) -> Response {
    match classroom.lti_key_set().await {
        Ok(set) => ([(header::CONTENT_TYPE, HeaderValue::from_static(JWKS_TYPE))], Json(set)).into_response(),
        Err(error) => failed(error),
    }
}

/// The tool's address, opened by hand.
async fn not_a_page() -> Response {
    page::said(StatusCode::OK, "From a course to a class", "This address is for learning platforms. Open the link in your course there.")
}

/// A launch begins: the browser goes to the platform and is asked who it is there.
async fn login(State(state): State<AppState>, Extension(client): Extension<Client>, request: Request) -> Response {
    if let Err(wait) = state.pace.costly(client, Instant::now()) {
        return page::said(StatusCode::TOO_MANY_REQUESTS, "Too much at once", &pace::too_much(wait));
    }
    let (parts, body) = request.into_parts();
    let base = asker::base(&parts, &state.web);
    let headers = parts.headers.clone();
    let asked = if parts.method == Method::POST {
        Form::<LoginAsked>::from_request(Request::from_parts(parts, body), &state).await.ok().map(|Form(asked)| asked)
    } else {
        Query::<LoginAsked>::try_from_uri(&parts.uri).ok().map(|Query(asked)| asked)
    };
    let Some(asked) = asked else {
        return page::said(
            StatusCode::BAD_REQUEST,
            "That is no launch",
            "A platform's login request says iss, login_hint and target_link_uri, and this lacks one of them. Open the link in your course.",
        );
    };
    // Lunchbox is in nobody's frame, and in one the cookie might not come back.
    if is_framed(&headers) {
        return page::in_a_frame(&format!("{LOGIN}?{}", asked.query()));
    }
    let is_secure = cookie::is_secure(&state.web);
    let browser = cookie::read(&headers, is_secure).unwrap_or_else(browser_secret);
    match state.classroom.lti_login(&asked, &browser, &base, &tool_urls(&base).launch).await {
        Ok(to) => {
            let mut response = Redirect::to(&to).into_response();
            // Each time: else it might end while this launch is under way.
            response.headers_mut().insert(header::SET_COOKIE, cookie::set(&browser, is_secure));
            uncached(response)
        }
        Err(error) => failed(error),
    }
}

/// What a platform has a browser post (OAuth 2.0 Form Post Response Mode).
#[derive(Deserialize)]
struct Posted {
    #[serde(default)]
    state: String,
    #[serde(default)]
    id_token: String,
    /// Instead of a token (OAuth 2.0, section 4.1.2.1).
    #[serde(default)]
    error: String,
}

async fn launch(State(state): State<AppState>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let base = asker::base(&parts, &state.web);
    let browser = cookie::read(&parts.headers, cookie::is_secure(&state.web));
    let Ok(Form(posted)) = Form::<Posted>::from_request(Request::from_parts(parts, body), &state).await else {
        return page::said(StatusCode::BAD_REQUEST, "That is no launch", "Open the link in your course.");
    };
    if !posted.error.is_empty() {
        // Any website can have a browser post this: its words are not shown as ours.
        return page::said(
            StatusCode::FORBIDDEN,
            "You could not be let in",
            "Your platform did not say who you are. See whether you are signed in there, go back to your course and click the link again.",
        );
    }
    match state.classroom.lti_launch(&posted.state, &posted.id_token, browser.as_deref(), &base).await {
        Ok(ticket) => uncached(Redirect::to(&format!("{ARRIVE}{ticket}")).into_response()),
        Err(LaunchError::NoCookie(began)) => page::no_cookie(&format!("{LOGIN}?{}", began.query())),
        Err(LaunchError::Class(error)) => failed(error),
    }
}

/// Whether the page is to be shown inside another (Fetch Metadata).
fn is_framed(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-dest").is_some_and(|dest| ["iframe", "frame", "embed", "object"].iter().any(|framed| dest == framed))
}

fn uncached(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn failed(error: ClassError) -> Response {
    match error {
        ClassError::Refused(words) => page::said(StatusCode::FORBIDDEN, "You could not be let in", &words),
        ClassError::NotFound => {
            page::said(StatusCode::NOT_FOUND, "It is not there any more", "Go back to your course and click the link again.")
        }
        ClassError::Database(error) => {
            tracing::error!(%error, "A launch failed.");
            page::said(
                StatusCode::SERVICE_UNAVAILABLE,
                "Lunchbox can't let you in just now",
                "Its database doesn't answer. Go back to your course and click the link again in a moment.",
            )
        }
    }
}
