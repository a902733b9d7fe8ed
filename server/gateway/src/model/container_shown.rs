//! Containers as the engine shows them, as far as a learner sees them: what isn't here is dropped.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::images::catalogue::{Empty, ImageConfig};

/// `ContainerInspectResponse`. `HostConfig` is the learner's own and comes from the ledger.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Inspected {
    pub(crate) id: String,
    pub(crate) created: String,
    pub(crate) path: String,
    #[serde(deserialize_with = "or_null")]
    pub(crate) args: Vec<String>,
    pub(crate) state: State,
    pub(crate) image: String,
    pub(crate) resolv_conf_path: String,
    pub(crate) hostname_path: String,
    pub(crate) hosts_path: String,
    pub(crate) log_path: String,
    pub(crate) name: String,
    pub(crate) restart_count: i64,
    pub(crate) driver: String,
    pub(crate) platform: String,
    pub(crate) mount_label: String,
    pub(crate) process_label: String,
    pub(crate) app_armor_profile: String,
    #[serde(rename = "ExecIDs")]
    pub(crate) exec_ids: Option<Vec<String>>,
    #[serde(skip_deserializing)]
    pub(crate) host_config: Value,
    #[serde(skip_deserializing)]
    pub(crate) graph_driver: GraphDriver,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) size_rw: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) size_root_fs: Option<i64>,
    #[serde(deserialize_with = "or_null")]
    pub(crate) mounts: Vec<MountPoint>,
    pub(crate) config: ImageConfig,
    pub(crate) network_settings: NetworkSettings,
}

/// Where the layers lie is the host's business.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GraphDriver {
    pub(crate) data: Option<Empty>,
    pub(crate) name: String,
}

#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct State {
    /// `created`, `running`, `paused`, `restarting`, `removing`, `exited` or `dead`.
    pub(crate) status: String,
    pub(crate) running: bool,
    pub(crate) paused: bool,
    pub(crate) restarting: bool,
    #[serde(rename = "OOMKilled")]
    pub(crate) oom_killed: bool,
    pub(crate) dead: bool,
    pub(crate) pid: i64,
    pub(crate) exit_code: i64,
    pub(crate) error: String,
    pub(crate) started_at: String,
    pub(crate) finished_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) health: Option<Health>,
}

#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Health {
    pub(crate) status: String,
    pub(crate) failing_streak: i64,
    pub(crate) log: Option<Vec<HealthResult>>,
}

#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct HealthResult {
    pub(crate) start: String,
    pub(crate) end: String,
    pub(crate) exit_code: i64,
    pub(crate) output: String,
}

#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct MountPoint {
    #[serde(rename = "Type")]
    pub(crate) kind: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) name: String,
    pub(crate) source: String,
    pub(crate) destination: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) driver: String,
    pub(crate) mode: String,
    #[serde(rename = "RW")]
    pub(crate) rw: bool,
    pub(crate) propagation: String,
}

#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct NetworkSettings {
    pub(crate) bridge: String,
    #[serde(rename = "SandboxID")]
    pub(crate) sandbox_id: String,
    pub(crate) sandbox_key: String,
    #[serde(skip_deserializing)]
    pub(crate) ports: PortMap,
    pub(crate) hairpin_mode: bool,
    #[serde(rename = "LinkLocalIPv6Address")]
    pub(crate) link_local_ipv6_address: String,
    #[serde(rename = "LinkLocalIPv6PrefixLen")]
    pub(crate) link_local_ipv6_prefix_len: i64,
    #[serde(rename = "EndpointID")]
    pub(crate) endpoint_id: String,
    pub(crate) gateway: String,
    #[serde(rename = "GlobalIPv6Address")]
    pub(crate) global_ipv6_address: String,
    #[serde(rename = "GlobalIPv6PrefixLen")]
    pub(crate) global_ipv6_prefix_len: i64,
    #[serde(rename = "IPAddress")]
    pub(crate) ip_address: String,
    #[serde(rename = "IPPrefixLen")]
    pub(crate) ip_prefix_len: i64,
    #[serde(rename = "IPv6Gateway")]
    pub(crate) ipv6_gateway: String,
    pub(crate) mac_address: String,
    #[serde(rename = "SecondaryIPAddresses", skip_deserializing)]
    pub(crate) secondary_ip_addresses: Option<Empty>,
    #[serde(rename = "SecondaryIPv6Addresses", skip_deserializing)]
    pub(crate) secondary_ipv6_addresses: Option<Empty>,
    #[serde(deserialize_with = "or_null")]
    pub(crate) networks: BTreeMap<String, Endpoint>,
}

/// The engine writes null for an empty list now and then.
fn or_null<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// `80/tcp` → where it is published; `None` where it is only exposed.
pub(crate) type PortMap = BTreeMap<String, Option<Vec<ShownBinding>>>;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ShownBinding {
    pub(crate) host_ip: String,
    pub(crate) host_port: String,
}

/// `EndpointIPAMConfig`: the address that was asked for.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Address {
    #[serde(rename = "IPv4Address", skip_serializing_if = "Option::is_none")]
    pub(crate) ipv4_address: Option<String>,
}

/// `EndpointSettings`.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Endpoint {
    #[serde(rename = "IPAMConfig")]
    pub(crate) ipam_config: Option<Address>,
    pub(crate) links: Option<Vec<String>>,
    pub(crate) aliases: Option<Vec<String>>,
    pub(crate) mac_address: String,
    #[serde(rename = "NetworkID")]
    pub(crate) network_id: String,
    #[serde(rename = "EndpointID")]
    pub(crate) endpoint_id: String,
    pub(crate) gateway: String,
    #[serde(rename = "IPAddress")]
    pub(crate) ip_address: String,
    #[serde(rename = "IPPrefixLen")]
    pub(crate) ip_prefix_len: i64,
    #[serde(rename = "IPv6Gateway")]
    pub(crate) ipv6_gateway: String,
    #[serde(rename = "GlobalIPv6Address")]
    pub(crate) global_ipv6_address: String,
    #[serde(rename = "GlobalIPv6PrefixLen")]
    pub(crate) global_ipv6_prefix_len: i64,
    #[serde(skip_deserializing)]
    pub(crate) driver_opts: Option<Empty>,
    #[serde(rename = "DNSNames")]
    pub(crate) dns_names: Option<Vec<String>>,
}

/// `ContainerSummary`.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Listed {
    pub(crate) id: String,
    #[serde(deserialize_with = "or_null")]
    pub(crate) names: Vec<String>,
    pub(crate) image: String,
    #[serde(rename = "ImageID")]
    pub(crate) image_id: String,
    pub(crate) command: String,
    /// Unix seconds.
    pub(crate) created: i64,
    #[serde(deserialize_with = "or_null")]
    pub(crate) ports: Vec<ListedPort>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) size_rw: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) size_root_fs: Option<i64>,
    #[serde(deserialize_with = "or_null")]
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) state: String,
    /// `Up 5 minutes (healthy)`, `Exited (0) 3 seconds ago`.
    pub(crate) status: String,
    pub(crate) host_config: ListedHostConfig,
    pub(crate) network_settings: ListedNetworks,
    #[serde(deserialize_with = "or_null")]
    pub(crate) mounts: Vec<MountPoint>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct ListedPort {
    #[serde(rename = "IP", skip_serializing_if = "String::is_empty")]
    pub(crate) ip: String,
    pub(crate) private_port: u16,
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) public_port: u16,
    #[serde(rename = "Type")]
    pub(crate) protocol: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(port: &u16) -> bool {
    *port == 0
}

#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct ListedHostConfig {
    pub(crate) network_mode: String,
}

#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct ListedNetworks {
    #[serde(deserialize_with = "or_null")]
    pub(crate) networks: BTreeMap<String, Endpoint>,
}
