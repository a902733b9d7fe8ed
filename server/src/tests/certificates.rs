//! A certificate, whose it is, and the name on it.

use axum::http::{Method, StatusCode};

use super::support::{TestServer, Visitor};

const LESSON: &str = "docker-images";

#[tokio::test]
async fn who_passed_the_lesson_mends_their_name_nobody_else_does_and_all_see_that_it_was_changed() {
    let server = TestServer::start().await;
    let pool = server.state().needs.database.pool.clone();
    let mut ada = server.learner().await;
    ada.call("visit_step", &[("lesson", LESSON), ("step", "pull-an-image")]).await;
    let learner: String = sqlx::query_scalar("SELECT id FROM learners").fetch_one(&pool).await.unwrap();
    sqlx::query(
        "INSERT INTO certificates (id, learner, lesson, name, passed, passed_at, issued_at) VALUES ('c', $1, $2, 'Ada Lovelac', $3, 1, 1)",
    )
    .bind(&learner)
    .bind(LESSON)
    .bind(r#"{"title":"Images","steps":["Pull an image"]}"#)
    .execute(&pool)
    .await
    .unwrap();
    let mended = [("lesson", LESSON), ("name", "Ada Lovelace"), ("rename", "true")];

    let mut bob = server.learner().await;
    bob.call("visit_step", &[("lesson", LESSON), ("step", "pull-an-image")]).await;
    assert_eq!(bob.call("make_certificate", &mended).await.status, StatusCode::NOT_FOUND, "he has none");
    let seen = bob.call("certificate", &[("id", "c")]).await.json();
    assert_eq!((&seen["name"], &seen["slug"], &seen["renamed_at"]), (&"Ada Lovelac".into(), &"".into(), &0.into()), "{seen}");
    let offer = "Change the name";
    assert!(!bob.ask(Method::GET, "/certificates/c", &[("accept", "text/html")], "").await.text.contains(offer));

    assert!(ada.ask(Method::GET, "/certificates/c", &[("accept", "text/html")], "").await.text.contains(offer));
    let again = ada.call("make_certificate", &[("lesson", LESSON), ("name", "Ada"), ("rename", "false")]).await.json();
    assert_eq!(again["name"], "Ada Lovelac", "who asks for it again gets it as it is: {again}");
    let refused = ada.call("make_certificate", &[("lesson", LESSON), ("name", " "), ("rename", "true")]).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.text);
    let renamed = ada.call("make_certificate", &mended).await.json();
    assert_eq!((&renamed["name"], &renamed["slug"]), (&"Ada Lovelace".into(), &LESSON.into()), "{renamed}");
    let seen = bob.call("certificate", &[("id", "c")]).await.json();
    assert_eq!(seen["name"], "Ada Lovelace", "{seen}");
    assert!(seen["renamed_at"].as_i64() > Some(0), "{seen}");
    let page = bob.ask(Method::GET, "/certificates/c", &[("accept", "text/html")], "").await.text;
    assert!(page.contains("Name changed on"), "{page}");

    ada.call("make_certificate", &mended).await;
    let same = ada.call("certificate", &[("id", "c")]).await.json();
    assert_eq!(same["renamed_at"], seen["renamed_at"], "the same name is no change");
}

#[tokio::test]
async fn wherever_the_last_step_was_passed_each_page_of_the_lesson_leads_to_the_certificate() {
    let server = TestServer::start().await;
    let pool = server.state().needs.database.pool.clone();
    let mut ada = server.learner().await;
    let learner = begin(&mut ada, &pool).await;
    let lesson = server.state().shelf.lesson(LESSON).unwrap();
    let way = format!("href=\"/lessons/{LESSON}/{}#certificate-name\"", lesson.steps.last().unwrap().id);
    let checked: Vec<_> = lesson.steps.iter().filter(|step| step.is_checked()).collect();
    for (index, step) in checked.iter().enumerate() {
        let page = ada.open_page(&format!("/lessons/{LESSON}/pull-an-image")).await.text;
        assert!(!page.contains(&way), "{index} are passed: {page}");
        pass(&pool, &learner, &step.id).await;
    }
    let page = ada.open_page(&format!("/lessons/{LESSON}/pull-an-image")).await.text;
    assert!(page.contains(&way) && page.contains(": certificate"), "{page}");
}

#[tokio::test]
async fn where_the_lesson_ends_the_certificate_comes_before_all_else_and_one_sentence_is_read_aloud() {
    let server = TestServer::start().await;
    let pool = server.state().needs.database.pool.clone();
    let mut ada = server.learner().await;
    let learner = begin(&mut ada, &pool).await;
    let lesson = server.state().shelf.lesson(LESSON).unwrap();
    for step in lesson.steps.iter().filter(|step| step.is_checked()) {
        pass(&pool, &learner, &step.id).await;
    }
    let page = ada.open_page(&format!("/lessons/{LESSON}/{}", lesson.steps.last().unwrap().id)).await.text;
    let (_, ending) = page.split_once("class=\"ending-place\"").unwrap();
    let at = |what: &str| ending.find(what).unwrap_or_else(|| panic!("no {what} in {ending}"));
    let aloud = &ending[at("role=\"status\"")..];
    assert!(aloud.find("well done").is_some_and(|said| said < aloud.find("</p>").unwrap()), "{aloud}");
    assert!(at("role=\"status\"") < at("</p>") && at("</p>") < at("<section"), "all else is outside of it: {ending}");
    assert!(at("id=\"certificate-name\"") < at("Try next"), "{ending}");
}

/// The only learner begins the lesson; returns their ID.
async fn begin(learner: &mut Visitor, pool: &sqlx::AnyPool) -> String {
    learner.call("visit_step", &[("lesson", LESSON), ("step", "pull-an-image")]).await;
    sqlx::query_scalar("SELECT id FROM learners").fetch_one(pool).await.unwrap()
}

/// Writes down that a step was passed.
async fn pass(pool: &sqlx::AnyPool, learner: &str, step: &str) {
    sqlx::query(
        "INSERT INTO progress_steps (learner, lesson, step, first_at, passed_at, tries, hints, solution) VALUES ($1, $2, $3, 1, 2, 0, 0, 0) \
         ON CONFLICT (learner, lesson, step) DO UPDATE SET passed_at = 2",
    )
    .bind(learner)
    .bind(LESSON)
    .bind(step)
    .execute(pool)
    .await
    .unwrap();
}
