//! Our own calls to the Docker Engine, by bollard: workstations and home volumes, and what doctor
//! and readiness want to know. Learners' calls go through the gateway, never through here.

mod probe;
mod workstation;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use bollard::{
    ClientVersion, Docker,
    query_parameters::{ListContainersOptions, ListNetworksOptions, ListVolumesOptions},
};

pub use probe::{Probed, Reach};
pub use workstation::{Found, Running, WorkstationLimits, WorkstationSpec};

/// Seconds until a call that the engine doesn't answer is given up. Removing a container of a busy
/// engine can take many.
const CALL_SECONDS: u64 = 60;
/// The API that we speak: Engine 26's.
const API: ClientVersion = ClientVersion { major_version: 1, minor_version: 45 };

const LABEL_INSTANCE: &str = "io.lunchbox.instance";
const LABEL_SANDBOX: &str = "io.lunchbox.sandbox";

/// Why the engine did not do what the server asked.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// Nobody listens, or it isn't an engine. `socket` is what the setting `docker_host` says, or what
    /// is taken where it isn't set.
    #[error("no Docker Engine answers at unix://{}: start it, or set docker_host to where it listens ({reason})", socket.display())]
    Unreachable { socket: PathBuf, reason: String },
    /// `message` is the engine's own.
    #[error("the Docker Engine refused ({status}): {message}")]
    Refused { status: u16, message: String },
    #[error("the Docker Engine did not answer in {CALL_SECONDS} seconds")]
    Timeout,
}

/// What the engine says of itself.
#[derive(Debug, Clone)]
pub struct EngineInfo {
    /// `26.1.5`.
    pub version: String,
    /// `1.45`.
    pub api_version: String,
    /// `overlay2`.
    pub storage_driver: String,
    /// `1` or `2`.
    pub cgroup_version: String,
    pub cpus: u32,
    pub memory_bytes: u64,
    /// Whether the storage driver can limit what a container writes (`--storage-opt size`).
    pub disk_limits: bool,
    /// Whether it keeps images in containerd's store, the default of fresh installations since Docker 29.
    pub containerd_images: bool,
    /// Names of its runtimes.
    pub runtimes: Vec<String>,
    /// What the engine itself warns of.
    pub warnings: Vec<String>,
}

/// The engine, through its unix socket. Cheap to clone; connects when it is first asked something.
#[derive(Debug, Clone)]
pub struct Engine {
    socket: Arc<Path>,
    client: Arc<OnceLock<Docker>>,
    /// Set when the storage driver has refused a disk limit: not asked for again.
    no_disk_limit: Arc<OnceLock<()>>,
}

impl Engine {
    /// Prepares the client; does not connect yet.
    ///
    /// # Errors
    /// Where the path can't be written in UTF-8.
    pub fn new(socket: &Path) -> Result<Self, EngineError> {
        if socket.to_str().is_none() {
            return Err(EngineError::Unreachable { socket: socket.to_owned(), reason: "the path is not UTF-8".to_owned() });
        }
        Ok(Self { socket: socket.into(), client: Arc::default(), no_disk_limit: Arc::default() })
    }

    /// Whether the engine answers.
    pub async fn ping(&self) -> Result<(), EngineError> {
        self.client()?.ping().await.map(drop).map_err(|error| self.error(error))
    }

    /// Version, driver, machine.
    pub async fn info(&self) -> Result<EngineInfo, EngineError> {
        let client = self.client()?;
        let (version, info) = tokio::try_join!(client.version(), client.info()).map_err(|error| self.error(error))?;
        let backing = info.driver_status.iter().flatten().find(|pair| pair.first().is_some_and(|name| name == "Backing Filesystem"));
        // Source: what `docker info` prints as `driver-type`.
        let containerd_images =
            info.driver_status.iter().flatten().any(|pair| pair.iter().any(|text| text.starts_with("io.containerd.snapshotter")));
        let storage_driver = info.driver.unwrap_or_default();
        let disk_limits = match storage_driver.as_str() {
            "btrfs" | "zfs" => true,
            // And only where it is mounted with pquota, which the engine does not tell: the first
            // workstation finds out.
            "overlay2" => backing.and_then(|pair| pair.get(1)).is_some_and(|name| name == "xfs") && self.no_disk_limit.get().is_none(),
            _ => false,
        };
        Ok(EngineInfo {
            version: version.version.unwrap_or_default(),
            api_version: version.api_version.unwrap_or_default(),
            storage_driver,
            cgroup_version: info.cgroup_version.map(|version| version.to_string()).unwrap_or_default(),
            cpus: info.ncpu.and_then(|count| u32::try_from(count).ok()).unwrap_or_default(),
            memory_bytes: info.mem_total.and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or_default(),
            disk_limits,
            containerd_images,
            runtimes: info.runtimes.unwrap_or_default().into_keys().collect(),
            warnings: info.warnings.unwrap_or_default(),
        })
    }

    /// ID of an image on the engine, `None` where it has none of that name.
    pub async fn image_id(&self, reference: &str) -> Result<Option<String>, EngineError> {
        let found = self.client()?.inspect_image(reference).await;
        Ok(self.found(found)?.and_then(|image| image.id))
    }

    /// Every Lunchbox instance that has something on the engine, with its sandboxes.
    pub async fn instances(&self) -> Result<BTreeMap<String, BTreeSet<String>>, EngineError> {
        let client = self.client()?;
        let filters = Some(HashMap::from([("label".to_owned(), vec![LABEL_INSTANCE.to_owned(), LABEL_SANDBOX.to_owned()])]));
        let containers = ListContainersOptions { all: true, filters: filters.clone(), ..Default::default() };
        let networks = ListNetworksOptions { filters: filters.clone() };
        let (containers, networks, volumes) = tokio::try_join!(
            client.list_containers(Some(containers)),
            client.list_networks(Some(networks)),
            client.list_volumes(Some(ListVolumesOptions { filters })),
        )
        .map_err(|error| self.error(error))?;
        let containers = containers.into_iter().filter_map(|container| container.labels);
        let networks = networks.into_iter().filter_map(|network| network.labels);
        let volumes = volumes.volumes.into_iter().flatten().map(|volume| volume.labels);
        let mut instances: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for mut labels in containers.chain(networks).chain(volumes) {
            if let (Some(instance), Some(sandbox)) = (labels.remove(LABEL_INSTANCE), labels.remove(LABEL_SANDBOX)) {
                instances.entry(instance).or_default().insert(sandbox);
            }
        }
        Ok(instances)
    }

    /// The client, made at the first call: bollard looks for the socket when it is made, and the
    /// engine may come up after us.
    fn client(&self) -> Result<&Docker, EngineError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let path = self.socket.to_str().unwrap_or_default();
        let client = Docker::connect_with_unix(path, CALL_SECONDS, &API).map_err(|error| self.error(error))?;
        Ok(self.client.get_or_init(|| client))
    }

    /// What isn't there is `None`, not an error.
    fn found<T>(&self, answer: Result<T, bollard::errors::Error>) -> Result<Option<T>, EngineError> {
        match answer.map_err(|error| self.error(error)) {
            Ok(found) => Ok(Some(found)),
            Err(EngineError::Refused { status: 404, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn error(&self, error: bollard::errors::Error) -> EngineError {
        use bollard::errors::Error;
        match error {
            Error::DockerResponseServerError { status_code, message } => EngineError::Refused { status: status_code, message },
            Error::RequestTimeoutError => EngineError::Timeout,
            other => EngineError::Unreachable { socket: self.socket.to_path_buf(), reason: reasons(&other) },
        }
    }
}

/// An error with what caused it: hyper's own says nothing of the socket.
fn reasons(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let deeper = error.to_string();
        if !text.contains(&deeper) {
            text = format!("{text}: {deeper}");
        }
        cause = error.source();
    }
    text
}

/// Filter of a list: what carries all these labels.
fn labelled(labels: &[(&str, &str)]) -> HashMap<String, Vec<String>> {
    HashMap::from([("label".to_owned(), labels.iter().map(|(key, value)| format!("{key}={value}")).collect())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_engine_that_is_not_there_is_named_with_the_setting_that_says_where_it_is() {
        let engine = Engine::new(Path::new("/nowhere/docker.sock")).expect("it is a path");
        let error = engine.ping().await.expect_err("nobody listens").to_string();
        assert!(error.contains("unix:///nowhere/docker.sock") && error.contains("set docker_host"), "{error}");
    }
}
