//! Every setting, in one documented place: the table in `config/table.rs`. A setting is taken from
//! its flag, else from `LUNCHBOX_<NAME>`, else from `lunchbox.toml`, else it has its default. All
//! mistakes are reported at once, each with where it was made.

mod error;
mod raw;
mod read;
mod table;
#[cfg(test)]
mod tests;

use std::{
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use gateway::{Egress, GatewayConfig, SandboxLimits};
use ipnet::{IpNet, Ipv4Net};

pub use self::{
    error::{ConfigError, Mistake, Origin},
    raw::Flags,
};
use crate::sandboxes::{SandboxesConfig, WorkstationLimits};

/// Bytes of a unix socket's path on Linux, without the ending zero.
pub const SOCKET_PATH_BYTES: usize = 107;
/// The longest that comes after the run folder: `/<sandbox>/workstation.sock`.
pub const SOCKET_TAIL_BYTES: usize = 1 + gateway::SandboxId::LENGTH + 1 + "workstation.sock".len();
/// The registry's name, as learners see it in a reference.
pub const REGISTRY_ALIAS: &str = "registry.lunchbox";

/// How the server runs.
#[derive(Debug, Clone)]
pub struct Config {
    pub web: WebConfig,
    pub data_dir: PathBuf,
    /// `sqlite:…` or `postgres:…`. It may hold a password: print it by [`crate::database::without_password`] alone.
    pub database_url: String,
    /// As it was set; else it is made at the first start.
    pub instance: Option<String>,
    /// As it was set; else it follows from the instance: [`Config::run_dir`].
    pub run_dir: Option<PathBuf>,
    /// The engine's unix socket.
    pub engine_socket: PathBuf,
    /// `host:port` on loopback.
    pub registry: String,
    pub lessons_dir: PathBuf,
    /// Lessons are read again when they change.
    pub dev: bool,
    pub log: LogConfig,
    pub sandboxes: Places,
    pub address_pool: Ipv4Net,
    pub chosen_networks: Vec<Ipv4Net>,
    pub egress: Egress,
    /// The engine's runtime for all of a sandbox's containers; `None`: its own default.
    pub runtime: Option<String>,
    pub limits: SandboxLimits,
}

/// What faces the browser.
#[derive(Debug, Clone)]
pub struct WebConfig {
    pub listen: SocketAddr,
    /// Holds `pkg/`: wasm, scripts, styles.
    pub site_root: PathBuf,
    pub public_url: Option<PublicUrl>,
    /// Where previews live; see [`SandboxesConfig::preview_domain`].
    pub preview_domain: Option<String>,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
}

/// Where visitors find Lunchbox, as `https://lunchbox.example.com` says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    /// Cookies are for HTTPS only.
    pub https: bool,
    /// `host` or `host:port`, lowercase, as a browser's `Host` header has it.
    pub host: String,
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.https { "https" } else { "http" }, self.host)
    }
}

/// What the log looks like.
#[derive(Debug, Clone)]
pub struct LogConfig {
    pub json: bool,
    /// A filter as of `tracing`: `info`, `debug`, `info,gateway=debug`.
    pub filter: String,
}

/// How many sandboxes there are, and for how long.
#[derive(Debug, Clone)]
pub struct Places {
    pub warm: u32,
    pub max: u32,
    pub idle_limit: Duration,
    pub workstation_image: String,
    pub workstation: WorkstationLimits,
}

impl Config {
    /// Reads flags, the process's environment and `lunchbox.toml`.
    ///
    /// # Errors
    /// All mistakes at once.
    pub fn load(flags: &Flags) -> Result<Self, ConfigError> {
        Self::from_sources(flags, |name| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()), Path::new("."))
    }

    /// As [`Config::load`], with the environment and the folder of `lunchbox.toml` given.
    ///
    /// # Errors
    /// All mistakes at once.
    pub fn from_sources(flags: &Flags, env: impl Fn(&str) -> Option<String>, folder: &Path) -> Result<Self, ConfigError> {
        read::config(raw::Raw::gather(flags, env, folder))
    }

    /// The folder of the sandboxes' sockets: absolute, short, and no other instance's.
    pub fn run_dir(&self, instance: &str) -> PathBuf {
        let folder = match &self.run_dir {
            Some(folder) => folder.clone(),
            None => default_run_dir().join(instance),
        };
        std::path::absolute(&folder).unwrap_or(folder)
    }

    /// What the gateway is told.
    pub fn gateway(&self, instance: &str) -> GatewayConfig {
        GatewayConfig {
            instance: instance.to_owned(),
            engine_socket: self.engine_socket.clone(),
            run_dir: self.run_dir(instance),
            registry: self.registry.clone(),
            registry_alias: REGISTRY_ALIAS.to_owned(),
            address_pool: self.address_pool,
            chosen_networks: self.chosen_networks.clone(),
            egress: self.egress,
            runtime: self.runtime.clone(),
            limits: self.limits.clone(),
        }
    }

    /// What the sandboxes are told.
    pub fn sandboxes(&self, instance: &str) -> SandboxesConfig {
        SandboxesConfig {
            instance: instance.to_owned(),
            run_dir: self.run_dir(instance),
            workstation_image: self.sandboxes.workstation_image.clone(),
            idle_limit: self.sandboxes.idle_limit,
            warm: self.sandboxes.warm.min(self.sandboxes.max),
            max: self.sandboxes.max,
            workstation: self.sandboxes.workstation.clone(),
            runtime: self.runtime.clone(),
            registry_alias: (self.egress != Egress::Off).then(|| REGISTRY_ALIAS.to_owned()),
            preview_domain: self.web.preview_domain.clone(),
        }
    }
}

/// Whether sockets below that folder have paths that the kernel takes.
pub fn fits_sockets(run_dir: &Path) -> bool {
    run_dir.as_os_str().len() + SOCKET_TAIL_BYTES <= SOCKET_PATH_BYTES
}

/// Root has a place for sockets; everybody else where their session has one, or below the project.
fn default_run_dir() -> PathBuf {
    if rustix::process::geteuid().is_root() {
        return PathBuf::from("/run/lunchbox");
    }
    match std::env::var_os("XDG_RUNTIME_DIR").filter(|folder| !folder.is_empty()) {
        Some(folder) => PathBuf::from(folder).join("lunchbox"),
        None => PathBuf::from(".lunchbox/run"),
    }
}
