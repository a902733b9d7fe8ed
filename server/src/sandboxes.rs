//! Every learner's sandbox: opened, found again, reset, removed. The one place that pairs a
//! gateway scope with a workstation container.

use std::{path::PathBuf, time::Duration};

use gateway::{Gateway, GatewayConfig, GatewayError, SandboxId};
use sqlx::AnyPool;
use tokio::sync::watch;

use crate::{
    engine::{Engine, EngineError},
    learner::LearnerId,
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
    /// Where previews live: `preview.example.com` (with `:port` where it isn't the page's own).
    /// `None`: names under `localhost` where Lunchbox itself is visited as localhost; else the path form.
    pub preview_domain: Option<String>,
}

/// What one workstation container may use.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkstationLimits {
    pub memory_bytes: i64,
    /// Billionths of a CPU.
    pub nano_cpus: i64,
    /// Processes and threads.
    pub pids: i64,
    /// Bytes of its writable layer, where the storage driver can limit it ([`crate::engine::EngineInfo::disk_limits`]).
    pub disk_bytes: Option<i64>,
}

impl Default for WorkstationLimits {
    fn default() -> Self {
        const MIB: i64 = 1024 * 1024;
        Self { memory_bytes: 192 * MIB, nano_cpus: 1_000_000_000, pids: 256, disk_bytes: Some(1024 * MIB) }
    }
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
    #[error("the folder of sockets, {path}, could not be used")]
    RunDir { path: PathBuf, source: std::io::Error },
}

/// Starts gateway and sandboxes, in the order they need each other: the ends of the workstations'
/// sockets, the gateway, then ledger against engine. Runs `server/migrations` if that wasn't done.
pub async fn start(
    config: SandboxesConfig,
    gateway_config: GatewayConfig,
    engine: Engine,
    database: AnyPool,
) -> Result<(Gateway, Sandboxes), StartError> {
    let _ = (config, gateway_config, engine, database);
    Err(EngineError::Timeout.into())
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
        removed_idle: bool,
    },
    Starting,
    Ready {
        id: SandboxId,
    },
    Failed {
        message: String,
    },
}

/// All sandboxes of this server. Cheap to clone.
#[derive(Clone)]
pub struct Sandboxes {}

impl Sandboxes {
    /// The learner's sandbox as it stands, kept up to date. Survives resets and restarts.
    pub fn watch(&self, learner: &LearnerId) -> watch::Receiver<Status> {
        let _ = learner;
        watch::channel(Status::None { removed_idle: false }).1
    }

    /// The learner's sandbox where there is one; else a new one. Returns when it is ready.
    pub async fn start(&self, learner: &LearnerId) -> Result<SandboxId, SandboxError> {
        let _ = learner;
        Err(SandboxError { message: "Sandboxes are not there yet.".to_owned() })
    }

    /// Gives the learner a fresh sandbox and removes the old one in the background.
    pub async fn reset(&self, learner: &LearnerId) -> Result<SandboxId, SandboxError> {
        self.start(learner).await
    }

    /// The learner is here: puts off the removal of an idle sandbox.
    pub fn touch(&self, learner: &LearnerId) {
        let _ = learner;
    }

    /// Time without use after which a sandbox is removed.
    pub fn idle_limit(&self) -> Duration {
        Duration::from_secs(30 * 60)
    }

    /// Where a browser opens the port that the sandbox publishes, on an origin that is not ours:
    /// `//p8080-<token>.<domain>/` (scheme as the page's) or `/preview/<token>/8080/`.
    /// `request_host`: the `Host` header with which the page was asked for.
    pub fn preview_url(&self, id: &SandboxId, port: u16, request_host: Option<&str>) -> String {
        let _ = request_host;
        format!("/preview/{id}/{port}/")
    }

    /// Says goodbye to every terminal; sandboxes stay alive for the next server. Call before the
    /// web server drains.
    pub async fn shutdown(&self) {}
}
