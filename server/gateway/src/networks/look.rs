//! Networks listed and inspected: names, members and options as the learner has them.

use std::collections::{BTreeMap, HashMap};

use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{
    body,
    model::versions,
    networks::{make::Asked, options},
    refusal::{Answer, Refusal},
    request::{
        Request,
        path::ApiVersion,
        query::{Filters, has_label, known_filters},
    },
    scope::OwnNetwork,
    serve::Context,
    upstream::Ask,
};

/// `NetworkResource`, as it is shown.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Network {
    name: String,
    id: String,
    created: String,
    scope: String,
    driver: String,
    #[serde(rename = "EnableIPv6")]
    enable_ipv6: bool,
    #[serde(rename = "IPAM")]
    ipam: Ipam,
    internal: bool,
    attachable: bool,
    ingress: bool,
    config_from: ConfigFrom,
    config_only: bool,
    containers: BTreeMap<String, Endpoint>,
    options: BTreeMap<String, String>,
    labels: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Ipam {
    driver: String,
    options: Option<BTreeMap<String, String>>,
    config: Option<Vec<IpamConfig>>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct IpamConfig {
    subnet: String,
    #[serde(rename = "IPRange", skip_serializing_if = "String::is_empty")]
    ip_range: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    gateway: Option<String>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct ConfigFrom {
    network: String,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Endpoint {
    name: String,
    #[serde(rename = "EndpointID")]
    endpoint_id: String,
    mac_address: String,
    #[serde(rename = "IPv4Address")]
    ipv4_address: String,
    #[serde(rename = "IPv6Address")]
    ipv6_address: String,
}

/// `GET /networks`. As the engine does, the list leaves the members out.
pub(crate) async fn list(context: &Context, mut request: Request) -> Answer {
    let filters = request.query.filters()?;
    request.query.finish()?;
    known_filters(&filters, &["name", "id", "driver", "type", "label", "scope", "dangling"])?;
    check_filters(&filters)?;
    let names = names(context).await?;
    let mut networks = Vec::new();
    for own in context.scope.networks().await? {
        let network = match read(context, &own, &names).await {
            // Removed since.
            Err(refusal) if refusal.status == StatusCode::NOT_FOUND => continue,
            read => read?,
        };
        if matches(&network, &filters) {
            networks.push(Network { containers: BTreeMap::new(), ..network });
        }
    }
    networks.extend(["host", "none"].map(|name| made_up(context, name)).into_iter().filter(|network| matches(network, &filters)));
    let networks: Vec<Value> = networks.iter().map(|network| as_json(network, request.version)).collect();
    Ok(body::json(StatusCode::OK, &networks))
}

fn as_json(network: &Network, version: ApiVersion) -> Value {
    let mut shown = serde_json::to_value(network).unwrap_or_default();
    versions::network(&mut shown, version);
    shown
}

/// `GET /networks/{id}`
pub(crate) async fn inspect(context: &Context, mut request: Request) -> Answer {
    request.query.ignore(&["verbose", "scope"]);
    request.query.finish()?;
    let asked = request.parameters.get("id");
    for name in ["host", "none"] {
        let network = made_up(context, name);
        if asked == name || (asked.len() >= 12 && network.id.starts_with(asked)) {
            return Ok(body::json(StatusCode::OK, &as_json(&network, request.version)));
        }
    }
    let own = context.scope.network(asked).await?;
    Ok(body::json(StatusCode::OK, &as_json(&read(context, &own, &names(context).await?).await?, request.version)))
}

/// Engine ID → the learner's name, of containers.
async fn names(context: &Context) -> Result<HashMap<String, String>, Refusal> {
    Ok(context.scope.containers().await?.into_iter().map(|own| (own.engine_id().to_owned(), own.name().to_owned())).collect())
}

async fn read(context: &Context, own: &OwnNetwork, names: &HashMap<String, String>) -> Result<Network, Refusal> {
    let network: Network =
        context.shared.engine.json(Ask::get(&["networks", own.engine_id()])).await.map_err(|said| context.engine_said(said))?;
    let asked: Asked = serde_json::from_str(&own.row().asked).unwrap_or_default();
    // The workstation is on the default network, and isn't one of the learner's containers.
    let containers = network
        .containers
        .into_iter()
        .filter_map(|(id, endpoint)| names.get(&id).map(|name| (id, Endpoint { name: name.clone(), ..endpoint })))
        .collect();
    let chosen = asked.mtu.map(|mtu| (options::MTU.to_owned(), mtu.to_string())).into_iter().collect();
    let options = if own.is_default() { default_options() } else { chosen };
    Ok(Network {
        name: own.name().to_owned(),
        internal: asked.internal,
        attachable: asked.attachable,
        ingress: false,
        config_only: false,
        config_from: ConfigFrom::default(),
        labels: asked.labels,
        options,
        containers,
        ..network
    })
}

/// Whether a network was made without a way out.
pub(crate) fn is_internal(own: &OwnNetwork) -> bool {
    serde_json::from_str::<Asked>(&own.row().asked).unwrap_or_default().internal
}

/// What `docker network inspect bridge` shows on any host.
fn default_options() -> BTreeMap<String, String> {
    [
        ("com.docker.network.bridge.default_bridge", "true"),
        ("com.docker.network.bridge.enable_icc", "true"),
        ("com.docker.network.bridge.enable_ip_masquerade", "true"),
        ("com.docker.network.bridge.host_binding_ipv4", "0.0.0.0"),
        ("com.docker.network.bridge.name", "docker0"),
        ("com.docker.network.driver.mtu", "1500"),
    ]
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .into()
}

/// `host` and `none`: there on every host, with an ID of its own.
fn made_up(context: &Context, name: &str) -> Network {
    let id = Sha256::digest(format!("{}/{name}", context.scope.sandbox())).iter().map(|byte| format!("{byte:02x}")).collect();
    Network {
        name: name.to_owned(),
        id,
        created: "2026-01-01T00:00:00Z".to_owned(),
        scope: "local".to_owned(),
        driver: if name == "none" { "null".to_owned() } else { name.to_owned() },
        ipam: Ipam { driver: "default".to_owned(), options: None, config: Some(Vec::new()) },
        ..Network::default()
    }
}

/// Values that mean nothing, in the engine's words.
fn check_filters(filters: &Filters) -> Result<(), Refusal> {
    let values = |key: &str| filters.get(key).map(Vec::as_slice).unwrap_or_default();
    if let Some(kind) = values("type").iter().find(|kind| !matches!(kind.as_str(), "builtin" | "custom")) {
        return Err(Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, format!("invalid filter: 'type'='{kind}'")));
    }
    match values("dangling") {
        [] => Ok(()),
        [one] if matches!(one.as_str(), "0" | "1" | "false" | "true") => Ok(()),
        [_] => Err(Refusal::invalid("invalid value for filter 'dangling', must be \"true\" (or \"1\"), or \"false\" (or \"0\")")),
        _ => Err(Refusal::invalid("got more than one value for filter key \"dangling\"")),
    }
}

/// Within one key any value, all keys together.
fn matches(network: &Network, filters: &Filters) -> bool {
    filters.iter().all(|(key, values)| {
        values.is_empty()
            || values.iter().any(|value| match key.as_str() {
                "name" => network.name.contains(value.as_str()),
                "id" => network.id.starts_with(value.as_str()),
                "driver" => network.driver == *value,
                "scope" => network.scope == *value,
                "type" => (value == "builtin") == ["bridge", "host", "none"].contains(&network.name.as_str()),
                "label" => has_label(&network.labels, value),
                "dangling" => {
                    let wanted = matches!(value.as_str(), "1" | "true");
                    let dangling = network.containers.is_empty() && !["bridge", "host", "none"].contains(&network.name.as_str());
                    dangling == wanted
                }
                _ => false,
            })
    })
}
