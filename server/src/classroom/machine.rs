//! How the machine stands: from `/proc` and the file system, and what that means for more learners.

use app::model::{Machine, OpenSandbox};

/// What a learner who works takes, measured with `./lunchbox bench` and rounded up: the workstation, its
/// shell, the server's share and a container or two.
const LEARNER_BYTES: u64 = 64 * 1024 * 1024;
/// Left for everything else.
const SPARE_BYTES: u64 = 512 * 1024 * 1024;
/// Where images, volumes and the database lie, in most cases.
const DISK: &str = "/var/lib";
/// Disk that a learner takes who builds and pulls a little.
const LEARNER_DISK_BYTES: u64 = 200 * 1024 * 1024;

pub(super) async fn look(open: Vec<OpenSandbox>, warm: u32, places: u32) -> Machine {
    let read = async |path: &str| tokio::fs::read_to_string(path).await.unwrap_or_default();
    let (load, memory) = (read("/proc/loadavg").await, read("/proc/meminfo").await);
    let (memory_bytes, memory_free_bytes) = (meminfo(&memory, "MemTotal:"), meminfo(&memory, "MemAvailable:"));
    let (disk_bytes, disk_free_bytes) = disk().unwrap_or_default();
    let sandboxes = u32::try_from(open.len()).unwrap_or(u32::MAX);
    let (fit, fit_ends_by) = fit(sandboxes, places, memory_free_bytes, disk_free_bytes);
    Machine {
        cores: std::thread::available_parallelism().map_or(1, |cores| u32::try_from(cores.get()).unwrap_or(u32::MAX)),
        load: load.split_whitespace().next().and_then(|load| load.parse().ok()).unwrap_or_default(),
        memory_bytes,
        memory_free_bytes,
        disk_bytes,
        disk_free_bytes,
        sandboxes,
        warm,
        places,
        fit,
        fit_ends_by: fit_ends_by.to_owned(),
        open,
    }
}

/// How many more learners fit, and what ends first. The processor isn't among it: what a learner needs of it is anything
/// from nothing to all that they may have, and who comes when it is busy is served, if slower. The page says so.
fn fit(sandboxes: u32, places: u32, memory_free: u64, disk_free: u64) -> (u32, &'static str) {
    let number = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
    let by_places = (places.saturating_sub(sandboxes), "the setting max_sandboxes");
    let by_memory = (number(memory_free.saturating_sub(SPARE_BYTES) / LEARNER_BYTES), "memory");
    let by_disk = (number(disk_free.saturating_sub(SPARE_BYTES) / LEARNER_DISK_BYTES), "disk");
    [by_places, by_memory, by_disk].into_iter().min_by_key(|(count, _)| *count).unwrap_or(by_places)
}

fn meminfo(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    line.split_whitespace().next().and_then(|kib| kib.parse::<u64>().ok()).unwrap_or_default() * 1024
}

fn disk() -> Option<(u64, u64)> {
    let disk = rustix::fs::statvfs(DISK).ok()?;
    Some((disk.f_blocks * disk.f_frsize, disk.f_bavail * disk.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_first_says_how_many_more_fit() {
        let gib = 1024 * 1024 * 1024;
        assert_eq!(fit(10, 60, 100 * gib, 100 * gib), (50, "the setting max_sandboxes"));
        assert_eq!(fit(10, 60, gib, 100 * gib), (8, "memory"));
        assert_eq!(fit(10, 60, 100 * gib, gib), (2, "disk"));
        assert_eq!(fit(70, 60, 0, 0).0, 0);
    }

    #[tokio::test]
    async fn this_machine_has_memory_and_disk() {
        let machine = look(Vec::new(), 0, 60).await;
        assert!(machine.memory_bytes > machine.memory_free_bytes && machine.memory_free_bytes > 0, "{machine:?}");
        assert!(machine.disk_bytes > 0 && machine.cores > 0, "{machine:?}");
    }
}
