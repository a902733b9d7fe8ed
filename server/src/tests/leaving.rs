//! When looking at a learner and typing in their terminal end, and what the learner sees of it until then.

use axum::http::StatusCode;
use futures_util::SinkExt as _;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::{
    classes::{InTwoClasses, class, closes_in, seat},
    helping::{enter, until},
    support::{Socket, Stream, TestServer, Visitor},
};

const LESSON: &str = "docker-images";

/// The learner's terminal, open.
pub(super) async fn terminal(learner: &Visitor) -> Socket {
    let mut mine = learner.socket("/api/terminal?id=1").await.unwrap();
    mine.send(Message::text(r#"{"resize":{"cols":80,"rows":24}}"#)).await.unwrap();
    enter(&mut mine, "echo re''ady").await;
    until(&mut mine, "ready").await;
    mine
}

async fn ends(mut stream: Stream) {
    while stream.next().await.is_some() {}
}

/// What the page shows of the learner's place.
async fn shows(page: &mut Stream, what: &str, is_so: impl Fn(&Value) -> bool) {
    page.until(what, |last| last.get("seat").is_some_and(|message| is_so(&message["seat"]))).await;
}

/// An instructor's view in which they may type.
pub(super) async fn helps(
    instructor: &mut Visitor,
    name: &str,
    place: &str,
    learner: &mut Visitor,
    page: &mut Stream,
    seat: &str,
) -> Socket {
    let mut view = instructor.socket(&format!("/api/teach/terminal?place={place}")).await.unwrap();
    until(&mut view, "ready").await;
    assert_eq!(instructor.call("teach/ask_assist", &[("place", place)]).await.status, StatusCode::OK);
    shows(page, "the question", |seat| seat["assist"] == json!({ "who": name, "granted": false })).await;
    let allowed = learner.call("allow_assist", &[("seat", seat), ("who", name), ("allow", "true")]).await;
    assert_eq!(allowed.status, StatusCode::OK, "{}", allowed.text);
    until(&mut view, r#"{"assist":"granted"}"#).await;
    view.send(Message::text(r#"{"typing":true}"#)).await.unwrap();
    enter(&mut view, "echo he''lps").await;
    until(&mut view, "helps").await;
    view
}

#[tokio::test(flavor = "multi_thread")]
async fn who_helped_in_a_place_that_was_removed_sees_and_types_nothing_more_of_who_is_in_another_class() {
    let server = TestServer::start().await;
    let InTwoClasses { mut grace, mut ada, class, place, newest, .. } = InTwoClasses::of(&server).await;
    ada.start_sandbox().await;
    let mut page = ada.stream(LESSON).await;
    let mut mine = terminal(&ada).await;
    let watch = grace.events(&format!("/api/teach/watch?place={place}")).await;
    let mut view = helps(&mut grace, "Grace", &place, &mut ada, &mut page, &newest).await;

    assert_eq!(grace.call("teach/remove_place", &[("place", &place)]).await.status, StatusCode::OK);
    until(&mut view, r#"{"closed":"you may not look any more"}"#).await;
    // The line may be gone already.
    let _ = view.send(Message::binary(&b"touch /root/not-any-more\n"[..])).await;
    ends(watch).await;
    shows(&mut page, "that nobody helps or looks", |seat| seat["assist"].is_null() && seat["watched_by"] == json!([])).await;
    enter(&mut mine, "ls /root; echo li''sted").await;
    let listed = until(&mut mine, "listed").await;
    assert!(!listed.contains("not-any-more"), "{listed}");
    assert_eq!(grace.call("teach/class", &[("class", &class)]).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_who_was_removed_shows_nothing_of_what_was_deleted_with_their_place() {
    let server = TestServer::start().await;
    let mut grace = server.instructor("Grace", false).await;
    let (_, code) = class(&mut grace, "free").await;
    let mut ada = server.learner().await;
    let place = seat(&mut ada, &code, "Ada").await;
    ada.call("check_step", &[("lesson", LESSON), ("step", "pull-an-image")]).await;
    let mut page = ada.stream(LESSON).await;
    let tries = |last: &std::collections::BTreeMap<String, Value>| last["progress"]["progress"]["steps"]["pull-an-image"]["tries"].clone();
    page.until("how she stands", |last| last.contains_key("host") && tries(last) == 1).await;

    assert_eq!(grace.call("teach/remove_place", &[("place", &place)]).await.status, StatusCode::OK);
    shows(&mut page, "that she is in no class", Value::is_null).await;
    page.until("that nothing of it is left", |last| tries(last).is_null()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_signs_out_sees_and_types_nothing_more_and_is_not_shown_to_the_learner() {
    let server = TestServer::start().await;
    let mut grace = server.instructor("Grace", false).await;
    let (class, code) = class(&mut grace, "free").await;
    let mut ada = server.learner().await;
    let place = seat(&mut ada, &code, "Ada").await;
    ada.start_sandbox().await;
    let mut page = ada.stream(LESSON).await;
    let _mine = terminal(&ada).await;
    let board = grace.events(&format!("/api/teach/board?class={class}")).await;
    let watch = grace.events(&format!("/api/teach/watch?place={place}")).await;
    let mut view = helps(&mut grace, "Grace", &place, &mut ada, &mut page, &place).await;

    assert_eq!(grace.call("teach/sign_out", &[]).await.status, StatusCode::OK);
    until(&mut view, r#"{"closed":"you may not look any more"}"#).await;
    ends(board).await;
    ends(watch).await;
    shows(&mut page, "that nobody helps or looks", |seat| seat["assist"].is_null() && seat["watched_by"] == json!([])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_board_ends_with_the_days_of_a_sign_in() {
    let server = TestServer::start().await;
    let mut grace = server.instructor("Grace", false).await;
    let (class, _) = class(&mut grace, "free").await;
    let pool = &server.state().needs.database.pool;
    let data: String = sqlx::query_scalar("SELECT data FROM web_sessions").fetch_one(pool).await.unwrap();
    let mut data: Value = serde_json::from_str(&data).unwrap();
    let holds = crate::classroom::signed_in_until(0);
    data["instructor"]["at"] = json!(crate::clock::now() - holds + 3_000);
    sqlx::query("UPDATE web_sessions SET data = $1").bind(data.to_string()).execute(pool).await.unwrap();
    let mut board = grace.events(&format!("/api/teach/board?class={class}")).await;
    assert!(board.next().await.is_some(), "three seconds are left");
    ends(board).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_learner_in_two_classes_sees_on_every_page_who_looks_and_ends_what_was_allowed_in_either() {
    let server = TestServer::start().await;
    let InTwoClasses { mut grace, mut ada, place, newest, .. } = InTwoClasses::of(&server).await;
    ada.start_sandbox().await;
    let mut page = ada.stream(LESSON).await;
    let _mine = terminal(&ada).await;
    shows(&mut page, "the newest class", |seat| seat["id"] == newest).await;

    let mut view = helps(&mut grace, "Grace", &place, &mut ada, &mut page, &newest).await;
    shows(&mut page, "who looks and types", |seat| seat["watched_by"] == json!(["Grace"]) && seat["assist"]["granted"] == true).await;
    assert_eq!(ada.call("allow_assist", &[("seat", &newest), ("who", "Grace"), ("allow", "false")]).await.status, StatusCode::OK);
    until(&mut view, r#"{"assist":"none"}"#).await;
    shows(&mut page, "that nobody types", |seat| seat["assist"].is_null()).await;

    // A lesson that no class has: they are in one all the same.
    sqlx::query("UPDATE class_lessons SET lesson = 'another'").execute(&server.state().needs.database.pool).await.unwrap();
    let mut page = ada.stream(LESSON).await;
    shows(&mut page, "who looks", |seat| seat["id"] == newest && seat["watched_by"] == json!(["Grace"])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn leave_to_type_is_given_to_whom_the_learner_was_asked_about() {
    let server = TestServer::start().await;
    let (mut grace, mut edsger) = (server.instructor("Grace", false).await, server.instructor("Edsger", false).await);
    let (class, code) = class(&mut grace, "free").await;
    grace.call("teach/share_class", &[("class", &class), ("with", "Edsger")]).await;
    let mut ada = server.learner().await;
    let place = seat(&mut ada, &code, "Ada").await;
    let mut page = ada.stream(LESSON).await;
    shows(&mut page, "a place", |seat| seat["id"] == place).await;
    let mut view = edsger.socket(&format!("/api/teach/terminal?place={place}")).await.unwrap();
    for instructor in [&mut grace, &mut edsger] {
        assert_eq!(instructor.call("teach/ask_assist", &[("place", &place)]).await.status, StatusCode::OK);
    }
    until(&mut view, r#"{"assist":"asked"}"#).await;
    let allowed = ada.call("allow_assist", &[("seat", &place), ("who", "Grace"), ("allow", "true")]).await;
    assert_eq!(allowed.status, StatusCode::CONFLICT);
    assert!(allowed.text.contains("Grace does not ask"), "{}", allowed.text);
    shows(&mut page, "the newer question", |seat| seat["assist"] == json!({ "who": "Edsger", "granted": false })).await;
    assert_eq!(ada.call("allow_assist", &[("seat", &place), ("who", "Edsger"), ("allow", "true")]).await.status, StatusCode::OK);
    until(&mut view, r#"{"assist":"granted"}"#).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_class_that_is_over_is_watched_and_helped_no_more_and_can_still_be_read() {
    let server = TestServer::start().await;
    let mut grace = server.instructor("Grace", false).await;
    let (class, code) = class(&mut grace, "free").await;
    let mut ada = server.learner().await;
    let place = seat(&mut ada, &code, "Ada").await;
    ada.start_sandbox().await;
    let _page = ada.stream(LESSON).await;
    let mut view = grace.socket(&format!("/api/teach/terminal?place={place}")).await.unwrap();
    until(&mut view, r#"{"away":true}"#).await;
    let watch = grace.events(&format!("/api/teach/watch?place={place}")).await;

    closes_in(&mut grace, &class, 1_500).await;
    until(&mut view, r#"{"closed":"you may not look any more"}"#).await;
    ends(watch).await;
    let mut again = grace.socket(&format!("/api/teach/terminal?place={place}")).await.unwrap();
    until(&mut again, r#"{"closed":"this class is over"}"#).await;
    let asked = grace.call("teach/ask_assist", &[("place", &place)]).await;
    assert_eq!(asked.status, StatusCode::CONFLICT, "{}", asked.text);
    let first = grace.events(&format!("/api/teach/watch?place={place}")).await.next().await.unwrap();
    assert_eq!(first["type"], "progress", "their host is theirs: {first}");
    let watched = grace.call("teach/watched", &[("place", &place), ("lesson", "")]).await.json();
    assert_eq!((&watched["name"], &watched["sandbox"]["state"]), (&json!("Ada"), &json!("none")));
}
