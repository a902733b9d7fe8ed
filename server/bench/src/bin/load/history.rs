//! `--history`: ten thousand learners' history in the database, written there beside a server that is off,
//! and how long board, report and exports of one of its classes take after that.

use std::time::{Duration, Instant};

use sqlx::{AnyPool, Executor as _, any::AnyPoolOptions};

use crate::{process::Server, visitor::Visitor};

const LESSON: &str = "docker-images";
const CLASSES: usize = 99;
const LEARNERS: usize = 100;
/// The largest class there can be is among them.
const LARGEST: usize = 500;
/// Each question is asked so often.
const TIMES: usize = 15;
/// What the classroom promises.
pub(crate) const GOAL: Duration = Duration::from_millis(300);

/// What was asked, of how many learners, and how long it took each time, sorted.
pub(crate) struct Asked {
    pub(crate) what: &'static str,
    pub(crate) learners: usize,
    pub(crate) took: Vec<Duration>,
}

pub(crate) async fn run(server: &mut Server) -> Result<(Vec<Asked>, String), String> {
    let mut instructor = Visitor::arrive(&server.url).await?;
    let fields = [("token", server.first_link.as_str()), ("name", "Grace"), ("password", "measured from outside")];
    instructor.call("teach/accept_invitation", &fields).await?;
    let draft = [("draft[name]", "Seed"), ("draft[lessons][0]", LESSON), ("draft[pace]", "free")];
    let seed = instructor.call("teach/make_class", &draft).await?;
    let details = instructor.call("teach/class", &[("class", seed.as_str().unwrap_or_default())]).await?;
    let steps: Vec<String> = details["lessons"][0]["steps"]
        .as_array()
        .ok_or("the lesson has no steps")?
        .iter()
        .map(|step| step["id"].as_str().unwrap_or_default().to_owned())
        .collect();

    server.stop()?;
    let pool = open(&server.database()).await?;
    let filled = fill(&pool, &steps).await?;
    pool.close().await;
    server.start_again().await?;

    let mut asked = Vec::new();
    for (class, learners) in [("class1", LEARNERS), ("class0", LARGEST)] {
        for (what, function, path) in [
            ("board", Some("teach/board"), String::new()),
            ("report", Some("teach/report"), String::new()),
            ("progress.csv", None, format!("/teach/classes/{class}/progress.csv")),
            ("progress.json", None, format!("/teach/classes/{class}/progress.json")),
            ("xapi.json", None, format!("/teach/classes/{class}/xapi.json")),
        ] {
            let mut took = Vec::new();
            for _ in 0..TIMES {
                let began = Instant::now();
                match function {
                    Some(function) => drop(instructor.call(function, &[("class", class), ("lesson", "")]).await?),
                    None => instructor.page(&path).await?,
                }
                took.push(began.elapsed());
            }
            took.sort_unstable();
            asked.push(Asked { what, learners, took });
        }
    }
    let mut took = Vec::new();
    for _ in 0..TIMES {
        let began = Instant::now();
        instructor.call("teach/classes", &[]).await?;
        took.push(began.elapsed());
    }
    took.sort_unstable();
    asked.push(Asked { what: "the list of all classes", learners: CLASSES * LEARNERS + LARGEST, took });
    Ok((asked, filled))
}

async fn open(database: &str) -> Result<AnyPool, String> {
    sqlx::any::install_default_drivers();
    AnyPoolOptions::new().max_connections(1).connect(database).await.map_err(|e| e.to_string())
}

/// Says what was written.
async fn fill(pool: &AnyPool, steps: &[String]) -> Result<String, String> {
    let owner: String = sqlx::query_scalar("SELECT id FROM instructors").fetch_one(pool).await.map_err(|e| e.to_string())?;
    let began = 1_750_000_000_000_i64;
    let (mut learners, mut events) = (0, 0);
    for class in 0..=CLASSES {
        let mut rows = Rows::default();
        let id = format!("class{class}");
        rows.add("classes", format!("'{id}', 'Class {class}', '{owner}', 'Z{class:05}', 'free', '', '', 0, 0, {}", began + class as i64));
        rows.add("class_lessons", format!("'{id}', '{LESSON}', 0"));
        for number in 0..if class == 0 { LARGEST } else { LEARNERS } {
            let learner = format!("{class:08x}{number:024x}");
            learners += 1;
            rows.add("learners", format!("'{learner}', {began}"));
            rows.add(
                "enrolments",
                format!("'place{class}x{number}', '{id}', 'Learner {number}', 'learner {number}', '{learner}', NULL, {began}, {began}, 0"),
            );
            rows.add("progress_lessons", format!("'{learner}', '{LESSON}', '{}', {began}", steps[number % steps.len()]));
            for (index, step) in steps.iter().enumerate().take(1 + number % steps.len()) {
                let at = began + (index as i64) * 300_000 + number as i64;
                rows.add("progress_steps", format!("'{learner}', '{LESSON}', '{step}', {at}, {}, 3, 1, 0", at + 120_000));
                rows.add("progress_checks", format!("'{learner}', '{LESSON}', '{step}', 'check', 1, 0, {at}, 'It is so.'"));
                for (turn, (kind, detail)) in [
                    ("visited", ""),
                    ("tried", "No container from nginx is running."),
                    ("tried", "The container publishes 80 on 8081, and 8080 was asked for."),
                    ("hint", ""),
                    ("tried", ""),
                    ("passed", ""),
                ]
                .into_iter()
                .enumerate()
                {
                    events += 1;
                    let at = at + turn as i64 * 1000;
                    rows.add(
                        "progress_events",
                        format!("'{at:012x}{events:016x}', '{learner}', '{LESSON}', '{step}', {at}, '{kind}', '{detail}'"),
                    );
                }
            }
        }
        rows.write(pool).await?;
    }
    Ok(format!("{learners} learners in {} classes, {events} events", CLASSES + 1))
}

/// Rows to be written together.
#[derive(Default)]
struct Rows(std::collections::BTreeMap<&'static str, Vec<String>>);

impl Rows {
    fn add(&mut self, table: &'static str, values: String) {
        self.0.entry(table).or_default().push(format!("({values})"));
    }

    async fn write(self, pool: &AnyPool) -> Result<(), String> {
        let mut transaction = pool.begin().await.map_err(|e| e.to_string())?;
        for (table, rows) in self.0 {
            for some in rows.chunks(500) {
                transaction
                    .execute(sqlx::query(&format!("INSERT INTO {table} VALUES {}", some.join(", "))))
                    .await
                    .map_err(|e| format!("{table}: {e}"))?;
            }
        }
        transaction.commit().await.map_err(|e| e.to_string())
    }
}
