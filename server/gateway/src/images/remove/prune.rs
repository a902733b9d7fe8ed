//! `docker image prune`: what no container uses, of this host only.

use std::collections::HashSet;

use http::StatusCode;
use serde::Serialize;

use crate::{
    ActivityKind, body,
    images::{events, labels, view::View},
    model::event::Event,
    refusal::Answer,
    request::{
        Request,
        moment::{labels_fit, until},
        query::{known_filters, truth},
    },
    serve::Context,
};

use super::{Line, delete, names_of};

/// `ImagePruneResponse`
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Pruned {
    /// Null where nothing went, as the engine has it.
    images_deleted: Option<Vec<Line>>,
    /// Bytes, uncompressed.
    space_reclaimed: u64,
}

pub(crate) async fn prune(context: &Context, mut request: Request) -> Answer {
    let filters = request.query.filters()?;
    request.query.finish()?;
    known_filters(&filters, &["dangling", "label", "label!", "until"])?;
    let only_dangling = truth(&filters, "dangling")?.unwrap_or(true);
    let until = until(&filters, "until")?;

    let _turn = context.sandbox.turns.images().await;
    let view = View::read(context).await?;
    let used: HashSet<String> =
        context.shared.ledger.containers(context.scope.sandbox()).await?.into_iter().map(|container| container.image_id).collect();
    let mut lines = Vec::new();
    let mut space = 0;
    for (row, facts) in view.facts(context).await?.into_iter().rev() {
        let id = &row.image_id;
        let names = names_of(&view, id);
        let labels = labels::shown(facts.labels()).unwrap_or_default();
        let goes = !used.contains(id)
            && (!only_dangling || names.is_empty())
            && until.is_none_or(|until| facts.created() < until)
            && labels_fit(&filters, &labels);
        if !goes {
            continue;
        }
        for name in names {
            lines.push(Line::Untagged(name.familiar()));
            events::tell(context, "untag", id, id).await;
            if let super::Name::Tag(reference) = name {
                context.sandbox.record(ActivityKind::ImageUntagged { image_id: id.clone(), reference }).await;
            }
        }
        let deleted = delete(context, id).await?;
        let gone = |chain: &String| deleted.iter().any(|line| matches!(line, Line::Deleted(id) if id == chain));
        space += facts.chains().filter(|(chain, _)| gone(chain)).map(|(_, bytes)| bytes).sum::<u64>();
        lines.extend(deleted);
    }
    let images_deleted = (!lines.is_empty()).then_some(lines);
    context.sandbox.emit(Event::pruned("image", space));
    Ok(body::json(StatusCode::OK, &Pruned { images_deleted, space_reclaimed: space }))
}
