//! `docker info`: the sandbox's own counts and limits, and the truth about the engine where a lesson
//! may print it.

use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    body,
    containers::create::policy,
    host::ContainerState,
    host_state,
    model::versions,
    refusal::{Answer, Refusal},
    request::Request,
    serve::Context,
    system::disk,
    upstream::Ask,
};

/// `SystemInfo`, as far as it is shown.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Info {
    driver: String,
    cgroup_driver: String,
    cgroup_version: Option<String>,
    kernel_version: String,
    operating_system: String,
    #[serde(rename = "OSVersion")]
    os_version: String,
    #[serde(rename = "OSType")]
    os_type: String,
    architecture: String,
    server_version: String,
    logging_driver: String,
    security_options: Option<Vec<String>>,
    containerd_commit: Commit,
    runc_commit: Commit,
    init_commit: Commit,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Commit {
    #[serde(rename = "ID")]
    id: String,
}

pub(crate) async fn info(context: &Context, request: Request) -> Answer {
    request.query.finish()?;
    let shared = &context.shared;
    let engine: Info = shared.engine.json(Ask::get(&["info"])).await.map_err(|said| context.engine_said(said))?;
    let state = host_state::read(shared, &context.sandbox).await.map_err(|error| {
        tracing::error!(%error, "the host's state can't be read");
        Refusal::internal()
    })?;
    let count = |wanted: &[ContainerState]| state.containers.iter().filter(|container| wanted.contains(&container.state)).count();
    let running = count(&[ContainerState::Running, ContainerState::Restarting]);
    let paused = count(&[ContainerState::Paused]);
    let limits = &shared.config.limits;
    let warnings = disk::warning(context).await?.map(|warning| vec![warning]);
    let counts = json!({
        "ID": context.scope.sandbox().as_str(),
        "Containers": state.containers.len(),
        "ContainersRunning": running,
        "ContainersPaused": paused,
        "ContainersStopped": state.containers.len() - running - paused,
        "Images": state.images.len(),
        "Driver": engine.driver,
        "DriverStatus": [],
        "Plugins": { "Volume": ["local"], "Network": ["bridge", "host", "null"], "Authorization": null, "Log": ["json-file"] },
        "MemoryLimit": true,
        "SwapLimit": true,
        "CpuCfsPeriod": true,
        "CpuCfsQuota": true,
        "CPUShares": true,
        "CPUSet": false,
        "PidsLimit": true,
        "IPv4Forwarding": true,
        "Debug": false,
        "NFd": 0,
        "OomKillDisable": false,
        "NGoroutines": 0,
        "SystemTime": time::OffsetDateTime::now_utc().format(&time::format_description::well_known::Rfc3339).unwrap_or_default(),
        "LoggingDriver": engine.logging_driver,
    });
    let host = json!({
        "CgroupDriver": engine.cgroup_driver,
        "CgroupVersion": engine.cgroup_version.unwrap_or_else(|| "1".to_owned()),
        "NEventsListener": 0,
        "KernelVersion": engine.kernel_version,
        "OperatingSystem": engine.operating_system,
        "OSVersion": engine.os_version,
        "OSType": engine.os_type,
        "Architecture": engine.architecture,
        "IndexServerAddress": "https://index.docker.io/v1/",
        "RegistryConfig": {
            "IndexConfigs": {
                "docker.io": { "Name": "docker.io", "Mirrors": [], "Secure": true, "Official": true },
                &shared.config.registry_alias: { "Name": &shared.config.registry_alias, "Mirrors": [], "Secure": true, "Official": false },
            },
            "InsecureRegistryCIDRs": [],
            "Mirrors": [],
        },
        "NCPU": policy::cpus(limits.nano_cpus_max),
        "MemTotal": limits.memory_max_bytes * i64::from(limits.running_containers),
        "GenericResources": null,
        "DockerRootDir": "/var/lib/docker",
        "HttpProxy": "",
        "HttpsProxy": "",
        "NoProxy": "",
        "Name": "lunchbox",
        "Labels": [],
        "ExperimentalBuild": false,
        "ServerVersion": engine.server_version,
        "Runtimes": { (policy::DEFAULT_RUNTIME): { "path": "runc" } },
        "DefaultRuntime": policy::DEFAULT_RUNTIME,
        "Swarm": { "NodeID": "", "NodeAddr": "", "LocalNodeState": "inactive", "ControlAvailable": false, "Error": "", "RemoteManagers": null },
        "LiveRestoreEnabled": false,
        "Isolation": "",
        "InitBinary": "docker-init",
        "ContainerdCommit": engine.containerd_commit,
        "RuncCommit": engine.runc_commit,
        "InitCommit": engine.init_commit,
        "SecurityOptions": engine.security_options.unwrap_or_default(),
        "Warnings": warnings,
    });
    // In two parts, since the macro counts its fields.
    let fields = [counts, host]
        .into_iter()
        .filter_map(|part| match part {
            serde_json::Value::Object(map) => Some(map),
            _ => None,
        })
        .flatten();
    let mut shown = serde_json::Value::Object(fields.collect());
    versions::info(&mut shown, request.version);
    Ok(body::json(StatusCode::OK, &shown))
}
