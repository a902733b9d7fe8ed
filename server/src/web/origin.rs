//! Requests that change something, and WebSockets, must come from our own pages. A learner's web
//! page lives on another origin, and could otherwise press our buttons with the visitor's cookie.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};

use crate::config::WebConfig;

/// Answered to proxies and to whoever watches over the server, under whatever name they use.
const ANY_HOST: [&str; 2] = ["/healthz", "/readyz"];

/// Refuses what another origin's page asks.
pub async fn own(State(web): State<Arc<WebConfig>>, request: Request, next: Next) -> Response {
    match check(&web, &request) {
        Ok(()) => next.run(request).await,
        Err((status, message)) => (status, message).into_response(),
    }
}

fn check(web: &WebConfig, request: &Request) -> Result<(), (StatusCode, &'static str)> {
    let headers = request.headers();
    let path = request.uri().path();
    let Some(host) = text(headers, header::HOST).map(str::to_ascii_lowercase) else {
        return Err((StatusCode::BAD_REQUEST, "The request has no Host header.\n"));
    };
    let ours = match &web.public_url {
        Some(url) if host == url.host || ANY_HOST.contains(&path) => &url.host,
        Some(_) => return Err((StatusCode::MISDIRECTED_REQUEST, "Lunchbox is not served under this name: see the setting public_url.\n")),
        None => &host,
    };
    let refused = Err((StatusCode::FORBIDDEN, "This must be asked by a page of Lunchbox itself, and comes from somewhere else.\n"));
    let site = text(headers, "sec-fetch-site");
    let origin = text(headers, header::ORIGIN);
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if changes || headers.contains_key(header::UPGRADE) {
        // Every browser says at least one of the two.
        if site.is_none() && origin.is_none() {
            return refused;
        }
        if site.is_some_and(|site| site != "same-origin") || origin.is_some_and(|origin| !is_ours(origin, ours, web)) {
            return refused;
        }
    } else if path.starts_with("/api/") && site.is_some_and(|site| site != "same-origin" && site != "none") {
        return refused;
    }
    Ok(())
}

/// `http://localhost:3000` for the host `localhost:3000`. Where the public URL is known, so is the scheme.
fn is_ours(origin: &str, host: &str, web: &WebConfig) -> bool {
    let Some((scheme, rest)) = origin.split_once("://") else { return false };
    let scheme_fits = match &web.public_url {
        Some(url) => scheme == if url.https { "https" } else { "http" },
        None => scheme == "http" || scheme == "https",
    };
    scheme_fits && rest.eq_ignore_ascii_case(host)
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
        assert_eq!(post(&[("host", "Lunchbox.example.com"), ("origin", "https://lunchbox.example.com")]), 200);
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
    fn with_a_public_url_no_other_host_is_served_but_health_is_told_to_everybody() {
        let web = web(Some("lunchbox.example.com"));
        assert_eq!(status(&web, "GET", "/", &[("host", "lunchbox.example.com")]), 200);
        assert_eq!(status(&web, "GET", "/", &[("host", "10.0.0.7:3000")]), 421);
        assert_eq!(status(&web, "GET", "/healthz", &[("host", "10.0.0.7:3000")]), 200);
        let post = |origin| status(&web, "POST", "/api/fn/answer", &[("host", "lunchbox.example.com"), ("origin", origin)]);
        assert_eq!(post("https://lunchbox.example.com"), 200);
        assert_eq!(post("http://lunchbox.example.com"), 403);
    }
}
