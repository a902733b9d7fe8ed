//! Every limit of the gateway's own, with its unit and its reason. What a sandbox may use is policy
//! and lies in [`crate::SandboxLimits`].

use std::time::Duration;

/// Bytes of a JSON body. The largest honest one is a container with 64 KiB of labels.
pub(crate) const MAX_JSON_BODY_BYTES: usize = 1024 * 1024;
/// Bytes of a body that is read whenever it comes. Most requests have less than 4 KiB.
pub(crate) const MAX_SMALL_BODY_BYTES: u64 = 16 * 1024;
/// Larger JSON bodies of one sandbox that are read and answered at once; the next waits its turn, and isn't read before.
/// (A hundred connections with all but the last byte of one would be 100 MB.)
pub(crate) const MAX_LARGE_BODIES: usize = 4;
/// Levels of nesting in a JSON body. The deepest honest one has eight.
pub(crate) const MAX_JSON_DEPTH: usize = 32;
/// Bytes of a path with its query. Filters are the longest honest part.
pub(crate) const MAX_URI_BYTES: usize = 16 * 1024;
/// Parameters in one query.
pub(crate) const MAX_QUERY_PARAMETERS: usize = 64;
/// Bytes of one JSON answer of the engine that is read whole (an inspect, a list).
pub(crate) const MAX_ENGINE_ANSWER_BYTES: usize = 16 * 1024 * 1024;
/// Bytes of one line of a stream of JSON objects (pull, build, events).
pub(crate) const MAX_STREAM_LINE_BYTES: usize = 256 * 1024;
/// Connections open at once to one sandbox's socket, with the requests that are still under way though their client
/// has gone. The docker CLI uses one or two a command.
pub(crate) const MAX_CONNECTIONS: usize = 128;
/// Bytes that the kernel keeps of a large copy between the one who writes and the one who reads (`SO_SNDBUF`): by
/// default it is 208 KiB. With more than this no copy was quicker.
pub(crate) const WIDE_BUFFER_BYTES: usize = 512 * 1024;
/// Connections of one sandbox's clients that have so much at once.
pub(crate) const MAX_WIDE_CONNECTIONS: usize = 4;
/// Questions that are open at the engine at once for one sandbox's requests, each on a connection of its own; the next
/// wait. (Streams have their own limit, and what waits for a container to end has its request's place.) Ten `docker ps` at
/// once put some twenty.
pub(crate) const MAX_QUESTIONS: usize = 32;
/// Bytes of a request's head, and of what is read ahead of its body. The largest honest heads carry credentials.
pub(crate) const MAX_HEAD_BYTES: usize = 64 * 1024;
/// Lines in a request's head.
pub(crate) const MAX_HEADERS: usize = 64;
/// How long a client may take to send a body that is no upload. Tests have less patience.
pub(crate) const BODY_TIME: Duration = Duration::from_secs(if cfg!(test) { 3 } else { 30 });
/// How long an upload may stand still.
pub(crate) const UPLOAD_PAUSE: Duration = Duration::from_secs(if cfg!(test) { 3 } else { 60 });
/// How long an upload may take altogether, so that nobody keeps its place by a byte a minute.
pub(crate) const UPLOAD_TIME: Duration = Duration::from_secs(if cfg!(test) { 10 } else { 600 });
/// Uploads into containers of one sandbox that run at once; the next waits its turn. Each has a thread of the
/// few hundred that all sandboxes share.
pub(crate) const MAX_UPLOADS: usize = 2;
/// Lists of one sandbox that are made or read at once (containers, images, what takes the disk, what is pruned); the next
/// waits its turn. Each may be some 5 MB: 20 containers with all that they were asked for.
pub(crate) const MAX_LISTS: usize = 4;
/// How long the end of a sandbox waits for requests that are under way. The longest that no end of a container ends is a
/// question to an engine that is busy.
pub(crate) const CLOSING_TIME: Duration = Duration::from_secs(10);
/// How long a client may take to send its request's head.
pub(crate) const HEADER_TIME: Duration = Duration::from_secs(30);
/// How long the engine may take to begin its answer to a plain question (not a stream, a stop or a wait).
pub(crate) const ENGINE_ANSWER_TIME: Duration = Duration::from_secs(60);
/// How long a hijacked stream may stay open after one side has ended.
pub(crate) const HALF_CLOSED_TIME: Duration = Duration::from_secs(600);
/// Bytes copied at once between a learner and the engine on a hijacked stream.
pub(crate) const HIJACK_BUFFER_BYTES: usize = 16 * 1024;
/// The same, while there is always more to copy than that.
pub(crate) const HIJACK_FLOOD_BYTES: usize = 128 * 1024;
/// Activities a slow consumer may lag behind before it has to read the log.
pub(crate) const ACTIVITY_BACKLOG: usize = 256;
/// Events a slow `docker events` may lag behind.
pub(crate) const EVENT_BACKLOG: usize = 256;
/// Bytes of an image's labels that are told with each of its events; larger ones are left out. A sandbox keeps as many
/// events as [`EVENT_BACKLOG`] says, and most images have less than 1 KiB.
pub(crate) const MAX_EVENT_LABELS_BYTES: usize = 4 * 1024;
/// Addresses a network: 2^(32-26) = 64, some 60 containers.
pub(crate) const NETWORK_PREFIX_LENGTH: u8 = 26;
/// Bytes of all variables that a container gets by its links. Each linked one passes on its own environment.
pub(crate) const MAX_LINK_VARIABLES_BYTES: usize = 64 * 1024;
/// Bytes of a name or reference.
pub(crate) const MAX_NAME_BYTES: usize = 255;
/// Seconds that `docker stop` may wait at most before it kills.
pub(crate) const MAX_STOP_SECONDS: i64 = 30;
/// Pulls and pushes of one sandbox that run at once; the next waits its turn.
pub(crate) const MAX_TRANSFERS: usize = 2;
/// Bytes that are left free on the machine's disk by pushes: there the registry keeps what was pushed, and all others theirs.
pub(crate) const MIN_FREE_BYTES: u64 = 4 * 1024 * 1024 * 1024;
/// Containers of steps that are done, and the most bytes that each of them may hold, which go only at a build's end.
pub(crate) const MAX_SPENT_CONTAINERS: usize = 16;
/// How long a prune waits for containers of steps that are on their way out.
pub(crate) const SPENT_TIME: Duration = Duration::from_secs(10);
pub(crate) const MAX_SPENT_BYTES: i64 = 1024 * 1024;
/// Builds of one sandbox at once: the one that runs, and those that wait for their turn. `docker compose build` and
/// `docker buildx bake` ask for all of theirs at once.
pub(crate) const MAX_BUILDS: usize = 32;
/// Of those that wait, those that have their files on the disk already: clients of the classic builder send them first.
/// The next one's client waits before it sends.
pub(crate) const MAX_WAITING_CONTEXTS: usize = 2;
/// How long a build may take, all steps together.
pub(crate) const BUILD_TIME: Duration = Duration::from_secs(600);
/// Files in a build context. A large `node_modules` has some 50,000.
pub(crate) const MAX_CONTEXT_FILES: usize = 100_000;
/// Bytes of a Dockerfile or a `.dockerignore`.
pub(crate) const MAX_DOCKERFILE_BYTES: usize = 256 * 1024;
/// How long a container that publishes a port may take to accept a connection.
pub(crate) const DIAL_TIME: Duration = Duration::from_secs(5);
/// Connections of BuildKit's API on which one sandbox may ask at once: one a command that builds, and `docker buildx ls`
/// beside. (Each build has another one, its session, on which its client is asked.)
pub(crate) const MAX_BUILD_CONNECTIONS: usize = MAX_BUILDS + 4;
/// Builds by that API that are remembered at once. Those that have ended make room for new ones.
pub(crate) const MAX_BUILD_JOBS: usize = MAX_BUILDS + 16;
/// How long the parts of one build may be apart: its session, its request, its progress.
pub(crate) const BUILD_SESSION_TIME: Duration = Duration::from_secs(10);
/// Bytes of one message of that API. A client sends files in pieces of 32 KiB; a build with many arguments
/// is asked for in less than that.
pub(crate) const MAX_BUILD_MESSAGE_BYTES: usize = 256 * 1024;
/// Bytes of the headers of one call on a build's session. The patterns of a `.dockerignore` are in them.
pub(crate) const MAX_BUILD_HEADER_BYTES: u32 = 64 * 1024;
/// And of one call by a client: its build's name, and what gRPC says of itself.
pub(crate) const MAX_BUILD_CALL_HEADER_BYTES: u32 = 8 * 1024;
/// Bytes that a client may be ahead on a build's session, with its files.
pub(crate) const BUILD_WINDOW_BYTES: u32 = 512 * 1024;
/// And on a connection on which it asks, whose messages are small.
pub(crate) const BUILD_CALL_WINDOW_BYTES: u32 = 64 * 1024;
/// Calls of that API under way at once, of one sandbox. A build takes four, most of them as long as it waits for its
/// turn; `docker buildx bake` has all its builds on one connection, and each must get through to the last of them.
pub(crate) const MAX_BUILD_CALLS: usize = 5 * MAX_BUILDS;
/// Messages of that API that are read at once from one sandbox; the next wait.
pub(crate) const MAX_BUILD_MESSAGES: usize = 64;
/// Lines of progress that may wait for a slow reader before the build itself waits.
pub(crate) const BUILD_PROGRESS_BACKLOG: usize = 256;
/// Steps of builds with a layer that a sandbox keeps, the last used ones. An image has at most 127.
pub(crate) const MAX_BUILD_STEPS: usize = 200;
/// Characters of what is told of a step that is kept.
pub(crate) const MAX_STEP_DESCRIPTION: usize = 200;
/// Caches (`RUN --mount=type=cache`) that a sandbox keeps.
pub(crate) const MAX_BUILD_CACHES: usize = 8;
/// Bytes that one step takes out of other images.
pub(crate) const MAX_COPIED_BYTES: u64 = 1_000_000_000;
/// Bytes of a secret that a build is given. BuildKit has the same limit.
pub(crate) const MAX_SECRET_BYTES: usize = 500 * 1024;
/// How often and how soon a step's volume is removed anew while its container still holds it.
pub(crate) const VOLUME_TRIES: u32 = 120;
pub(crate) const VOLUME_PAUSE: Duration = Duration::from_millis(250);
/// Bytes of output that one step tells a BuildKit client. BuildKit has the same limit.
pub(crate) const MAX_STEP_LOG_BYTES: usize = 2 * 1024 * 1024;
/// Instructions of one Dockerfile.
pub(crate) const MAX_INSTRUCTIONS: usize = 1000;
/// Files and folders that the words of one COPY stand for, each as often as it is named: as many as a context has.
pub(crate) const MAX_COPIED_FILES: usize = MAX_CONTEXT_FILES;
/// Words of one COPY.
pub(crate) const MAX_COPY_SOURCES: usize = 128;
/// Bytes that a word of a Dockerfile may become by its variables.
pub(crate) const MAX_WORD_BYTES: usize = 64 * 1024;
/// Bytes of one sandbox's rows in one of the ledger's tables that are remembered. Twenty containers have some 40 KB; larger
/// ones are read from the database each time.
pub(crate) const MAX_KEPT_BYTES: usize = 256 * 1024;
/// Bytes of an image's environment and labels together, as of a container's.
pub(crate) const MAX_CONFIG_BYTES: usize = 256 * 1024;
/// Steps of all sandboxes that take files out of images at once; the next waits its turn. Each has up to
/// [`MAX_COPIED_BYTES`] on the disk meanwhile, and once more what it writes, at most what its sandbox may still take.
pub(crate) const MAX_COPYING: usize = 4;
/// Addresses of all networks together that one sandbox has chosen itself: two of /16. All learners choose from the same
/// ranges, of which there are seventeen.
pub(crate) const MAX_CHOSEN_ADDRESSES: u64 = 2 * 65_536;
