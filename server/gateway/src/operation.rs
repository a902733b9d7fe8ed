//! What a request asks for: found in the table of operations ([`table`]), or nowhere.

mod table;

#[cfg(test)]
mod documented;

use http::Method;

pub(crate) use table::TABLE;

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
    PluginInspect,
    SwarmInspect,
    /// Known to the Engine API, and not to be had here; the row says why.
    Refused,
}

impl Operation {
    /// Whether its body is files, which are passed on as they come.
    pub(crate) fn is_upload(self) -> bool {
        matches!(self, Self::ContainerArchivePut | Self::ImageBuild | Self::ImageCreate | Self::ImageLoad)
    }
}

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Disposition {
    /// Built anew for a thing of the sandbox's own; wish and answer are passed on as they are.
    Allowed,
    /// Built anew, with names, limits or fields changed on the way in or out.
    Scoped,
    /// Answered by the gateway from the ledger and many small questions to the engine.
    Synthesised,
    /// Answered with a sentence that teaches.
    Refused,
}

/// How much is read for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reads {
    /// What the request names, or what is there once.
    Few,
    /// It grows with all that a learner has: lists, sums, prunes. So many at once as [`crate::limits::MAX_LISTS`] says.
    All,
}

/// One row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    pub(crate) method: &'static str,
    /// `{id}` is one segment, `{name*}` one or more.
    pub(crate) template: &'static str,
    pub(crate) operation: Operation,
    pub(crate) disposition: Disposition,
    pub(crate) reads: Reads,
    /// The reason, in a sentence. Of what is refused, it is told.
    pub(crate) why: &'static str,
}

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
}
