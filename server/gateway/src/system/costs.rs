//! What each sandbox takes of the machine, for who looks after it. All are measured at once, and only while somebody
//! asks: nobody waits for it, and who asks often gets what was measured last.
//!
//! Disk is asked of the engine, in four calls however many sandboxes there are. Memory is read from the kernel, where this
//! machine shows it: the engine would have to be asked for each container alone, and takes a second for each.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::{
    disk,
    disk_watch::{self, Which},
};
use crate::{SandboxId, gateway::Shared, serve::Context};

/// How old a measurement may be before another is begun. Tests have less patience.
const FRESH: Duration = Duration::from_secs(if cfg!(test) { 1 } else { 30 });
/// Where a container's memory stands, by control groups' version and who makes them: the engine or systemd. What is used,
/// and how what the kernel gives back when it is needed is called.
const GROUPS: [(&str, &str, &str, &str); 4] = [
    ("/sys/fs/cgroup/system.slice/docker-", ".scope", "memory.current", "inactive_file"),
    ("/sys/fs/cgroup/docker/", "", "memory.current", "inactive_file"),
    ("/sys/fs/cgroup/memory/docker/", "", "memory.usage_in_bytes", "total_inactive_file"),
    ("/sys/fs/cgroup/memory/system.slice/docker-", ".scope", "memory.usage_in_bytes", "total_inactive_file"),
];

/// What one sandbox takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Its volumes, home among them; what its containers have written, the workstation among them; layers of images
    /// that it made itself.
    pub disk_bytes: u64,
    /// Of what runs in it, without files that the kernel keeps in memory while there is room. `None`: this machine doesn't show it.
    pub memory_bytes: Option<u64>,
}

/// By sandbox.
pub type AllCosts = Arc<HashMap<SandboxId, Cost>>;

#[derive(Default)]
pub(crate) struct Costs {
    last: Mutex<Option<(Instant, AllCosts)>>,
    /// Held by who measures.
    turn: Arc<tokio::sync::Mutex<()>>,
}

/// As it was measured last; nothing, where nobody has asked before. Begins another measurement where that is old.
pub(crate) fn read(shared: &Arc<Shared>) -> AllCosts {
    let last = shared.costs.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
    if last.as_ref().is_none_or(|(at, _)| at.elapsed() > FRESH)
        && let Ok(turn) = shared.costs.turn.clone().try_lock_owned()
    {
        let shared = shared.clone();
        tokio::spawn(async move {
            let measured = Arc::new(measure(&shared).await);
            *shared.costs.last.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), measured));
            drop(turn);
        });
    }
    last.map(|(_, costs)| costs).unwrap_or_default()
}

async fn measure(shared: &Arc<Shared>) -> HashMap<SandboxId, Cost> {
    let mut containers = disk_watch::listed(shared, Which::All).await;
    let volumes = shared.volume_sizes.read_now().await;
    let mut costs = HashMap::new();
    for sandbox in shared.all_sandboxes() {
        let (id, scope) = (sandbox.id.clone(), shared.scope(&sandbox.id));
        let has = containers.remove(&id).unwrap_or_default();
        let written = has.bytes(&scope, &volumes);
        let context = Context { shared: shared.clone(), sandbox, scope };
        let of_layers = disk::of_layers(&context).await.unwrap_or_else(|refusal| {
            tracing::warn!(sandbox = %id, message = refusal.message, "what a sandbox's images take of the disk could not be measured");
            0
        });
        let ids = has.all().map(|container| container.id.clone()).collect();
        // Files of the kernel's are read without waiting, and yet not where everybody's calls are served.
        let memory_bytes = tokio::task::spawn_blocking(move || memory(ids)).await.unwrap_or_default();
        costs.insert(id, Cost { disk_bytes: written + of_layers, memory_bytes });
    }
    costs
}

/// Of all that run of these containers.
fn memory(ids: Vec<String>) -> Option<u64> {
    ids.iter().filter_map(|id| memory_of(id)).reduce(|all, one| all + one)
}

fn memory_of(id: &str) -> Option<u64> {
    GROUPS.iter().find_map(|(before, after, used, idle)| {
        let group = PathBuf::from(format!("{before}{id}{after}"));
        let used: u64 = std::fs::read_to_string(group.join(used)).ok()?.trim().parse().ok()?;
        let stat = std::fs::read_to_string(group.join("memory.stat")).unwrap_or_default();
        Some(used.saturating_sub(value(&stat, idle)))
    })
}

fn value(stat: &str, name: &str) -> u64 {
    let line = stat.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.and_then(|bytes| bytes.parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_told_from_one_whose_name_begins_alike() {
        let stat = "cache 1\ninactive_file_x 2\ninactive_file 3\ntotal_inactive_file 4\n";
        assert_eq!((value(stat, "inactive_file"), value(stat, "total_inactive_file"), value(stat, "rss")), (3, 4, 0));
    }
}
