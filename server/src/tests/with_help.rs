//! What an instructor does in a learner's terminal is nowhere shown as the learner's own.

use axum::http::{Method, StatusCode};
use serde_json::Value;

use super::{
    classes::{class, seat},
    helping::{enter, until},
    leaving::{helps, terminal},
    support::{Stream, TestServer, docker},
};

const LESSON: &str = "docker-images";
const STEP: &str = "pull-an-image";

async fn line(watch: &mut Stream, text: &str, helped: bool) {
    let is_so = |line: &Value| line["text"] == text && line["helped"].as_bool().unwrap_or(false) == helped;
    watch.until(text, |last| last.get("timeline").is_some_and(is_so)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_while_an_instructor_types_is_marked_wherever_it_is_shown() {
    let server = TestServer::start().await;
    let mut grace = server.instructor("Grace", false).await;
    let (class, code) = class(&mut grace, "free").await;
    let mut ada = server.learner().await;
    let place = seat(&mut ada, &code, "Ada").await;
    let sandbox = ada.start_sandbox().await;
    let mut page = ada.stream(LESSON).await;
    let _mine = terminal(&ada).await;
    let mut watch = grace.events(&format!("/api/teach/watch?place={place}")).await;
    docker(&server, &sandbox, &["pull", "-q", "busybox"]).await;
    line(&mut watch, "docker pull busybox:latest", false).await;

    let mut view = helps(&mut grace, "Grace", &place, &mut ada, &mut page, &place).await;
    enter(&mut view, "docker pull -q nginx").await;
    line(&mut watch, "docker pull nginx:latest", true).await;
    let is_passed = |last: &Value, step: &str| last["progress"]["steps"][step]["passed_at"].is_i64();
    page.until("the step that it passes", |last| last.get("progress").is_some_and(|last| is_passed(last, STEP))).await;

    ada.call("allow_assist", &[("seat", &place), ("who", "Grace"), ("allow", "false")]).await;
    until(&mut view, r#"{"assist":"none"}"#).await;
    docker(&server, &sandbox, &["images"]).await;
    page.until("the step that she passes", |last| last.get("progress").is_some_and(|last| is_passed(last, "list-images"))).await;
    docker(&server, &sandbox, &["pull", "-q", "alpine"]).await;
    line(&mut watch, "docker pull alpine:latest", false).await;

    let timeline = grace.call("teach/timeline", &[("place", &place), ("before", "0")]).await.json();
    let helped = |text: &str| {
        let entry = timeline["entries"].as_array().unwrap().iter().find(|entry| entry["text"] == text);
        entry.unwrap_or_else(|| panic!("no {text} in {timeline}"))["helped"].as_bool().unwrap_or(false)
    };
    let all = ["docker pull busybox:latest", "docker pull nginx:latest", "docker pull alpine:latest"].map(helped);
    assert_eq!(all, [false, true, false]);

    let mut board = grace.events(&format!("/api/teach/board?class={class}&lesson={LESSON}")).await;
    let shown = board.next().await.expect("the board comes whole first");
    let cell = |step: &str| {
        let index = shown["whole"]["steps"].as_array().unwrap().iter().position(|at| at["id"] == step).unwrap();
        let cell = &shown["whole"]["rows"][0]["cells"][index];
        (cell["s"] == "p", cell["f"].as_bool().unwrap_or(false))
    };
    assert_eq!((cell(STEP), cell("list-images")), ((true, true), (true, false)), "{shown}");

    let report = grace.call("teach/report", &[("class", &class), ("lesson", LESSON)]).await.json();
    let ada_alone = &report["people"][0];
    assert_eq!((ada_alone["passed"].as_u64(), ada_alone["helped"].as_u64()), (Some(2), Some(1)), "{ada_alone}");
    let mut file = async |name: &str| {
        let answer = grace.ask(Method::GET, &format!("/teach/classes/{class}/{name}"), &[], "").await;
        assert_eq!(answer.status, StatusCode::OK, "{name}");
        answer
    };
    let lines = file("progress.json").await.json();
    let with_help =
        |step: &str| lines["progress"].as_array().unwrap().iter().find(|line| line["step"] == step).unwrap()["with_help"].clone();
    assert_eq!((with_help(STEP), with_help("list-images")), (1.into(), 0.into()));
    let csv = file("progress.csv").await.text;
    let column = csv.lines().next().unwrap().split(',').position(|name| name == "with_help").unwrap();
    let of_step = csv.lines().find(|line| line.contains(STEP)).unwrap();
    assert_eq!(of_step.split(',').nth(column), Some("1"), "{of_step}");
    let statements = file("xapi.json").await.json();
    let marked = |step: &str| {
        let is_of = |statement: &&Value| {
            statement["verb"]["display"]["en"] == "passed" && statement["object"]["id"].as_str().is_some_and(|id| id.ends_with(step))
        };
        let statement = statements.as_array().unwrap().iter().find(is_of).unwrap_or_else(|| panic!("no {step} in {statements}"));
        statement["context"]["extensions"].as_object().is_some_and(|all| all.keys().any(|key| key.ends_with("/xapi/with-help")))
    };
    assert_eq!((marked(STEP), marked("list-images")), (true, false));

    let pool = &server.state().needs.database.pool;
    let known = async || sqlx::query_scalar::<_, i64>("SELECT COUNT(*) FROM assists").fetch_one(pool).await.unwrap();
    assert_eq!(known().await, 1);
    assert_eq!(grace.call("teach/delete_class", &[("class", &class)]).await.status, StatusCode::OK);
    assert_eq!(known().await, 0, "it goes with the learner");
}

#[tokio::test(flavor = "multi_thread")]
async fn help_that_a_killed_server_saw_begin_has_ended_when_the_next_one_serves() {
    let mut server = TestServer::start().await;
    let pool = server.state().needs.database.pool.clone();
    sqlx::query("INSERT INTO assists (id, learner, began_at) VALUES ('a', 'ada', 5)").execute(&pool).await.unwrap();
    server.restart().await;
    let pool = &server.state().needs.database.pool;
    let lasting: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM assists WHERE ended_at = 0").fetch_one(pool).await.unwrap();
    assert_eq!(lasting, 0);
}
