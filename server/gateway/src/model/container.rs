//! `ContainerCreateRequest`: every field of API 1.41 to 1.53, so that each can be decided on by name.
//!
//! What isn't a type of its own here is refused whenever it says something; see
//! `containers::create::policy`.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::images::catalogue::{Empty, Healthcheck};

/// What a learner asked a container to be. Kept in the ledger as it was asked, for `docker inspect`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct CreateRequest {
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
    #[serde(deserialize_with = "words", skip_serializing_if = "Option::is_none")]
    pub(crate) cmd: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) healthcheck: Option<Healthcheck>,
    pub(crate) args_escaped: bool,
    pub(crate) image: String,
    pub(crate) volumes: BTreeMap<String, Empty>,
    pub(crate) working_dir: String,
    #[serde(deserialize_with = "words", skip_serializing_if = "Option::is_none")]
    pub(crate) entrypoint: Option<Vec<String>>,
    pub(crate) network_disabled: bool,
    pub(crate) mac_address: String,
    /// Of images only; means nothing for a container.
    #[serde(skip_serializing)]
    pub(crate) on_build: Value,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) stop_signal: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stop_timeout: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) shell: Option<Vec<String>>,
    pub(crate) host_config: HostConfig,
    pub(crate) networking_config: NetworkingConfig,
}

/// `HostConfig`. Sizes are bytes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct HostConfig {
    pub(crate) binds: Option<Vec<String>>,
    #[serde(rename = "ContainerIDFile")]
    pub(crate) container_id_file: String,
    pub(crate) log_config: LogConfig,
    pub(crate) network_mode: String,
    pub(crate) port_bindings: BTreeMap<String, Vec<PortBinding>>,
    pub(crate) restart_policy: RestartPolicy,
    pub(crate) auto_remove: bool,
    pub(crate) volume_driver: String,
    pub(crate) volumes_from: Option<Vec<String>>,
    pub(crate) console_size: Option<[u32; 2]>,
    pub(crate) cap_add: Option<Vec<String>>,
    pub(crate) cap_drop: Option<Vec<String>>,
    pub(crate) cgroupns_mode: String,
    pub(crate) dns: Option<Vec<String>>,
    pub(crate) dns_options: Option<Vec<String>>,
    pub(crate) dns_search: Option<Vec<String>>,
    pub(crate) extra_hosts: Option<Vec<String>>,
    pub(crate) group_add: Option<Vec<String>>,
    pub(crate) ipc_mode: String,
    pub(crate) cgroup: String,
    pub(crate) links: Option<Vec<String>>,
    pub(crate) oom_score_adj: i64,
    pub(crate) pid_mode: String,
    pub(crate) privileged: bool,
    pub(crate) publish_all_ports: bool,
    pub(crate) readonly_rootfs: bool,
    pub(crate) security_opt: Option<Vec<String>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) tmpfs: BTreeMap<String, String>,
    #[serde(rename = "UTSMode")]
    pub(crate) uts_mode: String,
    pub(crate) userns_mode: String,
    pub(crate) shm_size: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) init: Option<bool>,
    pub(crate) memory: i64,
    pub(crate) memory_reservation: i64,
    pub(crate) memory_swap: i64,
    pub(crate) memory_swappiness: Option<i64>,
    pub(crate) nano_cpus: i64,
    pub(crate) cpu_shares: i64,
    pub(crate) cpu_period: i64,
    pub(crate) cpu_quota: i64,
    pub(crate) oom_kill_disable: Option<bool>,
    pub(crate) pids_limit: Option<i64>,
    pub(crate) ulimits: Option<Vec<Ulimit>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) mounts: Vec<Mount>,
    /// Null is Docker's own list; any other, even an empty one, would uncover the host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) masked_paths: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) readonly_paths: Option<Vec<String>>,
    // What tunes the shared host. None of it may say anything; so none has a type.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub(crate) devices: Value,
    #[serde(skip_serializing_if = "Value::is_null")]
    pub(crate) device_cgroup_rules: Value,
    #[serde(skip_serializing_if = "Value::is_null")]
    pub(crate) device_requests: Value,
    #[serde(skip_serializing_if = "Value::is_null")]
    pub(crate) sysctls: Value,
    #[serde(skip_serializing_if = "Value::is_null")]
    pub(crate) runtime: Value,
    #[serde(skip_serializing_if = "Value::is_null")]
    pub(crate) isolation: Value,
    #[serde(skip_serializing_if = "Value::is_null")]
    pub(crate) cgroup_parent: Value,
    #[serde(skip_serializing_if = "Value::is_null")]
    pub(crate) annotations: Value,
    #[serde(skip_serializing_if = "Value::is_null")]
    pub(crate) storage_opt: Value,
    #[serde(skip_serializing_if = "Value::is_null")]
    pub(crate) cpuset_cpus: Value,
    #[serde(skip_serializing_if = "Value::is_null")]
    pub(crate) cpuset_mems: Value,
    #[serde(skip_serializing_if = "Value::is_null")]
    pub(crate) cpu_realtime_period: Value,
    #[serde(skip_serializing_if = "Value::is_null")]
    pub(crate) cpu_realtime_runtime: Value,
    #[serde(skip_serializing_if = "Value::is_null")]
    pub(crate) cpu_count: Value,
    #[serde(skip_serializing_if = "Value::is_null")]
    pub(crate) cpu_percent: Value,
    #[serde(rename = "IOMaximumIOps", skip_serializing_if = "Value::is_null")]
    pub(crate) io_maximum_iops: Value,
    #[serde(rename = "IOMaximumBandwidth", skip_serializing_if = "Value::is_null")]
    pub(crate) io_maximum_bandwidth: Value,
    #[serde(skip_serializing_if = "Value::is_null")]
    pub(crate) blkio_weight: Value,
    #[serde(skip_serializing_if = "Value::is_null")]
    pub(crate) blkio_weight_device: Value,
    #[serde(skip_serializing_if = "Value::is_null")]
    pub(crate) blkio_device_read_bps: Value,
    #[serde(skip_serializing_if = "Value::is_null")]
    pub(crate) blkio_device_write_bps: Value,
    #[serde(rename = "BlkioDeviceReadIOps", skip_serializing_if = "Value::is_null")]
    pub(crate) blkio_device_read_iops: Value,
    #[serde(rename = "BlkioDeviceWriteIOps", skip_serializing_if = "Value::is_null")]
    pub(crate) blkio_device_write_iops: Value,
    #[serde(skip_serializing_if = "Value::is_null")]
    pub(crate) kernel_memory: Value,
    #[serde(rename = "KernelMemoryTCP", skip_serializing_if = "Value::is_null")]
    pub(crate) kernel_memory_tcp: Value,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct LogConfig {
    #[serde(rename = "Type")]
    pub(crate) kind: String,
    pub(crate) config: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct PortBinding {
    pub(crate) host_ip: String,
    /// A number, a range (`8000-8010`), or empty: any.
    pub(crate) host_port: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct RestartPolicy {
    pub(crate) name: String,
    pub(crate) maximum_retry_count: i64,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Ulimit {
    pub(crate) name: String,
    pub(crate) hard: i64,
    pub(crate) soft: i64,
}

/// `Mount`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Mount {
    #[serde(rename = "Type")]
    pub(crate) kind: String,
    pub(crate) source: String,
    pub(crate) target: String,
    pub(crate) read_only: bool,
    pub(crate) consistency: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) bind_options: Option<BindOptions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) volume_options: Option<VolumeOptions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tmpfs_options: Option<TmpfsOptions>,
    /// Since 1.48, for a type of mount that can't be had.
    #[serde(skip_serializing)]
    image_options: Value,
    /// For a type of mount that only a swarm has.
    #[serde(skip_serializing)]
    cluster_options: Value,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct BindOptions {
    pub(crate) propagation: String,
    pub(crate) non_recursive: bool,
    pub(crate) create_mountpoint: bool,
    pub(crate) read_only_non_recursive: bool,
    pub(crate) read_only_force_recursive: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct VolumeOptions {
    pub(crate) no_copy: bool,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) subpath: String,
    pub(crate) driver_config: DriverConfig,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct DriverConfig {
    pub(crate) name: String,
    pub(crate) options: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct TmpfsOptions {
    pub(crate) size_bytes: i64,
    pub(crate) mode: u32,
    /// Since 1.46: `["noexec"]`, `["uid", "1000"]`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) options: Vec<Vec<String>>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct NetworkingConfig {
    pub(crate) endpoints_config: BTreeMap<String, EndpointRequest>,
}

/// `EndpointSettings`, as far as a client may ask for it. The engine's own fields (addresses, IDs) are
/// known so that a client may send back what it read, and go no further.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct EndpointRequest {
    #[serde(rename = "IPAMConfig")]
    pub(crate) ipam_config: BTreeMap<String, Value>,
    pub(crate) links: Vec<String>,
    pub(crate) aliases: Vec<String>,
    pub(crate) mac_address: String,
    pub(crate) driver_opts: BTreeMap<String, String>,
    /// Since 1.48.
    pub(crate) gw_priority: i64,
    #[serde(skip_serializing)]
    gateway: Value,
    #[serde(rename = "IPv6Gateway", skip_serializing)]
    ipv6_gateway: Value,
    #[serde(rename = "GlobalIPv6Address", skip_serializing)]
    global_ipv6_address: Value,
    #[serde(rename = "GlobalIPv6PrefixLen", skip_serializing)]
    global_ipv6_prefix_len: Value,
    #[serde(rename = "NetworkID", skip_serializing)]
    network_id: Value,
    #[serde(rename = "EndpointID", skip_serializing)]
    endpoint_id: Value,
    #[serde(rename = "IPAddress", skip_serializing)]
    ip_address: Value,
    #[serde(rename = "IPPrefixLen", skip_serializing)]
    ip_prefix_len: Value,
    #[serde(rename = "DNSNames", skip_serializing)]
    dns_names: Value,
}

/// `StrSlice`: a list, or one word by itself.
fn words<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Words {
        One(String),
        Many(Vec<String>),
        None(()),
    }
    Ok(match Words::deserialize(deserializer)? {
        Words::One(word) => Some(vec![word]),
        Words::Many(words) => Some(words),
        Words::None(()) => None,
    })
}
