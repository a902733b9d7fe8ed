//! `docker images`: what the ledger says is on this host, described from the catalogue.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use http::StatusCode;
use serde::Serialize;

use crate::{
    ActivityKind, body,
    images::{catalogue::ImageFacts, glob, labels, layers, view::View},
    ledger::ImageRow,
    refusal::{Answer, Refusal},
    request::{
        Request,
        moment::until,
        path::ApiVersion,
        query::{Filters, has_label, known_filters, truth},
    },
    serve::Context,
};

const KNOWN_FILTERS: [&str; 6] = ["dangling", "label", "before", "since", "reference", "until"];

/// `ImageSummary`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ImageSummary {
    id: String,
    parent_id: String,
    repo_tags: Vec<String>,
    repo_digests: Vec<String>,
    /// Unix seconds.
    created: i64,
    /// Bytes, uncompressed.
    pub(crate) size: i64,
    /// Bytes that another image of this host has too; -1 where nobody asked.
    pub(crate) shared_size: i64,
    /// Up to API 1.43.
    #[serde(skip_serializing_if = "Option::is_none")]
    virtual_size: Option<i64>,
    labels: Option<BTreeMap<String, String>>,
    /// -1: up to API 1.50 counted by `docker system df` only.
    pub(crate) containers: i64,
}

pub(crate) async fn list(context: &Context, mut request: Request) -> Answer {
    // Images without a name that others are built from are no part of this view, so `all` adds nothing.
    request.query.ignore(&["all", "digests"]);
    // An image's manifests are told by an engine that keeps them, as a store of several platforms does. Shared
    // sizes by one of 1.42.
    _ = request.query.flag("manifests")?;
    _ = request.query.flag("identity")?;
    let shared_size = request.query.flag("shared-size")? && request.version >= ApiVersion(42);
    let mut filters = request.query.filters()?;
    // Before filters, a name was given like this; some clients still do.
    if let Some(name) = request.query.text("filter")?.filter(|name| !name.is_empty()) {
        filters.entry("reference".to_owned()).or_default().push(name);
    }
    let completes = request.is_completion();
    request.query.finish()?;
    known_filters(&filters, &KNOWN_FILTERS)?;

    let view = View::read(context).await?;
    let mut images = view.facts(context).await?;
    let bounds = Bounds::read(context, &filters).await?;
    let dangling = truth(&filters, "dangling")?;
    images.retain(|(row, facts)| wanted(&view, row, facts, &filters, dangling, &bounds));
    images.sort_by_key(|(row, facts)| std::cmp::Reverse((facts.created(), row.added_at)));
    let users = if shared_size { layer_users(&images) } else { HashMap::new() };
    let patterns = filters.get("reference").map(Vec::as_slice).unwrap_or_default();

    let users_of_images = if request.version >= ApiVersion(51) { Some(containers(context).await?) } else { None };
    let summaries: Vec<ImageSummary> = images
        .iter()
        .map(|(row, facts)| {
            let mut summary = summary(&view, row, facts, patterns, request.version);
            if let Some(users) = &users_of_images {
                summary.containers = users.get(&row.image_id).copied().unwrap_or(0);
            }
            if shared_size {
                summary.shared_size = shared(facts, &users);
            }
            summary
        })
        .collect();
    if !completes {
        let references = images.iter().flat_map(|(row, _)| view.tags(&row.image_id)).collect();
        context.sandbox.record_look(ActivityKind::ImagesListed { references });
    }
    Ok(body::json(StatusCode::OK, &summaries))
}

/// All images, with what `docker system df` tells of them besides.
pub(crate) async fn for_disk_usage(context: &Context, version: ApiVersion) -> Result<Vec<ImageSummary>, Refusal> {
    let view = View::read(context).await?;
    let mut images = view.facts(context).await?;
    images.sort_by_key(|(row, facts)| std::cmp::Reverse((facts.created(), row.added_at)));
    let (users, containers) = (layer_users(&images), containers(context).await?);
    let with_both = |(row, facts): &(&ImageRow, Arc<ImageFacts>)| ImageSummary {
        shared_size: shared(facts, &users),
        containers: containers.get(&row.image_id).copied().unwrap_or(0),
        ..summary(&view, row, facts, &[], version)
    };
    Ok(images.iter().map(with_both).collect())
}

/// How many containers each image has.
async fn containers(context: &Context) -> Result<HashMap<String, i64>, Refusal> {
    let mut users = HashMap::new();
    for own in context.scope.containers().await? {
        *users.entry(own.row().image_id.clone()).or_insert(0) += 1;
    }
    Ok(users)
}

fn summary(view: &View, row: &ImageRow, facts: &ImageFacts, patterns: &[String], version: ApiVersion) -> ImageSummary {
    let named = |name: &String| patterns.is_empty() || patterns.iter().any(|pattern| is_named(pattern, name));
    let mut repo_tags: Vec<String> = view.tags(&row.image_id).into_iter().filter(named).collect();
    let mut repo_digests: Vec<String> = view.digests(&row.image_id).into_iter().filter(named).collect();
    if version < ApiVersion(43) && repo_tags.is_empty() && repo_digests.is_empty() {
        repo_tags.push("<none>:<none>".to_owned());
        repo_digests.push("<none>@<none>".to_owned());
    }
    ImageSummary {
        id: row.image_id.clone(),
        parent_id: view.row(&facts.inspect.parent).map(|row| row.image_id.clone()).unwrap_or_default(),
        repo_tags,
        repo_digests,
        created: facts.created(),
        size: facts.inspect.size,
        shared_size: -1,
        virtual_size: (version < ApiVersion(44)).then_some(facts.inspect.size),
        labels: labels::shown(facts.labels()),
        containers: -1,
    }
}

/// What `before`, `since` and `until` stand for, in unix seconds.
#[derive(Default)]
struct Bounds {
    before: Option<i64>,
    since: Option<i64>,
    until: Option<i64>,
}

impl Bounds {
    async fn read(context: &Context, filters: &Filters) -> Result<Self, Refusal> {
        let mut bounds = Self::default();
        for asked in filters.get("before").into_iter().flatten() {
            bounds.before = Some(created(context, asked).await?);
        }
        for asked in filters.get("since").into_iter().flatten() {
            bounds.since = Some(created(context, asked).await?);
        }
        bounds.until = until(filters, "until")?;
        Ok(bounds)
    }
}

async fn created(context: &Context, asked: &str) -> Result<i64, Refusal> {
    let image = context.scope.image(asked).await?;
    Ok(context.shared.catalogue.get(image.id()).await.map_err(|said| context.engine_said(said))?.created())
}

fn wanted(view: &View, row: &ImageRow, facts: &ImageFacts, filters: &Filters, dangling: Option<bool>, bounds: &Bounds) -> bool {
    let id = &row.image_id;
    let names = || view.tags(id).into_iter().chain(view.digests(id));
    let is_dangling = view.tags(id).is_empty() && view.digests(id).is_empty();
    let labels = labels::shown(facts.labels()).unwrap_or_default();
    dangling.is_none_or(|wanted| wanted == is_dangling)
        && filters.get("label").into_iter().flatten().all(|label| has_label(&labels, label))
        && filters
            .get("reference")
            .is_none_or(|patterns| patterns.is_empty() || patterns.iter().any(|pattern| names().any(|name| is_named(pattern, &name))))
        && bounds.before.is_none_or(|before| facts.created() < before)
        && bounds.since.is_none_or(|since| facts.created() > since)
        && bounds.until.is_none_or(|until| facts.created() < until)
}

/// A pattern against `nginx:latest`: as a whole, or its repository only.
fn is_named(pattern: &str, name: &str) -> bool {
    let repository = name.split_once('@').map_or_else(|| crate::images::view::repository_of(name), |(repository, _)| repository.to_owned());
    glob::matches(pattern, name) || glob::matches(pattern, &repository)
}

/// How many images have each layer.
fn layer_users(images: &[(&ImageRow, Arc<ImageFacts>)]) -> HashMap<String, usize> {
    let mut users = HashMap::new();
    for chain in images.iter().flat_map(|(_, facts)| layers::chain_ids(facts.diff_ids())) {
        *users.entry(chain).or_insert(0) += 1;
    }
    users
}

fn shared(facts: &ImageFacts, users: &HashMap<String, usize>) -> i64 {
    let shared = facts.chains().filter(|(chain, _)| users.get(chain).is_some_and(|count| *count > 1));
    shared.map(|(_, bytes)| i64::try_from(bytes).unwrap_or(0)).sum()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    #[test]
    fn names_match_as_a_whole_or_by_repository() {
        assert!(is_named("nginx", "nginx:latest"));
        assert!(is_named("ngin*:la*", "nginx:latest"));
        assert!(is_named("registry.lunchbox/*", "registry.lunchbox/app:1"));
        assert!(!is_named("ubuntu", "nginx:latest"));
        assert!(!is_named("*", "me/app:1"));
    }
}
