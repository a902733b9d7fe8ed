//! How answers look in each version of the Engine API. The gateway writes the newest form and what older
//! clients had besides; here the one or the other is taken out, or put in.
//!
//! Source: moby, api/docs/CHANGELOG.md, and the handlers below daemon/server/router.

use serde_json::{Map, Value, json};

use crate::request::path::ApiVersion;

/// Fields of `NetworkSettings` that tell of the default network, from the days when it was the only one.
const ONE_NETWORK: [&str; 14] = [
    "Bridge",
    "HairpinMode",
    "LinkLocalIPv6Address",
    "LinkLocalIPv6PrefixLen",
    "SecondaryIPAddresses",
    "SecondaryIPv6Addresses",
    "EndpointID",
    "Gateway",
    "GlobalIPv6Address",
    "GlobalIPv6PrefixLen",
    "IPAddress",
    "IPPrefixLen",
    "IPv6Gateway",
    "MacAddress",
];
/// Fields of an image's configuration that only a container's can fill.
const OF_CONTAINERS: [&str; 8] = ["Hostname", "Domainname", "AttachStdin", "AttachStdout", "AttachStderr", "Tty", "OpenStdin", "StdinOnce"];
const OPTIONAL_IN_CONFIG: [&str; 8] = ["Cmd", "Entrypoint", "Env", "Labels", "OnBuild", "User", "Volumes", "WorkingDir"];
const OPTIONAL_IN_IMAGE: [&str; 4] = ["Parent", "Comment", "DockerVersion", "Author"];
pub(crate) const RAW_STREAM: &str = "application/vnd.docker.raw-stream";
pub(crate) const MULTIPLEXED_STREAM: &str = "application/vnd.docker.multiplexed-stream";

/// `GET /containers/{id}/json`
pub(crate) fn container(shown: &mut Value, version: ApiVersion) {
    if version < ApiVersion(45) {
        let id = shown["Id"].as_str().and_then(|id| id.get(..12)).unwrap_or_default().to_owned();
        let host = shown["Config"]["Hostname"].as_str().unwrap_or_default().to_owned();
        for (name, endpoint) in map(&mut shown["NetworkSettings"]["Networks"]) {
            if !matches!(name.as_str(), "bridge" | "host" | "none") {
                add_aliases(endpoint, &[&id, &host]);
            }
        }
    }
    gateway_priorities(&mut shown["NetworkSettings"]["Networks"], version);
    if version >= ApiVersion(52) {
        drop_fields(&mut shown["NetworkSettings"], &ONE_NETWORK);
        drop_empty(&mut shown["Config"], &["OnBuild"]);
    }
}

/// One of `GET /containers/json`.
pub(crate) fn listed_container(shown: &mut Value, version: ApiVersion) {
    gateway_priorities(&mut shown["NetworkSettings"]["Networks"], version);
}

/// `GET /images/{name}/json`
pub(crate) fn image(shown: &mut Value, version: ApiVersion) {
    if version < ApiVersion(44) {
        shown["VirtualSize"] = shown["Size"].clone();
    }
    if version < ApiVersion(45) {
        shown["Container"] = json!("");
        shown["ContainerConfig"] = Value::Null;
    }
    if version >= ApiVersion(50) {
        drop_fields(&mut shown["Config"], &OF_CONTAINERS);
        drop_fields(&mut shown["Config"], &["Image"]);
    }
    if version >= ApiVersion(52) {
        drop_empty(&mut shown["Config"], &OPTIONAL_IN_CONFIG);
        drop_empty(shown, &OPTIONAL_IN_IMAGE);
    }
}

/// `GET /info`
pub(crate) fn info(shown: &mut Value, version: ApiVersion) {
    if version >= ApiVersion(44) {
        shown["Runtimes"]["runc"]["status"] = json!({});
    }
    if version <= ApiVersion(47) {
        shown["RegistryConfig"]["AllowNondistributableArtifactsCIDRs"] = Value::Null;
        shown["RegistryConfig"]["AllowNondistributableArtifactsHostnames"] = Value::Null;
    }
    if version < ApiVersion(49) {
        for program in ["ContainerdCommit", "RuncCommit", "InitCommit"] {
            shown[program]["Expected"] = shown[program]["ID"].clone();
        }
    }
    if version < ApiVersion(50) {
        // Older clients warn of it where it says no.
        shown["BridgeNfIptables"] = json!(true);
        shown["BridgeNfIp6tables"] = json!(true);
    }
    if version >= ApiVersion(49) {
        shown["FirewallBackend"] = json!({ "Driver": "iptables" });
    }
    if version < ApiVersion(52) {
        shown["KernelMemoryTCP"] = json!(false);
    }
}

/// `GET /networks/{id}`. Of its `Status` in 1.52, counts of addresses in use, nothing is told.
pub(crate) fn network(shown: &mut Value, version: ApiVersion) {
    if version >= ApiVersion(48) {
        shown["EnableIPv4"] = json!(true);
    }
}

/// One of `GET /containers/{id}/stats`.
pub(crate) fn stats(numbers: &mut std::collections::BTreeMap<String, Value>, version: ApiVersion) {
    if version >= ApiVersion(52) {
        numbers.insert("os_type".to_owned(), json!("linux"));
    }
}

/// What a stream of output is called: up to 1.41 there was one name for both kinds.
pub(crate) fn stream_type(of_engine: &[u8], version: ApiVersion) -> &'static str {
    if version >= ApiVersion(42) && of_engine == MULTIPLEXED_STREAM.as_bytes() { MULTIPLEXED_STREAM } else { RAW_STREAM }
}

fn gateway_priorities(networks: &mut Value, version: ApiVersion) {
    if version >= ApiVersion(48) {
        for (_, endpoint) in map(networks) {
            endpoint["GwPriority"] = json!(0);
        }
    }
}

fn add_aliases(endpoint: &mut Value, names: &[&str]) {
    let mut aliases = endpoint["Aliases"].as_array().cloned().unwrap_or_default();
    for name in names.iter().filter(|name| !name.is_empty()) {
        if !aliases.iter().any(|alias| alias == name) {
            aliases.push(json!(name));
        }
    }
    endpoint["Aliases"] = aliases.into();
}

fn map(value: &mut Value) -> impl Iterator<Item = (&String, &mut Value)> {
    value.as_object_mut().into_iter().flat_map(Map::iter_mut)
}

fn drop_fields(value: &mut Value, names: &[&str]) {
    if let Some(fields) = value.as_object_mut() {
        fields.retain(|name, _| !names.contains(&name.as_str()));
    }
}

/// As Go's `omitempty` does.
fn drop_empty(value: &mut Value, names: &[&str]) {
    let is_empty = |value: &Value| match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    };
    if let Some(fields) = value.as_object_mut() {
        fields.retain(|name, value| !names.contains(&name.as_str()) || !is_empty(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a value is in the version before and in this one.
    fn around(version: u16, shown: &Value, change: fn(&mut Value, ApiVersion)) -> [Value; 2] {
        [version - 1, version].map(|version| {
            let mut shown = shown.clone();
            change(&mut shown, ApiVersion(version));
            shown
        })
    }

    #[test]
    fn api_1_42_names_streams_of_two_kinds() {
        assert_eq!(stream_type(MULTIPLEXED_STREAM.as_bytes(), ApiVersion(41)), RAW_STREAM);
        assert_eq!(stream_type(MULTIPLEXED_STREAM.as_bytes(), ApiVersion(42)), MULTIPLEXED_STREAM);
        assert_eq!(stream_type(RAW_STREAM.as_bytes(), ApiVersion(53)), RAW_STREAM);
    }

    #[test]
    fn api_1_44_has_an_images_size_once() {
        let [before, after] = around(44, &json!({ "Size": 5 }), image);
        assert_eq!((&before["VirtualSize"], after.get("VirtualSize")), (&json!(5), None));
    }

    #[test]
    fn api_1_45_takes_a_containers_short_id_for_no_alias() {
        let shown = json!({
            "Id": "0123456789abcdef", "Config": { "Hostname": "box" },
            "NetworkSettings": { "Networks": { "app": { "Aliases": null }, "bridge": { "Aliases": null } } },
        });
        let [before, after] = around(45, &shown, container);
        assert_eq!(before["NetworkSettings"]["Networks"]["app"]["Aliases"], json!(["0123456789ab", "box"]));
        assert_eq!(before["NetworkSettings"]["Networks"]["bridge"]["Aliases"], Value::Null);
        assert_eq!(after, shown);
    }

    #[test]
    fn api_1_48_tells_of_ipv4_and_of_the_gateways_priority() {
        let [before, after] = around(48, &json!({ "NetworkSettings": { "Networks": { "app": {} } } }), listed_container);
        assert_eq!(before["NetworkSettings"]["Networks"]["app"], json!({}));
        assert_eq!(after["NetworkSettings"]["Networks"]["app"], json!({ "GwPriority": 0 }));
        let [before, after] = around(48, &json!({}), network);
        assert_eq!((before, after), (json!({}), json!({ "EnableIPv4": true })));
        let [before, after] = around(48, &json!({}), info);
        assert!(before["RegistryConfig"].is_object() && after.get("RegistryConfig").is_none());
    }

    #[test]
    fn api_1_49_and_1_50_drop_what_info_told_of_old() {
        let shown = json!({ "RuncCommit": { "ID": "v1" } });
        let [before, after] = around(49, &shown, info);
        assert_eq!((&before["RuncCommit"]["Expected"], after["RuncCommit"].get("Expected")), (&json!("v1"), None));
        assert!(before.get("FirewallBackend").is_none() && after["FirewallBackend"]["Driver"] == "iptables");
        let [before, after] = around(50, &shown, info);
        assert!(before["BridgeNfIptables"] == true && after.get("BridgeNfIptables").is_none());
    }

    #[test]
    fn api_1_50_keeps_a_containers_fields_out_of_an_image() {
        let [before, after] = around(50, &json!({ "Config": { "Hostname": "", "Tty": false, "Image": "", "Cmd": null } }), image);
        assert!(before["Config"].get("Hostname").is_some());
        assert_eq!(after["Config"], json!({ "Cmd": null }));
    }

    #[test]
    fn api_1_52_leaves_out_what_is_empty_and_what_one_network_needed() {
        let shown = json!({ "Author": "", "Comment": "x", "Config": { "Cmd": null, "Env": ["A=1"], "User": "" } });
        let [before, after] = around(52, &shown, image);
        assert_eq!(before["Author"], "");
        assert_eq!(after, json!({ "Comment": "x", "Config": { "Env": ["A=1"] } }));
        let shown = json!({ "Config": { "OnBuild": null }, "NetworkSettings": { "IPAddress": "10.0.0.2", "Networks": {}, "Ports": {} } });
        let [before, after] = around(52, &shown, container);
        assert_eq!(before, shown);
        assert_eq!(after, json!({ "Config": {}, "NetworkSettings": { "Networks": {}, "Ports": {} } }));
        let [mut before, mut after] = [std::collections::BTreeMap::new(), std::collections::BTreeMap::new()];
        stats(&mut before, ApiVersion(51));
        stats(&mut after, ApiVersion(52));
        assert_eq!((before.len(), &after["os_type"]), (0, &json!("linux")));
    }
}
