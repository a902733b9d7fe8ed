//! The engine and the registry: there, new enough, and with the course's images.

use super::report::Report;
use crate::{
    config::Config,
    engine::{Engine, EngineInfo},
    registry::Registry,
};

/// API 1.45: volume subpaths, without which a bind mount of a learner's home would not be safe.
const OLDEST: (u64, u64, u64) = (26, 0, 0);
/// With the fixes of 2026 for copying files out of containers.
const RECOMMENDED: (u64, u64, u64) = (29, 5, 1);
/// What the first lesson works with.
const COURSE_IMAGES: [&str; 7] = ["nginx", "ubuntu", "alpine", "redis", "python", "busybox", "hello-world"];

pub(super) async fn look(config: &Config, report: &mut Report) -> Option<EngineInfo> {
    let socket = config.engine_socket.display();
    let engine = match Engine::new(&config.engine_socket) {
        Ok(engine) => engine,
        Err(error) => {
            report
                .bad(format!("The engine's socket {socket} can't be used: {error}"), "Set docker_host to where the Docker Engine listens.");
            return None;
        }
    };
    let info = match engine.info().await {
        Ok(info) => info,
        Err(error) => {
            report.bad(
                format!("No Docker Engine can be used: {error}"),
                "Start it (on Debian, ./lunchbox setup installs and starts one), add your user to the group docker, or set docker_host.",
            );
            return None;
        }
    };
    version(&info, report);
    report.good(format!("Storage driver {}, cgroup v{}", info.storage_driver, info.cgroup_version));
    if info.containerd_images {
        report.bad(
            "The engine keeps images in containerd's store, with which builds and pulls in sandboxes have not been tried",
            "Put { \"features\": { \"containerd-snapshotter\": false } } into the engine's daemon.json, restart it, and run ./lunchbox setup again.",
        );
    }
    if info.disk_limits {
        report.good("What a learner's container writes can be limited");
    } else {
        report.note(
            format!("The storage driver {} can't limit what a container writes: one learner can fill the disk", info.storage_driver),
            "For classes you don't know, put /var/lib/docker on XFS mounted with pquota (overlay2), or on a disk of its own.",
        );
    }
    if info.cgroup_version == "1" {
        report.note("The machine uses cgroup v1", "Limits hold with it too; newer systems, and their engines, use v2.");
    }
    for warning in &info.warnings {
        report.note(format!("The engine says: {warning}"), "See the engine's manual for what the kernel must be given.");
    }
    match &config.runtime {
        // A runtime by its shim's name is found by the engine when a container starts, and listed nowhere.
        Some(runtime) if info.runtimes.contains(runtime) || runtime.starts_with("io.containerd.") => {
            report.good(format!("Sandboxes' containers run by {runtime}"));
        }
        Some(runtime) => report.bad(
            format!("The engine has no runtime {runtime}"),
            format!("It has {}. Install it and name it in the engine's daemon.json, or unset `runtime`.", info.runtimes.join(", ")),
        ),
        None => {}
    }
    let image = &config.sandboxes.workstation_image;
    match engine.image_id(image).await {
        Ok(Some(_)) => report.good(format!("The workstation's image {image} is there")),
        Ok(None) => report.bad(format!("The workstation's image {image} is not on the engine"), "./lunchbox setup builds it."),
        Err(error) => report.bad(format!("The engine can't be asked for images: {error}"), "See the engine's own log."),
    }
    Some(info)
}

fn version(info: &EngineInfo, report: &mut Report) {
    let version = parse(&info.version);
    let said = format!("Docker Engine {} (API {}) answers", info.version, info.api_version);
    match version {
        Some(version) if version < OLDEST => report.bad(format!("{said}, and is too old"), "Lunchbox needs 26 or newer."),
        Some(version) if version < RECOMMENDED => {
            report.note(said, "It will do; 29.5.1 or newer has fixes for holes that the gateway guards against by itself.");
        }
        Some(_) => report.good(said),
        None => report.note(said, "Its version can't be read. Lunchbox needs 26 or newer."),
    }
}

/// `26.1.5+dfsg1` as three numbers.
fn parse(version: &str) -> Option<(u64, u64, u64)> {
    let mut numbers = version.split(|c: char| !c.is_ascii_digit()).map(|number| number.parse().ok());
    Some((numbers.next()??, numbers.next()??, numbers.next().flatten().unwrap_or(0)))
}

pub(super) async fn registry(config: &Config, report: &mut Report) {
    let images = match Registry::new(&config.registry).list().await {
        Ok(images) => images,
        Err(error) => {
            report.bad(format!("The course registry can't be used: {error}"), "./lunchbox setup starts and fills it.");
            return;
        }
    };
    let has = |name: &str| images.iter().any(|image| image.reference == format!("{name}:latest"));
    let missing: Vec<_> = COURSE_IMAGES.into_iter().filter(|name| !has(name)).collect();
    if missing.is_empty() {
        report.good(format!("The course registry at {} has the course's {} images", config.registry, COURSE_IMAGES.len()));
    } else {
        report.bad(format!("The course registry lacks {}", missing.join(", ")), "./lunchbox setup fills it.");
    }
    let stand_ins: Vec<_> = images.iter().filter(|image| image.stand_in).map(|image| image.reference.trim_end_matches(":latest")).collect();
    if !stand_ins.is_empty() {
        report.note(
            format!("Stand-ins, built from Debian's packages: {}", stand_ins.join(", ")),
            "Where Docker Hub can be reached, LUNCHBOX_FRESH_IMAGES=1 ./lunchbox setup gets the real ones. Learners are told which are stand-ins.",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_and_compared_by_number() {
        assert_eq!(parse("26.1.5+dfsg1"), Some((26, 1, 5)));
        assert_eq!(parse("29.5"), Some((29, 5, 0)));
        assert_eq!(parse("29.10.0-rc.1"), Some((29, 10, 0)));
        assert_eq!(parse("dev"), None);
        assert!(parse("29.10.0") > Some(RECOMMENDED));
        assert!(parse("20.10.24") < Some(OLDEST));
    }
}
