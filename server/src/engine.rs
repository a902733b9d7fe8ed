//! Our own calls to the Docker Engine, by bollard: workstations and home volumes, and what doctor
//! and readiness want to know. Learners' calls go through the gateway, never through here.

use std::path::{Path, PathBuf};

/// Why the engine did not do what the server asked.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error("no Docker Engine answers at {socket}: start it, or set engine_socket to where it listens")]
    Unreachable { socket: PathBuf },
    #[error("the Docker Engine refused ({status}): {message}")]
    Refused { status: u16, message: String },
    #[error("the Docker Engine did not answer in time")]
    Timeout,
}

/// What the engine says of itself.
#[derive(Debug, Clone)]
pub struct EngineInfo {
    /// `26.1.5`.
    pub version: String,
    /// `1.45`.
    pub api_version: String,
    /// `overlay2`.
    pub storage_driver: String,
    /// `1` or `2`.
    pub cgroup_version: String,
    pub cpus: u32,
    pub memory_bytes: u64,
    /// Whether the storage driver can limit what a container writes (`--storage-opt size`).
    pub disk_limits: bool,
    /// What the engine itself warns of.
    pub warnings: Vec<String>,
}

/// The engine, through its unix socket. Cheap to clone; connects when it is first asked something.
#[derive(Debug, Clone)]
pub struct Engine {}

impl Engine {
    /// Prepares the client; does not connect yet.
    pub fn new(socket: &Path) -> Result<Self, EngineError> {
        Err(EngineError::Unreachable { socket: socket.to_owned() })
    }

    /// Whether the engine answers.
    pub async fn ping(&self) -> Result<(), EngineError> {
        Err(EngineError::Timeout)
    }

    /// Version, driver, machine.
    pub async fn info(&self) -> Result<EngineInfo, EngineError> {
        Err(EngineError::Timeout)
    }

    /// ID of an image on the engine, `None` where it has none of that name.
    pub async fn image_id(&self, reference: &str) -> Result<Option<String>, EngineError> {
        let _ = reference;
        Err(EngineError::Timeout)
    }
}
