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

/// By the platform's ID.
#[derive(Default)]
pub(super) struct Cache(Mutex<HashMap<String, Arc<tokio::sync::Mutex<Known>>>>);

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
    fn of(&self, platform: &str) -> Arc<tokio::sync::Mutex<Known>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(platform.to_owned()).or_default().clone()
    }

    /// As if nothing had been asked of the platform yet: its addresses have changed.
    pub(super) fn forget(&self, platform: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(platform);
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
    pub(super) async fn platform_key(&self, platform: &str, keys_url: &str, kid: &str, at: Instant) -> Result<DecodingKey, PlatformError> {
        let known = self.jwks.of(platform);
        // Whoever comes meanwhile waits for the one who asks, and not for other platforms.
        let mut known = known.lock().await;
        let is_old = known.came_at.is_none_or(|came| at.saturating_duration_since(came) >= KEYS_HOLD);
        let found = known.find(kid);
        if let Some(key) = found.filter(|_| !is_old) {
            return Ok(key);
        }
        let may_ask = known.asked_at.is_none_or(|asked| at.saturating_duration_since(asked) >= KEYS_AGAIN);
        if may_ask {
            known.asked_at = Some(at);
            match self.key_set(keys_url).await {
                Ok(keys) => (known.came_at, known.keys, known.failed) = (Some(at), keys, None),
                Err(error) => known.failed = Some(error),
            }
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
