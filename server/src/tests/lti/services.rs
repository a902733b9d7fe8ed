//! Grades that go to a platform, and members that come from one.

use std::time::{Duration, Instant};

use axum::http::StatusCode;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};

use super::{Browser, CLIENT, LEARNER, MENTOR, TEACHER, World, location};
use crate::{classroom::Event, learner::LearnerId};

/// How long a test waits for what the background does.
const PATIENCE: Duration = Duration::from_secs(20);
const HOUR: i64 = 60 * 60 * 1000;

fn with_services(world: &World) -> impl Fn(&mut Value) {
    let url = world.platform.url.clone();
    move |claims| {
        claims["https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"] = json!({
            "scope": ["https://purl.imsglobal.org/spec/lti-ags/scope/lineitem", "https://purl.imsglobal.org/spec/lti-ags/scope/score"],
            "lineitems": format!("{url}/items"), "lineitem": format!("{url}/items/7?type_id=1"),
        });
        claims["https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"] =
            json!({ "context_memberships_url": format!("{url}/members"), "service_versions": ["2.0"] });
    }
}

/// A class with a teacher and a learner, of whom the platform takes grades.
struct Graded {
    world: World,
    teacher: Browser,
    class: String,
    learner: LearnerId,
}

impl Graded {
    async fn new() -> Self {
        let world = World::new().await;
        let (teacher, class) = world.taught().await;
        let mut ada = world.browser();
        let arrive = location(&world.launch(&mut ada, "ada", LEARNER, with_services(&world)).await);
        ada.open(&arrive).await;
        let learner: String = sqlx::query_scalar("SELECT learner FROM lti_users WHERE sub = 'ada'")
            .fetch_one(&world.server.state().needs.database.pool)
            .await
            .unwrap();
        Self { world, teacher, class, learner: LearnerId::from_stored(learner) }
    }

    fn classroom(&self) -> &crate::classroom::Classroom {
        &self.world.server.state().classroom
    }

    /// Ada passes so many of the lesson's steps in all.
    async fn passes(&self, count: usize) -> usize {
        let lesson = self.world.server.state().shelf.lesson("docker-images").unwrap();
        let steps: Vec<_> = lesson.steps.iter().filter(|step| step.is_checked()).collect();
        for step in &steps[..count] {
            sqlx::query(
                "INSERT INTO progress_steps (learner, lesson, step, first_at, passed_at, tries, hints, solution) \
                 VALUES ($1, 'docker-images', $2, 1, 2, 1, 0, 0) ON CONFLICT (learner, lesson, step) DO NOTHING",
            )
            .bind(self.learner.as_str())
            .bind(&step.id)
            .execute(&self.world.server.state().needs.database.pool)
            .await
            .unwrap();
        }
        steps.len()
    }

    /// The task in the background hears of it.
    fn news(&self) {
        self.classroom().hub().tell(Event::Learner(self.learner.clone()));
    }

    fn scores(&self) -> Vec<(i64, String)> {
        let seen = self.world.platform.seen.lock().unwrap();
        let one = |score: &super::platform::Score| {
            (score.score["scoreGiven"].as_i64().unwrap(), score.score["activityProgress"].as_str().unwrap().to_owned())
        };
        seen.scores.iter().map(one).collect()
    }

    /// Tries of the one grade that waits, and when it is due.
    async fn waiting(&self) -> Option<(i64, i64)> {
        let row: Option<(i64, i64)> = sqlx::query_as("SELECT tries, due_at FROM lti_scores")
            .fetch_optional(&self.world.server.state().needs.database.pool)
            .await
            .unwrap();
        row.filter(|(_, due_at)| *due_at > 0)
    }

    /// Until the background has tried so often, or there is nothing to be sent (`None`).
    async fn until_tried(&self, tries: Option<i64>) {
        let until = Instant::now() + PATIENCE;
        loop {
            let sent = !self.scores().is_empty();
            let waiting = self.waiting().await;
            if waiting.map(|(tries, _)| tries) == tries && (sent || tries.is_some()) {
                return;
            }
            assert!(Instant::now() < until, "still {waiting:?}");
            tokio::task::yield_now().await;
        }
    }

    fn said(&self, instead: &[StatusCode]) {
        self.world.platform.seen.lock().unwrap().instead_of_yes.extend(instead);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grade_arrives_by_itself_with_leave_that_only_lunchbox_can_get() {
    let graded = Graded::new().await;
    let total = graded.passes(1).await;
    graded.news();
    graded.until_tried(None).await;
    let (score, asked) = {
        let seen = graded.world.platform.seen.lock().unwrap();
        (seen.scores[0].clone(), seen.asked_for_tokens[0].clone())
    };
    assert_eq!((score.to.as_str(), score.leave.as_str()), ("/items/7/scores?type_id=1", "Bearer leave-1"));
    assert_eq!(score.kind, "application/vnd.ims.lis.v1.score+json");
    let mut body = score.score;
    let timestamp = body.as_object_mut().unwrap().remove("timestamp").unwrap();
    assert!(timestamp.as_str().unwrap().ends_with('Z') && timestamp.as_str().unwrap().contains('T'), "{timestamp}");
    assert_eq!(
        body,
        json!({ "userId": "ada", "scoreGiven": 1, "scoreMaximum": total, "activityProgress": "InProgress", "gradingProgress": "FullyGraded" })
    );

    assert_eq!(asked["grant_type"], "client_credentials");
    assert_eq!(asked["client_assertion_type"], "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    assert_eq!(asked["scope"], "https://purl.imsglobal.org/spec/lti-ags/scope/score");
    // As the platform looks at it, by our key set.
    let set = graded.world.browser().open("/lti/keys").await.json();
    let key = &set["keys"][0];
    let header = jsonwebtoken::decode_header(&asked["client_assertion"]).unwrap();
    assert_eq!(header.kid.as_deref(), key["kid"].as_str());
    let key = DecodingKey::from_rsa_components(key["n"].as_str().unwrap(), key["e"].as_str().unwrap()).unwrap();
    let mut rules = Validation::new(Algorithm::RS256);
    rules.set_audience(&[format!("{}/token", graded.world.platform.url)]);
    rules.set_issuer(&[CLIENT]);
    let claims = jsonwebtoken::decode::<Value>(&asked["client_assertion"], &key, &rules).unwrap().claims;
    assert_eq!(claims["sub"], CLIENT);
    assert!(
        claims["jti"].as_str().unwrap().len() > 20 && claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap() == 300,
        "{claims}"
    );

    graded.passes(total).await;
    graded.classroom().note_scores(None).await.unwrap();
    graded.classroom().send_scores(crate::clock::now() + HOUR).await.unwrap();
    assert_eq!(graded.scores().last().unwrap(), &(i64::try_from(total).unwrap(), "Completed".to_owned()));
    assert_eq!(graded.world.platform.seen.lock().unwrap().asked_for_tokens.len(), 1, "leave is kept until it ends");
    let count = graded.scores().len();
    graded.classroom().note_scores(None).await.unwrap();
    assert_eq!(graded.classroom().send_scores(crate::clock::now() + HOUR).await.unwrap(), 0, "what was told is not told again");
    assert_eq!(graded.scores().len(), count);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grade_that_does_not_arrive_is_sent_again_after_a_restart_too_and_only_the_newest() {
    let mut graded = Graded::new().await;
    graded.said(&[StatusCode::SERVICE_UNAVAILABLE, StatusCode::UNAUTHORIZED, StatusCode::SERVICE_UNAVAILABLE]);
    graded.passes(1).await;
    graded.news();
    graded.until_tried(Some(1)).await;
    let (_, due_at) = graded.waiting().await.unwrap();
    assert!(due_at > crate::clock::now() + 10_000, "not at once");
    let class = graded.teacher.call("teach/class", &[("class", &graded.class)]).await.json();
    assert_eq!(class["links"][0]["waiting"], 1, "{class}");
    assert!(class["links"][0]["problem"].as_str().unwrap().contains("503"), "{class}");
    assert!(graded.world.problem().await.contains("503"));

    assert_eq!(graded.classroom().send_scores(crate::clock::now() + HOUR).await.unwrap(), 0, "401");
    assert_eq!(graded.classroom().send_scores(crate::clock::now() + 2 * HOUR).await.unwrap(), 0, "503");
    assert_eq!(graded.world.platform.seen.lock().unwrap().asked_for_tokens.len(), 2, "leave that isn't taken any more is asked for anew");
    graded.world.server.restart().await;
    graded.world.admin = graded.world.admin.clone().at(&graded.world.server);
    assert!(graded.waiting().await.is_some(), "kept over a restart");
    graded.passes(2).await;
    graded.classroom().note_scores(None).await.unwrap();
    let rows = graded.world.server.rows().await;
    assert_eq!(rows["lti_scores"], 1, "one a learner a link");
    graded.until_sent(2).await;
    let seen = graded.scores();
    assert_eq!(seen.iter().map(|(given, _)| *given).collect::<Vec<_>>()[..3], [1, 1, 1]);
    assert!(seen[3..].iter().all(|(given, _)| *given == 2), "only the newest: {seen:?}");
    assert!(graded.waiting().await.is_none());
}

impl Graded {
    /// Until that grade has arrived, by the background or by this.
    async fn until_sent(&self, given: i64) {
        let until = Instant::now() + PATIENCE;
        while self.waiting().await.is_some() || self.scores().last().is_none_or(|(last, _)| *last != given) {
            self.classroom().send_scores(crate::clock::now() + HOUR).await.unwrap();
            assert!(Instant::now() < until, "{:?}", self.scores());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_that_gives_no_leave_gets_no_grade_and_its_admin_is_told_why() {
    let mut graded = Graded::new().await;
    graded.world.platform.seen.lock().unwrap().instead_of_tokens.push_back(StatusCode::BAD_REQUEST);
    graded.passes(1).await;
    graded.news();
    graded.until_tried(Some(1)).await;
    assert_eq!(graded.scores(), []);
    let problem = graded.world.problem().await;
    assert!(problem.contains("gives Lunchbox no leave (400") && !problem.contains("eyJ"), "{problem}");
    assert_eq!(graded.classroom().send_scores(crate::clock::now() + HOUR).await.unwrap(), 1);
    assert_eq!(graded.scores().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_on_a_server_that_no_admin_entered_is_never_asked() {
    let mut world = World::new().await;
    world.taught().await;
    let elsewhere = super::Platform::start().await;
    let mut ada = world.browser();
    let url = elsewhere.url.clone();
    let answer = world
        .launch(&mut ada, "ada", LEARNER, |claims| {
            with_services(&world)(claims);
            claims["https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"]["lineitem"] = json!(format!("{url}/items/7"));
        })
        .await;
    ada.open(&location(&answer)).await;
    let stored: String =
        sqlx::query_scalar("SELECT grades_url FROM lti_links").fetch_one(&world.server.state().needs.database.pool).await.unwrap();
    assert_eq!(stored, "");
    assert!(world.problem().await.contains(&elsewhere.url), "{}", world.problem().await);
}

impl Graded {
    fn pool(&self) -> &sqlx::AnyPool {
        &self.world.server.state().needs.database.pool
    }

    /// A grade of Ada's link that nobody has sent, due later than the background looks.
    async fn another_waits(&self, sub: &str, tries: i64) {
        sqlx::query(
            "INSERT INTO lti_scores (link, platform, sub, given, total, due_at, tries, problem) \
             SELECT id, platform, $1, 1, 2, CAST($2 AS BIGINT), CAST($3 AS BIGINT), '' FROM lti_links WHERE grades_url <> ''",
        )
        .bind(sub)
        .bind(crate::clock::now() + HOUR / 2)
        .bind(tries)
        .execute(self.pool())
        .await
        .unwrap();
    }

    async fn count(&self, which: &str) -> i64 {
        sqlx::query_scalar(&format!("SELECT COUNT(*) FROM lti_scores WHERE {which}")).fetch_one(self.pool()).await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_that_takes_nothing_is_asked_once_and_all_its_grades_wait() {
    let graded = Graded::new().await;
    for (sub, tries) in [("bob", 0), ("eve", 3), ("last", 20)] {
        graded.another_waits(sub, tries).await;
    }
    graded.said(&[StatusCode::SERVICE_UNAVAILABLE]);
    let began = crate::clock::now();
    assert_eq!(graded.classroom().send_scores(began + HOUR).await.unwrap(), 0);
    assert_eq!(graded.scores().len(), 1);
    assert_eq!(graded.count("tries = 1 AND sub = 'bob'").await, 1);
    assert_eq!(graded.count("tries = 4 AND sub = 'eve'").await, 1);
    assert_eq!(graded.count("tries = 21 AND due_at = 0 AND sub = 'last'").await, 1);
    let soon = format!("due_at > {began} AND due_at < {}", began + HOUR / 4);
    assert_eq!(graded.count(&soon).await, 2, "the next try is reckoned from now");
    assert_eq!(graded.count("problem LIKE '%503%'").await, 3);

    // What is wrong with one grade is not wrong with the others.
    graded.said(&[StatusCode::NOT_FOUND]);
    assert_eq!(graded.classroom().send_scores(began + HOUR).await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_that_does_not_answer_keeps_no_other_waiting() {
    let graded = Graded::new().await;
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    sqlx::query(
        "INSERT INTO lti_platforms (id, name, issuer, client_id, authorize_url, token_url, keys_url, services_url, problem, problem_at, made_at) \
         VALUES ('silent', 'Silent', $1, 'c', $1, $1, $1, '', '', 0, 1)",
    )
    .bind(&url)
    .execute(graded.pool())
    .await
    .unwrap();
    sqlx::query(
        "INSERT INTO lti_links (id, platform, deployment, context, resource, course, title, class, grades_url, members_url, made_at) \
         VALUES ('quiet', 'silent', '1', 'c', 'r', '', '', '', $1, '', 1)",
    )
    .bind(&url)
    .execute(graded.pool())
    .await
    .unwrap();
    sqlx::query("INSERT INTO lti_scores (link, platform, sub, given, total, due_at, tries, problem) VALUES ('quiet', 'silent', 'x', 1, 2, 1, 0, '')")
        .execute(graded.pool())
        .await
        .unwrap();
    graded.news();
    let _held = tokio::time::timeout(PATIENCE, silent.accept()).await.unwrap().unwrap();
    graded.passes(1).await;
    graded.news();
    let until = Instant::now() + PATIENCE;
    while graded.scores().is_empty() {
        assert!(Instant::now() < until);
        tokio::task::yield_now().await;
    }
    assert_eq!(graded.count("link = 'quiet' AND tries = 0").await, 1, "which is still asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grade_that_was_given_up_is_sent_again_after_a_launch_of_its_link_and_when_the_platform_is_kept() {
    let mut graded = Graded::new().await;
    let given_up = "due_at = 0 AND problem <> ''";
    graded.another_waits("bob", 21).await;
    for by_launch in [true, false] {
        sqlx::query("UPDATE lti_scores SET due_at = 0, tries = 21, problem = 'gone'").execute(graded.pool()).await.unwrap();
        if by_launch {
            graded.world.launch(&mut graded.world.browser(), "ada", LEARNER, with_services(&graded.world)).await;
        } else {
            let id: String = sqlx::query_scalar("SELECT id FROM lti_platforms").fetch_one(graded.pool()).await.unwrap();
            let url = graded.world.platform.url.clone();
            let kept = graded.world.keep(&url, &[("draft[id]", &id)]).await;
            assert_eq!(kept.status, StatusCode::OK, "{}", kept.text);
        }
        assert_eq!(graded.count(given_up).await, 0, "by launch: {by_launch}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_entered_any_more_is_sent_no_grade() {
    let mut graded = Graded::new().await;
    let elsewhere = super::Platform::start().await;
    sqlx::query("UPDATE lti_links SET grades_url = $1 WHERE grades_url <> ''")
        .bind(format!("{}/items/7", elsewhere.url))
        .execute(graded.pool())
        .await
        .unwrap();
    graded.another_waits("bob", 0).await;
    assert_eq!(graded.classroom().send_scores(crate::clock::now() + HOUR).await.unwrap(), 0);
    assert!(elsewhere.seen.lock().unwrap().scores.is_empty());
    assert!(graded.world.problem().await.contains(&elsewhere.url));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_passed_all_but_a_lesson_that_is_not_on_the_shelf_has_not_completed() {
    let graded = Graded::new().await;
    sqlx::query("INSERT INTO class_lessons (class, lesson, position) VALUES ($1, 'not-there', 7)")
        .bind(&graded.class)
        .execute(graded.pool())
        .await
        .unwrap();
    graded.passes(graded.passes(0).await).await;
    graded.classroom().note_scores(None).await.unwrap();
    assert_eq!(graded.count("1 = 1").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_filled_from_the_course_and_nobody_is_removed() {
    let world = World::new().await;
    let (mut teacher, class) = world.taught().await;
    let arrive = location(&world.launch(&mut teacher, "teacher", TEACHER, with_services(&world)).await);
    teacher.open(&arrive).await;
    teacher.call("teach/add_roster", &[("class", &class), ("csv", "Ada Lovelace\nGrace Hopper")]).await;
    let member = |id: &str, name: &str, role: &str, status: &str| json!({ "user_id": id, "name": name, "roles": [role], "status": status });
    world.platform.seen.lock().unwrap().members = vec![
        json!([
            member("ada", "Ada Lovelace", LEARNER, "Active"),
            member("teacher", "T", TEACHER, "Active"),
            member("parent", "A Parent", MENTOR, "Active"),
            member("gone", "Gone", LEARNER, "Inactive")
        ]),
        json!([{ "user_id": "bob", "given_name": "Bob", "family_name": "Builder", "roles": ["Learner"] }]),
    ];
    let link = teacher.call("teach/class", &[("class", &class)]).await.json()["links"][0]["id"].as_str().unwrap().to_owned();
    let filled = teacher.call("teach/fill_from_platform", &[("link", &link)]).await;
    assert_eq!(filled.json(), json!({ "learners": 2, "added": 2, "renamed": 0, "left_out": 0, "most": 500 }), "{}", filled.text);
    async fn names(teacher: &mut Browser, class: &str) -> Vec<(String, bool)> {
        let class = teacher.call("teach/class", &[("class", class)]).await.json();
        let one = |place: &Value| (place["name"].as_str().unwrap().to_owned(), place["joined_at"].is_i64());
        class["places"].as_array().unwrap().iter().map(one).collect()
    }
    let places = |all: &[(&str, bool)]| all.iter().map(|(name, here)| ((*name).to_owned(), *here)).collect::<Vec<_>>();
    let now = names(&mut teacher, &class).await;
    assert_eq!(now, places(&[("Ada Lovelace", false), ("Ada Lovelace (2)", false), ("Bob Builder", false), ("Grace Hopper", false)]));

    // Who comes takes the place that is theirs.
    let mut ada = world.browser();
    world.come(&mut ada, "ada", LEARNER).await;
    assert!(names(&mut teacher, &class).await.contains(&("Ada Lovelace (2)".to_owned(), true)));

    let arrive = location(&world.launch(&mut teacher, "teacher", TEACHER, with_services(&world)).await);
    teacher.open(&arrive).await;
    world.platform.seen.lock().unwrap().members = vec![json!([member("ada", "Ada King", LEARNER, "Active")])];
    let again = teacher.call("teach/fill_from_platform", &[("link", &link)]).await.json();
    assert_eq!(again, json!({ "learners": 1, "added": 0, "renamed": 1, "left_out": 0, "most": 500 }));
    let now = names(&mut teacher, &class).await;
    assert_eq!(
        now,
        places(&[("Ada King", true), ("Ada Lovelace", false), ("Bob Builder", false), ("Grace Hopper", false)]),
        "nobody is removed"
    );

    world.platform.seen.lock().unwrap().members_elsewhere = Some("https://evil.example/members".to_owned());
    let elsewhere = teacher.call("teach/fill_from_platform", &[("link", &link)]).await;
    assert!(elsewhere.status == StatusCode::CONFLICT && elsewhere.text.contains("no admin has entered"), "{}", elsewhere.text);

    let unlinked = teacher.call("teach/unlink", &[("link", &link)]).await.json();
    assert_eq!(unlinked["links"], json!([]));
    let (early, _) = world.come(&mut world.browser(), "ada", LEARNER).await;
    assert!(early.text.contains("hasn’t opened"), "{}", early.text);
}
