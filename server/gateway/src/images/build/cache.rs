//! Steps that needn't be done again. A step's key is the digest of all that its outcome depends on: what it
//! begins from, its words with their variables replaced, the files that it takes. Keys are looked up in the
//! sandbox's own record and nowhere else, so that nobody finds out what others have built.

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::{
    gateway::Shared,
    ledger::{BuildStepRow, now_ms},
    limits,
    refusal::Refusal,
    serve::Context,
    upstream::Ask,
};

use super::workshop::{self, Workshop};

/// A key, while it is put together.
pub(super) struct Key(Sha256);

impl Key {
    /// Of a step after another, or of a stage on its base.
    pub(super) fn after(before: &str) -> Self {
        Self(Sha256::new()).with(before)
    }

    /// Each part with its length, so that no two read as one.
    pub(super) fn with(mut self, part: &str) -> Self {
        self.0.update((part.len() as u64).to_be_bytes());
        self.0.update(part);
        self
    }

    pub(super) fn with_all<'a>(self, parts: impl IntoIterator<Item = &'a String>) -> Self {
        let (mut key, mut count) = (self, 0_usize);
        for part in parts {
            key = key.with(part);
            count += 1;
        }
        key.with(&count.to_string())
    }

    pub(super) fn finish(self) -> String {
        format!("{:x}", self.0.finalize())
    }
}

/// What a step came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outcome {
    /// None where no file was changed.
    pub(super) layer: Option<Layer>,
    pub(super) made_at: String,
}

/// The image to go on from, and the layer on top of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Layer {
    pub(super) holder: String,
    pub(super) diff_id: String,
    pub(super) bytes: i64,
}

/// What a step came to when it was done before, on these layers; as long as the engine has it.
pub(super) async fn find(workshop: &Workshop, key: &str, below: &[String]) -> Result<Option<Outcome>, Refusal> {
    let (ledger, sandbox) = (&workshop.context.shared.ledger, workshop.context.scope.sandbox());
    let Some(row) = ledger.build_step(sandbox, key).await? else { return Ok(None) };
    if row.holder.is_empty() {
        return Ok(Some(Outcome { layer: None, made_at: row.made_at }));
    }
    let expected: Vec<&String> = below.iter().chain([&row.diff_id]).collect();
    if workshop.layers(&row.holder).await?.is_some_and(|(layers, _)| layers.iter().eq(expected)) {
        let layer = Layer { holder: row.holder, diff_id: row.diff_id, bytes: row.bytes };
        return Ok(Some(Outcome { layer: Some(layer), made_at: row.made_at }));
    }
    ledger.remove_build_step(sandbox, key).await?;
    Ok(None)
}

/// Remembers what a step came to. Of more than may be kept, those go that were used longest ago.
pub(super) async fn keep(context: &Context, key: String, outcome: &Outcome, description: &str) -> Result<(), Refusal> {
    let (ledger, sandbox) = (&context.shared.ledger, context.scope.sandbox());
    let Layer { holder, diff_id, bytes } = outcome.layer.clone().unwrap_or_default();
    let before = ledger.build_steps(sandbox).await?;
    let replaced = before.iter().find(|row| row.key == key).cloned();
    let description = description.chars().take(limits::MAX_STEP_DESCRIPTION).collect();
    let (made_at, used_at) = (outcome.made_at.clone(), now_ms());
    ledger.set_build_step(sandbox, &BuildStepRow { key, holder, diff_id, made_at, bytes, description, used_at, uses: 1 }).await?;
    // Those without a layer take no room, and don't crowd out those with one.
    let (layers, others): (Vec<_>, Vec<_>) = before.into_iter().partition(|row| !row.holder.is_empty());
    let gone = layers.into_iter().skip(limits::MAX_BUILD_STEPS - 1).chain(others.into_iter().skip(limits::MAX_INSTRUCTIONS));
    let gone: Vec<BuildStepRow> = gone.filter(|row| Some(row) != replaced.as_ref()).collect();
    for row in &gone {
        ledger.remove_build_step(sandbox, &row.key).await?;
    }
    if gone.is_empty() && replaced.is_none() {
        return Ok(());
    }
    let left = ledger.build_holders().await?;
    for row in gone.into_iter().chain(replaced).filter(|row| !row.holder.is_empty() && !left.contains(&row.holder)) {
        workshop::remove_holder(&context.shared, &row.holder).await;
    }
    Ok(())
}

/// Removes holders of layers that no step is known by. `label`: of whose, a sandbox's or all of the instance's.
pub(super) async fn remove_unknown(shared: &Shared, label: &str) {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Listed {
        id: String,
    }
    let Ok(known) = shared.ledger.build_holders().await else { return };
    let filters = serde_json::json!({ "dangling": ["true"], "label": [label, format!("io.lunchbox.role={}", workshop::ROLE)] }).to_string();
    match shared.engine.json::<Vec<Listed>>(Ask::get(&["images", "json"]).parameter("filters", filters)).await {
        Ok(images) => {
            for image in images.iter().filter(|image| !known.contains(&image.id)) {
                workshop::remove_holder(shared, &image.id).await;
            }
        }
        Err(said) => tracing::warn!(error = said.message(), "what builds left behind could not be listed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_tell_where_one_part_ends() {
        let of = |parts: &[&str]| parts.iter().fold(Key::after("x"), |key, part| key.with(part)).finish();
        assert_eq!(of(&["a", "b"]), of(&["a", "b"]));
        assert_ne!(of(&["a", "b"]), of(&["ab"]));
        assert_ne!(of(&["a", "b"]), of(&["b", "a"]));
        let list = |parts: &[String], then: &str| Key::after("x").with_all(parts).with(then).finish();
        assert_ne!(list(&["a".to_owned()], "b"), list(&["a".to_owned(), "b".to_owned()], ""));
    }
}
