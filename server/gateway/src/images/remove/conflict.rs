//! Who needs an image, and what the engine says then.

use std::collections::HashSet;

use serde::Deserialize;

use crate::{
    images::{
        layers,
        view::{View, short},
    },
    refusal::Refusal,
    serve::Context,
    upstream::Ask,
};

/// At most one tag, and all names in one repository.
pub(super) fn is_single_reference(view: &View, id: &str) -> bool {
    view.tags(id).len() <= 1 && view.repositories(id).len() <= 1
}

/// Containers of this host that use an image, and images that were built from it.
#[derive(Debug, Default)]
pub(super) struct Users {
    running: Option<String>,
    stopped: Option<String>,
    pub(super) children: bool,
}

/// A container in a list.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Listed {
    state: Option<Status>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Status {
    running: bool,
}

impl Users {
    pub(super) async fn of(context: &Context, view: &View, id: &str) -> Result<Self, Refusal> {
        let mut users = Self { children: has_children(context, view, id).await?, ..Self::default() };
        for row in context.shared.ledger.containers(context.scope.sandbox()).await? {
            if row.image_id != id {
                continue;
            }
            let container: Listed = match context.shared.engine.json(Ask::get(&["containers", &row.engine_id, "json"])).await {
                Ok(container) => container,
                Err(said) if said.is_not_found() => continue,
                Err(said) => return Err(context.engine_said(said)),
            };
            let kind = if container.state.is_some_and(|state| state.running) { &mut users.running } else { &mut users.stopped };
            kind.get_or_insert(row.engine_id);
        }
        Ok(users)
    }

    pub(super) fn containers(&self) -> bool {
        self.running.is_some() || self.stopped.is_some()
    }

    /// Why the image can't go whatever is asked.
    pub(super) fn hard(&self) -> Option<String> {
        if self.children {
            return Some("image has dependent child images".to_owned());
        }
        self.running.as_ref().map(|id| format!("image is being used by running container {}", short(id)))
    }

    /// Why it can't go unless it is forced.
    pub(super) fn soft(&self) -> Option<String> {
        self.stopped.as_ref().map(|id| format!("image is being used by stopped container {}", short(id)))
    }

    /// Taking the last name off an image in use would leave it dangling.
    pub(super) fn refuse_untag(&self, asked: &str, id: &str) -> Result<(), Refusal> {
        match self.running.as_ref().or(self.stopped.as_ref()) {
            None => Ok(()),
            Some(container) => Err(Refusal::conflict(format!(
                "conflict: unable to remove repository reference {asked:?} (must force) - container {} is using its referenced image {}",
                short(container),
                short(id)
            ))),
        }
    }
}

pub(super) fn cannot_delete(id: &str, forcing: &str, why: &str) -> Refusal {
    Refusal::conflict(format!("conflict: unable to delete {} ({forcing}) - {why}", short(id)))
}

/// Whether an image that the learner made stands on this one. The engine would tell by the parents of
/// the steps; the layers tell as much, without asking for each.
async fn has_children(context: &Context, view: &View, id: &str) -> Result<bool, Refusal> {
    let Ok(facts) = context.shared.catalogue.get(id).await else { return Ok(false) };
    let Some(top) = layers::chain_ids(facts.diff_ids()).pop() else { return Ok(false) };
    let own: HashSet<&str> =
        view.images.iter().filter(|row| row.origin.is_own() && row.image_id != id).map(|row| row.image_id.as_str()).collect();
    for row in &view.images {
        // Only what came later can have been built from it.
        if !own.contains(row.image_id.as_str()) {
            continue;
        }
        let Ok(child) = context.shared.catalogue.get(&row.image_id).await else { continue };
        let built_later = child.history.len() > facts.history.len();
        if built_later && layers::chain_ids(child.diff_ids()).contains(&top) {
            return Ok(true);
        }
    }
    Ok(false)
}
