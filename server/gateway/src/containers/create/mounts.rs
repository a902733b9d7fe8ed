//! What is mounted into a container: the sandbox's volumes, folders of the learner's home, and memory.
//! A path of the engine's host never is. A folder of the home is a part of the home's volume, which
//! the engine itself opens below the volume's root, so that links in it lead nowhere else.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    admission::{Turn, Volumes},
    containers::create::{
        paths::{clean, mount_target, subpath, volume_target},
        policy::{Cuts, MAX_MEMORY_FILES_BYTES, cuts::bytes, refused},
    },
    model::{
        container::{CreateRequest, Mount},
        container_engine::{EngineMount, EngineTmpfsOptions, EngineVolumeOptions},
    },
    refusal::Refusal,
    scope::is_name,
    serve::Context,
    upstream::Ask,
    volumes,
};

/// The learner's home in the workstation: the folder that can be mounted.
pub(crate) const HOME: &str = "/root";
const MAX_MOUNTS: usize = 16;
const MAX_TMPFS: usize = 4;
const MAX_ANONYMOUS_VOLUMES: usize = 8;

/// What the engine is asked to mount.
#[derive(Debug, Default)]
pub(crate) struct Mounts {
    pub(crate) mounts: Vec<EngineMount>,
    pub(crate) tmpfs: BTreeMap<String, String>,
    /// Targets of volumes for which the engine makes up a name.
    pub(crate) anonymous: BTreeSet<String>,
}

/// One `-v`, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bind {
    pub(crate) source: String,
    pub(crate) target: String,
    pub(crate) read_only: bool,
    pub(crate) no_copy: bool,
    /// As written after the second colon.
    pub(crate) mode: String,
}

impl Bind {
    /// `source:target[:options]`, or the target alone.
    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        let parts: Vec<&str> = text.split(':').collect();
        let (source, target, mode) = match parts[..] {
            [target] => ("", target, ""),
            [source, target] => (source, target, ""),
            [source, target, mode] => (source, target, mode),
            _ => return Err(Refusal::invalid(format!("invalid volume specification: '{text}'"))),
        };
        let kind = if source.starts_with('/') { "bind" } else { "volume" };
        let told = |why: &str| format!("invalid volume specification: '{text}': invalid mount config for type \"{kind}\": {why}");
        let mut bind = Self {
            source: source.to_owned(),
            target: mount_target(target, told)?,
            read_only: false,
            no_copy: false,
            mode: mode.to_owned(),
        };
        for option in mode.split(',').filter(|option| !option.is_empty()) {
            match option {
                "ro" => bind.read_only = true,
                "nocopy" => bind.no_copy = true,
                // SELinux is not in use, and consistency is a thing of Macs.
                "rw" | "z" | "Z" | "cached" | "delegated" | "consistent" => {}
                "shared" | "rshared" | "slave" | "rslave" | "private" | "rprivate" => return Err(propagation()),
                _ => return Err(Refusal::invalid(format!("invalid mode: {mode}"))),
            }
        }
        Ok(bind)
    }

    /// A path, not a volume's name.
    pub(crate) fn is_path(&self) -> bool {
        self.source.starts_with('/')
    }
}

fn propagation() -> Refusal {
    Refusal::forbidden("mount propagation", "it would reach the shared host's own mounts. Leave it out.")
}

/// Decides on every mount of the request; makes the named volumes that aren't there yet.
pub(crate) async fn decide(
    context: &Context,
    turn: &Turn<Volumes>,
    asked: &CreateRequest,
    volumes_of_image: &BTreeSet<String>,
    cuts: &mut Cuts,
) -> Result<Mounts, Refusal> {
    let host = &asked.host_config;
    let mut decided = Mounts::default();
    let binds = host.binds.iter().flatten().map(|text| Bind::parse(text)).collect::<Result<Vec<_>, _>>()?;
    if binds.len() + host.mounts.len() > MAX_MOUNTS {
        return Err(Refusal::invalid("lunchbox: at most 16 mounts a container"));
    }
    for bind in binds {
        if bind.source.is_empty() {
            decided.anonymous.insert(bind.target);
        } else if bind.is_path() {
            decided.mounts.push(home(context, &bind.source, bind.target, bind.read_only).await?);
        } else {
            let options = EngineVolumeOptions { no_copy: bind.no_copy, ..EngineVolumeOptions::default() };
            decided.mounts.push(volume(context, turn, &bind.source, bind.target, bind.read_only, options).await?);
        }
    }
    for mount in &host.mounts {
        one(context, turn, mount, &mut decided, cuts).await?;
    }
    for (target, options) in &host.tmpfs {
        decided.tmpfs.insert(mount_target(target, str::to_owned)?, tmpfs_options(options, cuts)?);
    }
    let in_memory = decided.tmpfs.len() + decided.mounts.iter().filter(|mount| matches!(mount, EngineMount::Tmpfs { .. })).count();
    if in_memory > MAX_TMPFS {
        return Err(Refusal::invalid("lunchbox: at most 4 tmpfs mounts a container"));
    }
    let taken: BTreeSet<String> =
        decided.mounts.iter().map(|mount| target(mount).to_owned()).chain(decided.tmpfs.keys().cloned()).collect();
    for path in asked.volumes.keys() {
        decided.anonymous.insert(volume_target(path)?);
    }
    decided.anonymous.extend(volumes_of_image.iter().cloned());
    decided.anonymous.retain(|path| !taken.contains(path));
    limit_volumes(context, turn, decided.anonymous.len()).await?;
    Ok(decided)
}

fn target(mount: &EngineMount) -> &str {
    match mount {
        EngineMount::Volume { target, .. } | EngineMount::Tmpfs { target, .. } => target,
    }
}

async fn limit_volumes(context: &Context, _turn: &Turn<Volumes>, anonymous: usize) -> Result<(), Refusal> {
    if anonymous > MAX_ANONYMOUS_VOLUMES {
        return Err(Refusal::invalid("lunchbox: at most 8 anonymous volumes a container"));
    }
    let most = context.shared.config.limits.volumes;
    if anonymous > 0 && context.scope.volumes().await?.len() + anonymous > most as usize {
        return Err(Refusal::limit("volumes", most, "docker volume prune"));
    }
    Ok(())
}

async fn one(context: &Context, turn: &Turn<Volumes>, mount: &Mount, decided: &mut Mounts, cuts: &mut Cuts) -> Result<(), Refusal> {
    let told = |why: &str| format!("invalid mount config for type \"{}\": {why}", mount.kind);
    let target = mount_target(&mount.target, told)?;
    match mount.kind.as_str() {
        "volume" => {
            let options = mount.volume_options.clone().unwrap_or_default();
            let driver = &options.driver_config;
            if !matches!(driver.name.as_str(), "" | "local") || !driver.options.is_empty() {
                return Err(Refusal::forbidden(
                    "choosing volume driver options",
                    "with them a volume could be any folder of the shared host. Use a plain named volume.",
                ));
            }
            let engine_options =
                EngineVolumeOptions { no_copy: options.no_copy, labels: BTreeMap::new(), subpath: subpath(&options.subpath)? };
            if mount.source.is_empty() {
                decided.anonymous.insert(target);
            } else {
                decided.mounts.push(volume(context, turn, &mount.source, target, mount.read_only, engine_options).await?);
            }
        }
        "bind" => {
            if mount.bind_options.as_ref().is_some_and(|options| !matches!(options.propagation.as_str(), "" | "rprivate")) {
                return Err(propagation());
            }
            decided.mounts.push(home(context, &mount.source, target, mount.read_only).await?);
        }
        "tmpfs" => {
            if !mount.source.is_empty() {
                return Err(Refusal::invalid("invalid mount config for type \"tmpfs\": field Source must not be specified"));
            }
            let options = mount.tmpfs_options.clone().unwrap_or_default();
            let size_bytes = if options.size_bytes <= 0 { MAX_MEMORY_FILES_BYTES } else { memory_files(options.size_bytes, cuts) };
            let mode = (options.mode != 0).then_some(options.mode & 0o7777);
            if !options.options.is_empty() {
                // The engine takes such options in the other of its two ways to mount memory.
                let mut words: Vec<String> = options.options.iter().map(|option| option.join("=")).collect();
                words.extend(mount.read_only.then(|| "ro".to_owned()));
                words.extend(mode.map(|mode| format!("mode={mode:o}")));
                words.push(format!("size={size_bytes}"));
                decided.tmpfs.insert(target, tmpfs_options(&words.join(","), cuts)?);
                return Ok(());
            }
            decided.mounts.push(EngineMount::Tmpfs {
                target,
                read_only: mount.read_only,
                tmpfs_options: EngineTmpfsOptions { size_bytes, mode },
            });
        }
        other @ ("image" | "cluster" | "npipe") => {
            return Err(Refusal::invalid(format!("lunchbox: mounts of type {other} are not available here; volume, bind and tmpfs are.")));
        }
        _ => return Err(Refusal::invalid(told("mount type unknown"))),
    }
    Ok(())
}

async fn volume(
    context: &Context,
    turn: &Turn<Volumes>,
    name: &str,
    target: String,
    read_only: bool,
    volume_options: EngineVolumeOptions,
) -> Result<EngineMount, Refusal> {
    if !is_name(name) && !is_anonymous_name(name) {
        return Err(Refusal::invalid(format!(
            "create {name}: {name:?} includes invalid characters for a local volume name, only \"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed. If you intended to pass a host directory, use absolute path"
        )));
    }
    // An anonymous volume's name is too long for a name that somebody chose: it's there or it isn't.
    let own = if is_name(name) { volumes::ensure(context, turn, name).await? } else { context.scope.volume(name).await? };
    Ok(EngineMount::Volume { source: own.engine_name().to_owned(), target, read_only, volume_options })
}

/// As the engine makes names up.
fn is_anonymous_name(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// A folder or file of the learner's home.
async fn home(context: &Context, source: &str, target: String, read_only: bool) -> Result<EngineMount, Refusal> {
    let path = clean(source).ok_or_else(|| Refusal::invalid(format!("invalid mount path: {source:?}: it must be absolute")))?;
    if path.ends_with("/docker.sock") {
        return Err(refused(format!(
            "lunchbox: {path} can't be mounted in this classroom: whoever has Docker's socket has the whole host, and this one leads to your sandbox's gateway. Use docker in the terminal."
        )));
    }
    let inside = path.strip_prefix(HOME).filter(|rest| rest.is_empty() || rest.starts_with('/'));
    let Some(rest) = inside else {
        return Err(refused(format!(
            "lunchbox: only folders under {HOME} (your home) can be mounted, not {path}. Named volumes work everywhere: -v data:{target}"
        )));
    };
    let engine_name = context.scope.home_volume().as_str().to_owned();
    let there = context.shared.engine.json::<serde_json::Value>(Ask::get(&["volumes", &engine_name])).await;
    match there {
        Ok(_) => {}
        // Asked for, the engine would make it.
        Err(said) if said.is_not_found() => {
            return Err(refused(format!("lunchbox: this host has no {HOME} that could be mounted. Named volumes work: -v data:{target}")));
        }
        Err(said) => return Err(context.engine_said(said)),
    }
    let volume_options = EngineVolumeOptions { no_copy: true, labels: BTreeMap::new(), subpath: rest.trim_start_matches('/').to_owned() };
    Ok(EngineMount::Volume { source: engine_name, target, read_only, volume_options })
}

/// Bytes of a tmpfs.
fn memory_files(asked: i64, cuts: &mut Cuts) -> i64 {
    cuts.at_most("a tmpfs of", asked, MAX_MEMORY_FILES_BYTES, bytes)
}

/// Options of `--tmpfs`, with a size always.
fn tmpfs_options(text: &str, cuts: &mut Cuts) -> Result<String, Refusal> {
    let mut options = Vec::new();
    let mut size = MAX_MEMORY_FILES_BYTES;
    for option in text.split(',').filter(|option| !option.is_empty()) {
        let (key, value) = option.split_once('=').unwrap_or((option, ""));
        match key {
            "size" => size = parse_size(value).ok_or_else(|| Refusal::invalid(format!("invalid tmpfs option [\"{option}\"]")))?,
            "ro" | "rw" | "exec" | "noexec" | "nosuid" | "nodev" if value.is_empty() => options.push(option.to_owned()),
            "mode" | "uid" | "gid" if !value.is_empty() && value.len() <= 10 && value.bytes().all(|b| b.is_ascii_digit()) => {
                options.push(option.to_owned());
            }
            _ => return Err(Refusal::invalid(format!("invalid tmpfs option [\"{option}\"]"))),
        }
    }
    options.push(format!("size={}", memory_files(size, cuts).max(4096)));
    Ok(options.join(","))
}

/// `64m`, `1g`, `4096`, `4096k`.
pub(crate) fn parse_size(text: &str) -> Option<i64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text[digits.len()..].to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" => 1 << 10,
        "m" | "mb" => 1 << 20,
        "g" | "gb" => 1 << 30,
        _ => return None,
    };
    digits.parse::<i64>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    #[test]
    fn a_bind_is_taken_apart() {
        let bind = Bind::parse("data:/x:ro").unwrap();
        assert_eq!((bind.source.as_str(), bind.target.as_str(), bind.read_only), ("data", "/x", true));
        assert!(Bind::parse("/root:/x").unwrap().is_path());
        for text in ["a:/x:ro:z", "a:x", "a:/", "a:/x:rshared", "a:/proc/1", "a:/x:what", ""] {
            assert!(Bind::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn memory_has_a_size_always() {
        let mut cuts = Cuts::default();
        assert_eq!(tmpfs_options("", &mut cuts).unwrap(), "size=67108864");
        assert_eq!(tmpfs_options("size=1m", &mut cuts).unwrap(), "size=1048576");
        assert!(tmpfs_options("uid=0,bind", &mut cuts).is_err());
        assert!(tmpfs_options("size=9999999999g", &mut cuts).is_err());
        assert_eq!(tmpfs_options("size=10g,mode=1777", &mut cuts).unwrap(), "mode=1777,size=67108864");
        assert_eq!(cuts.told().len(), 1);
    }
}
