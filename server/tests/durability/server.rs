//! A server in a process of its own.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use test_database::TestDatabase;
use tokio::process::{Child, Command};

/// How long a server may take to start on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Lunchbox {
    folder: tempfile::TempDir,
    /// Gone with this.
    _database: TestDatabase,
    port: u16,
    settings: Vec<(&'static str, String)>,
    process: Option<Child>,
    starts: usize,
}

impl Lunchbox {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("lbk").tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let database = TestDatabase::new().await;
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let project = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let settings = vec![
            ("LUNCHBOX_LISTEN", format!("127.0.0.1:{port}")),
            ("LUNCHBOX_DATA_DIR", text(&folder.path().join("data"))),
            ("LUNCHBOX_DATABASE_URL", database.url().to_owned()),
            ("LUNCHBOX_RUN_DIR", text(&folder.path().join("run"))),
            ("LUNCHBOX_LESSONS_DIR", text(&project.join("lessons"))),
            ("LUNCHBOX_ADDRESS_POOL", format!("10.{}.{}.0/24", rand::random_range(201..240), rand::random_range(0..256))),
            ("LUNCHBOX_WARM_SANDBOXES", "0".to_owned()),
        ];
        Self { folder, _database: database, port, settings, process: None, starts: 0 }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Returns when it answers.
    pub(crate) async fn start(&mut self) {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.log()).unwrap();
        let mut process = self.binary().arg("serve").stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let until = Instant::now() + PATIENCE;
        self.starts += 1;
        while std::fs::read_to_string(self.log()).unwrap().matches("Lunchbox serves.").count() < self.starts {
            let ended = process.try_wait().unwrap();
            assert!(ended.is_none() && Instant::now() < until, "no server: {}", std::fs::read_to_string(self.log()).unwrap());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.process = Some(process);
    }

    /// SIGKILL; returns when it is gone.
    pub(crate) async fn kill(&mut self) {
        self.process.take().unwrap().kill().await.unwrap();
    }

    /// Another command of the binary, with the same settings: what it printed, or what it complained of.
    pub(crate) async fn command(&self, arguments: &[&str]) -> Result<String, String> {
        let output = self.binary().args(arguments).output().await.unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
    }

    fn binary(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lunchbox"));
        command.envs(self.settings.iter().cloned()).current_dir(self.folder.path()).stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("server.log")
    }
}
