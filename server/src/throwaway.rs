//! Instances of `lunchbox sandbox`: each has one sandbox, and ends with its process. One that was
//! killed can't clean up; that is done when another Lunchbox starts on the same engine.

#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    os::{
        linux::net::SocketAddrExt as _,
        unix::net::{SocketAddr, UnixListener},
    },
    path::PathBuf,
    sync::Arc,
};

use gateway::{Gateway, GatewayConfig, GatewayError, SandboxId, ports::NoHostPorts};
use sqlx::any::AnyPoolOptions;

use crate::{
    engine::{Engine, EngineError},
    sandboxes::reasons,
};

/// How their instances are called: this and eight hex digits. No other instance may be called so.
const PREFIX: &str = "sbx";
const DIGITS: usize = 8;

/// A new instance, alive until this is dropped or its process ends, however it ends.
#[derive(Debug)]
pub struct Throwaway {
    instance: String,
    _sign_of_life: UnixListener,
}

impl Throwaway {
    /// # Errors
    /// Where no socket can be had.
    pub fn new() -> io::Result<Self> {
        let instance = format!("{PREFIX}{:0DIGITS$x}", rand::random::<u32>());
        let sign_of_life = sign_of_life(&instance)?;
        Ok(Self { instance, _sign_of_life: sign_of_life })
    }

    pub fn instance(&self) -> &str {
        &self.instance
    }

    /// Holds its database and sockets. Below the machine's folder for temporary files, and short: a
    /// socket's path has 107 bytes.
    pub fn folder(&self) -> PathBuf {
        folder(&self.instance)
    }
}

/// Whether that is the name of an instance of `lunchbox sandbox`.
pub fn is_throwaway(instance: &str) -> bool {
    let digits = instance.strip_prefix(PREFIX).unwrap_or_default();
    digits.len() == DIGITS && digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

fn folder(instance: &str) -> PathBuf {
    std::env::temp_dir().join(format!("lunchbox-{instance}"))
}

/// A name that one process at a time can have, and that the kernel takes back when it ends (unix(7),
/// "abstract sockets"). Nobody connects to it.
fn sign_of_life(instance: &str) -> io::Result<UnixListener> {
    UnixListener::bind_addr(&SocketAddr::from_abstract_name(format!("lunchbox-sandbox-{instance}"))?)
}

/// Why what was left could not be removed.
#[derive(Debug, thiserror::Error)]
enum SweepError {
    #[error("the engine failed")]
    Engine(#[from] EngineError),
    #[error("the gateway failed")]
    Gateway(#[from] GatewayError),
    #[error("a database in memory could not be had")]
    Database(#[from] sqlx::Error),
    #[error("the work could not be done")]
    Io(#[from] io::Error),
}

/// Removes what instances have left whose process has ended. What can't be removed is logged, and left
/// for the next.
pub async fn sweep(engine: &Engine, config: &GatewayConfig) {
    match try_sweep(engine, config).await {
        Ok(0) => {}
        Ok(removed) => tracing::info!(removed, "Removed what sandboxes had left whose `lunchbox sandbox` was killed."),
        Err(error) => tracing::warn!(reason = reasons(&error), "What killed sandboxes have left could not be removed."),
    }
}

async fn try_sweep(engine: &Engine, config: &GatewayConfig) -> Result<usize, SweepError> {
    let mut removed = 0;
    let instances: BTreeMap<String, BTreeSet<String>> = engine.instances().await?;
    for (instance, sandboxes) in instances.into_iter().filter(|(instance, _)| is_throwaway(instance)) {
        // Held until it is done, so that no two sweep the same.
        let Ok(_dead) = sign_of_life(&instance) else { continue };
        let sandboxes: Vec<SandboxId> = sandboxes.iter().filter_map(|id| SandboxId::parse(id)).collect();
        removed += sandboxes.len();
        let folder = folder(&instance);
        let config = GatewayConfig { instance, run_dir: folder.join("run"), ..config.clone() };
        tokio::task::spawn_blocking(move || remove(config, &sandboxes)).await.map_err(io::Error::other)??;
        // What is in it was a dead process's.
        let _ = std::fs::remove_dir_all(&folder);
    }
    Ok(removed)
}

/// Ends the sandboxes of another instance as that would have done.
fn remove(config: GatewayConfig, sandboxes: &[SandboxId]) -> Result<(), SweepError> {
    // A runtime of its own: what the gateway does in the background ends with it.
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        sqlx::any::install_default_drivers();
        let database = AnyPoolOptions::new().max_connections(1).connect("sqlite::memory:").await?;
        let gateway = Gateway::start(config, database, Arc::new(NoHostPorts)).await?;
        for id in sandboxes {
            gateway.close(id).await?;
        }
        Ok(())
    })
}
