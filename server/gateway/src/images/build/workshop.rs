//! What a build asks of the engine: containers that nobody else sees, files into and out of them, the layers
//! that they leave, and the image at the end. All of it is named by IDs that the engine or the ledger gave,
//! carries the sandbox's labels, and goes when the build does.

use std::{
    fs::File,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use base64::Engine as _;
use bytes::Bytes;
use futures_util::StreamExt;
use http::{HeaderName, Method};
use http_body_util::{BodyExt, BodyStream};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio_util::{io::ReaderStream, task::TaskTracker};

use crate::{
    body,
    containers::create::policy,
    gateway::Shared,
    images::{
        catalogue::{Healthcheck, ImageInspect},
        message::Message,
    },
    lines::{JsonLines, told_of},
    model::{
        container::{LogConfig, RestartPolicy},
        container_engine::{EngineCreate, EngineHostConfig, EngineMount},
    },
    refusal::Refusal,
    serve::Context,
    upstream::{Ask, EngineSaid, Upstream},
};

use super::{image::Image, output::Output};

/// `io.lunchbox.role` of containers and volumes that last as long as a step.
pub(super) const ROLE: &str = "build";
const PATH_STAT: HeaderName = HeaderName::from_static("x-docker-container-path-stat");
/// Go's `os.FileMode`.
const MODE_DIR: u32 = 1 << 31;
/// Bytes of output that are read at once.
const PIECE_BYTES: usize = 32 * 1024;

/// The engine as one build uses it.
pub(super) struct Workshop {
    pub(super) context: Context,
    /// Its engine name, or `none`.
    pub(super) network: String,
    pub(super) shm_bytes: Option<i64>,
    /// `name:address`
    pub(super) hosts: Vec<String>,
    /// What the engine is asked for to its end, though the build is dropped.
    pub(super) asked: TaskTracker,
    /// Containers on their way out.
    pub(super) leaving: TaskTracker,
    /// The engine has, or is about to have, something of this build's that nothing is known by yet.
    pub(super) unknown: Arc<AtomicBool>,
}

/// A container of a step. Dropped, it goes from the engine.
pub(super) struct Container {
    context: Context,
    leaving: TaskTracker,
    pub(super) id: String,
}

impl Drop for Container {
    fn drop(&mut self) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let (context, id) = (self.context.clone(), std::mem::take(&mut self.id));
        let spent = context.sandbox.spent.clone();
        spent.spawn_on(self.leaving.track_future(async move { remove_container(&context.shared.engine, &id).await }), &runtime);
    }
}

async fn remove_container(engine: &Upstream, id: &str) {
    let ask = Ask::delete(&["containers", id]).parameter("force", 1).parameter("v", 1);
    if let Err(said) = engine.done(ask).await
        && !said.is_not_found()
    {
        tracing::warn!(error = said.message(), "a step's container could not be removed");
    }
}

/// What a step's container is to be.
#[derive(Debug, Default)]
pub(super) struct Making<'a> {
    /// An image's ID.
    pub(super) image: &'a str,
    /// Nothing for one that is never started.
    pub(super) command: Vec<String>,
    pub(super) environment: Vec<String>,
    pub(super) user: String,
    pub(super) folder: String,
    pub(super) network: bool,
    pub(super) mounts: Vec<EngineMount>,
}

/// Something at a path in a container.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Stat {
    mode: u32,
    /// Where a link leads at last.
    pub(super) link_target: String,
}

impl Stat {
    pub(super) fn is_folder(&self) -> bool {
        self.mode & MODE_DIR != 0
    }
}

pub(super) fn random() -> String {
    format!("{:016x}", rand::random::<u64>())
}

fn lost(error: std::io::Error) -> Refusal {
    tracing::error!(%error, "a file of a build could not be written or read");
    Refusal::internal()
}

impl Workshop {
    pub(super) async fn create(&self, making: Making<'_>) -> Result<Container, Refusal> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Created {
            id: String,
        }
        let limits = &self.context.shared.config.limits;
        let runs = !making.command.is_empty();
        let request = EngineCreate {
            user: if making.user.is_empty() { "0".to_owned() } else { making.user },
            attach_stdout: runs,
            attach_stderr: runs,
            env: making.environment,
            cmd: Some(if runs { making.command } else { vec!["none".to_owned()] }),
            healthcheck: Some(Healthcheck { test: Some(vec!["NONE".to_owned()]), ..Healthcheck::default() }),
            image: making.image.to_owned(),
            working_dir: if making.folder.is_empty() { "/".to_owned() } else { making.folder },
            entrypoint: Some(Vec::new()),
            labels: self.context.scope.labels(ROLE).into_iter().collect(),
            host_config: EngineHostConfig {
                runtime: self.context.shared.config.runtime.clone(),
                log_config: LogConfig { kind: "none".to_owned(), ..LogConfig::default() },
                network_mode: if runs && making.network { self.network.clone() } else { "none".to_owned() },
                restart_policy: RestartPolicy { name: "no".to_owned(), maximum_retry_count: 0 },
                cap_drop: policy::DROPPED_CAPABILITIES.iter().map(|name| (*name).to_owned()).collect(),
                cgroupns_mode: "private".to_owned(),
                ipc_mode: "private".to_owned(),
                oom_score_adj: policy::OOM_SCORE,
                security_opt: vec!["no-new-privileges".to_owned()],
                extra_hosts: if runs { self.hosts.clone() } else { Vec::new() },
                shm_size: self.shm_bytes.unwrap_or(policy::MAX_MEMORY_FILES_BYTES),
                memory: limits.memory_max_bytes,
                memory_swap: limits.memory_max_bytes,
                nano_cpus: limits.nano_cpus_max,
                pids_limit: limits.pids_max,
                mounts: making.mounts,
                ..EngineHostConfig::default()
            },
            ..EngineCreate::default()
        };
        let name = self.context.scope.build_name(ROLE, &random());
        let ask = Ask::post(&["containers", "create"]).parameter("name", name.as_str()).json(&request)?;
        // Whoever goes away in the middle leaves no container: the asking goes on, and its answer is dropped.
        let (context, leaving) = (self.context.clone(), self.leaving.clone());
        let asking = async move {
            let created: Created = context.shared.engine.json(ask).await.map_err(|said| context.engine_said(said))?;
            Ok(Container { context, leaving, id: created.id })
        };
        self.steady(asking).await
    }

    /// Asks the engine for something that it would go on with by itself: whoever clears away behind the build waits for it.
    async fn steady<T: Send + 'static>(&self, asking: impl Future<Output = Result<T, Refusal>> + Send + 'static) -> Result<T, Refusal> {
        self.context.sandbox.steady(self.asked.track_future(asking)).await?
    }

    /// Runs a container to its end, and tells what it prints. Returns its exit code.
    pub(super) async fn run(&self, container: &Container, output: &mut Output) -> Result<i64, Refusal> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Waited {
            status_code: i64,
        }
        let engine = &self.context.shared.engine;
        let said = |said| self.context.engine_said(said);
        let attach = Ask::post(&["containers", &container.id, "attach"]).flag("stream", true).flag("stdout", true).flag("stderr", true);
        let attached = hyper::upgrade::on(engine.hijack(attach).await.map_err(said)?);
        engine.done(Ask::post(&["containers", &container.id, "start"])).await.map_err(said)?;
        let attached = attached.await.map_err(|error| {
            tracing::error!(%error, "a step's output can't be had");
            Refusal::engine_away()
        })?;
        print(TokioIo::new(attached), output).await;
        let wait = Ask::post(&["containers", &container.id, "wait"]).parameter("condition", "not-running").patient();
        let waited: Waited = engine.json(wait).await.map_err(said)?;
        Ok(waited.status_code)
    }

    /// Files as they lie in a plain tar, by their whole names: of a tar that it unpacks in a folder the engine takes no link
    /// that leads out of that folder, and a learner's may lead anywhere.
    pub(super) async fn put(&self, container: &Container, tar: File) -> Result<(), Refusal> {
        let tar = ReaderStream::new(tokio::fs::File::from_std(tar)).map(|read| read.map_err(Into::into));
        let ask = Ask::new(Method::PUT, &["containers", &container.id, "archive"])
            .parameter("path", "/")
            .stream("application/x-tar", body::stream(tar))
            .patient();
        let done = self.context.shared.engine.done(ask).await;
        done.map(drop).map_err(|said| {
            let refusal = self.context.engine_said(said);
            Refusal { message: refusal.message.replace(&container.id, "the step"), ..refusal }
        })
    }

    /// What lies at a path, where there is something.
    pub(super) async fn stat(&self, container: &Container, path: &str) -> Result<Option<Stat>, Refusal> {
        let ask = Ask::new(Method::HEAD, &["containers", &container.id, "archive"]).parameter("path", path);
        let response = match self.context.shared.engine.stream(ask).await {
            Ok(response) => response,
            // A HEAD says no more: there is nothing, or something on the way is no folder.
            Err(EngineSaid::Error { .. }) => return Ok(None),
            Err(said) => return Err(self.context.engine_said(said)),
        };
        let header = response.headers().get(&PATH_STAT).map(|value| value.as_bytes().to_vec()).unwrap_or_default();
        let stat = base64::engine::general_purpose::STANDARD.decode(header).ok().and_then(|json| serde_json::from_slice(&json).ok());
        stat.map(Some).ok_or_else(Refusal::internal)
    }

    /// What lies at a path, as a tar of at most `left_bytes`: what is left of `most_bytes`.
    pub(super) async fn get(&self, container: &Container, path: &str, left_bytes: u64, most_bytes: u64) -> Result<File, Refusal> {
        let ask = Ask::get(&["containers", &container.id, "archive"]).parameter("path", path).patient();
        let response = self.context.shared.engine.stream(ask).await.map_err(|said| self.context.engine_said(said))?;
        let mut file = tokio::fs::File::from_std(tempfile::tempfile().map_err(lost)?);
        let mut frames = BodyStream::new(response.into_body().map_err(|error| {
            tracing::error!(%error, "the engine broke off a copy");
            Refusal::engine_away()
        }));
        let mut bytes = 0;
        while let Some(frame) = frames.next().await {
            let Ok(data): Result<Bytes, _> = frame?.into_data() else { continue };
            bytes += data.len() as u64;
            if bytes > left_bytes {
                return Err(Refusal::too_large("what is copied from an image", most_bytes));
            }
            tokio::io::AsyncWriteExt::write_all(&mut file, &data).await.map_err(lost)?;
        }
        tokio::io::AsyncWriteExt::flush(&mut file).await.map_err(lost)?;
        Ok(file.into_std().await)
    }

    /// Makes an image of a container's files: a holder of layers, without a name. Returns its ID, its layers and
    /// their size.
    pub(super) async fn commit(&self, container: &Container) -> Result<(String, Vec<String>, i64), Refusal> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Committed {
            id: String,
        }
        let ask = Ask::post(&["commit"]).parameter("container", &container.id).parameter("pause", 0).patient();
        self.unknown.store(true, Ordering::Relaxed);
        let context = self.context.clone();
        let asking = async move { context.shared.engine.json::<Committed>(ask).await.map_err(|said| context.engine_said(said)) };
        let committed = self.steady(asking).await?;
        let (layers, bytes) = self.layers(&committed.id).await?.ok_or_else(Refusal::internal)?;
        Ok((committed.id, layers, bytes))
    }

    /// The layers of an image and the size of all of them, where the engine has it.
    pub(super) async fn layers(&self, id: &str) -> Result<Option<(Vec<String>, i64)>, Refusal> {
        layers(&self.context, id).await
    }

    /// An image of the same layers and nothing else, for containers to be made of.
    pub(super) async fn bare(&self, image: &Image) -> Result<String, Refusal> {
        let (context, image) = (self.context.clone(), image.bare(self.context.scope.labels(ROLE)));
        self.steady(async move { load(&context, &image, None).await }).await
    }

    /// Removes a holder of layers that nobody needs.
    pub(super) async fn drop_holder(&self, id: &str) {
        remove_holder(&self.context.shared, id).await;
    }
}

/// The layers of an image and the size of all of them, where the engine has it.
pub(super) async fn layers(context: &Context, id: &str) -> Result<Option<(Vec<String>, i64)>, Refusal> {
    match context.shared.engine.json::<ImageInspect>(Ask::get(&["images", id, "json"])).await {
        Ok(inspect) => Ok(Some((inspect.root_fs.layers.unwrap_or_default(), inspect.size))),
        Err(said) if said.is_not_found() => Ok(None),
        Err(said) => Err(context.engine_said(said)),
    }
}

/// Gives the engine an image of layers that it has, under a name of ours or under none. Returns its ID.
pub(super) async fn load(context: &Context, image: &Image, name: Option<&str>) -> Result<String, Refusal> {
    let (written, id) = (image.write(), image.id());
    let hex = id.trim_start_matches("sha256:");
    let layers: Vec<String> = (0..image.diff_ids.len()).map(|number| format!("{number}/layer.tar")).collect();
    let manifest =
        serde_json::json!([{ "Config": format!("{hex}.json"), "RepoTags": name.map(|name| [name]), "Layers": layers }]).to_string();
    let mut tar = tar::Builder::new(Vec::new());
    for (name, text) in [(format!("{hex}.json"), written.as_slice()), ("manifest.json".to_owned(), manifest.as_bytes())] {
        let mut header = tar::Header::new_gnu();
        header.set_mode(0o644);
        header.set_size(text.len() as u64);
        tar.append_data(&mut header, Path::new(&name), text).map_err(lost)?;
    }
    let bytes = Bytes::from(tar.into_inner().map_err(lost)?);
    let ask = Ask::post(&["images", "load"])
        .parameter("quiet", 1)
        .stream("application/x-tar", body::stream(futures_util::stream::iter([Ok(bytes)])))
        .patient();
    let engine = context.shared.engine.stream(ask).await.map_err(|said| context.engine_said(said))?;
    let mut lines = JsonLines::new(engine.into_body(), told_of("an image that was built", &context.sandbox.id));
    while let Some(message) = lines.next::<Message>().await {
        let error = message.map(|message| message.error).unwrap_or_else(|error| Some(error.to_string()));
        if let Some(error) = error {
            tracing::error!(sandbox = %context.sandbox.id, error, "the engine did not take an image that was built");
            return Err(Refusal::internal());
        }
    }
    Ok(id)
}

/// Removes an image without a name, where nothing stands on it.
pub(super) async fn remove_holder(shared: &Shared, id: &str) {
    if let Err(said) = shared.engine.done(Ask::delete(&["images", id]).parameter("noprune", 1)).await
        && !said.is_not_found()
    {
        tracing::debug!(error = said.message(), "a step stays on the engine");
    }
}

/// Reads the engine's frames (eight bytes of which stream and how long, then as many bytes) to their end.
async fn print(mut from: impl AsyncRead + Unpin, output: &mut Output) {
    let mut buffer = vec![0; PIECE_BYTES];
    let mut head = [0; 8];
    while from.read_exact(&mut head).await.is_ok() {
        let mut left = u32::from_be_bytes([head[4], head[5], head[6], head[7]]) as usize;
        while left > 0 {
            let most = left.min(buffer.len());
            match from.read(&mut buffer[..most]).await {
                Ok(0) | Err(_) => return,
                Ok(read) => {
                    left -= read;
                    output.printed(i64::from(head[0]), &String::from_utf8_lossy(&buffer[..read])).await;
                }
            }
        }
    }
}

/// Removes what builds have left behind that ended with their process. Before any sandbox is served.
pub(crate) async fn sweep(shared: &Shared) {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Listed {
        id: String,
    }
    let labels = [format!("io.lunchbox.instance={}", shared.config.instance), format!("io.lunchbox.role={ROLE}")];
    let filters = serde_json::json!({ "label": labels }).to_string();
    let ask = Ask::get(&["containers", "json"]).parameter("all", 1).parameter("filters", &filters);
    match shared.engine.json::<Vec<Listed>>(ask).await {
        Ok(left) => _ = futures_util::future::join_all(left.iter().map(|left| remove_container(&shared.engine, &left.id))).await,
        Err(said) => tracing::warn!(error = said.message(), "what builds left behind could not be listed"),
    }
    super::volumes::remove(shared, &labels).await;
    super::cache::remove_unknown(shared, &labels[0]).await;
}
