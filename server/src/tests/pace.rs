//! Who calls in a loop.

use axum::http::StatusCode;

use super::{
    classes::{class, join},
    support::{TestServer, Visitor},
};

const LESSON: &str = "docker-images";
/// More than anybody may at once.
const LOOP: usize = 200;

/// How often it was looked at of so many calls at once, and what was said to those that were too many.
async fn in_a_loop(visitor: &mut Visitor, function: &str, fields: &[(&str, &str)]) -> (usize, String) {
    let (mut looked_at, mut said) = (0, String::new());
    for _ in 0..LOOP {
        let answer = visitor.call(function, fields).await;
        if answer.status == StatusCode::CONFLICT && answer.text.contains("this was not done. Try again in ") {
            said = answer.text;
        } else {
            looked_at += 1;
        }
    }
    (looked_at, said)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_learner_who_calls_in_a_loop_is_paced_and_told_so_and_nobody_else_is() {
    let server = TestServer::start().await;
    let mut grace = server.instructor("Grace", false).await;
    let (_, code) = class(&mut grace, "free").await;
    let (mut eve, mut bob) = (server.learner().await, server.learner().await);
    let place = join(&mut eve, &code, "Eve").await["seat"]["id"].as_str().unwrap().to_owned();
    let bobs = join(&mut bob, &code, "Bob").await["seat"]["id"].as_str().unwrap().to_owned();
    let lesson = server.state().shelf.lesson(LESSON).unwrap();
    let checked = lesson.steps.iter().find(|step| !step.checks.is_empty()).unwrap().id.clone();
    let at = [("lesson", LESSON), ("step", checked.as_str())];

    let (checks, said) = in_a_loop(&mut eve, "check_step", &at).await;
    assert!((30..LOOP / 2).contains(&checks) && !said.is_empty(), "{checks}: {said}");
    let (hands, said) = in_a_loop(&mut eve, "raise_hand", &[("seat", &place), ("up", "true")]).await;
    assert!(hands < LOOP / 2 && !said.is_empty(), "{hands}: {said}");
    // Nothing is left for anything that writes; what is only read is.
    let seat = [("seat", place.as_str())];
    let right = [("code", code.as_str()), ("name", "Eve"), ("someone_else", "false")];
    let calls: [(&str, &[(&str, &str)]); 10] = [
        ("visit_step", &at),
        ("hint", &at),
        ("solution", &at),
        ("put_note_away", &[("seat", &place), ("note", "n")]),
        ("allow_assist", &[("seat", &place), ("who", "Grace"), ("allow", "false")]),
        ("new_way_back", &seat),
        ("make_certificate", &[("lesson", LESSON), ("name", "Eve"), ("rename", "false")]),
        ("make_certificate", &[("lesson", LESSON), ("name", "Eve"), ("rename", "true")]),
        ("join_class", &right),
        ("start_sandbox", &[]),
    ];
    for (function, fields) in calls {
        // Some are given back meanwhile, two a second.
        let (looked_at, said) = in_a_loop(&mut eve, function, fields).await;
        assert!(looked_at < LOOP / 2 && !said.is_empty(), "{function}: {looked_at}");
    }
    assert_eq!(eve.call("progress", &at[..1]).await.status, StatusCode::OK);
    for _ in 0..20 {
        assert_eq!(bob.call("check_step", &at).await.status, StatusCode::OK);
        assert_eq!(bob.call("raise_hand", &[("seat", &bobs), ("up", "true")]).await.status, StatusCode::OK);
    }
}
