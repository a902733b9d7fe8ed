//! Instructors' accounts: one-time links, passwords, sessions.

use axum::http::StatusCode;

use super::support::{PASSWORD, TestServer, Visitor};
use crate::classroom;

async fn me(visitor: &mut Visitor) -> serde_json::Value {
    visitor.call("teach/me", &[]).await.json()
}

async fn why_out(visitor: &mut Visitor) -> serde_json::Value {
    visitor.call("teach/signed_out", &[]).await.json()
}

#[tokio::test]
async fn the_first_link_makes_one_admin_and_no_second() {
    let server = TestServer::start().await;
    let token = server.state().classroom.first_invitation().await.unwrap().unwrap().token;
    let mut ada = server.learner().await;
    let before = ada.cookie.clone();
    assert_eq!(ada.call("teach/invitation", &[("token", &token)]).await.json()["kind"], "first");

    let short = ada.call("teach/accept_invitation", &[("token", &token), ("name", "Ada"), ("password", "short")]).await;
    assert_eq!(short.status, StatusCode::CONFLICT);
    let made = ada.call("teach/accept_invitation", &[("token", &token), ("name", "Ada"), ("password", PASSWORD)]).await;
    assert_eq!(made.json()["is_admin"], true, "a password that is no good does not cost the link: {}", made.text);
    assert_eq!(me(&mut ada).await["name"], "Ada");
    assert_ne!(ada.cookie, before, "a session that somebody gave the browser beforehand is worth nothing");
    let mut old = ada.clone();
    old.cookie = before;
    assert_eq!(me(&mut old).await, serde_json::Value::Null);

    let mut eve = server.learner().await;
    let again = eve.call("teach/accept_invitation", &[("token", &token), ("name", "Eve"), ("password", PASSWORD)]).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "{}", again.text);
    assert!(server.state().classroom.first_invitation().await.unwrap().is_none(), "there is an account");
    assert_eq!(me(&mut eve).await, serde_json::Value::Null);
}

#[tokio::test]
async fn a_link_that_is_taken_twice_at_once_makes_one_account() {
    let server = TestServer::start().await;
    let token = classroom::admin_link(&server.state().needs.database.pool).await.unwrap().token;
    let accept = async |name: &str| {
        let mut visitor = server.learner().await;
        visitor.call("teach/accept_invitation", &[("token", &token), ("name", name), ("password", PASSWORD)]).await.status
    };
    let (one, two) = tokio::join!(accept("One"), accept("Two"));
    assert_eq!([one, two].iter().filter(|status| **status == StatusCode::OK).count(), 1, "{one} {two}");
    assert_eq!(server.rows().await["instructors"], 1);
}

#[tokio::test]
async fn who_signs_in_stays_the_learner_they_were_and_signing_out_everywhere_ends_every_session() {
    let server = TestServer::start().await;
    let mut at_home = server.instructor("Grace", false).await;
    let mut at_work = server.learner().await;
    at_work.call("visit_step", &[("lesson", "docker-images"), ("step", "pull-an-image")]).await;
    let signed_in = at_work.call("teach/sign_in", &[("name", " grace "), ("password", PASSWORD)]).await;
    assert_eq!(signed_in.status, StatusCode::OK, "{}", signed_in.text);
    let progress = at_work.call("progress", &[("lesson", "docker-images")]).await.json();
    assert_eq!(progress["current_step"], "pull-an-image", "{progress}");

    assert_eq!(why_out(&mut at_home).await, serde_json::Value::Null, "she is signed in");
    assert_eq!(at_work.call("teach/sign_out_everywhere", &[]).await.status, StatusCode::OK);
    assert_eq!(why_out(&mut at_home).await, "everywhere");
    assert_eq!(why_out(&mut at_work).await, serde_json::Value::Null, "who did it knows it");
    for visitor in [&mut at_home, &mut at_work] {
        assert_eq!(me(visitor).await, serde_json::Value::Null);
        assert_eq!(visitor.call("teach/classes", &[]).await.status, StatusCode::UNAUTHORIZED);
    }
    let again = at_home.call("teach/sign_in", &[("name", "Grace"), ("password", PASSWORD)]).await;
    assert_eq!(again.status, StatusCode::OK, "{}", again.text);
    assert_eq!(me(&mut at_home).await["name"], "Grace");
    assert_eq!(why_out(&mut at_home).await, serde_json::Value::Null);
}

#[tokio::test]
async fn who_is_no_longer_signed_in_is_told_what_ended_it() {
    let server = TestServer::start().await;
    let (mut grace, mut admin) = (server.instructor("Grace", false).await, server.instructor("Admin", true).await);
    assert_eq!(why_out(&mut server.learner().await).await, serde_json::Value::Null, "nobody was signed in");

    let all = admin.call("teach/instructors", &[]).await.json();
    let grace_id = all.as_array().unwrap().iter().find(|one| one["name"] == "Grace").unwrap()["id"].as_str().unwrap().to_owned();
    let long_ago = server.state().classroom.why_out(&grace_id, 1).await.unwrap();
    assert_eq!(long_ago, Some(app::model::SignedOut::TooLong));

    admin.call("teach/remove_instructor", &[("instructor", &grace_id)]).await;
    assert_eq!(why_out(&mut grace).await, "no_account");
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions_and_a_forgotten_one_is_set_anew_by_a_link() {
    let server = TestServer::start().await;
    let (mut grace, mut admin) = (server.instructor("Grace", false).await, server.instructor("Admin", true).await);
    let mut elsewhere = server.learner().await;
    elsewhere.call("teach/sign_in", &[("name", "Grace"), ("password", PASSWORD)]).await;
    let wrong = grace.call("teach/change_password", &[("old", "not this one"), ("new", "another good one")]).await;
    assert_eq!(wrong.status, StatusCode::CONFLICT);
    let changed = grace.call("teach/change_password", &[("old", PASSWORD), ("new", "another good one")]).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text);
    assert_eq!(me(&mut grace).await["name"], "Grace");
    assert_eq!(me(&mut elsewhere).await, serde_json::Value::Null);

    let all = admin.call("teach/instructors", &[]).await.json();
    let id = all.as_array().unwrap().iter().find(|one| one["name"] == "Grace").unwrap()["id"].as_str().unwrap().to_owned();
    let link = admin.call("teach/reset_password", &[("instructor", &id)]).await.json()["link"].as_str().unwrap().to_owned();
    let token = link.rsplit('/').next().unwrap();
    assert_eq!(elsewhere.call("teach/invitation", &[("token", token)]).await.json()["name"], "Grace");
    let set = elsewhere.call("teach/accept_invitation", &[("token", token), ("name", "ignored"), ("password", "third time lucky")]).await;
    assert_eq!(set.json()["name"], "Grace", "{}", set.text);
    assert_eq!(me(&mut grace).await, serde_json::Value::Null, "every other session is over");
    assert_eq!(me(&mut elsewhere).await["name"], "Grace");
}

#[tokio::test]
async fn who_guesses_passwords_waits_and_learns_nothing_about_names() {
    let server = TestServer::start().await;
    let mut grace = server.instructor("Grace", false).await;
    let mut eve = server.learner().await;
    let guess = async |eve: &mut Visitor, name: &str| {
        let answer = eve.call("teach/sign_in", &[("name", name), ("password", "a wrong password")]).await;
        assert_eq!(answer.status, StatusCode::CONFLICT);
        answer.text
    };
    assert_eq!(guess(&mut eve, "Grace").await, guess(&mut eve, "Nobody").await);
    let mut told = String::new();
    for _ in 0..20 {
        told = guess(&mut eve, "Grace").await;
    }
    assert!(told.contains("Too many passwords"), "{told}");
    let right = eve.call("teach/sign_in", &[("name", "Grace"), ("password", PASSWORD)]).await;
    assert_eq!(right.status, StatusCode::CONFLICT, "nor is the right one looked at: {}", right.text);
    assert_eq!(me(&mut grace).await["name"], "Grace", "who is in stays in");
}

#[tokio::test]
async fn no_secret_is_stored_as_it_is() {
    let server = TestServer::start().await;
    let pool = &server.state().needs.database.pool;
    server.instructor("Grace", false).await;
    let token = classroom::admin_link(pool).await.unwrap().token;
    let mut stored = Vec::new();
    for sql in ["SELECT password FROM instructors", "SELECT token FROM invitations"] {
        stored.extend(sqlx::query_scalar::<_, String>(sql).fetch_all(pool).await.unwrap());
    }
    assert_eq!(stored.len(), 3, "a password, the first link and another");
    assert!(stored[0].starts_with("$argon2id$"), "{}", stored[0]);
    assert!(stored.iter().all(|text| !text.contains(&token) && !text.contains(PASSWORD)));
}
