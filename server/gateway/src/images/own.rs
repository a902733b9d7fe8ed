//! The learner's own images on the engine. The engine keeps an image as long as it has a name, so each
//! own image has one of the gateway's making, `lb-<instance>/<sandbox>:<12 hex of the ID>`, which no
//! learner can reach.

use std::{collections::HashSet, time::Duration};

use http::{Method, StatusCode};
use serde::Deserialize;

use crate::{
    SandboxId,
    admission::{Images, Turn},
    gateway::Shared,
    images::{catalogue::ImageInspect, comings::Alone, tag, view::short},
    ledger::ImageOrigin,
    reference::{Reference, is_digest},
    refusal::Refusal,
    registry::RegistryError,
    scope::{INSTANCE_LABEL, RegistryRepository, SANDBOX_LABEL, Scope},
    serve::Context,
    system::disk,
    upstream::{Ask, EngineSaid, OurLabels},
};

/// How often and how soon to ask again while the engine prunes for somebody else.
const PRUNE_TRIES: u32 = 100;
const PRUNE_PAUSE: Duration = Duration::from_millis(100);

/// One line of the engine's answer to a removal.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) enum Gone {
    Untagged(String),
    Deleted(String),
}

/// Fails where the host has as many images of its own as it may have, or no room for another.
pub(crate) async fn check_limit(context: &Context) -> Result<(), Refusal> {
    check_count(context).await?;
    disk::check(context).await
}

async fn check_count(context: &Context) -> Result<(), Refusal> {
    let most = context.shared.config.limits.own_images;
    let own = context.shared.ledger.images(context.scope.sandbox()).await?.iter().filter(|row| row.origin.is_own()).count();
    if own < most as usize { Ok(()) } else { Err(Refusal::limit("images of its own", most, "docker image prune")) }
}

/// Makes an image the host's own, under these names, unless it is on the host already: then it gets the names
/// only. Whether there is room is asked here, since others may have come while this one was made.
pub(crate) async fn take_in(
    context: &Context,
    turn: &Turn<Images>,
    id: &str,
    origin: ImageOrigin,
    names: &[Reference],
) -> Result<(), Refusal> {
    let rows = context.shared.ledger.images(context.scope.sandbox()).await?;
    let row = rows.iter().find(|row| row.image_id == id);
    if row.is_none() {
        check_count(context).await?;
    }
    tag::check_limit(context, turn, names).await?;
    // What is shared with everybody the engine keeps anyhow; and what a build has just found there, by its name.
    if row.is_none_or(|row| row.origin.is_own() && origin != ImageOrigin::Built) {
        hold(&context.shared, &context.scope, id).await.map_err(|said| context.engine_said(said))?;
    }
    let names: Vec<String> = names.iter().map(Reference::familiar).collect();
    Ok(context.shared.ledger.add_image_with(context.scope.sandbox(), id, origin, &names, None).await?)
}

/// Makes sure that the engine keeps an image.
pub(crate) async fn hold(shared: &Shared, scope: &Scope, id: &str) -> Result<(), EngineSaid> {
    let ask = Ask::post(&["images", id, "tag"]).parameter("repo", scope.image_repository()).parameter("tag", short(id));
    shared.engine.done(ask).await.map(|_| ())
}

/// Whether an image is one of the course's, which the engine keeps for everybody. Asked anew: that changes with what
/// others pull.
pub(crate) async fn is_courses(context: &Context, id: &str) -> Result<bool, EngineSaid> {
    let inspect: ImageInspect = context.shared.engine.json(Ask::get(&["images", id, "json"])).await?;
    let library = format!("{}/library/", context.shared.config.registry);
    Ok(inspect.repo_tags.iter().chain(&inspect.repo_digests).any(|name| name.starts_with(&library)))
}

/// The name by which the engine keeps an image, for archives that are loaded: what has it from the first moment on is
/// found whatever happens next.
pub(crate) fn held_name(scope: &Scope, id: &str) -> String {
    format!("{}:{}", scope.image_repository(), short(id))
}

/// Lets the engine remove an image, and the steps it was built from. Returns the IDs of the images
/// that went. Containers that use it keep what they need.
pub(crate) async fn let_go(shared: &Shared, scope: &Scope, id: &str) -> Result<Vec<String>, EngineSaid> {
    let alone = shared.comings.alone(id).await;
    let_go_alone(shared, scope, id, &alone).await
}

/// As [`let_go`], for who is alone with the image already.
async fn let_go_alone(shared: &Shared, scope: &Scope, id: &str, _alone: &Alone) -> Result<Vec<String>, EngineSaid> {
    let gone = remove_reference(shared, &scope.image_repository(), short(id)).await?;
    shared.catalogue.forget(id);
    Ok(gone)
}

/// What taking an image onto the host came to; where it failed, the engine doesn't keep the image for it.
pub(crate) async fn or_let_go(context: &Context, id: &str, alone: &Alone, taken: Result<(), Refusal>) -> Result<(), Refusal> {
    if taken.is_err()
        && let Err(said) = let_go_alone(&context.shared, &context.scope, id, alone).await
    {
        tracing::warn!(sandbox = %context.sandbox.id, error = said.message(), "an image that may not stay stays until the sandbox ends");
    }
    taken
}

/// Takes a name off an image on the engine; where it was the last, the image goes too. `version`: a tag or a digest.
pub(crate) async fn remove_reference(shared: &Shared, repository: &str, version: &str) -> Result<Vec<String>, EngineSaid> {
    remove_name(shared, &format!("{repository}{}{version}", if is_digest(version) { '@' } else { ':' })).await
}

/// The same, of a name with its tag or digest.
async fn remove_name(shared: &Shared, name: &str) -> Result<Vec<String>, EngineSaid> {
    let mut segments = vec!["images"];
    segments.extend(name.split('/'));
    let gone: Vec<Gone> = match shared.engine.json(Ask::new(Method::DELETE, &segments).parameter("force", 1)).await {
        Ok(gone) => gone,
        Err(said) if said.is_not_found() => return Ok(Vec::new()),
        Err(said) => return Err(said),
    };
    let mut images = Vec::new();
    for line in gone {
        if let Gone::Deleted(id) = line {
            images.push(id);
        }
    }
    Ok(images)
}

/// An image in a list.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Listed {
    id: String,
    repo_tags: Option<Vec<String>>,
    repo_digests: Option<Vec<String>>,
    labels: OurLabels,
}

/// Lets go what has the sandbox's name and is on no list of its own: something was ended just before it came there.
pub(crate) async fn forget_unknown(shared: &Shared, scope: &Scope, _turn: &Turn<Images>) {
    forget_unknown_at_start(shared, scope).await;
}

/// The same, where nobody is served yet who might be about to put it on the list.
pub(crate) async fn forget_unknown_at_start(shared: &Shared, scope: &Scope) {
    let filters = serde_json::json!({ "reference": [scope.image_repository()] }).to_string();
    let (named, rows) = tokio::join!(
        shared.engine.list::<Vec<Listed>>(Ask::get(&["images", "json"]).parameter("filters", filters)),
        shared.ledger.images(scope.sandbox())
    );
    let (Ok(named), Ok(rows)) = (named, rows) else {
        tracing::warn!(sandbox = %scope.sandbox(), "images that are on no list could not be looked for");
        return;
    };
    for image in named.iter().filter(|image| !rows.iter().any(|row| row.image_id == image.id)) {
        if let Err(said) = let_go(shared, scope, &image.id).await {
            tracing::warn!(sandbox = %scope.sandbox(), image = image.id, error = said.message(), "an image that is on no list stays");
        }
    }
}

/// The names and nameless images of sandboxes of this instance, by their sandboxes.
pub(crate) struct Strays {
    named: Vec<(SandboxId, String, String)>,
    nameless: Vec<(SandboxId, String)>,
}

/// All that sandboxes have on the engine as images.
pub(crate) async fn all(shared: &Shared) -> Result<Strays, EngineSaid> {
    let prefix = format!("lb-{}/", shared.config.instance);
    let named = serde_json::json!({ "reference": [format!("{prefix}*")] }).to_string();
    let label = format!("{INSTANCE_LABEL}={}", shared.config.instance);
    let nameless = serde_json::json!({ "dangling": ["true"], "label": [label] }).to_string();
    let list = |filters: String| shared.engine.list::<Vec<Listed>>(Ask::get(&["images", "json"]).parameter("filters", filters));
    let (named, nameless) = tokio::try_join!(list(named), list(nameless))?;
    let whose = |name: &str| SandboxId::parse(name.strip_prefix(&prefix)?.rsplit_once(':')?.0);
    let names = |image: Listed| {
        let id = image.id;
        image.repo_tags.unwrap_or_default().into_iter().filter_map(move |name| Some((whose(&name)?, id.clone(), name)))
    };
    Ok(Strays {
        named: named.into_iter().flat_map(names).collect(),
        nameless: nameless.into_iter().filter_map(|image| Some((SandboxId::parse(image.labels.get(SANDBOX_LABEL)?)?, image.id))).collect(),
    })
}

/// Removes those of sandboxes that there are no more. Returns how many.
pub(crate) async fn remove_strays(shared: &Shared, all: Strays, open: &HashSet<SandboxId>) -> usize {
    let mut removed = 0;
    for (_, id, name) in all.named.iter().filter(|(owner, ..)| !open.contains(owner)) {
        let _alone = shared.comings.alone(id).await;
        removed += usize::from(remove_name(shared, name).await.is_ok());
        shared.catalogue.forget(id);
    }
    for (_, id) in all.nameless.iter().filter(|(owner, _)| !open.contains(owner)) {
        removed += usize::from(shared.engine.done(Ask::delete(&["images", id])).await.is_ok());
    }
    removed
}

/// Removes a sandbox's own images from the engine, and its corner of the registry. Goes as far as it
/// can: what fails is logged, and what is gone already is gone.
pub(crate) async fn forget_all(shared: &Shared, scope: &Scope) {
    let corner = format!("{}/learners/{}/*", shared.config.registry, scope.sandbox());
    let corner_deep = format!("{}/learners/{}/**", shared.config.registry, scope.sandbox());
    let filters = serde_json::json!({ "reference": [scope.image_repository(), corner, corner_deep] }).to_string();
    match shared.engine.json::<Vec<Listed>>(Ask::get(&["images", "json"]).parameter("filters", filters)).await {
        Ok(images) => {
            let corner = format!("{}/learners/{}/", shared.config.registry, scope.sandbox());
            let held = format!("{}:", scope.image_repository());
            let named = |image: Listed| {
                let names = image.repo_tags.into_iter().chain(image.repo_digests).flatten();
                names.map(|name| (image.id.clone(), name)).collect::<Vec<_>>()
            };
            let is_ours = |(_, name): &(String, String)| name.starts_with(&held) || name.starts_with(&corner);
            for (id, name) in images.into_iter().flat_map(named).filter(is_ours) {
                let _alone = shared.comings.alone(&id).await;
                if let Err(said) = remove_name(shared, &name).await {
                    tracing::warn!(sandbox = %scope.sandbox(), name, error = said.message(), "an image could not be removed");
                }
            }
        }
        Err(said) => tracing::warn!(sandbox = %scope.sandbox(), error = said.message(), "a sandbox's images could not be listed"),
    }
    if let Err(said) = prune_steps(shared, scope).await {
        tracing::warn!(sandbox = %scope.sandbox(), error = said.message(), "left-overs of builds could not be removed");
    }
    forget_pushed(shared, scope).await;
}

/// Removes the steps that builds left behind, those that failed above all: they have no name, but the
/// sandbox's label. What an image with a name stands on stays.
pub(crate) async fn prune_steps(shared: &Shared, scope: &Scope) -> Result<(), EngineSaid> {
    let filters = serde_json::json!({ "dangling": ["true"], "label": [format!("{SANDBOX_LABEL}={}", scope.sandbox())] }).to_string();
    let mut tries = 0;
    loop {
        match shared.engine.done(Ask::post(&["images", "prune"]).parameter("filters", filters.as_str())).await {
            // The engine does one at a time, for whomever.
            Err(EngineSaid::Error { status: StatusCode::CONFLICT, .. }) if tries < PRUNE_TRIES => {
                tries += 1;
                tokio::time::sleep(PRUNE_PAUSE).await;
            }
            pruned => return pruned.map(drop),
        }
    }
}

async fn forget_pushed(shared: &Shared, scope: &Scope) {
    let pushed = match shared.ledger.pushes(scope.sandbox()).await {
        Ok(pushed) => pushed,
        Err(error) => {
            tracing::warn!(sandbox = %scope.sandbox(), %error, "what a sandbox pushed could not be read");
            return;
        }
    };
    for (reference, digest) in pushed {
        let Some(parsed) = Reference::parse(&reference) else { continue };
        let Some(repository) = scope.registry_repository(&parsed).ok().filter(RegistryRepository::is_own) else { continue };
        let tag = parsed.digest.is_none().then(|| parsed.tag.as_deref().unwrap_or("latest"));
        if let Err(error) = forget_one(shared, &repository, tag, &digest).await {
            tracing::warn!(sandbox = %scope.sandbox(), reference, error = &error as &dyn std::error::Error, "what was pushed could not be removed");
        }
    }
}

/// What the row says, and what the name stands for now: who was killed just after a push has written down neither.
async fn forget_one(shared: &Shared, repository: &RegistryRepository, tag: Option<&str>, digest: &str) -> Result<(), RegistryError> {
    if !digest.is_empty() {
        shared.registry.delete_manifest(repository.path(), digest).await?;
    }
    let Some(tag) = tag else { return Ok(()) };
    let Some(now) = shared.registry.digest(repository.path(), tag).await? else { return Ok(()) };
    shared.registry.delete_manifest(repository.path(), &now).await
}
