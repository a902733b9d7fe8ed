//! Networks made: the default one with the sandbox, others as the learner asks.

use std::collections::BTreeMap;

use http::StatusCode;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    ActivityKind, body,
    config::Egress,
    gateway::{GatewayError, Shared},
    ledger::{self, NetworkRow},
    model::event::Event,
    networks::pool,
    refusal::{Answer, Refusal},
    request::Request,
    scope::{DEFAULT_NETWORK, EngineName, Scope, is_name},
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
    options: Option<BTreeMap<String, String>>,
    labels: Option<BTreeMap<String, String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Ipam {
    driver: Option<String>,
    config: Option<Vec<serde_json::Value>>,
    options: Option<BTreeMap<String, String>>,
}

/// What is kept of the request, for `inspect`.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    pub(super) internal: bool,
    pub(super) attachable: bool,
    pub(super) labels: BTreeMap<String, String>,
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
    match make(shared, scope, DEFAULT_NETWORK, &scope.default_network_name(), &asked).await {
        Ok(_) => Ok(()),
        Err(Failed::Taken) => Ok(()),
        Err(Failed::PoolExhausted) => Err(GatewayError::AddressPoolExhausted),
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
    let turn = context.sandbox.turns.networks().await;
    let limit = context.shared.config.limits.networks;
    if context.scope.networks().await?.len() > limit as usize {
        return Err(Refusal::limit("networks", limit, "docker network rm"));
    }
    let kept = Asked { internal: asked.internal, attachable: asked.attachable, labels: asked.labels.unwrap_or_default() };
    let name = context.scope.engine_name(&asked.name);
    let id = make(&context.shared, &context.scope, &asked.name, &name, &kept).await.map_err(|failed| match failed {
        Failed::Taken => Refusal::conflict(format!("network with name {} already exists", asked.name)),
        Failed::PoolExhausted => Refusal::new(
            StatusCode::FORBIDDEN,
            "lunchbox: this classroom has no free addresses for another network. Remove one with `docker network rm`.",
        ),
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
    if asked.enable_ipv6 == Some(true) || asked.enable_ipv4 == Some(false) {
        return Err(plain("asked for IPv6"));
    }
    if asked.options.as_ref().is_some_and(|options| !options.is_empty()) {
        return Err(plain("asked for driver options"));
    }
    if let Some(ipam) = &asked.ipam {
        let driver = ipam.driver.as_deref().unwrap_or_default();
        if !matches!(driver, "" | "default") || ipam.options.as_ref().is_some_and(|options| !options.is_empty()) {
            return Err(plain("asked for an address driver"));
        }
        let addresses = ipam.config.iter().flatten().any(|config| config.as_object().is_none_or(|config| !config.is_empty()));
        if addresses {
            return Err(plain("asked for addresses of its own: this classroom gives each network its addresses"));
        }
    }
    if asked.labels.iter().flatten().any(|(key, _)| Scope::is_our_label(key)) {
        return Err(Refusal::invalid("lunchbox: labels that begin with io.lunchbox. are the classroom's own"));
    }
    Ok(())
}

/// The bridge of a network, by which an operator's firewall knows it: all of learners' begin with `lb`, and
/// Linux has room for 15 characters.
pub(crate) fn bridge_name(network: &EngineName, attempt: usize) -> String {
    let digest = Sha256::digest(format!("{}/{attempt}", network.as_str()));
    digest.iter().take(5).fold("lb".to_owned(), |name, byte| format!("{name}{byte:02x}"))
}

/// Whether this machine has such an interface. An engine on another machine has to tell itself.
fn is_interface(name: &str) -> bool {
    std::path::Path::new("/sys/class/net").join(name).exists()
}

enum Failed {
    Taken,
    PoolExhausted,
    Engine(EngineSaid),
    Ledger(sqlx::Error),
}

/// Reserves name and addresses in the ledger, then makes the network.
async fn make(shared: &Shared, scope: &Scope, name: &str, engine_name: &EngineName, asked: &Asked) -> Result<String, Failed> {
    let used = shared.ledger.network_slots().await.map_err(Failed::Ledger)?;
    let pool = shared.config.address_pool;
    for (attempt, slot) in pool::free_slots(pool, &shared.config.instance, &used).take(TRIES).enumerate() {
        let Some(subnet) = pool::subnet(pool, slot) else { break };
        let bridge = bridge_name(engine_name, attempt);
        // The engine would take another's bridge for its own.
        if is_interface(&bridge) {
            continue;
        }
        let row = NetworkRow {
            name: name.to_owned(),
            engine_id: format!("reserved:{slot}"),
            slot,
            asked: serde_json::to_string(asked).unwrap_or_default(),
            created_at: ledger::now_ms(),
        };
        match shared.ledger.add_network(scope.sandbox(), &row).await {
            Ok(()) => {}
            Err(error) if ledger::is_taken(&error) => {
                let ours = shared.ledger.networks(scope.sandbox()).await.map_err(Failed::Ledger)?;
                if ours.iter().any(|row| row.name == name) {
                    return Err(Failed::Taken);
                }
                // Another sandbox was quicker with this slot.
                continue;
            }
            Err(error) => return Err(Failed::Ledger(error)),
        }
        let role = "network";
        let mut labels: BTreeMap<String, String> = asked.labels.clone();
        labels.extend(scope.labels(role));
        let body = EngineCreate {
            name: engine_name.as_str(),
            driver: "bridge",
            internal: asked.internal || shared.config.egress == Egress::Off,
            ipam: EngineIpam { driver: "default", config: vec![EngineIpamConfig { subnet: subnet.to_string() }] },
            options: [(BRIDGE_NAME, bridge)].into(),
            labels,
        };
        let ask = Ask::post(&["networks", "create"]).json(&body).map_err(|refusal| Failed::Engine(EngineSaid::Away(refusal)))?;
        match shared.engine.json::<Created>(ask).await {
            Ok(created) => {
                shared.ledger.set_network_engine_id(scope.sandbox(), name, &created.id).await.map_err(Failed::Ledger)?;
                return Ok(created.id);
            }
            Err(said) => {
                shared.ledger.remove_network(scope.sandbox(), name).await.map_err(Failed::Ledger)?;
                let text = said.message();
                // Somebody else on this engine or machine has these addresses or this bridge: the next, then.
                if !(text.contains("overlaps") || text.contains("overlap with") || text.contains("same bridge name")) {
                    return Err(Failed::Engine(said));
                }
            }
        }
    }
    Err(Failed::PoolExhausted)
}
