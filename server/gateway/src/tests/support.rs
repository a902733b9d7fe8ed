//! A real engine, a real registry, a database of its own, and the stock docker command against a
//! sandbox's socket. Everything made is removed again, even when a test fails.

#![allow(clippy::unwrap_used, clippy::expect_used, dead_code, reason = "tests may fail; not every test uses every helper")]

use std::{
    path::PathBuf,
    process::{Output, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use test_database::TestDatabase;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
    process::Command,
};

use crate::{Activity, Egress, Gateway, GatewayConfig, NoHostPorts, SandboxHandle, SandboxId, SandboxLimits};

const REGISTRY: &str = "127.0.0.1:5055";
const ENGINE: &str = "/var/run/docker.sock";
/// How long a state may take to come about.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A gateway with some sandboxes.
pub(crate) struct TestHost {
    pub(crate) gateway: Gateway,
    pub(crate) sandboxes: Vec<Sandbox>,
    pub(crate) config: GatewayConfig,
    pub(crate) database: sqlx::AnyPool,
    folder: tempfile::TempDir,
    _store: TestDatabase,
}

/// One sandbox as a learner's client sees it.
#[derive(Clone)]
pub(crate) struct Sandbox {
    pub(crate) id: SandboxId,
    pub(crate) socket: PathBuf,
    pub(crate) handle: SandboxHandle,
    pub(crate) gateway: Gateway,
}

/// What a command printed.
#[derive(Debug, Clone)]
pub(crate) struct Printed {
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) code: i32,
}

impl Printed {
    fn of(output: Output) -> Self {
        Self {
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
            code: output.status.code().unwrap_or(-1),
        }
    }

    /// Fails the test, with all that was printed, unless the command succeeded.
    #[track_caller]
    pub(crate) fn ok(self) -> String {
        assert_eq!(self.code, 0, "the command failed: {self:?}");
        self.out
    }

    /// Fails the test unless the command failed; what it said on stderr.
    #[track_caller]
    pub(crate) fn fails(self) -> String {
        assert_ne!(self.code, 0, "the command should have failed: {self:?}");
        self.err
    }
}

impl TestHost {
    /// `count` sandboxes of the default policy.
    pub(crate) async fn start(count: usize) -> Self {
        Self::with(count, SandboxLimits::default()).await
    }

    pub(crate) async fn with(count: usize, limits: SandboxLimits) -> Self {
        Self::on(ENGINE, count, limits).await
    }

    /// A workstation with its home, as the server makes them, and a program in it that runs until the test ends. Returns the
    /// container's ID.
    pub(crate) async fn workstation(&self, sandbox: &Sandbox, program: &str) -> String {
        let home = format!("lb-{}-{}.home", self.config.instance, sandbox.id);
        let labels: Vec<String> = sandbox.handle.labels.iter().map(|(key, value)| format!("--label={key}={value}")).collect();
        let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
        bare(&[&["volume", "create"], &labels[..], &[home.as_str()]].concat()).await.ok();
        let (volume, image) = (format!("{home}:/root"), format!("{REGISTRY}/library/busybox"));
        let run =
            [&["run", "-d", "--network", "none", "--cpus", "0.3", "-v", &volume][..], &labels, &[image.as_str(), "sh", "-c", program]];
        bare(&run.concat()).await.ok().trim().to_owned()
    }

    /// On another engine.
    pub(crate) async fn on(engine_socket: impl Into<PathBuf>, count: usize, limits: SandboxLimits) -> Self {
        let folder = tempfile::Builder::new().prefix("lbt").tempdir_in("/tmp").unwrap();
        let store = TestDatabase::new().await;
        let database = store.pool().await;
        let instance = format!("t{:08x}", rand::random::<u32>());
        let config = GatewayConfig {
            instance,
            engine_socket: engine_socket.into(),
            run_dir: folder.path().join("run"),
            registry: REGISTRY.to_owned(),
            registry_alias: "registry.lunchbox".to_owned(),
            address_pool: "10.213.0.0/16".parse().unwrap(),
            chosen_networks: vec!["172.16.0.0/12".parse().unwrap(), "192.168.0.0/16".parse().unwrap()],
            egress: Egress::Off,
            runtime: None,
            limits,
        };
        let gateway =
            Gateway::start(config.clone(), database.clone(), Arc::new(NoHostPorts)).await.expect("an engine must answer: ./lunchbox setup");
        let mut host = Self { gateway, sandboxes: Vec::new(), config, database, folder, _store: store };
        for _ in 0..count {
            host.open().await;
        }
        host
    }

    /// The gateway's own record.
    pub(crate) fn ledger(&self) -> crate::ledger::Ledger {
        self.gateway.ledger().clone()
    }

    /// One more.
    pub(crate) async fn open(&mut self) -> Sandbox {
        let handle = self.gateway.open(SandboxId::random()).await.unwrap();
        let sandbox =
            Sandbox { id: handle.id.clone(), socket: handle.socket_dir.join("docker.sock"), handle, gateway: self.gateway.clone() };
        self.sandboxes.push(sandbox.clone());
        sandbox
    }

    /// The same database and engine under a new gateway, as after `kill -9`.
    pub(crate) async fn restart(&mut self) {
        self.gateway = Gateway::start(self.config.clone(), self.database.clone(), Arc::new(NoHostPorts)).await.unwrap();
        for sandbox in &mut self.sandboxes {
            sandbox.gateway = self.gateway.clone();
        }
    }
}

impl Drop for TestHost {
    /// By label and with the bare engine, so that it works whatever the test broke.
    fn drop(&mut self) {
        let label = format!("label=io.lunchbox.instance={}", self.config.instance);
        for (list, remove) in [
            (vec!["ps", "-aq", "--filter"], vec!["rm", "-fv"]),
            (vec!["volume", "ls", "-q", "--filter"], vec!["volume", "rm", "-f"]),
            (vec!["network", "ls", "-q", "--filter"], vec!["network", "rm"]),
        ] {
            let Ok(found) = bare_sync(&[list, vec![&label]].concat()) else { continue };
            let ids: Vec<&str> = found.split_whitespace().collect();
            if !ids.is_empty() {
                _ = bare_sync(&[remove, ids].concat());
            }
        }
        // Steps of builds that failed.
        _ = bare_sync(&["image", "prune", "-f", "--filter", &label]);
        // By name: an image may be the course's, which others use.
        let images = format!("reference=lb-{}/*", self.config.instance);
        if let Ok(found) = bare_sync(&["images", "--format", "{{.Repository}}:{{.Tag}}", "--filter", &images]) {
            let names: Vec<&str> = found.split_whitespace().collect();
            if !names.is_empty() {
                _ = bare_sync(&[vec!["rmi", "-f"], names].concat());
            }
        }
    }
}

fn bare_sync(arguments: &[&str]) -> std::io::Result<String> {
    let output = std::process::Command::new("docker").env("DOCKER_HOST", format!("unix://{ENGINE}")).args(arguments).output()?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The docker command against the engine itself.
pub(crate) async fn bare(arguments: &[&str]) -> Printed {
    Printed::of(Command::new("docker").env("DOCKER_HOST", format!("unix://{ENGINE}")).args(arguments).output().await.unwrap())
}

impl Sandbox {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("docker");
        command
            .env("DOCKER_HOST", format!("unix://{}", self.socket.display()))
            .env("DOCKER_BUILDKIT", "0")
            .env("DOCKER_CLI_HINTS", "false")
            .args(arguments)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// `docker …`
    pub(crate) async fn docker(&self, arguments: &[&str]) -> Printed {
        let output = tokio::time::timeout(Duration::from_secs(120), self.command(arguments).output()).await;
        Printed::of(output.unwrap_or_else(|_| panic!("docker {arguments:?} did not end")).unwrap())
    }

    /// `docker …`, with words split at spaces.
    pub(crate) async fn run(&self, line: &str) -> Printed {
        self.docker(&line.split_whitespace().collect::<Vec<_>>()).await
    }

    /// `docker …` with something on its standard input.
    pub(crate) async fn docker_in(&self, arguments: &[&str], input: &[u8]) -> Printed {
        let mut child = self.command(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_vec();
        tokio::spawn(async move {
            _ = stdin.write_all(&input).await;
        });
        let output = tokio::time::timeout(Duration::from_secs(120), child.wait_with_output()).await;
        Printed::of(output.expect("docker did not end").unwrap())
    }

    /// `docker …`, running; its output is piped.
    pub(crate) fn spawn(&self, arguments: &[&str]) -> tokio::process::Child {
        self.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Raw bytes to the socket, one request with `Connection: close`; all that comes back.
    pub(crate) async fn raw(&self, request: &[u8]) -> String {
        let mut stream = UnixStream::connect(&self.socket).await.unwrap();
        // Whoever is refused early can't send it all.
        _ = stream.write_all(request).await;
        let mut answer = Vec::new();
        _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// One HTTP request; status and body.
    pub(crate) async fn http(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: docker\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let answer = self.raw(request.as_bytes()).await;
        let status = answer.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
        let body = answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default();
        (status, body)
    }

    pub(crate) async fn activity(&self) -> Vec<Activity> {
        self.gateway.activity_since(&self.id, 0, 1000).await.unwrap()
    }

    /// Waits until the activity has one that fits.
    pub(crate) async fn saw(&self, what: &str, fits: impl Fn(&crate::ActivityKind) -> bool) {
        let until = Instant::now() + PATIENCE;
        while !self.activity().await.iter().any(|activity| fits(&activity.kind)) {
            assert!(Instant::now() < until, "{what} did not come; there were {:#?}", self.activity().await);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Waits until `ready` says so.
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, ready: impl Fn() -> F) {
    let end = Instant::now() + PATIENCE;
    while !ready().await {
        assert!(Instant::now() < end, "{what} did not come about");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
