//! What lives only while a sandbox is served: its stream of activity, of Docker's events, the
//! transfers under way, and the counting of what is open at once. All of it can be lost.

mod execs;
#[cfg(test)]
mod tests;

pub(crate) use self::execs::Execs;

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering},
    },
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, broadcast},
    task::{AbortHandle, JoinHandle},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    Activity, ActivityKind, SandboxId,
    admission::Turns,
    buildkit::BuildKit,
    config::SandboxLimits,
    host::Transfer,
    images::comings::Comings,
    ledger::{Ledger, is_taken, now_ms},
    limits,
    model::event::Event,
    refusal::Refusal,
    upstream,
};

/// One sandbox as this process serves it.
pub(crate) struct Sandbox {
    pub(crate) id: SandboxId,
    ledger: Ledger,
    last_seq: tokio::sync::Mutex<i64>,
    /// The last number whose activity has been announced.
    announced: AtomicI64,
    activity: broadcast::Sender<Activity>,
    events: broadcast::Sender<Arc<Event>>,
    /// The last events, for `docker events --since`.
    past: Mutex<VecDeque<Arc<Event>>>,
    last_used: AtomicI64,
    transfers: Mutex<HashMap<u64, Transfer>>,
    next_transfer: AtomicU64,
    streams: Arc<Semaphore>,
    stream_limit: u32,
    pub(crate) connections: Arc<Semaphore>,
    /// What the engine is asked for it at once.
    pub(crate) questions: Arc<Semaphore>,
    /// Who may count and then make.
    pub(crate) turns: Turns,
    /// Held by who renames a container (to write) and by who removes one (to read): the engine keeps a name for
    /// ever that a container gets while it is being removed.
    pub(crate) naming: tokio::sync::RwLock<()>,
    /// Execs that may be made before those that live must be counted again. Changed by who has the turn.
    pub(crate) exec_room: AtomicU32,
    pub(crate) execs: Execs,
    /// All builds, of which one runs and the others wait; of those, the ones whose files are on the disk.
    pub(crate) builds: Arc<Semaphore>,
    pub(crate) building: Arc<Semaphore>,
    pub(crate) waiting_contexts: Arc<Semaphore>,
    /// Containers of steps that are on their way out: what a build kept can't go before them.
    pub(crate) spent: TaskTracker,
    /// Pulls and pushes at once; more wait.
    pub(crate) moving: Arc<Semaphore>,
    /// Repositories of the sandbox's corner of the registry, of which one image at a time is pushed or pulled back.
    pub(crate) repositories: Comings,
    /// Uploads into containers at once; more wait.
    pub(crate) uploading: Arc<Semaphore>,
    /// Places for connections that large copies go out on.
    pub(crate) wide: Arc<Semaphore>,
    /// Requests with a large JSON body at once; more wait.
    pub(crate) large_bodies: Arc<Semaphore>,
    /// Lists made or read at once; more wait.
    pub(crate) listing: Arc<Semaphore>,
    /// Containers whose start is under way, by engine ID: their ports aren't freed, and they count as running.
    starting: Mutex<Vec<String>>,
    listener: Mutex<Option<AbortHandle>>,
    /// No more is served: connections are cut, and what still comes is refused.
    pub(crate) closed: CancellationToken,
    /// Requests under way, with all that tells how it goes, and what is done to its end.
    pub(crate) answering: TaskTracker,
    pub(crate) buildkit: BuildKit,
}

impl Sandbox {
    pub(crate) async fn new(id: SandboxId, ledger: Ledger, policy: &SandboxLimits) -> Result<Arc<Self>, sqlx::Error> {
        let last = ledger.last_activity(&id).await?;
        Ok(Arc::new(Self {
            id,
            ledger,
            last_seq: tokio::sync::Mutex::new(last),
            announced: AtomicI64::new(last),
            activity: broadcast::channel(limits::ACTIVITY_BACKLOG).0,
            events: broadcast::channel(limits::EVENT_BACKLOG).0,
            past: Mutex::default(),
            last_used: AtomicI64::new(0),
            transfers: Mutex::new(HashMap::new()),
            next_transfer: AtomicU64::new(0),
            streams: Arc::new(Semaphore::new(policy.streams as usize)),
            stream_limit: policy.streams,
            connections: Arc::new(Semaphore::new(limits::MAX_CONNECTIONS)),
            questions: Arc::new(Semaphore::new(limits::MAX_QUESTIONS)),
            turns: Turns::default(),
            naming: tokio::sync::RwLock::default(),
            exec_room: AtomicU32::new(0),
            execs: Execs::default(),
            builds: Arc::new(Semaphore::new(limits::MAX_BUILDS)),
            building: Arc::new(Semaphore::new(1)),
            waiting_contexts: Arc::new(Semaphore::new(limits::MAX_WAITING_CONTEXTS)),
            spent: TaskTracker::new(),
            moving: Arc::new(Semaphore::new(limits::MAX_TRANSFERS)),
            repositories: Comings::default(),
            uploading: Arc::new(Semaphore::new(limits::MAX_UPLOADS)),
            wide: Arc::new(Semaphore::new(limits::MAX_WIDE_CONNECTIONS)),
            large_bodies: Arc::new(Semaphore::new(limits::MAX_LARGE_BODIES)),
            listing: Arc::new(Semaphore::new(limits::MAX_LISTS)),
            starting: Mutex::default(),
            listener: Mutex::new(None),
            closed: CancellationToken::new(),
            answering: TaskTracker::new(),
            buildkit: BuildKit::default(),
        }))
    }

    /// Stores what was done, then tells everybody. What can't be stored isn't told either. It goes on in a task of
    /// its own though nobody waits any more: who hangs up between the row and its number would leave all that
    /// comes after it the same number.
    pub(crate) async fn record(self: &Arc<Self>, kind: ActivityKind) {
        if let Err(error) = self.recording(kind).await {
            tracing::error!(sandbox = %self.id, %error, "storing an activity broke off");
        }
    }

    /// As [`Sandbox::record`], for what was only looked at: the answer doesn't wait for it.
    pub(crate) fn record_look(self: &Arc<Self>, kind: ActivityKind) {
        drop(self.recording(kind));
    }

    fn recording(self: &Arc<Self>, kind: ActivityKind) -> JoinHandle<()> {
        let sandbox = Arc::clone(self);
        tokio::spawn(async move { sandbox.store(kind.shortened()).await })
    }

    async fn store(&self, kind: ActivityKind) {
        let mut last = self.last_seq.lock().await;
        let mut activity = Activity { seq: *last + 1, at: now_ms(), kind };
        let mut stored = self.ledger.add_activity(&self.id, &activity).await;
        if stored.as_ref().is_err_and(is_taken) {
            // The row of an earlier try that seemed to fail, say: the database knows the last number.
            stored = match self.ledger.last_activity(&self.id).await {
                Ok(taken) => {
                    activity.seq = taken + 1;
                    self.ledger.add_activity(&self.id, &activity).await
                }
                Err(error) => Err(error),
            };
        }
        if let Err(error) = stored {
            tracing::error!(sandbox = %self.id, %error, "an activity could not be stored");
            return;
        }
        *last = activity.seq;
        self.announced.store(activity.seq, Ordering::Release);
        // Nobody listening is no error.
        _ = self.activity.send(activity);
    }

    /// Something moved that nobody did and nobody needs to read later: told, but not stored.
    pub(crate) fn changed(&self) {
        let seq = self.announced.load(Ordering::Acquire);
        _ = self.activity.send(Activity { seq, at: now_ms(), kind: ActivityKind::StateChanged });
    }

    pub(crate) fn last_seq(&self) -> i64 {
        self.announced.load(Ordering::Acquire)
    }

    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Activity> {
        self.activity.subscribe()
    }

    /// Tells the sandbox's `docker events`.
    pub(crate) fn emit(&self, event: Event) {
        let event = Arc::new(event);
        let mut past = self.past.lock().unwrap_or_else(PoisonError::into_inner);
        if past.len() == limits::EVENT_BACKLOG {
            past.pop_front();
        }
        past.push_back(event.clone());
        // Nobody listening is no error. Sent under the lock: the order is that of the past.
        _ = self.events.send(event);
    }

    /// Those after `since` (unix nanoseconds) that are still remembered.
    pub(crate) fn past_events(&self, since: i128) -> VecDeque<Arc<Event>> {
        let past = self.past.lock().unwrap_or_else(PoisonError::into_inner);
        past.iter().filter(|event| i128::from(event.time_nano) >= since).cloned().collect()
    }

    pub(crate) fn events(&self) -> broadcast::Receiver<Arc<Event>> {
        self.events.subscribe()
    }

    pub(crate) fn touch(&self) {
        self.last_used.store(now_ms(), Ordering::Relaxed);
    }

    /// Unix milliseconds; 0 = never.
    pub(crate) fn last_used(&self) -> i64 {
        self.last_used.load(Ordering::Relaxed)
    }

    /// Does what must not stop half-way, also where whoever asked for it has gone: what the engine or the registry has by
    /// then comes into the ledger. The end of the sandbox waits for it. The caller sees to it that there are few at once.
    pub(crate) async fn steady<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> Result<T, Refusal> {
        let questions = self.questions.clone();
        self.answering.spawn(upstream::counted(questions, work)).await.map_err(|error| {
            tracing::error!(sandbox = %self.id, %error, "something that was to be done to its end broke off");
            Refusal::internal()
        })
    }

    /// Awaits what the engine says next; where the sandbox ends, it is asked no further.
    pub(crate) async fn until_closed<T>(&self, next: impl Future<Output = T>) -> Result<T, Refusal> {
        self.closed.run_until_cancelled(next).await.ok_or_else(Refusal::closed)
    }

    /// A place among the streams that may be open at once.
    pub(crate) fn stream(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        self.streams.clone().try_acquire_owned().map_err(|_| {
            Refusal::new(
                http::StatusCode::TOO_MANY_REQUESTS,
                format!(
                    "lunchbox: {} streams (logs, attach, events, stats, exec) are open on this host already. Close some and try again.",
                    self.stream_limit
                ),
            )
        })
    }

    /// Marks a container as being started until the guard is dropped.
    pub(crate) fn starting(self: &Arc<Self>, container: &str) -> StartGuard {
        self.starting.lock().unwrap_or_else(PoisonError::into_inner).push(container.to_owned());
        StartGuard { sandbox: self.clone(), container: container.to_owned() }
    }

    /// Engine IDs of all whose start is under way.
    pub(crate) fn all_starting(&self) -> Vec<String> {
        self.starting.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn is_starting(&self, container: &str) -> bool {
        self.starting.lock().unwrap_or_else(PoisonError::into_inner).iter().any(|id| id == container)
    }

    /// Begins to show a pull or a push; it is shown until the guard is dropped.
    pub(crate) fn transfer(self: &Arc<Self>, transfer: Transfer) -> TransferGuard {
        let number = self.next_transfer.fetch_add(1, Ordering::Relaxed);
        self.transfers.lock().unwrap_or_else(PoisonError::into_inner).insert(number, transfer);
        self.changed();
        TransferGuard { sandbox: self.clone(), number }
    }

    pub(crate) fn transfers(&self) -> Vec<Transfer> {
        let transfers = self.transfers.lock().unwrap_or_else(PoisonError::into_inner);
        let mut numbered: Vec<_> = transfers.iter().collect();
        numbered.sort_by_key(|(number, _)| **number);
        numbered.into_iter().map(|(_, transfer)| transfer.clone()).collect()
    }

    /// The task that accepts connections; ends with the sandbox.
    pub(crate) fn served_by(&self, handle: AbortHandle) {
        let before = self.listener.lock().unwrap_or_else(PoisonError::into_inner).replace(handle);
        if let Some(before) = before {
            before.abort();
        }
    }

    pub(crate) fn stop_serving(&self) {
        self.closed.cancel();
        self.answering.close();
        self.buildkit.close();
        if let Some(handle) = self.listener.lock().unwrap_or_else(PoisonError::into_inner).take() {
            handle.abort();
        }
    }
}

/// A container whose start is under way.
pub(crate) struct StartGuard {
    sandbox: Arc<Sandbox>,
    container: String,
}

impl Drop for StartGuard {
    fn drop(&mut self) {
        let mut starting = self.sandbox.starting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = starting.iter().position(|id| *id == self.container) {
            starting.swap_remove(at);
        }
    }
}

/// A pull or push that is shown.
pub(crate) struct TransferGuard {
    sandbox: Arc<Sandbox>,
    number: u64,
}

impl TransferGuard {
    /// Changes what is shown.
    pub(crate) fn update(&self, change: impl FnOnce(&mut Transfer)) {
        let mut transfers = self.sandbox.transfers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(transfer) = transfers.get_mut(&self.number) {
            change(transfer);
        }
        drop(transfers);
        self.sandbox.changed();
    }
}

impl Drop for TransferGuard {
    fn drop(&mut self) {
        self.sandbox.transfers.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.number);
        self.sandbox.changed();
    }
}
