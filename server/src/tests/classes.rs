//! A class from end to end, as browsers ask for it.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::support::{TestServer, Visitor};

const LESSON: &str = "docker-images";

/// Makes a class; its ID and join code.
pub(super) async fn class(instructor: &mut Visitor, pace: &str) -> (String, String) {
    let fields = [("draft[name]", "Docker 101"), ("draft[lessons][0]", LESSON), ("draft[pace]", pace)];
    let id = instructor.call("teach/make_class", &fields).await.json().as_str().unwrap().to_owned();
    let details = instructor.call("teach/class", &[("class", &id)]).await.json();
    (id, details["way_in"]["code"].as_str().unwrap().to_owned())
}

pub(super) async fn join(learner: &mut Visitor, code: &str, name: &str) -> Value {
    let joined = learner.call("join_class", &[("code", code), ("name", name), ("someone_else", "false")]).await;
    assert_eq!(joined.status, StatusCode::OK, "{}", joined.text);
    joined.json()
}

/// Ada, who is in a class of Grace's and then in one of Edsger's.
pub(super) struct InTwoClasses {
    pub(super) grace: Visitor,
    pub(super) ada: Visitor,
    /// Grace's class.
    pub(super) class: String,
    /// Ada's place in it.
    pub(super) place: String,
    /// In Edsger's.
    pub(super) newest: String,
}

impl InTwoClasses {
    pub(super) async fn of(server: &TestServer) -> Self {
        let (mut grace, mut edsger) = (server.instructor("Grace", false).await, server.instructor("Edsger", false).await);
        let ((class, first_code), (_, second_code)) = (class(&mut grace, "free").await, class(&mut edsger, "free").await);
        let mut ada = server.learner().await;
        let place = seat(&mut ada, &first_code, "Ada").await;
        let newest = seat(&mut ada, &second_code, "Ada").await;
        Self { grace, ada, class, place, newest }
    }
}

/// Joins; the ID of the place.
pub(super) async fn seat(learner: &mut Visitor, code: &str, name: &str) -> String {
    join(learner, code, name).await["seat"]["id"].as_str().unwrap().to_owned()
}

/// The class closes by the clock in so many milliseconds.
pub(super) async fn closes_in(instructor: &mut Visitor, class: &str, milliseconds: i64) {
    let soon = (crate::clock::now() + milliseconds).to_string();
    let draft = [
        ("class", class),
        ("draft[name]", "Docker 101"),
        ("draft[lessons][0]", LESSON),
        ("draft[pace]", "free"),
        ("draft[closes_at]", &soon),
    ];
    let changed = instructor.call("teach/change_class", &draft).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text);
}

async fn board(instructor: &mut Visitor, class: &str) -> Value {
    instructor.call("teach/board", &[("class", class), ("lesson", "")]).await.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_learner_joins_by_the_code_however_it_is_typed_and_the_board_hears_of_all_they_do() {
    let server = TestServer::start().await;
    let mut grace = server.instructor("Grace", false).await;
    let (class, code) = class(&mut grace, "free").await;
    let mut events = grace.events(&format!("/api/teach/board?class={class}")).await;
    let first = events.next().await.unwrap();
    assert_eq!(first["whole"]["rows"], json!([]));

    let mut ada = server.learner().await;
    let typed = code.to_lowercase().replace('-', " ");
    let found = ada.call("find_class", &[("code", &typed)]).await.json();
    assert_eq!((&found["name"], &found["instructor"], &found["mine"]), (&json!("Docker 101"), &json!("Grace"), &Value::Null));
    join(&mut ada, &typed, "Ada").await;
    let row = |message: &Value| {
        message["rows"]
            .as_array()
            .and_then(|rows| rows.first().cloned())
            .or(message["whole"]["rows"][0].as_object().map(|row| Value::from(row.clone())))
    };
    events.until("Ada", |last| last.get("message").and_then(row).is_some_and(|row| row["name"] == "Ada")).await;

    let stream = ada.stream(LESSON).await;
    events.until("that Ada is here", |last| last.get("message").and_then(row).is_some_and(|row| row["online"] == true)).await;
    ada.call("visit_step", &[("lesson", LESSON), ("step", "pull-an-image")]).await;
    events.until("her step", |last| last.get("message").and_then(row).is_some_and(|row| row["step"].is_u64())).await;
    ada.call("check_step", &[("lesson", LESSON), ("step", "pull-an-image")]).await;
    events
        .until("her try", |last| last.get("message").and_then(row).is_some_and(|row| row["cells"].to_string().contains(r#""t":1"#)))
        .await;
    let seat = ada.call("seats", &[]).await.json()[0]["id"].as_str().unwrap().to_owned();
    ada.call("raise_hand", &[("seat", &seat), ("up", "true")]).await;
    events.until("her hand", |last| last.get("message").and_then(row).is_some_and(|row| row["hand_at"].as_i64() > Some(0))).await;
    drop(stream);
    events.until("that Ada is gone", |last| last.get("message").and_then(row).is_some_and(|row| row["online"].is_null())).await;
}

#[tokio::test]
async fn a_name_is_one_persons_in_a_class_and_a_browser_that_somebody_else_uses_starts_anew() {
    let server = TestServer::start().await;
    let mut grace = server.instructor("Grace", false).await;
    let (_, code) = class(&mut grace, "free").await;
    let mut shared = server.learner().await;
    join(&mut shared, &code, "Ada").await;
    shared.call("visit_step", &[("lesson", LESSON), ("step", "pull-an-image")]).await;

    let mut other = server.learner().await;
    let taken = other.call("join_class", &[("code", &code), ("name", "ada"), ("someone_else", "false")]).await;
    assert_eq!(taken.status, StatusCode::CONFLICT);
    assert!(taken.text.contains("personal code"), "{}", taken.text);

    let again = join(&mut shared, &code, "Whoever").await;
    assert_eq!(again["seat"]["name"], "Ada", "who is in comes back to their place");
    let next = shared.call("join_class", &[("code", &code), ("name", "Bob"), ("someone_else", "true")]).await.json();
    assert_eq!(next["seat"]["name"], "Bob");
    let progress = shared.call("progress", &[("lesson", LESSON)]).await.json();
    assert_eq!(progress["current_step"], Value::Null, "Ada's work is not Bob's");
}

#[tokio::test]
async fn who_lost_their_browser_comes_back_to_their_own_work_by_the_newest_code_alone() {
    let server = TestServer::start().await;
    let mut grace = server.instructor("Grace", false).await;
    let (class, code) = class(&mut grace, "free").await;
    let mut old = server.learner().await;
    let way_back = join(&mut old, &code, "Ada").await["way_back"]["code"].as_str().unwrap().to_owned();
    old.call("visit_step", &[("lesson", LESSON), ("step", "pull-an-image")]).await;

    let mut new = server.learner().await;
    let found = new.call("find_place", &[("personal_code", &way_back)]).await.json();
    assert_eq!((&found["name"], &found["class"]), (&json!("Ada"), &json!("Docker 101")));
    assert_eq!(new.call("come_back", &[("personal_code", &way_back)]).await.status, StatusCode::OK);
    assert_eq!(new.call("progress", &[("lesson", LESSON)]).await.json()["current_step"], "pull-an-image");

    let place = board(&mut grace, &class).await["rows"][0]["id"].as_str().unwrap().to_owned();
    let newer = grace.call("teach/new_link", &[("place", &place)]).await.json()["code"].as_str().unwrap().to_owned();
    let mut third = server.learner().await;
    assert_eq!(third.call("come_back", &[("personal_code", &way_back)]).await.status, StatusCode::CONFLICT, "the old one has ended");
    assert_eq!(third.call("come_back", &[("personal_code", &newer)]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_roster_gives_each_a_link_of_their_own_and_who_comes_by_it_keeps_what_they_did_before() {
    let server = TestServer::start().await;
    let mut grace = server.instructor("Grace", false).await;
    let (class, code) = class(&mut grace, "free").await;
    join(&mut server.learner().await, &code, "Zoe").await;
    let list = [("class", class.as_str()), ("csv", "name\nAda\nzoe\n\u{7}\n")];
    let before = server.rows().await;
    let preview = grace.call("teach/look_at_roster", &list).await.json();
    assert_eq!(preview["names"], json!([[2, "Ada"]]), "{preview}");
    assert_eq!(server.rows().await, before, "a look stores nothing");
    let result = grace.call("teach/add_roster", &list).await.json();
    assert_eq!(result["left_out"], preview["left_out"], "what was shown is what is done");
    assert_eq!(result["added"].as_array().unwrap().len(), 1, "{result}");
    assert_eq!(result["left_out"].as_array().unwrap().len(), 2, "{result}");
    assert_eq!(board(&mut grace, &class).await["awaited"], 1);

    let mut ada = server.learner().await;
    ada.call("visit_step", &[("lesson", LESSON), ("step", "pull-an-image")]).await;
    let personal = result["added"][0]["code"].as_str().unwrap().to_owned();
    let came = ada.call("come_back", &[("personal_code", &personal)]).await.json();
    assert_eq!(came["seat"]["name"], "Ada", "{came}");
    assert_eq!(ada.call("progress", &[("lesson", LESSON)]).await.json()["current_step"], "pull-an-image");
    let mut events = grace.events(&format!("/api/teach/board?class={class}")).await;
    events.until("Ada on the board", |last| last.get("message").is_some_and(|board| board["whole"]["awaited"] == 0)).await;
}

#[tokio::test]
async fn notes_and_led_steps_reach_the_learners_page_and_notes_that_are_put_away_stay_away() {
    let server = TestServer::start().await;
    let mut grace = server.instructor("Grace", false).await;
    let (class, code) = class(&mut grace, "led").await;
    let (mut ada, mut bob) = (server.learner().await, server.learner().await);
    let seat = join(&mut ada, &code, "Ada").await["seat"]["id"].as_str().unwrap().to_owned();
    join(&mut bob, &code, "Bob").await;
    let (mut ada_sees, mut bob_sees) = (ada.stream(LESSON).await, bob.stream(LESSON).await);
    ada_sees.until("a seat", |last| last.contains_key("seat")).await;

    grace.call("teach/lead", &[("class", &class), ("to[lesson]", LESSON), ("to[step]", "pull-an-image")]).await;
    for sees in [&mut ada_sees, &mut bob_sees] {
        sees.until("where the class is", |last| last.get("seat").is_some_and(|seat| seat["seat"]["led"]["step"] == "pull-an-image")).await;
    }
    grace.call("teach/send_note", &[("class", &class), ("place", &seat), ("text", "Look at the port.")]).await;
    grace.call("teach/send_note", &[("class", &class), ("place", ""), ("text", "Five minutes left.")]).await;
    let texts = |seat: &Value| -> Vec<String> {
        seat["seat"]["notes"].as_array().into_iter().flatten().map(|note| note["text"].as_str().unwrap_or_default().to_owned()).collect()
    };
    ada_sees.until("both notes", |last| texts(&last["seat"]) == ["Look at the port.", "Five minutes left."]).await;
    bob_sees.until("the note to all", |last| texts(&last["seat"]) == ["Five minutes left."]).await;
    let note = ada_sees.last["seat"]["seat"]["notes"][0]["id"].as_str().unwrap().to_owned();
    ada.call("put_note_away", &[("seat", &seat), ("note", &note)]).await;
    ada_sees.until("one note", |last| texts(&last["seat"]) == ["Five minutes left."]).await;
    assert_eq!(texts(&json!({ "seat": ada.call("seats", &[]).await.json()[0] })), ["Five minutes left."]);
}

#[tokio::test]
async fn a_class_that_has_not_opened_or_is_over_takes_nobody() {
    let server = TestServer::start().await;
    let mut grace = server.instructor("Grace", false).await;
    let (class, code) = class(&mut grace, "free").await;
    let mut ada = server.learner().await;
    join(&mut ada, &code, "Ada").await;
    let change = async |grace: &mut Visitor, name: &str, value: &str| {
        let fields =
            [("class", class.as_str()), ("draft[name]", "x"), ("draft[lessons][0]", LESSON), ("draft[pace]", "free"), (name, value)];
        let changed = grace.call("teach/change_class", &fields).await;
        assert_eq!(changed.status, StatusCode::OK, "{}", changed.text);
    };
    for (name, value, word) in [("draft[opens_at]", "99999999999999", "not opened"), ("draft[closes_at]", "1", "over")] {
        change(&mut grace, name, value).await;
        let refused = server.learner().await.call("join_class", &[("code", &code), ("name", "Bob"), ("someone_else", "false")]).await;
        assert_eq!(refused.status, StatusCode::CONFLICT);
        assert!(refused.text.contains(word), "{}", refused.text);
    }
    let seat = ada.call("seats", &[]).await.json()[0].clone();
    assert_eq!(seat["state"], "closed");
    assert_eq!(ada.call("raise_hand", &[("seat", seat["id"].as_str().unwrap()), ("up", "true")]).await.status, StatusCode::CONFLICT);
    assert_eq!(board(&mut grace, &class).await["rows"][0]["name"], "Ada", "it can still be read");
}

#[tokio::test]
async fn what_is_deleted_is_counted_and_gone_and_nobody_elses_is_touched() {
    let server = TestServer::start().await;
    let mut grace = server.instructor("Grace", false).await;
    let ((first, first_code), (_, second_code)) = (class(&mut grace, "free").await, class(&mut grace, "free").await);
    let (mut ada, mut bob) = (server.learner().await, server.learner().await);
    join(&mut ada, &first_code, "Ada").await;
    join(&mut bob, &first_code, "Bob").await;
    join(&mut bob, &second_code, "Bob").await;
    for learner in [&mut ada, &mut bob] {
        learner.call("visit_step", &[("lesson", LESSON), ("step", "pull-an-image")]).await;
        learner.call("check_step", &[("lesson", LESSON), ("step", "pull-an-image")]).await;
    }
    ada.start_sandbox().await;
    grace.call("teach/send_note", &[("class", &first), ("place", ""), ("text", "Hello.")]).await;
    let mut events = grace.events(&format!("/api/teach/board?class={first}")).await;
    events.next().await.unwrap();

    let deleted = grace.call("teach/delete_class", &[("class", &first)]).await.json();
    let count = |what: &str| deleted["counts"].as_array().unwrap().iter().find(|one| one[0] == what).map(|one| one[1].as_u64().unwrap());
    assert_eq!(
        [count("classes"), count("places"), count("learners"), count("sandboxes"), count("notes")],
        [Some(1), Some(2), Some(1), Some(1), Some(1)],
        "{deleted}"
    );
    while events.next().await.is_some() {}
    assert_eq!(ada.call("progress", &[("lesson", LESSON)]).await.json()["current_step"], Value::Null);
    assert_eq!(ada.call("sandbox", &[]).await.json()["state"], "none");
    assert_eq!(bob.call("progress", &[("lesson", LESSON)]).await.json()["current_step"], "pull-an-image", "Bob is in another class");
    assert_eq!(grace.call("teach/class", &[("class", &first)]).await.status, StatusCode::NOT_FOUND);
    let left = server.rows().await;
    assert_eq!((left.get("classes"), left.get("enrolments"), left.get("notes")), (Some(&1), Some(&1), None), "{left:?}");
}

#[tokio::test]
async fn progress_is_taken_away_as_csv_json_and_statements() {
    let server = TestServer::start().await;
    let mut grace = server.instructor("Grace", false).await;
    let (class, code) = class(&mut grace, "free").await;
    let mut ada = server.learner().await;
    join(&mut ada, &code, "=Ada").await;
    ada.call("check_step", &[("lesson", LESSON), ("step", "pull-an-image")]).await;
    grace.call("teach/add_roster", &[("class", &class), ("csv", "Noor")]).await;

    let csv = grace.ask(Method::GET, &format!("/teach/classes/{class}/progress.csv"), &[], "").await;
    assert_eq!(csv.headers["content-disposition"], "attachment; filename=\"docker-101-progress.csv\"");
    let mut reader = csv::Reader::from_reader(csv.text.as_bytes());
    let lines: Vec<_> = reader.records().map(|line| line.unwrap()).collect();
    let (noors, adas): (Vec<_>, Vec<_>) = lines.iter().partition(|line| &line[0] == "Noor");
    assert!(noors.iter().all(|line| &line[6] == "never here") && noors.len() == adas.len(), "{}", csv.text);
    assert!(adas.iter().all(|line| &line[0] == "'=Ada"), "{}", csv.text);
    let pull = adas.iter().find(|line| &line[4] == "pull-an-image").unwrap();
    assert_eq!((&pull[6], &pull[10], &pull[11]), ("begun", "1", "1"), "{pull:?}");

    let json = grace.ask(Method::GET, &format!("/teach/classes/{class}/progress.json"), &[], "").await.json();
    assert_eq!((&json["class"], json["progress"].as_array().unwrap().len()), (&json!("Docker 101"), lines.len()));
    let statements = grace.ask(Method::GET, &format!("/teach/classes/{class}/xapi.json"), &[], "").await.json();
    let tried = statements.as_array().unwrap().iter().find(|one| one["verb"]["id"] == "http://adlnet.gov/expapi/verbs/attempted").unwrap();
    assert_eq!((&tried["actor"]["name"], &tried["result"]["success"]), (&json!("=Ada"), &json!(false)), "{tried}");
    let report = grace.call("teach/report", &[("class", &class), ("lesson", "")]).await.json();
    assert_eq!((&report["learners"], &report["never_here"]), (&json!(1), &json!(["Noor"])), "{report}");
}

#[tokio::test]
async fn a_name_is_text_on_every_page_that_instructors_have() {
    const NAME: &str = "</script><img src=x onerror=alert(1)>";
    let server = TestServer::start().await;
    let mut grace = server.instructor("Grace", false).await;
    let (class, code) = class(&mut grace, "free").await;
    join(&mut server.learner().await, &code, NAME).await;
    for (page, is_named) in [("", true), ("/setup", true), ("/report", true), ("/projector", false), ("/join", false)] {
        let html = grace.ask(Method::GET, &format!("/teach/classes/{class}{page}"), &[], "").await.text;
        assert!(html.contains("Docker 101"), "{page}: {html}");
        assert_eq!(html.contains("&lt;/script&gt;&lt;img src=x"), is_named, "{page}: {html}");
        assert!(!html.contains("<img src=x") && !html.contains("</script><img"), "{page}: {html}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_class_of_fifty_comes_in_at_once_and_each_has_a_place() {
    let server = TestServer::start().await;
    let mut grace = server.instructor("Grace", false).await;
    let (class, code) = class(&mut grace, "free").await;
    let comers = (0..50).map(|number| {
        let (server, code) = (&server, code.as_str());
        async move {
            let mut learner = server.learner().await;
            join(&mut learner, code, &format!("Learner {number}")).await;
            let visited = learner.call("visit_step", &[("lesson", LESSON), ("step", "pull-an-image")]).await;
            assert_eq!(visited.status, StatusCode::OK, "{}", visited.text);
        }
    });
    futures_util::future::join_all(comers).await;
    let details = grace.call("teach/class", &[("class", &class)]).await.json();
    assert_eq!(details["places"].as_array().unwrap().len(), 50);
}

#[tokio::test]
async fn who_guesses_codes_waits_and_a_right_one_is_not_told_from_a_wrong_one_then() {
    let server = TestServer::start().await;
    let mut grace = server.instructor("Grace", false).await;
    let (_, code) = class(&mut grace, "free").await;
    let mut eve = server.learner().await;
    let here = crate::web::client::Client::of([127, 0, 0, 1].into());
    let mut said = Vec::new();
    for (function, field, value) in [
        ("find_class", "code", code.as_str()),
        ("find_class", "code", "000-000"),
        ("find_place", "personal_code", "0000-0000-0000"),
        ("come_back", "personal_code", "0000-0000-0000"),
    ] {
        while server.state().pace.code(here, std::time::Instant::now()).is_ok() {}
        let refused = eve.call(function, &[(field, value)]).await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "{function}: {}", refused.text);
        assert!(refused.text.contains("Try again in"), "{function}: {}", refused.text);
        said.push(refused.text);
    }
    assert_eq!(said[0], said[1]);
}

#[tokio::test]
async fn a_note_to_a_class_that_is_over_is_refused_and_nobody_gets_it() {
    let server = TestServer::start().await;
    let mut grace = server.instructor("Grace", false).await;
    let (class, code) = class(&mut grace, "free").await;
    let mut ada = server.learner().await;
    let place = seat(&mut ada, &code, "Ada").await;
    closes_in(&mut grace, &class, -1_000).await;
    for place in ["", &place] {
        let refused = grace.call("teach/send_note", &[("class", &class), ("place", place), ("text", "Five minutes left.")]).await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "{place}: {}", refused.text);
        assert!(refused.text.contains("This class is over"), "{place}: {}", refused.text);
    }
    assert_eq!(ada.call("seats", &[]).await.json()[0]["notes"], json!([]));
}
