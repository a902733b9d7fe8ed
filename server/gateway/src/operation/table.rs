//! The policy, on a few pages: every endpoint of the Engine API (1.41 to 1.53), what becomes of a request
//! for it, and why. `docs/engine-api.md` is made of it.

use super::{
    Disposition::{self, Allowed, Refused, Scoped, Synthesised},
    Operation as O,
    Reads::{self, All, Few},
    Row,
};

const fn row(method: &'static str, template: &'static str, operation: O, disposition: Disposition, reads: Reads, why: &'static str) -> Row {
    Row { method, template, operation, disposition, reads, why }
}

/// `why` is the sentence that the learner reads.
const fn refused(method: &'static str, template: &'static str, why: &'static str) -> Row {
    row(method, template, O::Refused, Refused, Few, why)
}

/// As an engine outside a swarm answers.
const fn swarm(method: &'static str, template: &'static str) -> Row {
    row(method, template, O::SwarmInspect, Synthesised, Few, "answered as an engine that is in no swarm answers")
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
    row("GET", "/_ping", O::Ping, Synthesised, Few, "tells the version that is served here, not the engine's"),
    row("HEAD", "/_ping", O::Ping, Synthesised, Few, "tells the version that is served here, not the engine's"),
    row("GET", "/version", O::Version, Synthesised, Few, "the engine's components and kernel are the host's business"),
    row("GET", "/info", O::Info, Synthesised, All, "counts are the sandbox's; of the host it tells what a lesson needs"),
    row("GET", "/events", O::Events, Synthesised, Few, "one subscription for all sandboxes; each is shown its own, by its own names"),
    row("GET", "/system/df", O::DiskUsage, Synthesised, All, "sums of what is the sandbox's own; the engine's are everybody's"),
    row("POST", "/auth", O::Auth, Synthesised, Few, "the engine would dial the address it is given"),
    // Containers
    row(
        "GET",
        "/containers/json",
        O::ContainerList,
        Synthesised,
        All,
        "from the ledger; filters are read here, where they can't ask about others",
    ),
    row(
        "POST",
        "/containers/create",
        O::ContainerCreate,
        Scoped,
        Few,
        "each field allowed, clamped or refused; names and limits are set here",
    ),
    row("POST", "/containers/prune", O::ContainerPrune, Synthesised, All, PRUNE),
    row(
        "GET",
        "/containers/{id}/json",
        O::ContainerInspect,
        Scoped,
        Few,
        "the learner's names and wishes are shown in place of the engine's",
    ),
    row("GET", "/containers/{id}/top", O::ContainerTop, Scoped, Few, "the engine runs ps on the host: only a fixed list of its arguments"),
    row("GET", "/containers/{id}/logs", O::ContainerLogs, Allowed, Few, "a container's own output, to its own learner, at their pace"),
    row("GET", "/containers/{id}/changes", O::ContainerChanges, Allowed, Few, "paths within the container alone"),
    row("GET", "/containers/{id}/export", O::ContainerExport, Allowed, Few, "the container's own files, at the reader's pace"),
    row("GET", "/containers/{id}/stats", O::ContainerStats, Scoped, Few, "the name in the answer is the learner's"),
    row("POST", "/containers/{id}/resize", O::ContainerResize, Allowed, Few, "two numbers within bounds"),
    row("POST", "/containers/{id}/start", O::ContainerStart, Scoped, Few, "counts and ports are taken first; a body is never passed on"),
    row("POST", "/containers/{id}/stop", O::ContainerStop, Scoped, Few, "the wait is clamped, the signal checked, the ports come free"),
    row("POST", "/containers/{id}/restart", O::ContainerRestart, Scoped, Few, "a way to start: counts and ports as there"),
    row("POST", "/containers/{id}/kill", O::ContainerKill, Scoped, Few, "the signal is checked, the ports come free"),
    row(
        "POST",
        "/containers/{id}/update",
        O::ContainerUpdate,
        Scoped,
        Few,
        "limits can be lowered and raised within the sandbox's own, never lifted",
    ),
    row("POST", "/containers/{id}/rename", O::ContainerRename, Scoped, Few, "the new name gets the sandbox's prefix"),
    row("POST", "/containers/{id}/pause", O::ContainerPause, Allowed, Few, "says nothing but which"),
    row("POST", "/containers/{id}/unpause", O::ContainerUnpause, Allowed, Few, "says nothing but which"),
    row(
        "POST",
        "/containers/{id}/attach",
        O::ContainerAttach,
        Allowed,
        Few,
        "bytes to and from the container's own process, on a connection of its own",
    ),
    refused("GET", "/containers/{id}/attach/ws", "attaching by WebSocket is not needed here: `docker attach` works."),
    row("POST", "/containers/{id}/wait", O::ContainerWait, Scoped, Few, "an error in the answer is told in the learner's names"),
    row("DELETE", "/containers/{id}", O::ContainerRemove, Scoped, Few, "ports come free, and volumes that only it had are forgotten"),
    row("HEAD", "/containers/{id}/archive", O::ContainerArchiveInfo, Allowed, Few, "a path within the container"),
    row("GET", "/containers/{id}/archive", O::ContainerArchiveGet, Allowed, Few, "files of the container's own, at the reader's pace"),
    row(
        "PUT",
        "/containers/{id}/archive",
        O::ContainerArchivePut,
        Scoped,
        Few,
        "the engine gets a plain tar that was written here, never one it would unpack",
    ),
    row("POST", "/containers/{id}/exec", O::ExecCreate, Scoped, Few, "without privileges, counted, and kept as the sandbox's own"),
    row("POST", "/exec/{id}/start", O::ExecStart, Allowed, Few, "bytes to and from the process, on a connection of its own"),
    row("POST", "/exec/{id}/resize", O::ExecResize, Allowed, Few, "two numbers within bounds"),
    row("GET", "/exec/{id}/json", O::ExecInspect, Scoped, Few, "only known fields are passed on"),
    refused("GET", "/containers/{id}/checkpoints", CHECKPOINTS),
    refused("POST", "/containers/{id}/checkpoints", CHECKPOINTS),
    refused("DELETE", "/containers/{id}/checkpoints/{checkpoint}", CHECKPOINTS),
    // Images
    row("GET", "/images/json", O::ImageList, Synthesised, All, "from the ledger: the engine's list is everybody's"),
    row("POST", "/images/create", O::ImageCreate, Scoped, Few, "pulled from the course's registry only, and imported from the body only"),
    row("GET", "/images/search", O::ImageSearch, Synthesised, All, "from the course's registry; the engine would ask Docker Hub"),
    row("POST", "/images/prune", O::ImagePrune, Synthesised, All, PRUNE),
    row("GET", "/images/get", O::ImageGetAll, Scoped, Few, "asked for by ID; names in the archive are the learner's"),
    row("POST", "/images/load", O::ImageLoad, Scoped, Few, "written anew without names, so that it overwrites nobody's"),
    row("GET", "/images/{name*}/json", O::ImageInspect, Scoped, Few, "names in it are the learner's; the engine's folders are left out"),
    row("GET", "/images/{name*}/history", O::ImageHistory, Scoped, Few, "names and steps of the learner's own alone"),
    row("GET", "/images/{name*}/get", O::ImageGet, Scoped, Few, "asked for by ID; names in the archive are the learner's"),
    row("POST", "/images/{name*}/push", O::ImagePush, Scoped, Few, "into the learner's own corner of the course's registry"),
    row("POST", "/images/{name*}/tag", O::ImageTag, Scoped, Few, "a name in the ledger; the engine's names stay as they are"),
    row("DELETE", "/images/{name*}", O::ImageRemove, Scoped, Few, "what others use stays on the engine and goes from the view"),
    row(
        "GET",
        "/distribution/{name*}/json",
        O::DistributionInspect,
        Scoped,
        Few,
        "the engine would dial the registry in the name: only the course's is asked",
    ),
    row("POST", "/commit", O::ImageCommit, Scoped, Few, "of an own container, counted, and without triggers"),
    row("POST", "/build", O::ImageBuild, Scoped, Few, "every instruction is judged; images by ID, the sandbox's network, cache and limits"),
    row("POST", "/build/prune", O::BuildPrune, Synthesised, All, PRUNE),
    refused("POST", "/build/cancel", "a build ends with the command that asked for it: press Ctrl-C."),
    row("POST", "/session", O::BuildSession, Synthesised, Few, "spoken by the gateway itself: no byte reaches the engine's BuildKit"),
    row("POST", "/grpc", O::BuildControl, Synthesised, Few, "spoken by the gateway itself: no byte reaches the engine's BuildKit"),
    // Networks
    row("GET", "/networks", O::NetworkList, Synthesised, All, "from the ledger, with the three that every host has"),
    row("POST", "/networks/create", O::NetworkCreate, Scoped, Few, "plain bridges only, with addresses and a bridge that are chosen here"),
    row("POST", "/networks/prune", O::NetworkPrune, Synthesised, All, PRUNE),
    row(
        "GET",
        "/networks/{id}",
        O::NetworkInspect,
        Scoped,
        Few,
        "the learner's names; the host's bridge and others' containers are left out",
    ),
    row("DELETE", "/networks/{id}", O::NetworkRemove, Scoped, Few, "an own one, and not one that every host has"),
    row(
        "POST",
        "/networks/{id}/connect",
        O::NetworkConnect,
        Scoped,
        Few,
        "an own container to an own network, without an address of its choice",
    ),
    row("POST", "/networks/{id}/disconnect", O::NetworkDisconnect, Scoped, Few, "an own container from an own network"),
    // Volumes
    row("GET", "/volumes", O::VolumeList, Synthesised, All, "from the ledger: the engine's list is everybody's"),
    row("POST", "/volumes/create", O::VolumeCreate, Scoped, Few, "without driver options: with them it could be any folder of the host"),
    row("POST", "/volumes/prune", O::VolumePrune, Synthesised, All, PRUNE),
    row("GET", "/volumes/{name}", O::VolumeInspect, Scoped, Few, "the learner's name, and a mountpoint as a host of one's own has it"),
    row("DELETE", "/volumes/{name}", O::VolumeRemove, Scoped, Few, "an own one"),
    refused("PUT", "/volumes/{name}", SWARM),
    // Plugins
    row("GET", "/plugins", O::PluginList, Synthesised, Few, "there are none"),
    refused("GET", "/plugins/privileges", PLUGINS),
    refused("POST", "/plugins/pull", PLUGINS),
    refused("POST", "/plugins/create", PLUGINS),
    row(
        "GET",
        "/plugins/{name*}/json",
        O::PluginInspect,
        Synthesised,
        Few,
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
