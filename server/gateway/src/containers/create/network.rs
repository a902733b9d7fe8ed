//! Which network a container is on.

use std::collections::BTreeMap;

use crate::{
    containers::{create::links, links::Linked},
    model::{
        container::CreateRequest,
        container_engine::{EngineAddress, EngineEndpoint, EngineNetworking},
    },
    networks,
    refusal::Refusal,
    scope::{DEFAULT_NETWORK, OwnNetwork},
    serve::Context,
};

/// `HostConfig.NetworkMode` and `NetworkingConfig`, in the engine's IDs.
#[derive(Debug)]
pub(crate) struct Networking {
    pub(crate) mode: String,
    pub(crate) endpoints: EngineNetworking,
    /// On the default network, whose links have variables.
    pub(crate) links: Vec<Linked>,
}

/// As the learner's request names it; `default` is `bridge`.
pub(crate) fn mode(asked: &CreateRequest) -> &str {
    match asked.host_config.network_mode.as_str() {
        "" | "default" => DEFAULT_NETWORK,
        other => other,
    }
}

pub(crate) async fn decide(context: &Context, asked: &CreateRequest, name: &str) -> Result<Networking, Refusal> {
    let mode = mode(asked);
    let alone = |mode: String| Networking { mode, endpoints: EngineNetworking::default(), links: Vec::new() };
    let asked_links = asked.host_config.links.as_deref().unwrap_or_default();
    if mode == "none" {
        return Ok(alone("none".to_owned()));
    }
    if mode == "host" {
        return Err(Refusal::forbidden(
            "the host's network",
            "other learners live there. Publish a port instead: -p 8080:80 makes it reachable on this host's localhost.",
        ));
    }
    if let Some(other) = mode.strip_prefix("container:") {
        let other = context.scope.container(other).await?;
        if !asked.host_config.port_bindings.is_empty() || asked.host_config.publish_all_ports {
            return Err(Refusal::invalid("conflicting options: port publishing and the container type network mode"));
        }
        if !asked_links.is_empty() {
            return Err(Refusal::invalid(
                "conflicting options: container type network can't be used with links. This would result in undefined behavior",
            ));
        }
        return Ok(alone(format!("container:{}", other.engine_id())));
    }
    if mode.contains(':') {
        return Err(Refusal::forbidden(
            &format!("the network mode {mode}"),
            "networks of this host have names; `docker network ls` shows them.",
        ));
    }
    let first = context.scope.network(mode).await?;
    let mut endpoints = BTreeMap::new();
    for (key, endpoint) in &asked.networking_config.endpoints_config {
        let network = match key.as_str() {
            "default" => context.scope.network(DEFAULT_NETWORK).await?,
            "host" | "none" => {
                return Err(Refusal::invalid("container cannot be connected to several networks with one of them in host or none mode"));
            }
            key => context.scope.network(key).await?,
        };
        if network.is_default() && !endpoint.aliases.is_empty() {
            return Err(Refusal::invalid(
                "invalid config for network bridge: invalid endpoint settings:\nnetwork-scoped alias is supported only for containers in user defined networks",
            ));
        }
        let address = networks::own_address(&network, &endpoint.ipam_config)?;
        let wanted = EngineEndpoint {
            aliases: aliases(&network, &endpoint.aliases, name),
            links: links::of_engine(&links::find(context, endpoint.links.iter()).await?),
            ipam_config: address.map(|address| EngineAddress { ipv4_address: address.to_string() }),
        };
        endpoints.insert(network.engine_id().to_owned(), wanted);
    }
    let own = endpoints
        .entry(first.engine_id().to_owned())
        .or_insert_with(|| EngineEndpoint { aliases: aliases(&first, &[], name), ..EngineEndpoint::default() });
    let mut links = links::find(context, asked_links.iter()).await?;
    for link in links::of_engine(&links) {
        if !own.links.contains(&link) {
            own.links.push(link);
        }
    }
    if !first.is_default() {
        links.clear();
    }
    Ok(Networking { mode: first.engine_id().to_owned(), endpoints: EngineNetworking { endpoints_config: endpoints }, links })
}

/// On networks of the learner's own a container is found by its name, as in Docker; on the default one
/// it isn't, as in Docker.
pub(crate) fn aliases(network: &OwnNetwork, asked: &[String], name: &str) -> Vec<String> {
    if network.is_default() {
        return Vec::new();
    }
    let mut aliases = asked.to_vec();
    if !aliases.iter().any(|alias| alias == name) {
        aliases.push(name.to_owned());
    }
    aliases
}
