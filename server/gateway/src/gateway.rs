//! The crate's door: open a sandbox's scope, serve its socket, ask for its state, close it.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
};

use sqlx::AnyPool;
use tokio::{net::TcpStream, sync::broadcast};

use crate::{
    Activity, Egress, GatewayConfig, HostPorts, HostState, SandboxId, close, host_state,
    images::{self, catalogue::Catalogue, comings::Comings},
    ledger::Ledger,
    networks,
    registry::{self, Registry},
    sandbox::Sandbox,
    scope::Scope,
    serve,
    system::{
        costs::{self, AllCosts, Costs},
        disk::DiskUse,
        disk_watch,
        volume_sizes::VolumeSizes,
    },
    upstream::{EngineSaid, Upstream},
    watch,
};

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

impl From<EngineSaid> for GatewayError {
    fn from(said: EngineSaid) -> Self {
        match said {
            EngineSaid::Error { status, message } => Self::Engine { status: status.as_u16(), message },
            EngineSaid::Away(refusal) => Self::Engine { status: refusal.status.as_u16(), message: refusal.message },
        }
    }
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
    inner: Arc<Shared>,
}

/// What all sandboxes have in common.
pub(crate) struct Shared {
    pub(crate) config: GatewayConfig,
    pub(crate) ledger: Ledger,
    pub(crate) engine: Upstream,
    pub(crate) catalogue: Catalogue,
    pub(crate) comings: Comings,
    pub(crate) volume_sizes: VolumeSizes,
    pub(crate) disk_use: DiskUse,
    pub(crate) costs: Costs,
    pub(crate) registry: Registry,
    pub(crate) ports: Arc<dyn HostPorts>,
    sandboxes: RwLock<HashMap<SandboxId, Arc<Sandbox>>>,
}

impl Shared {
    /// The sandbox as this process serves it.
    pub(crate) fn sandbox(&self, id: &SandboxId) -> Option<Arc<Sandbox>> {
        self.sandboxes.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    pub(crate) fn scope(&self, id: &SandboxId) -> Scope {
        Scope::new(id.clone(), &self.config, self.ledger.clone())
    }

    fn known(&self, id: &SandboxId) -> Result<Arc<Sandbox>, GatewayError> {
        self.sandbox(id).ok_or_else(|| GatewayError::NoSuchSandbox(id.clone()))
    }

    pub(crate) fn all_sandboxes(&self) -> Vec<Arc<Sandbox>> {
        self.sandboxes.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }
}

impl Gateway {
    /// Connects to engine and database, runs the ledger's migrations, subscribes to the engine's
    /// events, and begins to serve every sandbox that the ledger knows as open.
    pub async fn start(config: GatewayConfig, database: AnyPool, ports: Arc<dyn HostPorts>) -> Result<Self, GatewayError> {
        let engine = Upstream::new(&config.engine_socket);
        if !engine.answers().await {
            return Err(GatewayError::EngineUnreachable { socket: config.engine_socket });
        }
        let ledger = Ledger::open(database).await?;
        let shared = Arc::new(Shared {
            catalogue: Catalogue::new(engine.clone()),
            comings: Comings::default(),
            volume_sizes: VolumeSizes::new(engine.clone()),
            disk_use: DiskUse::default(),
            costs: Costs::default(),
            registry: Registry::new(&config.registry),
            sandboxes: RwLock::default(),
            config,
            ledger,
            engine,
            ports,
        });
        let gateway = Self { inner: shared.clone() };
        images::build::sweep(&shared).await;
        for id in shared.ledger.sandboxes("open").await? {
            images::own::forget_unknown_at_start(&shared, &shared.scope(&id)).await;
            gateway.serve(&id).await?;
        }
        disk_watch::start(&shared);
        watch::start(shared);
        Ok(gateway)
    }

    /// For tests, which read what was written, and write what would take long to come about.
    #[cfg(test)]
    pub(crate) fn ledger(&self) -> &Ledger {
        &self.inner.ledger
    }

    /// The sandbox as it is served, for tests.
    #[cfg(test)]
    pub(crate) fn served(&self, id: &SandboxId) -> Arc<Sandbox> {
        self.inner.sandbox(id).expect("it is open")
    }

    async fn serve(&self, id: &SandboxId) -> Result<(), GatewayError> {
        self.inner.ledger.keep(id);
        let sandbox = Sandbox::new(id.clone(), self.inner.ledger.clone(), &self.inner.config.limits).await?;
        let listener = serve::listen(&self.inner.config.run_dir.join(id.as_str()))?;
        self.inner.sandboxes.write().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), sandbox.clone());
        let accepting = tokio::spawn(serve::accept(self.inner.clone(), sandbox.clone(), listener));
        sandbox.served_by(accepting.abort_handle());
        Ok(())
    }

    /// Opens a new sandbox: ledger row, network, socket.
    pub async fn open(&self, id: SandboxId) -> Result<SandboxHandle, GatewayError> {
        self.inner.ledger.add_sandbox(&id).await?;
        networks::make_default(&self.inner, &self.inner.scope(&id)).await?;
        if self.inner.sandbox(&id).is_none() {
            self.serve(&id).await?;
        }
        self.handle(&id).await
    }

    /// The handle of an open sandbox.
    pub async fn handle(&self, id: &SandboxId) -> Result<SandboxHandle, GatewayError> {
        self.inner.known(id)?;
        let scope = self.inner.scope(id);
        Ok(SandboxHandle {
            id: id.clone(),
            socket_dir: self.inner.config.run_dir.join(id.as_str()),
            network: scope.default_network_name().as_str().to_owned(),
            labels: scope.labels("workstation"),
            name_prefix: scope.prefix(),
        })
    }

    /// Every sandbox that the ledger knows as open, oldest first.
    pub async fn open_sandboxes(&self) -> Result<Vec<SandboxId>, GatewayError> {
        Ok(self.inner.ledger.sandboxes("open").await?)
    }

    /// Ends a sandbox: everything it made on the engine goes, its corner of the registry and its
    /// ledger rows too; activity stays. The caller removes the workstation first. Can be called
    /// again after a crash in the middle.
    pub async fn close(&self, id: &SandboxId) -> Result<(), GatewayError> {
        self.inner.ledger.mark_closing(id).await?;
        let served = self.inner.sandboxes.write().unwrap_or_else(PoisonError::into_inner).remove(id);
        if let Some(sandbox) = &served {
            sandbox.stop_serving();
        }
        close::close(&self.inner, id, served.as_deref()).await
    }

    /// Removes what carries this instance's labels but belongs to no open sandbox, and closes the
    /// ledger rows of what is gone from the engine. Returns how many things were removed.
    pub async fn reconcile(&self) -> Result<usize, GatewayError> {
        close::reconcile(&self.inner).await
    }

    /// What the learner's host looks like now. At most a few milliseconds old.
    pub async fn host_state(&self, id: &SandboxId) -> Result<HostState, GatewayError> {
        let sandbox = self.inner.known(id)?;
        host_state::read(&self.inner, &sandbox).await
    }

    /// New activity, as it happens. A consumer that lags reads [`Gateway::activity_since`].
    pub fn subscribe(&self, id: &SandboxId) -> Result<broadcast::Receiver<Activity>, GatewayError> {
        Ok(self.inner.known(id)?.subscribe())
    }

    /// Stored activity with `seq` above the one given, in order, at most `limit`.
    pub async fn activity_since(&self, id: &SandboxId, seq: i64, limit: u32) -> Result<Vec<Activity>, GatewayError> {
        Ok(self.inner.ledger.activity_since(id, seq, limit).await?)
    }

    /// When the learner's `docker` last asked for something (unix milliseconds, 0 = never).
    pub fn last_used(&self, id: &SandboxId) -> i64 {
        self.inner.sandbox(id).map_or(0, |sandbox| sandbox.last_used())
    }

    /// What each sandbox takes of the machine, as it was measured last; measures anew, while whoever asked goes on, where that
    /// is half a minute old. Nothing where nobody has asked before.
    pub fn costs(&self) -> AllCosts {
        costs::read(&self.inner)
    }

    /// Shows the course registry, as the sandbox sees it, to who is at the other end of `stream`; until that ends.
    /// Without egress there is nothing to be seen.
    pub async fn serve_registry(
        &self,
        id: &SandboxId,
        stream: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static,
    ) -> Result<(), GatewayError> {
        let sandbox = self.inner.known(id)?;
        if self.inner.config.egress != Egress::Off {
            registry::front::serve(self.inner.clone(), sandbox, stream).await;
        }
        Ok(())
    }

    /// Connects to the container that publishes `port` (TCP) on the learner's host.
    pub async fn dial(&self, id: &SandboxId, port: u16) -> Result<TcpStream, GatewayError> {
        self.inner.known(id)?;
        crate::containers::ports::dial(&self.inner, id, port).await
    }
}
