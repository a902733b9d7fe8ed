//! An instructor looks over a learner's shoulder, and types with their leave.

use std::time::Duration;

use axum::http::StatusCode;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use super::{
    classes::{class, join},
    support::{Socket, TestServer, docker},
};

const LESSON: &str = "docker-images";
const PATIENCE: Duration = Duration::from_secs(20);

/// Reads until text or bytes hold it; returns all that came.
pub(super) async fn until(socket: &mut Socket, wanted: &str) -> String {
    let mut seen = String::new();
    while !seen.contains(wanted) {
        match timeout(PATIENCE, socket.next()).await.unwrap_or_else(|_| panic!("no {wanted:?} in {seen:?}")) {
            Some(Ok(Message::Binary(bytes))) => seen.push_str(&String::from_utf8_lossy(&bytes)),
            Some(Ok(Message::Text(text))) => seen.push_str(&text),
            Some(Ok(_)) => {}
            other => panic!("{other:?} before {wanted:?}; seen: {seen:?}"),
        }
    }
    seen
}

pub(super) async fn enter(socket: &mut Socket, line: &str) {
    socket.send(Message::binary(format!("{line}\n").into_bytes())).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instructor_sees_the_terminal_and_types_only_while_the_learner_lets_them() {
    let server = TestServer::start().await;
    let mut grace = server.instructor("Grace", false).await;
    let (_, code) = class(&mut grace, "free").await;
    let mut ada = server.learner().await;
    let place = join(&mut ada, &code, "Ada").await["seat"]["id"].as_str().unwrap().to_owned();
    let sandbox = ada.start_sandbox().await;
    let mut page = ada.stream(LESSON).await;
    let mut mine = ada.socket("/api/terminal?id=1").await.unwrap();
    mine.send(Message::text(r#"{"resize":{"cols":101,"rows":31}}"#)).await.unwrap();
    enter(&mut mine, "echo be''fore").await;
    until(&mut mine, "before").await;

    let mut view = grace.socket(&format!("/api/teach/terminal?place={place}")).await.unwrap();
    let first = until(&mut view, "before").await;
    assert!(first.contains(r#"{"resize":{"cols":101,"rows":31}}"#) && first.contains(r#"{"clear":true}"#), "{first}");
    page.until("who watches", |last| last.get("seat").is_some_and(|seat| seat["seat"]["watched_by"][0] == "Grace")).await;

    enter(&mut view, "touch /root/not-asked").await;
    // A new shell is the learner's own to ask for.
    enter(&mut mine, "X=ke''pt").await;
    view.send(Message::text(r#"{"renew":true}"#)).await.unwrap();
    assert_eq!(grace.call("teach/ask_assist", &[("place", &place)]).await.status, StatusCode::OK);
    until(&mut view, r#"{"assist":"asked"}"#).await;
    enter(&mut view, "touch /root/not-granted").await;
    page.until("the question", |last| last["seat"]["seat"]["assist"]["granted"] == false).await;
    assert_eq!(ada.call("allow_assist", &[("seat", &place), ("who", "Grace"), ("allow", "true")]).await.status, StatusCode::OK);
    until(&mut view, r#"{"assist":"granted"}"#).await;
    enter(&mut view, "touch /root/not-knowing").await;
    view.send(Message::text(r#"{"typing":true}"#)).await.unwrap();
    view.send(Message::text(r#"{"renew":true}"#)).await.unwrap();
    enter(&mut view, "echo fr''om Grace $X; ls /root").await;
    let seen = until(&mut mine, "from Grace kept").await + &until(&mut view, "from Grace kept").await;
    assert!(!seen.contains("not-"), "what was typed without leave went nowhere: {seen}");

    ada.call("allow_assist", &[("seat", &place), ("who", "Grace"), ("allow", "false")]).await;
    until(&mut view, r#"{"assist":"none"}"#).await;
    enter(&mut view, "touch /root/after").await;
    enter(&mut mine, "ls /root; echo li''sted").await;
    let listed = until(&mut mine, "listed").await;
    assert!(!listed.contains("after") && !listed.contains("not-"), "{listed}");

    // What they do comes as lines beside it, and a fresh sandbox is found again.
    let mut watch = grace.events(&format!("/api/teach/watch?place={place}")).await;
    watch.until("the host", |last| last.contains_key("host")).await;
    docker(&server, &sandbox, &["pull", "alpine"]).await;
    watch.until("the pull", |last| last.get("timeline").is_some_and(|line| line["text"] == "docker pull alpine:latest")).await;
    let step = [("lesson", LESSON), ("step", "pull-an-image")];
    assert_eq!(ada.call("check_step", &step).await.status, StatusCode::OK);
    let tried = |line: &serde_json::Value| line["text"].as_str().is_some_and(|text| text.starts_with("asked for the check"));
    let is_it = |line: &serde_json::Value| tried(line) && line["step"] == "Pull an image";
    watch.until("the try", |last| last.get("timeline").is_some_and(is_it)).await;
    ada.call("reset_sandbox", &[]).await;
    until(&mut view, r#"{"away":true}"#).await;
    let mut fresh = ada.socket("/api/terminal?id=1").await.unwrap();
    fresh.send(Message::text(r#"{"resize":{"cols":80,"rows":24}}"#)).await.unwrap();
    enter(&mut fresh, "echo fre''sh").await;
    until(&mut view, "fresh").await;

    drop(view);
    page.until("that nobody watches", |last| last["seat"]["seat"]["watched_by"].as_array().is_some_and(Vec::is_empty)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_look_any_more_is_shown_nothing_more() {
    let server = TestServer::start().await;
    let (mut grace, mut edsger) = (server.instructor("Grace", false).await, server.instructor("Edsger", false).await);
    let (class, code) = class(&mut grace, "free").await;
    grace.call("teach/share_class", &[("class", &class), ("with", "Edsger")]).await;
    let mut ada = server.learner().await;
    let place = join(&mut ada, &code, "Ada").await["seat"]["id"].as_str().unwrap().to_owned();
    let mut board = edsger.events(&format!("/api/teach/board?class={class}")).await;
    let mut watch = edsger.events(&format!("/api/teach/watch?place={place}")).await;
    let mut view = edsger.socket(&format!("/api/teach/terminal?place={place}")).await.unwrap();
    until(&mut view, r#"{"away":true}"#).await;
    board.next().await.unwrap();
    watch.next().await.unwrap();

    assert_eq!(grace.call("teach/unshare_class", &[("class", &class), ("with", "Edsger")]).await.status, StatusCode::OK);
    until(&mut view, r#"{"closed":"you may not look any more"}"#).await;
    while board.next().await.is_some() {}
    while watch.next().await.is_some() {}

    // The same for who signs out everywhere, on another machine.
    let mut view = grace.socket(&format!("/api/teach/terminal?place={place}")).await.unwrap();
    until(&mut view, r#"{"away":true}"#).await;
    grace.call("teach/sign_out_everywhere", &[]).await;
    until(&mut view, r#"{"closed":"you may not look any more"}"#).await;
    assert_eq!(edsger.call("teach/class", &[("class", &class)]).await.status, StatusCode::NOT_FOUND);
}
