//! Networks made: the default one with the sandbox, others as the learner asks.

use std::collections::BTreeMap;

use http::StatusCode;
use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    ActivityKind, body,
    config::Egress,
    containers::create::policy::check_labels,
    gateway::{GatewayError, Shared},
    ledger::{self, NetworkRow},
    model::event::Event,
    networks::{
        addresses::{self, Chosen, IpamConfig},
        machine, options, pool,
    },
    refusal::{Answer, Refusal},
    request::Request,
    scope::{DEFAULT_NETWORK, EngineName, OwnNetwork, Scope, is_name},
    serve::Context,
    upstream::{Ask, EngineSaid},
};

/// How often other addresses and another bridge are tried where somebody else has these.
const TRIES: usize = 64;
/// The engine's option for it.
const BRIDGE_NAME: &str = "com.docker.network.bridge.name";

/// `NetworkCreateRequest`, as far as it can be had here.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct CreateRequest {
    name: String,
    /// Obsolete; every name is unique here.
    check_duplicate: bool,
    driver: Option<String>,
    internal: bool,
    attachable: bool,
    scope: Option<String>,
    #[serde(rename = "IPAM")]
    ipam: Option<Ipam>,
    #[serde(rename = "EnableIPv6")]
    enable_ipv6: Option<bool>,
    #[serde(rename = "EnableIPv4")]
    enable_ipv4: Option<bool>,
    ingress: bool,
    config_only: bool,
    config_from: Option<ConfigFrom>,
    options: Option<BTreeMap<String, String>>,
    labels: Option<BTreeMap<String, String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Ipam {
    driver: Option<String>,
    config: Option<Vec<IpamConfig>>,
    options: Option<BTreeMap<String, String>>,
}

/// `ConfigReference`
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct ConfigFrom {
    network: String,
}

/// What is kept of the request, for `inspect`.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    pub(super) internal: bool,
    pub(super) attachable: bool,
    pub(super) labels: BTreeMap<String, String>,
    /// Where the learner chose it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) subnet: Option<String>,
    /// Bytes, where the learner chose them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mtu: Option<u32>,
}

/// What the engine is asked for.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct EngineCreate<'a> {
    name: &'a str,
    driver: &'a str,
    internal: bool,
    #[serde(rename = "IPAM")]
    ipam: EngineIpam,
    options: BTreeMap<&'static str, String>,
    labels: BTreeMap<String, String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct EngineIpam {
    driver: &'static str,
    config: Vec<EngineIpamConfig>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct EngineIpamConfig {
    subnet: String,
    #[serde(rename = "IPRange", skip_serializing_if = "Option::is_none")]
    ip_range: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gateway: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Created {
    #[serde(rename = "Id")]
    id: String,
}

/// The sandbox's default network; nothing where it is there already.
pub(crate) async fn make_default(shared: &Shared, scope: &Scope) -> Result<(), GatewayError> {
    let rows = shared.ledger.networks(scope.sandbox()).await?;
    if let Some(row) = rows.iter().find(|row| row.name == DEFAULT_NETWORK) {
        if shared.engine.json::<serde_json::Value>(Ask::get(&["networks", &row.engine_id])).await.is_ok() {
            return Ok(());
        }
        // Reserved, but never made; or removed by somebody's hand.
        shared.ledger.remove_network(scope.sandbox(), DEFAULT_NETWORK).await?;
    }
    let asked = Asked::default();
    match make(shared, scope, DEFAULT_NETWORK, &scope.default_network_name(), &asked, None).await {
        Ok(_) => Ok(()),
        Err(Failed::Taken) => Ok(()),
        Err(Failed::PoolExhausted | Failed::InUse(_)) => Err(GatewayError::AddressPoolExhausted),
        Err(Failed::Engine(said)) => Err(said.into()),
        Err(Failed::Ledger(error)) => Err(error.into()),
    }
}

/// `POST /networks/create`
pub(crate) async fn create(context: &Context, request: Request) -> Answer {
    let mut query = request.query;
    query.ignore(&[]);
    query.finish()?;
    let asked: CreateRequest = Request::json(request.body, &request.headers).await?;
    if !is_name(&asked.name) {
        return Err(Refusal::invalid(format!(
            "invalid network name {:?}: only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed, and at most 63 of them",
            asked.name
        )));
    }
    if ["host", "none", DEFAULT_NETWORK].contains(&asked.name.as_str()) {
        return Err(Refusal::new(StatusCode::FORBIDDEN, format!("operation is not permitted on predefined {} network ", asked.name)));
    }
    only_plain(&asked)?;
    let mtu = options::mtu(asked.options.as_ref().unwrap_or(&BTreeMap::new()))?;
    let configs = asked.ipam.and_then(|ipam| ipam.config).unwrap_or_default();
    let config = &context.shared.config;
    let addresses = addresses::choose(&configs, config.address_pool, &config.chosen_networks)?;
    if let Some(chosen) = addresses
        && machine::Used::read().await.has(chosen.subnet)
    {
        return Err(addresses::in_use(chosen.subnet));
    }
    let turn = context.sandbox.turns.networks().await;
    let limit = context.shared.config.limits.networks;
    let all = context.scope.networks_and_reservations().await?;
    if all.len() > limit as usize {
        return Err(Refusal::limit("networks", limit, "docker network rm"));
    }
    if let Some(chosen) = addresses {
        addresses::check_share(chosen.subnet, all.iter().map(OwnNetwork::row))?;
    }
    let kept = Asked {
        internal: asked.internal,
        attachable: asked.attachable,
        labels: asked.labels.unwrap_or_default(),
        subnet: addresses.map(|chosen| chosen.subnet.to_string()),
        mtu,
    };
    let name = context.scope.engine_name(&asked.name);
    let id = make(&context.shared, &context.scope, &asked.name, &name, &kept, addresses).await.map_err(|failed| match failed {
        Failed::Taken => Refusal::conflict(format!("network with name {} already exists", asked.name)),
        Failed::PoolExhausted => Refusal::new(
            StatusCode::FORBIDDEN,
            "lunchbox: this classroom has no free addresses for another network. Remove one with `docker network rm`.",
        ),
        Failed::InUse(subnet) => addresses::in_use(subnet),
        Failed::Engine(said) => context.engine_said(said),
        Failed::Ledger(error) => error.into(),
    })?;
    drop(turn);
    context.sandbox.emit(Event::now("network", "create", &id, &[("name", &asked.name), ("type", "bridge")]));
    context.sandbox.record(ActivityKind::NetworkCreated { name: asked.name }).await;
    Ok(body::json(StatusCode::CREATED, &serde_json::json!({ "Id": id, "Warning": "" })))
}

/// Anything but a plain bridge is refused, with the reason.
fn only_plain(asked: &CreateRequest) -> Result<(), Refusal> {
    let plain = |what: &str| {
        Refusal::new(
            StatusCode::FORBIDDEN,
            format!("lunchbox: only plain bridge networks can be created here ({what}). Leave it out and try again."),
        )
    };
    let bridge = asked.driver.as_deref().unwrap_or_default();
    if !matches!(bridge, "" | "bridge" | "default") {
        return Err(plain(&format!("asked for the driver {bridge}")));
    }
    if asked.scope.as_deref().is_some_and(|scope| !matches!(scope, "" | "local")) {
        return Err(plain("asked for a swarm scope"));
    }
    if asked.ingress {
        return Err(plain("asked for a swarm's own network, --ingress"));
    }
    if asked.config_only || asked.config_from.as_ref().is_some_and(|from| !from.network.is_empty()) {
        return Err(plain("asked for a pattern of networks, --config-only or --config-from"));
    }
    if asked.enable_ipv6 == Some(true) {
        return Err(plain("asked for IPv6"));
    }
    if asked.enable_ipv4 == Some(false) {
        return Err(plain("asked for no IPv4, --ipv4=false"));
    }
    if let Some(ipam) = &asked.ipam {
        let driver = ipam.driver.as_deref().unwrap_or_default();
        if !matches!(driver, "" | "default") || ipam.options.as_ref().is_some_and(|options| !options.is_empty()) {
            return Err(plain("asked for an address driver"));
        }
    }
    asked.labels.as_ref().map_or(Ok(()), check_labels)
}

/// The bridge of a network, by which set-up's firewall knows it: all of learners' begin with `lb`, those that have no way
/// out with `lbi`. Linux has room for 15 characters.
pub(crate) fn bridge_name(network: &EngineName, internal: bool, attempt: usize) -> String {
    let digest = Sha256::digest(format!("{}/{attempt}", network.as_str()));
    let prefix = if internal { "lbi" } else { "lbo" };
    digest.iter().take(5).fold(prefix.to_owned(), |name, byte| format!("{name}{byte:02x}"))
}

/// Whether this machine has such an interface. An engine on another machine has to tell itself.
fn is_interface(name: &str) -> bool {
    std::path::Path::new("/sys/class/net").join(name).exists()
}

enum Failed {
    Taken,
    PoolExhausted,
    /// What the learner chose is somebody else's.
    InUse(Ipv4Net),
    Engine(EngineSaid),
    Ledger(sqlx::Error),
}

/// Reserves name and addresses in the ledger, then makes the network.
async fn make(
    shared: &Shared,
    scope: &Scope,
    name: &str,
    engine_name: &EngineName,
    asked: &Asked,
    chosen: Option<Chosen>,
) -> Result<String, Failed> {
    let internal = asked.internal || shared.config.egress != Egress::On;
    if let Some(chosen) = chosen {
        let Some(bridge) = (0..TRIES).map(|attempt| bridge_name(engine_name, internal, attempt)).find(|bridge| !is_interface(bridge))
        else {
            return Err(Failed::PoolExhausted);
        };
        let place = Place { slot: chosen.slot(), chosen, bridge, internal };
        return make_at(shared, scope, name, engine_name, asked, place).await?.ok_or(Failed::InUse(chosen.subnet));
    }
    let used = shared.ledger.network_slots().await.map_err(Failed::Ledger)?;
    let pool = shared.config.address_pool;
    let machine = machine::Used::read().await.beside(pool);
    // Also of the pool: a name server may lie there, or the machine's own network, and nobody has told.
    let free = pool::free_slots(pool, &shared.config.instance, &used)
        .filter_map(|slot| Some((slot, pool::subnet(pool, slot)?)))
        .filter(|(_, subnet)| !machine.has(*subnet));
    for (attempt, (slot, subnet)) in free.take(TRIES).enumerate() {
        let bridge = bridge_name(engine_name, internal, attempt);
        // The engine would take another's bridge for its own.
        if is_interface(&bridge) {
            continue;
        }
        let place = Place { slot, chosen: Chosen { subnet, ip_range: None, gateway: None }, bridge, internal };
        if let Some(id) = make_at(shared, scope, name, engine_name, asked, place).await? {
            return Ok(id);
        }
    }
    Err(Failed::PoolExhausted)
}

/// Addresses, and what stands for them in the ledger and on the machine.
struct Place {
    slot: i64,
    chosen: Chosen,
    bridge: String,
    internal: bool,
}

/// `None` where somebody else has these addresses or this bridge.
async fn make_at(
    shared: &Shared,
    scope: &Scope,
    name: &str,
    engine_name: &EngineName,
    asked: &Asked,
    place: Place,
) -> Result<Option<String>, Failed> {
    let row = NetworkRow {
        name: name.to_owned(),
        engine_id: NetworkRow::reservation(place.slot),
        slot: place.slot,
        asked: serde_json::to_string(asked).unwrap_or_default(),
        created_at: ledger::now_ms(),
    };
    match shared.ledger.add_network(scope.sandbox(), &row).await {
        Ok(()) => {}
        Err(error) if ledger::is_taken(&error) => {
            let ours = shared.ledger.networks(scope.sandbox()).await.map_err(Failed::Ledger)?;
            // Else another sandbox was quicker with this slot.
            return if ours.iter().any(|row| row.name == name) { Err(Failed::Taken) } else { Ok(None) };
        }
        Err(error) => return Err(Failed::Ledger(error)),
    }
    let mut labels: BTreeMap<String, String> = asked.labels.clone();
    labels.extend(scope.labels("network"));
    let config = EngineIpamConfig {
        subnet: place.chosen.subnet.to_string(),
        ip_range: place.chosen.ip_range.map(|range| range.to_string()),
        gateway: place.chosen.gateway.map(|gateway| gateway.to_string()),
    };
    let body = EngineCreate {
        name: engine_name.as_str(),
        driver: "bridge",
        internal: place.internal,
        ipam: EngineIpam { driver: "default", config: vec![config] },
        options: asked.mtu.map(|mtu| (options::MTU, mtu.to_string())).into_iter().chain([(BRIDGE_NAME, place.bridge)]).collect(),
        labels,
    };
    let ask = Ask::post(&["networks", "create"]).json(&body).map_err(|refusal| Failed::Engine(EngineSaid::Away(refusal)))?;
    match shared.engine.json::<Created>(ask).await {
        Ok(created) => {
            if shared.ledger.set_network_engine_id(scope.sandbox(), name, &created.id).await.map_err(Failed::Ledger)? {
                return Ok(Some(created.id));
            }
            // Its sandbox was closed meanwhile: in no row, it would keep its addresses from everybody.
            _ = shared.engine.done(Ask::delete(&["networks", &created.id])).await;
            Err(Failed::Engine(EngineSaid::Away(Refusal::closed())))
        }
        Err(said) => {
            shared.ledger.remove_network(scope.sandbox(), name).await.map_err(Failed::Ledger)?;
            let text = said.message();
            // Somebody else on this engine or machine has them.
            let taken = ["overlaps", "overlap with", "same bridge name", "conflicts with network"].iter().any(|words| text.contains(words));
            if taken { Ok(None) } else { Err(Failed::Engine(said)) }
        }
    }
}
