//! What a container may be: each field of the request allowed, clamped, or refused with a sentence that
//! says why. Nothing here asks the engine or the ledger.
//!
//! The sentences never hold "permission denied", "no such file or directory" or "executable file not
//! found": the docker CLI reads exit codes out of those.

use std::net::IpAddr;

use http::StatusCode;
use serde_json::Value;

use crate::{
    containers::{create::paths, ports},
    images::catalogue::Healthcheck,
    model::container::{CreateRequest, HostConfig, RestartPolicy, Ulimit},
    refusal::Refusal,
    request::json::says_nothing,
    scope::Scope,
};

/// What Docker gives a container, less what it can do without: raw sockets, device nodes, audit records.
pub(crate) const CAPABILITIES: &[&str] =
    &["CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"];
/// Docker's own, less [`CAPABILITIES`].
pub(crate) const DROPPED_CAPABILITIES: &[&str] = &["NET_RAW", "MKNOD", "AUDIT_WRITE"];

/// Bytes of all words together (command, environment, labels).
const MAX_WORDS_BYTES: usize = 256 * 1024;
const MAX_EXPOSED_PORTS: usize = 64;
const MAX_ALIASES: usize = 16;
const MAX_EXTRA_HOSTS: usize = 32;
const MAX_STOP_SECONDS: i64 = crate::limits::MAX_STOP_SECONDS;
/// The kernel kills a learner's process before anything of the host's.
pub(crate) const OOM_SCORE: i64 = 500;
/// Bytes of `/dev/shm`, and of one tmpfs.
pub(crate) const MAX_MEMORY_FILES_BYTES: i64 = 64 * 1024 * 1024;
/// Restarts of `--restart on-failure`.
const MAX_RESTARTS: i64 = 5;
const MAX_OPEN_FILES: i64 = 65_536;
const NANOSECONDS: i64 = 1_000_000_000;
/// Each probe of a health check is a process started outside the container's limits.
const MIN_HEALTH_INTERVAL: i64 = 5 * NANOSECONDS;
const MAX_HEALTH_TIMEOUT: i64 = 30 * NANOSECONDS;
const DEFAULT_HEALTH_INTERVAL: i64 = 30 * NANOSECONDS;
const MAX_HEALTH_RETRIES: i64 = 10;

/// Refuses what can't be had here. What is let through is built into the engine's request elsewhere.
pub(crate) fn check(asked: &CreateRequest) -> Result<(), Refusal> {
    let words = asked.env.iter().chain(asked.cmd.iter().flatten()).chain(asked.entrypoint.iter().flatten()).map(String::len).sum::<usize>()
        + asked.labels.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>();
    if words > MAX_WORDS_BYTES {
        return Err(Refusal::invalid("lunchbox: command, environment and labels are larger than 256 KiB together"));
    }
    check_labels(asked.labels.keys())?;
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
        return Err(Refusal::forbidden("choosing a MAC address", "the host gives each container its own. Leave --mac-address out."));
    }
    paths::check_working_dir(&asked.working_dir)?;
    if !asked.stop_signal.is_empty() {
        check_signal(&asked.stop_signal)?;
    }
    for endpoint in asked.networking_config.endpoints_config.values() {
        let addressed = endpoint.ipam_config.values().any(|value| !says_nothing(Some(value)));
        if addressed || !endpoint.driver_opts.is_empty() {
            return Err(Refusal::forbidden(
                "choosing addresses or driver options of a network",
                "this classroom gives each container its address. Use --network-alias for another name.",
            ));
        }
        if !endpoint.links.is_empty() {
            return Err(links());
        }
        if endpoint.aliases.len() > MAX_ALIASES || !endpoint.aliases.iter().all(|alias| is_host_name(alias)) {
            return Err(Refusal::invalid("lunchbox: network aliases are letters, digits and dashes; at most 16 of them"));
        }
    }
    check_host(&asked.host_config)
}

fn links() -> Refusal {
    Refusal::forbidden(
        "--link",
        "it is Docker's old way. Make a network (`docker network create app`), start both containers with --network app, and each finds the other by its name.",
    )
}

/// Labels of the classroom's own can't be set.
pub(crate) fn check_labels<'a>(mut keys: impl Iterator<Item = &'a String>) -> Result<(), Refusal> {
    match keys.find(|key| Scope::is_our_label(key)) {
        None => Ok(()),
        Some(key) => Err(Refusal::invalid(format!(
            "lunchbox: the label {key} can't be set: labels that begin with io.lunchbox. are the classroom's own"
        ))),
    }
}

/// The part that `docker update` can ask for again.
pub(crate) fn check_host(host: &HostConfig) -> Result<(), Refusal> {
    if host.privileged {
        return Err(Refusal::forbidden("privileged mode", "it would give root on the shared host."));
    }
    check_namespaces(host)?;
    if let Some(name) = host.cap_add.iter().flatten().map(|name| capability(name)).find(|name| !CAPABILITIES.contains(&name.as_str())) {
        return Err(Refusal::forbidden(
            &format!("the capability {name}"),
            "containers keep the standard set, so that nobody reaches the shared host. Leave --cap-add out.",
        ));
    }
    if let Some(option) = host.security_opt.iter().flatten().find(|option| !is_no_new_privileges(option)) {
        return Err(Refusal::forbidden(
            &format!("the security option {option}"),
            "the profiles that keep learners apart are fixed. Leave --security-opt out.",
        ));
    }
    if host.masked_paths.is_some() || host.readonly_paths.is_some() {
        return Err(Refusal::forbidden("uncovering /proc and /sys", "they show the shared host."));
    }
    for (flag, value, why) in tuning(host) {
        if !says_nothing(Some(value)) {
            return Err(Refusal::forbidden(flag, why));
        }
    }
    if !matches!(host.volume_driver.as_str(), "" | "local") {
        return Err(Refusal::forbidden("--volume-driver", "volumes of the driver local are all there is. Leave it out."));
    }
    if !matches!(host.log_config.kind.as_str(), "" | "json-file" | "local" | "none") {
        return Err(Refusal::forbidden(
            &format!("the log driver {}", host.log_config.kind),
            "it would send from the shared host. Leave --log-driver out: `docker logs` works as usual.",
        ));
    }
    if !host.container_id_file.is_empty() {
        return Err(Refusal::invalid("lunchbox: ContainerIDFile is the client's own business"));
    }
    if host.oom_kill_disable == Some(true) || host.oom_score_adj < 0 {
        return Err(Refusal::forbidden(
            "protection from the out-of-memory killer",
            "the shared host would run out of memory in its place.",
        ));
    }
    if !matches!(host.restart_policy.name.as_str(), "" | "no" | "always" | "unless-stopped" | "on-failure") {
        return Err(Refusal::invalid(format!(
            "invalid restart policy: unknown policy '{}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'",
            host.restart_policy.name
        )));
    }
    if host.auto_remove && !matches!(host.restart_policy.name.as_str(), "" | "no") {
        return Err(Refusal::invalid("can't create 'AutoRemove' container with restart policy"));
    }
    if host.nano_cpus > 0 && (host.cpu_quota > 0 || host.cpu_period > 0) {
        return Err(Refusal::invalid("Conflicting options: Nano CPUs and CPU Period cannot both be set"));
    }
    if host.links.as_ref().is_some_and(|links| !links.is_empty()) {
        return Err(links());
    }
    if let Some(group) = host.group_add.iter().flatten().find(|group| !is_group_name(group)) {
        return Err(Refusal::forbidden(
            &format!("joining the group {group}"),
            "numbers are groups of the shared host. Give --group-add a name: letters, digits, `_`, `.` and `-`.",
        ));
    }
    for limit in host.ulimits.iter().flatten() {
        ulimit(limit)?;
    }
    check_names(host)
}

/// Flags that tune the shared host, their values, and why they are off.
fn tuning(host: &HostConfig) -> [(&'static str, &Value, &'static str); 25] {
    const DEVICES: &str = "devices belong to the shared host.";
    const TUNES: &str = "it tunes the shared host. Leave it out.";
    [
        ("--device", &host.devices, DEVICES),
        ("--device-cgroup-rule", &host.device_cgroup_rules, DEVICES),
        ("--gpus", &host.device_requests, DEVICES),
        ("--sysctl", &host.sysctls, TUNES),
        ("--runtime", &host.runtime, TUNES),
        ("--isolation", &host.isolation, TUNES),
        ("--cgroup-parent", &host.cgroup_parent, TUNES),
        ("--annotation", &host.annotations, TUNES),
        ("--storage-opt", &host.storage_opt, TUNES),
        ("--cpuset-cpus", &host.cpuset_cpus, TUNES),
        ("--cpuset-mems", &host.cpuset_mems, TUNES),
        ("--cpu-rt-period", &host.cpu_realtime_period, TUNES),
        ("--cpu-rt-runtime", &host.cpu_realtime_runtime, TUNES),
        ("--cpu-count", &host.cpu_count, TUNES),
        ("--cpu-percent", &host.cpu_percent, TUNES),
        ("--io-maxiops", &host.io_maximum_iops, TUNES),
        ("--io-maxbandwidth", &host.io_maximum_bandwidth, TUNES),
        ("--blkio-weight", &host.blkio_weight, TUNES),
        ("--blkio-weight-device", &host.blkio_weight_device, TUNES),
        ("--device-read-bps", &host.blkio_device_read_bps, TUNES),
        ("--device-write-bps", &host.blkio_device_write_bps, TUNES),
        ("--device-read-iops", &host.blkio_device_read_iops, TUNES),
        ("--device-write-iops", &host.blkio_device_write_iops, TUNES),
        ("--kernel-memory", &host.kernel_memory, TUNES),
        ("KernelMemoryTCP", &host.kernel_memory_tcp, TUNES),
    ]
}

fn check_namespaces(host: &HostConfig) -> Result<(), Refusal> {
    // `container:` is looked up where the engine's request is built; the network mode too.
    let joins = |value: &str| value.starts_with("container:");
    for (what, value, allowed) in [
        ("PID", host.pid_mode.as_str(), host.pid_mode.is_empty() || joins(&host.pid_mode)),
        ("IPC", host.ipc_mode.as_str(), matches!(host.ipc_mode.as_str(), "" | "private" | "none" | "shareable") || joins(&host.ipc_mode)),
        ("UTS", host.uts_mode.as_str(), host.uts_mode.is_empty()),
        ("user", host.userns_mode.as_str(), host.userns_mode.is_empty()),
        ("cgroup", host.cgroupns_mode.as_str(), matches!(host.cgroupns_mode.as_str(), "" | "private")),
        ("cgroup", host.cgroup.as_str(), host.cgroup.is_empty()),
    ] {
        if !allowed {
            return Err(if value == "host" {
                Refusal::forbidden(&format!("sharing the host's {what} namespace"), "other learners live there.")
            } else {
                Refusal::forbidden(&format!("the {what} namespace {value}"), "each container has its own.")
            });
        }
    }
    Ok(())
}

fn check_names(host: &HostConfig) -> Result<(), Refusal> {
    for server in host.dns.iter().flatten() {
        let address: IpAddr = server.parse().map_err(|_| Refusal::invalid(format!("invalid IP address: {server}")))?;
        if !is_public(address) {
            return Err(Refusal::forbidden(
                &format!("the name server {server}"),
                "only public ones can be asked. Leave --dns out: names work as usual.",
            ));
        }
    }
    let domain = |text: &String| text == "." || (text.len() <= 253 && text.trim_end_matches('.').split('.').all(is_host_name));
    if let Some(search) = host.dns_search.iter().flatten().find(|text| !domain(text)) {
        return Err(Refusal::invalid(format!("{search} is not a valid domain")));
    }
    let option = |text: &String| text.len() <= 32 && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b':' | b'-' | b'_'));
    if let Some(bad) = host.dns_options.iter().flatten().find(|text| !option(text)) {
        return Err(Refusal::invalid(format!("lunchbox: the DNS option {bad:?} is not understood")));
    }
    if host.extra_hosts.iter().flatten().count() > MAX_EXTRA_HOSTS {
        return Err(Refusal::invalid("lunchbox: at most 32 --add-host"));
    }
    for entry in host.extra_hosts.iter().flatten() {
        let (name, address) = entry.split_once(':').ok_or_else(|| Refusal::invalid(format!("bad format for add-host: {entry:?}")))?;
        if address == "host-gateway" {
            return Err(Refusal::forbidden("host-gateway", "it is the shared host's address."));
        }
        let address = address.trim_start_matches('[').trim_end_matches(']');
        if !name.split('.').all(is_host_name) || address.parse::<IpAddr>().is_err() {
            return Err(Refusal::invalid(format!("invalid IP address in add-host: {entry:?}")));
        }
    }
    Ok(())
}

/// Without `CAP_`, in capitals: as the list has it.
pub(crate) fn capability(name: &str) -> String {
    let upper = name.trim().to_ascii_uppercase();
    upper.strip_prefix("CAP_").unwrap_or(&upper).to_owned()
}

/// A name that a capability can have at all: what is dropped is the learner's choice.
pub(crate) fn is_capability_name(name: &str) -> bool {
    (1..=32).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')
}

fn is_no_new_privileges(option: &str) -> bool {
    matches!(option, "no-new-privileges" | "no-new-privileges=true" | "no-new-privileges:true")
}

/// A group by name. What any parser could take for a number is none.
fn is_group_name(group: &str) -> bool {
    group.len() <= 32
        && group.bytes().next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && group.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
}

/// A signal by name or number.
pub(crate) fn check_signal(signal: &str) -> Result<(), Refusal> {
    let plain = signal.len() <= 16 && signal.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-'));
    if plain && !signal.is_empty() { Ok(()) } else { Err(Refusal::invalid(format!("invalid signal: {signal}"))) }
}

/// Seconds between asking a process to end and killing it. Negative is "for ever" to Docker.
pub(crate) fn stop_seconds(asked: i64) -> i64 {
    if asked < 0 { MAX_STOP_SECONDS } else { asked.min(MAX_STOP_SECONDS) }
}

pub(crate) fn restart_policy(asked: &RestartPolicy) -> RestartPolicy {
    let maximum_retry_count = match asked.name.as_str() {
        "on-failure" if asked.maximum_retry_count <= 0 => MAX_RESTARTS,
        "on-failure" => asked.maximum_retry_count.min(MAX_RESTARTS),
        _ => 0,
    };
    RestartPolicy { name: if asked.name.is_empty() { "no".to_owned() } else { asked.name.clone() }, maximum_retry_count }
}

/// The limit as the engine is asked for it; `None` where the container's process limit stands for it.
pub(crate) fn ulimit(asked: &Ulimit) -> Result<Option<Ulimit>, Refusal> {
    let most = match asked.name.as_str() {
        "nofile" => MAX_OPEN_FILES,
        "core" => 0,
        "nproc" => return Ok(None),
        "fsize" | "cpu" | "data" | "stack" | "as" | "locks" | "sigpending" => i64::MAX,
        name => return Err(Refusal::forbidden(&format!("the ulimit {name}"), "it tunes the shared host. Leave it out.")),
    };
    let clamp = |value: i64| if value < 0 { most } else { value.min(most) };
    let clamped = |value: i64| if most == i64::MAX { value } else { clamp(value) };
    Ok(Some(Ulimit { name: asked.name.clone(), soft: clamped(asked.soft), hard: clamped(asked.hard) }))
}

/// The container's own check, filled up from the image's, within limits. Always sent, since the engine
/// would take an image's as it is.
pub(crate) fn healthcheck(asked: Option<&Healthcheck>, of_image: Option<&Healthcheck>) -> Option<Healthcheck> {
    let mut check = match (asked, of_image) {
        (None, None) => return None,
        (Some(asked), None) => asked.clone(),
        (None, Some(image)) => image.clone(),
        (Some(asked), Some(image)) => {
            let or = |asked: i64, image: i64| if asked == 0 { image } else { asked };
            Healthcheck {
                test: asked.test.clone().filter(|test| !test.is_empty()).or_else(|| image.test.clone()),
                interval: or(asked.interval, image.interval),
                timeout: or(asked.timeout, image.timeout),
                start_period: or(asked.start_period, image.start_period),
                start_interval: or(asked.start_interval, image.start_interval),
                retries: or(asked.retries, image.retries),
            }
        }
    };
    if check.test.as_ref().is_some_and(|test| test.first().is_some_and(|word| word == "NONE")) {
        return Some(Healthcheck { test: check.test, ..Healthcheck::default() });
    }
    let at_least = |value: i64, least: i64, default: i64| if value <= 0 { default } else { value.max(least) };
    check.interval = at_least(check.interval, MIN_HEALTH_INTERVAL, DEFAULT_HEALTH_INTERVAL);
    check.start_interval = at_least(check.start_interval, MIN_HEALTH_INTERVAL, MIN_HEALTH_INTERVAL);
    check.timeout = if check.timeout <= 0 { MAX_HEALTH_TIMEOUT } else { check.timeout.clamp(1_000_000, MAX_HEALTH_TIMEOUT) };
    check.start_period = check.start_period.max(0);
    check.retries = check.retries.clamp(0, MAX_HEALTH_RETRIES);
    Some(check)
}

/// Letters, digits, dashes and underscores, at most 63 (RFC 1123, and the underscore that Docker allows).
pub(crate) fn is_host_name(name: &str) -> bool {
    (1..=63).contains(&name.len())
        && name.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

/// Not of a private, local or special range.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            let shared = a == 100 && (64..128).contains(&b);
            !(v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_multicast()
                || v4.is_broadcast()
                || v4.is_unspecified()
                || shared
                || a == 0
                || a >= 240)
        }
        IpAddr::V6(v6) => {
            let first = v6.segments()[0];
            v6.to_ipv4_mapped().is_none() && (first & 0xe000) == 0x2000
        }
    }
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
        assert_eq!(ulimit(&limit("nofile", 1_048_576, -1)).unwrap().unwrap(), limit("nofile", MAX_OPEN_FILES, MAX_OPEN_FILES));
        assert_eq!(ulimit(&limit("core", -1, -1)).unwrap().unwrap(), limit("core", 0, 0));
        assert_eq!(ulimit(&limit("nproc", 1, 1)).unwrap(), None);
        assert!(ulimit(&limit("memlock", 1, 1)).is_err());
    }

    #[test]
    fn a_health_check_of_the_images_is_slowed_down_too() {
        let image = Healthcheck {
            test: Some(vec!["CMD".into(), "true".into()]),
            interval: 1,
            timeout: i64::MAX,
            retries: 9999,
            ..Healthcheck::default()
        };
        let check = healthcheck(None, Some(&image)).unwrap();
        assert_eq!((check.interval, check.timeout, check.retries), (MIN_HEALTH_INTERVAL, MAX_HEALTH_TIMEOUT, MAX_HEALTH_RETRIES));
        let own = Healthcheck { retries: 2, ..Healthcheck::default() };
        let check = healthcheck(Some(&own), Some(&image)).unwrap();
        assert_eq!((check.test, check.retries), (image.test.clone(), 2));
        let none = Healthcheck { test: Some(vec!["NONE".into()]), ..Healthcheck::default() };
        assert_eq!(healthcheck(Some(&none), Some(&image)).unwrap(), none);
        assert_eq!(healthcheck(None, None), None);
    }

    #[test]
    fn only_public_name_servers_are_asked() {
        for text in ["8.8.8.8", "1.1.1.1", "2606:4700::1111"] {
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
        for text in [
            "10.0.0.1",
            "127.0.0.11",
            "169.254.169.254",
            "192.168.1.1",
            "100.64.0.1",
            "0.0.0.0",
            "::1",
            "fd00:ec2::254",
            "fe80::1",
            "::ffff:10.0.0.1",
        ] {
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn capabilities_have_one_spelling() {
        for text in ["NET_RAW", "net_raw", "CAP_NET_RAW", "cap_net_raw"] {
            assert_eq!(capability(text), "NET_RAW");
        }
    }

    #[test]
    fn groups_have_names() {
        for group in ["audio", "_apt", "www-data", "a0"] {
            assert!(is_group_name(group), "{group}");
        }
        for group in ["", "0", "0x0", "00", "+0", "-0", "0b0", "1e3", " 0", "0 ", "٠", "0_0", "a:0"] {
            assert!(!is_group_name(group), "{group}");
        }
    }

    #[test]
    fn a_stop_does_not_wait_for_ever() {
        assert_eq!([stop_seconds(-1), stop_seconds(0), stop_seconds(9999)], [30, 0, 30]);
    }
}
