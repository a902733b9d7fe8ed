//! One command on one host.

use std::{
    fmt,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::Command,
};

/// How long one command may take. The slowest honest one pulls or builds.
const LIMIT: Duration = Duration::from_secs(60);
/// What `timeout` ends with, too.
const TIMED_OUT: i32 = 124;
/// Shells have it so.
const SIGNAL_EXIT_BASE: i32 = 128;

/// Where commands are typed: a folder and a DOCKER_HOST.
pub(crate) struct Place {
    folder: PathBuf,
    docker_host: String,
    path: String,
}

/// What a command left on the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) exit: i32,
    pub(crate) out: String,
    pub(crate) err: String,
    /// It was ended, since it took too long.
    pub(crate) ended: bool,
}

/// What the command line says where nobody answers it.
const NO_DAEMON: &str = "Cannot connect to the Docker daemon";

impl Outcome {
    /// Whether it says anything of its host. Two hosts of which neither answers would say the same.
    pub(crate) fn says_something(&self) -> bool {
        !self.ended && !self.err.contains(NO_DAEMON) && !self.out.contains(NO_DAEMON)
    }
}

impl Place {
    /// Makes the folder, with a copy of `files` in it and `docker` first on the path.
    pub(crate) async fn make(folder: PathBuf, files: &Path, docker: &Path, docker_host: &str) -> Result<Self, String> {
        let told = |error: std::io::Error| format!("{}: {error}", folder.display());
        for name in ["bin", "home", "here"] {
            std::fs::create_dir_all(folder.join(name)).map_err(told)?;
        }
        let copied = Command::new("cp").arg("-r").arg(files).arg(folder.join("here/files")).status().await.map_err(told)?;
        if !copied.success() {
            return Err(format!("{} could not be copied", files.display()));
        }
        std::os::unix::fs::symlink(find(docker)?, folder.join("bin/docker")).map_err(told)?;
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", folder.join("bin").display());
        Ok(Self { folder, docker_host: docker_host.to_owned(), path })
    }

    /// What is this place's own in a text, as both have it.
    pub(crate) fn levelled(&self, text: &str) -> String {
        text.replace(&self.docker_host, "<socket>").replace(&self.folder.display().to_string(), "<folder>")
    }

    /// Runs the line as one types it, in an environment of its own.
    pub(crate) async fn run(&self, line: &str) -> Result<Outcome, String> {
        let told = |error: std::io::Error| format!("{line}: {error}");
        let mut child = Command::new("sh")
            .args(["-c", line])
            .current_dir(self.folder.join("here"))
            .env_clear()
            .env("PATH", &self.path)
            .env("HOME", self.folder.join("home"))
            .env("DOCKER_HOST", &self.docker_host)
            .env("DOCKER_BUILDKIT", "0")
            .env("DOCKER_CLI_HINTS", "false")
            .env("LC_ALL", "C.UTF-8")
            .env("TZ", "UTC")
            .env("TERM", "dumb")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A group of its own: what hangs is ended with all that it started.
            .process_group(0)
            .spawn()
            .map_err(told)?;
        let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
        let (out, err) = (child.stdout.take(), child.stderr.take());
        let work = async { tokio::join!(child.wait(), all(out), all(err)) };
        let Ok((status, out, err)) = tokio::time::timeout(LIMIT, work).await else {
            if let Some(group) = group {
                let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
            }
            return Ok(Outcome { exit: TIMED_OUT, out: String::new(), err: format!("not done after {LIMIT:?}\n"), ended: true });
        };
        let status = status.map_err(told)?;
        let exit = status.code().or(status.signal().map(|signal| SIGNAL_EXIT_BASE + signal)).unwrap_or(-1);
        Ok(Outcome { exit, out: out.map_err(told)?, err: err.map_err(told)?, ended: false })
    }
}

/// The program itself, where only its name is given.
fn find(program: &Path) -> Result<PathBuf, String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = if program.components().count() > 1 {
        std::path::absolute(program).ok()
    } else {
        std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
    };
    found.filter(|file| file.is_file()).ok_or_else(|| format!("there is no {}", program.display()))
}

async fn all(stream: Option<impl AsyncRead + Unpin>) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    if let Some(mut stream) = stream {
        stream.read_to_end(&mut bytes).await?;
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}{}exit {}", self.out, self.err, self.exit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_no_daemon_to_ask_says_nothing() {
        let outcome = |err: &str, ended| Outcome { exit: 1, out: String::new(), err: err.to_owned(), ended };
        assert!(outcome("Error: No such object: x", false).says_something());
        assert!(!outcome("Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?", false).says_something());
        assert!(!outcome("not done", true).says_something());
    }
}
