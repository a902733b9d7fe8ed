//! The class: an instructor at the board, and learners who do what learners do.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use http_body_util::BodyExt as _;
use serde_json::Value;
use tokio::task::JoinSet;

use crate::{Arguments, board::Board, process::Server, visitor::Visitor};

const LESSON: &str = "docker-images";
/// What is typed, one after the other: pulls, runs, mistakes.
const LINES: [&str; 8] = [
    "docker pull alpine",
    "docker images",
    "docker pull ngnix",
    "docker run --rm alpine true",
    "docker ps -a",
    "docker run -d --name web nginx",
    "docker logs web",
    "docker rm -f web",
];
/// Between two lines of one terminal.
const TYPE_EVERY: Duration = Duration::from_secs(8);
/// Between two looks at the server.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What was measured.
pub(crate) struct Measured {
    /// Sorted.
    pub(crate) latencies: Vec<Duration>,
    pub(crate) missing: usize,
    pub(crate) done: usize,
    pub(crate) failed: usize,
    pub(crate) board_bytes_per_second: f64,
    pub(crate) busiest_second: usize,
    pub(crate) server_bytes: u64,
    pub(crate) server_cores: f64,
}

#[derive(Default)]
struct Counts {
    done: AtomicUsize,
    failed: AtomicUsize,
    missing: AtomicUsize,
}

pub(crate) async fn run(arguments: &Arguments, server: &Server) -> Result<Measured, String> {
    let mut instructor = Visitor::arrive(&server.url).await?;
    let fields = [("token", server.first_link.as_str()), ("name", "Grace"), ("password", "measured from outside")];
    instructor.call("teach/accept_invitation", &fields).await?;
    let draft = [("draft[name]", "A hundred"), ("draft[lessons][0]", LESSON), ("draft[pace]", "free")];
    let class = word(&instructor.call("teach/make_class", &draft).await?);
    let details = instructor.call("teach/class", &[("class", &class)]).await?;
    let code = word(&details["way_in"]["code"]);
    let steps: Vec<(String, bool)> = details["lessons"][0]["steps"]
        .as_array()
        .ok_or("the lesson has no steps")?
        .iter()
        .map(|step| (word(&step["id"]), step["is_checked"] == true))
        .collect();
    let board = Board::read(instructor.stream(&format!("/api/teach/board?class={class}")).await?);

    let (counts, steps) = (Arc::new(Counts::default()), Arc::new(steps));
    let end = Instant::now() + Duration::from_secs_f64(arguments.minutes * 60.0);
    let mut learners = JoinSet::new();
    let began = Instant::now();
    let cpu = server.cpu_seconds();
    for number in 0..arguments.learners {
        let learner = Learner {
            number,
            has_sandbox: number < arguments.sandboxes,
            every: arguments.every,
            board: board.clone(),
            counts: Arc::clone(&counts),
            steps: Arc::clone(&steps),
        };
        let (url, code) = (server.url.clone(), code.clone());
        learners.spawn(async move { learner.work(&url, &code, end).await });
    }
    let mut server_bytes = 0;
    let mut latencies = Vec::new();
    loop {
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => server_bytes = server_bytes.max(server.memory_bytes()),
            learner = learners.join_next() => match learner {
                Some(seen) => latencies.extend(seen.map_err(|e| e.to_string())??),
                None => break,
            },
        }
    }
    latencies.sort_unstable();
    let (board_bytes_per_second, busiest_second) = board.cost(began);
    Ok(Measured {
        latencies,
        missing: counts.missing.load(Ordering::Relaxed),
        done: counts.done.load(Ordering::Relaxed),
        failed: counts.failed.load(Ordering::Relaxed),
        board_bytes_per_second,
        busiest_second,
        server_bytes,
        server_cores: (server.cpu_seconds() - cpu) / began.elapsed().as_secs_f64(),
    })
}

struct Learner {
    number: usize,
    has_sandbox: bool,
    /// Seconds.
    every: f64,
    board: Board,
    counts: Arc<Counts>,
    steps: Arc<Vec<(String, bool)>>,
}

impl Learner {
    /// Comes, joins and works until then. How long each thing took to be seen on the board.
    async fn work(self, url: &str, code: &str, end: Instant) -> Result<Vec<Duration>, String> {
        // A class comes in within half a minute.
        tokio::time::sleep(Duration::from_millis(300 * self.number as u64 % 30_000)).await;
        let mut visitor = Visitor::arrive(url).await?;
        let name = format!("Learner {:03}", self.number);
        visitor.page(&format!("/join/{code}")).await?;
        let joined = visitor.call("join_class", &[("code", code), ("name", &name), ("someone_else", "false")]).await?;
        let place = word(&joined["seat"]["id"]);
        visitor.page(&format!("/lessons/{LESSON}/{}", self.steps[0].0)).await?;
        let mut page = visitor.stream(&format!("/api/stream?lesson={LESSON}")).await?;
        let reading = tokio::spawn(async move { while let Some(Ok(_)) = page.frame().await {} });
        let typing = if self.has_sandbox {
            visitor.call("start_sandbox", &[]).await?;
            let visitor = visitor.clone();
            Some(tokio::spawn(async move { visitor.type_for_ever(&LINES, TYPE_EVERY).await }))
        } else {
            None
        };
        let mut latencies = Vec::new();
        let mut at = 0;
        let mut chance = Chance(self.number as u64 + 1);
        while Instant::now() < end {
            tokio::time::sleep(Duration::from_secs_f64(self.every * (0.5 + chance.share()))).await;
            let began = Instant::now();
            let seen = match chance.share() {
                share if share < 0.35 => {
                    at = (at + 1) % self.steps.len();
                    let step = self.steps[at].0.clone();
                    let asked = visitor.call("visit_step", &[("lesson", LESSON), ("step", &step)]).await;
                    self.seen(asked, &place, |row| row["step"] == at).await
                }
                share if share < 0.7 => {
                    let tries = tries(&self.board.row(&place));
                    let step = self.steps[at].0.clone();
                    let asked = visitor.call("check_step", &[("lesson", LESSON), ("step", &step)]).await;
                    self.seen(asked, &place, |row| self::tries(row) > tries).await
                }
                share => {
                    let up = share < 0.85;
                    let asked = visitor.call("raise_hand", &[("seat", &place), ("up", if up { "true" } else { "false" })]).await;
                    self.seen(asked, &place, |row| (row["hand_at"].as_i64().unwrap_or(0) > 0) == up).await
                }
            };
            latencies.extend(seen.map(|at| at.duration_since(began)));
        }
        reading.abort();
        if let Some(typing) = typing {
            if typing.is_finished() {
                eprintln!("{name}'s terminal ended: {:?}", typing.await);
                self.counts.failed.fetch_add(1, Ordering::Relaxed);
            } else {
                typing.abort();
            }
        }
        Ok(latencies)
    }

    async fn seen(&self, asked: Result<Value, String>, place: &str, is_so: impl Fn(&Value) -> bool) -> Option<Instant> {
        self.counts.done.fetch_add(1, Ordering::Relaxed);
        if let Err(error) = asked {
            eprintln!("{error}");
            self.counts.failed.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        let seen = self.board.until(place, is_so).await;
        if seen.is_none() {
            self.counts.missing.fetch_add(1, Ordering::Relaxed);
        }
        seen
    }
}

/// Of all steps together.
fn tries(row: &Value) -> i64 {
    row["cells"].as_array().into_iter().flatten().filter_map(|cell| cell["t"].as_i64()).sum()
}

fn word(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The same in each run: a linear congruential generator (Knuth's MMIX).
struct Chance(u64);

impl Chance {
    /// From 0 to 1.
    fn share(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
}
