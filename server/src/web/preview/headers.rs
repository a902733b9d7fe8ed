//! What of a request's and a response's headers goes through a preview.

use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::sandboxes::Preview;

/// How the preview was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Form {
    /// Below `/preview/`, on our own origin's address.
    Path,
    /// On an origin of its own, this one.
    Host { host: String },
}

/// Concerns one connection only (RFC 9110, section 7.6.1).
const HOP_BY_HOP: [HeaderName; 8] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];
/// Of requests: said by proxies before us, to us; nothing of the learner's program's business.
const PRIVATE: [&str; 6] = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "x-request-id"];
/// Of responses: orders to the browser about the whole host or the address book of hosts.
const ORDERS: [&str; 7] =
    ["clear-site-data", "strict-transport-security", "alt-svc", "report-to", "reporting-endpoints", "nel", "service-worker-allowed"];
/// No `allow-same-origin`: the page's origin is opaque, and so is nobody's.
const SANDBOX: &str = "sandbox allow-scripts allow-forms allow-popups allow-modals";
/// Our own cookies' names have this in them.
const OUR_COOKIES: &str = "lunchbox";

/// Whether one of our own pages asks for it as a part of itself (script, style, image, worker).
/// Nothing of a learner's belongs into our pages; a preview's own page is a stranger to us.
pub(super) fn is_from_our_page(headers: &HeaderMap) -> bool {
    let is = |name: &str, values: &[&str]| headers.get(name).and_then(|value| value.to_str().ok()).is_some_and(|v| values.contains(&v));
    let whole_page = ["document", "iframe", "frame"];
    headers.contains_key("service-worker") || (is("sec-fetch-site", &["same-origin"]) && !is("sec-fetch-dest", &whole_page))
}

/// The request's headers as the learner's program gets them.
pub(super) fn request(headers: &mut HeaderMap, preview: &Preview, form: &Form, upgrade: Option<HeaderValue>) {
    strip_hop_by_hop(headers);
    for name in PRIVATE {
        headers.remove(name);
    }
    let local = format!("localhost:{}", preview.port);
    match form {
        Form::Path => {
            headers.remove(header::COOKIE);
            // Of whatever stands before Lunchbox.
            headers.remove(header::AUTHORIZATION);
            headers.remove(header::REFERER);
        }
        Form::Host { host } => {
            keep_foreign_cookies(headers);
            headers.remove(header::REFERER);
            let own = [format!("http://{host}"), format!("https://{host}")];
            let is_own = headers.get(header::ORIGIN).is_some_and(|origin| own.iter().any(|own| origin == own.as_str()));
            // Programs compare it with `Host`.
            if is_own && let Ok(origin) = HeaderValue::try_from(format!("http://{local}")) {
                headers.insert(header::ORIGIN, origin);
            }
        }
    }
    if let Ok(local) = HeaderValue::try_from(local) {
        headers.insert(header::HOST, local);
    }
    if let Some(protocol) = upgrade {
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(header::UPGRADE, protocol);
    }
}

/// The response's headers as the browser gets them.
pub(super) fn response(headers: &mut HeaderMap, preview: &Preview, form: &Form) {
    strip_hop_by_hop(headers);
    for name in ORDERS {
        headers.remove(name);
    }
    if let Some(location) = headers.get(header::LOCATION).and_then(|value| value.to_str().ok())
        && let Ok(location) = HeaderValue::try_from(rewrite_location(location, preview, form))
    {
        headers.insert(header::LOCATION, location);
    }
    match form {
        Form::Path => {
            headers.remove(header::SET_COOKIE);
            isolate(headers);
        }
        Form::Host { .. } => {
            let cookies: Vec<HeaderValue> = headers.get_all(header::SET_COOKIE).iter().filter_map(without_domain).collect();
            headers.remove(header::SET_COOKIE);
            for cookie in cookies {
                headers.append(header::SET_COOKIE, cookie);
            }
            headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        }
    }
}

/// Gives a page below our own address an origin of its own. Its parts are a stranger's to it then,
/// so they must say that strangers may have them: who knows the token may anyway.
pub(super) fn isolate(headers: &mut HeaderMap) {
    headers.append(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(SANDBOX));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("cross-origin"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.remove(header::ACCESS_CONTROL_ALLOW_CREDENTIALS);
}

fn strip_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| HeaderName::try_from(name.trim()).ok())
        .collect();
    for name in named.iter().chain(&HOP_BY_HOP) {
        headers.remove(name);
    }
}

fn keep_foreign_cookies(headers: &mut HeaderMap) {
    let kept: Vec<String> = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .map(str::trim)
        .filter(|pair| !pair.split('=').next().unwrap_or_default().to_ascii_lowercase().contains(OUR_COOKIES))
        .map(str::to_owned)
        .collect();
    headers.remove(header::COOKIE);
    if !kept.is_empty()
        && let Ok(cookie) = HeaderValue::try_from(kept.join("; "))
    {
        headers.insert(header::COOKIE, cookie);
    }
}

/// A cookie for the preview's own host alone: with a domain it would reach its neighbours.
fn without_domain(cookie: &HeaderValue) -> Option<HeaderValue> {
    let cookie = cookie.to_str().ok()?;
    let is_domain = |part: &str| part.split('=').next().unwrap_or_default().trim().eq_ignore_ascii_case("domain");
    let parts: Vec<&str> = cookie.split(';').enumerate().filter(|(at, part)| *at == 0 || !is_domain(part)).map(|(_, part)| part).collect();
    HeaderValue::try_from(parts.join(";")).ok()
}

/// `http://localhost:8080/x` is the learner's own port to the program, and a preview to the browser.
fn rewrite_location(location: &str, preview: &Preview, form: &Form) -> String {
    let there = |port: u16, rest: &str| match form {
        Form::Path => format!("/preview/{}/{port}{rest}", preview.token),
        Form::Host { .. } if port == preview.port => rest.to_owned(),
        Form::Host { host } => {
            let domain = host.split_once('.').map_or("", |(_, domain)| domain);
            format!("//p{port}-{}.{domain}{rest}", preview.token)
        }
    };
    if let Some((port, rest)) = local_address(location) {
        return there(port, rest);
    }
    // On our own address, `/x` would be one of our pages.
    if *form == Form::Path && location.starts_with('/') && !location.starts_with("//") {
        return there(preview.port, location);
    }
    location.to_owned()
}

/// Port and path of an address on the learner's localhost.
fn local_address(location: &str) -> Option<(u16, &str)> {
    let rest = location.strip_prefix("http://")?;
    let rest = ["localhost", "127.0.0.1", "[::1]"].iter().find_map(|name| rest.strip_prefix(name))?;
    let (port, path) = match rest.strip_prefix(':') {
        Some(rest) => {
            let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
            (rest[..end].parse().ok()?, &rest[end..])
        }
        None => (80, rest),
    };
    if path.is_empty() {
        return Some((port, "/"));
    }
    path.starts_with('/').then_some((port, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn preview() -> Preview {
        Preview { token: "abcdefghij0123456789".to_owned(), port: 8080 }
    }

    fn host() -> Form {
        Form::Host { host: "p8080-abcdefghij0123456789.localhost:3000".to_owned() }
    }

    fn map(pairs: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(HeaderName::try_from(*name).expect("a name"), HeaderValue::try_from(*value).expect("a value"));
        }
        headers
    }

    #[test]
    fn no_cookie_goes_in_on_the_path_form_and_none_of_ours_on_the_host_form() {
        let sent = [("cookie", "a=1; __Host-lunchbox=secret; b=2"), ("authorization", "Basic x"), ("referer", "http://x/")];
        let mut headers = map(&sent);
        request(&mut headers, &preview(), &Form::Path, None);
        assert_eq!(headers, map(&[("host", "localhost:8080")]));
        let mut headers = map(&sent);
        request(&mut headers, &preview(), &host(), None);
        assert_eq!(headers, map(&[("cookie", "a=1; b=2"), ("authorization", "Basic x"), ("host", "localhost:8080")]));
    }

    #[test]
    fn the_program_sees_itself_as_localhost() {
        let mut headers =
            map(&[("host", "x"), ("origin", "http://p8080-abcdefghij0123456789.localhost:3000"), ("x-forwarded-for", "1.2.3.4")]);
        request(&mut headers, &preview(), &host(), Some(HeaderValue::from_static("websocket")));
        let wanted = [("host", "localhost:8080"), ("origin", "http://localhost:8080"), ("connection", "upgrade"), ("upgrade", "websocket")];
        assert_eq!(headers, map(&wanted));
    }

    #[test]
    fn what_concerns_one_connection_stays_on_it() {
        let mut headers = map(&[("connection", "close, X-Odd"), ("x-odd", "1"), ("transfer-encoding", "chunked"), ("x-fine", "1")]);
        strip_hop_by_hop(&mut headers);
        assert_eq!(headers, map(&[("x-fine", "1")]));
    }

    #[test]
    fn a_page_on_our_address_gets_an_opaque_origin_and_sets_no_cookie() {
        let mut headers = map(&[("set-cookie", "a=1"), ("content-security-policy", "default-src *"), ("clear-site-data", "\"*\"")]);
        response(&mut headers, &preview(), &Form::Path);
        assert!(!headers.contains_key("set-cookie") && !headers.contains_key("clear-site-data"));
        let policies: Vec<_> = headers.get_all("content-security-policy").iter().collect();
        assert_eq!(policies, ["default-src *", SANDBOX], "both hold: a policy can only take away");
    }

    #[test]
    fn a_cookie_on_a_host_of_its_own_stays_on_that_host() {
        let mut headers = map(&[("set-cookie", "a=1; Path=/; domain=localhost; HttpOnly"), ("set-cookie", "domain=5")]);
        response(&mut headers, &preview(), &host());
        let cookies: Vec<_> = headers.get_all("set-cookie").iter().collect();
        assert_eq!(cookies, ["a=1; Path=/; HttpOnly", "domain=5"]);
    }

    #[test]
    fn redirects_stay_in_the_preview() {
        let token = preview().token;
        for (location, by_path, by_host) in [
            ("/x", format!("/preview/{token}/8080/x"), "/x".to_owned()),
            ("http://localhost:8080/x?y#z", format!("/preview/{token}/8080/x?y#z"), "/x?y#z".to_owned()),
            ("http://127.0.0.1:8080", format!("/preview/{token}/8080/"), "/".to_owned()),
            ("http://localhost:9090/x", format!("/preview/{token}/9090/x"), format!("//p9090-{token}.localhost:3000/x")),
            ("http://localhost/x", format!("/preview/{token}/80/x"), format!("//p80-{token}.localhost:3000/x")),
            ("relative", "relative".to_owned(), "relative".to_owned()),
            ("https://example.com/", "https://example.com/".to_owned(), "https://example.com/".to_owned()),
            ("//example.com/", "//example.com/".to_owned(), "//example.com/".to_owned()),
            ("http://localhost.example.com/", "http://localhost.example.com/".to_owned(), "http://localhost.example.com/".to_owned()),
        ] {
            assert_eq!(rewrite_location(location, &preview(), &Form::Path), by_path);
            assert_eq!(rewrite_location(location, &preview(), &host()), by_host);
        }
    }

    #[test]
    fn our_own_pages_take_no_part_of_a_preview_into_themselves() {
        assert!(is_from_our_page(&map(&[("sec-fetch-site", "same-origin"), ("sec-fetch-dest", "script")])));
        assert!(is_from_our_page(&map(&[("service-worker", "script")])));
        assert!(!is_from_our_page(&map(&[("sec-fetch-site", "same-origin"), ("sec-fetch-dest", "document")])));
        assert!(!is_from_our_page(&map(&[("sec-fetch-site", "cross-site"), ("sec-fetch-dest", "script")])));
        assert!(!is_from_our_page(&map(&[])), "curl");
    }
}
