//! Platforms' keys, as their key sets have them: kept for a while, and asked for again when one is named that isn't
//! known, but not by everybody who makes one up.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::Full;
use jsonwebtoken::DecodingKey;
use serde::Deserialize;

use super::{
    Lines,
    http::PlatformError,
    limits::{KEYS_AGAIN, KEYS_HOLD, MAX_KEYS},
};

/// By the platform's ID and the key set's address: what was asked for when it had another is no answer now.
#[derive(Default)]
pub(super) struct Cache(Mutex<HashMap<KeySetOf, Arc<tokio::sync::Mutex<Known>>>>);

/// A platform's ID, and the address of its key set.
type KeySetOf = (String, String);

#[derive(Default)]
struct Known {
    /// When they were asked for last, whatever came of it.
    asked_at: Option<Instant>,
    /// When they came.
    came_at: Option<Instant>,
    keys: Vec<(String, DecodingKey)>,
    failed: Option<PlatformError>,
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Key>,
}

/// RFC 7517, section 4, and RFC 7518, section 6.3. What is of another kind is left out.
#[derive(Deserialize)]
struct Key {
    kty: String,
    #[serde(default)]
    kid: String,
    #[serde(rename = "use", default)]
    used_for: Option<String>,
    #[serde(default)]
    alg: Option<String>,
    #[serde(default)]
    n: String,
    #[serde(default)]
    e: String,
}

impl Cache {
    fn of(&self, platform: &str, keys_url: &str) -> Arc<tokio::sync::Mutex<Known>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry((platform.to_owned(), keys_url.to_owned())).or_default().clone()
    }

    /// As if nothing had been asked of the platform yet: its addresses have changed.
    pub(super) fn forget(&self, platform: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|(of, _), _| of != platform);
    }
}

impl Known {
    fn find(&self, kid: &str) -> Option<DecodingKey> {
        self.keys.iter().find(|(known, _)| known == kid).map(|(_, key)| key.clone())
    }
}

impl Lines {
    /// The platform's key of that name.
    ///
    /// # Errors
    /// Where its key set can't be had, or has none of that name.
    pub(super) async fn platform_key(
        self: &Arc<Self>,
        platform: &str,
        keys_url: &str,
        kid: &str,
        at: Instant,
    ) -> Result<DecodingKey, PlatformError> {
        // Whoever comes meanwhile waits for the one who asks, and not for other platforms.
        let mut known = self.jwks.of(platform, keys_url).lock_owned().await;
        let is_old = known.came_at.is_none_or(|came| at.saturating_duration_since(came) >= KEYS_HOLD);
        let found = known.find(kid);
        if let Some(key) = found.filter(|_| !is_old) {
            return Ok(key);
        }
        let may_ask = known.asked_at.is_none_or(|asked| at.saturating_duration_since(asked) >= KEYS_AGAIN);
        if may_ask {
            let (lines, url) = (self.clone(), keys_url.to_owned());
            // A task of its own: whoever asked may hang up, and what comes is for those who wait, too.
            let asked = tokio::spawn(async move {
                known.asked_at = Some(at);
                match lines.key_set(&url).await {
                    Ok(keys) => (known.came_at, known.keys, known.failed) = (Some(at), keys, None),
                    Err(error) => known.failed = Some(error),
                }
                known
            });
            known = asked.await.map_err(|error| PlatformError(format!("{keys_url} could not be asked: {error}.")))?;
        }
        if let Some(error) = &known.failed {
            return Err(error.clone());
        }
        known.find(kid).ok_or_else(|| {
            PlatformError(format!(
                "The launch is signed with a key that {keys_url} doesn't have. Look at the key set's address; where the platform has just \
                 changed its key, try again in {} s.",
                KEYS_AGAIN.as_secs()
            ))
        })
    }

    /// Asks for a key set.
    pub(super) async fn key_set(&self, url: &str) -> Result<Vec<(String, DecodingKey)>, PlatformError> {
        let Ok(request) = Request::get(url).header(header::ACCEPT, "application/json").body(Full::<Bytes>::default()) else {
            return PlatformError::new(format!("{url} can't be asked. Enter the key set's address again."));
        };
        let answer = self.http.ask(request).await?;
        if answer.status != StatusCode::OK {
            return PlatformError::new(format!("{url} answers {} instead of a key set. Look at the address.", answer.status));
        }
        let Ok(set) = serde_json::from_slice::<KeySet>(&answer.body) else {
            return PlatformError::new(format!("{url} answers with something that is no key set. Look at the address."));
        };
        let keys: Vec<_> = set.keys.into_iter().take(MAX_KEYS).filter_map(read).collect();
        if keys.is_empty() {
            return PlatformError::new(format!("{url} has no key for RS256 that has a name (kid)."));
        }
        Ok(keys)
    }
}

fn read(key: Key) -> Option<(String, DecodingKey)> {
    let is_fit = key.kty == "RSA"
        && !key.kid.is_empty()
        && key.used_for.is_none_or(|used_for| used_for == "sig")
        && key.alg.is_none_or(|alg| alg == "RS256");
    if !is_fit {
        return None;
    }
    Some((key.kid, DecodingKey::from_rsa_components(&key.n, &key.e).ok()?))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use std::future::pending;

    use axum::{Router, extract::State, routing::get};
    use tokio::sync::Semaphore;

    use super::*;

    /// How often it was asked, and leave to answer.
    type Set = Arc<(Semaphore, Semaphore)>;

    async fn answer(State(set): State<Set>) -> &'static str {
        set.0.add_permits(1);
        set.1.acquire().await.unwrap().forget();
        r#"{"keys":[{"kty":"RSA","kid":"one","n":"AQAB","e":"AQAB"}]}"#
    }

    async fn served() -> (Set, String) {
        let set: Set = Arc::new((Semaphore::new(0), Semaphore::new(0)));
        let router = Router::new().route("/keys", get(answer)).route("/moved", get(answer)).with_state(set.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (set, url)
    }

    #[tokio::test]
    async fn whoever_hangs_up_while_keys_are_fetched_leaves_them_to_the_others() {
        let (set, url) = served().await;
        let (lines, keys, at) = (Arc::new(Lines::default()), format!("{url}/keys"), Instant::now());
        tokio::select! {
            _ = lines.platform_key("p", &keys, "one", at) => pending::<()>().await,
            asked = set.0.acquire() => asked.unwrap().forget(),
        }
        set.1.add_permits(1);
        assert!(lines.platform_key("p", &keys, "one", at).await.is_ok());
        assert_eq!(set.0.available_permits(), 0, "it was asked for once");
    }

    #[tokio::test]
    async fn a_key_sets_new_address_is_asked_at_once() {
        let (set, url) = served().await;
        set.1.add_permits(2);
        let (lines, at) = (Arc::new(Lines::default()), Instant::now());
        for path in ["keys", "moved"] {
            assert!(lines.platform_key("p", &format!("{url}/{path}"), "one", at).await.is_ok());
        }
        assert_eq!(set.0.available_permits(), 2, "what the other address said is no answer");
        lines.jwks.forget("p");
        assert!(lines.jwks.0.lock().unwrap().is_empty());
    }
}
