//! What one learner's host looks like now: the state behind the diagram and the checks.
//! All names are the learner's own, never the engine's.

use serde::{Deserialize, Serialize};

/// One sandbox's images, containers, networks and volumes, read from ledger and engine.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct HostState {
    /// `seq` of the last activity that this state includes.
    pub seq: i64,
    /// In the order they came to the host.
    pub images: Vec<Image>,
    /// Oldest first. The workstation is not among them.
    pub containers: Vec<Container>,
    pub networks: Vec<Network>,
    pub volumes: Vec<Volume>,
    /// Pulls and pushes under way.
    pub transfers: Vec<Transfer>,
    /// Names in the learner's corner of the course registry (what they pushed).
    pub pushed: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Image {
    /// `sha256:…`, 71 characters.
    pub id: String,
    /// As `docker images` shows them: `nginx:latest`. Empty for an untagged image.
    pub references: Vec<String>,
    /// Bytes, uncompressed.
    pub size: u64,
    /// Base first.
    pub layers: Vec<Layer>,
    /// `80/tcp`.
    pub exposed_ports: Vec<String>,
    pub env: Vec<String>,
    pub entrypoint: Vec<String>,
    pub cmd: Vec<String>,
    /// Unix seconds.
    pub created_at: i64,
    /// The image was built at set-up in place of the upstream one (label `io.lunchbox.stand-in`).
    pub stand_in: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layer {
    /// Diff ID, `sha256:…`: equal in two images that share the layer.
    pub digest: String,
    /// Bytes, uncompressed.
    pub size: u64,
    /// The instruction that made it, as `docker history` shows it.
    pub instruction: String,
}

/// Docker's own container states (Engine API `ContainerState.Status`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ContainerState {
    Created,
    Running,
    Paused,
    Restarting,
    Removing,
    Exited,
    Dead,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Container {
    /// 64 hex digits.
    pub id: String,
    /// Without the leading slash.
    pub name: String,
    /// As the learner named it.
    pub image: String,
    pub image_id: String,
    pub state: ContainerState,
    /// Of an exited container.
    pub exit_code: Option<i64>,
    /// The command as `docker ps` shows it, not shortened.
    pub command: String,
    pub ports: Vec<PublishedPort>,
    /// Names of the learner's networks it is on.
    pub networks: Vec<String>,
    /// Bytes in the writable layer, where they have been measured.
    pub writable_bytes: Option<u64>,
    /// Unix milliseconds; 0 where it has not happened.
    pub created_at: i64,
    pub started_at: i64,
    pub finished_at: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedPort {
    /// On the learner's host.
    pub host_port: u16,
    pub container_port: u16,
    /// `tcp` or `udp`.
    pub protocol: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    pub name: String,
    pub driver: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Volume {
    pub name: String,
}

/// An image on its way between registry and host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Transfer {
    pub direction: Direction,
    /// `nginx:latest`.
    pub reference: String,
    pub layers: Vec<LayerTransfer>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    Pull,
    Push,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerTransfer {
    /// Twelve hex digits, as the pull prints them.
    pub id: String,
    /// Compressed bytes.
    pub size: u64,
    pub done: bool,
}
