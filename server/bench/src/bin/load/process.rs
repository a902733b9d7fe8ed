//! A server of the measurement's own, and what it takes.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

const READY_LIMIT: Duration = Duration::from_secs(120);
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Of the kernel's clock, a second (`sysconf(_SC_CLK_TCK)`, which Linux fixes for programs).
const TICKS: f64 = 100.0;

pub(crate) struct Server {
    command: Command,
    child: Child,
    pub(crate) url: String,
    /// The secret of the link to the first account.
    pub(crate) first_link: String,
    folder: PathBuf,
    instance: String,
}

impl Server {
    pub(crate) async fn start(binary: &Path, port: u16, registry: &str, warm: usize) -> Result<Self, String> {
        let instance = format!("load{port}");
        let folder = PathBuf::from(format!("/tmp/lunchbox-{instance}"));
        clear(&instance, &folder)?;
        fs::create_dir_all(&folder).map_err(|e| e.to_string())?;
        let mut command = Command::new(binary);
        command
            .arg("serve")
            .env("LUNCHBOX_LISTEN", format!("127.0.0.1:{port}"))
            .env("LUNCHBOX_DATA_DIR", folder.join("data"))
            .env("LUNCHBOX_RUN_DIR", folder.join("run"))
            .env("LUNCHBOX_INSTANCE", &instance)
            .env("LUNCHBOX_REGISTRY", registry)
            .env("LUNCHBOX_WARM_SANDBOXES", warm.to_string())
            .stdin(Stdio::null());
        let child = spawn(&mut command, &folder)?;
        let mut server = Self { command, child, url: format!("http://127.0.0.1:{port}"), first_link: String::new(), folder, instance };
        let said = server.ready("/teach/welcome/").await?;
        let (_, link) = said.split_once("/teach/welcome/").unwrap_or_default();
        server.first_link = link.split_whitespace().next().unwrap_or_default().to_owned();
        Ok(server)
    }

    /// Waits until it has said that; returns all that it said.
    async fn ready(&mut self, word: &str) -> Result<String, String> {
        let deadline = tokio::time::Instant::now() + READY_LIMIT;
        loop {
            let said = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            if said.contains(word) {
                return Ok(said);
            }
            if let Some(status) = self.child.try_wait().map_err(|e| e.to_string())? {
                return Err(format!("the server ended ({status}): {said}"));
            }
            if tokio::time::Instant::now() > deadline {
                self.stop()?;
                return Err(format!("the server was not ready after {READY_LIMIT:?}: {said}"));
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Where its data lies.
    pub(crate) fn database(&self) -> String {
        format!("sqlite://{}", self.folder.join("data/lunchbox.db").display())
    }

    pub(crate) fn stop(&mut self) -> Result<(), String> {
        self.child.kill().map_err(|e| e.to_string())?;
        self.child.wait().map_err(|e| e.to_string()).map(drop)
    }

    /// On the same data.
    pub(crate) async fn start_again(&mut self) -> Result<(), String> {
        self.child = spawn(&mut self.command, &self.folder)?;
        self.ready("Lunchbox serves").await.map(drop)
    }

    /// Seconds of processor time so far.
    pub(crate) fn cpu_seconds(&self) -> f64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        // Behind the name, which may hold anything.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = |index: usize| fields.get(index).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
        (ticks(11) + ticks(12)) / TICKS
    }

    /// Resident memory.
    pub(crate) fn memory_bytes(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
        line.split_whitespace().next().and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) * 1024
    }

    /// Ends it, and removes its sandboxes: living ones outlive a server by design.
    pub(crate) async fn remove(mut self) -> Result<(), String> {
        self.stop()?;
        clear(&self.instance, &self.folder)
    }
}

fn spawn(command: &mut Command, folder: &Path) -> Result<Child, String> {
    let log = fs::File::create(folder.join("log")).map_err(|e| e.to_string())?;
    let again = log.try_clone().map_err(|e| e.to_string())?;
    command.stdout(again).stderr(log).spawn().map_err(|e| format!("the server: {e}"))
}

fn clear(instance: &str, folder: &Path) -> Result<(), String> {
    let label = format!("label=io.lunchbox.instance={instance}");
    for (list, remove) in [("ps -aq", "rm -f -v"), ("volume ls -q", "volume rm -f"), ("network ls -q", "network rm")] {
        let line = format!("docker {list} --filter '{label}' | xargs -r docker {remove}");
        let done = Command::new("sh").args(["-c", &line]).stdout(Stdio::null()).status().map_err(|e| e.to_string())?;
        if !done.success() {
            return Err(format!("{line}: {done}"));
        }
    }
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(format!("{}: {error}", folder.display())),
        _ => Ok(()),
    }
}
