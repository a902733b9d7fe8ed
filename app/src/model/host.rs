//! The learner's host as the diagram draws it. Names are the learner's own.

use serde::{Deserialize, Serialize};

/// Sent whole on every change; a class of a hundred costs less this way than a protocol of deltas
/// costs in mistakes (a typical host is 2–6 KB of JSON).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct HostView {
    /// Rises with every change.
    pub seq: i64,
    /// What the course registry offers, for the diagram's first column.
    pub registry: Vec<RegistryImage>,
    pub images: Vec<ImageView>,
    pub containers: Vec<ContainerView>,
    pub transfers: Vec<TransferView>,
}

impl HostView {
    /// Whether the image stands in for the upstream one of its name. What was built *from* a stand-in
    /// has inherited its label, and stands in for nothing.
    #[must_use]
    pub fn stands_in(&self, image: &ImageView) -> bool {
        image.stand_in && self.registry.iter().any(|offered| offered.stand_in && image.references.contains(&offered.reference))
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RegistryImage {
    /// `nginx:latest`, or what the learner pushed.
    pub reference: String,
    /// Whether it stands in for the upstream image.
    pub stand_in: bool,
    /// The learner pushed it.
    pub pushed: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImageView {
    pub id: String,
    pub references: Vec<String>,
    /// Bytes.
    pub size: u64,
    /// Base first.
    pub layers: Vec<LayerView>,
    pub exposed_ports: Vec<String>,
    pub env: Vec<String>,
    pub entrypoint: Vec<String>,
    pub cmd: Vec<String>,
    /// It has the label of a stand-in, or was built from an image that has; see [`HostView::stands_in`].
    pub stand_in: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerView {
    /// Equal in two images that share the layer.
    pub digest: String,
    /// Bytes.
    pub size: u64,
    pub instruction: String,
}

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
pub struct ContainerView {
    pub id: String,
    pub name: String,
    pub image: String,
    pub image_id: String,
    pub state: ContainerState,
    pub exit_code: Option<i64>,
    pub command: String,
    pub ports: Vec<PortView>,
    pub writable_bytes: Option<u64>,
    /// Milliseconds from `docker start` to running, as measured on the engine.
    pub start_ms: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortView {
    pub host_port: u16,
    pub container_port: u16,
    pub protocol: String,
    /// Where the browser opens it, on an origin of its own.
    pub preview_url: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TransferView {
    /// From the learner's host to the registry (a push); else a pull.
    pub push: bool,
    pub reference: String,
    pub layers: Vec<LayerTransferView>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerTransferView {
    pub id: String,
    pub size: u64,
    pub done: bool,
}
