//! Everything the gateway is told from outside, and every limit it keeps, with its unit.

use std::path::PathBuf;

use ipnet::Ipv4Net;

/// Where the engine, the registry and the sockets are.
#[derive(Debug, Clone)]
pub struct GatewayConfig {
    /// Tells this Lunchbox's things on the engine from another's on the same engine (label
    /// `io.lunchbox.instance`, and part of every engine name). `[a-z0-9]{4,12}`.
    pub instance: String,
    /// The engine's unix socket.
    pub engine_socket: PathBuf,
    /// One folder a sandbox below it: `<run_dir>/<sandbox>/docker.sock`.
    pub run_dir: PathBuf,
    /// `host:port` of the course registry, as both this process and the engine reach it
    /// (on loopback, so that the engine takes it without TLS).
    pub registry: String,
    /// The name under which a learner sees the course's private registry. `registry.lunchbox`.
    pub registry_alias: String,
    /// Where sandboxes' networks are cut from, one /26 a network.
    pub address_pool: Ipv4Net,
    /// Where learners may choose networks' addresses from themselves (`--subnet`). What this machine talks to there,
    /// by whatever way, a learner could put a container in the place of.
    pub chosen_networks: Vec<Ipv4Net>,
    /// Whether containers may reach beyond their sandbox.
    pub egress: Egress,
    /// The engine's runtime for learners' containers, as it knows it (`runsc`); `None`: its own default.
    pub runtime: Option<String>,
    pub limits: SandboxLimits,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Egress {
    /// Nothing.
    Off,
    /// The course registry by HTTP, to read: [`crate::Gateway::serve_registry`].
    Registry,
    /// That, and whatever the machine reaches and its firewall lets through.
    On,
}

/// What one sandbox may use. A learner can neither see past these nor raise them.
#[derive(Debug, Clone, PartialEq)]
pub struct SandboxLimits {
    pub containers: u32,
    pub running_containers: u32,
    pub networks: u32,
    pub volumes: u32,
    /// Images the learner built, committed or loaded.
    pub own_images: u32,
    /// Bytes of its own images, writable layers and volumes together. Looked at before more is made, not while a
    /// process writes.
    pub disk_max_bytes: u64,
    /// Bytes a container gets where it asks for none, and the most it may ask for.
    pub memory_default_bytes: i64,
    pub memory_max_bytes: i64,
    /// Billionths of a CPU a container gets where it asks for none, and the most it may ask for.
    pub nano_cpus_default: i64,
    pub nano_cpus_max: i64,
    /// Processes a container.
    pub pids_max: i64,
    /// Bytes of a build context, a `docker cp` or a `docker load`.
    pub upload_max_bytes: u64,
    /// Streams (attach, logs, events, stats, exec, wait) open at once.
    pub streams: u32,
    /// Execs alive at once.
    pub execs: u32,
}

impl Default for SandboxLimits {
    fn default() -> Self {
        const MIB: i64 = 1024 * 1024;
        Self {
            containers: 20,
            running_containers: 8,
            networks: 5,
            volumes: 10,
            own_images: 30,
            disk_max_bytes: 2048 * MIB as u64,
            memory_default_bytes: 256 * MIB,
            memory_max_bytes: 512 * MIB,
            nano_cpus_default: 1_000_000_000,
            nano_cpus_max: 2_000_000_000,
            pids_max: 256,
            upload_max_bytes: 256 * MIB as u64,
            streams: 64,
            execs: 16,
        }
    }
}
