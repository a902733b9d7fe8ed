//! `docker search` and what the registry says of one image, over the course registry alone.

use http::StatusCode;
use serde::Serialize;

use crate::{
    body,
    images::pull,
    reference::Reference,
    refusal::{Answer, Refusal},
    registry::{self, Lookup},
    request::{
        Request,
        query::{known_filters, truth, whole_number},
    },
    serve::Context,
};

/// Results where no limit is asked for, as in Docker.
const DEFAULT_LIMIT: i64 = 25;
const MAX_LIMIT: i64 = 100;
const DESCRIPTION_LABEL: &str = "org.opencontainers.image.description";

/// `ImageSearchResponseItem`; the names are lower case in the API.
#[derive(Debug, Serialize)]
struct Found {
    name: String,
    description: String,
    is_official: bool,
    is_automated: bool,
    star_count: i64,
}

pub(crate) async fn search(context: &Context, mut request: Request) -> Answer {
    let term = request.query.text("term")?.unwrap_or_default().to_ascii_lowercase();
    let limit = request.query.number("limit")?.filter(|limit| *limit != 0).unwrap_or(DEFAULT_LIMIT);
    let filters = request.query.filters()?;
    request.query.finish()?;
    known_filters(&filters, &["is-official", "is-automated", "stars"])?;
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(Refusal::invalid(format!("limit {limit} is outside the range of [1, {MAX_LIMIT}]")));
    }
    let official = truth(&filters, "is-official")?;
    // Nothing is automated here, and nothing has stars.
    let automated = truth(&filters, "is-automated")? == Some(true);
    let stars = filters.get("stars").into_iter().flatten().map(|stars| whole_number("stars", stars)).collect::<Result<Vec<_>, _>>()?;
    if automated || stars.iter().any(|stars| *stars > 0) {
        return Ok(body::json(StatusCode::OK, &[(); 0]));
    }
    let mut found = Vec::new();
    if official != Some(false) {
        for name in context.shared.registry.course_images().await? {
            if name.contains(&term) || term.strip_prefix("library/").is_some_and(|term| name.contains(term)) {
                let description = description(context, &name).await;
                found.push(Found { name, description, is_official: true, is_automated: false, star_count: 0 });
            }
        }
    }
    if official != Some(true) {
        let pushed = context.shared.ledger.pushed(context.scope.sandbox()).await?;
        let mut own: Vec<String> = pushed.iter().map(|(reference, _)| crate::images::view::repository_of(reference)).collect();
        own.dedup();
        let own = own.into_iter().filter(|name| name.contains(&term));
        found.extend(own.map(|name| Found {
            name,
            description: "pushed from this host".to_owned(),
            is_official: false,
            is_automated: false,
            star_count: 0,
        }));
    }
    found.truncate(usize::try_from(limit).unwrap_or(0));
    Ok(body::json(StatusCode::OK, &found))
}

/// What an official image says of itself, where the engine has it.
async fn description(context: &Context, name: &str) -> String {
    let Ok(Lookup::Found(manifest)) = context.shared.registry.look_up(&format!("library/{name}"), "latest").await else {
        return String::new();
    };
    let Ok(facts) = context.shared.catalogue.get(&manifest.image_id).await else { return String::new() };
    facts.label(DESCRIPTION_LABEL).unwrap_or_default().to_owned()
}

/// `DistributionInspect`
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Distribution {
    descriptor: Descriptor,
    platforms: [Platform; 1],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    media_type: String,
    digest: String,
    size: u64,
}

#[derive(Debug, Serialize)]
struct Platform {
    architecture: &'static str,
    os: &'static str,
}

pub(crate) async fn distribution(context: &Context, request: Request) -> Answer {
    request.query.finish()?;
    let name = request.parameters.get("name");
    let reference = Reference::parse(name).ok_or_else(|| Refusal::invalid("invalid reference format"))?;
    let repository = context.scope.registry_repository(&reference)?;
    let wanted = pull::look_up(context, reference, repository).await?;
    let manifest = wanted.manifest;
    Ok(body::json(
        StatusCode::OK,
        &Distribution {
            descriptor: Descriptor { media_type: manifest.media_type, digest: manifest.digest, size: manifest.size },
            platforms: [Platform { architecture: registry::architecture(), os: "linux" }],
        },
    ))
}
