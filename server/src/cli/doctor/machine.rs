//! Memory, disk and the network's address.

use std::path::{Path, PathBuf};

use gateway::Egress;

use super::report::Report;
use crate::{config::Config, engine::EngineInfo};

const GIB: u64 = 1024 * 1024 * 1024;
const MIB: u64 = 1024 * 1024;
/// What a sandbox takes on average: measured with a shell and a web server in it.
const SANDBOX_BYTES: u64 = 40 * MIB;
/// What the machine, the engine and the server take without anybody being there.
const BASE_BYTES: u64 = 2 * GIB;
/// Below this, a class soon stands still.
const DISK_BYTES: u64 = 10 * GIB;
/// Below this, nothing works for long.
const MIN_DISK_BYTES: u64 = GIB;
/// Where the engine keeps its things unless it is told otherwise.
const ENGINE_ROOT: &str = "/var/lib/docker";

pub(super) fn look(config: &Config, engine: Option<&EngineInfo>, report: &mut Report) {
    if let Some(info) = engine {
        memory(config, info, report);
    }
    let data = nearest(&config.data_dir);
    let mut folders = vec![data];
    if Path::new(ENGINE_ROOT).exists() {
        folders.push(PathBuf::from(ENGINE_ROOT));
    }
    for folder in folders {
        disk(&folder, report);
    }
    match config.egress {
        Egress::Off => report.good("Learners' containers reach nothing beyond their sandbox (egress off)"),
        Egress::Registry => report.good("Learners' containers reach the course registry, to read, and nothing else beyond their sandbox (egress registry)"),
        Egress::On => report.note(
            "Learners' containers reach the internet (egress on)",
            "Set-up's firewall rules keep them off this machine's own network and a cloud's metadata; after a reboot run ./lunchbox setup again.",
        ),
    }
    if !config.web.listen.ip().is_loopback() && config.web.public_url.is_none() {
        report.note(
            format!("The server listens on {} for everybody, without TLS", config.web.listen),
            "Put a proxy with TLS in front, let Lunchbox listen on 127.0.0.1, and set public_url.",
        );
    }
}

fn memory(config: &Config, info: &EngineInfo, report: &mut Report) {
    let places = u64::from(config.sandboxes.max);
    let needed = BASE_BYTES + places * SANDBOX_BYTES;
    let said = format!("{} CPUs and {:.1} GiB of memory for at most {places} sandboxes", info.cpus, info.memory_bytes as f64 / GIB as f64);
    if info.memory_bytes >= needed {
        report.good(said);
    } else {
        let fit = info.memory_bytes.saturating_sub(BASE_BYTES) / SANDBOX_BYTES;
        report.note(format!("{said} are few"), format!("Set max_sandboxes to about {}, or give the machine more memory.", fit.max(1)));
    }
}

fn disk(folder: &Path, report: &mut Report) {
    let free = match rustix::fs::statvfs(folder) {
        Ok(stat) => stat.f_bavail.saturating_mul(stat.f_frsize),
        Err(error) => {
            report.note(format!("How much room {} has can't be told: {error}", folder.display()), "Look with df.");
            return;
        }
    };
    let said = format!("{:.1} GiB are free in {}", free as f64 / GIB as f64, folder.display());
    if free >= DISK_BYTES {
        report.good(said);
    } else if free >= MIN_DISK_BYTES {
        report.note(said, "A class wants 10 GiB. `docker system df` shows what could go.");
    } else {
        report.bad(said, "Free some room: `docker system df` shows what could go.");
    }
}

/// The folder, or the nearest one above that is there already.
fn nearest(folder: &Path) -> PathBuf {
    let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    absolute.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("/")).to_owned()
}
