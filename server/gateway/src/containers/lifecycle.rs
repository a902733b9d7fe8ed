//! A container's life: started, stopped, killed, paused.

use std::{collections::BTreeSet, time::Instant};

use http::StatusCode;
use serde::Deserialize;

use crate::{
    ActivityKind, body,
    containers::{
        create::policy::{self, Cuts},
        inspect, links, ports, remove, shown,
    },
    model::container_shown::Inspected,
    refusal::{Answer, Refusal},
    request::Request,
    sandbox::StartGuard,
    scope::OwnContainer,
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
    if let Err(refusal) = run(context, &own, &inspected, Ask::post(&["containers", own.engine_id(), "start"])).await {
        // As the engine does where it is the engine that can't: `docker run --rm` waits for it to be gone.
        if shown::asked(own.row()).host_config.auto_remove {
            _ = remove::remove_one(context, &own, false, true).await;
        }
        return Err(refusal);
    }
    let start_ms = ms_since(began);
    context.shared.ledger.set_start_ms(context.scope.sandbox(), own.engine_id(), start_ms).await?;
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
    links::check(context, own).await?;
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
    let seconds = request.query.number("t")?.map(|seconds| policy::stop_seconds(seconds, &mut Cuts::default()));
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
    let asked = request.parameters.get("id");
    let own = context.scope.container(asked).await?;
    let inspected = inspect::ask(context, &own, false).await?;
    let ask = Ask::post(&["containers", own.engine_id(), "restart"]).optional("t", seconds).optional("signal", signal);
    run(context, &own, &inspected, ask).await.map_err(|refusal| restarting(asked, own.engine_id(), refusal))?;
    // Of one that ran, most of the time went to its end.
    let start_ms = if inspected.state.running { own.row().start_ms } else { ms_since(began) };
    if inspected.state.running {
        stop_asked(context, &own).await;
    }
    started(context, &own, start_ms).await;
    no_content()
}

/// "Cannot restart container web: …", as it was called; the gateway's own words stand alone.
fn restarting(asked: &str, id: &str, refusal: Refusal) -> Refusal {
    const BEGINNING: &str = "Cannot restart container ";
    let message = match refusal.message.strip_prefix(BEGINNING) {
        Some(rest) => format!("{BEGINNING}{}", rest.replacen(id, asked, 1)),
        None if refusal.message.starts_with("lunchbox: ") => refusal.message,
        None => format!("{BEGINNING}{asked}: {}", refusal.message),
    };
    Refusal { message, ..refusal }
}

/// `POST /containers/{id}/kill`
pub(crate) async fn kill(context: &Context, mut request: Request) -> Answer {
    let signal = request.query.text("signal")?.filter(|signal| !signal.is_empty());
    request.query.finish()?;
    if let Some(signal) = &signal {
        policy::check_signal(signal)?;
    }
    let asked = request.parameters.get("id");
    let killing = |refusal: Refusal| Refusal { message: format!("cannot kill container: {asked}: {}", refusal.message), ..refusal };
    let own = context.scope.container(asked).await.map_err(killing)?;
    let ends = signal.as_deref().is_none_or(ends);
    let ask = Ask::post(&["containers", own.engine_id(), "kill"]).optional("signal", signal);
    // "Cannot kill container: web: Container 83b5… is not running": first as it was called, then the ID.
    let said = |said| {
        let refusal = context.engine_said(said);
        Refusal { message: refusal.message.replacen(own.engine_id(), asked, 1), ..refusal }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_signals_end_a_process_and_some_do_not() {
        assert!(ends("SIGTERM") && ends("kill") && ends("9"));
        assert!(!ends("HUP") && !ends("SIGWINCH"));
    }
}
