//! Workstation containers and home volumes on the engine.

use std::{collections::HashMap, path::PathBuf};

use bollard::{
    models::{
        ContainerCreateBody, EndpointSettings, HostConfig, HostConfigCgroupnsModeEnum, HostConfigLogConfig, Mount, MountType,
        MountVolumeOptions, NetworkingConfig, RestartPolicy, RestartPolicyNameEnum,
    },
    query_parameters::{
        CreateContainerOptions, InspectContainerOptions, ListContainersOptions, ListVolumesOptions, RemoveContainerOptions,
        RemoveVolumeOptions, StartContainerOptions,
    },
};

use super::{Engine, EngineError, LABEL_INSTANCE, LABEL_SANDBOX, labelled};

const LABEL_ROLE: &str = "io.lunchbox.role";

/// What the shell says the machine is called.
const HOSTNAME: &str = "lunchbox";
/// Where the sandbox's sockets are, in a workstation.
const SOCKETS_TARGET: &str = "/run/lunchbox";
const HOME_TARGET: &str = "/root";
/// What root in a workstation may do: own files, run services on low ports, change users. No mounts,
/// no devices, no network set-up, no tracing.
const CAPABILITIES: [&str; 10] =
    ["CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP", "NET_BIND_SERVICE", "SYS_CHROOT"];
/// Bytes of /dev/shm: enough for a program that wants some, and its memory counts as the container's.
const SHM_BYTES: i64 = 16 * 1024 * 1024;

/// What one workstation container may use.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkstationLimits {
    pub memory_bytes: i64,
    /// Billionths of a CPU.
    pub nano_cpus: i64,
    /// Processes and threads.
    pub pids: i64,
    /// Bytes of its writable layer, where the storage driver can limit it ([`super::EngineInfo::disk_limits`]).
    pub disk_bytes: Option<i64>,
}

impl Default for WorkstationLimits {
    fn default() -> Self {
        const MIB: i64 = 1024 * 1024;
        Self { memory_bytes: 192 * MIB, nano_cpus: 1_000_000_000, pids: 256, disk_bytes: Some(1024 * MIB) }
    }
}

/// A workstation to be made.
#[derive(Debug, Clone)]
pub struct WorkstationSpec {
    /// Engine name.
    pub name: String,
    pub image: String,
    /// On the host; holds the sandbox's sockets.
    pub socket_dir: PathBuf,
    /// The sandbox's own network, by engine name.
    pub network: String,
    /// The volume of `/root`, by engine name; made where it isn't there.
    pub home: String,
    /// Of the sandbox; the role is added.
    pub labels: Vec<(String, String)>,
    pub limits: WorkstationLimits,
    /// As the engine knows it; `None`: its default.
    pub runtime: Option<String>,
    /// Another name that it has on the network.
    pub alias: Option<String>,
}

/// How a container stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Running {
    Yes,
    No,
}

/// A thing of ours on the engine.
#[derive(Debug, Clone)]
pub struct Found {
    pub name: String,
    /// Its sandbox label.
    pub sandbox: String,
    /// Of a container: from which image it was made.
    pub image_id: String,
    pub running: Running,
}

impl Engine {
    /// Makes the container, and the home volume where it isn't there.
    pub async fn create_workstation(&self, spec: &WorkstationSpec) -> Result<(), EngineError> {
        let client = self.client()?;
        let name = || Some(CreateContainerOptions { name: Some(spec.name.clone()), ..Default::default() });
        let disk_limit = spec.limits.disk_bytes.filter(|_| self.no_disk_limit.get().is_none());
        let made = client.create_container(name(), body(spec, disk_limit)).await.map_err(|error| self.error(error));
        match made {
            // Which drivers can is known to the engine alone; most can't.
            Err(EngineError::Refused { message, .. }) if disk_limit.is_some() && is_about_disk_limit(&message) => {
                tracing::warn!(reason = message, "The storage driver can't limit the disk of a workstation; going on without a limit.");
                let _ = self.no_disk_limit.set(());
                client.create_container(name(), body(spec, None)).await.map(drop).map_err(|error| self.error(error))
            }
            made => made.map(drop),
        }
    }

    /// Starts a container; that it runs already is success.
    pub async fn start_container(&self, name: &str) -> Result<(), EngineError> {
        self.client()?.start_container(name, None::<StartContainerOptions>).await.map_err(|error| self.error(error))
    }

    /// `None` where there is no container of that name.
    pub async fn container_state(&self, name: &str) -> Result<Option<Running>, EngineError> {
        let found = self.client()?.inspect_container(name, None::<InspectContainerOptions>).await;
        Ok(self.found(found)?.map(|container| {
            let running = container.state.and_then(|state| state.running).unwrap_or_default();
            if running { Running::Yes } else { Running::No }
        }))
    }

    /// Kills and removes a container; that there is none is success.
    pub async fn remove_container(&self, name: &str) -> Result<(), EngineError> {
        let options = RemoveContainerOptions { force: true, v: true, link: false };
        let removed = self.client()?.remove_container(name, Some(options)).await;
        match self.found(removed) {
            // Somebody else removes it at this moment.
            Err(EngineError::Refused { status: 409, message }) if message.contains("already in progress") => Ok(()),
            other => other.map(drop),
        }
    }

    /// Removes a volume; that there is none is success.
    pub async fn remove_volume(&self, name: &str) -> Result<(), EngineError> {
        let removed = self.client()?.remove_volume(name, Some(RemoveVolumeOptions { force: true })).await;
        self.found(removed).map(drop)
    }

    /// Every workstation that carries the instance's label.
    pub async fn workstations(&self, instance: &str) -> Result<Vec<Found>, EngineError> {
        let filters = labelled(&[(LABEL_INSTANCE, instance), (LABEL_ROLE, "workstation")]);
        let options = ListContainersOptions { all: true, filters: Some(filters), ..Default::default() };
        let list = self.client()?.list_containers(Some(options)).await.map_err(|error| self.error(error))?;
        Ok(list
            .into_iter()
            .map(|container| Found {
                name: container.names.unwrap_or_default().pop().unwrap_or_default().trim_start_matches('/').to_owned(),
                sandbox: container.labels.unwrap_or_default().remove(LABEL_SANDBOX).unwrap_or_default(),
                image_id: container.image_id.unwrap_or_default(),
                running: match container.state {
                    Some(bollard::models::ContainerSummaryStateEnum::RUNNING) => Running::Yes,
                    _ => Running::No,
                },
            })
            .collect())
    }

    /// Every home volume that carries the instance's label.
    pub async fn homes(&self, instance: &str) -> Result<Vec<Found>, EngineError> {
        let filters = labelled(&[(LABEL_INSTANCE, instance), (LABEL_ROLE, "home")]);
        let options = ListVolumesOptions { filters: Some(filters) };
        let list = self.client()?.list_volumes(Some(options)).await.map_err(|error| self.error(error))?;
        Ok(list
            .volumes
            .unwrap_or_default()
            .into_iter()
            .map(|mut volume| Found {
                name: volume.name,
                sandbox: volume.labels.remove(LABEL_SANDBOX).unwrap_or_default(),
                image_id: String::new(),
                running: Running::No,
            })
            .collect())
    }
}

fn body(spec: &WorkstationSpec, disk_limit: Option<i64>) -> ContainerCreateBody {
    let with_role =
        |role: &str| -> HashMap<String, String> { spec.labels.iter().cloned().chain([(LABEL_ROLE.to_owned(), role.to_owned())]).collect() };
    let mounts = vec![
        Mount {
            typ: Some(MountType::BIND),
            source: Some(spec.socket_dir.display().to_string()),
            target: Some(SOCKETS_TARGET.to_owned()),
            read_only: Some(true),
            ..Default::default()
        },
        // The engine fills an empty volume with what the image has there.
        Mount {
            typ: Some(MountType::VOLUME),
            source: Some(spec.home.clone()),
            target: Some(HOME_TARGET.to_owned()),
            volume_options: Some(MountVolumeOptions { labels: Some(with_role("home")), ..Default::default() }),
            ..Default::default()
        },
    ];
    let host = HostConfig {
        memory: Some(spec.limits.memory_bytes),
        // The same again, so that none of it is swap.
        memory_swap: Some(spec.limits.memory_bytes),
        nano_cpus: Some(spec.limits.nano_cpus),
        pids_limit: Some(spec.limits.pids),
        storage_opt: disk_limit.map(|bytes| HashMap::from([("size".to_owned(), bytes.to_string())])),
        shm_size: Some(SHM_BYTES),
        network_mode: Some(spec.network.clone()),
        runtime: spec.runtime.clone(),
        mounts: Some(mounts),
        privileged: Some(false),
        cap_drop: Some(vec!["ALL".to_owned()]),
        cap_add: Some(CAPABILITIES.map(str::to_owned).to_vec()),
        security_opt: Some(vec!["no-new-privileges".to_owned()]),
        cgroupns_mode: Some(HostConfigCgroupnsModeEnum::PRIVATE),
        ipc_mode: Some("private".to_owned()),
        // Nothing is written to its output, and a learner that does should fill no disk.
        log_config: Some(HostConfigLogConfig { typ: Some("none".to_owned()), config: None }),
        restart_policy: Some(RestartPolicy { name: Some(RestartPolicyNameEnum::NO), maximum_retry_count: None }),
        ..Default::default()
    };
    let endpoint = EndpointSettings { aliases: spec.alias.clone().map(|alias| vec![alias]), ..Default::default() };
    ContainerCreateBody {
        hostname: Some(HOSTNAME.to_owned()),
        networking_config: Some(NetworkingConfig { endpoints_config: Some(HashMap::from([(spec.network.clone(), endpoint)])) }),
        image: Some(spec.image.clone()),
        labels: Some(with_role("workstation")),
        host_config: Some(host),
        ..Default::default()
    }
}

/// The engine's words for it differ from driver to driver.
fn is_about_disk_limit(message: &str) -> bool {
    ["storage-opt", "storage opt", "pquota", "Storage Option"].iter().any(|word| message.contains(word))
}
