//! Volumes of builds: those that last as long as a step, and caches, which are kept from build to build.
//! Neither is among the learner's own volumes.

use std::{
    collections::BTreeMap,
    fs::File,
    io::BufWriter,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use sha2::{Digest, Sha256};
use tar::Builder;

use crate::{
    gateway::Shared,
    limits,
    model::container_engine::{EngineMount, EngineVolumeOptions},
    refusal::Refusal,
    scope::Scope,
    serve::Context,
    upstream::{Ask, EngineSaid},
};

use super::{
    copy::{self, Taken},
    mounts::Owner,
    room::Left,
    tree,
    workshop::{self, Making, Workshop},
};

/// `io.lunchbox.role` of caches.
const CACHE_ROLE: &str = "build-cache";
/// The label by which a cache is told of as its Dockerfile calls it.
const CACHE_ID: &str = "io.lunchbox.cache";
/// Where a cache's files lie in its volume, so that whose they are can be chosen.
pub(super) const CACHE_FOLDER: &str = "cache";
/// Where a volume is mounted while it is filled, below the root. What is put into it has names that begin so.
pub(super) const FILLED_AT: &str = "volume";

/// What the engine's names of a sandbox's caches begin with.
pub(crate) fn cache_names(scope: &Scope) -> String {
    scope.build_name("cache", "").as_str().to_owned()
}

/// A volume that goes when it is dropped.
pub(super) struct Volume {
    context: Context,
    pub(super) name: String,
}

impl Drop for Volume {
    fn drop(&mut self) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let (context, name) = (self.context.clone(), std::mem::take(&mut self.name));
        runtime.spawn(async move {
            // The step's container goes at the same time, and holds it for a moment.
            for _ in 0..limits::VOLUME_TRIES {
                match context.shared.engine.done(Ask::delete(&["volumes", &name])).await {
                    Err(said) if !said.is_not_found() => tokio::time::sleep(limits::VOLUME_PAUSE).await,
                    _ => return,
                }
            }
            tracing::warn!(sandbox = %context.sandbox.id, "a step's volume could not be removed");
        });
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    volumes: Option<Vec<Item>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Item {
    name: String,
    created_at: String,
    labels: Option<BTreeMap<String, String>>,
}

/// A cache as a step asks for it.
pub(super) struct Wanted {
    pub(super) id: String,
    pub(super) owner: Owner,
    /// What tells the files that it begins with.
    pub(super) begins: Option<String>,
}

impl Wanted {
    fn mode(&self) -> u32 {
        self.owner.mode.unwrap_or(0o755)
    }
}

/// A cache of mounts.
pub(super) struct Cache {
    /// The engine's.
    pub(super) name: String,
    /// What the Dockerfile calls it.
    pub(super) id: String,
    /// RFC 3339.
    pub(super) created_at: String,
}

async fn list(shared: &Shared, labels: &[String]) -> Result<Vec<Item>, EngineSaid> {
    let filters = serde_json::json!({ "label": labels });
    let listed: Listed = shared.engine.json(Ask::get(&["volumes"]).parameter("filters", filters)).await?;
    Ok(listed.volumes.unwrap_or_default())
}

/// A sandbox's caches.
pub(super) async fn caches(context: &Context) -> Result<Vec<Cache>, Refusal> {
    let listed = list(&context.shared, &of_caches(context)).await.map_err(|said| context.engine_said(said))?;
    let cache = |item: Item| Cache {
        name: item.name,
        id: item.labels.and_then(|mut labels| labels.remove(CACHE_ID)).unwrap_or_default(),
        created_at: item.created_at,
    };
    Ok(listed.into_iter().map(cache).collect())
}

/// What tells a sandbox's caches from all other volumes.
fn of_caches(context: &Context) -> [String; 2] {
    [format!("io.lunchbox.sandbox={}", context.sandbox.id), format!("io.lunchbox.role={CACHE_ROLE}")]
}

/// Removes one of a sandbox's caches.
pub(super) async fn remove_cache(context: &Context, name: &str) {
    remove_one(&context.shared, name).await;
}

async fn remove_one(shared: &Shared, name: &str) {
    if let Err(said) = shared.engine.done(Ask::delete(&["volumes", name])).await {
        tracing::debug!(error = said.message(), "a build's volume could not be removed");
    }
}

/// Removes all volumes that have these labels.
pub(super) async fn remove(shared: &Shared, labels: &[String]) {
    for item in list(shared, labels).await.unwrap_or_default() {
        remove_one(shared, &item.name).await;
    }
}

impl Workshop {
    async fn make_volume(&self, name: &str, role: &str, id: Option<&str>) -> Result<(), Refusal> {
        let mut labels: BTreeMap<String, String> = self.context.scope.labels(role).into_iter().collect();
        labels.extend(id.map(|id| (CACHE_ID.to_owned(), id.chars().take(limits::MAX_STEP_DESCRIPTION).collect())));
        let body = serde_json::json!({ "Name": name, "Driver": "local", "Labels": labels });
        let ask = Ask::post(&["volumes", "create"]).json(&body)?;
        self.context.shared.engine.done(ask).await.map(drop).map_err(|said| self.context.engine_said(said))
    }

    /// Puts files into a volume, by a container of any image that never runs.
    async fn fill(&self, image: &str, volume: &str, tar: File) -> Result<(), Refusal> {
        let mount = EngineMount::Volume {
            source: volume.to_owned(),
            target: format!("/{FILLED_AT}"),
            read_only: false,
            volume_options: EngineVolumeOptions { no_copy: true, ..EngineVolumeOptions::default() },
        };
        let container = self.create(Making { image, mounts: vec![mount], ..Making::default() }).await?;
        self.put(&container, tar).await
    }

    /// A volume with these files, for one step.
    pub(super) async fn step_volume(&self, image: &str, tar: File) -> Result<Volume, Refusal> {
        let name = self.context.scope.build_name(workshop::ROLE, &workshop::random()).as_str().to_owned();
        let volume = Volume { context: self.context.clone(), name };
        self.make_volume(&volume.name, workshop::ROLE, None).await?;
        self.fill(image, &volume.name, tar).await?;
        Ok(volume)
    }

    /// The engine's name for a cache: another owner's is another cache, and so is one that begins otherwise.
    pub(super) fn cache_name(&self, wanted: &Wanted) -> String {
        let Owner { user, group, .. } = wanted.owner;
        let begins = wanted.begins.as_deref().map(|begins| format!("\n{begins}")).unwrap_or_default();
        let digest = format!("{:x}", Sha256::digest(format!("{}\n{user} {group} {:o}{begins}", wanted.id, wanted.mode())));
        format!("{}{}", cache_names(&self.context.scope), &digest[..16])
    }

    /// Whether a cache is there already. Fails where it isn't, and no other may be made.
    pub(super) async fn has_cache(&self, name: &str) -> Result<bool, Refusal> {
        let there = list(&self.context.shared, &of_caches(&self.context)).await.map_err(|said| self.context.engine_said(said))?;
        if there.iter().any(|item| item.name == name) {
            return Ok(true);
        }
        if there.len() >= limits::MAX_BUILD_CACHES {
            return Err(Refusal::invalid(format!(
                "lunchbox: limit reached: builds on this host may keep {} caches (RUN --mount=type=cache). `docker builder prune` removes them.",
                limits::MAX_BUILD_CACHES
            )));
        }
        Ok(false)
    }

    /// Makes a cache, empty or with these files.
    pub(super) async fn make_cache(&self, image: &str, name: &str, wanted: &Wanted, files: Option<Taken>) -> Result<(), Refusal> {
        if files.as_ref().is_some_and(|files| !files.is_folder()) {
            return Err(Refusal::invalid(
                "lunchbox: a cache is a folder, and so is what it begins with (source= of RUN --mount=type=cache)",
            ));
        }
        Left::find(&self.context, &files, 1).await?;
        let (owner, mode) = ((wanted.owner.user, wanted.owner.group), wanted.mode());
        let tar = tokio::task::spawn_blocking(move || {
            let mut tar = Builder::new(BufWriter::new(tempfile::tempfile()?));
            let folder = Path::new(FILLED_AT).join(CACHE_FOLDER);
            if let Some(files) = files {
                files.pack(&folder, &mut tar)?;
            }
            // The last word on whose it is.
            tree::folder(&folder, owner, mode, &mut tar)?;
            tree::finish(tar)
        });
        let tar = tar.await.map_err(|_| Refusal::internal())?.map_err(copy::lost)?;
        self.make_volume(name, CACHE_ROLE, Some(&wanted.id)).await?;
        self.fill(image, name, tar).await
    }
}

/// A part of a volume as it is mounted.
pub(super) fn part(volume: &str, subpath: &str, target: String, read_only: bool) -> EngineMount {
    EngineMount::Volume {
        source: volume.to_owned(),
        target,
        read_only,
        volume_options: EngineVolumeOptions { no_copy: true, subpath: subpath.to_owned(), ..EngineVolumeOptions::default() },
    }
}

/// Where the things of one step lie in its volume, by number.
pub(super) fn place(number: usize) -> PathBuf {
    PathBuf::from(number.to_string())
}
