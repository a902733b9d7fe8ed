//! What a learner's host looks like now: the ledger says what is theirs, the engine how it stands.

use futures_util::future::try_join_all;
use serde::Deserialize;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    HostState,
    activity::shortened,
    gateway::{GatewayError, Shared},
    host::{Container, ContainerState, Image, Network, PublishedPort, Volume},
    ledger::{ContainerRow, ImageReferenceRow, ImageRow, PortRow},
    sandbox::Sandbox,
    upstream::{Ask, EngineSaid},
};

/// `ContainerInspect`, as far as the state is made of it.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Inspected {
    path: String,
    args: Vec<String>,
    state: State,
    size_rw: Option<i64>,
    network_settings: NetworkSettings,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct State {
    status: String,
    exit_code: i64,
    started_at: String,
    finished_at: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct NetworkSettings {
    networks: std::collections::BTreeMap<String, Endpoint>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Endpoint {
    #[serde(rename = "NetworkID")]
    network_id: String,
}

/// Reads it whole: a handful of small questions, all at once.
pub(crate) async fn read(shared: &Shared, sandbox: &Sandbox) -> Result<HostState, GatewayError> {
    let ledger = &shared.ledger;
    // Before the rest: what comes after this number may or may not be in the state already.
    let seq = sandbox.last_seq();
    let (images, references, containers, networks, volumes, ports, pushed) = tokio::try_join!(
        ledger.images(&sandbox.id),
        ledger.image_references(&sandbox.id),
        ledger.containers(&sandbox.id),
        ledger.networks(&sandbox.id),
        ledger.volumes(&sandbox.id),
        ledger.ports(&sandbox.id),
        ledger.pushed(&sandbox.id),
    )?;
    let network_name = |id: &str| networks.iter().find(|row| row.engine_id == id).map(|row| row.name.clone());
    let (images, containers) = tokio::try_join!(
        try_join_all(images.iter().map(|row| image(shared, row, &references))),
        try_join_all(containers.iter().map(|row| container(shared, row, &ports, &network_name))),
    )?;
    Ok(HostState {
        seq,
        images: images.into_iter().flatten().collect(),
        containers: containers.into_iter().flatten().collect(),
        networks: networks
            .iter()
            .filter(|row| !row.is_reservation())
            .map(|row| Network { name: row.name.clone(), driver: "bridge".to_owned() })
            .collect(),
        volumes: volumes.iter().map(|row| Volume { name: row.name.clone() }).collect(),
        transfers: sandbox.transfers(),
        pushed: pushed.into_iter().map(|(reference, _)| reference).collect(),
    })
}

/// `None` where the engine has it no longer (removed by an operator's hand).
async fn image(shared: &Shared, row: &ImageRow, references: &[ImageReferenceRow]) -> Result<Option<Image>, EngineSaid> {
    let facts = match shared.catalogue.get(&row.image_id).await {
        Ok(facts) => facts,
        Err(said) if said.is_not_found() => return Ok(None),
        Err(said) => return Err(said),
    };
    let config = facts.inspect.config.clone().unwrap_or_default();
    Ok(Some(Image {
        id: row.image_id.clone(),
        references: references
            .iter()
            .filter(|reference| reference.image_id == row.image_id)
            .map(|reference| reference.reference.clone())
            .collect(),
        size: u64::try_from(facts.inspect.size).unwrap_or(0),
        layers: facts.layers.clone(),
        exposed_ports: config.exposed_ports.unwrap_or_default().into_keys().collect(),
        env: config.env.unwrap_or_default(),
        entrypoint: config.entrypoint.unwrap_or_default(),
        cmd: config.cmd.unwrap_or_default(),
        created_at: facts.inspect.created.as_deref().map_or(0, |text| unix_ms(text) / 1000),
        stand_in: facts.is_stand_in(),
    }))
}

/// `None` where it has gone since the ledger was read.
async fn container(
    shared: &Shared,
    row: &ContainerRow,
    ports: &[PortRow],
    network_name: &impl Fn(&str) -> Option<String>,
) -> Result<Option<Container>, EngineSaid> {
    let ask = Ask::get(&["containers", &row.engine_id, "json"]).parameter("size", 1);
    let inspected: Inspected = match shared.engine.json(ask).await {
        Ok(inspected) => inspected,
        Err(said) if said.is_not_found() => return Ok(None),
        Err(said) => return Err(said),
    };
    let state = state(&inspected.state.status);
    let ended = matches!(state, ContainerState::Exited | ContainerState::Dead);
    Ok(Some(Container {
        id: row.engine_id.clone(),
        name: row.name.clone(),
        image: row.image.clone(),
        image_id: row.image_id.clone(),
        state,
        exit_code: ended.then_some(inspected.state.exit_code),
        command: shortened(std::iter::once(inspected.path).chain(inspected.args).collect::<Vec<_>>().join(" ")),
        ports: ports
            .iter()
            .filter(|port| port.container == row.engine_id)
            .map(|port| PublishedPort { host_port: port.host_port, container_port: port.container_port, protocol: port.protocol.clone() })
            .collect(),
        networks: inspected.network_settings.networks.values().filter_map(|endpoint| network_name(&endpoint.network_id)).collect(),
        writable_bytes: inspected.size_rw.and_then(|size| u64::try_from(size).ok()),
        created_at: row.created_at,
        started_at: unix_ms(&inspected.state.started_at),
        finished_at: unix_ms(&inspected.state.finished_at),
    }))
}

fn state(status: &str) -> ContainerState {
    match status {
        "running" => ContainerState::Running,
        "paused" => ContainerState::Paused,
        "restarting" => ContainerState::Restarting,
        "removing" => ContainerState::Removing,
        "exited" => ContainerState::Exited,
        "dead" => ContainerState::Dead,
        _ => ContainerState::Created,
    }
}

/// The engine's `0001-01-01T00:00:00Z` (never) and what can't be read are 0.
fn unix_ms(text: &str) -> i64 {
    OffsetDateTime::parse(text, &Rfc3339).map_or(0, |time| i64::try_from(time.unix_timestamp_nanos() / 1_000_000).unwrap_or(0)).max(0)
}
