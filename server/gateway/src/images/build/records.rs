//! What builds keep, as `docker buildx du` and `docker system df` tell it: layers of steps, and the caches of
//! their mounts. And what of it `docker builder prune` removes.

use std::collections::{BTreeMap, HashSet};

use http::StatusCode;
use serde::Serialize;
use sha2::{Digest, Sha256};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    body,
    images::{own, view::View},
    ledger::now_ms,
    limits,
    model::event::Event,
    refusal::{Answer, Refusal},
    request::{Request, moment::until, query::known_filters},
    serve::Context,
    system::volume_sizes::FOR_EYES,
};

use super::{cache, volumes, workshop};

/// Characters of a record's ID, as BuildKit has them.
const ID_LENGTH: usize = 25;

/// One thing that builds keep.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) id: String,
    pub(crate) description: String,
    kept: Kept,
    /// An image of this host has it too: to remove it frees nothing.
    pub(crate) shared: bool,
    /// A build is running, and may need it.
    pub(crate) in_use: bool,
    pub(crate) bytes: i64,
    /// RFC 3339.
    pub(crate) created_at: String,
    /// Unix milliseconds.
    pub(crate) used_at: i64,
    pub(crate) uses: i64,
}

#[derive(Debug, Clone)]
enum Kept {
    /// A layer: the steps that came to it, and the images that hold it.
    Layer { keys: Vec<String>, holders: Vec<String> },
    /// A volume, by the engine's name.
    Mount(String),
}

impl Record {
    /// In BuildKit's words.
    pub(crate) fn kind(&self) -> &'static str {
        match self.kept {
            Kept::Layer { .. } => "regular",
            Kept::Mount(_) => "exec.cachemount",
        }
    }
}

/// Of `GET /system/df`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct BuildCache {
    #[serde(rename = "ID")]
    id: String,
    #[serde(rename = "Type")]
    kind: &'static str,
    description: String,
    in_use: bool,
    shared: bool,
    size: i64,
    created_at: String,
    last_used_at: String,
    usage_count: i64,
}

impl From<&Record> for BuildCache {
    fn from(record: &Record) -> Self {
        let used_at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(record.used_at) * 1_000_000);
        Self {
            id: record.id.clone(),
            kind: record.kind(),
            description: record.description.clone(),
            in_use: record.in_use,
            shared: record.shared,
            size: record.bytes,
            created_at: record.created_at.clone(),
            last_used_at: used_at.ok().and_then(|time| time.format(&Rfc3339).ok()).unwrap_or_else(|| record.created_at.clone()),
            usage_count: record.uses,
        }
    }
}

/// All that the host's builds keep, the last used first. A step that made no layer keeps nothing.
pub(crate) async fn read(context: &Context) -> Result<Vec<Record>, Refusal> {
    let in_use = context.sandbox.building.available_permits() == 0;
    let steps = context.shared.ledger.build_steps(context.scope.sandbox()).await?;
    let view = View::read(context).await?;
    let images = view.facts(context).await?;
    let known: HashSet<&String> = images.iter().flat_map(|(_, facts)| facts.diff_ids()).collect();
    // Two steps may have come to the same layer.
    let mut layers: BTreeMap<String, Record> = BTreeMap::new();
    for step in steps.into_iter().filter(|step| !step.holder.is_empty()) {
        let record = layers.entry(step.diff_id.clone()).or_insert_with(|| Record {
            id: step.key.chars().take(ID_LENGTH).collect(),
            description: step.description.clone(),
            kept: Kept::Layer { keys: Vec::new(), holders: Vec::new() },
            shared: known.contains(&step.diff_id),
            in_use,
            bytes: step.bytes,
            created_at: step.made_at.clone(),
            used_at: step.used_at,
            uses: 0,
        });
        record.uses += step.uses;
        if let Kept::Layer { keys, holders } = &mut record.kept {
            keys.push(step.key);
            holders.push(step.holder);
        }
    }
    let mut records: Vec<Record> = layers.into_values().chain(of_mounts(context, in_use).await?).collect();
    records.sort_by(|one, other| (other.used_at, &one.id).cmp(&(one.used_at, &other.id)));
    Ok(records)
}

async fn of_mounts(context: &Context, in_use: bool) -> Result<Vec<Record>, Refusal> {
    let caches = volumes::caches(context).await?;
    if caches.is_empty() {
        return Ok(Vec::new());
    }
    let sizes = context.shared.volume_sizes.read(FOR_EYES).await;
    let record = |cache: volumes::Cache| {
        let created = OffsetDateTime::parse(&cache.created_at, &Rfc3339).map_or(0, OffsetDateTime::unix_timestamp);
        Record {
            id: format!("{:x}", Sha256::digest(&cache.name)).chars().take(ID_LENGTH).collect(),
            description: format!("cached mount {}", cache.id).trim_end().to_owned(),
            shared: false,
            in_use,
            bytes: sizes.get(&cache.name).copied().unwrap_or(0),
            created_at: cache.created_at,
            used_at: created * 1000,
            uses: 1,
            kept: Kept::Mount(cache.name),
        }
    };
    Ok(caches.into_iter().map(record).collect())
}

/// Bytes that would come free with all of these.
pub(crate) fn own_bytes<'a>(records: impl IntoIterator<Item = &'a Record>) -> i64 {
    records.into_iter().filter(|record| !record.shared).map(|record| record.bytes).sum()
}

/// Which records are to go.
#[derive(Debug, Default, Clone)]
pub(crate) struct Wish {
    /// Those as well that images of the host are built from.
    pub(crate) all: bool,
    /// Only what wasn't used since, in unix milliseconds.
    pub(crate) unused_since: Option<i64>,
    /// As much may stay, of what was used last.
    pub(crate) keep_bytes: i64,
    /// Only these; all where there is none.
    pub(crate) ids: Vec<String>,
}

impl Wish {
    fn is_everything(&self) -> bool {
        self.all && self.unused_since.is_none() && self.keep_bytes == 0 && self.ids.is_empty()
    }

    /// What goes, that used longest ago first.
    fn choose(&self, records: Vec<Record>) -> Vec<Record> {
        let mut left = own_bytes(&records);
        let wanted = |record: &Record| {
            (self.all || !record.shared)
                && self.unused_since.is_none_or(|moment| record.used_at < moment)
                && (self.ids.is_empty() || self.ids.iter().any(|id| !id.is_empty() && record.id.starts_with(id)))
        };
        let mut gone = Vec::new();
        for record in records.into_iter().rev().filter(wanted) {
            if self.keep_bytes > 0 && left <= self.keep_bytes {
                break;
            }
            left -= own_bytes([&record]);
            gone.push(record);
        }
        gone
    }
}

/// Forgets what was built before: steps, and the caches of their mounts. Not below a build that runs: its steps
/// have no name yet. Returns what went.
pub(crate) async fn remove(context: &Context, wish: &Wish) -> Result<Vec<Record>, Refusal> {
    // A build is told before its containers are gone, and the engine keeps what a container is made of. One that failed
    // keeps its place until what it has made is gone.
    context.sandbox.spent.close();
    if tokio::time::timeout(limits::SPENT_TIME, context.sandbox.spent.wait()).await.is_err() {
        tracing::warn!(sandbox = %context.sandbox.id, "steps' containers take long to go; what they are made of stays until the next prune");
    }
    let Ok(_place) = context.sandbox.building.clone().try_acquire_owned() else { return Ok(Vec::new()) };
    // Read below the place that was just taken: nobody builds.
    let idle = |record: Record| Record { in_use: false, ..record };
    let mut gone = wish.choose(read(context).await?.into_iter().map(idle).collect());
    let (ledger, sandbox) = (&context.shared.ledger, context.scope.sandbox());
    let mut holders = Vec::new();
    for record in &mut gone {
        match &record.kept {
            Kept::Layer { keys, holders: held } => {
                for key in keys {
                    ledger.remove_build_step(sandbox, key).await?;
                }
                holders.extend(held.iter().map(|holder| (record.created_at.clone(), holder.clone())));
            }
            Kept::Mount(volume) => volumes::remove_cache(context, volume).await,
        }
    }
    if wish.is_everything() {
        // Those that made no layer, and whatever is on the engine that no step is known by.
        ledger.clear_build_steps(sandbox).await?;
        own::prune_steps(&context.shared, &context.scope).await.map_err(|said| context.engine_said(said))?;
        return Ok(gone);
    }
    // What was made later stands on what was made before.
    holders.sort();
    holders.dedup();
    let needed = ledger.build_holders().await?;
    for (_, holder) in holders.iter().rev().filter(|(_, holder)| !needed.contains(holder)) {
        workshop::remove_holder(&context.shared, holder).await;
    }
    cache::remove_unknown(&context.shared, &format!("{}={}", crate::scope::SANDBOX_LABEL, context.sandbox.id)).await;
    Ok(gone)
}

/// `docker builder prune`, of the Engine API.
pub(crate) async fn prune(context: &Context, mut request: Request) -> Answer {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Pruned {
        caches_deleted: Option<Vec<String>>,
        space_reclaimed: i64,
    }
    let mut wish = Wish { all: request.query.flag("all")?, ..Wish::default() };
    // Since 1.48 by another name, with two more that say when to begin.
    for name in ["keep-storage", "reserved-space", "max-used-space"] {
        wish.keep_bytes = wish.keep_bytes.max(request.query.number(name)?.unwrap_or(0));
    }
    request.query.ignore(&["min-free-space"]);
    let filters = request.query.filters()?;
    request.query.finish()?;
    known_filters(&filters, &["until", "unused-for", "id", "label"])?;
    for name in ["until", "unused-for"] {
        let told = |refusal: Refusal| Refusal {
            message: format!(
                "failed to prune build cache: \"{name}\" filter expects a duration (e.g., '24h') or a timestamp: {}",
                refusal.message
            ),
            ..refusal
        };
        if let Some(moment) = until(&filters, name).map_err(told)? {
            wish.unused_since = Some(moment.saturating_mul(1000).min(now_ms()));
        }
    }
    wish.ids = filters.get("id").cloned().unwrap_or_default();
    // Steps have no labels: none has the one that is asked for.
    let gone = if filters.contains_key("label") { Vec::new() } else { remove(context, &wish).await? };
    let ids: Vec<String> = gone.iter().map(|record| record.id.clone()).collect();
    context.sandbox.emit(Event::pruned("builder", own_bytes(&gone)));
    Ok(body::json(StatusCode::OK, &Pruned { caches_deleted: (!ids.is_empty()).then_some(ids), space_reclaimed: own_bytes(&gone) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(id: &str, shared: bool, bytes: i64, used_at: i64) -> Record {
        Record {
            id: id.to_owned(),
            description: String::new(),
            kept: Kept::Layer { keys: Vec::new(), holders: Vec::new() },
            shared,
            in_use: false,
            bytes,
            created_at: String::new(),
            used_at,
            uses: 1,
        }
    }

    #[track_caller]
    fn goes(wish: &Wish, wanted: &[&str]) {
        let all = vec![record("new", false, 10, 3), record("image", true, 100, 2), record("old", false, 20, 1)];
        let gone = wish.choose(all);
        assert_eq!(gone.iter().map(|record| record.id.as_str()).collect::<Vec<_>>(), wanted, "{wish:?}");
    }

    #[test]
    fn what_images_have_too_goes_only_with_all() {
        goes(&Wish::default(), &["old", "new"]);
        goes(&Wish { all: true, ..Wish::default() }, &["old", "image", "new"]);
    }

    #[test]
    fn a_wish_may_leave_what_was_used_lately_and_as_much_as_may_stay() {
        goes(&Wish { unused_since: Some(3), ..Wish::default() }, &["old"]);
        goes(&Wish { keep_bytes: 15, ..Wish::default() }, &["old"]);
        goes(&Wish { keep_bytes: 30, ..Wish::default() }, &[]);
        goes(&Wish { ids: vec!["ne".to_owned()], ..Wish::default() }, &["new"]);
        goes(&Wish { ids: vec![String::new()], ..Wish::default() }, &[]);
    }
}
