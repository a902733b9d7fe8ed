//! Published ports: virtual on the engine, real on the workstation's localhost.
//!
//! What a container asked for is in its row. While it runs, the ledger says which ports of the
//! sandbox's host are its own; the engine knows nothing of them.

mod shown;
mod wanted;

use http::StatusCode;
use tokio::net::TcpStream;

use crate::{
    SandboxId,
    gateway::{GatewayError, Shared},
    ledger::{self, ContainerRow, PortRow},
    limits,
    model::{container::CreateRequest, container_shown::Inspected},
    ports::BindError,
    refusal::Refusal,
    sandbox::Sandbox,
    serve::Context,
    upstream::{Ask, EngineSaid},
};

pub(crate) use self::{
    shown::{listed, shown},
    wanted::{MAX_PORTS, Wanted, parse_container_port, wanted},
};
pub(crate) use crate::model::container_shown::PortMap;

/// The first port given where none is asked for (as Docker does on Linux).
const FIRST_EPHEMERAL: u16 = 32_768;
const LAST_EPHEMERAL: u16 = 60_999;

/// `-p` and `-P` of a container whose row and inspection are at hand.
fn wanted_by(row: &ContainerRow, inspected: &Inspected) -> Vec<Wanted> {
    let asked: CreateRequest = serde_json::from_str(&row.asked).unwrap_or_default();
    let mut all = wanted(&asked.host_config.port_bindings).unwrap_or_default();
    if asked.host_config.publish_all_ports {
        for port in inspected.config.exposed_ports.iter().flatten().map(|(port, _)| port) {
            if let Ok((container_port, protocol)) = parse_container_port(port)
                && !all.iter().any(|wanted| wanted.container_port == container_port && wanted.protocol == protocol)
            {
                all.push(Wanted { container_port, protocol, host_ip: "0.0.0.0".to_owned(), host_port: None });
            }
        }
    }
    all
}

/// Whether a container is to have ports of the host at all.
fn publishes(asked: &CreateRequest) -> bool {
    !asked.host_config.port_bindings.is_empty() || asked.host_config.publish_all_ports
}

/// The ports that the sandbox's containers hold. The ledger isn't read where none of those asked about publishes any.
pub(crate) async fn held<'a>(context: &Context, mut asked: impl Iterator<Item = &'a CreateRequest>) -> Result<Vec<PortRow>, Refusal> {
    if asked.any(publishes) { Ok(context.shared.ledger.ports(context.scope.sandbox()).await?) } else { Ok(Vec::new()) }
}

/// Takes and binds all ports of a container that is about to start. On failure it has none.
pub(crate) async fn take(shared: &Shared, sandbox: &Sandbox, row: &ContainerRow, inspected: &Inspected) -> Result<(), Refusal> {
    // Whatever is left of a run before.
    free(shared, sandbox, &row.engine_id).await;
    let mut taken = Ok(());
    let all = wanted_by(row, inspected);
    if all.len() > MAX_PORTS {
        return Err(Refusal::invalid(format!(
            "lunchbox: the container would publish {} ports, and {MAX_PORTS} are the most. Publish those that you need with -p.",
            all.len()
        )));
    }
    for wanted in all {
        taken = take_one(shared, sandbox, row, &wanted).await;
        if taken.is_err() {
            break;
        }
    }
    if taken.is_err() {
        free(shared, sandbox, &row.engine_id).await;
    }
    taken
}

async fn take_one(shared: &Shared, sandbox: &Sandbox, row: &ContainerRow, wanted: &Wanted) -> Result<(), Refusal> {
    let (first, last) = wanted.host_port.unwrap_or((FIRST_EPHEMERAL, LAST_EPHEMERAL));
    let mut refusal = None;
    for host_port in first..=last {
        match take_port(shared, sandbox, row, wanted, host_port).await? {
            Outcome::Taken => return Ok(()),
            Outcome::Held => {
                _ = refusal.get_or_insert_with(|| {
                    failed(row, &format!("Bind for {}:{host_port} failed: port is already allocated", wanted.host_ip))
                })
            }
            Outcome::InUse => {
                _ = refusal.get_or_insert_with(|| {
                    failed(
                        row,
                        &format!("Error starting userland proxy: listen tcp4 {}:{host_port}: bind: address already in use", wanted.host_ip),
                    )
                });
            }
        }
    }
    Err(refusal.unwrap_or_else(Refusal::internal))
}

/// In the engine's words.
fn failed(row: &ContainerRow, why: &str) -> Refusal {
    Refusal::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        format!("driver failed programming external connectivity on endpoint {} ({}): {why}", row.name, row.engine_id),
    )
}

enum Outcome {
    Taken,
    /// By another container.
    Held,
    /// By a process of the learner's own in the workstation.
    InUse,
}

async fn take_port(shared: &Shared, sandbox: &Sandbox, row: &ContainerRow, wanted: &Wanted, host_port: u16) -> Result<Outcome, Refusal> {
    let port = PortRow {
        protocol: wanted.protocol.clone(),
        host_port,
        host_ip: wanted.host_ip.clone(),
        container: row.engine_id.clone(),
        container_port: wanted.container_port,
    };
    if let Err(error) = shared.ledger.add_port(&sandbox.id, &port).await {
        if !ledger::is_taken(&error) {
            return Err(error.into());
        }
        // Whose container has just ended holds it for a moment longer.
        if !free_of_ended(shared, sandbox, &port).await? || shared.ledger.add_port(&sandbox.id, &port).await.is_err() {
            return Ok(Outcome::Held);
        }
    }
    if port.protocol != "tcp" {
        return Ok(Outcome::Taken);
    }
    match shared.ports.bind(&sandbox.id, host_port).await {
        Ok(()) => Ok(Outcome::Taken),
        Err(BindError::InUse) => {
            shared.ledger.remove_port(&sandbox.id, &port).await?;
            Ok(Outcome::InUse)
        }
        // The container is no worse for it; the port is bound when the workstation is back.
        Err(error @ BindError::NoWorkstation) => {
            tracing::warn!(sandbox = %sandbox.id, host_port, %error, "a port is published in name only");
            Ok(Outcome::Taken)
        }
    }
}

/// Frees a port whose holder doesn't run any more. Says whether it did.
async fn free_of_ended(shared: &Shared, sandbox: &Sandbox, port: &PortRow) -> Result<bool, Refusal> {
    let rows = shared.ledger.ports(&sandbox.id).await?;
    let Some(held) = rows.into_iter().find(|row| row.protocol == port.protocol && row.host_port == port.host_port) else { return Ok(true) };
    if held.container == port.container {
        return Ok(false);
    }
    release(shared, &sandbox.id, &held.container).await;
    Ok(true)
}

/// A container has stopped or gone: its ports are free again. One that is being started, or runs again
/// already, keeps them.
pub(crate) async fn release(shared: &Shared, sandbox: &SandboxId, container: &str) {
    let Some(sandbox) = shared.sandbox(sandbox) else { return };
    if sandbox.is_starting(container) {
        return;
    }
    match inspect(shared, container).await {
        Ok(inspected) if is_up(&inspected) => {}
        Ok(_) => free(shared, &sandbox, container).await,
        Err(said) if said.is_not_found() => free(shared, &sandbox, container).await,
        Err(said) => tracing::error!(error = said.message(), "whether a container runs could not be asked"),
    }
}

/// Running, or paused, or between two runs of its restart policy.
fn is_up(inspected: &Inspected) -> bool {
    inspected.state.running || inspected.state.paused || inspected.state.restarting
}

/// Frees a container's ports whatever it does.
pub(crate) async fn free(shared: &Shared, sandbox: &Sandbox, container: &str) {
    match shared.ledger.remove_ports(&sandbox.id, container).await {
        Ok(rows) => {
            for row in rows.iter().filter(|row| row.protocol == "tcp") {
                shared.ports.release(&sandbox.id, row.host_port).await;
            }
        }
        Err(error) => tracing::error!(sandbox = %sandbox.id, %error, "a container's ports could not be freed"),
    }
}

/// Binds the ports of containers that run already: after a restart of this process, and of a container
/// that its restart policy has started.
pub(crate) async fn bind_again(shared: &Shared, sandbox: &SandboxId) {
    if let Err(said) = try_bind_again(shared, sandbox).await {
        tracing::error!(%sandbox, error = said.message(), "ports of running containers could not be bound again");
    }
}

async fn try_bind_again(shared: &Shared, id: &SandboxId) -> Result<(), EngineSaid> {
    let Some(sandbox) = shared.sandbox(id) else { return Ok(()) };
    let failed = |error: sqlx::Error| EngineSaid::Away(error.into());
    let held = shared.ledger.ports(id).await.map_err(failed)?;
    for row in shared.ledger.containers(id).await.map_err(failed)? {
        let asked: CreateRequest = serde_json::from_str(&row.asked).unwrap_or_default();
        if !publishes(&asked) || sandbox.is_starting(&row.engine_id) {
            continue;
        }
        let inspected = match inspect(shared, &row.engine_id).await {
            Ok(inspected) => inspected,
            Err(said) if said.is_not_found() => continue,
            Err(said) => return Err(said),
        };
        let own: Vec<&PortRow> = held.iter().filter(|port| port.container == row.engine_id).collect();
        if !is_up(&inspected) {
            if !own.is_empty() {
                free(shared, &sandbox, &row.engine_id).await;
            }
        } else if own.is_empty() {
            if let Err(refusal) = take(shared, &sandbox, &row, &inspected).await {
                tracing::info!(sandbox = %id, container = row.name, message = refusal.message, "a container runs without its ports");
            }
        } else {
            for port in own.iter().filter(|port| port.protocol == "tcp") {
                if let Err(error) = shared.ports.bind(id, port.host_port).await {
                    tracing::warn!(sandbox = %id, host_port = port.host_port, %error, "a published port could not be bound again");
                }
            }
        }
    }
    Ok(())
}

/// Connects to the container that publishes TCP `port`.
pub(crate) async fn dial(shared: &Shared, sandbox: &SandboxId, port: u16) -> Result<TcpStream, GatewayError> {
    let not_published = || GatewayError::PortNotPublished(port);
    let rows = shared.ledger.ports(sandbox).await?;
    let row = rows.into_iter().find(|row| row.protocol == "tcp" && row.host_port == port).ok_or_else(not_published)?;
    let inspected = match inspect(shared, &row.container).await {
        Err(said) if said.is_not_found() => return Err(not_published()),
        inspected => inspected?,
    };
    // Without an address it is on no network, or has ended.
    let address =
        inspected.network_settings.networks.values().map(|endpoint| endpoint.ip_address.as_str()).find(|address| !address.is_empty());
    let address: std::net::IpAddr = address.and_then(|address| address.parse().ok()).ok_or_else(not_published)?;
    let connecting = TcpStream::connect((address, row.container_port));
    let stream =
        tokio::time::timeout(limits::DIAL_TIME, connecting).await.map_err(|_| std::io::Error::from(std::io::ErrorKind::TimedOut))??;
    // What passes is keystrokes and small answers as often as files.
    stream.set_nodelay(true)?;
    Ok(stream)
}

async fn inspect(shared: &Shared, container: &str) -> Result<Inspected, EngineSaid> {
    shared.engine.json(Ask::get(&["containers", container, "json"])).await
}
