//! The two ends at which commands are typed.

use std::{path::Path, process::Stdio, time::Duration};

use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

/// How long a sandbox may take to open, or to go.
const LIMIT: Duration = Duration::from_secs(60);
/// What the benchmark makes is called so, on either.
pub(crate) const PREFIX: &str = "lunchbox-overhead-";

/// A `DOCKER_HOST`, and how the course's busybox is called there.
pub(crate) struct Host {
    pub(crate) docker_host: String,
    pub(crate) image: String,
}

impl Host {
    /// The engine's own socket.
    pub(crate) fn engine(docker_host: &str, registry: &str) -> Self {
        Self { docker_host: docker_host.to_owned(), image: format!("{registry}/library/busybox:latest") }
    }

    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new("docker");
        command.args(words).env("DOCKER_HOST", &self.docker_host).env_remove("DOCKER_CONTEXT").env("DOCKER_BUILDKIT", "0");
        command.stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    /// What it prints, if it succeeds.
    pub(crate) async fn docker(&self, words: &[&str]) -> Result<String, String> {
        let output = self.command(words).output().await.map_err(|error| format!("docker: {error}"))?;
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        } else {
            Err(format!("docker {}: {}", words.join(" "), String::from_utf8_lossy(&output.stderr).trim()))
        }
    }

    /// Removes what the benchmark made.
    pub(crate) async fn clean(&self) {
        let filter = format!("name={PREFIX}");
        for (list, remove) in [
            (["ps", "--all", "--quiet", "--filter", &filter].as_slice(), ["rm", "--force", "--volumes"].as_slice()),
            (["network", "ls", "--quiet", "--filter", &filter].as_slice(), ["network", "rm"].as_slice()),
            (["images", "--quiet", "--filter", &format!("reference={PREFIX}*")].as_slice(), ["rmi", "--force"].as_slice()),
        ] {
            let found = self.docker(list).await.unwrap_or_default();
            let words: Vec<&str> = remove.iter().copied().chain(found.split_whitespace()).collect();
            if words.len() > remove.len() {
                // Another run's may be on their way already.
                self.docker(&words).await.ok();
            }
        }
    }
}

/// What `lunchbox sandbox` opens.
pub(crate) struct Sandbox {
    child: Child,
    host: Host,
}

impl Sandbox {
    pub(crate) async fn open(binary: &Path, registry: &str, log: &Path) -> Result<Self, String> {
        let told = |error: std::io::Error| format!("{}: {error}", binary.display());
        let log = std::fs::File::create(log).map_err(|error| format!("{}: {error}", log.display()))?;
        let mut child = Command::new(binary)
            .args(["sandbox", "--registry", registry])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            // Ctrl-C is for us: it shall outlive its last command.
            .process_group(0)
            .spawn()
            .map_err(told)?;
        let mut lines = BufReader::new(child.stdout.take().ok_or("no output")?).lines();
        let line = tokio::time::timeout(LIMIT, lines.next_line()).await.map_err(|_| "the sandbox did not open in time".to_owned())?;
        let line = line.map_err(told)?.unwrap_or_default();
        let docker_host = line.strip_prefix("export DOCKER_HOST=").ok_or_else(|| format!("no sandbox was opened, but {line:?} said"))?;
        let host = Host { docker_host: docker_host.to_owned(), image: "busybox".to_owned() };
        host.docker(&["pull", "--quiet", "busybox"]).await?;
        Ok(Self { child, host })
    }

    pub(crate) fn host(&self) -> &Host {
        &self.host
    }

    pub(crate) fn socket(&self) -> &str {
        self.host.docker_host.trim_start_matches("unix://")
    }

    /// The process's number.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id().unwrap_or_default()
    }

    /// Ends it, and waits until all that was made in it is gone.
    pub(crate) async fn remove(mut self) -> Result<(), String> {
        // As a person would: there is no other way to ask a process to end without unsafe code.
        let ended = Command::new("kill").arg(self.pid().to_string()).status().await.map_err(|error| error.to_string())?;
        if !ended.success() {
            return Err("the sandbox had ended by itself".to_owned());
        }
        tokio::time::timeout(LIMIT, self.child.wait())
            .await
            .map_err(|_| "the sandbox was not removed in time".to_owned())?
            .map_err(|error| error.to_string())?;
        Ok(())
    }
}
