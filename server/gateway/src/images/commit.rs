//! `docker commit`: a container's files as an image of the learner's own.

use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::{
    ActivityKind, body,
    containers::{
        create::{paths, policy},
        inspect,
        links::Links,
        ports,
    },
    images::{build, catalogue::ImageConfig, events, own, tag},
    ledger::ImageOrigin,
    limits,
    reference::Reference,
    refusal::{Answer, Refusal},
    request::Request,
    scope::OwnContainer,
    serve::Context,
    upstream::Ask,
};

/// `IDResponse`
#[derive(Debug, Deserialize, Serialize)]
struct Committed {
    #[serde(rename = "Id")]
    id: String,
}

pub(crate) async fn commit(context: &Context, mut request: Request) -> Answer {
    let query = &mut request.query;
    let container = query.text("container")?.unwrap_or_default();
    let repository = query.text("repo")?.filter(|repository| !repository.is_empty());
    let version = query.text("tag")?.filter(|tag| !tag.is_empty());
    let (comment, author) = (note(query.text("comment")?)?, note(query.text("author")?)?);
    let pause = query.text("pause")?.is_none_or(|pause| matches!(pause.as_str(), "1" | "true" | "True"));
    let changes = query.all("changes");
    check_changes(&changes)?;
    let changes = build::changes(&changes)?;
    request.query.finish()?;
    // What is to be different from the container's, besides the changes. The docker command sends an empty one.
    let config = config(Request::json::<Option<ImageConfig>>(request.body, &request.headers).await?.unwrap_or_default())?;

    let name = repository.map(|repository| tag::read(&repository, version.as_deref())).transpose()?;
    let container = context.scope.container(&container).await?;
    // One at a time: what is refused at the end has been written to the disk by then.
    let turn = context.sandbox.turns.images().await;
    own::check_limit(context).await?;
    tag::check_limit(context, &turn, name.as_slice()).await?;

    let mut ask = Ask::post(&["commit"])
        .parameter("container", container.engine_id())
        .parameter("pause", u8::from(pause))
        .optional("comment", comment)
        .optional("author", author)
        .patient();
    for change in changes {
        ask = ask.parameter("changes", change);
    }
    if let Some(config) = config {
        ask = ask.json(&config)?;
    }
    let of_links = of_links(context, &container).await?;
    let mut committed: Committed = context.shared.engine.json(ask).await.map_err(|said| context.engine_said(said))?;
    if !of_links.is_empty() {
        committed.id = build::without_variables(context, &committed.id, &of_links).await?;
    }
    own::take_in(context, &turn, &committed.id, ImageOrigin::Committed, name.as_slice()).await?;
    drop(turn);
    events::tell(context, "create", &committed.id, &committed.id).await;
    for reference in name.iter().map(Reference::familiar) {
        events::tell(context, "tag", &committed.id, &reference).await;
        context.sandbox.record(ActivityKind::ImageTagged { image_id: committed.id.clone(), reference }).await;
    }
    context.sandbox.changed();
    Ok(body::json(StatusCode::CREATED, &committed))
}

/// What of a container's environment came by its links, which an image has nothing of.
async fn of_links(context: &Context, container: &OwnContainer) -> Result<Vec<String>, Refusal> {
    let links = Links::of(container.row());
    if links.variables.is_empty() {
        return Ok(Vec::new());
    }
    let environment = inspect::ask(context, container, false).await?.config.env.unwrap_or_default();
    let came = links.came_by_them();
    Ok(environment.into_iter().filter(|pair| came(pair)).collect())
}

/// Instructions that change a configuration and nothing else: those that `--change` takes.
/// Source: moby, builder/dockerfile/dispatchers.go, `validCommitCommands`.
const CHANGES: [&str; 11] =
    ["cmd", "entrypoint", "env", "expose", "healthcheck", "label", "onbuild", "stopsignal", "user", "volume", "workdir"];

/// Fails in the engine's words on any other.
pub(crate) fn check_changes(changes: &[String]) -> Result<(), Refusal> {
    let mut words = changes.iter().filter_map(|change| change.split_whitespace().next());
    match words.find(|word| !CHANGES.contains(&word.to_ascii_lowercase().as_str())) {
        None => Ok(()),
        Some(word) => Err(Refusal::invalid(format!("{word} is not a valid change command"))),
    }
}

/// A configuration as an image may have it; `None` where it says nothing.
fn config(config: ImageConfig) -> Result<Option<ImageConfig>, Refusal> {
    if config == ImageConfig::default() {
        return Ok(None);
    }
    policy::check_labels(config.labels.iter().flatten())?;
    for port in config.exposed_ports.iter().flatten().map(|(port, _)| port) {
        ports::parse_container_port(port)?;
    }
    for path in config.volumes.iter().flatten().map(|(path, _)| path) {
        paths::mount_target(path, str::to_owned)?;
    }
    paths::check_working_dir(&config.working_dir)?;
    if let Some(signal) = config.stop_signal.as_ref().filter(|signal| !signal.is_empty()) {
        policy::check_signal(signal)?;
    }
    let words = config.env.iter().chain(&config.cmd).chain(&config.entrypoint).flatten().map(String::len).sum::<usize>();
    if words > limits::MAX_DOCKERFILE_BYTES {
        return Err(Refusal::invalid("lunchbox: command and environment are larger than 256 KiB together"));
    }
    // What runs in a build on it is decided by its Dockerfile, and by nothing hidden in its base.
    if config.on_build.as_ref().is_some_and(|steps| !steps.is_empty()) {
        return Err(Refusal::invalid(build::NO_TRIGGERS));
    }
    Ok(Some(ImageConfig {
        healthcheck: policy::healthcheck(config.healthcheck.as_ref(), None, &mut policy::Cuts::default()),
        image: String::new(),
        ..config
    }))
}

/// A comment or an author: a line for `docker history`, not a store.
fn note(text: Option<String>) -> Result<Option<String>, Refusal> {
    match text.filter(|text| !text.is_empty()) {
        Some(text) if text.len() > limits::MAX_NAME_BYTES => {
            Err(Refusal::invalid(format!("lunchbox: comment and author may have {} bytes each.", limits::MAX_NAME_BYTES)))
        }
        text => Ok(text),
    }
}
