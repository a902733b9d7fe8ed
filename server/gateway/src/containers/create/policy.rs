//! What a container may be: each field of the request allowed, clamped, or refused with a sentence that
//! says why. Nothing here asks the engine or the ledger.
//!
//! The sentences never hold "permission denied", "no such file or directory" or "executable file not
//! found": the docker CLI reads exit codes out of those.

pub(crate) mod cuts;
mod health;
mod host;
mod limits;

pub(crate) use self::{
    cuts::Cuts,
    health::healthcheck,
    host::{DEFAULT_RUNTIME, check_host, oom_score},
    limits::{Limits, check_limits, cpus},
};

use http::StatusCode;
use serde::Serialize;

use crate::{
    containers::{create::paths, ports},
    images::catalogue::ImageConfig,
    model::container::{CreateRequest, RestartPolicy, Ulimit},
    refusal::Refusal,
    scope::Scope,
};

/// What Docker gives a container, less what it can do without: raw sockets, device nodes, audit records.
pub(crate) const CAPABILITIES: &[&str] =
    &["CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"];
/// All that Linux has, less those that Docker gives.
const OTHER_CAPABILITIES: &[&str] = &[
    "AUDIT_CONTROL",
    "AUDIT_READ",
    "BLOCK_SUSPEND",
    "BPF",
    "CHECKPOINT_RESTORE",
    "DAC_READ_SEARCH",
    "IPC_LOCK",
    "IPC_OWNER",
    "LEASE",
    "LINUX_IMMUTABLE",
    "MAC_ADMIN",
    "MAC_OVERRIDE",
    "NET_ADMIN",
    "NET_BROADCAST",
    "PERFMON",
    "SYSLOG",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_MODULE",
    "SYS_NICE",
    "SYS_PACCT",
    "SYS_PTRACE",
    "SYS_RAWIO",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "WAKE_ALARM",
];
/// Docker's own, less [`CAPABILITIES`].
pub(crate) const DROPPED_CAPABILITIES: &[&str] = &["NET_RAW", "MKNOD", "AUDIT_WRITE"];

/// Bytes of the labels of one thing, names and values, as JSON writes them.
const MAX_LABELS_BYTES: usize = 64 * 1024;
/// Bytes of all that is asked for a container, and of what its image adds, as JSON writes them. So the engine has it, and
/// whoever lists a sandbox's containers gets as many times that.
const MAX_CONTAINER_BYTES: usize = 256 * 1024;
const MAX_EXPOSED_PORTS: usize = 64;
const MAX_ALIASES: usize = 16;
const MAX_STOP_SECONDS: i64 = crate::limits::MAX_STOP_SECONDS;
/// The kernel kills a learner's process before anything of the host's.
pub(crate) const OOM_SCORE: i64 = 500;
/// Bytes of `/dev/shm`, and of one tmpfs.
pub(crate) const MAX_MEMORY_FILES_BYTES: i64 = 64 * 1024 * 1024;
/// Restarts of `--restart on-failure`.
const MAX_RESTARTS: i64 = 5;
const MAX_OPEN_FILES: i64 = 65_536;

/// Refuses what can't be had here. What is let through is built into the engine's request elsewhere.
pub(crate) fn check(asked: &CreateRequest) -> Result<(), Refusal> {
    check_labels(&asked.labels)?;
    for (name, value) in [("hostname", &asked.hostname), ("domainname", &asked.domainname)] {
        if !value.is_empty() && !is_host_name(value) {
            return Err(Refusal::invalid(format!("invalid {name}: {value:?}: letters, digits and dashes, at most 63")));
        }
    }
    if asked.exposed_ports.len() > MAX_EXPOSED_PORTS {
        return Err(Refusal::invalid("lunchbox: at most 64 ports can be exposed"));
    }
    for port in asked.exposed_ports.keys() {
        ports::parse_container_port(port)?;
    }
    ports::wanted(&asked.host_config.port_bindings)?;
    if !asked.mac_address.is_empty() || asked.networking_config.endpoints_config.values().any(|endpoint| !endpoint.mac_address.is_empty()) {
        return Err(mac_address());
    }
    paths::check_working_dir(&asked.working_dir)?;
    if !asked.stop_signal.is_empty() {
        check_signal(&asked.stop_signal)?;
    }
    for endpoint in asked.networking_config.endpoints_config.values() {
        if !endpoint.driver_opts.is_empty() {
            return Err(driver_options());
        }
        if endpoint.gw_priority != 0 {
            return Err(gateway_priority());
        }
        if endpoint.aliases.len() > MAX_ALIASES || !endpoint.aliases.iter().all(|alias| is_host_name(alias)) {
            return Err(Refusal::invalid("lunchbox: network aliases are letters, digits and dashes; at most 16 of them"));
        }
    }
    check_host(&asked.host_config)
}

pub(crate) fn driver_options() -> Refusal {
    Refusal::forbidden("choosing driver options of a network", "they reach into the shared host. Leave --driver-opt out.")
}

pub(crate) fn mac_address() -> Refusal {
    Refusal::forbidden("choosing a MAC address", "the host gives each container its own. Leave --mac-address out.")
}

pub(crate) fn gateway_priority() -> Refusal {
    Refusal::forbidden("choosing a gateway's priority", "no network of this host leads further than another. Leave gw-priority out.")
}

/// Bytes of a value as JSON writes it: a control character, one byte here, has six there.
pub(crate) fn json_bytes(value: &impl Serialize) -> usize {
    struct Count(usize);
    impl std::io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 = self.0.saturating_add(bytes.len());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    // What can't be written is too large for anything.
    serde_json::to_writer(&mut count, value).map_or(usize::MAX, |()| count.0)
}

/// What a container will be as large as: the image's command, environment and labels become the container's.
pub(crate) fn check_size(asked: &CreateRequest, image: &ImageConfig) -> Result<(), Refusal> {
    let own = json_bytes(asked);
    if own > MAX_CONTAINER_BYTES {
        return Err(Refusal::invalid("lunchbox: command, environment, labels and options are larger than 256 KiB together"));
    }
    if own.saturating_add(json_bytes(image)) > MAX_CONTAINER_BYTES {
        return Err(Refusal::invalid(
            "lunchbox: command, environment and labels, with those of the image, are larger than 256 KiB together. Build the image with fewer or smaller labels.",
        ));
    }
    Ok(())
}

/// Labels of the classroom's own can't be set.
pub(crate) fn check_labels<'a>(labels: impl IntoIterator<Item = (&'a String, &'a String)> + Clone) -> Result<(), Refusal> {
    if labels.clone().into_iter().map(|(key, value)| json_bytes(key) + json_bytes(value)).sum::<usize>() > MAX_LABELS_BYTES {
        return Err(Refusal::invalid("lunchbox: the labels are larger than 64 KiB together"));
    }
    match labels.into_iter().map(|(key, _)| key).find(|key| Scope::is_our_label(key)) {
        None => Ok(()),
        Some(key) => Err(Refusal::invalid(format!(
            "lunchbox: the label {key} can't be set: labels that begin with io.lunchbox. are the classroom's own"
        ))),
    }
}

/// Without `CAP_`, in capitals: as the list has it.
pub(crate) fn capability(name: &str) -> String {
    let upper = name.trim().to_ascii_uppercase();
    upper.strip_prefix("CAP_").unwrap_or(&upper).to_owned()
}

/// Whether there is such a capability, or it stands for all of them.
fn is_capability(name: &str) -> bool {
    name == "ALL" || [CAPABILITIES, DROPPED_CAPABILITIES, OTHER_CAPABILITIES].iter().any(|known| known.contains(&name))
}

/// A name that a capability can have at all: what is dropped is the learner's choice.
pub(crate) fn is_capability_name(name: &str) -> bool {
    (1..=32).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')
}

/// A signal by name or number.
pub(crate) fn check_signal(signal: &str) -> Result<(), Refusal> {
    let plain = signal.len() <= 16 && signal.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-'));
    if plain && !signal.is_empty() { Ok(()) } else { Err(Refusal::invalid(format!("invalid signal: {signal}"))) }
}

/// Seconds between asking a process to end and killing it. Negative is "for ever" to Docker.
pub(crate) fn stop_seconds(asked: i64, cuts: &mut Cuts) -> i64 {
    cuts.at_most_or_unlimited("--stop-timeout", asked, MAX_STOP_SECONDS, |seconds| seconds.to_string())
}

/// Where a number of restarts is asked for, a cut is told.
pub(crate) fn restart_policy(asked: &RestartPolicy, cuts: &mut Cuts) -> RestartPolicy {
    let shown = |times: i64| format!("on-failure:{times}");
    let maximum_retry_count = match asked.name.as_str() {
        "on-failure" if asked.maximum_retry_count <= 0 => MAX_RESTARTS,
        "on-failure" => cuts.at_most("--restart", asked.maximum_retry_count, MAX_RESTARTS, shown),
        _ => 0,
    };
    RestartPolicy { name: if asked.name.is_empty() { "no".to_owned() } else { asked.name.clone() }, maximum_retry_count }
}

/// The limit as the engine is asked for it; `None` where the container's process limit stands for it.
pub(crate) fn ulimit(asked: &Ulimit, cuts: &mut Cuts) -> Result<Option<Ulimit>, Refusal> {
    let most = match asked.name.as_str() {
        "nofile" => MAX_OPEN_FILES,
        "core" => 0,
        "nproc" => {
            cuts.say("no --ulimit nproc: its processes are counted by --pids-limit on the machine that the whole class shares.".to_owned());
            return Ok(None);
        }
        "fsize" | "cpu" | "data" | "stack" | "as" | "locks" | "sigpending" => i64::MAX,
        name => return Err(Refusal::forbidden(&format!("the ulimit {name}"), "it tunes the shared host. Leave it out.")),
    };
    let clamp = |value: i64| if value < 0 { most } else { value.min(most) };
    let clamped = |value: i64| if most == i64::MAX { value } else { clamp(value) };
    let limit = Ulimit { name: asked.name.clone(), soft: clamped(asked.soft), hard: clamped(asked.hard) };
    if limit != *asked {
        let shown = |limit: &Ulimit| format!("{}={}:{}", limit.name, limit.soft, limit.hard);
        cuts.note("--ulimit", &shown(&limit), &shown(asked));
    }
    Ok(Some(limit))
}

/// Letters, digits, dashes and underscores, at most 63 (RFC 1123, and the underscore that Docker allows).
pub(crate) fn is_host_name(name: &str) -> bool {
    (1..=63).contains(&name.len())
        && name.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

/// 403 for what names a path or thing of the shared host.
pub(crate) fn refused(message: String) -> Refusal {
    Refusal::new(StatusCode::FORBIDDEN, message)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    fn limit(name: &str, soft: i64, hard: i64) -> Ulimit {
        Ulimit { name: name.to_owned(), soft, hard }
    }

    #[test]
    fn ulimits_stay_within() {
        let mut cuts = Cuts::default();
        assert_eq!(ulimit(&limit("nofile", 1_048_576, -1), &mut cuts).unwrap().unwrap(), limit("nofile", MAX_OPEN_FILES, MAX_OPEN_FILES));
        assert_eq!(ulimit(&limit("core", -1, -1), &mut cuts).unwrap().unwrap(), limit("core", 0, 0));
        assert_eq!(ulimit(&limit("nproc", 1, 1), &mut cuts).unwrap(), None);
        assert_eq!(cuts.told().len(), 3);
        let mut cuts = Cuts::default();
        assert_eq!(ulimit(&limit("nofile", 100, 200), &mut cuts).unwrap().unwrap(), limit("nofile", 100, 200));
        assert!(ulimit(&limit("memlock", 1, 1), &mut cuts).is_err());
        assert!(cuts.told().is_empty());
    }

    #[test]
    fn capabilities_have_one_spelling() {
        for text in ["NET_RAW", "net_raw", "CAP_NET_RAW", "cap_net_raw"] {
            assert_eq!(capability(text), "NET_RAW");
        }
    }

    #[test]
    fn a_stop_does_not_wait_for_ever() {
        let mut cuts = Cuts::default();
        assert_eq!([-1, 0, 30, 9999].map(|seconds| stop_seconds(seconds, &mut cuts)), [30, 0, 30, 30]);
        assert_eq!(cuts.told().len(), 2);
    }
}
