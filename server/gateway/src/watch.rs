//! The engine's own events, one subscription for all sandboxes: containers that end by themselves, ports
//! that come free, and what `docker events` shows of containers, and of the networks and volumes they use.
//! One after another, so that each is told after those that came before it.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use crate::{
    ActivityKind, SandboxId, containers,
    gateway::Shared,
    ledger::ContainerRow,
    lines::JsonLines,
    model::event::Event,
    sandbox::Sandbox,
    scope::{INSTANCE_LABEL, SANDBOX_LABEL, Scope},
    upstream::Ask,
};

/// Before the subscription is tried again, after the engine went away.
const RETRY: Duration = Duration::from_millis(500);
/// A container's first events come before its row is in the ledger: how often and how soon to look again.
const ROW_TRIES: u32 = 40;
const ROW_PAUSE: Duration = Duration::from_millis(25);
/// Containers whose last events are still told when their rows have gone.
const MAX_REMEMBERED: usize = 256;
/// What comes and goes with a container's run. That networks and volumes are made the gateway tells itself.
const USES: [&str; 4] = ["connect", "disconnect", "mount", "unmount"];

/// Runs for as long as the gateway does.
pub(crate) fn start(shared: Arc<Shared>) {
    tokio::spawn(async move {
        // Nanoseconds of the last event seen, so that a broken line loses none.
        let mut since = i128::from(crate::ledger::now_ms()) * 1_000_000;
        let mut remembered = Remembered::default();
        loop {
            follow(&shared, &mut since, &mut remembered).await;
            tokio::time::sleep(RETRY).await;
            // What happened meanwhile is in the state, if not in the events.
            for sandbox in shared.all_sandboxes() {
                sandbox.changed();
            }
        }
    });
}

/// Rows of containers that had an event lately. A container's last events can come after its row has gone.
#[derive(Default)]
struct Remembered(VecDeque<ContainerRow>);

impl Remembered {
    fn row(&self, engine_id: &str) -> Option<&ContainerRow> {
        self.0.iter().find(|row| row.engine_id == engine_id)
    }

    fn add(&mut self, row: &ContainerRow) {
        self.0.retain(|other| other.engine_id != row.engine_id);
        if self.0.len() == MAX_REMEMBERED {
            self.0.pop_front();
        }
        self.0.push_back(row.clone());
    }
}

async fn follow(shared: &Arc<Shared>, since: &mut i128, remembered: &mut Remembered) {
    // Events of networks and volumes have no labels to ask by.
    let filters = serde_json::json!({ "type": ["container", "network", "volume"] });
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
    let mut events = JsonLines::new(response.into_body(), "what the engine tells of its events");
    // Were it to subscribe again because of one that can't be read, it would be told the same one for ever.
    while let Some(event) = events.next_readable::<Event>().await {
        *since = i128::from(event.time_nano) + 1;
        one(shared, event, remembered).await;
    }
}

async fn one(shared: &Arc<Shared>, event: Event, remembered: &mut Remembered) {
    match event.kind.as_str() {
        "container" if event.actor.attributes.get(INSTANCE_LABEL) == Some(&shared.config.instance) => {
            of_container(shared, event, remembered).await;
        }
        "network" | "volume" if USES.contains(&event.action.as_str()) => of_use(shared, event, remembered).await,
        _ => {}
    }
}

async fn of_container(shared: &Arc<Shared>, event: Event, remembered: &mut Remembered) {
    let id = event.actor.id.clone();
    let is_learners = event.actor.attributes.get("io.lunchbox.role").is_some_and(|role| role == "learner");
    let row = match row_of(shared, &event).await {
        // Being made in this moment.
        Ok(None) if event.action == "create" && is_learners => made(shared, &id).await,
        Ok(row) => row,
        Err(error) => return tracing::error!(%error, "the ledger failed on an event of the engine's"),
    };
    if let Some(row) = row {
        remembered.add(&row);
        known(shared, event, row).await;
    } else if let Some(row) = remembered.row(&id)
        && let Some(sandbox) = shared.sandbox(&row.sandbox)
    {
        // Whoever took the row has done the rest.
        sandbox.emit(learners(&event, row, &shared.scope(&row.sandbox)));
    }
}

/// The row of an event's container. Its label says where it is most likely to be found.
async fn row_of(shared: &Shared, event: &Event) -> Result<Option<ContainerRow>, sqlx::Error> {
    let id = &event.actor.id;
    if let Some(sandbox) = event.actor.attributes.get(SANDBOX_LABEL).and_then(|sandbox| SandboxId::parse(sandbox))
        && let Some(row) = shared.ledger.container(&sandbox, id).await?
    {
        return Ok(Some(row));
    }
    shared.ledger.container_by_engine_id(id).await
}

/// The row of a container that is being made, once it is there.
async fn made(shared: &Shared, engine_id: &str) -> Option<ContainerRow> {
    for _ in 0..ROW_TRIES {
        tokio::time::sleep(ROW_PAUSE).await;
        if let Ok(Some(row)) = shared.ledger.container_by_engine_id(engine_id).await {
            return Some(row);
        }
    }
    None
}

/// A container has joined or left a network, or has a volume mounted or no longer: told in the learner's names.
async fn of_use(shared: &Arc<Shared>, mut event: Event, remembered: &Remembered) {
    let Some(container) = event.actor.attributes.get("container") else { return };
    let row = match shared.ledger.container_by_engine_id(container).await {
        Ok(Some(row)) => row,
        Ok(None) => match remembered.row(container) {
            Some(row) => row.clone(),
            // Nobody's here: another's on the same engine, or a workstation.
            None => return,
        },
        Err(error) => return tracing::error!(%error, "the ledger failed on an event of the engine's"),
    };
    let Some(sandbox) = shared.sandbox(&row.sandbox) else { return };
    let scope = shared.scope(&row.sandbox);
    if event.kind == "network" {
        let Ok(networks) = scope.networks().await else { return };
        let Some(own) = networks.into_iter().find(|own| own.engine_id() == event.actor.id) else { return };
        event.actor.attributes.insert("name".to_owned(), own.name().to_owned());
    } else {
        let Ok(volumes) = scope.volumes().await else { return };
        // What isn't theirs is their home, which they know as a folder.
        let Some(own) = volumes.into_iter().find(|own| own.engine_name() == event.actor.id) else { return };
        own.name().clone_into(&mut event.actor.id);
    }
    sandbox.emit(event);
}

async fn known(shared: &Arc<Shared>, event: Event, row: ContainerRow) {
    let Some(sandbox) = shared.sandbox(&row.sandbox) else { return };
    let (id, name) = (row.engine_id.clone(), row.name.clone());
    let shown = learners(&event, &row, &shared.scope(&row.sandbox));
    match event.action.as_str() {
        "start" => containers::ports::bind_again(shared, &sandbox.id).await,
        "die" => {
            containers::ports::release(shared, &sandbox.id, &id).await;
            let exit_code = event.actor.attributes.get("exitCode").and_then(|code| code.parse().ok()).unwrap_or(0);
            sandbox.record(ActivityKind::ContainerDied { id, name, exit_code }).await;
        }
        // `--rm`, or removed by hand: whoever takes the row tells of it.
        "destroy" => match shared.ledger.remove_container(&sandbox.id, &id).await {
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
fn learners(event: &Event, row: &ContainerRow, scope: &Scope) -> Event {
    let mut shown = event.clone();
    shown.from = shown.from.map(|_| row.image.clone());
    shown.actor.attributes.retain(|key, _| !Scope::is_our_label(key));
    for (key, value) in &mut shown.actor.attributes {
        match key.as_str() {
            "name" => value.clone_from(&row.name),
            "image" => value.clone_from(&row.image),
            "oldName" => *value = scope.scrub(value),
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
