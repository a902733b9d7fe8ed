//! `docker exec`: made, started on a connection of its own, looked at.

use std::{collections::HashSet, sync::atomic::Ordering};

use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::{
    ActivityKind,
    activity::{KEPT_BYTES, shorten_all},
    admission::{Execs, Turn},
    body,
    containers::{
        attach::{are_keys, needs_upgrade, size},
        create::{paths, policy},
    },
    hijack,
    refusal::{Answer, Refusal},
    request::Request,
    scope::OwnExec,
    serve::Context,
    upstream::{Ask, EngineSaid},
};

/// Bytes of all that is asked for an exec, as JSON writes them: command and environment, above all.
const MAX_EXEC_BYTES: usize = 128 * 1024;

/// `ExecConfig`. What is sent to the engine is the same, without `Privileged`.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default, rename_all = "PascalCase")]
struct ExecRequest {
    user: String,
    #[serde(skip_serializing)]
    privileged: bool,
    tty: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    console_size: Option<[u32; 2]>,
    attach_stdin: bool,
    attach_stderr: bool,
    attach_stdout: bool,
    detach: bool,
    detach_keys: String,
    env: Vec<String>,
    working_dir: String,
    cmd: Vec<String>,
    #[serde(skip_serializing)]
    container: String,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Created {
    id: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct ExecIds {
    #[serde(rename = "ExecIDs")]
    exec_ids: Option<Vec<String>>,
}

/// `POST /containers/{id}/exec`. Refusals are told here: what `start` says, the CLI can't show.
pub(crate) async fn create(context: &Context, request: Request) -> Answer {
    request.query.finish()?;
    let own = context.scope.container(request.parameters.get("id")).await?;
    let asked: ExecRequest = Request::json(request.body, &request.headers).await?;
    if asked.privileged {
        return Err(Refusal::forbidden("privileged mode", "it would give root on the shared host."));
    }
    if asked.cmd.is_empty() {
        return Err(Refusal::invalid("No exec command specified"));
    }
    if policy::json_bytes(&asked) > MAX_EXEC_BYTES {
        return Err(Refusal::invalid("lunchbox: the command and its environment are larger than 128 KiB"));
    }
    if !are_keys(&asked.detach_keys) {
        return Err(Refusal::invalid(format!("invalid detach keys ({}) provided", asked.detach_keys)));
    }
    paths::check_working_dir(&asked.working_dir)?;
    let _turn = place(context).await?;
    let ask = Ask::post(&["containers", own.engine_id(), "exec"]).json(&asked)?;
    // "Container two is paused": as it was called, and only then.
    let said = |said| {
        let refusal = context.engine_said(said);
        if !refusal.message.contains("is paused") {
            return refusal;
        }
        Refusal { message: refusal.message.replace(own.engine_id(), request.parameters.get("id")), ..refusal }
    };
    let created: Created = context.shared.engine.json(ask).await.map_err(said)?;
    let mut command = asked.cmd;
    shorten_all(&mut command, &mut { KEPT_BYTES });
    context.sandbox.execs.add(&created.id, own.engine_id(), command);
    Ok(body::json(StatusCode::CREATED, &created))
}

/// The turn to make one more. Those that were made and have not ended count, of all containers; they are
/// counted only when those made since the last count could be too many.
async fn place(context: &Context) -> Result<Turn<Execs>, Refusal> {
    let turn = context.sandbox.turns.execs().await;
    let most = context.shared.config.limits.execs;
    let room = context.sandbox.exec_room.load(Ordering::Relaxed);
    if room > 0 {
        context.sandbox.exec_room.store(room - 1, Ordering::Relaxed);
        return Ok(turn);
    }
    let all = context.scope.containers().await?;
    let asked = all.iter().map(|own| context.shared.engine.json::<ExecIds>(Ask::get(&["containers", own.engine_id(), "json"])));
    let (alive, whole) = counted(futures_util::future::join_all(asked).await);
    // Those of a container that couldn't be asked are not gone: none is forgotten, and the next one counts again.
    if whole {
        context.sandbox.execs.keep_alive(&alive);
    }
    let alive = u32::try_from(alive.len()).unwrap_or(u32::MAX);
    if alive < most {
        context.sandbox.exec_room.store(if whole { most - alive - 1 } else { 0 }, Ordering::Relaxed);
        return Ok(turn);
    }
    Err(Refusal::new(
        StatusCode::FORBIDDEN,
        format!("lunchbox: limit reached: {most} commands may run by `docker exec` at once on this host. End some, then try again."),
    ))
}

/// The execs that live, and whether these are all: a container that has gone has none, one that the engine fails to
/// show may have any.
fn counted(answers: Vec<Result<ExecIds, EngineSaid>>) -> (HashSet<String>, bool) {
    let whole = answers.iter().all(|answer| answer.as_ref().err().is_none_or(EngineSaid::is_not_found));
    (answers.into_iter().filter_map(|ids| ids.ok()?.exec_ids).flatten().collect(), whole)
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default, rename_all = "PascalCase")]
struct StartRequest {
    detach: bool,
    tty: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    console_size: Option<[u32; 2]>,
}

async fn find(context: &Context, asked: &str) -> Result<OwnExec, Refusal> {
    context.scope.exec(&context.sandbox.execs, asked).await
}

/// `POST /exec/{id}/start`
pub(crate) async fn start(context: &Context, request: Request) -> Answer {
    request.query.finish()?;
    let own = find(context, request.parameters.get("id")).await?;
    let asked: StartRequest = Request::json(request.body, &request.headers).await?;
    let ask = Ask::post(&["exec", own.id(), "start"]).json(&asked)?.patient();
    if asked.detach {
        context.shared.engine.done(ask).await.map_err(|said| context.engine_said(said))?;
        told(context, &own).await;
        return Ok(body::no_content(StatusCode::OK));
    }
    let client = request.upgrade.ok_or_else(needs_upgrade)?;
    let permit = context.sandbox.stream()?;
    let engine = context.shared.engine.hijack(ask).await.map_err(|said| context.engine_said(said))?;
    // Nobody waits for it to be written down before the first output is seen.
    let context = context.clone();
    tokio::spawn(async move { told(&context, &own).await });
    Ok(hijack::relay(client, engine, request.version, permit))
}

/// Of what was asked for when it was made, so that the engine, which starts it now, isn't asked as well.
async fn told(context: &Context, own: &OwnExec) {
    let Some(command) = context.sandbox.execs.command_of(own.id()) else { return };
    let (id, name) = (own.container().engine_id().to_owned(), own.container().name().to_owned());
    context.sandbox.record(ActivityKind::ContainerExec { id, name, command }).await;
}

/// `POST /exec/{id}/resize`
pub(crate) async fn resize(context: &Context, mut request: Request) -> Answer {
    let (height, width) = size(&mut request.query)?;
    request.query.finish()?;
    let own = find(context, request.parameters.get("id")).await?;
    let ask = Ask::post(&["exec", own.id(), "resize"]).parameter("h", height).parameter("w", width);
    context.shared.engine.done(ask).await.map_err(|said| context.engine_said(said))?;
    Ok(body::no_content(StatusCode::OK))
}

/// `ExecInspectResponse`.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default, rename_all = "PascalCase")]
struct Inspected {
    #[serde(rename = "ID")]
    id: String,
    running: bool,
    exit_code: Option<i64>,
    process_config: ProcessConfig,
    open_stdin: bool,
    open_stderr: bool,
    open_stdout: bool,
    can_remove: bool,
    #[serde(rename = "ContainerID")]
    container_id: String,
    detach_keys: Option<String>,
    pid: i64,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct ProcessConfig {
    tty: bool,
    entrypoint: String,
    arguments: Option<Vec<String>>,
    privileged: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
}

/// `GET /exec/{id}/json`
pub(crate) async fn inspect(context: &Context, request: Request) -> Answer {
    request.query.finish()?;
    let own = find(context, request.parameters.get("id")).await?;
    let inspected: Inspected =
        context.shared.engine.json(Ask::get(&["exec", own.id(), "json"])).await.map_err(|said| context.engine_said(said))?;
    Ok(body::json(StatusCode::OK, &inspected))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn execs_of_a_container_that_cannot_be_asked_are_unknown_and_not_gone() {
        let lives = || Ok(ExecIds { exec_ids: Some(vec!["one".to_owned()]) });
        let says = |status| Err(EngineSaid::Error { status, message: String::new() });
        let one = HashSet::from(["one".to_owned()]);
        assert_eq!(counted(vec![lives(), says(StatusCode::NOT_FOUND)]), (one.clone(), true));
        assert_eq!(counted(vec![lives(), says(StatusCode::INTERNAL_SERVER_ERROR)]), (one.clone(), false));
        assert_eq!(counted(vec![lives(), Err(EngineSaid::Away(Refusal::internal()))]), (one, false));
    }
}
