//! `docker inspect`: what the learner asked for, and how it stands.

use http::StatusCode;
use serde_json::{Value, json};

use crate::{
    ActivityKind, body,
    containers::{create::policy, links::Links, ports, remove::own_labels, shown},
    ledger::PortRow,
    model::{
        container::CreateRequest,
        container_shown::{GraphDriver, Inspected, NetworkSettings},
        versions,
    },
    refusal::{Answer, Refusal},
    request::Request,
    scope::{DEFAULT_NETWORK, OwnContainer},
    serve::Context,
    upstream::Ask,
};

/// What Docker hides of `/proc` and `/sys`, and what it leaves to read, in every container.
const MASKED_PATHS: &[&str] = &[
    "/proc/asound",
    "/proc/acpi",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/sys/firmware",
    "/sys/devices/virtual/powercap",
];
const READONLY_PATHS: &[&str] = &["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

pub(crate) async fn inspect(context: &Context, mut request: Request) -> Answer {
    let size = request.query.flag("size")?;
    request.query.finish()?;
    let own = context.scope.container(request.parameters.get("id")).await?;
    let asked = shown::asked(own.row());
    let inspected = read(context, &own, &asked, size).await?;
    context.sandbox.record_look(ActivityKind::ContainerInspected { id: own.engine_id().to_owned(), name: own.name().to_owned() });
    let mut shown = serde_json::to_value(&inspected).unwrap_or_default();
    if let Some(seconds) = asked.stop_timeout {
        shown["Config"]["StopTimeout"] = json!(seconds);
    }
    versions::container(&mut shown, request.version);
    Ok(body::json(StatusCode::OK, &shown))
}

/// The engine's own answer; its names are the engine's still.
pub(crate) async fn ask(context: &Context, own: &OwnContainer, size: bool) -> Result<Inspected, Refusal> {
    let ask = Ask::get(&["containers", own.engine_id(), "json"]).flag("size", size);
    context.shared.engine.json(ask).await.map_err(|said| context.engine_said(said))
}

async fn read(context: &Context, own: &OwnContainer, asked: &CreateRequest, size: bool) -> Result<Inspected, Refusal> {
    let row = own.row();
    let links = Links::of(row);
    let (inspected, names, ports) =
        tokio::join!(ask(context, own, size), shown::Names::read(context), ports::held(context, std::iter::once(asked)));
    let (mut inspected, ports) = (inspected?, ports?);
    let names = names?.and_of(context, inspected.mounts.iter()).await?;
    let held: Vec<PortRow> = ports.into_iter().filter(|port| port.container == row.engine_id).collect();
    let running = inspected.state.running;

    inspected.name = format!("/{}", row.name);
    inspected.state.error = context.scope.scrub(&inspected.state.error);
    inspected.host_config = host_config(asked);
    if !links.to.is_empty() {
        inspected.host_config["Links"] = json!(links.shown(&row.name));
        links.left_out(&mut inspected.config.env);
    }
    inspected.graph_driver = GraphDriver { data: None, name: inspected.driver.clone() };
    inspected.config.image.clone_from(&row.image);
    if let Some(labels) = &mut inspected.config.labels {
        own_labels(labels);
    }
    inspected.config.volumes = (!asked.volumes.is_empty()).then(|| asked.volumes.clone()).or(inspected.config.volumes);
    inspected.mounts = names.mounts(asked, std::mem::take(&mut inspected.mounts));
    let networks = names.networks(row, asked, std::mem::take(&mut inspected.network_settings.networks));
    let exposed = inspected.config.exposed_ports.iter().flatten().map(|(port, _)| port.clone());
    let mut settings = NetworkSettings {
        ports: if running && names.shows_ports(networks.keys()) { ports::shown(&held, exposed) } else { ports::PortMap::new() },
        sandbox_id: inspected.network_settings.sandbox_id.clone(),
        sandbox_key: inspected.network_settings.sandbox_key.clone(),
        ..NetworkSettings::default()
    };
    // The default network's own fields are there twice, from the days when it was the only one.
    if let Some(endpoint) = networks.get(DEFAULT_NETWORK) {
        settings.endpoint_id.clone_from(&endpoint.endpoint_id);
        settings.gateway.clone_from(&endpoint.gateway);
        settings.ip_address.clone_from(&endpoint.ip_address);
        settings.ip_prefix_len = endpoint.ip_prefix_len;
        settings.mac_address.clone_from(&endpoint.mac_address);
    }
    settings.networks = networks;
    inspected.network_settings = settings;
    Ok(inspected)
}

/// As asked for, with Docker's defaults where nothing was.
fn host_config(asked: &CreateRequest) -> Value {
    let mut host = asked.host_config.clone();
    // Those on the default network are told from the ledger; on others they are the endpoint's.
    host.links = None;
    host.network_mode = shown::network_mode(asked);
    for (value, default) in
        [(&mut host.log_config.kind, "json-file"), (&mut host.ipc_mode, "private"), (&mut host.cgroupns_mode, "private")]
    {
        if value.is_empty() {
            default.clone_into(value);
        }
    }
    if host.restart_policy.name.is_empty() {
        "no".clone_into(&mut host.restart_policy.name);
    }
    if host.shm_size == 0 {
        host.shm_size = policy::MAX_MEMORY_FILES_BYTES;
    }
    host.memory_swappiness = host.memory_swappiness.filter(|swappiness| *swappiness >= 0);
    host.pids_limit = host.pids_limit.filter(|limit| *limit > 0);
    let mut value = serde_json::to_value(&host).unwrap_or_default();
    let known = [
        ("Runtime", json!(policy::DEFAULT_RUNTIME)),
        ("Isolation", json!("")),
        ("CgroupParent", json!("")),
        ("Devices", json!([])),
        ("DeviceCgroupRules", Value::Null),
        ("DeviceRequests", Value::Null),
        ("BlkioWeight", json!(0)),
        ("CpusetCpus", json!("")),
        ("CpusetMems", json!("")),
        ("MaskedPaths", json!(MASKED_PATHS)),
        ("ReadonlyPaths", json!(READONLY_PATHS)),
    ];
    if let Some(map) = value.as_object_mut() {
        map.extend(known.map(|(key, value)| (key.to_owned(), value)));
    }
    value
}
