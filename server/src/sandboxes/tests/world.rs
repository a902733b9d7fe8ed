//! A Lunchbox of a test's own: database, folder, instance; removed from the engine afterwards.

use std::{
    future::Future,
    path::Path,
    process::Output,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use gateway::{Gateway, GatewayConfig, SandboxId, SandboxLimits, config::Egress};
use sqlx::AnyPool;
use test_database::TestDatabase;
use tokio::time::Instant;

use crate::{
    engine::Engine,
    learner::LearnerId,
    sandboxes::{self, Sandboxes, SandboxesConfig, Terminal, WorkstationLimits},
};

/// How long anything may take on a busy machine.
pub(crate) const LIMIT: Duration = Duration::from_secs(120);

#[derive(Clone)]
pub(crate) struct World {
    pub(crate) config: SandboxesConfig,
    pub(crate) gateway_config: GatewayConfig,
    pub(crate) database: AnyPool,
    pub(crate) engine: Engine,
    /// Every server that was started, to be killed before cleaning up: a pool would go on filling.
    servers: Arc<Mutex<Vec<Sandboxes>>>,
    _folder: Arc<tempfile::TempDir>,
    _store: Arc<TestDatabase>,
}

/// Runs a test in a world, then removes from the engine what it left there, whatever came of it.
pub(crate) async fn world<F: Future<Output = ()> + Send + 'static>(
    settings: impl FnOnce(&mut SandboxesConfig),
    test: impl FnOnce(World) -> F,
) {
    let world = World::new(settings).await;
    let outcome = tokio::spawn(test(world.clone())).await;
    world.clean().await;
    if let Err(error) = outcome {
        std::panic::resume_unwind(error.into_panic());
    }
}

impl World {
    async fn new(settings: impl FnOnce(&mut SandboxesConfig)) -> Self {
        // Short, since a socket's path has 107 bytes.
        let folder = tempfile::Builder::new().prefix("lbt").tempdir_in("/tmp").expect("a folder");
        let instance = format!("t{:08x}", rand::random::<u32>());
        let mut config = SandboxesConfig {
            instance: instance.clone(),
            run_dir: folder.path().join("run"),
            workstation_image: std::env::var("LUNCHBOX_WORKSTATION_IMAGE").unwrap_or_else(|_| "lunchbox-workstation:latest".to_owned()),
            idle_limit: Duration::from_secs(30 * 60),
            warm: 0,
            max: 50,
            workstation: WorkstationLimits::default(),
            runtime: None,
            registry_alias: None,
            preview_domain: None,
        };
        settings(&mut config);
        let socket = std::env::var("LUNCHBOX_ENGINE_SOCKET").unwrap_or_else(|_| "/var/run/docker.sock".to_owned());
        let gateway_config = GatewayConfig {
            instance,
            engine_socket: socket.clone().into(),
            run_dir: config.run_dir.clone(),
            registry: std::env::var("LUNCHBOX_REGISTRY").unwrap_or_else(|_| "127.0.0.1:5055".to_owned()),
            registry_alias: "registry.lunchbox".to_owned(),
            address_pool: "10.213.0.0/16".parse().expect("a network"),
            chosen_networks: Vec::new(),
            egress: if config.registry_alias.is_some() { Egress::Registry } else { Egress::Off },
            runtime: None,
            limits: SandboxLimits::default(),
        };
        let store = TestDatabase::new().await;
        let database = store.pool().await;
        let engine = Engine::new(Path::new(&socket)).expect("a path");
        Self { config, gateway_config, database, engine, servers: Arc::default(), _folder: Arc::new(folder), _store: Arc::new(store) }
    }

    /// A server's start.
    pub(crate) async fn start(&self) -> (Gateway, Sandboxes) {
        let (config, gateway_config) = (self.config.clone(), self.gateway_config.clone());
        let (gateway, sandboxes) =
            sandboxes::start(config, gateway_config, self.engine.clone(), self.database.clone(), self.database.clone())
                .await
                .unwrap_or_else(|error| panic!("sandboxes start: {}", sandboxes::life::reasons(&error)));
        self.servers.lock().unwrap_or_else(PoisonError::into_inner).push(sandboxes.clone());
        (gateway, sandboxes)
    }

    /// A command on the machine's own engine.
    pub(crate) async fn docker(&self, arguments: &[&str]) -> String {
        text(&tokio::process::Command::new("docker").args(arguments).output().await.expect("docker is there"))
    }

    /// A command of the learner's.
    pub(crate) async fn docker_of(&self, sandbox: &SandboxId, arguments: &[&str]) -> String {
        let socket = self.config.run_dir.join(sandbox.as_str()).join("docker.sock");
        let host = format!("unix://{}", socket.display());
        let output = tokio::process::Command::new("docker").args(["-H", &host]).args(arguments).output().await;
        text(&output.expect("docker is there"))
    }

    /// Everything on the engine with this world's label: names of containers, networks, volumes.
    pub(crate) async fn left_on_engine(&self) -> Vec<String> {
        let filter = format!("label=io.lunchbox.instance={}", self.config.instance);
        let mut names = Vec::new();
        for list in [
            &["ps", "-a", "--format", "{{.Names}}", "--filter"][..],
            &["network", "ls", "--format", "{{.Name}}", "--filter"],
            &["volume", "ls", "--format", "{{.Name}}", "--filter"],
        ] {
            names.extend(self.docker(&[list, &[&filter]].concat()).await.lines().map(str::to_owned));
        }
        names
    }

    async fn clean(&self) {
        let servers = std::mem::take(&mut *self.servers.lock().unwrap_or_else(PoisonError::into_inner));
        servers.iter().for_each(Sandboxes::kill);
        // Twice: what the engine was asked for just before comes into being just after.
        for pause in [Duration::from_millis(500), Duration::ZERO] {
            self.remove_all().await;
            tokio::time::sleep(pause).await;
        }
    }

    /// Everything of this world that is on the engine.
    pub(super) async fn remove_all(&self) {
        let filter = format!("label=io.lunchbox.instance={}", self.config.instance);
        for (list, remove) in [
            (&["ps", "-aq", "--filter"][..], &["rm", "-fv"][..]),
            (&["network", "ls", "-q", "--filter"], &["network", "rm"]),
            (&["volume", "ls", "-q", "--filter"], &["volume", "rm", "-f"]),
        ] {
            let found = self.docker(&[list, &[&filter]].concat()).await;
            let found: Vec<&str> = found.lines().collect();
            if !found.is_empty() {
                self.docker(&[remove, &found].concat()).await;
            }
        }
    }
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)).trim().to_owned()
}

pub(crate) fn learner() -> LearnerId {
    LearnerId::random()
}

/// Waits for a state; panics where it does not come.
pub(crate) async fn until<T, F: Future<Output = Option<T>>>(what: &str, mut look: impl FnMut() -> F) -> T {
    let deadline = Instant::now() + LIMIT;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < deadline, "in {LIMIT:?} it did not happen that {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Types a line into a terminal and reads until `wanted` is there.
pub(crate) async fn typed(terminal: &mut Terminal, line: &str, wanted: &str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    terminal.stream.write_all(format!("{line}\n").as_bytes()).await.expect("the terminal is open");
    let mut seen = Vec::new();
    let reading = async {
        let mut buffer = [0; 4096];
        while !String::from_utf8_lossy(&seen).contains(wanted) {
            let count = terminal.stream.read(&mut buffer).await.expect("the terminal is open");
            assert!(count > 0, "the terminal ended");
            seen.extend_from_slice(&buffer[..count]);
        }
    };
    let in_time = tokio::time::timeout(LIMIT, reading).await.is_ok();
    let seen = String::from_utf8_lossy(&seen).into_owned();
    assert!(in_time, "no {wanted:?} in {seen:?}");
    seen
}

/// A web server of the test's own; ends with the test.
pub(crate) async fn serve(router: axum::Router) -> std::net::SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("it is bound");
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}
