//! The pull itself, told layer by layer.

use std::collections::HashSet;

use crate::{
    ActivityKind,
    host::{Direction, LayerTransfer, Transfer},
    images::{
        events, layers,
        message::{Message, Messages},
        own, tag, view,
    },
    ledger::ImageOrigin,
    lines::{JsonLines, told_of},
    reference::Reference,
    refusal::Refusal,
    registry::Blob,
    sandbox::TransferGuard,
    serve::Context,
    upstream::Ask,
};

use super::Wanted;

/// An image that is on the host now.
#[derive(Debug, Clone)]
pub(crate) struct Arrived {
    pub(crate) image_id: String,
    pub(crate) digest: String,
    /// The name stood for this very image before.
    pub(crate) up_to_date: bool,
}

const PULLING: &str = "Pulling fs layer";
const DOWNLOADED: &str = "Download complete";
const PULLED: &str = "Pull complete";
const EXISTS: &str = "Already exists";
/// What the engine says of a layer while it pulls; nothing else is passed on.
const LAYER_STATES: [&str; 9] = [
    PULLING,
    DOWNLOADED,
    PULLED,
    EXISTS,
    "Waiting",
    "Downloading",
    "Verifying Checksum",
    "Extracting",
    // With "in N seconds" after it.
    "Retrying",
];

/// Pulls, and ends with the two lines that `docker pull` ends with.
pub(crate) async fn bring(context: &Context, wanted: &Wanted, messages: &Messages) -> Result<Arrived, Refusal> {
    let arrived = bring_quietly(context, wanted, messages).await?;
    messages.tell(Message::status(format!("Digest: {}", arrived.digest))).await;
    let outcome = if arrived.up_to_date { "Image is up to date" } else { "Downloaded newer image" };
    messages.tell(Message::status(format!("Status: {outcome} for {}", wanted.reference))).await;
    Ok(arrived)
}

/// Pulls without the last two lines. All is recorded before this returns.
pub(super) async fn bring_quietly(context: &Context, wanted: &Wanted, messages: &Messages) -> Result<Arrived, Refusal> {
    let sandbox = &context.sandbox;
    let reference = wanted.reference.familiar();
    sandbox.record(ActivityKind::ImagePullStarted { reference: reference.clone() }).await;
    let place = sandbox.moving.clone().acquire_owned().await.map_err(|_| Refusal::internal())?;
    let pulled = if wanted.repository.is_own() {
        let (context, wanted, messages) = (context.clone(), wanted.clone(), messages.clone());
        // What comes from the learner's own corner has a name on the engine that nothing else takes off.
        let pulling = async move {
            let _place = place;
            pull_own(&context, &wanted, &messages).await
        };
        sandbox.steady(pulling).await?
    } else {
        pull(context, wanted, messages).await
    };
    match pulled {
        Ok(arrived) => {
            events::tell_as(context, "pull", &arrived.image_id, &reference, &wanted.reference.familiar_repository()).await;
            sandbox.record(ActivityKind::ImagePulled { reference, image_id: arrived.image_id.clone() }).await;
            Ok(arrived)
        }
        Err(refusal) => {
            sandbox.record(ActivityKind::ImagePullFailed { reference, message: refusal.message.clone() }).await;
            Err(refusal)
        }
    }
}

/// What the learner pushed. The engine's own name for it is needed for the pull only.
async fn pull_own(context: &Context, wanted: &Wanted, messages: &Messages) -> Result<Arrived, Refusal> {
    let repository = context.scope.engine_repository(&wanted.repository);
    // Who pushes it meanwhile takes the engine's name off as well, and would leave another.
    let _alone = context.sandbox.until_closed(context.sandbox.repositories.alone(&repository)).await?;
    let pulled = pull(context, wanted, messages).await;
    if let Err(said) = own::remove_reference(&context.shared, &repository, engine_version(wanted)).await {
        tracing::warn!(error = said.message(), "a name that a pull left behind could not be removed");
    }
    if pulled.is_err() {
        // Nothing else may have held it.
        context.shared.catalogue.forget(&wanted.manifest.image_id);
    }
    pulled
}

/// What the engine is to pull. From the learner's own corner the very image that was found there: who waited for a push
/// of the same name would get another than the one that is told of.
fn engine_version(wanted: &Wanted) -> &str {
    if wanted.repository.is_own() { &wanted.manifest.digest } else { wanted.version() }
}

async fn pull(context: &Context, wanted: &Wanted, messages: &Messages) -> Result<Arrived, Refusal> {
    let view = view::View::read(context).await?;
    let manifest = &wanted.manifest;
    let title = Message::status(format!("Pulling from {}", wanted.reference.path));
    // A digest is told with the whole name before it.
    let id = if wanted.reference.digest.is_some() { wanted.reference.canonical() } else { wanted.version().to_owned() };
    messages.tell(Message { id: Some(id), ..title }).await;

    let familiar = wanted.reference.familiar();
    let named = view.references.iter().any(|row| row.reference == familiar && row.image_id == manifest.image_id);
    let digested = wanted.reference.digest.is_some()
        && view.digests.iter().any(|(repository, digest, _)| {
            *repository == wanted.reference.familiar_repository() && Some(digest) == wanted.reference.digest.as_ref()
        });
    let here = view.row(&manifest.image_id).is_some();
    if !here {
        let known = layers::on_host(context, view.images.iter()).await?;
        match context.shared.catalogue.get(&manifest.image_id).await {
            Ok(facts) => Shown::begin(context, wanted, messages, facts.diff_ids(), &known).all_at_once().await,
            Err(said) if said.is_not_found() => {
                let diff_ids = context.shared.registry.diff_ids(wanted.repository.path(), &manifest.image_id).await?;
                Shown::begin(context, wanted, messages, &diff_ids, &known).as_the_engine_does(context).await?;
            }
            Err(said) => return Err(context.engine_said(said)),
        }
    }
    take_in(context, wanted).await?;
    Ok(Arrived { image_id: manifest.image_id.clone(), digest: manifest.digest.clone(), up_to_date: here && (named || digested) })
}

/// Writes the image into the ledger. What the learner pushed and pulls back is theirs, unless it is the course's all the
/// same.
async fn take_in(context: &Context, wanted: &Wanted) -> Result<(), Refusal> {
    let own = wanted.repository.is_own()
        && !own::is_courses(context, &wanted.manifest.image_id).await.map_err(|said| context.engine_said(said))?;
    let origin = if own { ImageOrigin::Loaded } else { ImageOrigin::Pulled };
    record(context, wanted, origin).await
}

async fn record(context: &Context, wanted: &Wanted, origin: ImageOrigin) -> Result<(), Refusal> {
    let (scope, ledger, image_id) = (&context.scope, &context.shared.ledger, &wanted.manifest.image_id);
    let reference = &wanted.reference;
    let turn = context.sandbox.turns.images().await;
    if origin.is_own() && !ledger.images(scope.sandbox()).await?.iter().any(|row| row.image_id == *image_id) {
        own::check_limit(context).await?;
    }
    let named = reference.tag.is_some() && reference.digest.is_none();
    let names = if named { std::slice::from_ref(reference) } else { &[] };
    tag::check_limit(context, &turn, names).await?;
    if wanted.repository.is_own() {
        own::hold(&context.shared, scope, image_id).await.map_err(|said| context.engine_said(said))?;
    }
    let names: Vec<String> = names.iter().map(Reference::familiar).collect();
    let repository = reference.familiar_repository();
    Ok(ledger.add_image_with(scope.sandbox(), image_id, origin, &names, Some((&repository, &wanted.manifest.digest))).await?)
}

/// A pull as the learner sees it.
struct Shown<'a> {
    wanted: &'a Wanted,
    messages: &'a Messages,
    /// For each layer, whether this host has it already.
    exists: Vec<bool>,
    transfer: TransferGuard,
}

impl<'a> Shown<'a> {
    fn begin(context: &Context, wanted: &'a Wanted, messages: &'a Messages, diff_ids: &[String], known: &HashSet<String>) -> Self {
        let blobs = &wanted.manifest.layers;
        let chains = layers::chain_ids(diff_ids);
        let exists: Vec<bool> = (0..blobs.len()).map(|index| chains.get(index).is_some_and(|chain| known.contains(chain))).collect();
        let shown = |(blob, done): (&Blob, &bool)| LayerTransfer { id: blob.short_id(), size: blob.size, done: *done };
        let layers = blobs.iter().zip(&exists).map(shown).collect();
        let transfer = context.sandbox.transfer(Transfer { direction: Direction::Pull, reference: wanted.reference.familiar(), layers });
        Self { wanted, messages, exists, transfer }
    }

    async fn tell(&self, index: usize, status: &str) {
        if let Some(blob) = self.wanted.manifest.layers.get(index) {
            self.messages.tell(Message::layer(&blob.short_id(), status)).await;
        }
    }

    /// The engine has it: which layers are new to this host is told, and nothing needs time.
    async fn all_at_once(&self) {
        for (index, exists) in self.exists.iter().enumerate() {
            self.tell(index, if *exists { EXISTS } else { PULLING }).await;
        }
        for status in [DOWNLOADED, PULLED] {
            for (index, _) in self.exists.iter().enumerate().filter(|(_, exists)| !**exists) {
                self.tell(index, status).await;
            }
        }
        self.transfer.update(|transfer| transfer.layers.iter_mut().for_each(|layer| layer.done = true));
    }

    /// The engine pulls it now. What the engine has of others' is new to this host all the same.
    async fn as_the_engine_does(&self, context: &Context) -> Result<(), Refusal> {
        let ask = Ask::post(&["images", "create"])
            .parameter("fromImage", context.scope.engine_repository(&self.wanted.repository))
            .parameter("tag", engine_version(self.wanted))
            .patient();
        let response = context.shared.engine.stream(ask).await.map_err(|said| context.engine_said(said))?;
        let mut lines = JsonLines::new(response.into_body(), told_of("a pull", &context.sandbox.id));
        for (index, _) in self.exists.iter().enumerate().filter(|(_, exists)| **exists) {
            self.tell(index, EXISTS).await;
        }
        while let Some(message) = context.sandbox.until_closed(lines.next::<Message>()).await? {
            let message = message.map_err(|error| {
                tracing::error!(%error, "the engine broke off a pull");
                Refusal::engine_away()
            })?;
            if let Some(error) = message.error {
                return Err(Refusal::new(http::StatusCode::INTERNAL_SERVER_ERROR, context.scope.scrub(&error)));
            }
            self.take(message).await;
        }
        Ok(())
    }

    /// Passes on what the engine says of a layer that is new to this host; the rest is not for learners.
    async fn take(&self, message: Message) {
        let (Some(id), Some(status)) = (message.id.clone(), message.status.clone()) else { return };
        let Some(index) = self.wanted.manifest.layers.iter().position(|blob| blob.short_id() == id) else { return };
        if self.exists.get(index) == Some(&true) || !LAYER_STATES.iter().any(|known| status.starts_with(known)) {
            return;
        }
        if status == EXISTS {
            for status in [PULLING, DOWNLOADED, PULLED] {
                self.tell(index, status).await;
            }
        } else {
            self.messages.tell(Message { aux: None, ..message }).await;
        }
        if status == EXISTS || status == PULLED {
            self.transfer.update(|transfer| {
                if let Some(layer) = transfer.layers.get_mut(index) {
                    layer.done = true;
                }
            });
        }
    }
}
