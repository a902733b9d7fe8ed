//! A launch begins: the platform says who may be coming, and is asked who it is (Security Framework 1.0, section 5.1.1).
//!
//! What comes back is taken once, soon, and from the browser that was sent away: whoever gets another's launch, or has
//! somebody's browser bring their own, is nobody.

use serde::{Deserialize, Serialize};
use sqlx::Row as _;
use url::Url;

use super::limits::{LOGIN_HOLDS, MAX_HINT, MAX_ID, MAX_LOGINS, MAX_URL};
use crate::{
    classroom::{ClassError, Classroom, codes},
    clock::now,
};

pub(super) const STATE: &str = "lti state";
pub(super) const NONCE: &str = "lti nonce";
pub(super) const BROWSER: &str = "lti browser";

const UNKNOWN: &str = "Lunchbox doesn't know the platform that you come from. An admin registers it at Machine, Learning platforms: issuer and client ID must be the same there.";

/// What a platform begins a launch with.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct LoginAsked {
    pub iss: String,
    pub login_hint: String,
    pub target_link_uri: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lti_message_hint: Option<String>,
}

impl LoginAsked {
    /// Short, and without what is six times as long when it is stored.
    fn is_fit(&self) -> bool {
        let is_short = |text: &str, most: usize| text.len() <= most && !text.contains(char::is_control);
        let hint = self.lti_message_hint.as_deref().unwrap_or_default();
        is_short(&self.iss, MAX_URL)
            && is_short(&self.target_link_uri, MAX_URL)
            && is_short(&self.login_hint, MAX_HINT)
            && is_short(hint, MAX_HINT)
            && is_short(self.client_id.as_deref().unwrap_or_default(), MAX_ID)
    }

    /// As it is put behind our own address, to begin anew.
    pub fn query(&self) -> String {
        let mut pairs = url::form_urlencoded::Serializer::new(String::new());
        pairs.append_pair("iss", &self.iss).append_pair("login_hint", &self.login_hint);
        pairs.append_pair("target_link_uri", &self.target_link_uri);
        for (name, value) in [("client_id", &self.client_id), ("lti_message_hint", &self.lti_message_hint)] {
            if let Some(value) = value {
                pairs.append_pair(name, value);
            }
        }
        pairs.finish()
    }
}

/// A secret for a browser that comes without one.
pub(crate) fn browser_secret() -> String {
    codes::secret()
}

/// The path of an address of ours, such as `/lti/launch`; `None`: it is another's.
pub(super) fn own_path(base: &str, address: &str) -> Option<String> {
    let (base, address) = (Url::parse(base).ok()?, Url::parse(address).ok()?);
    let is_ours = base.origin() == address.origin() && address.username().is_empty() && address.password().is_none();
    is_ours.then(|| address.path().to_owned())
}

impl Classroom {
    /// Where to send the browser, which has shown or is given that secret. `launch`: our address for what comes back.
    ///
    /// # Errors
    /// Where the platform isn't known, it began with what it can't begin with, or the database fails.
    pub async fn lti_login(&self, asked: &LoginAsked, browser: &str, base: &str, launch: &str) -> Result<String, ClassError> {
        if !asked.is_fit() || asked.login_hint.is_empty() {
            return ClassError::refused(
                "The platform began this launch with what no launch begins with. Go back to your course and click the link again.",
            );
        }
        let rows = sqlx::query("SELECT id, client_id, authorize_url FROM lti_platforms WHERE issuer = $1")
            .bind(&asked.iss)
            .fetch_all(&self.pool)
            .await?;
        let mut found = Vec::new();
        for row in rows {
            let client: String = row.try_get(1)?;
            if asked.client_id.as_ref().is_none_or(|asked| *asked == client) {
                found.push((row.try_get::<String, _>(0)?, client, row.try_get::<String, _>(2)?));
            }
        }
        // Which one it is of several is not guessed.
        let [(platform, client_id, authorize_url)] = &found[..] else { return ClassError::refused(UNKNOWN) };
        if own_path(base, &asked.target_link_uri).is_none() {
            let problem = format!(
                "A link leads to {}, which is not an address of this Lunchbox ({base}). Change it in the course.",
                asked.target_link_uri
            );
            return ClassError::refused(problem);
        }
        let (state, nonce, at) = (codes::secret(), codes::secret(), now());
        sqlx::query("DELETE FROM lti_logins WHERE expires_at < $1").bind(at).execute(&self.pool).await?;
        // Whoever begins very many can refuse nobody else by it: the oldest make room.
        sqlx::query("DELETE FROM lti_logins WHERE state IN (SELECT state FROM lti_logins ORDER BY expires_at DESC LIMIT $1 OFFSET $2)")
            .bind(MAX_LOGINS)
            .bind(MAX_LOGINS - 1)
            .execute(&self.pool)
            .await?;
        sqlx::query("INSERT INTO lti_logins (state, browser, nonce, platform, began_with, expires_at) VALUES ($1, $2, $3, $4, $5, $6)")
            .bind(codes::hashed(STATE, &state))
            .bind(codes::hashed(BROWSER, browser))
            .bind(codes::hashed(NONCE, &nonce))
            .bind(platform)
            .bind(serde_json::to_string(asked).unwrap_or_default())
            .bind(at.saturating_add(i64::try_from(LOGIN_HOLDS.as_millis()).unwrap_or(i64::MAX)))
            .execute(&self.pool)
            .await?;
        let Ok(mut to) = Url::parse(authorize_url) else { return ClassError::refused(UNKNOWN) };
        to.query_pairs_mut()
            .append_pair("scope", "openid")
            .append_pair("response_type", "id_token")
            .append_pair("response_mode", "form_post")
            .append_pair("prompt", "none")
            .append_pair("client_id", client_id)
            .append_pair("redirect_uri", launch)
            .append_pair("login_hint", &asked.login_hint)
            .append_pair("state", &state)
            .append_pair("nonce", &nonce);
        if let Some(hint) = &asked.lti_message_hint {
            to.query_pairs_mut().append_pair("lti_message_hint", hint);
        }
        Ok(to.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_launch_begins_with_short_plain_lines() {
        let hint =
            |hint: &str| LoginAsked { login_hint: hint.to_owned(), lti_message_hint: Some(hint.to_owned()), ..LoginAsked::default() };
        assert!(hint("{\"cmid\":7} \u{e9}").is_fit());
        assert!(hint(&"x".repeat(MAX_HINT)).is_fit() && !hint(&"x".repeat(MAX_HINT + 1)).is_fit());
        assert!(!hint("\u{1}").is_fit() && !hint("a\nb").is_fit());
    }

    #[test]
    fn only_addresses_of_ours_are_led_to() {
        let base = "https://box.example";
        assert_eq!(own_path(base, "https://box.example/lessons/x?y#z").as_deref(), Some("/lessons/x"));
        assert_eq!(own_path(base, "https://BOX.example:443/lti/launch").as_deref(), Some("/lti/launch"));
        for other in [
            "http://box.example/",
            "https://box.example.evil.example/",
            "https://box.example:8443/",
            "https://me@box.example/",
            "//box.example/",
            "/lti/launch",
            "javascript:alert(1)",
            "",
        ] {
            assert_eq!(own_path(base, other), None, "{other}");
        }
    }
}
