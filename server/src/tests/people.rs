//! Who may what.

use std::time::Instant;

use axum::http::{Method, StatusCode, header};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio_tungstenite::tungstenite::{Error, Message, client::IntoClientRequest as _};

use super::support::TestServer;
use crate::web::client::Client;

#[tokio::test]
async fn a_visitor_becomes_a_learner_by_a_page_and_stays_who_they_are() {
    let mut server = TestServer::start().await;
    let mut visitor = server.visitor();
    assert_eq!(visitor.ask(Method::GET, "/healthz", &[("accept", "text/html")], "").await.status, StatusCode::OK);
    assert_eq!(visitor.ask(Method::GET, "/nowhere", &[("accept", "text/html")], "").await.status, StatusCode::NOT_FOUND);
    assert_eq!(visitor.ask(Method::GET, "/", &[("accept", "*/*")], "").await.status, StatusCode::OK);
    assert_eq!(visitor.cookie, None, "none of these is a learner's visit");

    let page = visitor.open_page("/").await;
    let cookie = page.headers[header::SET_COOKIE].to_str().unwrap();
    for part in ["lunchbox=", "HttpOnly", "SameSite=Lax", "Max-Age=7776000"] {
        assert!(cookie.contains(part), "{part} is not in {cookie}");
    }
    let before = visitor.cookie.clone();
    let again = visitor.open_page("/").await;
    assert!(again.headers[header::SET_COOKIE].to_str().unwrap().contains("Max-Age=7776000"), "each visit puts its end off");
    assert_eq!(visitor.cookie, before, "the session holds");

    let step = [("lesson", "docker-images"), ("step", "pull-an-image")];
    visitor.call("visit_step", &step).await;
    server.restart().await;
    let mut visitor = visitor.at(&server);
    let progress = visitor.call("progress", &[("lesson", "docker-images")]).await.json();
    assert_eq!(progress["current_step"], "pull-an-image", "{progress}");
}

#[tokio::test]
async fn one_learner_has_nothing_of_anothers() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.learner().await, server.learner().await);
    assert_ne!(alice.cookie, bob.cookie);
    alice.start_sandbox().await;
    alice.call("visit_step", &[("lesson", "docker-images"), ("step", "pull-an-image")]).await;

    assert_eq!(bob.call("sandbox", &[]).await.json()["state"], "none");
    let progress = bob.call("progress", &[("lesson", "docker-images")]).await.json();
    assert_eq!(progress["steps"], serde_json::json!({}), "{progress}");
    let mut stream = bob.stream("docker-images").await;
    assert_eq!(stream.next().await.unwrap()["status"]["state"], "none");

    let mut request = format!("{}/api/terminal?id=1", server.url.replacen("http", "ws", 1)).into_client_request().unwrap();
    request.headers_mut().insert(header::COOKIE, bob.cookie.clone().unwrap().parse().unwrap());
    request.headers_mut().insert(header::ORIGIN, server.url.parse().unwrap());
    let (mut socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
    socket.send(Message::text(r#"{"resize":{"cols":80,"rows":24}}"#)).await.unwrap();
    let told = loop {
        if let Message::Text(text) = socket.next().await.unwrap().unwrap() {
            break text;
        }
    };
    assert!(told.contains("you have no sandbox"), "{told}");
}

#[tokio::test]
async fn who_only_looks_or_is_refused_leaves_nothing_behind() {
    let server = TestServer::start().await;
    let mut visitor = server.visitor();
    for path in ["/", "/lessons/docker-images/pull-an-image"] {
        assert_eq!(visitor.open_page(path).await.status, StatusCode::OK, "{path}");
    }
    let evil = [("origin", "http://evil.example")];
    for (function, fields) in [
        ("visit_step", &[("lesson", "none"), ("step", "none")][..]),
        ("visit_step", &[("lesson", "docker-images"), ("step", "none")]),
        ("solution", &[("lesson", "docker-images"), ("step", "pull-an-image")]),
        ("visit_step", &[]),
        ("none", &[]),
    ] {
        let answer = server.visitor().call(function, fields).await;
        assert!(!answer.status.is_success(), "{function} {fields:?}: {}", answer.status);
        assert!(!answer.headers.contains_key(header::SET_COOKIE), "{function} {fields:?}");
    }
    let answer = server.visitor().ask(Method::POST, "/api/fn/start_sandbox", &evil, "").await;
    assert_eq!((answer.status, answer.headers.get(header::SET_COOKIE)), (StatusCode::FORBIDDEN, None));
    let mut rows = server.rows().await;
    rows.remove("invitations");
    assert_eq!(rows, [].into(), "nothing but the server's own link to the first account");

    visitor.call("visit_step", &[("lesson", "docker-images"), ("step", "pull-an-image")]).await;
    assert_eq!(server.rows().await["learners"], 1);
}

#[tokio::test]
async fn an_address_that_asks_too_much_waits_and_nothing_is_stored_for_it() {
    let server = TestServer::start().await;
    let step = [("lesson", "docker-images"), ("step", "pull-an-image")];
    let mut learner = server.learner().await;
    assert_eq!(learner.call("visit_step", &step).await.status, StatusCode::OK);
    let rows = server.rows().await;
    let here = Client::of([127, 0, 0, 1].into());
    while server.state().pace.costly(here, Instant::now()).is_ok() {}

    // Without a trusted proxy nobody chooses their address.
    let mut another = server.learner().await;
    let url = server.url.clone();
    let forwarded = [("origin", url.as_str()), ("x-forwarded-for", "203.0.113.9"), ("content-type", "application/x-www-form-urlencoded")];
    let body = "lesson=docker-images&step=pull-an-image";
    let refused = another.ask(Method::POST, "/api/fn/visit_step", &forwarded, body).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.text);
    assert!(refused.text.contains("Try again in"), "{}", refused.text);
    assert_eq!(another.call("start_sandbox", &[]).await.status, StatusCode::CONFLICT);
    assert_eq!(learner.call("visit_step", &step).await.status, StatusCode::OK, "who is known goes on");
    assert_eq!(server.rows().await, rows);

    // On a busy machine there is a new one by the time that a request has come.
    let (mut page, mut said) = (None, None);
    for _ in 0..100 {
        while server.state().pace.request(here, Instant::now()).is_ok() {}
        page = page.or(Some(another.open_page("/").await).filter(|answer| answer.status == StatusCode::TOO_MANY_REQUESTS));
        while server.state().pace.request(here, Instant::now()).is_ok() {}
        let progress = another.call("progress", &[("lesson", "docker-images")]).await;
        said = said.or(Some(progress).filter(|answer| answer.status == StatusCode::TOO_MANY_REQUESTS));
        if page.is_some() && said.is_some() {
            break;
        }
    }
    let (page, said) = (page.expect("a page is refused at last"), said.expect("so is what a page asks for"));
    assert_eq!(page.headers[header::RETRY_AFTER], "1");
    assert!(said.json()["message"].as_str().unwrap().contains("Try again in"), "as the page reads it");
}

#[tokio::test]
async fn another_origins_page_can_press_nothing() {
    let server = TestServer::start().await;
    let mut learner = server.learner().await;
    for origin in ["http://evil.example", "null", &server.url.replace("127.0.0.1", "p80-x.127.0.0.1")] {
        let answer = learner.ask(Method::POST, "/api/fn/start_sandbox", &[("origin", origin)], "").await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{origin}");
    }
    let huge = "x".repeat(100_000);
    let url = server.url.clone();
    let answer = learner.ask(Method::POST, "/api/fn/answer", &[("origin", &url)], &huge).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);

    let mut request = format!("{}/api/terminal?id=1", server.url.replacen("http", "ws", 1)).into_client_request().unwrap();
    request.headers_mut().insert(header::COOKIE, learner.cookie.clone().unwrap().parse().unwrap());
    request.headers_mut().insert(header::ORIGIN, "http://evil.example".parse().unwrap());
    assert!(tokio_tungstenite::connect_async(request).await.is_err());
}

#[tokio::test]
async fn under_a_name_that_is_not_ours_nothing_is_served_neither_pages_nor_streams_nor_sockets() {
    let server = TestServer::start().await;
    let mut learner = server.learner().await;
    let rebound = "evil.example:3000";
    for (method, path) in [
        (Method::GET, "/"),
        (Method::GET, "/lessons/docker-images"),
        (Method::GET, "/api/stream?lesson=docker-images"),
        (Method::GET, "/preview/abcdefghij0123456789/8080/"),
        (Method::GET, "/pkg/lunchbox.css"),
        (Method::POST, "/api/fn/start_sandbox"),
    ] {
        let origin = format!("http://{rebound}");
        let headers = [("host", rebound), ("origin", &origin), ("sec-fetch-site", "same-origin"), ("accept", "text/html")];
        let answer = learner.ask(method, path, &headers, "").await;
        assert_eq!(answer.status, StatusCode::MISDIRECTED_REQUEST, "{path}");
        assert!(answer.text.contains("public_url"), "{path}: {}", answer.text);
    }
    let mut request = format!("{}/api/terminal?id=1", server.url.replacen("http", "ws", 1)).into_client_request().unwrap();
    request.headers_mut().insert(header::COOKIE, learner.cookie.clone().unwrap().parse().unwrap());
    request.headers_mut().insert(header::HOST, rebound.parse().unwrap());
    request.headers_mut().insert(header::ORIGIN, format!("http://{rebound}").parse().unwrap());
    let Err(Error::Http(refusal)) = tokio_tungstenite::connect_async(request).await else { panic!("the socket was opened") };
    assert_eq!(refusal.status(), StatusCode::MISDIRECTED_REQUEST);
}

#[tokio::test]
async fn every_answer_of_ours_makes_the_browser_careful() {
    let server = TestServer::start().await;
    let mut visitor = server.visitor();
    for path in ["/", "/nowhere", "/healthz", "/readyz", "/pkg/none.js"] {
        let answer = visitor.open_page(path).await;
        assert_eq!(answer.headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(answer.headers["x-frame-options"], "DENY", "{path}");
        assert!(answer.headers.contains_key("x-request-id"), "{path}");
    }
    let page = visitor.open_page("/").await;
    assert!(page.headers["content-security-policy"].to_str().unwrap().contains("'nonce-"), "a page's own scripts are known by a nonce");
    let ready = visitor.open_page("/readyz").await;
    assert_eq!(ready.json(), serde_json::json!({ "engine": "ok", "registry": "ok", "database": "ok" }));
}
