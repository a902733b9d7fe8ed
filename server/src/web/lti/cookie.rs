//! The cookie by which a launch is known to come back in the browser that was sent away for it: without it, somebody could
//! have another's browser arrive as themselves, and read along (login CSRF).
//!
//! It comes back with a post of another site's page, so that it is the one cookie here with `SameSite=None`, which
//! browsers take over HTTPS alone. Over HTTP, where a platform on the same machine is tried, it is `Lax`.

use axum::http::{HeaderMap, HeaderValue, header};

use crate::config::WebConfig;

const NAME: &str = "lunchbox-lti";
const SECURE_NAME: &str = "__Host-lunchbox-lti";
/// Launches, arrivals and what is chosen in between take no longer.
const MAX_AGE_SECONDS: u32 = 60 * 60;
/// Characters of the secret in it, as it is made.
const LENGTH: usize = 26;

pub(super) fn is_secure(web: &WebConfig) -> bool {
    web.public_url.as_ref().is_some_and(|url| url.https)
}

fn name(is_secure: bool) -> &'static str {
    if is_secure { SECURE_NAME } else { NAME }
}

/// The secret that the browser shows.
pub(super) fn read(headers: &HeaderMap, is_secure: bool) -> Option<String> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|cookies| cookies.to_str().ok());
    let mut pairs = all.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let (_, secret) = pairs.find(|(cookie, _)| *cookie == name(is_secure))?;
    (secret.len() == LENGTH && secret.bytes().all(|letter| letter.is_ascii_alphanumeric())).then(|| secret.to_owned())
}

/// # Panics
/// Never: the secret is of letters and digits.
pub(super) fn set(secret: &str, is_secure: bool) -> HeaderValue {
    let same_site = if is_secure { "SameSite=None; Secure" } else { "SameSite=Lax" };
    let cookie = format!("{}={secret}; Path=/; HttpOnly; Max-Age={MAX_AGE_SECONDS}; {same_site}", name(is_secure));
    HeaderValue::from_str(&cookie).expect("letters and digits make a header")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    #[test]
    fn over_https_it_is_for_this_host_alone_and_comes_back_from_another_site() {
        let secret = "k7qf2m9x4trak7qf2m9x4tra00";
        let set = set(secret, true);
        let set = set.to_str().unwrap();
        for part in ["__Host-lunchbox-lti=", "Path=/;", "HttpOnly", "SameSite=None", "Secure"] {
            assert!(set.contains(part), "{part}: {set}");
        }
        let headers = |cookies: &str| HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_str(cookies).unwrap())]);
        assert_eq!(read(&headers(&format!("a=b; __Host-lunchbox-lti={secret}")), true).as_deref(), Some(secret));
        for other in [format!("lunchbox-lti={secret}"), "__Host-lunchbox-lti=short".to_owned(), String::new()] {
            assert_eq!(read(&headers(&other), true), None, "{other}");
        }
    }
}
