//! Who somebody is here, and what they may.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{super::support::PASSWORD, LEARNER, Platform, TEACHER, World, location};

async fn places(world: &mut World, class: &str) -> Vec<String> {
    let class = world.admin.call("teach/class", &[("class", class)]).await.json();
    class["places"].as_array().unwrap().iter().map(|place| place["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn learners_are_in_the_class_as_themselves_and_come_back_to_their_own_work() {
    let mut world = World::new().await;
    let mut ada = world.browser();
    let (early, arrive) = world.come(&mut ada, "ada", LEARNER).await;
    assert!(
        early.text.contains("Your teacher hasn’t opened") && early.text.contains("“First class” in “Containers &lt;101&gt;”"),
        "{}",
        early.text
    );
    assert!(!world.server.rows().await.contains_key("enrolments"));

    let (_, class) = world.taught().await;
    assert_eq!(location(&ada.open(&arrive).await), "/lessons/docker-images", "looking again is enough");
    assert_eq!(places(&mut world, &class).await, ["ada of Moodle"]);
    ada.call("visit_step", &[("lesson", "docker-images"), ("step", "pull-an-image")]).await;

    let mut elsewhere = world.browser();
    world.come(&mut elsewhere, "ada", LEARNER).await;
    let progress = elsewhere.call("progress", &[("lesson", "docker-images")]).await.json();
    assert_eq!(progress["current_step"], "pull-an-image", "{progress}");
    assert_eq!(places(&mut world, &class).await, ["ada of Moodle"]);

    // On the same browser, somebody else.
    let (_, arrive) = world.come(&mut elsewhere, "bob", LEARNER).await;
    elsewhere.press(&arrive, &[("go-on", "learner")]).await;
    let progress = elsewhere.call("progress", &[("lesson", "docker-images")]).await.json();
    assert_eq!(progress["current_step"], Value::Null, "{progress}");
    assert_eq!(places(&mut world, &class).await, ["ada of Moodle", "bob of Moodle"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_taken_for_another_by_name_or_by_another_platforms_number() {
    let mut world = World::new().await;
    let (_, class) = world.taught().await;
    let roster = world.admin.call("teach/add_roster", &[("class", &class), ("csv", "Ada")]).await;
    assert_eq!(roster.status, StatusCode::OK);
    let called_ada = |claims: &mut Value| claims["name"] = json!("Ada");
    for sub in ["7", "8"] {
        let mut browser = world.browser();
        let arrive = location(&world.launch(&mut browser, sub, LEARNER, called_ada).await);
        assert_eq!(location(&browser.open(&arrive).await), "/lessons/docker-images");
    }
    assert_eq!(places(&mut world, &class).await, ["Ada", "Ada (2)", "Ada (3)"]);

    let other = Platform::start().await;
    let kept = world.keep(&other.url, &[("draft[name]", "Another")]).await;
    assert_eq!(kept.status, StatusCode::OK, "{}", kept.text);
    let mut browser = world.browser();
    let arrive = location(&world.launch_from(&other, &mut browser, "7", LEARNER, called_ada).await);
    let early = browser.open(&arrive).await;
    assert!(early.text.contains("hasn’t opened"), "the other platform's course r1 is another: {}", early.text);
    let mut eve = world.browser();
    let arrive = location(&world.launch_from(&other, &mut eve, "teacher", TEACHER, |_| {}).await);
    let asked = eve.open(&arrive).await;
    assert!(
        asked.text.contains("Which class is this link for?") && !asked.text.contains(&class),
        "their teacher is another: {}",
        asked.text
    );
    assert_eq!(eve.press(&arrive, &[("class", &class)]).await.status, StatusCode::NOT_FOUND, "and has no say about that class");
}

#[tokio::test(flavor = "multi_thread")]
async fn teachers_are_at_the_board_of_their_courses_class_and_of_no_other() {
    let mut world = World::new().await;
    let (mut teacher, class) = world.taught().await;
    assert_eq!(teacher.me().await, json!({ "name": "teacher of Moodle", "is_admin": false }));
    let mut owner = world.server.instructor("Owner", false).await;
    let make = [("draft[name]", "Private"), ("draft[lessons][0]", "docker-images"), ("draft[pace]", "free")];
    let private = owner.call("teach/make_class", &make).await.json().as_str().unwrap().to_owned();

    let mut assistant = world.browser();
    let (board, _) =
        world.come(&mut assistant, "tam", "http://purl.imsglobal.org/vocab/lis/v2/membership/Instructor#TeachingAssistant").await;
    assert_eq!(location(&board), format!("/teach/classes/{class}"), "nobody is asked twice");
    assert_eq!(assistant.call("teach/board", &[("class", &class), ("lesson", "")]).await.status, StatusCode::OK);
    assert_eq!(assistant.call("teach/board", &[("class", &private), ("lesson", "")]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(assistant.call("teach/delete_class", &[("class", &class)]).await.status, StatusCode::CONFLICT, "it is shared with them");
    assert_eq!(assistant.call("teach/machine", &[]).await.status, StatusCode::NOT_FOUND);

    // Who teaches the course no longer doesn't teach the class.
    world.come(&mut world.browser(), "tam", LEARNER).await;
    assert_eq!(assistant.call("teach/board", &[("class", &class), ("lesson", "")]).await.status, StatusCode::NOT_FOUND);
    assert!(!world.server.rows().await.contains_key("lti_grants"));
    let class_row = world.admin.call("teach/class", &[("class", &class)]).await.json();
    assert_eq!(class_row["shared_with"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_signed_in_is_asked_before_an_account_is_theirs_and_a_platform_signs_no_admin_in() {
    let world = World::new().await;
    let mut grace = world.browser();
    let token = crate::classroom::instructor_link(&world.server.state().needs.database.pool).await.unwrap().token;
    grace.open("/").await;
    grace.call("teach/accept_invitation", &[("token", &token), ("name", "Grace"), ("password", PASSWORD)]).await;
    let (asked, arrive) = world.come(&mut grace, "teacher", TEACHER).await;
    assert!(asked.text.contains("Yes, I am Grace"), "{}", asked.text);
    assert!(!world.server.rows().await.contains_key("lti_users"), "nothing is settled by asking");
    let early = grace.press(&arrive, &[("class", "new"), ("name", "x"), ("lesson", "docker-images")]).await;
    assert_eq!(early.status, StatusCode::FORBIDDEN, "what wasn't asked is not chosen: {}", early.text);
    let id = super::arrivals::field(&asked.text, "id");
    grace.press(&arrive, &[("account", "signed-in"), ("id", &id), ("password", PASSWORD)]).await;
    let asked = grace.open(&arrive).await;
    assert!(asked.text.contains("Which class"), "{}", asked.text);
    let empty = grace.press(&arrive, &[("class", "new"), ("name", "Mine")]).await;
    assert!(empty.status == StatusCode::OK && empty.text.contains("A class needs a lesson"), "{}", empty.text);
    // As it was filled in.
    assert!(empty.text.contains("value=\"Mine\"") && !empty.text.contains(" checked>"), "{}", empty.text);
    grace.press(&arrive, &[("class", "new"), ("name", "Mine"), ("lesson", "docker-images")]).await;
    location(&grace.open(&arrive).await);
    let mut elsewhere = world.browser();
    world.come(&mut elsewhere, "teacher", TEACHER).await;
    assert_eq!(elsewhere.me().await["name"], "Grace");

    let mut admin = world.browser();
    admin.visitor = world.admin.clone();
    let (name, value) = world.admin.cookie.as_ref().unwrap().split_once('=').unwrap();
    admin.cookies.insert(name.to_owned(), value.to_owned());
    let (asked, arrive) = world.come(&mut admin, "boss", TEACHER).await;
    let id = super::arrivals::field(&asked.text, "id");
    admin.press(&arrive, &[("account", "signed-in"), ("id", &id), ("password", PASSWORD)]).await;
    location(&admin.open(&arrive).await);
    let mut stranger = world.browser();
    let (answer, _) = world.come(&mut stranger, "boss", TEACHER).await;
    assert!(answer.text.contains("No platform signs an admin in"), "{}", answer.text);
    assert_eq!(stranger.me().await, Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_platform_said_goes_with_the_learner_the_class_and_the_platform() {
    let mut world = World::new().await;
    let (mut teacher, class) = world.taught().await;
    world.come(&mut world.browser(), "ada", LEARNER).await;
    let place = teacher.call("teach/class", &[("class", &class)]).await.json()["places"][0]["id"].as_str().unwrap().to_owned();
    let gone = teacher.call("teach/remove_place", &[("place", &place)]).await.json();
    assert!(gone["counts"].as_array().unwrap().contains(&json!(["ties to a learning platform", 1])), "{gone}");
    let rows = world.server.rows().await;
    assert!(!rows.contains_key("lti_places") && !rows.contains_key("learners"), "{rows:?}");
    assert_eq!(rows["lti_users"], 1, "the teacher's");

    world.come(&mut world.browser(), "ada", LEARNER).await;
    let gone = teacher.call("teach/delete_class", &[("class", &class)]).await.json();
    assert!(gone["counts"].as_array().unwrap().contains(&json!(["links from learning platforms", 1])), "{gone}");
    let (early, _) = world.come(&mut world.browser(), "ada", LEARNER).await;
    assert!(early.text.contains("hasn’t opened"), "{}", early.text);
    world.taught().await;
    world.come(&mut world.browser(), "ada", LEARNER).await;
    world.come(&mut world.browser(), "tam", TEACHER).await;

    let id = world.admin.call("teach/platforms", &[]).await.json()["platforms"][0]["draft"]["id"].as_str().unwrap().to_owned();
    let gone = world.admin.call("teach/remove_platform", &[("platform", &id)]).await;
    assert_eq!(gone.status, StatusCode::OK, "{}", gone.text);
    let rows = world.server.rows().await;
    assert!(!rows.keys().any(|table| table.starts_with("lti_")), "{rows:?}");
    assert!(!rows.contains_key("class_instructors"), "{rows:?}");
    assert_eq!(rows["enrolments"], 1, "places stay");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_class_is_chosen_on_our_own_page_alone() {
    let world = World::new().await;
    let mut teacher = world.browser();
    let (_, arrive) = world.come(&mut teacher, "teacher", TEACHER).await;
    let headers =
        [("content-type", "application/x-www-form-urlencoded"), ("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")];
    let pressed = teacher.ask(Method::POST, &arrive, &headers, "class=new&name=x&lesson=docker-images").await;
    assert_eq!(pressed.status, StatusCode::FORBIDDEN);
    assert!(!world.server.rows().await.contains_key("classes"));
}
