//! At the server's start: what the table says, what the gateway says, what is on the engine.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use gateway::SandboxId;

use super::{
    Inner, StartError, Status, Workstations,
    store::{Row, State},
};
use crate::engine::Running;

/// What is to be done when the server serves already.
#[derive(Default)]
pub(super) struct Leftovers {
    pub(super) remove: Vec<SandboxId>,
    /// Learners' sandboxes whose workstation has ended.
    pub(super) revive: Vec<SandboxId>,
}

/// Listens where workstations wait for us, before the gateway asks them for anything.
pub(super) fn listen(rows: &[Row], workstations: &Workstations) {
    for row in rows.iter().filter(|row| matches!(row.state, State::Warm | State::Ready)) {
        if let Err(error) = workstations.listen(&row.id) {
            // No folder, as after the machine's restart: it is made with the sandbox's revival.
            tracing::debug!(sandbox.id = %row.id, %error, "A sandbox has no folder for its sockets.");
        }
    }
}

pub(super) async fn reconcile(inner: &Arc<Inner>, rows: Vec<Row>) -> Result<Leftovers, StartError> {
    let mut left = Leftovers::default();
    let open: HashSet<SandboxId> = inner.gateway.open_sandboxes().await?.into_iter().collect();
    let found = inner.engine.workstations(&inner.config.instance).await?;
    let image = inner.engine.image_id(&inner.config.workstation_image).await?;
    let workstations: HashMap<&str, _> = found.iter().map(|found| (found.name.as_str(), found)).collect();
    let known: HashSet<&SandboxId> = rows.iter().map(|row| &row.id).collect();

    for id in inner.store.idle_removals().await? {
        inner.book.set_status(&id, Status::None { removed_idle: true });
    }
    for row in &rows {
        let workstation = workstations.get(inner.workstation_name(&row.id).as_str());
        let runs = workstation.is_some_and(|workstation| workstation.running == Running::Yes);
        match (row.state, &row.learner) {
            (State::Ready, Some(learner)) if open.contains(&row.id) => {
                inner.book.add(&row.id, &row.token, Some(learner.clone()), row.used_at);
                inner.book.set_status(learner, Status::Ready { id: row.id.clone() });
                if !runs {
                    left.revive.push(row.id.clone());
                }
            }
            // A warm one of an older image would give a learner yesterday's tools.
            (State::Warm, _)
                if open.contains(&row.id) && runs && workstation.map(|workstation| &workstation.image_id) == image.as_ref() =>
            {
                inner.book.add(&row.id, &row.token, None, row.used_at);
            }
            _ => {
                inner.store.retire(&row.id).await?;
                left.remove.push(row.id.clone());
            }
        }
    }
    // Of none in the table: from a database that is lost, or a table that was emptied.
    let on_engine = found.iter().map(|found| found.sandbox.clone());
    let homes = inner.engine.homes(&inner.config.instance).await?.into_iter().map(|home| home.sandbox);
    let strangers: HashSet<SandboxId> = open
        .iter()
        .cloned()
        .chain(on_engine.chain(homes).filter_map(|id| SandboxId::parse(&id)))
        .filter(|id| !known.contains(id))
        .collect();
    left.remove.extend(strangers);
    tracing::info!(
        sandboxes = inner.book.assigned().len(),
        to_remove = left.remove.len(),
        to_revive = left.revive.len(),
        "Found the sandboxes of the server before."
    );
    Ok(left)
}
