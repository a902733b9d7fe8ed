//! `HostConfig`: what would reach the shared host is refused by its flag's name, with the reason.

use std::net::IpAddr;

use serde_json::Value;

use super::{CAPABILITIES, Cuts, OOM_SCORE, capability, is_capability, is_host_name, limits::check_log_options, ulimit};
use crate::{model::container::HostConfig, refusal::Refusal, request::json::says_nothing};

const MAX_EXTRA_HOSTS: usize = 32;
/// As `docker info` and `docker inspect` show it on every host here; which one it is, the operator decides.
pub(crate) const DEFAULT_RUNTIME: &str = "runc";

/// The part that `docker update` can ask for again.
pub(crate) fn check_host(host: &HostConfig) -> Result<(), Refusal> {
    if host.privileged {
        return Err(Refusal::forbidden("privileged mode", "it would give root on the shared host."));
    }
    check_namespaces(host)?;
    if let Some(name) = host.cap_add.iter().flatten().map(|name| capability(name)).find(|name| !is_capability(name)) {
        return Err(Refusal::invalid(format!("invalid CapAdd: unknown capability: \"CAP_{name}\"")));
    }
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
        // What there is anyway may be asked for by its name.
        let is_default = matches!((flag, value.as_str()), ("--isolation", Some("default")) | ("--runtime", Some(DEFAULT_RUNTIME)));
        if !says_nothing(Some(value)) && !is_default {
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
    check_log_options(&host.log_config)?;
    // Where the client writes the ID, which it does by itself. Shown again, and nothing else.
    if host.container_id_file.len() > crate::limits::MAX_NAME_BYTES {
        return Err(Refusal::invalid("lunchbox: the name of --cidfile's file is too long"));
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
    if let Some(group) = host.group_add.iter().flatten().find(|group| !is_group(group)) {
        return Err(Refusal::forbidden(
            &format!("joining the group {group}"),
            "a group is a plain number up to 2147483647, or a name: letters, digits, `_`, `.` and `-`.",
        ));
    }
    for limit in host.ulimits.iter().flatten() {
        ulimit(limit, &mut Cuts::default())?;
    }
    check_names(host)
}

/// Raised to the least that a container of a learner's has.
pub(crate) fn oom_score(asked: i64, cuts: &mut Cuts) -> i64 {
    if asked != 0 && asked < OOM_SCORE {
        cuts.say(format!(
            "--oom-score-adj {OOM_SCORE} instead of {asked}: on the shared host learners' containers are to end first when memory runs out."
        ));
    }
    asked.clamp(OOM_SCORE, 1000)
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

fn is_no_new_privileges(option: &str) -> bool {
    matches!(option, "no-new-privileges" | "no-new-privileges=true" | "no-new-privileges:true")
}

/// A group by number or name. A number gives what `--user 0:NUMBER` does, and what an image's own list of groups does
/// for a name; it is one that every parser reads alike.
fn is_group(group: &str) -> bool {
    let is_number = group == "0" || group.bytes().all(|b| b.is_ascii_digit()) && !group.starts_with('0') && group.parse::<i32>().is_ok();
    let is_name = group.len() <= 32
        && group.bytes().next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && group.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'));
    is_number || is_name
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

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
    fn groups_have_names_or_plain_numbers() {
        for group in ["audio", "_apt", "www-data", "a0", "0", "10", "2147483647"] {
            assert!(is_group(group), "{group}");
        }
        for group in ["", "0x0", "00", "010", "+0", "-0", "0b0", "1e3", " 0", "0 ", "٠", "0_0", "a:0", "2147483648", "99999999999999999999"]
        {
            assert!(!is_group(group), "{group}");
        }
    }
}
