//! One class: everybody joins in the same moment, gets to a prompt, pulls, and leaves.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use futures_util::future::{BoxFuture, join_all};
use tokio::sync::Mutex;

use crate::{
    learner::Learner,
    machine::Machine,
    serving::{Serving, Wanted},
};

/// How long one learner may take before the run is given up.
const LEARNER_LIMIT: Duration = Duration::from_secs(600);

/// What a way of hosting a class must be able to do.
pub(crate) trait Host: Sync {
    /// Whatever must be so before the clock starts: the image is not on the host yet, seats are made.
    /// What this costs in memory and disk is the class's.
    fn prepare(&self, learners: usize) -> BoxFuture<'_, Result<(), String>>;
    /// One learner: to the first prompt, to a `docker` that answers, to the image pulled that nobody had.
    fn learn(&self, number: usize) -> BoxFuture<'_, Result<Times, String>>;
    /// The same learner, when all the others are as far: a course's image of the same size, from Enter
    /// to the pull's last line. Set-up has put it where a class's host can have it beforehand.
    fn pull_course_image(&self, number: usize) -> BoxFuture<'_, Result<Duration, String>>;
    /// Ends all that `learn` left running.
    fn clean(&self, learners: usize) -> BoxFuture<'_, Result<(), String>>;
}

/// Since the learner pressed Start.
pub(crate) struct Times {
    pub(crate) prompt: Duration,
    /// The first answer of `docker version`.
    pub(crate) docker: Duration,
    /// The pull of an image that nobody had, alone, from Enter to its last line.
    pub(crate) pull: Duration,
    /// The pull of a course's image.
    pub(crate) course_pull: Duration,
}

pub(crate) struct Row {
    pub(crate) host: &'static str,
    pub(crate) learners: usize,
    pub(crate) times: Vec<Times>,
    pub(crate) memory_bytes: i64,
    pub(crate) disk_bytes: i64,
}

pub(crate) async fn measure(host: &'static str, learners: usize, class: &dyn Host) -> Result<Row, String> {
    class.clean(learners).await?;
    let before = Machine::read().await?;
    class.prepare(learners).await?;
    let times = everybody(learners, class).await;
    let after = Machine::read().await;
    let cleaned = class.clean(learners).await;
    let times = times?;
    let after = after?;
    cleaned?;
    Ok(Row {
        host,
        learners,
        times,
        memory_bytes: after.memory_bytes - before.memory_bytes,
        disk_bytes: after.disk_bytes - before.disk_bytes,
    })
}

/// All join in one moment, and in another, when the last is done, all pull the course's image.
async fn everybody(learners: usize, class: &dyn Host) -> Result<Vec<Times>, String> {
    let joined = join_all((0..learners).map(|number| in_time(number, class.learn(number)))).await;
    let mut times = joined.into_iter().collect::<Result<Vec<_>, _>>()?;
    let pulled = join_all((0..learners).map(|number| in_time(number, class.pull_course_image(number)))).await;
    for (times, pull) in times.iter_mut().zip(pulled) {
        times.course_pull = pull?;
    }
    Ok(times)
}

async fn in_time<T>(number: usize, work: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    tokio::time::timeout(LEARNER_LIMIT, work)
        .await
        .unwrap_or_else(|_| Err(format!("learner {number} was not done after {LEARNER_LIMIT:?}")))
}

/// The class on Lunchbox, through its web interface.
pub(crate) struct Lunchbox {
    wanted: Wanted,
    image: String,
    course_image: String,
    serving: Mutex<Option<Serving>>,
    here: Mutex<HashMap<usize, Learner>>,
}

impl Lunchbox {
    pub(crate) fn new(wanted: Wanted, image: &str, course_image: &str) -> Self {
        Self { wanted, image: image.to_owned(), course_image: course_image.to_owned(), serving: Mutex::new(None), here: Mutex::default() }
    }
}

/// Types the pull and waits for its last line; how long that took.
async fn pull(learner: &mut Learner, image: &str) -> Result<Duration, String> {
    let pulling = Instant::now();
    learner.type_line(&format!("docker pull {image}")).await?;
    learner.wait_for("Status: Downloaded newer image", "Status: Image is up to date").await?;
    Ok(pulling.elapsed())
}

impl Host for Lunchbox {
    fn prepare(&self, learners: usize) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async move {
            // The engine must not have the image yet: one of the class really fetches it.
            let reference = |image: &str| format!("{}/library/{image}:latest", self.wanted.registry);
            crate::machine::docker(&["image", "rm", "--force", &reference(&self.image)]).await.ok();
            // A course's images are on the engine since set-up.
            crate::machine::docker(&["pull", "--quiet", &reference(&self.course_image)]).await?;
            *self.serving.lock().await = Some(Serving::start(&self.wanted, learners).await?);
            Ok(())
        })
    }

    fn learn(&self, number: usize) -> BoxFuture<'_, Result<Times, String>> {
        Box::pin(async move {
            let mut learner = Learner::arrive(&self.wanted.url()).await.map_err(|e| format!("learner {number}: {e}"))?;
            let start = Instant::now();
            learner.press_start().await?;
            learner.open_terminal().await?;
            learner.wait_for("$ ", "# ").await?;
            let prompt = start.elapsed();
            learner.type_line("docker version --format 'answer={{.Server.Os}}'").await?;
            learner.wait_for("answer=linux", "answer=linux").await?;
            let docker = start.elapsed();
            let pull = pull(&mut learner, &self.image).await?;
            self.here.lock().await.insert(number, learner);
            Ok(Times { prompt, docker, pull, course_pull: Duration::ZERO })
        })
    }

    fn pull_course_image(&self, number: usize) -> BoxFuture<'_, Result<Duration, String>> {
        Box::pin(async move {
            // Taken out meanwhile: the others don't wait for this one.
            let mut learner = self.here.lock().await.remove(&number).ok_or(format!("learner {number} is not here"))?;
            let took = pull(&mut learner, &self.course_image).await;
            self.here.lock().await.insert(number, learner);
            took
        })
    }

    fn clean(&self, _: usize) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async move {
            self.here.lock().await.clear();
            match self.serving.lock().await.take() {
                Some(serving) => serving.remove().await,
                None => Ok(()),
            }
        })
    }
}
