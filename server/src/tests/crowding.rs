//! One browser takes nobody else's room: places of a class, streams, lists.

use std::time::Instant;

use axum::http::{Method, StatusCode};

use super::{
    classes::{class, join},
    support::{Answer, TestServer, Visitor},
};
use crate::web::client::Client;

const LESSON: &str = "docker-images";

fn here() -> Client {
    Client::of([127, 0, 0, 1].into())
}

async fn join_as_another(visitor: &mut Visitor, code: &str, name: &str) -> Answer {
    visitor.call("join_class", &[("code", code), ("name", name), ("someone_else", "true")]).await
}

#[tokio::test]
async fn one_browser_takes_only_so_many_places_and_its_neighbours_still_find_theirs() {
    let server = TestServer::start().await;
    let mut grace = server.instructor("Grace", false).await;
    let (id, code) = class(&mut grace, "free").await;
    let mut shared = server.learner().await;
    join(&mut shared, &code, "Ada").await;
    for number in 0..40 {
        let typo = join_as_another(&mut shared, &code, "Ada").await;
        assert!(number >= 10 || typo.text.contains("There is a Ada"), "a name that is taken does not count: {}", typo.text);
        let joined = join_as_another(&mut shared, &code, &format!("Learner {number}")).await;
        assert_eq!(joined.status == StatusCode::OK, number < 10, "{number}: {}", joined.text);
        assert!(number < 10 || joined.text.contains("from this browser"), "{}", joined.text);
    }
    let details = grace.call("teach/class", &[("class", &id)]).await.json();
    assert_eq!(details["places"].as_array().unwrap().len(), 11);
    assert!(server.state().pace.code(here(), Instant::now()).is_ok(), "what was refused took no codes of the address");
    join(&mut server.learner().await, &code, "A neighbour").await;
}

#[tokio::test]
async fn a_class_behind_one_address_finds_its_code_as_often_as_it_likes_and_a_wrong_one_is_paid_for() {
    let server = TestServer::start().await;
    let mut grace = server.instructor("Grace", false).await;
    let (_, code) = class(&mut grace, "free").await;
    let mut learner = server.learner().await;
    while server.state().pace.code(here(), Instant::now()).is_ok() {}
    // One is left.
    server.state().pace.code_was_right(&here());
    for _ in 0..20 {
        let found = learner.call("find_class", &[("code", &code)]).await;
        assert_eq!(found.status, StatusCode::OK, "{}", found.text);
    }
    join(&mut learner, &code, "Ada").await;
    let wrong = learner.call("find_class", &[("code", "000-000")]).await;
    assert!(wrong.text.contains("There is no class with that code"), "{}", wrong.text);
    let mut refused = None;
    // On a busy machine another is there by then.
    for _ in 0..20 {
        while server.state().pace.code(here(), Instant::now()).is_ok() {}
        refused = Some(learner.call("find_class", &[("code", &code)]).await).filter(|answer| answer.status == StatusCode::CONFLICT);
        if refused.is_some() {
            break;
        }
    }
    assert!(refused.is_some_and(|answer| answer.text.contains("Try again in")), "a right one is not told from a wrong one then");
}

#[tokio::test]
async fn a_wrong_code_and_a_name_that_is_taken_cost_what_is_left() {
    let server = TestServer::start().await;
    let mut grace = server.instructor("Grace", false).await;
    let (_, code) = class(&mut grace, "free").await;
    join(&mut server.learner().await, &code, "Ada").await;
    for (function, fields) in [
        ("find_class", &[("code", "000-000")][..]),
        ("find_place", &[("personal_code", "0000-0000-0000")]),
        ("come_back", &[("personal_code", "0000-0000-0000")]),
        ("join_class", &[("code", code.as_str()), ("name", "Ada"), ("someone_else", "false")]),
    ] {
        let mut eve = server.learner().await;
        while server.state().pace.code(here(), Instant::now()).is_ok() {}
        server.state().pace.code_was_right(&here());
        server.state().pace.code_was_right(&here());
        for _ in 0..2 {
            assert_eq!(eve.call(function, fields).await.status, StatusCode::CONFLICT);
        }
        assert!(server.state().pace.code(here(), Instant::now()).is_err(), "{function}");
    }
}

#[tokio::test]
async fn somebody_else_at_the_same_browser_costs_what_a_new_learner_costs() {
    let server = TestServer::start().await;
    let mut grace = server.instructor("Grace", false).await;
    let (_, code) = class(&mut grace, "free").await;
    let mut shared = server.learner().await;
    join(&mut shared, &code, "Ada").await;
    while server.state().pace.costly(here(), Instant::now()).is_ok() {}
    let refused = join_as_another(&mut shared, &code, "Bob").await;
    assert!(refused.text.contains("Too much is asked"), "{}", refused.text);
}

#[tokio::test]
async fn a_certificate_is_looked_at_however_many_codes_are_tried_from_there() {
    let server = TestServer::start().await;
    let mut visitor = server.learner().await;
    while server.state().pace.code(here(), Instant::now()).is_ok() {}
    assert_eq!(visitor.call("certificate", &[("id", "none")]).await.status, StatusCode::NOT_FOUND);
    while server.state().pace.certificate(here(), Instant::now()).is_ok() {}
    assert!(visitor.call("certificate", &[("id", "none")]).await.text.contains("Too much is asked"));
}

#[tokio::test]
async fn instructors_who_look_keep_the_learners_own_pages_out_no_more_than_these_keep_them_out() {
    let server = TestServer::start().await;
    let mut grace = server.instructor("Grace", false).await;
    let (id, code) = class(&mut grace, "free").await;
    let mut ada = server.learner().await;
    join(&mut ada, &code, "Ada").await;
    let details = grace.call("teach/class", &[("class", &id)]).await.json();
    let watch = format!("/api/teach/watch?place={}&lesson={LESSON}", details["places"][0]["id"].as_str().unwrap());
    let own = format!("/api/stream?lesson={LESSON}");
    let mut open = Vec::new();
    for _ in 0..8 {
        open.push(grace.events(&watch).await);
    }
    assert_eq!(grace.status(Method::GET, &watch).await, StatusCode::TOO_MANY_REQUESTS);
    for _ in 0..8 {
        open.push(ada.events(&own).await);
    }
    assert_eq!(ada.status(Method::GET, &own).await, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn a_roster_of_a_full_class_is_taken_with_all_columns_that_a_learning_platform_writes() {
    let server = TestServer::start().await;
    let mut grace = server.instructor("Grace", false).await;
    let (id, _) = class(&mut grace, "free").await;
    let mut list = "First name,Surname,ID number,Institution,Department,Email address\n".to_owned();
    for number in 0..450 {
        list.push_str(&format!(
            "Ada{number},Lovelace,{number:08},University of Somewhere,Computer science,ada.{number}@students.example.org\n"
        ));
    }
    let result = grace.call("teach/add_roster", &[("class", &id), ("csv", &list)]).await;
    assert_eq!(result.status, StatusCode::OK, "{}", result.text);
    let result = result.json();
    assert_eq!(result["added"].as_array().unwrap().len(), 450, "{}", result["left_out"]);
    assert_eq!(result["added"][0]["name"], "Ada0 Lovelace");
    let huge = grace.call("teach/add_roster", &[("class", &id), ("csv", &"x".repeat(600_000))]).await;
    assert_eq!(huge.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_name_in_another_form_of_the_same_letters_is_taken_already() {
    let server = TestServer::start().await;
    let mut grace = server.instructor("Grace", false).await;
    let (_, code) = class(&mut grace, "free").await;
    let seat = join(&mut server.learner().await, &code, "Zoe\u{308}").await;
    assert_eq!(seat["way_back"]["name"], "Zo\u{eb}");
    // The last with a Greek Zeta.
    for name in ["Zo\u{eb}", "ZOE\u{308}", "Zo\u{ad}\u{eb}", "Ｚoë", "\u{396}o\u{eb}"] {
        let fields = [("code", code.as_str()), ("name", name), ("someone_else", "false")];
        let refused = server.learner().await.call("join_class", &fields).await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "{name:?}: {}", refused.text);
    }
}

#[tokio::test]
async fn a_field_that_is_no_number_is_the_askers_error() {
    let server = TestServer::start().await;
    let answer = server.learner().await.call("teach/timeline", &[("place", "none"), ("before", "yesterday")]).await;
    assert_eq!((answer.status, answer.json()["status"].as_u64()), (StatusCode::BAD_REQUEST, Some(400)), "{}", answer.text);
}
