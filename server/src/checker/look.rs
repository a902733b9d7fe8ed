//! The task of a desk: hears that something happened, looks, and says what it saw.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use gateway::{Activity, ActivityKind, Gateway, GatewayError, HostState, SandboxId};
use tokio::{
    sync::broadcast::{self, error::RecvError},
    time::Instant,
};

use super::{
    Checker, apply,
    desk::{Desk, Seen},
    probe,
};
use crate::{
    checks::{self, Check, HttpProbe},
    sandboxes::Status,
};

/// From something that happened to the look at it: what happens together is seen together.
const SETTLE: Duration = Duration::from_millis(25);
/// Between two looks while things go on happening, as during a pull.
const PAUSE: Duration = Duration::from_millis(120);
/// Between two tries of a port that doesn't answer yet: soon at first, since a server needs a moment
/// to come up, then twice as long each time, up to the second.
const PROBE_AGAIN: Duration = Duration::from_millis(40);
const PROBE_AGAIN_LONGEST: Duration = Duration::from_millis(640);
/// How long a port is tried again without anything new having happened.
const PROBE_PATIENCE: Duration = Duration::from_secs(20);
/// Between two looks whether anybody is still here.
const ROUND: Duration = Duration::from_secs(10);
/// Activity read from the database at once.
const PAGE: u32 = 1000;
/// Activity of one sandbox that checks look at; the oldest goes. Passed checks stay passed.
const MAX_ACTIVITY: usize = 10_000;

/// A learner's host as it was seen last.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Picture {
    /// `None`: there is no sandbox.
    pub sandbox: Option<SandboxId>,
    pub host: HostState,
    /// By container: milliseconds from its start to running, as measured on the engine.
    pub start_ms: HashMap<String, i64>,
}

/// What the last look left to do.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Left {
    Nothing,
    /// A port that must answer doesn't yet.
    Probes,
}

pub(super) async fn run(checker: Checker, desk: Arc<Desk>) {
    let mut status = checker.inner.sandboxes.watch(&desk.learner);
    loop {
        // Before the first look, so that nothing is missed.
        let current = status.borrow_and_update().clone();
        let mut activity = match &current {
            Status::Ready { id } => checker.inner.sandboxes.gateway().subscribe(id).ok(),
            Status::None { .. } | Status::Starting | Status::Failed { .. } => None,
        };
        let mut patience = Instant::now() + PROBE_PATIENCE;
        let mut again = PROBE_AGAIN;
        let mut left = checker.look(&desk).await;
        loop {
            tokio::select! {
                changed = status.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    break;
                }
                happened = next(&mut activity) => {
                    if !happened {
                        activity = None;
                        continue;
                    }
                    tokio::time::sleep(SETTLE).await;
                    drain(&mut activity);
                    patience = Instant::now() + PROBE_PATIENCE;
                    again = PROBE_AGAIN;
                    let began = Instant::now();
                    left = checker.look(&desk).await;
                    // While it goes on, every so often is enough.
                    tokio::time::sleep_until(began + PAUSE).await;
                }
                () = desk.asked_to_look() => left = checker.look(&desk).await,
                () = tokio::time::sleep(again), if left == Left::Probes && Instant::now() < patience => {
                    again = (again * 2).min(PROBE_AGAIN_LONGEST);
                    left = checker.look(&desk).await;
                }
                () = tokio::time::sleep(ROUND) => if checker.leave(&desk) { return },
            }
        }
        if checker.leave(&desk) {
            return;
        }
    }
}

/// Whether something happened; `false` when nothing can any more. Waits for ever without a sandbox.
async fn next(activity: &mut Option<broadcast::Receiver<Activity>>) -> bool {
    match activity {
        Some(receiver) => !matches!(receiver.recv().await, Err(RecvError::Closed)),
        None => std::future::pending().await,
    }
}

fn drain(activity: &mut Option<broadcast::Receiver<Activity>>) {
    if let Some(receiver) = activity {
        // What was missed by lagging is read from the database.
        while !matches!(receiver.try_recv(), Err(broadcast::error::TryRecvError::Empty | broadcast::error::TryRecvError::Closed)) {}
    }
}

impl Checker {
    /// Looks at host and checks of every lesson that somebody has open.
    async fn look(&self, desk: &Desk) -> Left {
        let lessons = desk.lessons();
        if lessons.is_empty() {
            return Left::Nothing;
        }
        let mut left = Left::Nothing;
        let mut seen = desk.turn().await;
        if !self.refresh(desk, &mut seen).await {
            return left;
        }
        for slug in lessons {
            let Some(lesson) = self.inner.shelf.lesson(&slug) else { continue };
            let before = match self.inner.store.read(&desk.learner, &slug).await {
                Ok(record) => record,
                Err(error) => {
                    tracing::error!(%error, "A learner's progress could not be read.");
                    continue;
                }
            };
            let open: Vec<_> = lesson.steps.iter().filter(|step| apply::is_open(&before, step)).collect();
            let checks: Vec<&Check> = open.iter().flat_map(|step| &step.checks).collect();
            let http = self.probe(&seen, checks).await;
            if http.values().any(|answer| matches!(answer, HttpProbe::NoAnswer { .. })) {
                left = Left::Probes;
            }
            let mut after = before.clone();
            apply::lesson(&mut after, &open, &seen.facts(&http));
            match self.store(desk, &lesson, &before, &after).await {
                Ok(_) => {}
                Err(error) => tracing::error!(%error, "A learner's progress could not be stored."),
            }
        }
        left
    }

    /// Reads what the sandbox looks like and what was done since the last look, and shows it. `false`:
    /// there is no sandbox to look at, or it can't be seen just now.
    pub(super) async fn refresh(&self, desk: &Desk, seen: &mut Seen) -> bool {
        let id = match self.inner.sandboxes.status(&desk.learner) {
            Status::Ready { id } => id,
            Status::None { .. } | Status::Starting | Status::Failed { .. } => {
                *seen = Seen::default();
                self.inner.hub.forget_doing(&desk.learner);
                desk.show(Picture::default());
                return false;
            }
        };
        if seen.sandbox.as_ref() != Some(&id) {
            *seen = Seen { sandbox: Some(id.clone()), ..Seen::default() };
            self.inner.hub.forget_doing(&desk.learner);
        }
        match read(self.inner.sandboxes.gateway(), &id, seen).await {
            Ok(fresh) => {
                let fresh = fresh.min(seen.activity.len());
                self.inner.hub.did(&desk.learner, &seen.activity, fresh);
                desk.show(Picture { sandbox: Some(id), host: seen.host.clone(), start_ms: start_ms(&seen.activity) });
                true
            }
            // It was closed this moment; its successor's status is on the way.
            Err(GatewayError::NoSuchSandbox(_)) => false,
            Err(error) => {
                tracing::warn!(sandbox.id = %id, error = &error as &dyn std::error::Error, "A sandbox could not be looked at.");
                false
            }
        }
    }

    /// Asks the ports that these checks need.
    pub(super) async fn probe<'a>(&self, seen: &Seen, checks: impl IntoIterator<Item = &'a Check>) -> BTreeMap<u16, HttpProbe> {
        let ports = checks.into_iter().flat_map(|check| checks::ports_to_probe(check, &seen.host)).collect();
        match &seen.sandbox {
            Some(id) => probe::all(self.inner.sandboxes.gateway(), id, ports).await,
            None => BTreeMap::new(),
        }
    }
}

/// Returns how many of the activities that are remembered are new.
async fn read(gateway: &Gateway, id: &SandboxId, seen: &mut Seen) -> Result<usize, GatewayError> {
    let mut fresh = 0;
    // State first: an activity is stored after what it tells of has become so.
    let host = gateway.host_state(id).await?;
    loop {
        let page = gateway.activity_since(id, seen.seq, PAGE).await?;
        let whole = page.len() < PAGE as usize;
        if let Some(last) = page.last() {
            seen.seq = last.seq;
        }
        let known = seen.activity.len();
        seen.activity.extend(page.into_iter().filter(|activity| !matches!(activity.kind, ActivityKind::StateChanged)));
        fresh += seen.activity.len() - known;
        if whole {
            break;
        }
    }
    let surplus = seen.activity.len().saturating_sub(MAX_ACTIVITY);
    seen.activity.drain(..surplus);
    seen.host = host;
    Ok(fresh)
}

/// The newest start of each container.
fn start_ms(activity: &[Activity]) -> HashMap<String, i64> {
    let starts = activity.iter().filter_map(|activity| match &activity.kind {
        ActivityKind::ContainerStarted { id, start_ms, .. } => Some((id.clone(), *start_ms)),
        _ => None,
    });
    starts.collect()
}
