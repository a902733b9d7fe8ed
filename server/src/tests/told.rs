//! What learners are told, and what they are not, as it comes about.

use axum::http::StatusCode;
use serde_json::Value;

use super::{
    classes::{InTwoClasses, class, closes_in, join},
    support::{Stream, TestServer},
};

const LESSON: &str = "docker-images";

async fn reads(page: &mut Stream, from: &str, text: &str) {
    let is_it = |note: &Value| note["from"] == from && note["text"].as_str().is_some_and(|there| there.contains(text));
    page.until(text, |last| {
        last.get("seat").is_some_and(|message| message["seat"]["notes"].as_array().is_some_and(|notes| notes.iter().any(is_it)))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_learner_is_told_in_every_class_of_theirs_who_made_a_way_back_and_that_somebody_came_by_it() {
    let server = TestServer::start().await;
    let InTwoClasses { mut grace, mut ada, place, .. } = InTwoClasses::of(&server).await;
    let mut page = ada.stream(LESSON).await;
    for _ in 0..3 {
        assert_eq!(grace.call("teach/new_link", &[("place", &place)]).await.status, StatusCode::OK);
    }
    let link = grace.call("teach/new_link", &[("place", &place)]).await.json();
    reads(&mut page, "Grace", "Grace made a new way back for you. If you did not ask for it, tell them.").await;
    assert_eq!(server.rows().await["notes"], 2, "one in each class, however often");

    let code = link["code"].as_str().unwrap();
    ada.call("come_back", &[("personal_code", code)]).await;
    assert_eq!(server.rows().await["notes"], 2, "their own browser is nobody else");
    let mut other = server.learner().await;
    assert_eq!(other.call("come_back", &[("personal_code", code)]).await.status, StatusCode::OK);
    reads(&mut page, "Lunchbox", "Somebody came back as you from another browser just now").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_open_is_told_that_its_class_was_deleted_and_shows_the_one_that_is_left() {
    let server = TestServer::start().await;
    let mut grace = server.instructor("Grace", false).await;
    let ((first, first_code), (second, second_code)) = (class(&mut grace, "free").await, class(&mut grace, "free").await);
    let mut ada = server.learner().await;
    let mut page = ada.stream(LESSON).await;
    page.until("that there is no class", |last| last.get("seat").is_some_and(|message| message["seat"].is_null())).await;
    let older = join(&mut ada, &first_code, "Ada").await["seat"]["id"].clone();
    let newer = join(&mut ada, &second_code, "Ada").await["seat"]["id"].clone();
    page.until("the newer class", |last| last["seat"]["seat"]["id"] == newer).await;
    grace.call("teach/delete_class", &[("class", &second)]).await;
    page.until("the older class", |last| last["seat"]["seat"]["id"] == older).await;
    grace.call("teach/delete_class", &[("class", &first)]).await;
    page.until("that there is none", |last| last["seat"]["seat"].is_null()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_open_is_told_at_the_moment_at_which_the_clock_closes_its_class() {
    let server = TestServer::start().await;
    let mut grace = server.instructor("Grace", false).await;
    let (class, code) = class(&mut grace, "free").await;
    let mut ada = server.learner().await;
    join(&mut ada, &code, "Ada").await;
    let mut page = ada.stream(LESSON).await;
    closes_in(&mut grace, &class, 2_000).await;
    page.until("the open class", |last| last.get("seat").is_some_and(|last| last["seat"]["state"] == "open")).await;
    page.until("that it is over", |last| last["seat"]["seat"]["state"] == "closed").await;
    assert_eq!(ada.call("sandbox", &[]).await.status, StatusCode::OK, "the rest is theirs as before");
}

#[tokio::test]
async fn who_types_a_name_that_is_there_is_sent_to_their_link_and_not_told_whether_its_owner_has_come() {
    let server = TestServer::start().await;
    let mut grace = server.instructor("Grace", false).await;
    let (class, code) = class(&mut grace, "free").await;
    grace.call("teach/add_roster", &[("class", &class), ("csv", "Bob")]).await;
    join(&mut server.learner().await, &code, "Ada").await;
    let mut said = Vec::new();
    // Awaited; here; and one that looks like who is awaited, with a Cyrillic В.
    for name in ["Bob", "Ada", "\u{412}ob"] {
        let refused = server.learner().await.call("join_class", &[("code", &code), ("name", name), ("someone_else", "false")]).await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.text);
        assert!(refused.text.contains("use your personal link"), "{}", refused.text);
        said.push(refused.text.replace(name, "…"));
    }
    assert!(said.iter().all(|text| *text == said[0]), "{said:?}");
}

#[tokio::test]
async fn who_comes_late_reads_no_notes_to_all_of_before_and_who_is_awaited_reads_their_own() {
    let server = TestServer::start().await;
    let mut grace = server.instructor("Grace", false).await;
    let (class, code) = class(&mut grace, "free").await;
    let roster = grace.call("teach/add_roster", &[("class", &class), ("csv", "Bob")]).await.json();
    let place = grace.call("teach/class", &[("class", &class)]).await.json()["places"][0]["id"].as_str().unwrap().to_owned();
    grace.call("teach/send_note", &[("class", &class), ("place", ""), ("text", "Five minutes left.")]).await;
    grace.call("teach/send_note", &[("class", &class), ("place", &place), ("text", "Begin with step 3.")]).await;

    let mut ada = server.learner().await;
    assert_eq!(join(&mut ada, &code, "Ada").await["seat"]["notes"], serde_json::json!([]));
    let mut bob = server.learner().await;
    let came = bob.call("come_back", &[("personal_code", roster["added"][0]["code"].as_str().unwrap())]).await.json();
    let notes: Vec<&Value> = came["seat"]["notes"].as_array().unwrap().iter().map(|note| &note["text"]).collect();
    assert_eq!(notes, ["Begin with step 3."]);
    grace.call("teach/send_note", &[("class", &class), ("place", ""), ("text", "Four minutes left.")]).await;
    assert_eq!(ada.call("seats", &[]).await.json()[0]["notes"][0]["text"], "Four minutes left.");
}

#[tokio::test]
async fn a_timeline_shows_what_was_done_in_the_classs_lessons() {
    let server = TestServer::start().await;
    let mut grace = server.instructor("Grace", false).await;
    let (_, code) = class(&mut grace, "free").await;
    let mut ada = server.learner().await;
    let place = join(&mut ada, &code, "Ada").await["seat"]["id"].as_str().unwrap().to_owned();
    ada.call("check_step", &[("lesson", LESSON), ("step", "pull-an-image")]).await;
    let mut entries = async || {
        let timeline = grace.call("teach/timeline", &[("place", &place), ("before", "0")]).await.json();
        timeline["entries"].as_array().unwrap().len()
    };
    assert!(entries().await > 0);
    sqlx::query("UPDATE progress_events SET lesson = 'another'").execute(&server.state().needs.database.pool).await.unwrap();
    assert_eq!(entries().await, 0);
}
