//! Whose a browser is when somebody arrives in it, and how long an account is a platform's person's.

use axum::http::{HeaderValue, StatusCode};
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{super::support::PASSWORD, Browser, LEARNER, TEACHER, World, location};
use crate::{classroom::lti::Chosen, learner::LearnerId};

/// A browser that is signed in to a new account.
async fn signed_in(world: &World, name: &str) -> Browser {
    let token = crate::classroom::instructor_link(&world.server.state().needs.database.pool).await.unwrap().token;
    let mut browser = world.browser();
    browser.open("/").await;
    let fields = [("token", token.as_str()), ("name", name), ("password", PASSWORD)];
    let came = browser.call("teach/accept_invitation", &fields).await;
    assert_eq!(came.status, StatusCode::OK, "{}", came.text);
    browser
}

/// What stands in a form's field of that name.
pub(super) fn field(page: &str, name: &str) -> String {
    let (_, rest) = page.split_once(&format!("name=\"{name}\" value=\"")).unwrap_or_else(|| panic!("no field {name}: {page}"));
    rest.split('"').next().unwrap().to_owned()
}

/// The account that is signed in is that person of the platform's from now on.
async fn tied(world: &World, browser: &mut Browser, sub: &str) {
    let (asked, arrive) = world.come(browser, sub, TEACHER).await;
    let id = field(&asked.text, "id");
    let said = browser.press(&arrive, &[("account", "signed-in"), ("id", &id), ("password", PASSWORD)]).await;
    assert_eq!(location(&said), arrive);
    location(&browser.open(&arrive).await);
}

async fn count(world: &World, table: &str) -> i64 {
    world.server.rows().await.get(table).copied().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_a_persons_by_its_password_and_only_the_one_that_was_asked_about() {
    let world = World::new().await;
    let mut grace = signed_in(&world, "Grace").await;
    let (asked, arrive) = world.come(&mut grace, "teacher", TEACHER).await;
    let id = field(&asked.text, "id");
    let other = grace.press(&arrive, &[("account", "signed-in"), ("id", "another"), ("password", PASSWORD)]).await;
    assert!(other.status == StatusCode::FORBIDDEN && other.text.contains("Another account"), "{}", other.text);
    let wrong = grace.press(&arrive, &[("account", "signed-in"), ("id", &id), ("password", "not this one")]).await;
    assert!(wrong.status == StatusCode::OK && wrong.text.contains("not the account&#39;s password"), "{}", wrong.text);
    let mut told = String::new();
    for _ in 0..20 {
        told = grace.press(&arrive, &[("account", "signed-in"), ("id", &id), ("password", "not this one")]).await.text;
    }
    assert!(told.contains("Too many passwords were wrong"), "{told}");
    assert_eq!(count(&world, "lti_users").await, 0);
    grace.call("teach/sign_out", &[]).await;
    let out = grace.press(&arrive, &[("account", "signed-in"), ("id", &id), ("password", PASSWORD)]).await;
    assert_eq!(out.status, StatusCode::FORBIDDEN, "nobody is signed in: {}", out.text);
    assert_eq!((count(&world, "lti_users").await, count(&world, "instructors").await), (0, 2), "no account is made instead");
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_everywhere_and_a_new_password_end_what_a_platform_may() {
    let mut world = World::new().await;
    world.taught().await;
    for (number, way) in ["out", "change", "reset"].into_iter().enumerate() {
        let (name, sub) = (format!("Grace {way}"), format!("tam {way}"));
        let mut grace = signed_in(&world, &name).await;
        tied(&world, &mut grace, &sub).await;
        let mut elsewhere = world.browser();
        world.come(&mut elsewhere, &sub, TEACHER).await;
        assert_eq!(elsewhere.me().await["name"], json!(name));
        let before = (count(&world, "lti_users").await, count(&world, "lti_grants").await, count(&world, "class_instructors").await);
        let done = match way {
            "out" => grace.call("teach/sign_out_everywhere", &[]).await,
            "change" => grace.call("teach/change_password", &[("old", PASSWORD), ("new", "another good one")]).await,
            _ => {
                let all = world.admin.call("teach/instructors", &[]).await.json();
                let id = all.as_array().unwrap().iter().find(|one| one["name"] == json!(name)).unwrap()["id"].as_str().unwrap().to_owned();
                let link =
                    world.admin.call("teach/reset_password", &[("instructor", &id)]).await.json()["link"].as_str().unwrap().to_owned();
                let token = link.rsplit('/').next().unwrap();
                let fields = [("token", token), ("name", ""), ("password", "another good one")];
                world.browser().call("teach/accept_invitation", &fields).await
            }
        };
        assert_eq!(done.status, StatusCode::OK, "{way}: {}", done.text);
        let after = (count(&world, "lti_users").await, count(&world, "lti_grants").await, count(&world, "class_instructors").await);
        assert_eq!(after, (before.0 - 1, before.1 - 1, before.2 - 1), "{way}");
        let mut back = world.browser();
        world.come(&mut back, &sub, TEACHER).await;
        assert_eq!(back.me().await["name"], json!(format!("{sub} of Moodle")), "{way}: {number}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_has_no_password_keeps_the_launch_that_signs_it_in() {
    let mut world = World::new().await;
    let (mut teacher, class) = world.taught().await;
    for password in ["", "x", PASSWORD] {
        let tried = world.browser().call("teach/sign_in", &[("name", "teacher of Moodle"), ("password", password)]).await;
        assert_eq!(tried.status, StatusCode::CONFLICT, "{password:?}");
    }
    let accounts = count(&world, "instructors").await;
    teacher.call("teach/sign_out_everywhere", &[]).await;
    assert_eq!(teacher.me().await, Value::Null);
    let (board, _) = world.come(&mut teacher, "teacher", TEACHER).await;
    assert_eq!(location(&board), format!("/teach/classes/{class}"));
    let board = teacher.call("teach/board", &[("class", &class), ("lesson", "")]).await.json();
    assert_eq!(board["platforms"], json!(["School Moodle"]), "an empty board says from where learners come");

    let all = world.admin.call("teach/instructors", &[]).await.json();
    let id = all.as_array().unwrap().iter().find(|one| one["name"] == "teacher of Moodle").unwrap()["id"].as_str().unwrap().to_owned();
    let link = world.admin.call("teach/reset_password", &[("instructor", &id)]).await.json()["link"].as_str().unwrap().to_owned();
    let fields = [("token", link.rsplit('/').next().unwrap()), ("name", ""), ("password", PASSWORD)];
    assert_eq!(world.browser().call("teach/accept_invitation", &fields).await.status, StatusCode::OK);
    let (board, _) = world.come(&mut world.browser(), "teacher", TEACHER).await;
    assert_eq!(location(&board), format!("/teach/classes/{class}"), "its first password is one more way in");
    assert_eq!(count(&world, "instructors").await, accounts);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_is_somebodys_asks_before_it_is_somebody_elses() {
    let world = World::new().await;
    world.taught().await;
    let mut shared = world.browser();
    shared.open("/").await;
    let session = shared.cookies["lunchbox"].clone();
    let (came, _) = world.come(&mut shared, "ada", LEARNER).await;
    assert_eq!(location(&came), "/lessons/docker-images", "nothing is stored of whoever it was");
    assert_ne!(shared.cookies["lunchbox"], session, "a session that somebody gave the browser beforehand is worth nothing");
    shared.call("visit_step", &[("lesson", "docker-images"), ("step", "pull-an-image")]).await;
    let (again, _) = world.come(&mut shared, "ada", LEARNER).await;
    assert_eq!(location(&again), "/lessons/docker-images", "they are who they were");

    let (asked, arrive) = world.come(&mut shared, "bob", LEARNER).await;
    assert_eq!(asked.status, StatusCode::OK);
    assert!(
        asked.text.contains("you are <strong>ada of Moodle</strong>") && asked.text.contains("Go on as bob of Moodle"),
        "{}",
        asked.text
    );
    let progress = shared.call("progress", &[("lesson", "docker-images")]).await.json();
    assert_eq!(progress["current_step"], "pull-an-image", "asking changes nothing: {progress}");
    assert!(asked.text.contains("<a class=\"button\" href=\"/\">Stay as I am</a>"), "{}", asked.text);
    assert!(asked.text.contains("header__logo"), "one sees whose page it is: {}", asked.text);
    let confirms = field(&asked.text, "go-on");
    assert_eq!(location(&shared.press(&arrive, &[("go-on", &confirms)]).await), "/lessons/docker-images");
    let progress = shared.call("progress", &[("lesson", "docker-images")]).await.json();
    assert_eq!(progress["current_step"], Value::Null, "{progress}");

    let mut grace = signed_in(&world, "Grace").await;
    let mut tam = world.browser();
    world.come(&mut tam, "tam", TEACHER).await;
    let (asked, arrive) = world.come(&mut grace, "tam", TEACHER).await;
    assert!(asked.text.contains("<strong>Grace</strong>") && asked.text.contains("Go on as tam of Moodle"), "{}", asked.text);
    assert!(asked.text.contains("<a class=\"button\" href=\"/teach\">Stay as I am</a>"), "{}", asked.text);
    let other = grace.press(&arrive, &[("go-on", "learner")]).await;
    assert!(other.text.contains("Go on as tam of Moodle"), "what was asked about another is asked again: {}", other.text);
    assert_eq!(grace.me().await["name"], "Grace");
    location(&grace.press(&arrive, &[("go-on", &field(&asked.text, "go-on"))]).await);
    assert_eq!(grace.me().await["name"], "tam of Moodle");
}

/// The arrival of whoever has launched in that browser.
async fn arriving(world: &World, browser: &mut Browser, sub: &str) -> crate::classroom::lti::Arriving {
    let arrive = location(&world.launch(browser, sub, TEACHER, |_| {}).await);
    let ticket = arrive.rsplit('/').next().unwrap();
    world.server.state().classroom.arriving(ticket, &browser.cookies["lunchbox-lti"]).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_choose_at_once_one_has_chosen_and_nothing_is_left_of_the_others_class() {
    let world = World::new().await;
    let classroom = &world.server.state().classroom;
    let new = || Chosen::NewClass { name: "Containers".to_owned(), lessons: vec!["docker-images".to_owned()] };
    let (one, two) = (arriving(&world, &mut world.browser(), "one").await, arriving(&world, &mut world.browser(), "two").await);
    classroom.choose(&one, None, new()).await.unwrap();
    // Asked before the first had answered.
    classroom.choose(&two, None, new()).await.unwrap();
    assert_eq!(count(&world, "classes").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_teacher_who_comes_twice_at_once_has_one_account() {
    let world = World::new().await;
    let classroom = &world.server.state().classroom;
    let nobody = LearnerId::random();
    for round in 0..4 {
        let (sub, mut all) = (format!("teacher {round}"), Vec::new());
        for _ in 0..4 {
            all.push(arriving(&world, &mut world.browser(), &sub).await);
        }
        for came in join_all(all.iter().map(|one| classroom.arrive(one, &nobody, None, None))).await {
            came.unwrap();
        }
        assert_eq!(count(&world, "instructors").await, 2 + round, "and the admin");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cookie_of_a_launch_is_renewed_by_each_and_other_sites_words_are_not_shown() {
    let world = World::new().await;
    let mut ada = world.browser();
    let path = world.login_path(&world.platform, &format!("{}/lti/launch", world.server.url));
    let set = |answer: &super::Answer| answer.headers.get("set-cookie").map(HeaderValue::to_owned);
    let (first, second) = (ada.open(&path).await, ada.open(&path).await);
    assert!(set(&first).is_some());
    assert_eq!(set(&second), set(&first));

    let fields = super::form(&[("state", "x"), ("error", "call_me"), ("error_description", "Call 555-1234 and say your password")]);
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "cross-site")];
    let answer = ada.ask(axum::http::Method::POST, "/lti/launch", &headers, &fields).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(answer.text.contains("did not say who you are"), "{}", answer.text);
    assert!(!answer.text.contains("555-1234") && !answer.text.contains("call_me"), "{}", answer.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn long_names_and_addresses_are_kept_short() {
    let world = World::new().await;
    let answer = world
        .launch(&mut world.browser(), "ada", LEARNER, |claims| {
            claims["name"] = json!("x".repeat(5000));
            let target = format!("{}/lessons/{}", world.server.url, "y".repeat(5000));
            claims["https://purl.imsglobal.org/spec/lti/claim/target_link_uri"] = json!(target);
        })
        .await;
    location(&answer);
    let row: (String, String) =
        sqlx::query_as("SELECT name, target FROM lti_arrivals").fetch_one(&world.server.state().needs.database.pool).await.unwrap();
    assert!(row.0.len() == 200 && row.1.len() <= 1000, "{row:?}");
}
