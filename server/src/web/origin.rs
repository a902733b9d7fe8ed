//! Under which names Lunchbox is served, and from which pages it may be asked.
//!
//! A name that is none of ours is refused: its owner could have it point at this machine (DNS
//! rebinding), and their page would then pass for one of ours. `localhost` and addresses nobody can
//! point anywhere else. Requests that change something, and WebSockets, must come from our own pages: a
//! learner's web page lives on another origin, and could otherwise press our buttons with the
//! visitor's cookie.

use std::{
    net::{Ipv4Addr, Ipv6Addr},
    sync::Arc,
};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};

use super::lti;
use crate::config::WebConfig;

/// Answered to proxies and to whoever watches over the server, under whatever name they use.
const ANY_HOST: [&str; 2] = ["/healthz", "/readyz"];

/// POSTed by a learning platform's page (LTI 1.3), which is another's by nature: what comes is believed by its signature,
/// and neither reads a session.
const FROM_PLATFORMS: [&str; 2] = [lti::LOGIN, lti::LAUNCH];

type Refused = (StatusCode, &'static str);

/// Refuses what is asked under a name that is not ours, and what another origin's page asks.
pub async fn own(State(web): State<Arc<WebConfig>>, request: Request, next: Next) -> Response {
    match check(&web, &request) {
        Ok(()) => next.run(request).await,
        Err(refused) => refused.into_response(),
    }
}

/// Refuses what is asked under a name that is not ours; for what any origin's page may ask.
pub async fn known_host(State(web): State<Arc<WebConfig>>, request: Request, next: Next) -> Response {
    match host(&request).and_then(|host| known(&web, &host)) {
        Ok(()) => next.run(request).await,
        Err(refused) => refused.into_response(),
    }
}

fn check(web: &WebConfig, request: &Request) -> Result<(), Refused> {
    let headers = request.headers();
    let path = request.uri().path();
    let host = host(request)?;
    if !ANY_HOST.contains(&path) {
        known(web, &host)?;
    }
    let refused = Err((StatusCode::FORBIDDEN, "This must be asked by a page of Lunchbox itself, and comes from somewhere else.\n"));
    let site = text(headers, "sec-fetch-site");
    let origin = text(headers, header::ORIGIN);
    if *request.method() == Method::POST && FROM_PLATFORMS.contains(&path) && !headers.contains_key(header::UPGRADE) {
        return Ok(());
    }
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if changes || headers.contains_key(header::UPGRADE) {
        // Every browser says at least one of the two.
        if site.is_none() && origin.is_none() {
            return refused;
        }
        if site.is_some_and(|site| site != "same-origin") || origin.is_some_and(|origin| !is_ours(origin, &host, web)) {
            return refused;
        }
    } else if path.starts_with("/api/") && site.is_some_and(|site| site != "same-origin" && site != "none") {
        return refused;
    }
    Ok(())
}

/// The one host that a request is for, lowercase. One that names several could mean one thing to us
/// and another to a proxy (RFC 9112, section 3.2).
fn host(request: &Request) -> Result<String, Refused> {
    let mut named = request.headers().get_all(header::HOST).iter().map(|host| host.to_str().unwrap_or_default().to_ascii_lowercase());
    let host = named.next().ok_or((StatusCode::BAD_REQUEST, "The request has no Host header.\n"))?;
    let in_target = request.uri().authority().map(|authority| authority.as_str().to_ascii_lowercase());
    if named.next().is_some() || in_target.is_some_and(|target| target != host) {
        return Err((StatusCode::BAD_REQUEST, "The request names more than one host.\n"));
    }
    Ok(host)
}

fn known(web: &WebConfig, host: &str) -> Result<(), Refused> {
    if is_public(web, host) || is_fixed(host) {
        return Ok(());
    }
    let hint = match &web.public_url {
        Some(_) => {
            "Lunchbox is not served under this name. If visitors are to find it here, change the setting public_url (or $LUNCHBOX_PUBLIC_URL), which names another host.\n"
        }
        None => {
            "Lunchbox is not served under this name. If visitors are to find it here, set public_url (or $LUNCHBOX_PUBLIC_URL) to this address, such as https://lunchbox.example.com.\n"
        }
    };
    Err((StatusCode::MISDIRECTED_REQUEST, hint))
}

/// Whether it is what `public_url` names; a port that goes without saying may be said.
fn is_public(web: &WebConfig, host: &str) -> bool {
    web.public_url.as_ref().is_some_and(|url| {
        let own_port = if url.https { ":443" } else { ":80" };
        host.strip_suffix(own_port).unwrap_or(host) == url.host
    })
}

/// Whether what it means is fixed, whoever runs the name servers: `localhost` and names below it
/// (RFC 6761, section 6.3), and addresses.
fn is_fixed(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.parse::<u16>().is_ok() => name,
        _ => host,
    };
    let v6 = || name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).is_some_and(|name| name.parse::<Ipv6Addr>().is_ok());
    name == "localhost" || name.ends_with(".localhost") || name.parse::<Ipv4Addr>().is_ok() || v6()
}

/// `http://localhost:3000` for the host `localhost:3000`. Of the public URL the scheme is known, too.
fn is_ours(origin: &str, host: &str, web: &WebConfig) -> bool {
    let Some((scheme, rest)) = origin.split_once("://") else { return false };
    match &web.public_url {
        Some(url) if is_public(web, host) => scheme == if url.https { "https" } else { "http" } && rest.eq_ignore_ascii_case(&url.host),
        _ => (scheme == "http" || scheme == "https") && rest.eq_ignore_ascii_case(host),
    }
}

fn text(headers: &HeaderMap, name: impl header::AsHeaderName) -> Option<&str> {
    headers.get(name).map(|value| value.to_str().unwrap_or(""))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;
    use crate::config::PublicUrl;

    fn web(public_url: Option<&str>) -> WebConfig {
        WebConfig {
            listen: ([127, 0, 0, 1], 3000).into(),
            site_root: "target/site".into(),
            public_url: public_url.map(|host| PublicUrl { https: true, host: host.to_owned() }),
            preview_domain: None,
            trusted_proxies: Vec::new(),
        }
    }

    fn status(web: &WebConfig, method: &str, path: &str, headers: &[(&str, &str)]) -> u16 {
        let request =
            headers.iter().fold(Request::builder().method(method).uri(path), |request, (name, value)| request.header(*name, *value));
        check(web, &request.body(Body::empty()).expect("it is a request")).map_or_else(|(status, _)| status.as_u16(), |()| 200)
    }

    #[test]
    fn a_post_of_our_own_page_is_taken() {
        let post = |headers: &[_]| status(&web(None), "POST", "/api/fn/answer", headers);
        assert_eq!(post(&[("host", "localhost:3000"), ("origin", "http://localhost:3000")]), 200);
        assert_eq!(post(&[("host", "localhost:3000"), ("sec-fetch-site", "same-origin")]), 200);
        assert_eq!(post(&[("host", "LocalHost:3000"), ("origin", "http://localhost:3000")]), 200);
    }

    #[test]
    fn a_post_of_another_page_or_of_nobody_is_refused() {
        let post = |headers: &[_]| status(&web(None), "POST", "/api/fn/answer", headers);
        assert_eq!(post(&[("host", "localhost:3000")]), 403);
        assert_eq!(post(&[("host", "localhost:3000"), ("origin", "null")]), 403);
        assert_eq!(post(&[("host", "localhost:3000"), ("origin", "http://p8080-abc.localhost:3000")]), 403);
        assert_eq!(post(&[("host", "localhost:3000"), ("sec-fetch-site", "same-site"), ("origin", "http://localhost:3000")]), 403);
        assert_eq!(post(&[("origin", "http://localhost:3000")]), 400);
    }

    #[test]
    fn of_what_other_pages_post_a_platforms_two_messages_are_let_through_and_nothing_else() {
        let headers = [("host", "localhost:3000"), ("sec-fetch-site", "cross-site"), ("origin", "https://moodle.example")];
        let asked = |method, path| status(&web(None), method, path, &headers);
        for path in ["/lti/login", "/lti/launch"] {
            assert_eq!(asked("POST", path), 200, "{path}");
            assert_eq!(asked("PUT", path), 403, "{path}");
            assert_eq!(status(&web(None), "POST", path, &[("host", "evil.example"), headers[1]]), 421, "{path}");
            let upgrade = [headers[0], headers[1], headers[2], ("upgrade", "websocket")];
            assert_eq!(status(&web(None), "POST", path, &upgrade), 403, "{path}");
        }
        for path in ["/lti/arrive/x", "/lti/launch/", "/lti/launch/x", "//lti/launch", "/lti", "/api/fn/answer", "/"] {
            assert_eq!(asked("POST", path), 403, "{path}");
        }
    }

    #[test]
    fn a_websocket_of_another_page_is_refused() {
        let upgrade = |origin| {
            status(&web(None), "GET", "/api/terminal", &[("host", "localhost:3000"), ("upgrade", "websocket"), ("origin", origin)])
        };
        assert_eq!(upgrade("http://localhost:3000"), 200);
        assert_eq!(upgrade("http://evil.example"), 403);
    }

    #[test]
    fn a_page_may_be_reached_from_anywhere_and_the_stream_only_from_our_own() {
        let cross = [("host", "localhost:3000"), ("sec-fetch-site", "cross-site")];
        assert_eq!(status(&web(None), "GET", "/lessons/docker-images", &cross), 200);
        assert_eq!(status(&web(None), "GET", "/api/stream", &cross), 403);
    }

    #[test]
    fn a_name_that_somebody_elses_name_server_can_point_here_is_refused_with_the_setting_to_change() {
        let rebound = |web: &WebConfig, path: &str, headers: &[(&str, &str)]| status(web, "GET", path, headers);
        let (unset, public) = (web(None), web(Some("lunchbox.example.com")));
        for host in [
            "evil.example",
            "evil.example:3000",
            "localhost.evil.example",
            "localhost.:3000",
            "xlocalhost",
            "127.0.0.1.evil.example",
            "lunchbox.example.com.evil.example",
            "0x7f000001",
            "[::1",
            "",
        ] {
            for web in [&unset, &public] {
                for path in ["/", "/lessons/docker-images", "/pkg/lunchbox.js", "/api/stream?lesson=x"] {
                    assert_eq!(rebound(web, path, &[("host", host)]), 421, "{host} {path}");
                }
                let socket = [("host", host), ("upgrade", "websocket"), ("origin", &format!("http://{host}"))];
                assert_eq!(rebound(web, "/api/terminal", &socket), 421, "{host}");
                let press = [("host", host), ("origin", &format!("http://{host}")), ("sec-fetch-site", "same-origin")];
                assert_eq!(status(web, "POST", "/api/fn/start_sandbox", &press), 421, "{host}");
            }
        }
        for web in [&unset, &public] {
            let (_, message) = known(web, "evil.example").expect_err("it is not ours");
            assert!(message.contains("public_url"), "{message}");
        }
    }

    #[test]
    fn names_that_nobody_can_point_elsewhere_and_the_public_one_are_served() {
        let (unset, public) = (web(None), web(Some("lunchbox.example.com")));
        for host in ["localhost", "LocalHost:3000", "p80-x.localhost:3000", "127.0.0.1:3000", "10.0.0.7", "[::1]:3000", "[fe80::7]"] {
            for web in [&unset, &public] {
                assert_eq!(status(web, "GET", "/", &[("host", host)]), 200, "{host}");
            }
        }
        for host in ["lunchbox.example.com", "Lunchbox.example.com", "lunchbox.example.com:443"] {
            assert_eq!(status(&public, "GET", "/", &[("host", host)]), 200, "{host}");
            assert_eq!(status(&unset, "GET", "/", &[("host", host)]), 421, "{host}");
        }
        assert_eq!(status(&public, "GET", "/", &[("host", "lunchbox.example.com:3000")]), 421);
        assert_eq!(status(&public, "GET", "/healthz", &[("host", "balancer.internal:3000")]), 200, "health is told to everybody");
    }

    #[test]
    fn a_request_that_names_two_hosts_is_refused() {
        assert_eq!(status(&web(None), "GET", "/", &[("host", "localhost"), ("host", "evil.example")]), 400);
        assert_eq!(status(&web(None), "GET", "http://evil.example/", &[("host", "localhost")]), 400);
        assert_eq!(status(&web(None), "GET", "http://localhost/", &[("host", "localhost")]), 200);
    }

    #[test]
    fn a_page_of_the_public_url_is_known_by_its_scheme_too() {
        let web = web(Some("lunchbox.example.com"));
        let post = |host, origin| status(&web, "POST", "/api/fn/answer", &[("host", host), ("origin", origin)]);
        assert_eq!(post("lunchbox.example.com", "https://lunchbox.example.com"), 200);
        assert_eq!(post("lunchbox.example.com:443", "https://lunchbox.example.com"), 200);
        assert_eq!(post("lunchbox.example.com", "http://lunchbox.example.com"), 403);
        assert_eq!(post("lunchbox.example.com", "http://localhost:3000"), 403);
        assert_eq!(post("localhost:3000", "http://localhost:3000"), 200);
        assert_eq!(post("localhost:3000", "https://lunchbox.example.com"), 403);
    }
}
