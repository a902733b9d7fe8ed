//! Who guesses passwords, and whom that keeps out.

use std::time::Instant;

use axum::http::StatusCode;

use super::support::{Answer, PASSWORD, TestServer, Visitor};
use crate::{
    classroom::typed_key,
    web::{client::Client, pace::passwords::Guesser},
};

async fn sign_in(visitor: &mut Visitor, name: &str, password: &str) -> Answer {
    visitor.call("teach/sign_in", &[("name", name), ("password", password)]).await
}

/// Strangers from very many addresses guess Grace's password until no more guesses are taken.
fn strangers_guess(server: &TestServer) {
    let guesser = |number: u32| Guesser::Stranger {
        client: Client::of(std::net::Ipv4Addr::from_bits(0x0a00_0000 + number).into()),
        account: typed_key("Grace"),
    };
    let let_in = (0..2000).filter(|number| server.state().pace.password(&guesser(*number), Instant::now()).is_ok()).count();
    assert!(let_in < 1000, "{let_in}");
}

#[tokio::test]
async fn a_learners_wrong_guesses_keep_no_instructor_behind_the_same_address_out() {
    let server = TestServer::start().await;
    server.instructor("Grace", false).await;
    let mut eve = server.learner().await;
    let mut said = Vec::new();
    for name in ["Colleague", "colleague ", " COLLEAGUE", "Colleague", "Ｃolleague", "Col\u{6c}eague\t", "colleague", "Colleague", "x", "y"]
    {
        said.push(sign_in(&mut eve, name, "a wrong password").await.text);
    }
    let too_many = said.iter().map(|text| text.contains("Too many passwords")).collect::<Vec<_>>();
    assert_eq!(too_many, [false, false, false, false, false, true, true, true, false, false], "{said:?}");
    let mut at_school = server.learner().await;
    let right = sign_in(&mut at_school, "Grace", PASSWORD).await;
    assert_eq!(right.status, StatusCode::OK, "{}", right.text);
}

#[tokio::test]
async fn strangers_who_guess_everywhere_keep_nobody_out_of_a_browser_that_was_in_before() {
    let server = TestServer::start().await;
    let mut at_home = server.instructor("Grace", false).await;
    let mut at_work = server.learner().await;
    assert_eq!(sign_in(&mut at_work, "Grace", PASSWORD).await.status, StatusCode::OK);
    assert_eq!(at_work.call("teach/sign_out_everywhere", &[]).await.status, StatusCode::OK);
    strangers_guess(&server);

    let mut elsewhere = server.learner().await;
    let refused = sign_in(&mut elsewhere, "Grace", PASSWORD).await;
    assert!(refused.text.contains("Too many passwords"), "{}", refused.text);
    assert_eq!(at_home.call("teach/classes", &[]).await.status, StatusCode::UNAUTHORIZED);
    let back = sign_in(&mut at_home, "grace", PASSWORD).await;
    assert_eq!(back.status, StatusCode::OK, "{}", back.text);

    let mut told = String::new();
    for _ in 0..6 {
        told = sign_in(&mut at_home, "Grace", "a wrong password").await.text;
    }
    assert!(told.contains("Too many passwords"), "nor is guessing there without end: {told}");
}

#[tokio::test]
async fn a_password_is_changed_whatever_strangers_guess_and_is_not_guessed_there_either() {
    let server = TestServer::start().await;
    let mut grace = server.instructor("Grace", false).await;
    strangers_guess(&server);
    let changed = grace.call("teach/change_password", &[("old", PASSWORD), ("new", "another good one")]).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text);
    let mut told = String::new();
    for _ in 0..6 {
        told = grace.call("teach/change_password", &[("old", "not this one"), ("new", "yet another one")]).await.text;
    }
    assert!(told.contains("Too many passwords"), "{told}");
}
