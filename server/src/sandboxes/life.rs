//! One sandbox's life: given to a learner, made, brought back, removed.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use gateway::{GatewayError, SandboxHandle, SandboxId};
use tokio::sync::{Notify, Semaphore};

use super::{Closed, Inner, SandboxError, Status, WorkstationError, address};
use crate::{
    clock::now,
    engine::{EngineError, Running, WorkstationSpec},
    learner::LearnerId,
};

/// Sandboxes made at once, for each core: more would only make everybody's slower.
const STARTS_PER_CORE: usize = 2;
/// Sandboxes removed at once; nobody waits for that.
const REMOVALS: usize = 2;
/// From the start of a workstation until its first process has dialled.
const DIAL_LIMIT: Duration = Duration::from_secs(30);

/// Who may go on.
pub(super) struct Turns {
    starts: Semaphore,
    /// Learners who wait for a cold start; the pool waits for them.
    pub(super) waiting: AtomicUsize,
    removals: Semaphore,
    removing: Mutex<HashSet<SandboxId>>,
    /// Held between counting sandboxes and adding one.
    admission: tokio::sync::Mutex<()>,
    /// The pool has something to do.
    pub(super) pool: Arc<Notify>,
}

impl Default for Turns {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            starts: Semaphore::new(cores * STARTS_PER_CORE),
            waiting: AtomicUsize::new(0),
            removals: Semaphore::new(REMOVALS),
            removing: Mutex::default(),
            admission: tokio::sync::Mutex::default(),
            pool: Arc::default(),
        }
    }
}

/// Why a sandbox could not be made.
#[derive(Debug, thiserror::Error)]
pub(super) enum MakeError {
    #[error("as many sandboxes as there may be are there")]
    Full,
    #[error("the gateway failed")]
    Gateway(#[from] GatewayError),
    #[error("the engine failed")]
    Engine(#[from] EngineError),
    #[error("the table of sandboxes failed")]
    Database(#[from] sqlx::Error),
    #[error("the workstation's socket could not be listened on")]
    Socket(#[from] std::io::Error),
    #[error("the workstation was started and did not dial")]
    Workstation(#[from] WorkstationError),
    #[error("it was given up meanwhile")]
    GivenUp,
}

impl Inner {
    pub(super) async fn start(self: &Arc<Self>, learner: &LearnerId) -> Result<SandboxId, SandboxError> {
        let turn = self.book.turn(learner);
        let _turn = turn.lock().await;
        if let Status::Ready { id } = self.book.status(learner) {
            match self.ensure_running(&id).await {
                Ok(()) => {
                    self.book.used(&id, now());
                    return Ok(id);
                }
                // What is broken on the engine's side is not mended by another sandbox.
                Err(MakeError::Engine(EngineError::Unreachable { .. } | EngineError::Timeout)) => {
                    return Err(for_learner(&MakeError::Engine(EngineError::Timeout)));
                }
                Err(error) => {
                    tracing::warn!(sandbox.id = %id, reason = reasons(&error), "A sandbox could not be brought back; its learner gets a new one.");
                    self.retire(&id, Closed::WorkstationLost).await;
                }
            }
        }
        self.give(learner).await
    }

    pub(super) async fn reset(self: &Arc<Self>, learner: &LearnerId) -> Result<SandboxId, SandboxError> {
        let turn = self.book.turn(learner);
        let _turn = turn.lock().await;
        if let Status::Ready { id } = self.book.status(learner) {
            self.retire(&id, Closed::SandboxReset).await;
        }
        self.give(learner).await
    }

    pub(super) async fn close(self: &Arc<Self>, learner: &LearnerId) -> bool {
        let turn = self.book.turn(learner);
        let _turn = turn.lock().await;
        let Status::Ready { id } = self.book.status(learner) else { return false };
        self.retire(&id, Closed::SandboxRemoved).await;
        self.book.set_status(learner, Status::None { removed_idle: false });
        true
    }

    /// A warm sandbox, or a new one. The learner's turn is held.
    async fn give(self: &Arc<Self>, learner: &LearnerId) -> Result<SandboxId, SandboxError> {
        self.book.set_status(learner, Status::Starting);
        let began = std::time::Instant::now();
        match self.take_or_make(learner).await {
            Ok((id, warm)) => {
                tracing::info!(sandbox.id = %id, warm, duration_ms = began.elapsed().as_millis() as u64, "A learner has a sandbox.");
                self.book.set_status(learner, Status::Ready { id: id.clone() });
                Ok(id)
            }
            Err(error) => {
                let message = for_learner(&error);
                tracing::warn!(reason = reasons(&error), "A learner could not be given a sandbox.");
                self.book.set_status(learner, Status::Failed { message: message.message.clone() });
                Err(message)
            }
        }
    }

    async fn take_or_make(self: &Arc<Self>, learner: &LearnerId) -> Result<(SandboxId, bool), MakeError> {
        self.store.forget_idle_removal(learner).await?;
        while let Some(id) = self.store.take_warm(learner, now()).await? {
            self.life.pool.notify_one();
            if self.workstations.is_connected(&id) {
                self.book.assign(&id, learner, now());
                return Ok((id, true));
            }
            // It has died while it waited.
            self.retire(&id, Closed::WorkstationLost).await;
        }
        self.life.waiting.fetch_add(1, Ordering::Relaxed);
        let made = self.make(Some(learner)).await;
        self.life.waiting.fetch_sub(1, Ordering::Relaxed);
        made.map(|id| (id, false))
    }

    /// Makes a sandbox: the learner's, or a warm one. What was made of one that fails is removed.
    pub(super) async fn make(self: &Arc<Self>, learner: Option<&LearnerId>) -> Result<SandboxId, MakeError> {
        let id = SandboxId::random();
        let token = address::token();
        {
            let _admission = self.life.admission.lock().await;
            if self.store.counts().await?.living >= self.config.max {
                return Err(MakeError::Full);
            }
            self.store.insert(&id, learner, &token, now()).await?;
        }
        self.book.add(&id, &token, learner.cloned(), now());
        let made = self.make_parts(&id).await;
        match made {
            Ok(()) => Ok(id),
            Err(error) => {
                self.retire(&id, Closed::SandboxRemoved).await;
                Err(error)
            }
        }
    }

    async fn make_parts(&self, id: &SandboxId) -> Result<(), MakeError> {
        // Never closed.
        let _turn = self.life.starts.acquire().await;
        let handle = self.gateway.open(id.clone()).await?;
        self.workstations.listen(id)?;
        self.start_workstation(&handle).await?;
        if self.store.made(id).await? { Ok(()) } else { Err(MakeError::GivenUp) }
    }

    async fn start_workstation(&self, handle: &SandboxHandle) -> Result<(), MakeError> {
        let spec = self.spec(handle);
        self.engine.create_workstation(&spec).await?;
        self.engine.start_container(&spec.name).await?;
        Ok(self.workstations.connected(&handle.id, DIAL_LIMIT).await?)
    }

    /// Has the workstation running and connected, made anew if it must; home stays what it was.
    pub(super) async fn ensure_running(&self, id: &SandboxId) -> Result<(), MakeError> {
        if self.workstations.is_connected(id) {
            return Ok(());
        }
        let handle = self.gateway.handle(id).await?;
        self.workstations.listen(id)?;
        let name = self.workstation_name(id);
        match self.engine.container_state(&name).await? {
            // It is on its way, as after a restart of ours.
            Some(Running::Yes) if self.workstations.connected(id, Duration::from_secs(3)).await.is_ok() => return Ok(()),
            Some(_) => self.engine.remove_container(&name).await?,
            None => {}
        }
        // Its network may be gone too, as where the database is a backup that was restored.
        let handle = self.gateway.open(handle.id).await?;
        tracing::info!(sandbox.id = %id, "A workstation had ended and is started again.");
        let _turn = self.life.starts.acquire().await;
        self.start_workstation(&handle).await
    }

    /// The sandbox is nobody's from now on; its removal goes on in the background. Should the server
    /// be killed before it is written, the sandbox is simply still the learner's.
    pub(super) async fn retire(self: &Arc<Self>, id: &SandboxId, why: Closed) {
        if let Err(error) = self.store.retire(id).await {
            tracing::error!(sandbox.id = %id, %error, "A sandbox's end could not be written down.");
            return;
        }
        self.remove_soon(id, why);
    }

    /// As [`Inner::retire`], once it is written.
    pub(super) fn remove_soon(self: &Arc<Self>, id: &SandboxId, why: Closed) {
        self.book.remove(id);
        self.workstations.forget(id, why);
        let (inner, id) = (Arc::clone(self), id.clone());
        tokio::spawn(async move { inner.remove(&id).await });
    }

    /// Removes every part, then the row. Can be done again after a failure in the middle.
    pub(super) async fn remove(self: &Arc<Self>, id: &SandboxId) {
        if !self.removing().insert(id.clone()) {
            return;
        }
        let _turn = self.life.removals.acquire().await;
        match self.remove_parts(id).await {
            Ok(()) => {
                tracing::info!(sandbox.id = %id, "A sandbox is removed.");
                self.life.pool.notify_one();
            }
            // The row stays; the pool's next round tries again.
            Err(error) => tracing::warn!(sandbox.id = %id, reason = reasons(&error), "A sandbox could not be removed yet."),
        }
        self.removing().remove(id);
    }

    async fn remove_parts(&self, id: &SandboxId) -> Result<(), MakeError> {
        self.workstations.forget(id, Closed::SandboxRemoved);
        self.engine.remove_container(&self.workstation_name(id)).await?;
        match self.gateway.close(id).await {
            Ok(()) | Err(GatewayError::NoSuchSandbox(_)) => {}
            Err(error) => return Err(error.into()),
        }
        self.engine.remove_volume(&self.home_name(id)).await?;
        let folder = self.config.run_dir.join(id.as_str());
        // The gateway made it, and may have removed it.
        let _ = std::fs::remove_dir(&folder);
        Ok(self.store.delete(id).await?)
    }

    pub(super) fn workstation_name(&self, id: &SandboxId) -> String {
        format!("lb-{}-{id}.ws", self.config.instance)
    }

    pub(super) fn home_name(&self, id: &SandboxId) -> String {
        format!("lb-{}-{id}.home", self.config.instance)
    }

    fn spec(&self, handle: &SandboxHandle) -> WorkstationSpec {
        WorkstationSpec {
            name: self.workstation_name(&handle.id),
            image: self.config.workstation_image.clone(),
            socket_dir: handle.socket_dir.clone(),
            network: handle.network.clone(),
            home: self.home_name(&handle.id),
            labels: handle.labels.clone(),
            limits: self.config.workstation.clone(),
            runtime: self.config.runtime.clone(),
            alias: self.config.registry_alias.clone(),
        }
    }

    fn removing(&self) -> std::sync::MutexGuard<'_, HashSet<SandboxId>> {
        self.life.removing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn for_learner(error: &MakeError) -> SandboxError {
    let message = match error {
        MakeError::Full => {
            "Every place in this classroom is taken just now. One becomes free when somebody's sandbox has stood idle: try again in a few minutes, or ask your instructor."
        }
        MakeError::Engine(EngineError::Unreachable { .. } | EngineError::Timeout)
        | MakeError::Gateway(GatewayError::EngineUnreachable { .. }) => {
            "The Docker Engine behind this classroom doesn't answer. Your progress is kept. Try again in a minute; if it stays so, tell your instructor."
        }
        MakeError::Gateway(GatewayError::AddressPoolExhausted) => {
            "No network is free for another sandbox just now. Try again in a few minutes, or ask your instructor."
        }
        _ => "Your sandbox could not be started. Try again; if it stays so, tell your instructor: the reason is in the server's log.",
    };
    SandboxError { message: message.to_owned() }
}

/// An error with its causes, for the log.
pub(crate) fn reasons(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
