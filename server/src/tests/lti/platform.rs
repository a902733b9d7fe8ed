//! A learning platform of the test's own: keys, a token endpoint, grades and members, on loopback.

use std::{
    collections::VecDeque,
    sync::{Arc, LazyLock, Mutex},
};

use aws_lc_rs::{
    encoding::AsDer as _,
    rand::SystemRandom,
    rsa::KeySize,
    signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair},
};
use axum::{
    Json, Router,
    extract::State,
    response::{IntoResponse as _, Response},
    routing::get,
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
}

pub(super) struct Platform {
    pub(super) url: String,
    pub(super) seen: Arc<Mutex<Seen>>,
}

impl Platform {
    pub(super) async fn start() -> Self {
        let seen = Arc::new(Mutex::new(Seen { keys: vec![0], ..Seen::default() }));
        let router = Router::new().route("/keys", get(keys)).with_state(seen.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, seen }
    }
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
