//! The table of operations: every endpoint of the Engine API (1.41 to 1.45), and what the gateway
//! does with it. A request that no row matches is answered as the engine answers a path it doesn't
//! know. Order matters only between a literal and a placeholder: literals come first.

use http::Method;

/// What a request asks for. Handlers match on it without a wildcard, so that a new one does not
/// compile until somebody decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Operation {
    Ping,
    Version,
    Info,
    Events,
    DiskUsage,
    Auth,
    ContainerList,
    ContainerCreate,
    ContainerInspect,
    ContainerTop,
    ContainerLogs,
    ContainerChanges,
    ContainerExport,
    ContainerStats,
    ContainerResize,
    ContainerStart,
    ContainerStop,
    ContainerRestart,
    ContainerKill,
    ContainerUpdate,
    ContainerRename,
    ContainerPause,
    ContainerUnpause,
    ContainerAttach,
    ContainerWait,
    ContainerRemove,
    ContainerArchiveInfo,
    ContainerArchiveGet,
    ContainerArchivePut,
    ContainerPrune,
    ExecCreate,
    ExecStart,
    ExecResize,
    ExecInspect,
    ImageList,
    ImageCreate,
    ImageInspect,
    ImageHistory,
    ImagePush,
    ImageTag,
    ImageRemove,
    ImageSearch,
    ImagePrune,
    ImageGet,
    ImageGetAll,
    ImageLoad,
    ImageCommit,
    ImageBuild,
    BuildPrune,
    BuildSession,
    BuildControl,
    DistributionInspect,
    NetworkList,
    NetworkInspect,
    NetworkCreate,
    NetworkRemove,
    NetworkConnect,
    NetworkDisconnect,
    NetworkPrune,
    VolumeList,
    VolumeInspect,
    VolumeCreate,
    VolumeRemove,
    VolumePrune,
    PluginList,
    SwarmInspect,
    /// Known to the Engine API, and not to be had here; the row says why.
    Refused,
}

/// How far an operation is the learner's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Disposition {
    /// Passed to the engine, rebuilt and renamed, for what belongs to the sandbox.
    Scoped,
    /// Answered by the gateway from the ledger and many small questions to the engine.
    Synthesised,
    /// Answered with a sentence that teaches.
    Refused(&'static str),
}

/// One row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    pub(crate) method: &'static str,
    /// `{id}` is one segment, `{name*}` one or more.
    pub(crate) template: &'static str,
    pub(crate) operation: Operation,
    pub(crate) disposition: Disposition,
}

const fn row(method: &'static str, template: &'static str, operation: Operation, disposition: Disposition) -> Row {
    Row { method, template, operation, disposition }
}

const fn refused(method: &'static str, template: &'static str, why: &'static str) -> Row {
    row(method, template, Operation::Refused, Disposition::Refused(why))
}

use Disposition::{Scoped, Synthesised};
use Operation as O;

const SWARM: &str = "swarm mode is not part of this classroom: your host is a single one. Compose files and plain containers work.";
const PLUGINS: &str = "plugins run on the shared host, with its rights.";
const CHECKPOINTS: &str = "checkpoints are an experimental feature of the engine.";

/// The policy, on one page.
pub(crate) static TABLE: &[Row] = &[
    // System
    row("GET", "/_ping", O::Ping, Synthesised),
    row("HEAD", "/_ping", O::Ping, Synthesised),
    row("GET", "/version", O::Version, Synthesised),
    row("GET", "/info", O::Info, Synthesised),
    row("GET", "/events", O::Events, Synthesised),
    row("GET", "/system/df", O::DiskUsage, Synthesised),
    row("POST", "/auth", O::Auth, Synthesised),
    // Containers
    row("GET", "/containers/json", O::ContainerList, Synthesised),
    row("POST", "/containers/create", O::ContainerCreate, Scoped),
    row("POST", "/containers/prune", O::ContainerPrune, Synthesised),
    row("GET", "/containers/{id}/json", O::ContainerInspect, Scoped),
    row("GET", "/containers/{id}/top", O::ContainerTop, Scoped),
    row("GET", "/containers/{id}/logs", O::ContainerLogs, Scoped),
    row("GET", "/containers/{id}/changes", O::ContainerChanges, Scoped),
    row("GET", "/containers/{id}/export", O::ContainerExport, Scoped),
    row("GET", "/containers/{id}/stats", O::ContainerStats, Scoped),
    row("POST", "/containers/{id}/resize", O::ContainerResize, Scoped),
    row("POST", "/containers/{id}/start", O::ContainerStart, Scoped),
    row("POST", "/containers/{id}/stop", O::ContainerStop, Scoped),
    row("POST", "/containers/{id}/restart", O::ContainerRestart, Scoped),
    row("POST", "/containers/{id}/kill", O::ContainerKill, Scoped),
    row("POST", "/containers/{id}/update", O::ContainerUpdate, Scoped),
    row("POST", "/containers/{id}/rename", O::ContainerRename, Scoped),
    row("POST", "/containers/{id}/pause", O::ContainerPause, Scoped),
    row("POST", "/containers/{id}/unpause", O::ContainerUnpause, Scoped),
    row("POST", "/containers/{id}/attach", O::ContainerAttach, Scoped),
    refused("GET", "/containers/{id}/attach/ws", "attaching by WebSocket is not needed here: `docker attach` works."),
    row("POST", "/containers/{id}/wait", O::ContainerWait, Scoped),
    row("DELETE", "/containers/{id}", O::ContainerRemove, Scoped),
    row("HEAD", "/containers/{id}/archive", O::ContainerArchiveInfo, Scoped),
    row("GET", "/containers/{id}/archive", O::ContainerArchiveGet, Scoped),
    row("PUT", "/containers/{id}/archive", O::ContainerArchivePut, Scoped),
    row("POST", "/containers/{id}/exec", O::ExecCreate, Scoped),
    row("POST", "/exec/{id}/start", O::ExecStart, Scoped),
    row("POST", "/exec/{id}/resize", O::ExecResize, Scoped),
    row("GET", "/exec/{id}/json", O::ExecInspect, Scoped),
    refused("GET", "/containers/{id}/checkpoints", CHECKPOINTS),
    refused("POST", "/containers/{id}/checkpoints", CHECKPOINTS),
    refused("DELETE", "/containers/{id}/checkpoints/{checkpoint}", CHECKPOINTS),
    // Images
    row("GET", "/images/json", O::ImageList, Synthesised),
    row("POST", "/images/create", O::ImageCreate, Scoped),
    row("GET", "/images/search", O::ImageSearch, Synthesised),
    row("POST", "/images/prune", O::ImagePrune, Synthesised),
    row("GET", "/images/get", O::ImageGetAll, Scoped),
    row("POST", "/images/load", O::ImageLoad, Scoped),
    row("GET", "/images/{name*}/json", O::ImageInspect, Scoped),
    row("GET", "/images/{name*}/history", O::ImageHistory, Scoped),
    row("GET", "/images/{name*}/get", O::ImageGet, Scoped),
    row("POST", "/images/{name*}/push", O::ImagePush, Scoped),
    row("POST", "/images/{name*}/tag", O::ImageTag, Scoped),
    row("DELETE", "/images/{name*}", O::ImageRemove, Scoped),
    row("GET", "/distribution/{name*}/json", O::DistributionInspect, Scoped),
    row("POST", "/commit", O::ImageCommit, Scoped),
    row("POST", "/build", O::ImageBuild, Scoped),
    row("POST", "/build/prune", O::BuildPrune, Synthesised),
    row("POST", "/session", O::BuildSession, Synthesised),
    row("POST", "/grpc", O::BuildControl, Synthesised),
    // Networks
    row("GET", "/networks", O::NetworkList, Synthesised),
    row("POST", "/networks/create", O::NetworkCreate, Scoped),
    row("POST", "/networks/prune", O::NetworkPrune, Synthesised),
    row("GET", "/networks/{id}", O::NetworkInspect, Scoped),
    row("DELETE", "/networks/{id}", O::NetworkRemove, Scoped),
    row("POST", "/networks/{id}/connect", O::NetworkConnect, Scoped),
    row("POST", "/networks/{id}/disconnect", O::NetworkDisconnect, Scoped),
    // Volumes
    row("GET", "/volumes", O::VolumeList, Synthesised),
    row("POST", "/volumes/create", O::VolumeCreate, Scoped),
    row("POST", "/volumes/prune", O::VolumePrune, Synthesised),
    row("GET", "/volumes/{name}", O::VolumeInspect, Scoped),
    row("DELETE", "/volumes/{name}", O::VolumeRemove, Scoped),
    refused("PUT", "/volumes/{name}", SWARM),
    // Plugins
    row("GET", "/plugins", O::PluginList, Synthesised),
    refused("GET", "/plugins/privileges", PLUGINS),
    refused("POST", "/plugins/pull", PLUGINS),
    refused("POST", "/plugins/create", PLUGINS),
    // No row for `GET /plugins/{name}/json`: there are none, and `docker inspect` asks for one by every name it
    // doesn't find elsewhere.
    refused("POST", "/plugins/{name*}/enable", PLUGINS),
    refused("POST", "/plugins/{name*}/disable", PLUGINS),
    refused("POST", "/plugins/{name*}/upgrade", PLUGINS),
    refused("POST", "/plugins/{name*}/push", PLUGINS),
    refused("POST", "/plugins/{name*}/set", PLUGINS),
    refused("DELETE", "/plugins/{name*}", PLUGINS),
    // Swarm: reads are answered as an engine outside a swarm answers them.
    row("GET", "/swarm", O::SwarmInspect, Synthesised),
    row("GET", "/nodes", O::SwarmInspect, Synthesised),
    row("GET", "/services", O::SwarmInspect, Synthesised),
    row("GET", "/tasks", O::SwarmInspect, Synthesised),
    row("GET", "/secrets", O::SwarmInspect, Synthesised),
    row("GET", "/configs", O::SwarmInspect, Synthesised),
    row("GET", "/nodes/{id}", O::SwarmInspect, Synthesised),
    row("GET", "/services/{id}", O::SwarmInspect, Synthesised),
    row("GET", "/services/{id}/logs", O::SwarmInspect, Synthesised),
    row("GET", "/tasks/{id}", O::SwarmInspect, Synthesised),
    row("GET", "/tasks/{id}/logs", O::SwarmInspect, Synthesised),
    row("GET", "/secrets/{id}", O::SwarmInspect, Synthesised),
    row("GET", "/configs/{id}", O::SwarmInspect, Synthesised),
    row("GET", "/swarm/unlockkey", O::SwarmInspect, Synthesised),
    refused("POST", "/swarm/{action}", SWARM),
    refused("POST", "/nodes/{id}/update", SWARM),
    refused("DELETE", "/nodes/{id}", SWARM),
    refused("POST", "/services/create", SWARM),
    refused("POST", "/services/{id}/update", SWARM),
    refused("DELETE", "/services/{id}", SWARM),
    refused("POST", "/secrets/create", SWARM),
    refused("POST", "/secrets/{id}/update", SWARM),
    refused("DELETE", "/secrets/{id}", SWARM),
    refused("POST", "/configs/create", SWARM),
    refused("POST", "/configs/{id}/update", SWARM),
    refused("DELETE", "/configs/{id}", SWARM),
];

/// What the placeholders of a template stand for. Values come from the learner; only
/// [`crate::scope::Scope`] makes anything of the engine's of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Parameters(Vec<(&'static str, String)>);

impl Parameters {
    /// The value of a placeholder that the operation's template has; empty where it hasn't.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| *key == name).map_or("", |(_, value)| value)
    }
}

/// The row for a request, if the table has one.
pub(crate) fn classify(method: &Method, segments: &[String]) -> Option<(&'static Row, Parameters)> {
    TABLE.iter().filter(|row| row.method == method.as_str()).find_map(|row| Some((row, matches(row.template, segments)?)))
}

fn matches(template: &'static str, segments: &[String]) -> Option<Parameters> {
    let parts: Vec<&'static str> = template.trim_start_matches('/').split('/').collect();
    let many = parts.iter().position(|part| part.ends_with("*}"));
    // With `{name*}` all that is over goes to it; there is at most one in a template.
    let over = match many {
        None if parts.len() == segments.len() => 1,
        Some(_) if parts.len() <= segments.len() => segments.len() - parts.len() + 1,
        _ => return None,
    };
    let mut parameters = Vec::new();
    let mut at = 0;
    for (index, part) in parts.into_iter().enumerate() {
        let take = if many == Some(index) { over } else { 1 };
        let value = &segments[at..at + take];
        at += take;
        match part.strip_prefix('{').map(|rest| rest.trim_end_matches('}').trim_end_matches('*')) {
            Some(name) => parameters.push((name, value.join("/"))),
            None if value[0] == part => {}
            None => return None,
        }
    }
    Some(Parameters(parameters))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    fn of(method: &str, path: &str) -> Option<(Operation, Parameters)> {
        let segments: Vec<String> = path.trim_start_matches('/').split('/').map(str::to_owned).collect();
        classify(&method.parse().unwrap(), &segments).map(|(row, parameters)| (row.operation, parameters))
    }

    #[test]
    fn image_names_may_have_slashes() {
        let (operation, parameters) = of("GET", "/images/registry.lunchbox/a/b/json").unwrap();
        assert_eq!(operation, Operation::ImageInspect);
        assert_eq!(parameters.get("name"), "registry.lunchbox/a/b");
    }

    #[test]
    fn literals_win_over_placeholders() {
        assert_eq!(of("GET", "/images/json").unwrap().0, Operation::ImageList);
        assert_eq!(of("GET", "/containers/json").unwrap().0, Operation::ContainerList);
        assert_eq!(of("GET", "/images/json/json").unwrap().1.get("name"), "json");
        assert_eq!(of("GET", "/containers/json/json").unwrap().1.get("id"), "json");
    }

    #[test]
    fn what_has_no_row_has_no_operation() {
        for (method, path) in [
            ("GET", "/debug/pprof/cmdline"),
            ("GET", "/metrics"),
            ("POST", "/containers/a/copy"),
            ("DELETE", "/containers/a/b"),
            ("PATCH", "/containers/json"),
            ("OPTIONS", "/containers/json"),
            ("GET", "/libpod/info"),
        ] {
            assert!(of(method, path).is_none(), "{method} {path}");
        }
    }

    #[test]
    fn no_row_is_hidden_by_one_above_it() {
        for (index, row) in TABLE.iter().enumerate() {
            let example: Vec<String> = row
                .template
                .trim_start_matches('/')
                .split('/')
                .map(|part| if part.starts_with('{') { "x9".into() } else { part.to_owned() })
                .collect();
            let found = classify(&row.method.parse().unwrap(), &example).unwrap().0;
            assert!(std::ptr::eq(found, &TABLE[index]), "{} {} is hidden by {}", row.method, row.template, found.template);
        }
    }
}
