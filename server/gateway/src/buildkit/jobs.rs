//! Builds under way by BuildKit's API. A client takes one apart into calls that come side by side, in any
//! order (its request, its progress, the frontend's work, the end); here they find each other again.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use tokio::{
    sync::{mpsc, watch},
    time::{Instant, timeout},
};
use tonic::Status;

use super::{
    vertices::Vertices,
    wire::{SolveRequest, StatusResponse},
};
use crate::{images::build::too_many, limits};

/// Bytes of a build's name. BuildKit's have 25.
const MAX_NAME_BYTES: usize = 64;

/// What a build ends with: what the exporter says of the image.
pub(super) type Outcome = Result<HashMap<String, String>, Status>;

/// By their clients' names.
#[derive(Debug, Default)]
pub(crate) struct Jobs(Mutex<HashMap<String, Arc<Job>>>);

#[derive(Debug)]
pub(super) struct Job {
    pub(super) name: String,
    /// Set by the request (`Control.Solve`).
    asked: watch::Sender<Option<Arc<SolveRequest>>>,
    /// Where the build tells how it goes; taken by the one that builds, and closed with it.
    progress: Mutex<Option<mpsc::Sender<StatusResponse>>>,
    /// Taken by the one who reads it (`Control.Status`).
    reader: Mutex<Option<mpsc::Receiver<StatusResponse>>>,
    /// What the frontend's work came to, until it is returned.
    built: Mutex<Option<Outcome>>,
    outcome: watch::Sender<Option<Outcome>>,
    /// For another build of its host to end.
    waits: watch::Sender<bool>,
    /// When the request that it was made for was over.
    over_since: OnceLock<Instant>,
}

impl Jobs {
    /// The job of this name, whichever of its calls comes first.
    pub(super) fn get(self: &Arc<Self>, name: &str) -> Result<Arc<Job>, Status> {
        if name.is_empty() || name.len() > MAX_NAME_BYTES || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return Err(Status::invalid_argument("lunchbox: the build has no name, or none that can be understood"));
        }
        let mut jobs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(job) = jobs.get(name) {
            return Ok(job.clone());
        }
        if jobs.len() >= limits::MAX_BUILD_JOBS {
            // What is over is kept for a client that is late with a question, and keeps no other from building.
            let over = jobs.values().filter_map(|job| Some((*job.over_since.get()?, job.name.clone()))).min();
            let (_, oldest) = over.ok_or_else(|| Status::resource_exhausted(too_many().message))?;
            jobs.remove(&oldest);
        }
        let (to, from) = mpsc::channel(limits::BUILD_PROGRESS_BACKLOG);
        let job = Arc::new(Job {
            name: name.to_owned(),
            asked: watch::Sender::default(),
            progress: Mutex::new(Some(to)),
            reader: Mutex::new(Some(from)),
            built: Mutex::default(),
            outcome: watch::Sender::default(),
            waits: watch::Sender::default(),
            over_since: OnceLock::new(),
        });
        jobs.insert(name.to_owned(), job.clone());
        drop(jobs);
        // Whoever only looked at a build, or asked about one that never came, keeps no place.
        self.clone().later(job.clone(), Job::is_asked);
        Ok(job)
    }

    /// Forgets a job when the parts of one may no longer be apart, unless it is to stay.
    fn later(self: Arc<Self>, job: Arc<Job>, stays: fn(&Job) -> bool) {
        // On a runtime that goes down nothing is left to be remembered.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        runtime.spawn(async move {
            tokio::time::sleep(limits::BUILD_SESSION_TIME).await;
            if !stays(&job) {
                self.remove(&job);
            }
        });
    }

    fn remove(&self, job: &Arc<Job>) {
        let mut jobs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if jobs.get(&job.name).is_some_and(|there| Arc::ptr_eq(there, job)) {
            jobs.remove(&job.name);
        }
    }
}

impl Job {
    /// Gives the job its request; a second one is refused.
    pub(super) fn ask(&self, request: SolveRequest) -> Result<Arc<SolveRequest>, Status> {
        let request = Arc::new(request);
        let first = self.asked.send_if_modified(|asked| {
            let first = asked.is_none();
            if first {
                *asked = Some(request.clone());
            }
            first
        });
        if first { Ok(request) } else { Err(Status::already_exists("lunchbox: a build of this name runs already")) }
    }

    fn is_asked(&self) -> bool {
        self.asked.borrow().is_some()
    }

    /// Its request, as soon as it is there.
    pub(super) async fn asked(&self) -> Result<Arc<SolveRequest>, Status> {
        let mut asked = self.asked.subscribe();
        let there = timeout(limits::BUILD_SESSION_TIME, asked.wait_for(Option::is_some)).await;
        let there = there.ok().and_then(Result::ok).and_then(|asked| asked.clone());
        there.ok_or_else(|| Status::not_found(format!("no such job {}", self.name)))
    }

    /// Where to tell how it goes; once.
    pub(super) fn vertices(&self) -> Result<Vertices, Status> {
        let to = self.progress.lock().unwrap_or_else(PoisonError::into_inner).take();
        to.map(|to| Vertices::new(to, &self.name)).ok_or_else(|| Status::failed_precondition("lunchbox: a build has one Dockerfile"))
    }

    /// Its progress; once.
    pub(super) fn read(&self) -> Result<mpsc::Receiver<StatusResponse>, Status> {
        let reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner).take();
        reader.ok_or_else(|| Status::already_exists("lunchbox: the build's progress is read already"))
    }

    pub(super) fn set_built(&self, outcome: Outcome) {
        *self.built.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
    }

    /// The client has done its part. An error of ours comes before the client's own words for it.
    pub(super) fn returned(&self, error: Option<Status>) {
        let built = self.built.lock().unwrap_or_else(PoisonError::into_inner).take();
        let outcome = match (built, error) {
            (Some(Err(ours)), _) => Err(ours),
            (_, Some(error)) => Err(error),
            (built, None) => built.unwrap_or_else(|| Ok(HashMap::new())),
        };
        self.outcome.send_replace(Some(outcome));
    }

    /// The build waits for its turn until the guard is dropped: that is none of the time that it takes.
    pub(super) fn waiting(&self) -> impl Drop + '_ {
        self.waits.send_replace(true);
        Waiting(self)
    }

    /// Waits for the client's part.
    pub(super) async fn outcome(&self) -> Outcome {
        let mut outcome = self.outcome.subscribe();
        tokio::select! {
            Ok(outcome) = outcome.wait_for(Option::is_some) => outcome.clone().unwrap_or_else(|| Ok(HashMap::new())),
            () = self.out_of_time() => Err(Status::deadline_exceeded("lunchbox: the build took too long and was ended.")),
        }
    }

    /// The time for a build is up, counted anew from its turn on.
    async fn out_of_time(&self) {
        let mut waits = self.waits.subscribe();
        // The sender lives as long as the job.
        while waits.wait_for(|waits| !waits).await.is_ok() {
            if timeout(limits::BUILD_TIME, waits.wait_for(|waits| *waits)).await.is_err() {
                return;
            }
        }
    }
}

struct Waiting<'a>(&'a Job);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waits.send_replace(false);
    }
}

/// Ends a job with the request that it was made for, however that ends: its progress closes, and its name
/// is free again when whoever reads has had the time to begin.
pub(super) struct Ending {
    pub(super) jobs: Arc<Jobs>,
    pub(super) job: Arc<Job>,
}

impl Drop for Ending {
    fn drop(&mut self) {
        _ = self.job.over_since.set(Instant::now());
        self.job.progress.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.jobs.clone().later(self.job.clone(), |_| false);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_job_that_nobody_asks_for_keeps_no_place() {
        let jobs = Arc::<Jobs>::default();
        for number in 0..limits::MAX_BUILD_JOBS {
            jobs.get(&format!("looked-at-{number}")).unwrap();
        }
        let asked = jobs.0.lock().unwrap().values().next().unwrap().clone();
        asked.ask(SolveRequest::default()).unwrap();
        assert!(jobs.get("one-more").is_err());
        tokio::time::sleep(limits::BUILD_SESSION_TIME * 2).await;
        assert!(jobs.get("one-more").is_ok());
        assert!(Arc::ptr_eq(&jobs.get(&asked.name).unwrap(), &asked), "a build under way was forgotten");
    }

    #[tokio::test(start_paused = true)]
    async fn builds_that_are_over_keep_no_other_from_beginning() {
        let jobs = Arc::<Jobs>::default();
        let under_way = jobs.get("under-way").unwrap();
        under_way.ask(SolveRequest::default()).unwrap();
        for number in 0..limits::MAX_BUILD_JOBS * 2 {
            let job = jobs.get(&format!("quick-{number}")).unwrap();
            job.ask(SolveRequest::default()).unwrap();
            drop(Ending { jobs: jobs.clone(), job });
            tokio::time::advance(std::time::Duration::from_millis(1)).await;
        }
        let names = jobs.0.lock().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(names.len(), limits::MAX_BUILD_JOBS);
        // The oldest went, and none that is under way.
        let last = format!("quick-{}", limits::MAX_BUILD_JOBS * 2 - 1);
        assert!(names.contains(&"under-way".to_owned()) && names.contains(&last) && !names.contains(&"quick-0".to_owned()), "{names:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_for_a_turn_is_none_of_the_time_that_a_build_may_take() {
        let jobs = Arc::<Jobs>::default();
        let job = jobs.get("patient").unwrap();
        let waits = job.waiting();
        let asked = job.clone();
        let outcome = tokio::spawn(async move { asked.outcome().await });
        tokio::time::sleep(limits::BUILD_TIME * 3).await;
        assert!(!outcome.is_finished());
        drop(waits);
        tokio::time::sleep(limits::BUILD_TIME - limits::BUILD_SESSION_TIME).await;
        assert!(!outcome.is_finished());
        tokio::time::sleep(limits::BUILD_SESSION_TIME * 2).await;
        assert!(outcome.await.unwrap().is_err());
    }
}
