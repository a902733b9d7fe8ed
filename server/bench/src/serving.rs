//! A Lunchbox of the benchmark's own: started for one class, with a seat for each learner, and removed
//! with all that it made.

use std::{
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use crate::machine::docker;

/// How long the server may take to be ready, and then its seats.
const LIMIT: Duration = Duration::from_secs(300);
/// Between two looks whether it is.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Where the server's binary is and where it shall serve.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) binary: PathBuf,
    /// On loopback.
    pub(crate) port: u16,
    pub(crate) registry: String,
    /// Where its log goes.
    pub(crate) log: PathBuf,
}

impl Wanted {
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn instance(&self) -> String {
        format!("bench{}", self.port)
    }
}

/// A server that runs.
pub(crate) struct Serving {
    wanted: Wanted,
    child: Child,
    folder: PathBuf,
}

impl Serving {
    /// Starts it; returns when a seat stands ready for everybody: seats are made before the lesson
    /// begins, not while it does. What they cost is part of what is measured.
    pub(crate) async fn start(wanted: &Wanted, seats: usize) -> Result<Self, String> {
        let folder = PathBuf::from(format!("/tmp/lunchbox-{}", wanted.instance()));
        clear(wanted, &folder).await?;
        let log =
            std::fs::File::options().create(true).append(true).open(&wanted.log).map_err(|e| format!("{}: {e}", wanted.log.display()))?;
        let child = Command::new(&wanted.binary)
            .arg("serve")
            .env("LUNCHBOX_LISTEN", format!("127.0.0.1:{}", wanted.port))
            .env("LUNCHBOX_DATA_DIR", folder.join("data"))
            .env("LUNCHBOX_RUN_DIR", folder.join("run"))
            .env("LUNCHBOX_INSTANCE", wanted.instance())
            .env("LUNCHBOX_REGISTRY", &wanted.registry)
            .env("LUNCHBOX_WARM_SANDBOXES", seats.to_string())
            // No more than these: what is made for the next class is not this one's.
            .env("LUNCHBOX_MAX_SANDBOXES", seats.to_string())
            .stdin(Stdio::null())
            .stdout(log.try_clone().map_err(|e| e.to_string())?)
            .stderr(log)
            .spawn()
            .map_err(|e| format!("{}: {e}", wanted.binary.display()))?;
        let mut serving = Self { wanted: wanted.clone(), child, folder };
        match serving.ready(seats).await {
            Ok(()) => Ok(serving),
            Err(error) => {
                serving.remove().await?;
                Err(error)
            }
        }
    }

    async fn ready(&mut self, seats: usize) -> Result<(), String> {
        let deadline = tokio::time::Instant::now() + LIMIT;
        let label = format!("label=io.lunchbox.instance={}", self.wanted.instance());
        loop {
            if let Some(status) = self.child.try_wait().map_err(|e| e.to_string())? {
                return Err(format!("the server ended ({status}); see {}", self.wanted.log.display()));
            }
            let there =
                docker(&["ps", "--quiet", "--filter", &label, "--filter", "label=io.lunchbox.role=workstation"]).await?.lines().count();
            if there >= seats && tokio::net::TcpStream::connect(("127.0.0.1", self.wanted.port)).await.is_ok() {
                return Ok(());
            }
            if tokio::time::Instant::now() > deadline {
                return Err(format!("only {there} of {seats} seats were ready after {LIMIT:?}; see {}", self.wanted.log.display()));
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Ends it, and removes its sandboxes: living ones outlive a server by design.
    pub(crate) async fn remove(mut self) -> Result<(), String> {
        self.child.kill().map_err(|e| e.to_string())?;
        self.child.wait().map_err(|e| e.to_string())?;
        clear(&self.wanted, &self.folder).await
    }
}

async fn clear(wanted: &Wanted, folder: &std::path::Path) -> Result<(), String> {
    let label = format!("label=io.lunchbox.instance={}", wanted.instance());
    for (list, remove) in [
        (vec!["ps", "--all", "--quiet", "--filter"], vec!["rm", "--force", "--volumes"]),
        (vec!["volume", "ls", "--quiet", "--filter"], vec!["volume", "rm", "--force"]),
        (vec!["network", "ls", "--quiet", "--filter"], vec!["network", "rm"]),
    ] {
        let found = docker(&[list, vec![&label]].concat()).await?;
        let ids: Vec<&str> = found.split_whitespace().collect();
        if !ids.is_empty() {
            docker(&[remove, ids].concat()).await?;
        }
    }
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(format!("{}: {error}", folder.display())),
        _ => Ok(()),
    }
}
