//! The engine's `HostConfig`: limits and isolation, from what was asked for and what may be.

use crate::{
    containers::create::policy,
    model::{
        container::{CreateRequest, LogConfig},
        container_engine::EngineHostConfig,
    },
    refusal::Refusal,
    serve::Context,
};

/// All but mounts and network.
pub(super) async fn decide(context: &Context, asked: &CreateRequest) -> Result<EngineHostConfig, Refusal> {
    let host = &asked.host_config;
    let limits = &context.shared.config.limits;
    let memory = if host.memory <= 0 { limits.memory_default_bytes } else { host.memory.min(limits.memory_max_bytes) };
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
        log_config: log(&host.log_config),
        restart_policy: policy::restart_policy(&host.restart_policy),
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
        oom_score_adj: host.oom_score_adj.clamp(policy::OOM_SCORE, 1000),
        pid_mode: joined(context, &host.pid_mode, "").await?,
        readonly_rootfs: host.readonly_rootfs,
        security_opt: vec!["no-new-privileges".to_owned()],
        shm_size: if host.shm_size <= 0 { policy::MAX_MEMORY_FILES_BYTES } else { host.shm_size.min(policy::MAX_MEMORY_FILES_BYTES) },
        init: host.init,
        memory,
        memory_reservation: host.memory_reservation.clamp(0, memory),
        // None: what is more than the memory would be swap.
        memory_swap: memory,
        nano_cpus: nano_cpus(asked.host_config.nano_cpus, host.cpu_quota, host.cpu_period, limits.nano_cpus_default, limits.nano_cpus_max),
        cpu_shares: if host.cpu_shares <= 0 { 0 } else { host.cpu_shares.clamp(2, 1024) },
        pids_limit: host.pids_limit.filter(|limit| *limit > 0).unwrap_or(limits.pids_max).min(limits.pids_max),
        ulimits: host.ulimits.iter().flatten().map(policy::ulimit).filter_map(Result::transpose).collect::<Result<_, _>>()?,
        runtime: context.shared.config.runtime.clone(),
        ..EngineHostConfig::default()
    })
}

/// A log that doesn't grow; none where none is wanted.
fn log(asked: &LogConfig) -> LogConfig {
    if asked.kind == "none" {
        return LogConfig { kind: "none".to_owned(), ..LogConfig::default() };
    }
    LogConfig {
        kind: "json-file".to_owned(),
        config: [("max-size", "5m"), ("max-file", "1")].map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
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

/// Billionths of a CPU; a quota a period is one way to ask for them.
pub(crate) fn nano_cpus(asked: i64, quota: i64, period: i64, default: i64, most: i64) -> i64 {
    const DEFAULT_PERIOD_US: i64 = 100_000;
    let asked = if asked <= 0 && quota > 0 {
        let period = if period > 0 { period } else { DEFAULT_PERIOD_US };
        quota.saturating_mul(1_000_000_000) / period
    } else {
        asked
    };
    if asked <= 0 { default.min(most) } else { asked.min(most) }
}
