//! Networks removed, and containers put on them and taken off.

use std::collections::BTreeMap;

use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::{
    ActivityKind,
    admission::{Networks, Turn},
    body,
    containers::create::{links, policy},
    model::{
        container_engine::{EngineAddress, EngineEndpoint},
        event::Event,
    },
    networks::{addresses, make::Asked},
    refusal::{Answer, Refusal},
    request::{
        Request,
        moment::{labels_fit, until},
        query::known_filters,
    },
    scope::OwnNetwork,
    serve::Context,
    upstream::{Ask, EngineSaid},
};

/// Aliases that one container may have on a network.
const MAX_ALIASES: usize = 16;

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct ConnectRequest {
    container: String,
    endpoint_config: Option<EndpointConfig>,
}

/// `EndpointSettings`, as far as a learner may set it; the rest is the engine's to fill in.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct EndpointConfig {
    #[serde(rename = "IPAMConfig")]
    ipam_config: Option<BTreeMap<String, serde_json::Value>>,
    links: Option<Vec<String>>,
    aliases: Option<Vec<String>>,
    driver_opts: Option<BTreeMap<String, String>>,
    /// Heeded since 1.54 only, and not to be chosen here.
    mac_address: String,
    /// Since 1.48.
    gw_priority: i64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct DisconnectRequest {
    container: String,
    force: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct EngineConnect<'a> {
    container: &'a str,
    endpoint_config: EngineEndpoint,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct EngineDisconnect<'a> {
    container: &'a str,
    force: bool,
}

fn predefined(name: &str) -> Refusal {
    Refusal::new(StatusCode::FORBIDDEN, format!("{name} is a pre-defined network and cannot be removed"))
}

/// `DELETE /networks/{id}`
pub(crate) async fn remove(context: &Context, request: Request) -> Answer {
    request.query.finish()?;
    let asked = request.parameters.get("id");
    if ["host", "none"].contains(&asked) {
        return Err(predefined(asked));
    }
    let turn = context.sandbox.turns.networks().await;
    let own = context.scope.network_or_reservation(asked).await?;
    if own.is_default() {
        return Err(predefined(own.name()));
    }
    remove_one(context, &turn, &own).await.map_err(|said| context.engine_said(said))?;
    Ok(body::no_content(StatusCode::NO_CONTENT))
}

async fn remove_one(context: &Context, _turn: &Turn<Networks>, own: &OwnNetwork) -> Result<(), EngineSaid> {
    match context.shared.engine.done(Ask::delete(&["networks", own.engine_id()])).await {
        Ok(_) => {}
        Err(said) if said.is_not_found() => {}
        Err(said) => return Err(said),
    }
    context.shared.ledger.remove_network(context.scope.sandbox(), own.name()).await.map_err(|error| EngineSaid::Away(error.into()))?;
    context.sandbox.emit(Event::now("network", "destroy", own.engine_id(), &[("name", own.name()), ("type", "bridge")]));
    context.sandbox.record(ActivityKind::NetworkRemoved { name: own.name().to_owned() }).await;
    Ok(())
}

/// `POST /networks/prune`: those that no container is on. The engine itself says which these are.
pub(crate) async fn prune(context: &Context, mut request: Request) -> Answer {
    let filters = request.query.filters()?;
    request.query.finish()?;
    known_filters(&filters, &["until", "label", "label!"])?;
    let until = until(&filters, "until")?;
    let mut deleted = Vec::new();
    let turn = context.sandbox.turns.networks().await;
    for own in context.scope.networks_and_reservations().await? {
        let asked: Asked = serde_json::from_str(&own.row().asked).unwrap_or_default();
        let fits = labels_fit(&filters, &asked.labels) && until.is_none_or(|until| own.row().created_at / 1000 <= until);
        if fits && !own.is_default() && remove_one(context, &turn, &own).await.is_ok() {
            deleted.push(own.name().to_owned());
        }
    }
    context.sandbox.emit(Event::pruned("network", 0));
    Ok(body::json(StatusCode::OK, &serde_json::json!({ "NetworksDeleted": if deleted.is_empty() { None } else { Some(deleted) } })))
}

/// `POST /networks/{id}/connect`
pub(crate) async fn connect(context: &Context, request: Request) -> Answer {
    request.query.finish()?;
    let asked: ConnectRequest = Request::json(request.body, &request.headers).await?;
    let name = request.parameters.get("id");
    if ["host", "none"].contains(&name) {
        return Err(Refusal::forbidden("joining the host's network", "other learners live there."));
    }
    // In the engine's order: of two that aren't there it names the container.
    let container = context.scope.container(&asked.container).await?;
    let network = context.scope.network(name).await?;
    let endpoint = asked.endpoint_config.unwrap_or_default();
    if endpoint.driver_opts.is_some_and(|options| !options.is_empty()) {
        return Err(policy::driver_options());
    }
    let address = addresses::own_address(&network, &endpoint.ipam_config.unwrap_or_default())?;
    let links = links::of_engine(&links::find(context, endpoint.links.iter().flatten()).await?);
    if endpoint.gw_priority != 0 {
        return Err(policy::gateway_priority());
    }
    if !endpoint.mac_address.is_empty() {
        return Err(policy::mac_address());
    }
    let mut aliases = endpoint.aliases.unwrap_or_default();
    if aliases.len() > MAX_ALIASES || !aliases.iter().all(|alias| crate::scope::is_name(alias)) {
        return Err(Refusal::invalid(format!("lunchbox: at most {MAX_ALIASES} aliases, each of letters, digits, `_`, `.` and `-`")));
    }
    // On a network of one's own, containers find each other by name; on `bridge` they don't, as on any host.
    if !network.is_default() {
        aliases.push(container.name().to_owned());
    }
    let ipam_config = address.map(|address| EngineAddress { ipv4_address: address.to_string() });
    let body = EngineConnect { container: container.engine_id(), endpoint_config: EngineEndpoint { aliases, links, ipam_config } };
    let ask = Ask::post(&["networks", network.engine_id(), "connect"]).json(&body)?;
    context.shared.engine.done(ask).await.map_err(|said| context.engine_said(said))?;
    context.sandbox.changed();
    Ok(body::no_content(StatusCode::OK))
}

/// `POST /networks/{id}/disconnect`
pub(crate) async fn disconnect(context: &Context, request: Request) -> Answer {
    request.query.finish()?;
    let asked: DisconnectRequest = Request::json(request.body, &request.headers).await?;
    let network = request.parameters.get("id");
    let container = match context.scope.container(&asked.container).await {
        // Whoever forces it means what is left of one that has gone.
        Err(refusal) if asked.force && refusal.status == StatusCode::NOT_FOUND => {
            context.scope.network(network).await?;
            return Err(Refusal::new(StatusCode::NOT_FOUND, format!("endpoint {} not found", asked.container)));
        }
        found => found?,
    };
    let network = context.scope.network(network).await?;
    let body = EngineDisconnect { container: container.engine_id(), force: asked.force };
    let ask = Ask::post(&["networks", network.engine_id(), "disconnect"]).json(&body)?;
    context.shared.engine.done(ask).await.map_err(|said| context.engine_said(said))?;
    context.sandbox.changed();
    Ok(body::no_content(StatusCode::OK))
}
