//! Who asks: a secret in a cookie, from which the learner's ID is worked out. Nothing is stored for it:
//! who only looks leaves no trace in the database, and pages that are opened side by side before there
//! is anything to store are one learner's all the same.
//!
//! Over HTTPS the cookie's name begins with `__Host-`, so that no other host can set it (RFC 6265bis,
//! section 4.1.3.2), not even a learner's web page on a host below ours. A preview domain on a site of
//! its own (`preview_domain`) keeps such pages from setting any cookie here, over HTTP too.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, header},
    middleware::Next,
    response::Response,
};

use crate::{clock, config::WebConfig, learner::LearnerId};

const COOKIE: &str = "lunchbox";
const SECURE_COOKIE: &str = "__Host-lunchbox";
/// From the last day on which the learner was here.
const SECONDS: u32 = 90 * 24 * 60 * 60;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// What the cookie holds: `<secret>-<day>`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Session {
    /// 32 lowercase hex digits.
    secret: String,
    /// Since 1970, when it was sent: once a day is often enough.
    day: i64,
}

/// Inserts `Extension<LearnerId>`. A visitor without a session becomes a learner when they open a
/// page in a browser or press something, and it is there and done; anybody else is a stranger for
/// this one request.
pub async fn learner(State(web): State<Arc<WebConfig>>, mut request: Request, next: Next) -> Response {
    let is_secure = web.public_url.as_ref().is_some_and(|url| url.https);
    let today = clock::now() / DAY_MS;
    let session = Session::of(request.headers(), is_secure);
    let sent_today = session.as_ref().is_some_and(|session| session.day == today);
    let session = session.map_or_else(|| Session::new(today), |session| Session { day: today, ..session });
    let stays = becomes_learner(&request);
    request.extensions_mut().insert(LearnerId::of(&session.secret));
    let mut response = next.run(request).await;
    if stays
        && !sent_today
        && !response.status().is_client_error()
        && !response.status().is_server_error()
        && let Ok(cookie) = HeaderValue::try_from(session.cookie(is_secure))
    {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    // Nobody else's copy, and none that is shown without asking.
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("private, no-cache"));
    response
}

impl Session {
    fn new(day: i64) -> Self {
        Self { secret: format!("{:032x}", rand::random::<u128>()), day }
    }

    fn of(headers: &HeaderMap, is_secure: bool) -> Option<Self> {
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.filter(|(name, _)| *name == name_of(is_secure)).find_map(|(_, value)| Self::parse(value))
    }

    fn parse(value: &str) -> Option<Self> {
        let (secret, day) = value.split_once('-')?;
        let is_ours = secret.len() == 32 && secret.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        is_ours.then(|| Some(Self { secret: secret.to_owned(), day: day.parse().ok()? }))?
    }

    fn cookie(&self, is_secure: bool) -> String {
        let secure = if is_secure { "; Secure" } else { "" };
        format!("{}={}-{}; HttpOnly; SameSite=Lax; Path=/; Max-Age={SECONDS}{secure}", name_of(is_secure), self.secret, self.day)
    }
}

fn name_of(is_secure: bool) -> &'static str {
    if is_secure { SECURE_COOKIE } else { COOKIE }
}

fn becomes_learner(request: &Request) -> bool {
    let wants_page =
        || request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(|accept| accept.contains("text/html"));
    request.method() == Method::POST || (request.method() == Method::GET && wants_page())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(cookie: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::COOKIE, cookie.parse().expect("a value"))])
    }

    #[test]
    fn over_https_the_cookie_is_one_that_no_other_host_can_set() {
        let session = Session::new(20_000);
        let cookie = session.cookie(true);
        assert!(cookie.starts_with("__Host-lunchbox=") && cookie.ends_with("; Secure"), "{cookie}");
        assert!(cookie.contains("; Path=/;") && !cookie.contains("Domain"), "or browsers refuse it: {cookie}");
        let pair = cookie.split(';').next().expect("a pair");
        assert_eq!(Session::of(&headers(&format!("a=1; {pair}")), true), Some(session.clone()));
        let planted = pair.replace("__Host-", "");
        assert_eq!(Session::of(&headers(&planted), true), None, "as a page on a host below ours can set it");
        let plain = session.cookie(false);
        assert!(plain.starts_with("lunchbox=") && !plain.contains("Secure"), "{plain}");
        assert_eq!(Session::of(&headers(&planted), false), Some(session));
    }

    #[test]
    fn what_we_did_not_write_is_no_session() {
        let secret = "0123456789abcdef0123456789abcdef";
        assert!(Session::of(&headers(&format!("lunchbox={secret}-20000")), false).is_some());
        for odd in
            [secret.to_owned(), format!("{secret}-x"), format!("{}-1", &secret[1..]), format!("{}-1", secret.to_uppercase()), String::new()]
        {
            assert_eq!(Session::of(&headers(&format!("lunchbox={odd}")), false), None, "{odd}");
        }
        let (odd, ours) = ("lunchbox=x", format!("lunchbox={secret}-1"));
        assert!(Session::of(&headers(&format!("{odd}; {ours}")), false).is_some(), "another of that name is passed over");
    }

    #[test]
    fn a_secret_makes_one_learner_and_cannot_be_read_back_from_them() {
        let (one, other) = (Session::new(0), Session::new(0));
        assert_eq!(LearnerId::of(&one.secret), LearnerId::of(&one.secret));
        assert_ne!(LearnerId::of(&one.secret), LearnerId::of(&other.secret));
        assert!(!LearnerId::of(&one.secret).as_str().contains(&one.secret[..8]));
    }
}
