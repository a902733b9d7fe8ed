//! `docker image inspect` and `docker history`: what the engine says, under the learner's names.

use http::StatusCode;
use serde::Serialize;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    ActivityKind, body,
    images::{
        catalogue::{HistoryItem, ImageFacts, ImageInspect},
        labels, pull,
        view::View,
    },
    ledger::ImageRow,
    model::versions,
    refusal::{Answer, Refusal},
    request::{Request, path::ApiVersion},
    serve::Context,
};

/// What the engine calls an image of which it only knows the layers.
const MISSING: &str = "<missing>";

/// `ImageInspect` with what no learner's view changes.
#[derive(Debug, Serialize)]
struct Inspected {
    #[serde(flatten)]
    image: ImageInspect,
    #[serde(rename = "GraphDriver")]
    graph_driver: GraphDriver,
}

/// How layers lie on the shared engine's disk is nobody's business; that it is overlay2 may be told.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct GraphDriver {
    data: Option<()>,
    name: &'static str,
}

pub(crate) async fn inspect(context: &Context, mut request: Request) -> Answer {
    request.query.ignore(&["size"]);
    let manifests = request.query.flag("manifests")?;
    let platform = request.query.all("platform");
    request.query.finish()?;
    if manifests && request.version >= ApiVersion(49) && !platform.is_empty() {
        return Err(Refusal::invalid("conflicting options: manifests and platform options cannot both be set"));
    }
    pull::check_platforms(&platform)?;
    let own = context.scope.image(request.parameters.get("name")).await?;
    let facts = context.shared.catalogue.get(own.id()).await.map_err(|said| context.engine_said(said))?;
    let view = View::read(context).await?;
    let image = as_seen(&view, own.id(), &facts);
    let inspected = Inspected { image, graph_driver: GraphDriver { data: None, name: "overlay2" } };
    let mut shown = serde_json::to_value(inspected).unwrap_or_default();
    versions::image(&mut shown, request.version);
    context.sandbox.record_look(ActivityKind::ImageInspected { image_id: own.id().to_owned(), references: view.tags(own.id()) });
    Ok(body::json(StatusCode::OK, &shown))
}

fn as_seen(view: &View, id: &str, facts: &ImageFacts) -> ImageInspect {
    let mut image = facts.inspect.clone();
    image.repo_tags = view.tags(id);
    image.repo_digests = view.digests(id);
    if view.row(&image.parent).is_none() {
        image.parent = String::new();
    }
    image.metadata.last_tag_time = view.row(id).map(added).unwrap_or_default();
    if let Some(config) = &mut image.config {
        config.labels = labels::shown(config.labels.as_ref());
        // The step before, on the engine: an ID that nobody here can use.
        if view.row(&config.image).is_none() {
            config.image = String::new();
        }
    }
    image
}

fn added(row: &ImageRow) -> String {
    let time = OffsetDateTime::from_unix_timestamp_nanos(i128::from(row.added_at) * 1_000_000).ok();
    time.and_then(|time| time.format(&Rfc3339).ok()).unwrap_or_default()
}

pub(crate) async fn history(context: &Context, mut request: Request) -> Answer {
    let platform = request.query.all("platform");
    request.query.finish()?;
    pull::check_platforms(&platform)?;
    let own = context.scope.image(request.parameters.get("name")).await?;
    let facts = context.shared.catalogue.get(own.id()).await.map_err(|said| context.engine_said(said))?;
    let view = View::read(context).await?;
    let lines = lines(&view, own.id(), &facts.history);
    context.sandbox.record_look(ActivityKind::ImageHistoryViewed { image_id: own.id().to_owned(), references: view.tags(own.id()) });
    Ok(body::json(StatusCode::OK, &lines))
}

/// Newest first. Steps between are `<missing>`, as in an image that was pulled.
fn lines(view: &View, id: &str, history: &[HistoryItem]) -> Vec<HistoryItem> {
    let mut lines: Vec<HistoryItem> = history.iter().filter(|item| !labels::is_hidden_instruction(&item.created_by)).cloned().collect();
    for (index, line) in lines.iter_mut().enumerate() {
        let shown = if index == 0 { Some(id) } else { view.row(&line.id).map(|row| row.image_id.as_str()) };
        let tags = shown.map(|id| view.tags(id)).unwrap_or_default();
        line.id = shown.unwrap_or(MISSING).to_owned();
        line.tags = (!tags.is_empty()).then_some(tags);
    }
    lines
}
