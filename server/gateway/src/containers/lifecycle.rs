//! A container's life: started, stopped, paused, renamed, changed, waited for.

use std::{collections::BTreeSet, time::Instant};

use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::{
    ActivityKind, body,
    containers::{
        create::{self, network, policy},
        inspect, ports, remove, shown,
    },
    ledger,
    model::{
        container::{HostConfig, RestartPolicy},
        container_engine::EngineEndpoint,
        container_shown::Inspected,
    },
    refusal::{Answer, Refusal},
    request::Request,
    sandbox::StartGuard,
    scope::{OwnContainer, is_name},
    serve::Context,
    upstream::{Ask, EngineSaid},
};

fn no_content() -> Answer {
    Ok(body::no_content(StatusCode::NO_CONTENT))
}

/// Milliseconds since then.
fn ms_since(began: Instant) -> i64 {
    i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX)
}

/// `POST /containers/{id}/start`
pub(crate) async fn start(context: &Context, mut request: Request) -> Answer {
    let began = Instant::now();
    request.query.ignore(&["detachKeys"]);
    request.query.finish()?;
    let own = context.scope.container(request.parameters.get("id")).await?;
    let inspected = inspect::ask(context, &own, false).await?;
    if inspected.state.running && !inspected.state.paused {
        return Ok(body::no_content(StatusCode::NOT_MODIFIED));
    }
    run(context, &own, &inspected, Ask::post(&["containers", own.engine_id(), "start"])).await?;
    let start_ms = ms_since(began);
    context.shared.ledger.set_start_ms(own.engine_id(), start_ms).await?;
    started(context, &own, start_ms).await;
    no_content()
}

async fn started(context: &Context, own: &OwnContainer, start_ms: i64) {
    let (id, name, image) = (own.engine_id().to_owned(), own.name().to_owned(), own.row().image.clone());
    context.sandbox.record(ActivityKind::ContainerStarted { id, name, image, start_ms }).await;
}

/// Takes the ports, then asks the engine to run the container; on failure the ports are free again.
async fn run(context: &Context, own: &OwnContainer, inspected: &Inspected, ask: Ask) -> Result<(), Refusal> {
    let (shared, sandbox) = (&context.shared, &context.sandbox);
    let starting = place(context, own).await?;
    if !inspected.state.running {
        ports::take(shared, sandbox, own.row(), inspected).await?;
    }
    let ran = shared.engine.done(ask.patient()).await;
    drop(starting);
    // One that ended at once told so while its ports were still held for the start.
    ports::release(shared, &sandbox.id, own.engine_id()).await;
    ran.map(|_| ()).map_err(|said| start_failed(context, said))
}

/// The engine's words on a folder of the home that can't be mounted hold a path of the engine's host,
/// and make the CLI take them for a missing command.
fn start_failed(context: &Context, said: EngineSaid) -> Refusal {
    if let EngineSaid::Error { message, .. } = &said {
        if message.contains("cannot access path") {
            return Refusal::invalid(
                "lunchbox: a folder or file that should be mounted is not there. Make it first (mkdir), remove this container (docker rm) and run it again.",
            );
        }
        if message.contains("path concatenation escapes") {
            return Refusal::invalid(
                "lunchbox: a folder that should be mounted is a link that leads out of your home. Mount the folder itself.",
            );
        }
    }
    context.engine_said(said)
}

/// A container in the engine's list of those that run.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Running {
    id: String,
}

/// A place among the containers that run. What is being started has one already, so the turn ends here: starts
/// go on side by side.
async fn place(context: &Context, own: &OwnContainer) -> Result<StartGuard, Refusal> {
    let _turn = context.sandbox.turns.starts().await;
    let most = context.shared.config.limits.running_containers;
    // In this order: what is no longer being started when the first is read runs when the second is.
    let mut up: BTreeSet<String> = context.sandbox.all_starting().into_iter().collect();
    let all = context.scope.containers().await?;
    if all.len() > most as usize {
        let ids: Vec<&str> = all.iter().map(OwnContainer::engine_id).collect();
        let ask = Ask::get(&["containers", "json"]).parameter("filters", serde_json::json!({ "id": ids }));
        let running: Vec<Running> = context.shared.engine.json(ask).await.map_err(|said| context.engine_said(said))?;
        up.extend(running.into_iter().map(|running| running.id));
        up.remove(own.engine_id());
        if up.len() >= most as usize {
            return Err(Refusal::limit("running containers", most, "docker stop"));
        }
    }
    Ok(context.sandbox.starting(own.engine_id()))
}

/// `POST /containers/{id}/stop`
pub(crate) async fn stop(context: &Context, mut request: Request) -> Answer {
    let (seconds, signal) = stop_parameters(&mut request)?;
    request.query.finish()?;
    let own = context.scope.container(request.parameters.get("id")).await?;
    let ask = Ask::post(&["containers", own.engine_id(), "stop"]).optional("t", seconds).optional("signal", signal).patient();
    let status = context.shared.engine.done(ask).await.map_err(|said| context.engine_said(said))?;
    ports::release(&context.shared, &context.sandbox.id, own.engine_id()).await;
    stop_asked(context, &own).await;
    Ok(body::no_content(status))
}

fn stop_parameters(request: &mut Request) -> Result<(Option<i64>, Option<String>), Refusal> {
    let seconds = request.query.number("t")?.map(policy::stop_seconds);
    let signal = request.query.text("signal")?.filter(|signal| !signal.is_empty());
    if let Some(signal) = &signal {
        policy::check_signal(signal)?;
    }
    Ok((seconds, signal))
}

async fn stop_asked(context: &Context, own: &OwnContainer) {
    context.sandbox.record(ActivityKind::ContainerStopAsked { id: own.engine_id().to_owned(), name: own.name().to_owned() }).await;
}

/// `POST /containers/{id}/restart`
pub(crate) async fn restart(context: &Context, mut request: Request) -> Answer {
    let began = Instant::now();
    let (seconds, signal) = stop_parameters(&mut request)?;
    request.query.finish()?;
    let own = context.scope.container(request.parameters.get("id")).await?;
    let inspected = inspect::ask(context, &own, false).await?;
    let ask = Ask::post(&["containers", own.engine_id(), "restart"]).optional("t", seconds).optional("signal", signal);
    run(context, &own, &inspected, ask).await?;
    // Of one that ran, most of the time went to its end.
    let start_ms = if inspected.state.running { own.row().start_ms } else { ms_since(began) };
    if inspected.state.running {
        stop_asked(context, &own).await;
    }
    started(context, &own, start_ms).await;
    no_content()
}

/// `POST /containers/{id}/kill`
pub(crate) async fn kill(context: &Context, mut request: Request) -> Answer {
    let signal = request.query.text("signal")?.filter(|signal| !signal.is_empty());
    request.query.finish()?;
    if let Some(signal) = &signal {
        policy::check_signal(signal)?;
    }
    let own = context.scope.container(request.parameters.get("id")).await?;
    let ends = signal.as_deref().is_none_or(ends);
    let ask = Ask::post(&["containers", own.engine_id(), "kill"]).optional("signal", signal);
    // "Cannot kill container: web: Container 83b5… is not running": first as it was called, then the ID.
    let said = |said| {
        let refusal = context.engine_said(said);
        Refusal { message: refusal.message.replacen(own.engine_id(), request.parameters.get("id"), 1), ..refusal }
    };
    context.shared.engine.done(ask).await.map_err(said)?;
    if ends {
        ports::release(&context.shared, &context.sandbox.id, own.engine_id()).await;
        stop_asked(context, &own).await;
    }
    no_content()
}

/// Whether a signal is meant to end a process.
fn ends(signal: &str) -> bool {
    let name = signal.to_ascii_uppercase();
    matches!(name.strip_prefix("SIG").unwrap_or(&name), "KILL" | "TERM" | "INT" | "QUIT" | "9" | "15" | "2" | "3")
}

/// `POST /containers/{id}/pause`
pub(crate) async fn pause(context: &Context, request: Request) -> Answer {
    request.query.finish()?;
    let own = context.scope.container(request.parameters.get("id")).await?;
    plain(context, &own, "pause").await?;
    context.sandbox.record(ActivityKind::ContainerPaused { id: own.engine_id().to_owned(), name: own.name().to_owned() }).await;
    no_content()
}

/// `POST /containers/{id}/unpause`
pub(crate) async fn unpause(context: &Context, request: Request) -> Answer {
    request.query.finish()?;
    let own = context.scope.container(request.parameters.get("id")).await?;
    plain(context, &own, "unpause").await?;
    context.sandbox.record(ActivityKind::ContainerUnpaused { id: own.engine_id().to_owned(), name: own.name().to_owned() }).await;
    no_content()
}

async fn plain(context: &Context, own: &OwnContainer, action: &str) -> Result<(), Refusal> {
    let ask = Ask::post(&["containers", own.engine_id(), action]);
    context.shared.engine.done(ask).await.map(|_| ()).map_err(|said| context.engine_said(said))
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct EngineUpdate {
    memory: i64,
    memory_swap: i64,
    memory_reservation: i64,
    nano_cpus: i64,
    cpu_shares: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pids_limit: Option<i64>,
    restart_policy: RestartPolicy,
}

/// `POST /containers/{id}/update`: within the limits that a new container has.
pub(crate) async fn update(context: &Context, request: Request) -> Answer {
    request.query.finish()?;
    let own = context.scope.container(request.parameters.get("id")).await?;
    let wanted: HostConfig = Request::json(request.body, &request.headers).await?;
    policy::check_host(&wanted)?;
    let limits = &context.shared.config.limits;
    let memory = wanted.memory.clamp(0, limits.memory_max_bytes);
    let asks_cpus = wanted.nano_cpus > 0 || wanted.cpu_quota > 0;
    let update = EngineUpdate {
        memory,
        memory_swap: memory,
        memory_reservation: wanted.memory_reservation.clamp(0, limits.memory_max_bytes),
        nano_cpus: if asks_cpus {
            create::nano_cpus(wanted.nano_cpus, wanted.cpu_quota, wanted.cpu_period, limits.nano_cpus_default, limits.nano_cpus_max)
        } else {
            0
        },
        cpu_shares: if wanted.cpu_shares <= 0 { 0 } else { wanted.cpu_shares.clamp(2, 1024) },
        // 0 and -1 are "no limit" to Docker.
        pids_limit: wanted.pids_limit.map(|limit| if limit <= 0 { limits.pids_max } else { limit.min(limits.pids_max) }),
        restart_policy: if wanted.restart_policy.name.is_empty() {
            RestartPolicy::default()
        } else {
            policy::restart_policy(&wanted.restart_policy)
        },
    };
    let ask = Ask::post(&["containers", own.engine_id(), "update"]).json(&update)?;
    context.shared.engine.done(ask).await.map_err(|said| context.engine_said(said))?;
    remember(context, &own, &wanted).await?;
    context.sandbox.changed();
    Ok(body::json(StatusCode::OK, &serde_json::json!({ "Warnings": null })))
}

/// `docker inspect` shows what was asked for last.
async fn remember(context: &Context, own: &OwnContainer, wanted: &HostConfig) -> Result<(), Refusal> {
    let mut asked = shown::asked(own.row());
    let host = &mut asked.host_config;
    for (kept, new) in [
        (&mut host.memory, wanted.memory),
        (&mut host.memory_swap, wanted.memory_swap),
        (&mut host.memory_reservation, wanted.memory_reservation),
        (&mut host.nano_cpus, wanted.nano_cpus),
        (&mut host.cpu_shares, wanted.cpu_shares),
        (&mut host.cpu_quota, wanted.cpu_quota),
        (&mut host.cpu_period, wanted.cpu_period),
    ] {
        if new != 0 {
            *kept = new;
        }
    }
    host.pids_limit = wanted.pids_limit.or(host.pids_limit);
    if !wanted.restart_policy.name.is_empty() {
        host.restart_policy = wanted.restart_policy.clone();
    }
    let asked = serde_json::to_string(&asked).map_err(|_| Refusal::internal())?;
    Ok(context.shared.ledger.set_asked(own.engine_id(), &asked).await?)
}

/// `POST /containers/{id}/rename`
pub(crate) async fn rename(context: &Context, mut request: Request) -> Answer {
    let name = request.query.text("name")?.unwrap_or_default();
    request.query.finish()?;
    let name = name.strip_prefix('/').map(str::to_owned).unwrap_or(name);
    let own = context.scope.container(request.parameters.get("id")).await?;
    if name.is_empty() {
        return Err(Refusal::invalid("Neither old nor new names may be empty"));
    }
    if !is_name(&name) {
        return Err(create::bad_name(&name));
    }
    let old_name = own.name().to_owned();
    if name == old_name {
        return Err(Refusal::invalid("Renaming a container with the same name as its current name"));
    }
    create::check_free(context, &name).await?;
    // The ledger first: of two at once, its key lets one through.
    match context.shared.ledger.rename_container(own.engine_id(), &name).await {
        Ok(()) => {}
        Err(error) if ledger::is_taken(&error) => return Err(create::name_taken(&name, own.engine_id())),
        Err(error) => return Err(error.into()),
    }
    let ask = Ask::post(&["containers", own.engine_id(), "rename"]).parameter("name", context.scope.engine_name(&name).as_str());
    if let Err(said) = context.shared.engine.done(ask).await {
        context.shared.ledger.rename_container(own.engine_id(), &old_name).await?;
        return Err(context.engine_said(said));
    }
    if let Err(said) = name_on_networks(context, &own, &name).await {
        tracing::warn!(error = said.message(), "a renamed container keeps its old name on a network");
    }
    context.sandbox.record(ActivityKind::ContainerRenamed { id: own.engine_id().to_owned(), name, old_name }).await;
    no_content()
}

/// On networks of the learner's own the name is an alias, which the engine changes only by putting the
/// container on the network anew.
async fn name_on_networks(context: &Context, own: &OwnContainer, name: &str) -> Result<(), EngineSaid> {
    #[derive(Debug, Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Connection<'a> {
        container: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        endpoint_config: Option<EngineEndpoint>,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        force: bool,
    }
    let engine = &context.shared.engine;
    let inspected: Inspected = engine.json(Ask::get(&["containers", own.engine_id(), "json"])).await?;
    for network in context.scope.networks().await.map_err(EngineSaid::Away)?.into_iter().filter(|network| !network.is_default()) {
        let endpoints = inspected.network_settings.networks.iter();
        let Some((_, endpoint)) =
            endpoints.into_iter().find(|(key, endpoint)| endpoint.network_id == network.engine_id() || key.as_str() == network.engine_id())
        else {
            continue;
        };
        let short = own.engine_id().get(..12).unwrap_or_default();
        let others: Vec<String> =
            endpoint.aliases.iter().flatten().filter(|alias| *alias != own.name() && *alias != short).cloned().collect();
        let aliases = network::aliases(&network, &others, name);
        let container = own.engine_id();
        let leave = Connection { container, endpoint_config: None, force: true };
        let join = Connection { container, endpoint_config: Some(EngineEndpoint { aliases }), force: false };
        engine.done(Ask::post(&["networks", network.engine_id(), "disconnect"]).json(&leave).map_err(EngineSaid::Away)?).await?;
        engine.done(Ask::post(&["networks", network.engine_id(), "connect"]).json(&join).map_err(EngineSaid::Away)?).await?;
    }
    Ok(())
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default, rename_all = "PascalCase")]
struct Waited {
    status_code: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<WaitError>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default, rename_all = "PascalCase")]
struct WaitError {
    message: String,
}

/// `POST /containers/{id}/wait`: headers at once, the exit code when there is one. The CLI starts the
/// container only after the headers.
pub(crate) async fn wait(context: &Context, mut request: Request) -> Answer {
    let condition = request.query.text("condition")?.filter(|condition| !condition.is_empty());
    request.query.finish()?;
    if let Some(condition) = &condition
        && !["not-running", "next-exit", "removed"].contains(&condition.as_str())
    {
        return Err(Refusal::invalid(format!("invalid condition: \"{condition}\"")));
    }
    let own = context.scope.container(request.parameters.get("id")).await?;
    let permit = context.sandbox.stream()?;
    let removed = condition.as_deref() == Some("removed");
    let ask = Ask::post(&["containers", own.engine_id(), "wait"]).optional("condition", condition).patient();
    let response = context.shared.engine.stream(ask).await.map_err(|said| context.engine_said(said))?;
    let context = Context { shared: context.shared.clone(), sandbox: context.sandbox.clone(), scope: context.scope.clone() };
    let stream = async_stream::stream! {
        let _permit = permit;
        match body::read_engine(response.into_body()).await {
            Ok(bytes) => {
                let mut waited: Waited = serde_json::from_slice(&bytes).unwrap_or_default();
                if let Some(error) = &mut waited.error {
                    error.message = context.scope.scrub(&error.message);
                }
                // What follows the command finds the ports free, and the name.
                if removed {
                    _ = remove::forget_if_gone(&context, &own).await;
                } else {
                    ports::release(&context.shared, &context.sandbox.id, own.engine_id()).await;
                }
                yield Ok(crate::lines::line(&waited));
            }
            Err(refusal) => yield Err(refusal.message.into()),
        }
    };
    Ok(body::with_type(StatusCode::OK, "application/json", body::stream(stream)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_signals_end_a_process_and_some_do_not() {
        assert!(ends("SIGTERM") && ends("kill") && ends("9"));
        assert!(!ends("HUP") && !ends("SIGWINCH"));
    }
}
