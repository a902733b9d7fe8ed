//! The crate's door: open a sandbox's scope, serve its socket, ask for its state, close it.

use std::{path::PathBuf, sync::Arc};

use sqlx::AnyPool;
use tokio::{net::TcpStream, sync::broadcast};

use crate::{Activity, GatewayConfig, HostPorts, HostState, SandboxId};

/// Why the gateway could not do what its owner (the server) asked. Learners never see these.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    #[error("the engine does not answer at {socket}")]
    EngineUnreachable { socket: PathBuf },
    #[error("the engine refused: {message}")]
    Engine { status: u16, message: String },
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    #[error("the sandbox {0} is not open")]
    NoSuchSandbox(SandboxId),
    #[error("no container of the sandbox publishes port {0}")]
    PortNotPublished(u16),
    #[error("no free network is left in the address pool")]
    AddressPoolExhausted,
    #[error("input or output failed")]
    Io(#[from] std::io::Error),
}

/// What a workstation needs to join its sandbox.
#[derive(Debug, Clone)]
pub struct SandboxHandle {
    pub id: SandboxId,
    /// `<run_dir>/<sandbox>`, holds `docker.sock`; made and owned by the gateway, mode 0755.
    pub socket_dir: PathBuf,
    /// Engine name of the sandbox's default network (what the learner sees as `bridge`).
    pub network: String,
    /// Labels that everything made for this sandbox must carry.
    pub labels: Vec<(String, String)>,
    /// Prefix of every engine name of this sandbox: `lb-<instance>-<sandbox>-`.
    pub name_prefix: String,
}

/// One engine, shared. Cheap to clone.
#[derive(Clone)]
pub struct Gateway {
    #[expect(dead_code, reason = "stub")]
    inner: Arc<GatewayConfig>,
}

impl Gateway {
    /// Connects to engine and database, runs the ledger's migrations, subscribes to the engine's
    /// events, and begins to serve every sandbox that the ledger knows as open.
    pub async fn start(config: GatewayConfig, database: AnyPool, ports: Arc<dyn HostPorts>) -> Result<Self, GatewayError> {
        let _ = (database, ports);
        Ok(Self { inner: Arc::new(config) })
    }

    /// Opens a new sandbox: ledger row, network, socket.
    pub async fn open(&self, id: SandboxId) -> Result<SandboxHandle, GatewayError> {
        Err(GatewayError::NoSuchSandbox(id))
    }

    /// The handle of an open sandbox.
    pub async fn handle(&self, id: &SandboxId) -> Result<SandboxHandle, GatewayError> {
        Err(GatewayError::NoSuchSandbox(id.clone()))
    }

    /// Every sandbox that the ledger knows as open, oldest first.
    pub async fn open_sandboxes(&self) -> Result<Vec<SandboxId>, GatewayError> {
        Ok(Vec::new())
    }

    /// Ends a sandbox: everything it made on the engine goes, its corner of the registry and its
    /// ledger rows too; activity stays. The caller removes the workstation first. Can be called
    /// again after a crash in the middle.
    pub async fn close(&self, id: &SandboxId) -> Result<(), GatewayError> {
        Err(GatewayError::NoSuchSandbox(id.clone()))
    }

    /// Removes what carries this instance's labels but belongs to no open sandbox, and closes the
    /// ledger rows of what is gone from the engine. Returns how many things were removed.
    pub async fn reconcile(&self) -> Result<usize, GatewayError> {
        Ok(0)
    }

    /// What the learner's host looks like now. At most a few milliseconds old.
    pub async fn host_state(&self, id: &SandboxId) -> Result<HostState, GatewayError> {
        Err(GatewayError::NoSuchSandbox(id.clone()))
    }

    /// New activity, as it happens. A consumer that lags reads [`Gateway::activity_since`].
    pub fn subscribe(&self, id: &SandboxId) -> Result<broadcast::Receiver<Activity>, GatewayError> {
        Err(GatewayError::NoSuchSandbox(id.clone()))
    }

    /// Stored activity with `seq` above the one given, in order, at most `limit`.
    pub async fn activity_since(&self, id: &SandboxId, seq: i64, limit: u32) -> Result<Vec<Activity>, GatewayError> {
        let _ = (id, seq, limit);
        Ok(Vec::new())
    }

    /// When the learner's `docker` last asked for something (unix milliseconds, 0 = never).
    pub fn last_used(&self, id: &SandboxId) -> i64 {
        let _ = id;
        0
    }

    /// Connects to the container that publishes `port` (TCP) on the learner's host.
    pub async fn dial(&self, id: &SandboxId, port: u16) -> Result<TcpStream, GatewayError> {
        let _ = id;
        Err(GatewayError::PortNotPublished(port))
    }
}
