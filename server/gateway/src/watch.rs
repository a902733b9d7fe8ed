//! The engine's own events, one subscription for all sandboxes: containers that end by themselves, ports
//! that come free, and what `docker events` shows of containers.

use std::{sync::Arc, time::Duration};

use crate::{
    ActivityKind, containers, gateway::Shared, ledger::ContainerRow, lines::JsonLines, model::event::Event, sandbox::Sandbox, scope::Scope,
    upstream::Ask,
};

/// Before the subscription is tried again, after the engine went away.
const RETRY: Duration = Duration::from_millis(500);
/// A container's first events come before its row is in the ledger: how often and how soon to look again.
const ROW_TRIES: u32 = 40;
const ROW_PAUSE: Duration = Duration::from_millis(25);

/// Runs for as long as the gateway does.
pub(crate) fn start(shared: Arc<Shared>) {
    tokio::spawn(async move {
        // Nanoseconds of the last event seen, so that a broken line loses none.
        let mut since = i128::from(crate::ledger::now_ms()) * 1_000_000;
        loop {
            follow(&shared, &mut since).await;
            tokio::time::sleep(RETRY).await;
            // What happened meanwhile is in the state, if not in the events.
            for sandbox in shared.all_sandboxes() {
                sandbox.changed();
            }
        }
    });
}

async fn follow(shared: &Arc<Shared>, since: &mut i128) {
    let filters = serde_json::json!({ "type": ["container"], "label": [format!("io.lunchbox.instance={}", shared.config.instance)] });
    let ask = Ask::get(&["events"])
        .parameter("since", format!("{}.{:09}", *since / 1_000_000_000, *since % 1_000_000_000))
        .parameter("filters", filters)
        .patient();
    let response = match shared.engine.stream(ask).await {
        Ok(response) => response,
        Err(said) => {
            tracing::warn!(error = said.message(), "the engine's events can't be had; trying again");
            return;
        }
    };
    let mut events = JsonLines::new(response.into_body());
    loop {
        match events.next::<Event>().await {
            Some(Ok(event)) => {
                *since = i128::from(event.time_nano) + 1;
                one(shared, event).await;
            }
            Some(Err(error)) => {
                tracing::warn!(%error, "the engine's events broke off; subscribing again");
                return;
            }
            None => return,
        }
    }
}

async fn one(shared: &Arc<Shared>, event: Event) {
    match shared.ledger.container_by_engine_id(&event.actor.id).await {
        Ok(Some(row)) => known(shared, event, row).await,
        Ok(None) if event.action == "create" && is_build_step(&event) => {
            let shared = shared.clone();
            tokio::spawn(async move { limit_processes(&shared, &event.actor.id).await });
        }
        // Being made in this moment, or a workstation; only the first will get a row.
        Ok(None) if event.action == "create" => {
            let shared = shared.clone();
            tokio::spawn(async move {
                for _ in 0..ROW_TRIES {
                    tokio::time::sleep(ROW_PAUSE).await;
                    if let Ok(Some(row)) = shared.ledger.container_by_engine_id(&event.actor.id).await {
                        return known(&shared, event, row).await;
                    }
                }
            });
        }
        Ok(None) => {}
        Err(error) => tracing::error!(%error, "the ledger failed on an event of the engine's"),
    }
}

/// Whether a container is a step of a build: the builder makes up its name, and all that others make begin
/// with `lb-`.
fn is_build_step(event: &Event) -> bool {
    event.actor.attributes.get("name").is_some_and(|name| !name.starts_with("lb-"))
}

/// The builder can't be asked for a limit of processes; its containers can be given one. Some have ended or are
/// gone by then.
async fn limit_processes(shared: &Shared, container: &str) {
    let limit = serde_json::json!({ "PidsLimit": shared.config.limits.pids_max });
    let Ok(ask) = Ask::post(&["containers", container, "update"]).json(&limit) else { return };
    if let Err(said) = shared.engine.done(ask).await
        && !said.is_not_found()
    {
        tracing::debug!(error = said.message(), "a step of a build runs without a limit of processes");
    }
}

async fn known(shared: &Arc<Shared>, event: Event, row: ContainerRow) {
    let Some(sandbox) = shared.sandbox(&row.sandbox) else { return };
    let (id, name) = (row.engine_id.clone(), row.name.clone());
    let shown = learners(&event, &row);
    match event.action.as_str() {
        "start" => containers::ports::bind_again(shared, &sandbox.id).await,
        "die" => {
            containers::ports::release(shared, &sandbox.id, &id).await;
            let exit_code = event.actor.attributes.get("exitCode").and_then(|code| code.parse().ok()).unwrap_or(0);
            sandbox.record(ActivityKind::ContainerDied { id, name, exit_code }).await;
        }
        // `--rm`, or removed by hand: whoever takes the row tells of it.
        "destroy" => match shared.ledger.remove_container(&id).await {
            Ok(true) => {
                forget_anonymous_volumes(shared, &sandbox).await;
                sandbox.record(ActivityKind::ContainerRemoved { id, name }).await;
            }
            Ok(false) => {}
            Err(error) => tracing::error!(%error, "the ledger failed on a container's end"),
        },
        _ => sandbox.changed(),
    }
    sandbox.emit(shown);
}

/// The event in the learner's names, without our labels.
fn learners(event: &Event, row: &ContainerRow) -> Event {
    let mut shown = event.clone();
    shown.from = shown.from.map(|_| row.image.clone());
    shown.actor.attributes.retain(|key, _| !Scope::is_our_label(key));
    for (key, value) in &mut shown.actor.attributes {
        match key.as_str() {
            "name" => value.clone_from(&row.name),
            "image" => value.clone_from(&row.image),
            _ => {}
        }
    }
    shown
}

/// Anonymous volumes that went with their container.
async fn forget_anonymous_volumes(shared: &Shared, sandbox: &Sandbox) {
    let Ok(rows) = shared.ledger.volumes(&sandbox.id).await else { return };
    for row in rows.into_iter().filter(|row| row.anonymous) {
        let gone =
            shared.engine.json::<serde_json::Value>(Ask::get(&["volumes", &row.engine_name])).await.is_err_and(|said| said.is_not_found());
        if gone && let Err(error) = shared.ledger.remove_volume(&sandbox.id, &row.name).await {
            tracing::error!(%error, "the ledger failed on a volume's end");
        }
    }
}
