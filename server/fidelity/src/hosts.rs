//! The two hosts: a bare engine in a container, and a sandbox.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::Instant,
};

/// How long either may take to answer.
const LIMIT: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// The least with which a Docker daemon runs containers within a container. Not all that it would have on a
/// machine of its own: privileged containers it can't start either.
const CAPABILITIES: [&str; 6] = ["SYS_ADMIN", "NET_ADMIN", "SYS_PTRACE", "DAC_READ_SEARCH", "SYS_CHROOT", "MKNOD"];
/// The names under which the daemon looks for Docker Hub.
const HUB: [&str; 3] = ["registry-1.docker.io", "auth.docker.io", "index.docker.io"];

/// A Docker daemon that nobody stands before.
pub(crate) struct Bare {
    name: String,
    docker_host: String,
}

impl Bare {
    pub(crate) async fn start(folder: &Path, image: &str, network: &str) -> Result<Self, String> {
        let run = folder.join("run");
        std::fs::create_dir_all(&run).map_err(|error| format!("{}: {error}", run.display()))?;
        let name = format!("lunchbox-fidelity-{}", std::process::id());
        let bare = Self { docker_host: format!("unix://{}", run.join("docker.sock").display()), name };
        let mut words: Vec<String> =
            ["run", "--detach", "--init", "--hostname", "lunchbox", "--name", &bare.name].map(str::to_owned).into();
        words.extend(["--network".to_owned(), network.to_owned()]);
        words.extend(["--volume".to_owned(), format!("{}:/var/lib/docker", bare.name)]);
        words.extend(["--volume".to_owned(), format!("{}:/run/bare", run.display())]);
        CAPABILITIES.iter().for_each(|capability| words.extend(["--cap-add".to_owned(), (*capability).to_owned()]));
        HUB.iter().for_each(|host| words.extend(["--add-host".to_owned(), format!("{host}:127.0.0.1")]));
        words.extend(["seccomp=unconfined", "systempaths=unconfined"].map(|option| format!("--security-opt={option}")));
        words.push(image.to_owned());
        let started = async {
            docker(&words).await?;
            bare.answers().await
        };
        match started.await {
            Ok(()) => Ok(bare),
            Err(error) => {
                let log = docker(&["logs".to_owned(), "--tail=20".to_owned(), bare.name.clone()]).await.unwrap_or_else(|error| error);
                bare.remove().await;
                Err(format!("the bare engine did not start: {error}\n{log}"))
            }
        }
    }

    pub(crate) fn docker_host(&self) -> &str {
        &self.docker_host
    }

    async fn answers(&self) -> Result<(), String> {
        let deadline = Instant::now() + LIMIT;
        loop {
            match docker(&["--host", &self.docker_host, "version"].map(str::to_owned)).await {
                Ok(_) => return Ok(()),
                Err(error) if Instant::now() > deadline => return Err(error),
                Err(_) => tokio::time::sleep(LOOK_EVERY).await,
            }
        }
    }

    pub(crate) async fn remove(&self) {
        // Not there is as good as removed.
        for words in [&["rm", "--force", "--volumes", &self.name][..], &["volume", "rm", "--force", &self.name]] {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            docker(&words).await.ok();
        }
    }
}

/// What `lunchbox sandbox` opens.
pub(crate) struct Sandbox {
    child: Child,
    docker_host: String,
}

impl Sandbox {
    pub(crate) async fn start(binary: &Path, registry: &str, log: &PathBuf) -> Result<Self, String> {
        let told = |error: std::io::Error| format!("{}: {error}", binary.display());
        if let Some(folder) = log.parent() {
            std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        }
        let err = std::fs::File::create(log).map_err(|error| format!("{}: {error}", log.display()))?;
        let mut child = Command::new(binary)
            .args(["sandbox", "--registry", registry])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(err)
            // Ctrl-C is for us: it shall outlive its last command.
            .process_group(0)
            .spawn()
            .map_err(told)?;
        let mut lines = BufReader::new(child.stdout.take().ok_or("no output")?).lines();
        let line = tokio::time::timeout(LIMIT, lines.next_line()).await.map_err(|_| "the sandbox did not open in time".to_owned())?;
        let line = line.map_err(told)?.unwrap_or_default();
        let docker_host = line
            .strip_prefix("export DOCKER_HOST=")
            .ok_or_else(|| format!("no sandbox was opened, but {line:?} said; see {}", log.display()))?
            .to_owned();
        Ok(Self { child, docker_host })
    }

    pub(crate) fn docker_host(&self) -> &str {
        &self.docker_host
    }

    /// Ends it, and waits until all that was made in it is gone.
    pub(crate) async fn remove(mut self) -> Result<(), String> {
        let pid = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
        if let Some(pid) = pid {
            rustix::process::kill_process(pid, rustix::process::Signal::TERM).map_err(|error| error.to_string())?;
        }
        let status = tokio::time::timeout(LIMIT, self.child.wait()).await.map_err(|_| "the sandbox was not removed in time".to_owned())?;
        let status = status.map_err(|error| error.to_string())?;
        if status.success() { Ok(()) } else { Err(format!("the sandbox ended with {status}")) }
    }
}

/// The docker command line against the engine itself.
async fn docker(words: &[String]) -> Result<String, String> {
    let output = Command::new("docker").args(words).output().await.map_err(|error| format!("docker: {error}"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() { Ok(text(&output.stdout) + &text(&output.stderr)) } else { Err(text(&output.stderr)) }
}
