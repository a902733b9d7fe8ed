//! One class: everybody joins in the same moment, gets to a prompt, pulls, and leaves.

use std::time::{Duration, Instant};

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
    /// One learner: to the first prompt, to a `docker` that answers, to the image pulled.
    fn learn(&self, number: usize) -> BoxFuture<'_, Result<Times, String>>;
    /// Ends all that `learn` left running.
    fn clean(&self, learners: usize) -> BoxFuture<'_, Result<(), String>>;
}

/// Since the learner pressed Start.
pub(crate) struct Times {
    pub(crate) prompt: Duration,
    /// The first answer of `docker version`.
    pub(crate) docker: Duration,
    /// The pull alone, from Enter to its last line.
    pub(crate) pull: Duration,
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
    let outcomes = join_all((0..learners).map(|number| async move {
        tokio::time::timeout(LEARNER_LIMIT, class.learn(number))
            .await
            .unwrap_or_else(|_| Err(format!("learner {number} was not done after {LEARNER_LIMIT:?}")))
    }))
    .await;
    let after = Machine::read().await;
    let cleaned = class.clean(learners).await;
    let times = outcomes.into_iter().collect::<Result<Vec<_>, _>>()?;
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

/// The class on Lunchbox, through its web interface.
pub(crate) struct Lunchbox {
    wanted: Wanted,
    image: String,
    serving: Mutex<Option<Serving>>,
    here: Mutex<Vec<Learner>>,
}

impl Lunchbox {
    pub(crate) fn new(wanted: Wanted, image: &str) -> Self {
        Self { wanted, image: image.to_owned(), serving: Mutex::new(None), here: Mutex::new(Vec::new()) }
    }
}

impl Host for Lunchbox {
    fn prepare(&self, learners: usize) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async move {
            // The engine must not have the image yet: one of the class really fetches it.
            let reference = format!("{}/library/{}:latest", self.wanted.registry, self.image);
            crate::machine::docker(&["image", "rm", "--force", &reference]).await.ok();
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
            let pulling = Instant::now();
            learner.type_line(&format!("docker pull {}", self.image)).await?;
            learner.wait_for("Status: Downloaded newer image", "Status: Image is up to date").await?;
            let pull = pulling.elapsed();
            self.here.lock().await.push(learner);
            Ok(Times { prompt, docker, pull })
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
