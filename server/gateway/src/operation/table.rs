//! The policy, on a few pages: every endpoint of the Engine API (1.41 to 1.53), what becomes of a request
//! for it, and why. `docs/engine-api.md` is made of it.

use super::{
    Disposition::{Allowed, Refused, Scoped, Synthesised},
    Operation as O, Row,
};

const fn row(method: &'static str, template: &'static str, operation: O, disposition: super::Disposition, why: &'static str) -> Row {
    Row { method, template, operation, disposition, why }
}

/// `why` is the sentence that the learner reads.
const fn refused(method: &'static str, template: &'static str, why: &'static str) -> Row {
    row(method, template, O::Refused, Refused, why)
}

/// As an engine outside a swarm answers.
const fn swarm(method: &'static str, template: &'static str) -> Row {
    row(method, template, O::SwarmInspect, Synthesised, "answered as an engine that is in no swarm answers")
}

const SWARM: &str =
    "swarm mode is not part of this classroom: your host is a single one. Containers and networks of your own work without it.";
const PLUGINS: &str = "plugins run on the shared host, with its rights.";
const CHECKPOINTS: &str = "checkpoints are an experimental feature of the engine.";
const PRUNE: &str = "only what is the sandbox's own goes, one by one; the engine's own prune would go over everybody's";

/// What no row matches is answered as the engine answers a path it doesn't know. Order matters only between
/// a literal and a placeholder: literals come first.
pub(crate) static TABLE: &[Row] = &[
    // System
    row("GET", "/_ping", O::Ping, Synthesised, "tells the version that is served here, not the engine's"),
    row("HEAD", "/_ping", O::Ping, Synthesised, "tells the version that is served here, not the engine's"),
    row("GET", "/version", O::Version, Synthesised, "the engine's components and kernel are the host's business"),
    row("GET", "/info", O::Info, Synthesised, "counts are the sandbox's; of the host it tells what a lesson needs"),
    row("GET", "/events", O::Events, Synthesised, "one subscription for all sandboxes; each is shown its own, by its own names"),
    row("GET", "/system/df", O::DiskUsage, Synthesised, "sums of what is the sandbox's own; the engine's are everybody's"),
    row("POST", "/auth", O::Auth, Synthesised, "the engine would dial the address it is given"),
    // Containers
    row(
        "GET",
        "/containers/json",
        O::ContainerList,
        Synthesised,
        "from the ledger; filters are read here, where they can't ask about others",
    ),
    row("POST", "/containers/create", O::ContainerCreate, Scoped, "each field allowed, clamped or refused; names and limits are set here"),
    row("POST", "/containers/prune", O::ContainerPrune, Synthesised, PRUNE),
    row("GET", "/containers/{id}/json", O::ContainerInspect, Scoped, "the learner's names and wishes are shown in place of the engine's"),
    row("GET", "/containers/{id}/top", O::ContainerTop, Scoped, "the engine runs ps on the host: only a fixed list of its arguments"),
    row("GET", "/containers/{id}/logs", O::ContainerLogs, Allowed, "a container's own output, to its own learner, at their pace"),
    row("GET", "/containers/{id}/changes", O::ContainerChanges, Allowed, "paths within the container alone"),
    row("GET", "/containers/{id}/export", O::ContainerExport, Allowed, "the container's own files, at the reader's pace"),
    row("GET", "/containers/{id}/stats", O::ContainerStats, Scoped, "the name in the answer is the learner's"),
    row("POST", "/containers/{id}/resize", O::ContainerResize, Allowed, "two numbers within bounds"),
    row("POST", "/containers/{id}/start", O::ContainerStart, Scoped, "counts and ports are taken first; a body is never passed on"),
    row("POST", "/containers/{id}/stop", O::ContainerStop, Scoped, "the wait is clamped, the signal checked, the ports come free"),
    row("POST", "/containers/{id}/restart", O::ContainerRestart, Scoped, "a way to start: counts and ports as there"),
    row("POST", "/containers/{id}/kill", O::ContainerKill, Scoped, "the signal is checked, the ports come free"),
    row(
        "POST",
        "/containers/{id}/update",
        O::ContainerUpdate,
        Scoped,
        "limits can be lowered and raised within the sandbox's own, never lifted",
    ),
    row("POST", "/containers/{id}/rename", O::ContainerRename, Scoped, "the new name gets the sandbox's prefix"),
    row("POST", "/containers/{id}/pause", O::ContainerPause, Allowed, "says nothing but which"),
    row("POST", "/containers/{id}/unpause", O::ContainerUnpause, Allowed, "says nothing but which"),
    row(
        "POST",
        "/containers/{id}/attach",
        O::ContainerAttach,
        Allowed,
        "bytes to and from the container's own process, on a connection of its own",
    ),
    refused("GET", "/containers/{id}/attach/ws", "attaching by WebSocket is not needed here: `docker attach` works."),
    row("POST", "/containers/{id}/wait", O::ContainerWait, Scoped, "an error in the answer is told in the learner's names"),
    row("DELETE", "/containers/{id}", O::ContainerRemove, Scoped, "ports come free, and volumes that only it had are forgotten"),
    row("HEAD", "/containers/{id}/archive", O::ContainerArchiveInfo, Allowed, "a path within the container"),
    row("GET", "/containers/{id}/archive", O::ContainerArchiveGet, Allowed, "files of the container's own, at the reader's pace"),
    row(
        "PUT",
        "/containers/{id}/archive",
        O::ContainerArchivePut,
        Scoped,
        "the engine gets a plain tar that was written here, never one it would unpack",
    ),
    row("POST", "/containers/{id}/exec", O::ExecCreate, Scoped, "without privileges, counted, and kept as the sandbox's own"),
    row("POST", "/exec/{id}/start", O::ExecStart, Allowed, "bytes to and from the process, on a connection of its own"),
    row("POST", "/exec/{id}/resize", O::ExecResize, Allowed, "two numbers within bounds"),
    row("GET", "/exec/{id}/json", O::ExecInspect, Scoped, "only known fields are passed on"),
    refused("GET", "/containers/{id}/checkpoints", CHECKPOINTS),
    refused("POST", "/containers/{id}/checkpoints", CHECKPOINTS),
    refused("DELETE", "/containers/{id}/checkpoints/{checkpoint}", CHECKPOINTS),
    // Images
    row("GET", "/images/json", O::ImageList, Synthesised, "from the ledger: the engine's list is everybody's"),
    row("POST", "/images/create", O::ImageCreate, Scoped, "pulled from the course's registry only, and imported from the body only"),
    row("GET", "/images/search", O::ImageSearch, Synthesised, "from the course's registry; the engine would ask Docker Hub"),
    row("POST", "/images/prune", O::ImagePrune, Synthesised, PRUNE),
    row("GET", "/images/get", O::ImageGetAll, Scoped, "asked for by ID; names in the archive are the learner's"),
    row("POST", "/images/load", O::ImageLoad, Scoped, "written anew without names, so that it overwrites nobody's"),
    row("GET", "/images/{name*}/json", O::ImageInspect, Scoped, "names in it are the learner's; the engine's folders are left out"),
    row("GET", "/images/{name*}/history", O::ImageHistory, Scoped, "names and steps of the learner's own alone"),
    row("GET", "/images/{name*}/get", O::ImageGet, Scoped, "asked for by ID; names in the archive are the learner's"),
    row("POST", "/images/{name*}/push", O::ImagePush, Scoped, "into the learner's own corner of the course's registry"),
    row("POST", "/images/{name*}/tag", O::ImageTag, Scoped, "a name in the ledger; the engine's names stay as they are"),
    row("DELETE", "/images/{name*}", O::ImageRemove, Scoped, "what others use stays on the engine and goes from the view"),
    row(
        "GET",
        "/distribution/{name*}/json",
        O::DistributionInspect,
        Scoped,
        "the engine would dial the registry in the name: only the course's is asked",
    ),
    row("POST", "/commit", O::ImageCommit, Scoped, "of an own container, counted, and without triggers"),
    row("POST", "/build", O::ImageBuild, Scoped, "every instruction is judged; images by ID, the sandbox's network, cache and limits"),
    row("POST", "/build/prune", O::BuildPrune, Synthesised, PRUNE),
    refused("POST", "/build/cancel", "a build ends with the command that asked for it: press Ctrl-C."),
    row("POST", "/session", O::BuildSession, Synthesised, "spoken by the gateway itself: no byte reaches the engine's BuildKit"),
    row("POST", "/grpc", O::BuildControl, Synthesised, "spoken by the gateway itself: no byte reaches the engine's BuildKit"),
    // Networks
    row("GET", "/networks", O::NetworkList, Synthesised, "from the ledger, with the three that every host has"),
    row("POST", "/networks/create", O::NetworkCreate, Scoped, "plain bridges only, with addresses and a bridge that are chosen here"),
    row("POST", "/networks/prune", O::NetworkPrune, Synthesised, PRUNE),
    row("GET", "/networks/{id}", O::NetworkInspect, Scoped, "the learner's names; the host's bridge and others' containers are left out"),
    row("DELETE", "/networks/{id}", O::NetworkRemove, Scoped, "an own one, and not one that every host has"),
    row(
        "POST",
        "/networks/{id}/connect",
        O::NetworkConnect,
        Scoped,
        "an own container to an own network, without an address of its choice",
    ),
    row("POST", "/networks/{id}/disconnect", O::NetworkDisconnect, Scoped, "an own container from an own network"),
    // Volumes
    row("GET", "/volumes", O::VolumeList, Synthesised, "from the ledger: the engine's list is everybody's"),
    row("POST", "/volumes/create", O::VolumeCreate, Scoped, "without driver options: with them it could be any folder of the host"),
    row("POST", "/volumes/prune", O::VolumePrune, Synthesised, PRUNE),
    row("GET", "/volumes/{name}", O::VolumeInspect, Scoped, "the learner's name, and a mountpoint as a host of one's own has it"),
    row("DELETE", "/volumes/{name}", O::VolumeRemove, Scoped, "an own one"),
    refused("PUT", "/volumes/{name}", SWARM),
    // Plugins
    row("GET", "/plugins", O::PluginList, Synthesised, "there are none"),
    refused("GET", "/plugins/privileges", PLUGINS),
    refused("POST", "/plugins/pull", PLUGINS),
    refused("POST", "/plugins/create", PLUGINS),
    row(
        "GET",
        "/plugins/{name*}/json",
        O::PluginInspect,
        Synthesised,
        "there are none: `docker inspect` asks for one by every name it finds nowhere else",
    ),
    refused("POST", "/plugins/{name*}/enable", PLUGINS),
    refused("POST", "/plugins/{name*}/disable", PLUGINS),
    refused("POST", "/plugins/{name*}/upgrade", PLUGINS),
    refused("POST", "/plugins/{name*}/push", PLUGINS),
    refused("POST", "/plugins/{name*}/set", PLUGINS),
    refused("DELETE", "/plugins/{name*}", PLUGINS),
    // Swarm
    swarm("GET", "/swarm"),
    swarm("GET", "/nodes"),
    swarm("GET", "/services"),
    swarm("GET", "/tasks"),
    swarm("GET", "/secrets"),
    swarm("GET", "/configs"),
    swarm("GET", "/nodes/{id}"),
    swarm("GET", "/services/{id}"),
    swarm("GET", "/services/{id}/logs"),
    swarm("GET", "/tasks/{id}"),
    swarm("GET", "/tasks/{id}/logs"),
    swarm("GET", "/secrets/{id}"),
    swarm("GET", "/configs/{id}"),
    swarm("GET", "/swarm/unlockkey"),
    refused("POST", "/swarm/init", SWARM),
    refused("POST", "/swarm/join", SWARM),
    refused("POST", "/swarm/leave", SWARM),
    refused("POST", "/swarm/update", SWARM),
    refused("POST", "/swarm/unlock", SWARM),
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
