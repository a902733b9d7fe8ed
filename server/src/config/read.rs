//! From what was written to what it means.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use gateway::{Egress, SandboxLimits};
use ipnet::{IpNet, Ipv4Net};

use super::{
    Config, LogConfig, Places, PublicUrl, WebConfig,
    error::{ConfigError, Mistake},
    fits_sockets,
    raw::Raw,
};
use crate::{
    database::{Kind, is_postgres, without_password},
    sandboxes::WorkstationLimits,
    throwaway::is_throwaway,
};

const MIB: i64 = 1024 * 1024;
/// Sandboxes on one engine at the most: each has a bridge of its own, and Linux takes 1023 of them.
const MAX_SANDBOXES: u32 = 500;
/// Characters of a runtime's name.
const MAX_RUNTIME: usize = 64;
/// A week.
const MAX_IDLE_MINUTES: u32 = 7 * 24 * 60;
/// MiB of memory or disk; a TiB.
const MAX_MIB: u32 = 1024 * 1024;
/// The engine itself refuses a container with less.
const MIN_MEMORY_MIB: u32 = 6;
/// Networks have 64 addresses each.
const MAX_POOL_PREFIX: u8 = 26;

pub(super) fn config(raw: Raw) -> Result<Config, ConfigError> {
    let mut reader = Reader { raw };
    let data_dir: PathBuf = reader.read("data_dir", folder).unwrap_or_default();
    let default_database = sqlite_url(&data_dir.join("lunchbox.db").to_string_lossy());
    let docker_host = reader.raw.docker_host.clone().filter(|host| host.starts_with("unix://"));
    let config = Config {
        web: WebConfig {
            listen: reader.read("listen", address).unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 0))),
            site_root: reader.read("site_root", folder).unwrap_or_default(),
            public_url: reader.optional("public_url", public_url),
            preview_domain: reader.optional("preview_domain", domain),
            trusted_proxies: reader.optional("trusted_proxies", networks).unwrap_or_default(),
        },
        database_url: reader.optional("database_url", database_url).unwrap_or(default_database),
        data_dir,
        instance: reader.optional("instance", instance),
        run_dir: reader.optional("run_dir", run_dir),
        engine_socket: reader
            .optional("docker_host", socket)
            .or_else(|| socket(&docker_host?).ok())
            .unwrap_or_else(|| PathBuf::from("/var/run/docker.sock")),
        registry: reader.read("registry", registry).unwrap_or_default(),
        lessons_dir: reader.read("lessons_dir", folder).unwrap_or_default(),
        dev: reader.read("dev", switch).unwrap_or_default(),
        log: LogConfig {
            json: reader.read("log_format", log_format).unwrap_or_default(),
            filter: reader.read("log_level", log_filter).unwrap_or_default(),
        },
        sandboxes: Places {
            warm: reader.number("warm_sandboxes", 0, MAX_SANDBOXES),
            max: reader.number("max_sandboxes", 1, MAX_SANDBOXES),
            idle_limit: Duration::from_secs(u64::from(reader.number("idle_minutes", 1, MAX_IDLE_MINUTES)) * 60),
            workstation_image: reader.read("workstation_image", image).unwrap_or_default(),
            workstation: WorkstationLimits {
                memory_bytes: reader.mib("workstation_memory_mb", MIN_MEMORY_MIB),
                disk_bytes: Some(reader.mib("workstation_disk_mb", 0)).filter(|bytes| *bytes > 0),
                ..WorkstationLimits::default()
            },
        },
        address_pool: reader.read("address_pool", pool).unwrap_or_default(),
        chosen_networks: reader.read("chosen_networks", ranges).unwrap_or_default(),
        egress: reader.read("egress", egress).unwrap_or(Egress::Off),
        runtime: reader.optional("runtime", runtime),
        limits: limits(&mut reader),
    };
    let mut mistakes = reader.raw.mistakes;
    if config.limits.memory_default_bytes > config.limits.memory_max_bytes {
        mistakes.push(Mistake {
            origin: "container_memory_mb".to_owned(),
            message: "it is more than container_memory_max_mb: raise that, or lower this".to_owned(),
        });
    }
    if mistakes.is_empty() { Ok(config) } else { Err(ConfigError { mistakes }) }
}

fn limits(reader: &mut Reader) -> SandboxLimits {
    SandboxLimits {
        containers: reader.number("sandbox_containers", 1, 1000),
        running_containers: reader.number("sandbox_running_containers", 1, 1000),
        networks: reader.number("sandbox_networks", 0, 100),
        volumes: reader.number("sandbox_volumes", 0, 1000),
        own_images: reader.number("sandbox_images", 0, 10_000),
        disk_max_bytes: u64::try_from(reader.mib("sandbox_disk_mb", 1)).unwrap_or_default(),
        memory_default_bytes: reader.mib("container_memory_mb", MIN_MEMORY_MIB),
        memory_max_bytes: reader.mib("container_memory_max_mb", MIN_MEMORY_MIB),
        upload_max_bytes: u64::try_from(reader.mib("upload_max_mb", 1)).unwrap_or_default(),
        ..SandboxLimits::default()
    }
}

struct Reader {
    raw: Raw,
}

impl Reader {
    /// `None` only where there was a mistake; it is noted.
    fn read<T>(&mut self, name: &'static str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let (value, origin) = self.raw.values.get(name)?;
        match parse(value.trim()) {
            Ok(value) => Some(value),
            Err(message) => {
                // A database's URL may have a password in it.
                let value = without_password(value);
                self.raw.mistakes.push(Mistake { origin: origin.to_string(), message: format!("{value:?} {message}") });
                None
            }
        }
    }

    /// As [`Reader::read`], for a setting that need not be set.
    fn optional<T>(&mut self, name: &'static str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        if self.raw.values.get(name)?.0.trim().is_empty() { None } else { self.read(name, parse) }
    }

    fn number(&mut self, name: &'static str, min: u32, max: u32) -> u32 {
        let parse = |text: &str| {
            text.parse()
                .ok()
                .filter(|number| (min..=max).contains(number))
                .ok_or_else(|| format!("is not a whole number from {min} to {max}"))
        };
        self.read(name, parse).unwrap_or_default()
    }

    /// Bytes of a number of MiB.
    fn mib(&mut self, name: &'static str, min: u32) -> i64 {
        i64::from(self.number(name, min, MAX_MIB)) * MIB
    }
}

fn folder(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() { Err("is not a folder".to_owned()) } else { Ok(PathBuf::from(text)) }
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "is not an address with a port, such as 127.0.0.1:3000 or [::1]:3000".to_owned())
}

/// The engine takes a registry without TLS on 127.0.0.0/8 only.
fn registry(text: &str) -> Result<String, String> {
    match text.parse::<SocketAddr>() {
        Ok(address) if matches!(address.ip(), IpAddr::V4(ip) if ip.is_loopback()) => Ok(text.to_owned()),
        Ok(_) | Err(_) => Err("is not a loopback address with a port, such as 127.0.0.1:5055".to_owned()),
    }
}

fn public_url(text: &str) -> Result<PublicUrl, String> {
    let wrong = || "is not a URL of a host without a path, such as https://lunchbox.example.com".to_owned();
    let uri: http::Uri = text.parse().map_err(|_| wrong())?;
    let https = match uri.scheme_str() {
        Some("https") => true,
        Some("http") => false,
        Some(_) | None => return Err(wrong()),
    };
    let authority = uri.authority().filter(|authority| !authority.as_str().contains('@')).ok_or_else(wrong)?;
    if uri.path() != "/" || uri.query().is_some() {
        return Err(wrong());
    }
    // A browser leaves its scheme's own port out.
    let own_port = if https { ":443" } else { ":80" };
    let host = authority.as_str().to_ascii_lowercase();
    Ok(PublicUrl { https, host: host.strip_suffix(own_port).unwrap_or(&host).to_owned() })
}

fn domain(text: &str) -> Result<String, String> {
    let (name, port) = text.rsplit_once(':').map_or((text, None), |(name, port)| (name, Some(port)));
    let label = |label: &str| !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let port_is_one = port.is_none_or(|port| port.parse::<u16>().is_ok());
    if name.split('.').all(label) && port_is_one {
        Ok(text.to_ascii_lowercase())
    } else {
        Err("is not a domain, such as preview.example.com".to_owned())
    }
}

/// Addresses and networks, with commas between.
fn networks(text: &str) -> Result<Vec<IpNet>, String> {
    let network = |text: &str| text.parse().ok().or_else(|| text.parse().ok().map(|address: IpAddr| IpNet::from(address)));
    text.split(',')
        .map(|one| network(one.trim()).ok_or_else(|| "is not a list of addresses or networks, such as 127.0.0.1, 10.0.0.0/8".to_owned()))
        .collect()
}

fn database_url(text: &str) -> Result<String, String> {
    match Kind::of(text) {
        Some(Kind::Sqlite) => Ok(text.to_owned()),
        Some(Kind::Postgres) if is_postgres(text) => Ok(text.to_owned()),
        Some(Kind::Postgres) => Err("does not name a PostgreSQL database, as postgres://user:password@host/database does".to_owned()),
        None => {
            Err("is no database that Lunchbox can use: sqlite:///srv/lunchbox.db is, and postgres://user:password@host/database".to_owned())
        }
    }
}

/// A file's URL; what means something in a URL is written as its code.
fn sqlite_url(path: &str) -> String {
    format!("sqlite://{}", path.replace('%', "%25").replace('?', "%3F").replace('#', "%23"))
}

fn instance(text: &str) -> Result<String, String> {
    let fine = (4..=12).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    if is_throwaway(text) {
        return Err("is a name as `lunchbox sandbox` makes them, and its things would be removed: choose another".to_owned());
    }
    if fine { Ok(text.to_owned()) } else { Err("is not a name of 4 to 12 characters from a-z and 0-9".to_owned()) }
}

fn egress(text: &str) -> Result<Egress, String> {
    match text {
        "registry" => Ok(Egress::Registry),
        _ => match switch(text) {
            Ok(is_on) => Ok(if is_on { Egress::On } else { Egress::Off }),
            Err(_) => Err("is none of off, registry and on".to_owned()),
        },
    }
}

/// As engines name them: `runsc`, `io.containerd.runsc.v1`.
fn runtime(text: &str) -> Result<String, String> {
    let fine = text.len() <= MAX_RUNTIME && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    if fine { Ok(text.to_owned()) } else { Err("is not the name of a runtime: letters, digits, `.`, `_` and `-`".to_owned()) }
}

fn run_dir(text: &str) -> Result<PathBuf, String> {
    let folder = std::path::absolute(text).map_err(|error| format!("is not a folder: {error}"))?;
    if fits_sockets(&folder) {
        Ok(folder)
    } else {
        Err("is too long for sockets, whose paths Linux limits to 107 bytes: choose one of at most 77 characters, such as /run/lunchbox"
            .to_owned())
    }
}

fn socket(text: &str) -> Result<PathBuf, String> {
    match text.strip_prefix("unix://") {
        Some(path) if path.starts_with('/') => Ok(PathBuf::from(path)),
        Some(_) | None => Err("is not a unix socket, such as unix:///var/run/docker.sock".to_owned()),
    }
}

fn image(text: &str) -> Result<String, String> {
    if text.is_empty() || text.contains(char::is_whitespace) { Err("is not an image".to_owned()) } else { Ok(text.to_owned()) }
}

fn pool(text: &str) -> Result<Ipv4Net, String> {
    let wrong = "is not a network of at least 64 addresses, such as 10.200.0.0/16";
    let network: Ipv4Net = text.parse().map_err(|_| wrong.to_owned())?;
    if network.prefix_len() <= MAX_POOL_PREFIX { Ok(network.trunc()) } else { Err(wrong.to_owned()) }
}

fn ranges(text: &str) -> Result<Vec<Ipv4Net>, String> {
    if text == "none" {
        return Ok(Vec::new());
    }
    let wrong = |part: &str| format!("has {part:?}, which is not a network such as 172.16.0.0/12 (several with commas between), or `none`");
    text.split(',').map(str::trim).map(|part| part.parse::<Ipv4Net>().map(|network| network.trunc()).map_err(|_| wrong(part))).collect()
}

fn switch(text: &str) -> Result<bool, String> {
    match text {
        "1" | "on" | "true" | "yes" => Ok(true),
        "0" | "off" | "false" | "no" => Ok(false),
        _ => Err("is neither on nor off".to_owned()),
    }
}

fn log_format(text: &str) -> Result<bool, String> {
    match text {
        "json" => Ok(true),
        "text" => Ok(false),
        _ => Err("is neither text nor json".to_owned()),
    }
}

fn log_filter(text: &str) -> Result<String, String> {
    match tracing_subscriber::EnvFilter::builder().parse(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err("is not a level (error, warn, info, debug) or a filter (info,gateway=debug)".to_owned()),
    }
}
