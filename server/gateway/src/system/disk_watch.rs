//! Stops who fills the disk. What a sandbox may take of it is looked at before more is made ([`super::disk`]); a
//! process that writes on and on asks nobody, and without quotas in the storage driver nothing else would stop it
//! before everybody's disk is full.

use std::{
    collections::{BTreeMap, HashMap},
    path::PathBuf,
    sync::{Arc, Weak},
    time::{Duration, Instant},
};

use serde::Deserialize;

use crate::{ActivityKind, SandboxId, gateway::Shared, system::volume_sizes::FOR_EYES, upstream::Ask};

/// How often the machine's free space is looked at, which costs nothing. Tests have less patience.
const ROUND: Duration = Duration::from_secs(if cfg!(test) { 1 } else { 5 });
/// Bytes that the disk may have lost since everybody was measured, before everybody is measured again: for that
/// the engine walks through all files.
const SLACK_BYTES: u64 = 256 * 1024 * 1024;
/// Everybody is measured so often at least, where containers run: the engine's disk may not be this machine's.
const LONGEST: Duration = Duration::from_secs(if cfg!(test) { 1 } else { 60 });
/// Of the limit, in percent: whoever is beyond is stopped. Not at the limit itself, so that what is refused there
/// is refused with a sentence first.
const STOP_AT_PERCENT: u64 = 125;

/// Watches for as long as the gateway is there.
pub(crate) fn start(shared: &Arc<Shared>) {
    let shared = Arc::downgrade(shared);
    tokio::spawn(watch(shared));
}

async fn watch(shared: Weak<Shared>) {
    let mut root: Option<PathBuf> = None;
    let mut last = (Instant::now(), u64::MAX);
    loop {
        tokio::time::sleep(ROUND).await;
        let Some(shared) = shared.upgrade() else { return };
        if root.is_none() {
            root = engine_root(&shared).await;
        }
        let free = root.as_ref().and_then(|root| rustix::fs::statvfs(root).ok()).map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize));
        let has_shrunk = free.is_some_and(|free| last.1.saturating_sub(free) >= SLACK_BYTES);
        if has_shrunk || last.0.elapsed() >= LONGEST {
            look(&shared).await;
            last = (Instant::now(), free.unwrap_or(u64::MAX));
        }
    }
}

/// Where the engine keeps its things, if that is on this machine.
async fn engine_root(shared: &Shared) -> Option<PathBuf> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Info {
        docker_root_dir: PathBuf,
    }
    let info: Info = shared.engine.json(Ask::get(&["info"])).await.ok()?;
    info.docker_root_dir.exists().then_some(info.docker_root_dir)
}

/// A container that runs.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Running {
    id: String,
    names: Vec<String>,
    labels: BTreeMap<String, String>,
    size_rw: i64,
}

/// Measures all sandboxes in which something runs, and stops the containers of those that have taken too much.
async fn look(shared: &Shared) {
    let instance = format!("io.lunchbox.instance={}", shared.config.instance);
    let running = async |roles: &[&str], size: bool| {
        let mut all = Vec::new();
        for role in roles {
            let labels = [instance.clone(), format!("io.lunchbox.role={role}")];
            let ask = Ask::get(&["containers", "json"]).flag("size", size).parameter("filters", serde_json::json!({ "label": labels }));
            match shared.engine.json::<Vec<Running>>(ask.patient()).await {
                Ok(listed) => all.extend(listed),
                Err(said) => tracing::warn!(error = said.message(), "what runs could not be listed"),
            }
        }
        all
    };
    // Without a size it costs nothing to find that there is nothing to measure.
    if running(&["learner", "build"], false).await.is_empty() {
        return;
    }
    let mut by_sandbox: HashMap<SandboxId, Vec<Running>> = HashMap::new();
    for container in running(&["learner", "build"], true).await {
        // The labels are the gateway's own: those of an image give way to them.
        if let Some(id) = container.labels.get("io.lunchbox.sandbox").and_then(|id| SandboxId::parse(id)) {
            by_sandbox.entry(id).or_default().push(container);
        }
    }
    let volumes = shared.volume_sizes.read(FOR_EYES).await;
    let most = shared.config.limits.disk_max_bytes / 100 * STOP_AT_PERCENT;
    for (id, containers) in by_sandbox {
        let scope = shared.scope(&id);
        let bytes = |sizes: &mut dyn Iterator<Item = i64>| sizes.filter_map(|bytes| u64::try_from(bytes).ok()).sum::<u64>();
        let of_containers = bytes(&mut containers.iter().map(|container| container.size_rw));
        // The home among them.
        let of_volumes = bytes(&mut volumes.iter().filter(|(name, _)| scope.has_named(name)).map(|(_, bytes)| *bytes));
        if of_containers + of_volumes > most {
            stop(shared, &id, &containers).await;
        }
    }
}

async fn stop(shared: &Shared, id: &SandboxId, containers: &[Running]) {
    tracing::warn!(sandbox = %id, containers = containers.len(), "a sandbox has filled its disk: what runs in it is stopped");
    for container in containers {
        if let Err(said) = shared.engine.done(Ask::post(&["containers", &container.id, "kill"])).await
            && !said.is_not_found()
        {
            tracing::warn!(sandbox = %id, container = container.names.first(), error = said.message(), "a container could not be stopped");
        }
    }
    if let Some(sandbox) = shared.sandbox(id) {
        let message = "lunchbox: this host's disk is full, so its containers were stopped. `docker system df` shows what takes how much.";
        let (operation, message) = ("DiskWatch".to_owned(), message.to_owned());
        sandbox.record(ActivityKind::Refused { operation, status: http::StatusCode::INSUFFICIENT_STORAGE.as_u16(), message }).await;
    }
}
