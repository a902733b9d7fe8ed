//! What the browser loads; needs no engine.

use axum::{
    body::Body,
    http::{Request, Response, StatusCode, header},
};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use crate::web::assets;

async fn get(accept_encoding: Option<&str>, path: &str, more: &[(header::HeaderName, String)]) -> Response<Body> {
    let site = tempfile::tempdir().unwrap();
    let pkg = site.path().join("pkg");
    std::fs::create_dir(&pkg).unwrap();
    for (name, content) in [("app.wasm", "plain"), ("app.wasm.br", "brotli"), ("app.wasm.gz", "gzip"), ("style.css", "css")] {
        std::fs::write(pkg.join(name), content).unwrap();
    }
    std::fs::write(site.path().join("secret"), "secret").unwrap();
    let mut request = Request::get(path);
    if let Some(encodings) = accept_encoding {
        request = request.header(header::ACCEPT_ENCODING, encodings);
    }
    for (name, value) in more {
        request = request.header(name, value);
    }
    let response = assets::router::<()>(site.path()).oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    // Read while the folder is there.
    let (parts, body) = response.into_parts();
    Response::from_parts(parts, Body::from(body.collect().await.unwrap().to_bytes()))
}

async fn text(response: Response<Body>) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

#[tokio::test]
async fn the_best_packing_that_the_browser_takes_is_sent() {
    for (accepts, encoding, content) in [
        (Some("gzip, deflate, br"), Some("br"), "brotli"),
        (Some("gzip"), Some("gzip"), "gzip"),
        (Some("br;q=0, gzip;q=0.5"), Some("gzip"), "gzip"),
        (Some("identity"), None, "plain"),
        (None, None, "plain"),
    ] {
        let response = get(accepts, "/pkg/app.wasm", &[]).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/wasm", "{accepts:?}");
        assert_eq!(response.headers()[header::VARY], "accept-encoding", "{accepts:?}");
        let sent = response.headers().get(header::CONTENT_ENCODING).map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(sent.as_deref(), encoding, "{accepts:?}");
        assert_eq!(text(response).await, content, "{accepts:?}");
    }
}

#[tokio::test]
async fn a_copy_that_still_holds_is_not_sent_again() {
    let first = get(Some("br"), "/pkg/app.wasm", &[]).await;
    assert_eq!(first.headers()[header::CACHE_CONTROL], "no-cache");
    let seen = (header::IF_MODIFIED_SINCE, "Fri, 01 Jan 2100 00:00:00 GMT".to_owned());
    assert_eq!(get(Some("br"), "/pkg/app.wasm", &[seen]).await.status(), StatusCode::NOT_MODIFIED);
}

#[tokio::test]
async fn nothing_outside_the_folder_is_sent() {
    for path in ["/pkg/../secret", "/pkg/%2e%2e/secret", "/pkg/..%2fsecret", "/pkg/", "/pkg/none.css"] {
        assert_eq!(get(None, path, &[]).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
}
