//! Every learner's sandbox: opened, found again, reset, removed. The one place that pairs a
//! gateway scope with a workstation container.
//!
//! Which sandbox is whose is in the table `learner_sandboxes`, written before anything is made and
//! deleted after everything is removed; what is in memory is a copy for quick questions. So a server
//! that is killed finds every sandbox again, and knows which ones it had not finished.

mod address;
mod book;
mod life;
mod message;
mod pool;
mod reconcile;
mod screens;
mod store;
#[cfg(test)]
pub(crate) mod tests;
mod workstations;

use std::{path::PathBuf, sync::Arc, time::Duration};

use gateway::{Egress, Gateway, GatewayConfig, GatewayError, SandboxId};
use sqlx::AnyPool;
use tokio::sync::watch;

pub(crate) use self::life::reasons;
pub use self::{
    address::Preview,
    screens::{Fresh, OnScreen, Place as ScreenPlace, Screen, Screens},
    workstations::{Closed, End, Line, Terminal, WorkstationError, Workstations},
};
pub use crate::engine::WorkstationLimits;
use crate::{
    clock::now,
    engine::{Engine, EngineError},
    learner::LearnerId,
    throwaway,
};

/// What the server's settings say about sandboxes.
#[derive(Debug, Clone)]
pub struct SandboxesConfig {
    /// As in [`GatewayConfig`].
    pub instance: String,
    /// As in [`GatewayConfig`].
    pub run_dir: PathBuf,
    /// `lunchbox-workstation:latest`.
    pub workstation_image: String,
    /// Time without use after which a sandbox is removed. 30 minutes.
    pub idle_limit: Duration,
    /// Sandboxes kept ready for whoever comes next. 0 = every start is a cold one.
    pub warm: u32,
    /// Sandboxes at most, warm ones included; who comes then is told so.
    pub max: u32,
    pub workstation: WorkstationLimits,
    /// As in [`GatewayConfig`].
    pub runtime: Option<String>,
    /// Under which containers find the course registry, where they may.
    pub registry_alias: Option<String>,
    /// Where previews live: `preview.example.com` (with `:port` where it isn't the page's own).
    /// `None`: names under `localhost` where Lunchbox itself is visited as localhost; else the path form.
    pub preview_domain: Option<String>,
}

/// Why sandboxes could not be set going when the server started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("the gateway could not start")]
    Gateway(#[from] GatewayError),
    #[error("the engine could not be used")]
    Engine(#[from] EngineError),
    #[error("the table of sandboxes could not be read")]
    Database(#[from] sqlx::Error),
    #[error("the table of sandboxes could not be made")]
    Migration(#[from] sqlx::migrate::MigrateError),
    #[error("the folder of sockets, {}, could not be used", path.display())]
    RunDir { path: PathBuf, source: std::io::Error },
}

/// Starts gateway and sandboxes, in the order they need each other: the ends of the workstations'
/// sockets, the gateway, then ledger against engine. `ledger` may be the same pool as `database`. Runs `server/migrations` if that wasn't done.
/// What can wait (removing what is left over, warming the pool) goes on in the background.
pub async fn start(
    config: SandboxesConfig,
    gateway_config: GatewayConfig,
    engine: Engine,
    database: AnyPool,
    ledger: AnyPool,
) -> Result<(Gateway, Sandboxes), StartError> {
    if gateway_config.egress == Egress::On {
        tracing::warn!(
            "Learners' containers reach the internet (egress is on). server/setup/firewall.sh (set-up runs it) keeps them off this machine's own network and a cloud's metadata service."
        );
    }
    let store = store::Store::new(database);
    store.migrate().await?;
    std::fs::create_dir_all(&config.run_dir).map_err(|source| StartError::RunDir { path: config.run_dir.clone(), source })?;
    let rows = store.all().await?;
    let workstations = Workstations::new(config.run_dir.clone(), gateway_config.egress != Egress::Off);
    reconcile::listen(&rows, &workstations);
    let gateway = Gateway::start(gateway_config.clone(), ledger, Arc::new(workstations.clone())).await?;
    workstations.set_gateway(gateway.clone());
    let sandboxes = Sandboxes { inner: Arc::new(Inner::new(config, gateway.clone(), engine, store, workstations)) };
    let leftovers = reconcile::reconcile(&sandboxes.inner, rows).await?;
    pool::run(&sandboxes.inner, leftovers);
    let engine = sandboxes.inner.engine.clone();
    tokio::spawn(async move { throwaway::sweep(&engine, &gateway_config).await });
    Ok((gateway, sandboxes))
}

/// Why a sandbox could not be had; the message is for the learner.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct SandboxError {
    pub message: String,
}

/// How a learner's sandbox stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// Never started, or removed.
    None {
        /// It stood idle, and the learner has not started another since.
        removed_idle: bool,
    },
    Starting,
    Ready {
        id: SandboxId,
    },
    /// Plain text for the learner: what happened, what to do.
    Failed {
        message: String,
    },
}

/// All sandboxes of this server. Cheap to clone. When the last clone goes, the work in the
/// background ends; the sandboxes stay.
#[derive(Clone)]
pub struct Sandboxes {
    inner: Arc<Inner>,
}

impl Sandboxes {
    /// The learner's sandbox as it stands, kept up to date. Survives resets and restarts.
    pub fn watch(&self, learner: &LearnerId) -> watch::Receiver<Status> {
        self.inner.book.watch(learner)
    }

    /// The learner's sandbox as it stands now.
    pub fn status(&self, learner: &LearnerId) -> Status {
        self.inner.book.status(learner)
    }

    /// The learner's sandbox where there is one; else a new one. Returns when it is ready. Called
    /// twice at once, as from two tabs, it gives the same one to both. Goes on when the caller
    /// doesn't wait any more.
    pub async fn start(&self, learner: &LearnerId) -> Result<SandboxId, SandboxError> {
        let (inner, learner) = (Arc::clone(&self.inner), learner.clone());
        finish(tokio::spawn(async move { inner.start(&learner).await })).await
    }

    /// Gives the learner a fresh sandbox, at once where one is warm, and removes the old one in
    /// the background.
    pub async fn reset(&self, learner: &LearnerId) -> Result<SandboxId, SandboxError> {
        let (inner, learner) = (Arc::clone(&self.inner), learner.clone());
        finish(tokio::spawn(async move { inner.reset(&learner).await })).await
    }

    /// Removes the learner's sandbox in the background; they can start another. `false`: there was none.
    pub async fn close(&self, learner: &LearnerId) -> bool {
        let (inner, learner) = (Arc::clone(&self.inner), learner.clone());
        tokio::spawn(async move { inner.close(&learner).await }).await.unwrap_or(false)
    }

    /// The learner is here: puts off the removal of an idle sandbox.
    pub fn touch(&self, learner: &LearnerId) {
        if let Status::Ready { id } = self.status(learner) {
            self.used(&id);
        }
    }

    /// As [`Sandboxes::touch`], where the sandbox is known.
    pub fn used(&self, id: &SandboxId) {
        self.inner.book.used(id, now());
    }

    /// Sandboxes at most.
    pub fn places(&self) -> u32 {
        self.inner.config.max
    }

    /// Time without use after which a sandbox is removed.
    pub fn idle_limit(&self) -> Duration {
        self.inner.config.idle_limit
    }

    /// Where a browser opens the port that the sandbox publishes, on an origin that is not ours:
    /// `//p8080-<token>.<domain>/` (scheme as the page's) or `/preview/<token>/8080/`.
    /// `request_host`: the `Host` header with which the page was asked for. Empty for a sandbox
    /// that is gone.
    pub fn preview_url(&self, id: &SandboxId, port: u16, request_host: Option<&str>) -> String {
        let Some(token) = self.inner.book.token(id) else { return String::new() };
        address::url(self.inner.config.preview_domain.as_deref(), request_host, &token, port)
    }

    /// Reads the `Host` of a request: which preview it asks for, `None` if none.
    pub fn preview_of_host(&self, host: &str) -> Option<Preview> {
        address::read_host(self.inner.config.preview_domain.as_deref(), host)
    }

    /// The sandbox whose previews have that token.
    pub fn by_token(&self, token: &str) -> Option<SandboxId> {
        self.inner.book.by_token(token)
    }

    /// The gateway that serves these sandboxes.
    pub fn gateway(&self) -> &Gateway {
        &self.inner.gateway
    }

    /// Their workstations.
    pub fn workstations(&self) -> &Workstations {
        &self.inner.workstations
    }

    /// Says goodbye to every terminal and stores what is only in memory; sandboxes stay alive for
    /// the next server. Call before the web server drains.
    pub async fn shutdown(&self) {
        self.inner.workstations.say_goodbye();
        self.inner.end.cancel();
        self.inner.store_uses().await;
    }
}

/// What all clones share.
struct Inner {
    config: SandboxesConfig,
    gateway: Gateway,
    engine: Engine,
    store: store::Store,
    workstations: Workstations,
    book: book::Book,
    life: life::Turns,
    /// Ends the background work.
    end: tokio_util::sync::CancellationToken,
}

impl Inner {
    fn new(config: SandboxesConfig, gateway: Gateway, engine: Engine, store: store::Store, workstations: Workstations) -> Self {
        Self {
            config,
            gateway,
            engine,
            store,
            workstations,
            book: book::Book::default(),
            life: life::Turns::default(),
            end: tokio_util::sync::CancellationToken::new(),
        }
    }
}

async fn finish<T>(task: tokio::task::JoinHandle<Result<T, SandboxError>>) -> Result<T, SandboxError> {
    // It can fail only by a panic, which is logged by itself.
    task.await.unwrap_or_else(|_| Err(SandboxError { message: "Something went wrong in the server. Try again.".to_owned() }))
}
