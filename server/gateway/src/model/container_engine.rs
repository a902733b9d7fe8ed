//! The container that the engine is asked to make: written by the gateway alone, from what policy let
//! through. Fields that aren't here keep the engine's default.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    images::catalogue::{Empty, Healthcheck},
    model::container::{LogConfig, RestartPolicy, Ulimit},
};

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct EngineCreate {
    pub(crate) hostname: String,
    pub(crate) domainname: String,
    pub(crate) user: String,
    pub(crate) attach_stdin: bool,
    pub(crate) attach_stdout: bool,
    pub(crate) attach_stderr: bool,
    pub(crate) exposed_ports: BTreeMap<String, Empty>,
    pub(crate) tty: bool,
    pub(crate) open_stdin: bool,
    pub(crate) stdin_once: bool,
    pub(crate) env: Vec<String>,
    pub(crate) cmd: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) healthcheck: Option<Healthcheck>,
    /// A full image ID.
    pub(crate) image: String,
    pub(crate) volumes: BTreeMap<String, Empty>,
    pub(crate) working_dir: String,
    pub(crate) entrypoint: Option<Vec<String>>,
    pub(crate) network_disabled: bool,
    pub(crate) labels: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) stop_signal: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stop_timeout: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) shell: Option<Vec<String>>,
    pub(crate) host_config: EngineHostConfig,
    pub(crate) networking_config: EngineNetworking,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct EngineHostConfig {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) runtime: Option<String>,
    pub(crate) log_config: LogConfig,
    pub(crate) network_mode: String,
    pub(crate) restart_policy: RestartPolicy,
    pub(crate) auto_remove: bool,
    pub(crate) volumes_from: Vec<String>,
    pub(crate) console_size: Option<[u32; 2]>,
    pub(crate) cap_add: Vec<String>,
    pub(crate) cap_drop: Vec<String>,
    pub(crate) dns: Vec<String>,
    pub(crate) dns_options: Vec<String>,
    pub(crate) dns_search: Vec<String>,
    pub(crate) extra_hosts: Vec<String>,
    pub(crate) group_add: Vec<String>,
    pub(crate) cgroupns_mode: String,
    pub(crate) ipc_mode: String,
    pub(crate) oom_score_adj: i64,
    pub(crate) pid_mode: String,
    pub(crate) readonly_rootfs: bool,
    pub(crate) security_opt: Vec<String>,
    pub(crate) tmpfs: BTreeMap<String, String>,
    pub(crate) shm_size: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) init: Option<bool>,
    pub(crate) memory: i64,
    pub(crate) memory_reservation: i64,
    pub(crate) memory_swap: i64,
    pub(crate) nano_cpus: i64,
    pub(crate) cpu_shares: i64,
    pub(crate) pids_limit: i64,
    pub(crate) ulimits: Vec<Ulimit>,
    pub(crate) mounts: Vec<EngineMount>,
}

/// Only volumes and memory are ever mounted: never a path of the engine's host.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "Type", rename_all = "lowercase")]
pub(crate) enum EngineMount {
    #[serde(rename_all = "PascalCase")]
    Volume {
        /// Empty: anonymous, the engine makes a name.
        source: String,
        target: String,
        read_only: bool,
        volume_options: EngineVolumeOptions,
    },
    #[serde(rename_all = "PascalCase")]
    Tmpfs { target: String, read_only: bool, tmpfs_options: EngineTmpfsOptions },
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct EngineVolumeOptions {
    pub(crate) no_copy: bool,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) labels: BTreeMap<String, String>,
    /// Opened by the engine below the volume's root, whatever links lie on the way.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) subpath: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct EngineTmpfsOptions {
    pub(crate) size_bytes: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mode: Option<u32>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct EngineNetworking {
    pub(crate) endpoints_config: BTreeMap<String, EngineEndpoint>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct EngineEndpoint {
    pub(crate) aliases: Vec<String>,
    /// `<short ID>:<alias>` of other containers, which this one alone finds by the alias.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) links: Vec<String>,
    #[serde(rename = "IPAMConfig", skip_serializing_if = "Option::is_none")]
    pub(crate) ipam_config: Option<EngineAddress>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct EngineAddress {
    #[serde(rename = "IPv4Address")]
    pub(crate) ipv4_address: String,
}
