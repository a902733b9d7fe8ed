//! `docker commit`: a container's files as an image of the learner's own.

use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::{
    ActivityKind, body,
    images::{build, catalogue::Empty, own, tag},
    ledger::ImageOrigin,
    limits,
    model::event::Event,
    reference::Reference,
    refusal::{Answer, Refusal},
    request::Request,
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
    // Clients send a configuration, but an empty one: changes say what is to be different.
    Request::json::<Option<Empty>>(request.body, &request.headers).await?;

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
    let committed: Committed = context.shared.engine.json(ask).await.map_err(|said| context.engine_said(said))?;
    own::take_in(context, &turn, &committed.id, ImageOrigin::Committed, name.as_slice()).await?;
    drop(turn);
    for reference in name.iter().map(Reference::familiar) {
        context.sandbox.emit(Event::now("image", "tag", &committed.id, &[("name", &reference)]));
        context.sandbox.record(ActivityKind::ImageTagged { image_id: committed.id.clone(), reference }).await;
    }
    context.sandbox.changed();
    Ok(body::json(StatusCode::CREATED, &committed))
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

/// A comment or an author: a line for `docker history`, not a store.
fn note(text: Option<String>) -> Result<Option<String>, Refusal> {
    match text.filter(|text| !text.is_empty()) {
        Some(text) if text.len() > limits::MAX_NAME_BYTES => {
            Err(Refusal::invalid(format!("lunchbox: comment and author may have {} bytes each.", limits::MAX_NAME_BYTES)))
        }
        text => Ok(text),
    }
}
