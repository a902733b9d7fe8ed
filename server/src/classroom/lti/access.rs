//! Leave to ask a platform's services: a token that it gives to whoever shows that they are Lunchbox, by a signed claim
//! (OAuth 2.0 client credentials with a JWT, RFC 7523; Security Framework 1.0, section 4.1). Kept until it expires.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use http::{Request, StatusCode, header};
use http_body_util::Full;
use serde::Deserialize;
use serde_json::json;
use sqlx::Row as _;

use super::{
    http::PlatformError,
    limits::{ASSERTION_HOLDS, TOKEN_HOLDS, TOKEN_SPARE},
};
use crate::{
    classroom::{ClassError, Classroom, codes},
    clock::now,
};

/// A token, and until when it is good.
type Held = (String, Instant);

/// By platform and what the token is for. In memory: a server that starts anew asks for another.
#[derive(Default)]
pub(super) struct Tokens(Mutex<HashMap<(String, &'static str), Held>>);

impl Tokens {
    fn get(&self, platform: &str, scope: &'static str, at: Instant) -> Option<String> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(&(platform.to_owned(), scope)).filter(|(_, until)| at < *until).map(|(token, _)| token.clone())
    }

    fn keep(&self, platform: &str, scope: &'static str, token: &str, until: Instant) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert((platform.to_owned(), scope), (token.to_owned(), until));
    }

    /// The platform doesn't take it any more, or is another now.
    pub(super) fn forget(&self, platform: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|(of, _), _| of != platform);
    }
}

/// Why a service was not asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum ServiceError {
    #[error(transparent)]
    Platform(#[from] PlatformError),
    #[error(transparent)]
    Class(#[from] ClassError),
}

impl From<sqlx::Error> for ServiceError {
    fn from(error: sqlx::Error) -> Self {
        Self::Class(error.into())
    }
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    /// Seconds.
    #[serde(default)]
    expires_in: Option<f64>,
}

impl Classroom {
    /// A token for what `scope` names.
    ///
    /// # Errors
    /// Where the platform gives none, or the database fails.
    pub(super) async fn access_token(&self, platform: &str, scope: &'static str) -> Result<String, ServiceError> {
        let at = Instant::now();
        if let Some(token) = self.lti.tokens.get(platform, scope, at) {
            return Ok(token);
        }
        let row =
            sqlx::query("SELECT client_id, token_url FROM lti_platforms WHERE id = $1").bind(platform).fetch_optional(&self.pool).await?;
        let Some(row) = row else { return Err(ClassError::NotFound.into()) };
        let (client_id, token_url): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        let seconds = now() / 1000;
        let assertion = self.signing_key().await?.signed(&json!({
            "iss": client_id, "sub": client_id, "aud": token_url, "jti": codes::secret(),
            "iat": seconds, "exp": seconds + i64::try_from(ASSERTION_HOLDS.as_secs()).unwrap_or(0),
        }));
        let Some(assertion) = assertion else { return Err(PlatformError("Nothing can be signed just now.".to_owned()).into()) };
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "client_credentials")
            .append_pair("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
            .append_pair("client_assertion", &assertion)
            .append_pair("scope", scope)
            .finish();
        let request = Request::post(&token_url)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT, "application/json")
            .body(Full::from(form))
            .map_err(|_| PlatformError(format!("{token_url} can't be asked. Enter the token address again.")))?;
        let answer = self.lti.http.ask(request).await?;
        let granted = serde_json::from_slice::<Granted>(&answer.body).ok().filter(|granted| fits_a_header(&granted.access_token));
        let Some(granted) = granted.filter(|_| answer.status == StatusCode::OK) else {
            let problem = format!(
                "{token_url} gives Lunchbox no leave ({}). See that the client ID is right, that the platform has Lunchbox's key set \
                 address, and that the tool may use this service there.",
                answer.status
            );
            return Err(PlatformError(problem).into());
        };
        let holds = granted.expires_in.map_or(TOKEN_HOLDS, |seconds| Duration::from_secs_f64(seconds.clamp(0.0, 86_400.0)));
        self.lti.tokens.keep(platform, scope, &granted.access_token, at + holds.saturating_sub(TOKEN_SPARE));
        Ok(granted.access_token)
    }
}

/// RFC 6750, section 2.1.
fn fits_a_header(token: &str) -> bool {
    !token.is_empty() && token.len() <= 16 * 1024 && token.bytes().all(|byte| byte.is_ascii_graphic())
}
