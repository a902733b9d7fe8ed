//! A learning platform of the test's own: keys, a token endpoint, grades and members, on loopback.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, LazyLock, Mutex},
};

use aws_lc_rs::{
    encoding::AsDer as _,
    rand::SystemRandom,
    rsa::KeySize,
    signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair},
};
use axum::{
    Form, Json, Router,
    extract::{Query, State},
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};

/// Made once for all tests, for it takes a while.
static KEYS: LazyLock<[Vec<u8>; 2]> = LazyLock::new(|| [made(), made()]);

fn made() -> Vec<u8> {
    RsaKeyPair::generate(KeySize::Rsa2048).unwrap().as_der().unwrap().as_ref().to_vec()
}

/// The platform's key, or another's.
pub(super) fn key(number: usize) -> RsaKeyPair {
    RsaKeyPair::from_pkcs8(&KEYS[number]).unwrap()
}

pub(super) fn coded(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

pub(super) fn modulus(number: usize) -> Vec<u8> {
    key(number).public_key().modulus().big_endian_without_leading_zero().to_vec()
}

fn jwk(number: usize) -> Value {
    json!({ "kty": "RSA", "use": "sig", "alg": "RS256", "kid": format!("key{number}"), "n": coded(modulus(number)), "e": "AQAB" })
}

/// A token as a platform signs it.
pub(super) fn signed(header: &Value, claims: &Value, number: usize) -> String {
    let message = format!("{}.{}", coded(header.to_string()), coded(claims.to_string()));
    let pair = key(number);
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature).unwrap();
    format!("{message}.{}", coded(signature))
}

/// What it does and has seen.
#[derive(Default)]
pub(super) struct Seen {
    /// How often its keys were asked for.
    pub(super) keys_asked: usize,
    /// What is answered for the key set instead, each once.
    pub(super) instead_of_keys: VecDeque<Response>,
    /// The keys it has.
    pub(super) keys: Vec<usize>,
    /// What was brought for a token.
    pub(super) asked_for_tokens: Vec<BTreeMap<String, String>>,
    /// What is answered for a token instead, each once.
    pub(super) instead_of_tokens: VecDeque<StatusCode>,
    /// Grades, as they came.
    pub(super) scores: Vec<Score>,
    /// What is answered to grades instead of yes, each once.
    pub(super) instead_of_yes: VecDeque<StatusCode>,
    /// Pages of members.
    pub(super) members: Vec<Value>,
    /// Where the list of members goes on after its last page.
    pub(super) members_elsewhere: Option<String>,
}

/// A grade that came.
#[derive(Debug, Clone)]
pub(super) struct Score {
    pub(super) to: String,
    pub(super) kind: String,
    pub(super) leave: String,
    pub(super) score: Value,
}

pub(super) struct Platform {
    pub(super) url: String,
    pub(super) seen: Arc<Mutex<Seen>>,
}

impl Platform {
    pub(super) async fn start() -> Self {
        let seen = Arc::new(Mutex::new(Seen { keys: vec![0], ..Seen::default() }));
        let router = Router::new()
            .route("/keys", get(keys))
            .route("/token", post(token))
            .route("/items/7/scores", post(score))
            .route("/members", get(members))
            .with_state(seen.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, seen }
    }
}

async fn token(State(seen): State<Arc<Mutex<Seen>>>, Form(asked): Form<BTreeMap<String, String>>) -> Response {
    let mut seen = seen.lock().unwrap();
    seen.asked_for_tokens.push(asked);
    if let Some(instead) = seen.instead_of_tokens.pop_front() {
        return (instead, Json(json!({ "error": "invalid_client" }))).into_response();
    }
    let token = format!("leave-{}", seen.asked_for_tokens.len());
    Json(json!({ "access_token": token, "token_type": "Bearer", "expires_in": 3600 })).into_response()
}

async fn score(State(seen): State<Arc<Mutex<Seen>>>, uri: Uri, headers: HeaderMap, Json(score): Json<Value>) -> StatusCode {
    let text = |name: header::HeaderName| headers[name].to_str().unwrap().to_owned();
    let mut seen = seen.lock().unwrap();
    seen.scores.push(Score { to: uri.to_string(), kind: text(header::CONTENT_TYPE), leave: text(header::AUTHORIZATION), score });
    seen.instead_of_yes.pop_front().unwrap_or(StatusCode::OK)
}

async fn members(State(seen): State<Arc<Mutex<Seen>>>, Query(asked): Query<BTreeMap<String, usize>>, headers: HeaderMap) -> Response {
    assert!(headers[header::AUTHORIZATION].to_str().unwrap().starts_with("Bearer leave-"));
    let seen = seen.lock().unwrap();
    let page = asked.get("page").copied().unwrap_or(0);
    let next = if page + 1 < seen.members.len() { Some(format!("/members?page={}", page + 1)) } else { seen.members_elsewhere.clone() };
    let mut response = Json(json!({ "id": "x", "context": { "id": "c1" }, "members": seen.members[page] })).into_response();
    if let Some(next) = next {
        response.headers_mut().insert(header::LINK, format!("<{next}>; rel=\"next\"").parse().unwrap());
    }
    response
}

async fn keys(State(seen): State<Arc<Mutex<Seen>>>) -> Response {
    let mut seen = seen.lock().unwrap();
    seen.keys_asked += 1;
    if let Some(instead) = seen.instead_of_keys.pop_front() {
        return instead;
    }
    let keys: Vec<Value> = seen.keys.iter().map(|number| jwk(*number)).collect();
    Json(json!({ "keys": keys })).into_response()
}
