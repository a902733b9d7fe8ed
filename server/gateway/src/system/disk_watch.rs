//! Stops who fills the disk. What a sandbox may take of it is looked at before more is made ([`super::disk`]); a
//! process that writes on and on asks nobody, and without quotas in the storage driver nothing else would stop it
//! before everybody's disk is full. Where most of it is the workstation's, that is what runs there, and the containers
//! that have its home folder; else all containers.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Weak},
    time::{Duration, Instant},
};

use serde::Deserialize;

use crate::{
    ActivityKind, SandboxId,
    gateway::Shared,
    scope::Scope,
    system::{room, volume_sizes::FOR_EYES},
    upstream::{Ask, EngineSaid, OurLabels},
};

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

/// A workstation that has grown on after so many stops, because its shell isn't ours any more, say, is stopped itself.
const MAX_STOPS: u32 = 3;
const CONTAINERS_FULL: &str =
    "lunchbox: this host's disk is full, so its containers were stopped. `docker system df` shows what takes how much.";
/// Said at the terminals of the workstation, too.
const HOME_FULL: &str = "lunchbox: your files have filled this host's disk, so what ran here was stopped. Remove some: du -ah /root | sort -h | tail shows the largest.";

/// Watches for as long as the gateway is there.
pub(crate) fn start(shared: &Arc<Shared>) {
    let shared = Arc::downgrade(shared);
    tokio::spawn(watch(shared));
}

async fn watch(shared: Weak<Shared>) {
    let mut root: Option<PathBuf> = None;
    let mut last = (Instant::now(), u64::MAX);
    let mut full = HashMap::new();
    loop {
        tokio::time::sleep(ROUND).await;
        let Some(shared) = shared.upgrade() else { return };
        if root.is_none() {
            root = room::engine_root(&shared).await;
        }
        let free = root.as_deref().and_then(room::free);
        let has_shrunk = free.is_some_and(|free| last.1.saturating_sub(free) >= SLACK_BYTES);
        if has_shrunk || last.0.elapsed() >= LONGEST {
            look(&shared, &mut full).await;
            last = (Instant::now(), free.unwrap_or(u64::MAX));
        }
    }
}

/// Where the engine keeps its things, if that is on this machine.
/// Which containers are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    Running,
    /// Those that have ended or were never started, too.
    All,
}

/// A container, as the engine lists it.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct Running {
    pub(super) id: String,
    names: Vec<String>,
    labels: OurLabels,
    size_rw: i64,
    mounts: Vec<Mount>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Mount {
    name: String,
}

/// What runs in a sandbox.
#[derive(Debug, Default)]
pub(super) struct Sandbox {
    containers: Vec<Running>,
    workstation: Option<Running>,
}

impl Sandbox {
    pub(super) fn all(&self) -> impl Iterator<Item = &Running> {
        self.containers.iter().chain(&self.workstation)
    }

    /// Bytes that its containers have written, and of its volumes, the home among them.
    pub(super) fn bytes(&self, scope: &Scope, volumes: &HashMap<String, i64>) -> u64 {
        let of_volumes = volumes.iter().filter(|(name, _)| scope.has_named(name)).map(|(_, bytes)| *bytes);
        sum(self.all().map(|container| container.size_rw)) + sum(of_volumes)
    }
}

/// The engine has sizes below zero where it knows none.
fn sum(sizes: impl Iterator<Item = i64>) -> u64 {
    sizes.filter_map(|bytes| u64::try_from(bytes).ok()).sum()
}

/// A workstation that has filled the disk.
#[derive(Debug, Clone, Copy, Default)]
struct Full {
    /// As it was seen last: who removes files is left alone. After a stop it is as large as can be, since it has grown until then.
    bytes: u64,
    /// How often it has been stopped since it was full, and has grown.
    stops: u32,
}

/// What there is, with its sizes, by sandbox.
pub(super) async fn listed(shared: &Shared, which: Which) -> HashMap<SandboxId, Sandbox> {
    let mut by_sandbox: HashMap<SandboxId, Sandbox> = HashMap::new();
    for role in ["workstation", "learner", "build"] {
        let labels = [format!("io.lunchbox.instance={}", shared.config.instance), format!("io.lunchbox.role={role}")];
        let ask = Ask::get(&["containers", "json"])
            .flag("all", which == Which::All)
            .flag("size", true)
            .parameter("filters", serde_json::json!({ "label": labels }));
        let listed = shared.engine.list::<Vec<Running>>(ask.patient()).await.unwrap_or_else(|said| {
            tracing::warn!(error = said.message(), "containers could not be listed");
            Vec::new()
        });
        for container in listed {
            // The labels are the gateway's own: those of an image give way to them.
            let Some(id) = container.labels.get("io.lunchbox.sandbox").and_then(SandboxId::parse) else { continue };
            let sandbox = by_sandbox.entry(id).or_default();
            match role {
                "workstation" => sandbox.workstation = Some(container),
                _ => sandbox.containers.push(container),
            }
        }
    }
    by_sandbox
}

/// Measures all sandboxes in which something runs, and stops those that have taken too much.
async fn look(shared: &Shared, full: &mut HashMap<SandboxId, Full>) {
    let by_sandbox = listed(shared, Which::Running).await;
    if by_sandbox.is_empty() {
        return;
    }
    let volumes = shared.volume_sizes.read(FOR_EYES).await;
    let most = shared.config.limits.disk_max_bytes / 100 * STOP_AT_PERCENT;
    let mut still_full = HashMap::new();
    for (id, sandbox) in by_sandbox {
        let scope = shared.scope(&id);
        let all = sandbox.bytes(&scope, &volumes);
        if all <= most {
            continue;
        }
        let home_name = scope.home_volume();
        let home = volumes.get(home_name.as_str()).copied();
        let of_workstation = sum(home.into_iter().chain(sandbox.workstation.iter().map(|workstation| workstation.size_rw)));
        if of_workstation <= all / 2 {
            stop(shared, &id, sandbox.containers.iter()).await;
            tell(shared, &id, CONTAINERS_FULL).await;
            continue;
        }
        let before = full.get(&id).copied().unwrap_or_default();
        let grows = of_workstation > before.bytes;
        let bytes = if grows { u64::MAX } else { of_workstation };
        still_full.insert(id.clone(), Full { bytes, stops: before.stops + u32::from(grows) });
        if !grows {
            continue;
        }
        let has_home = |container: &&Running| container.mounts.iter().any(|mount| mount.name == home_name.as_str());
        stop(shared, &id, sandbox.containers.iter().filter(has_home)).await;
        if let Some(workstation) = &sandbox.workstation {
            if before.stops < MAX_STOPS {
                stop_work(shared, &id, &workstation.id).await;
            } else {
                stop(shared, &id, std::iter::once(workstation)).await;
            }
        }
        tell(shared, &id, HOME_FULL).await;
    }
    *full = still_full;
}

/// Ends whatever runs in a workstation but its init, which then has new shells; and says why at its terminals.
async fn stop_work(shared: &Shared, id: &SandboxId, workstation: &str) {
    const SAY_AND_END: &str = r#"for terminal in /dev/pts/[0-9]*; do printf '\r\n%s\r\n' "$1" >"$terminal"; done; kill -KILL -1"#;
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Made {
        id: String,
    }
    tracing::warn!(sandbox = %id, "a sandbox has filled its disk with its home folder: what runs in the workstation is stopped");
    let made = Ask::post(&["containers", workstation, "exec"])
        .json(&serde_json::json!({ "User": "0", "Cmd": ["/bin/sh", "-c", SAY_AND_END, "sh", HOME_FULL] }));
    let done = async {
        let made: Made = shared.engine.json(made.map_err(EngineSaid::Away)?).await?;
        let start = Ask::post(&["exec", &made.id, "start"]).json(&serde_json::json!({ "Detach": true }));
        shared.engine.done(start.map_err(EngineSaid::Away)?).await
    };
    if let Err(said) = done.await
        && !said.is_not_found()
    {
        tracing::warn!(sandbox = %id, error = said.message(), "what runs in a workstation could not be stopped");
    }
}

async fn stop<'a>(shared: &Shared, id: &SandboxId, containers: impl Iterator<Item = &'a Running>) {
    for container in containers {
        tracing::warn!(sandbox = %id, container = container.names.first(), "a sandbox has filled its disk: a container is stopped");
        if let Err(said) = shared.engine.done(Ask::post(&["containers", &container.id, "kill"])).await
            && !said.is_not_found()
        {
            tracing::warn!(sandbox = %id, container = container.names.first(), error = said.message(), "a container could not be stopped");
        }
    }
}

async fn tell(shared: &Shared, id: &SandboxId, message: &str) {
    if let Some(sandbox) = shared.sandbox(id) {
        let (operation, message) = ("DiskWatch".to_owned(), message.to_owned());
        sandbox
            .record(ActivityKind::Refused { operation, status: http::StatusCode::INSUFFICIENT_STORAGE.as_u16(), message, container: None })
            .await;
    }
}
