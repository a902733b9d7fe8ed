//! `docker push`: into the learner's own corner of the course registry, and nowhere else.
//!
//! The engine pushes by name, so for the time of the push the image has the name under which the
//! engine reaches that corner.

use std::collections::HashSet;

use crate::{
    ActivityKind,
    host::{Direction, LayerTransfer, Transfer},
    images::{
        MAX_REFERENCES, events,
        message::{self, Message, Messages},
        own, pull,
        view::{View, repository_of, short},
    },
    limits,
    lines::{JsonLines, told_of},
    reference::Reference,
    refusal::{Answer, Refusal},
    request::{Request, path::ApiVersion},
    sandbox::TransferGuard,
    scope::RegistryRepository,
    serve::Context,
    system::{disk, room},
    upstream::Ask,
};

/// `{}` in base64: the engine wants the header, the registry on loopback wants no password.
const NO_CREDENTIALS: &str = "e30=";
const PUSHED: &str = "Pushed";
const EXISTS: &str = "Layer already exists";
const MOUNTED: &str = "Mounted from ";
/// What the engine says of a layer while it pushes; nothing else is passed on.
const LAYER_STATES: [&str; 6] = ["Preparing", "Waiting", "Pushing", PUSHED, EXISTS, "Retrying"];

pub(crate) async fn push(context: &Context, mut request: Request) -> Answer {
    let tag = request.query.text("tag")?.filter(|tag| !tag.is_empty());
    let platform = request.query.all("platform");
    request.query.finish()?;
    // Clients sent one before there was a meaning to it.
    if request.version >= ApiVersion(46) {
        pull::check_platforms(&platform)?;
    }
    let name = request.parameters.get("name");
    let text = tag.as_ref().map_or_else(|| name.to_owned(), |tag| format!("{name}:{tag}"));
    let reference = Reference::parse(&text).ok_or_else(|| Refusal::invalid("invalid reference format"))?;
    if reference.digest.is_some() {
        return Err(Refusal::invalid("cannot push a digest reference"));
    }
    let repository = context.scope.registry_repository(&reference)?;
    let sandbox = context.sandbox.clone();
    let context = context.clone();
    Ok(message::answer(&sandbox, |messages| async move {
        let full = format!("{}/{}", reference.domain, reference.path);
        messages.tell(Message::status(format!("The push refers to repository [{full}]"))).await;
        let pushed = push_all(&context, &reference, &repository, &messages).await;
        if let Err(refusal) = &pushed {
            let kind = ActivityKind::ImagePushFailed { reference: reference.familiar(), message: refusal.message.clone() };
            context.sandbox.record(kind).await;
        }
        pushed
    }))
}

/// One tag, or, where none was named (`--all-tags`), every one that this host has.
async fn push_all(context: &Context, reference: &Reference, repository: &RegistryRepository, messages: &Messages) -> Result<(), Refusal> {
    let name = reference.familiar_repository();
    let view = View::read(context).await?;
    let named = |row: &&crate::ledger::ImageReferenceRow| match &reference.tag {
        Some(_) => row.reference == reference.familiar(),
        None => repository_of(&row.reference) == name,
    };
    let rows: Vec<_> = view.references.iter().filter(named).collect();
    if rows.is_empty() {
        return Err(not_here(&name));
    }
    if !repository.is_own() {
        let own = format!("{}/{}", context.shared.config.registry_alias, name);
        return Err(Refusal::new(
            http::StatusCode::FORBIDDEN,
            format!(
                "denied: requested access to the resource is denied\nlunchbox: a name without a registry, like {name}, means the course's images, and those are the course's to push. Give yours a name in your own registry, then push that: `docker tag {reference} {own}` and `docker push {own}`."
            ),
        ));
    }
    for row in rows {
        let Some(reference) = Reference::parse(&row.reference) else { continue };
        let place = context.sandbox.moving.clone().acquire_owned().await.map_err(|_| Refusal::internal())?;
        let (context, messages) = (context.clone(), messages.clone());
        let one = One { reference, repository: repository.clone(), image_id: row.image_id.clone() };
        let sandbox = context.sandbox.clone();
        // What the registry has by then has its row, whoever hangs up.
        let pushing = async move {
            let _place = place;
            one.push(&context, &messages).await
        };
        sandbox.steady(pushing).await??;
    }
    Ok(())
}

/// One name, and the image that it stands for.
struct One {
    reference: Reference,
    repository: RegistryRepository,
    image_id: String,
}

impl One {
    async fn push(&self, context: &Context, messages: &Messages) -> Result<(), Refusal> {
        let Self { reference, repository, image_id } = self;
        let (shared, scope) = (&context.shared, &context.scope);
        let (familiar, tag) = (reference.familiar(), reference.tag.clone().unwrap_or_default());
        check_limit(context, &familiar).await?;
        check_room(context).await?;
        let facts = shared.catalogue.get(image_id).await.map_err(|said| context.engine_said(said))?;
        let engine_repository = scope.engine_repository(repository);
        // The engine's name is taken off again afterwards: of two pushes at once the second would find its own gone, and
        // leave the digest by which the engine knows what it pushed.
        let _alone = context.sandbox.until_closed(context.sandbox.repositories.alone(&engine_repository)).await?;
        self.name(context, &engine_repository, &tag).await?;

        let layers =
            facts.layers.iter().map(|layer| LayerTransfer { id: short(&layer.digest).to_owned(), size: layer.size, done: false }).collect();
        let transfer = context.sandbox.transfer(Transfer { direction: Direction::Push, reference: familiar.clone(), layers });
        shared.ledger.begin_push(scope.sandbox(), &familiar).await?;
        let mut new_bytes = 0;
        let pushed = tell(context, &engine_repository, &tag, &transfer, messages, &mut new_bytes).await;
        if new_bytes > 0 {
            shared.ledger.add_pushed_bytes(scope.sandbox(), &familiar, new_bytes).await?;
        }
        if let Err(said) = own::remove_reference(shared, &engine_repository, &tag).await {
            tracing::warn!(error = said.message(), "a name that a push left behind could not be removed");
        }
        let Pushed { digest, last } = match pushed {
            Ok(pushed) => pushed,
            Err(refusal) => {
                // Where it can't be told, the row stays until the sandbox ends, which looks again.
                if matches!(shared.registry.digest(repository.path(), &tag).await, Ok(None)) {
                    shared.ledger.forget_push(scope.sandbox(), &familiar).await?;
                }
                return Err(refusal);
            }
        };

        let before = shared.ledger.pushes(scope.sandbox()).await?;
        shared.ledger.set_pushed(scope.sandbox(), &familiar, &digest).await?;
        shared.ledger.set_image_digest(scope.sandbox(), &reference.familiar_repository(), &digest, image_id).await?;
        self.keep_replaced(context, &before, &digest).await?;
        events::tell_as(context, "push", image_id, &familiar, &reference.familiar_repository()).await;
        context.sandbox.record(ActivityKind::ImagePushed { reference: familiar, image_id: image_id.clone() }).await;
        for message in last {
            messages.tell(message).await;
        }
        Ok(())
    }

    /// Gives the image the engine's name for the push. That is taken off again afterwards, and must not be the image's last.
    async fn name(&self, context: &Context, engine_repository: &str, tag: &str) -> Result<(), Refusal> {
        let (shared, scope) = (&context.shared, &context.scope);
        // Below the turn: an image that has been removed meanwhile isn't held any more.
        let _turn = context.sandbox.turns.images().await;
        if !shared.ledger.images(scope.sandbox()).await?.iter().any(|row| row.image_id == self.image_id) {
            return Err(not_here(&self.reference.familiar()));
        }
        own::hold(shared, scope, &self.image_id).await.map_err(|said| context.engine_said(said))?;
        let name = Ask::post(&["images", &self.image_id, "tag"]).parameter("repo", engine_repository).parameter("tag", tag);
        shared.engine.done(name).await.map(drop).map_err(|said| context.engine_said(said))
    }

    /// What the name stood for until now can still be had by its digest, as in every registry, for as long as the sandbox
    /// lasts; where there are many of these it goes.
    async fn keep_replaced(&self, context: &Context, before: &[(String, String)], digest: &str) -> Result<(), Refusal> {
        let familiar = self.reference.familiar();
        let Some((_, old)) = before.iter().find(|(name, old)| *name == familiar && !old.is_empty() && old != digest) else { return Ok(()) };
        let repository = self.reference.familiar_repository();
        if before.len() < MAX_REFERENCES as usize {
            let (ledger, sandbox) = (&context.shared.ledger, context.scope.sandbox());
            return Ok(ledger.set_pushed(sandbox, &format!("{repository}@{old}"), old).await?);
        }
        let is_needed = |(name, other): &(String, String)| *name != familiar && other == old && repository_of(name) == repository;
        if !before.iter().any(is_needed)
            && let Err(error) = context.shared.registry.delete_manifest(self.repository.path(), old).await
        {
            tracing::warn!(error = &error as &dyn std::error::Error, "what a name stood for before could not be removed from the registry");
        }
        Ok(())
    }
}

fn not_here(name: &str) -> Refusal {
    Refusal::new(http::StatusCode::NOT_FOUND, format!("An image does not exist locally with the tag: {name}"))
}

/// Fails where the host has as many names in the registry as it may have. Pushes run side by side, so it may
/// come to be one more.
async fn check_limit(context: &Context, name: &str) -> Result<(), Refusal> {
    let pushed = context.shared.ledger.pushes(context.scope.sandbox()).await?;
    // What names stood for before are there by their digests, and make way.
    let names = pushed.iter().filter(|(known, _)| !known.contains('@')).count();
    if names < MAX_REFERENCES as usize || pushed.iter().any(|(known, _)| known == name) {
        return Ok(());
    }
    Err(Refusal::new(
        http::StatusCode::FORBIDDEN,
        format!(
            "lunchbox: limit reached: this host may have {MAX_REFERENCES} names in the registry. Push under one that is there already."
        ),
    ))
}

/// Fails where the host has pushed as many bytes as it may have on a disk, or where the registry's disk is nearly full:
/// what was pushed stays there until somebody collects its garbage, also when the host has gone.
async fn check_room(context: &Context) -> Result<(), Refusal> {
    let most = context.shared.config.limits.disk_max_bytes;
    let pushed = context.shared.ledger.pushed_bytes(context.scope.sandbox()).await?.unsigned_abs();
    if pushed >= most {
        return Err(Refusal::new(
            http::StatusCode::FORBIDDEN,
            format!(
                "lunchbox: limit reached: this host has pushed {} of layers to the registry, and {} are the most. A fresh host (Restart…) begins anew.",
                disk::megabytes(pushed),
                disk::megabytes(most)
            ),
        ));
    }
    match room::free_on_machine(&context.shared).await {
        Some(free) if free < limits::MIN_FREE_BYTES => Err(Refusal::new(
            http::StatusCode::INSUFFICIENT_STORAGE,
            format!(
                "lunchbox: the course's registry has no room left: {} are free on its disk. Nothing was pushed; tell your instructor.",
                disk::megabytes(free)
            ),
        )),
        _ => Ok(()),
    }
}

/// What a push ends with.
struct Pushed {
    digest: String,
    /// Told once all is recorded.
    last: Vec<Message>,
}

async fn tell(
    context: &Context,
    engine_repository: &str,
    tag: &str,
    transfer: &TransferGuard,
    messages: &Messages,
    new_bytes: &mut i64,
) -> Result<Pushed, Refusal> {
    let mut segments = vec!["images"];
    segments.extend(engine_repository.split('/'));
    segments.push("push");
    let ask = Ask::post(&segments).parameter("tag", tag).registry_auth(NO_CREDENTIALS.to_owned()).patient();
    let response = context.shared.engine.stream(ask).await.map_err(|said| context.engine_said(said))?;
    let mut lines = JsonLines::new(response.into_body(), told_of("a push", &context.sandbox.id));
    let mut last = Vec::new();
    let mut digest = None;
    let mut done = HashSet::new();
    while let Some(message) = context.sandbox.until_closed(lines.next::<Message>()).await? {
        let mut message = message.map_err(|error| {
            tracing::error!(%error, "the engine broke off a push");
            Refusal::engine_away()
        })?;
        if let Some(error) = message.error {
            return Err(Refusal::new(http::StatusCode::INTERNAL_SERVER_ERROR, context.scope.scrub(&error)));
        }
        if let Some(pushed) = message.aux.as_ref().and_then(|aux| aux.digest.clone()) {
            digest = Some(pushed);
            last.push(message);
            continue;
        }
        let Some(status) = message.status.clone() else { continue };
        let Some(id) = message.id.clone() else {
            // `latest: digest: sha256:… size: 1234`
            if status.starts_with(&format!("{tag}: digest: sha256:")) {
                last.push(message);
            }
            continue;
        };
        let mounted = status.starts_with(MOUNTED);
        if mounted {
            message.status = Some(mounted_from(&status));
        } else if !LAYER_STATES.iter().any(|known| status.starts_with(known)) {
            continue;
        }
        if (mounted || status == PUSHED || status == EXISTS) && done.insert(id.clone()) {
            transfer.update(|transfer| {
                for layer in transfer.layers.iter_mut().filter(|layer| layer.id == id) {
                    layer.done = true;
                    if status == PUSHED {
                        *new_bytes = new_bytes.saturating_add(i64::try_from(layer.size).unwrap_or(i64::MAX));
                    }
                }
            });
        }
        messages.tell(message).await;
    }
    let digest = digest.ok_or_else(|| {
        tracing::error!("the engine ended a push without a digest");
        Refusal::internal()
    })?;
    Ok(Pushed { digest, last })
}

/// The registry takes layers over from the course's images; from whom else it could is not told.
fn mounted_from(status: &str) -> String {
    match status.strip_prefix(MOUNTED) {
        Some(source) if source.starts_with("library/") => status.to_owned(),
        _ => PUSHED.to_owned(),
    }
}
