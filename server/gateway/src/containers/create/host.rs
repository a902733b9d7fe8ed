//! The engine's `HostConfig`: limits and isolation, from what was asked for and what may be.

use crate::{
    config::SandboxLimits,
    containers::create::{
        mounts::parse_size,
        policy::{
            self, Cuts,
            cuts::{bytes, nano_cpus as cpus},
        },
    },
    model::{
        container::{CreateRequest, HostConfig, LogConfig},
        container_engine::EngineHostConfig,
    },
    refusal::Refusal,
    serve::Context,
};

/// Of a log that is kept: the only file, and its size.
const LOG_FILES: i64 = 1;
const LOG_SIZE: &str = "5m";

/// All but mounts and network.
pub(super) async fn decide(context: &Context, asked: &CreateRequest, cuts: &mut Cuts) -> Result<EngineHostConfig, Refusal> {
    let host = &asked.host_config;
    let limits = &context.shared.config.limits;
    let memory = if host.memory <= 0 { limits.memory_default_bytes } else { self::memory(host.memory, limits, cuts) };
    no_swap(host, cuts);
    let list = |list: &Option<Vec<String>>| list.clone().unwrap_or_default();
    let mut cap_drop: Vec<String> = policy::DROPPED_CAPABILITIES.iter().map(|name| (*name).to_owned()).collect();
    for name in host.cap_drop.iter().flatten().map(|name| policy::capability(name)) {
        if !policy::is_capability_name(&name) {
            return Err(Refusal::invalid(format!("invalid CapDrop: unknown capability: \"{name}\"")));
        }
        if !cap_drop.contains(&name) {
            cap_drop.push(name);
        }
    }
    let mut volumes_from = Vec::new();
    for text in host.volumes_from.iter().flatten() {
        let (other, mode) = match text.rsplit_once(':') {
            Some((other, mode @ ("ro" | "rw"))) => (other, Some(mode)),
            _ => (text.as_str(), None),
        };
        let other = context.scope.container(other).await?;
        volumes_from.push(mode.map_or_else(|| other.engine_id().to_owned(), |mode| format!("{}:{mode}", other.engine_id())));
    }
    Ok(EngineHostConfig {
        log_config: log(&host.log_config, cuts),
        restart_policy: policy::restart_policy(&host.restart_policy, cuts),
        auto_remove: host.auto_remove,
        volumes_from,
        console_size: host.console_size,
        cap_add: host.cap_add.iter().flatten().map(|name| policy::capability(name)).collect(),
        cap_drop,
        dns: list(&host.dns),
        dns_options: list(&host.dns_options),
        dns_search: list(&host.dns_search),
        extra_hosts: list(&host.extra_hosts),
        group_add: list(&host.group_add),
        ipc_mode: joined(context, &host.ipc_mode, "private").await?,
        cgroupns_mode: "private".to_owned(),
        oom_score_adj: policy::oom_score(host.oom_score_adj, cuts),
        pid_mode: joined(context, &host.pid_mode, "").await?,
        readonly_rootfs: host.readonly_rootfs,
        security_opt: vec!["no-new-privileges".to_owned()],
        shm_size: if host.shm_size <= 0 {
            policy::MAX_MEMORY_FILES_BYTES
        } else {
            cuts.at_most("--shm-size", host.shm_size, policy::MAX_MEMORY_FILES_BYTES, bytes)
        },
        init: host.init,
        memory,
        memory_reservation: cuts.at_most("--memory-reservation", host.memory_reservation.max(0), memory, bytes),
        // None: what is more than the memory would be swap.
        memory_swap: memory,
        nano_cpus: nano_cpus(host, limits, cuts).unwrap_or(limits.nano_cpus_default.min(limits.nano_cpus_max)),
        cpu_shares: cpu_shares(host.cpu_shares, cuts),
        pids_limit: pids_limit(host.pids_limit.unwrap_or_default(), limits, cuts),
        ulimits: host
            .ulimits
            .iter()
            .flatten()
            .map(|limit| policy::ulimit(limit, cuts))
            .filter_map(Result::transpose)
            .collect::<Result<_, _>>()?,
        runtime: context.shared.config.runtime.clone(),
        ..EngineHostConfig::default()
    })
}

/// Bytes of memory, where some are asked for.
pub(crate) fn memory(asked: i64, limits: &SandboxLimits, cuts: &mut Cuts) -> i64 {
    cuts.at_most("--memory", asked, limits.memory_max_bytes, bytes)
}

/// What is more than the memory would be swap, and there is none.
pub(crate) fn no_swap(asked: &HostConfig, cuts: &mut Cuts) {
    if asked.memory_swap < 0 || asked.memory_swap > asked.memory {
        cuts.say("no swap, though --memory-swap asks for some: it would slow down the machine that the whole class shares.".to_owned());
    }
}

pub(crate) fn cpu_shares(asked: i64, cuts: &mut Cuts) -> i64 {
    const LEAST: i64 = 2;
    const MOST: i64 = 1024;
    if asked <= 0 { 0 } else { cuts.at_most("--cpu-shares", asked, MOST, |shares| shares.to_string()).max(LEAST) }
}

/// 0 is what clients send for those who ask for nothing, and less is "no limit" to Docker.
pub(crate) fn pids_limit(asked: i64, limits: &SandboxLimits, cuts: &mut Cuts) -> i64 {
    if asked == 0 {
        return limits.pids_max;
    }
    cuts.at_most_or_unlimited("--pids-limit", asked, limits.pids_max, |processes| processes.to_string())
}

/// A log that doesn't grow; none where none is wanted.
fn log(asked: &LogConfig, cuts: &mut Cuts) -> LogConfig {
    if asked.kind == "none" {
        return LogConfig { kind: "none".to_owned(), ..LogConfig::default() };
    }
    let most = parse_size(LOG_SIZE).unwrap_or_default();
    if let Some(size) = asked.config.get("max-size").and_then(|size| parse_size(size)) {
        cuts.at_most("--log-opt", size, most, |size| format!("max-size={}", bytes(size)));
    }
    if let Some(files) = asked.config.get("max-file").and_then(|files| files.parse().ok()) {
        cuts.at_most("--log-opt", files, LOG_FILES, |files| format!("max-file={files}"));
    }
    LogConfig {
        kind: "json-file".to_owned(),
        config: [("max-size".to_owned(), LOG_SIZE.to_owned()), ("max-file".to_owned(), LOG_FILES.to_string())].into(),
    }
}

/// `container:<own>` with the full ID; else the value, or the default where it is empty.
async fn joined(context: &Context, value: &str, default: &str) -> Result<String, Refusal> {
    match value.strip_prefix("container:") {
        Some(other) => Ok(format!("container:{}", context.scope.container(other).await?.engine_id())),
        None if value.is_empty() => Ok(default.to_owned()),
        None => Ok(value.to_owned()),
    }
}

/// Billionths of a CPU, where some are asked for; a quota a period is one way to do so.
pub(crate) fn nano_cpus(asked: &HostConfig, limits: &SandboxLimits, cuts: &mut Cuts) -> Option<i64> {
    const DEFAULT_PERIOD_US: i64 = 100_000;
    let nano_cpus = if asked.nano_cpus <= 0 && asked.cpu_quota > 0 {
        let period = if asked.cpu_period > 0 { asked.cpu_period } else { DEFAULT_PERIOD_US };
        asked.cpu_quota.saturating_mul(1_000_000_000) / period
    } else {
        asked.nano_cpus
    };
    (nano_cpus > 0).then(|| cuts.at_most("--cpus", nano_cpus, limits.nano_cpus_max, cpus))
}
