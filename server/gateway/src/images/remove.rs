//! `docker rmi` and `docker image prune`. Names go first; the image goes with its last name, unless a
//! container needs it. What is shared with everybody leaves this host only, never the engine.
//!
//! Source of the rules and of the words: moby, daemon/images/image_delete.go.

mod conflict;
mod prune;

pub(crate) use self::prune::prune;
pub(crate) use crate::images::own::forget_all;

use http::StatusCode;
use serde::Serialize;

use crate::{
    ActivityKind, body,
    images::{
        events, layers, own, pull,
        view::{self, View},
    },
    reference::Reference,
    refusal::{Answer, Refusal},
    request::Request,
    scope::OwnImage,
    serve::Context,
};

use self::conflict::{Users, is_single_reference};

/// `ImageDeleteResponseItem`
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) enum Line {
    Untagged(String),
    Deleted(String),
}

/// A name that an image has.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Name {
    Tag(String),
    Digest { repository: String, digest: String },
}

impl Name {
    fn familiar(&self) -> String {
        match self {
            Self::Tag(reference) => reference.clone(),
            Self::Digest { repository, digest } => format!("{repository}@{digest}"),
        }
    }

    fn repository(&self) -> String {
        match self {
            Self::Tag(reference) => view::repository_of(reference),
            Self::Digest { repository, .. } => repository.clone(),
        }
    }
}

fn names_of(view: &View, id: &str) -> Vec<Name> {
    let tags = view.references.iter().filter(|row| row.image_id == id).map(|row| Name::Tag(row.reference.clone()));
    let digests = view
        .digests
        .iter()
        .filter(|(_, _, image_id)| image_id == id)
        .map(|(repository, digest, _)| Name::Digest { repository: repository.clone(), digest: digest.clone() });
    tags.chain(digests).collect()
}

pub(crate) async fn remove(context: &Context, mut request: Request) -> Answer {
    let force = request.query.flag("force")?;
    // Parents of own images go with them on the engine; here they were never seen.
    request.query.ignore(&["noprune"]);
    let platforms = request.query.all("platforms");
    request.query.finish()?;
    pull::check_platforms(&platforms)?;
    let asked = request.parameters.get("name");
    let _turn = context.sandbox.turns.images().await;
    let image = context.scope.image(asked).await?;
    let mut removal = Removal { context, force, lines: Vec::new() };
    match image.found_as().and_then(Reference::parse) {
        Some(reference) => removal.by_name(&image, asked, &reference).await?,
        None => removal.by_id(&image).await?,
    }
    Ok(body::json(StatusCode::OK, &removal.lines))
}

struct Removal<'a> {
    context: &'a Context,
    force: bool,
    lines: Vec<Line>,
}

impl Removal<'_> {
    async fn by_name(&mut self, image: &OwnImage, asked: &str, reference: &Reference) -> Result<(), Refusal> {
        let id = image.id();
        let view = View::read(self.context).await?;
        let users = Users::of(self.context, &view, id).await?;
        if !self.force && is_single_reference(&view, id) {
            users.refuse_untag(asked, id)?;
        }
        let name = match &reference.digest {
            Some(digest) => Name::Digest { repository: reference.familiar_repository(), digest: digest.clone() },
            None => Name::Tag(reference.familiar()),
        };
        self.untag(id, &name).await?;

        // With the last tag of a repository its digests go.
        let repository = name.repository();
        let left: Vec<Name> = names_of(&view, id).into_iter().filter(|other| *other != name).collect();
        let tagged = left.iter().any(|other| matches!(other, Name::Tag(_)) && other.repository() == repository);
        let (gone, left): (Vec<Name>, Vec<Name>) = left.into_iter().partition(|other| {
            reference.digest.is_none() && !tagged && matches!(other, Name::Digest { .. }) && other.repository() == repository
        });
        for digest in &gone {
            self.untag(id, digest).await?;
        }
        if !left.is_empty() {
            return Ok(());
        }
        // The last name is gone. Who still needs the image keeps it, and that is no error.
        if users.hard().is_some() || (!self.force && users.soft().is_some()) {
            if users.children && !users.containers() {
                self.forget_hidden(image).await?;
            }
            return Ok(());
        }
        self.delete(image).await
    }

    async fn by_id(&mut self, image: &OwnImage) -> Result<(), Refusal> {
        let id = image.id();
        let view = View::read(self.context).await?;
        let users = Users::of(self.context, &view, id).await?;
        if let Some(why) = users.hard() {
            return Err(conflict::cannot_delete(id, "cannot be forced", &why));
        }
        if !self.force {
            if !is_single_reference(&view, id) {
                return Err(conflict::cannot_delete(id, "must be forced", "image is referenced in multiple repositories"));
            }
            if let Some(why) = users.soft() {
                return Err(conflict::cannot_delete(id, "must be forced", &why));
            }
        }
        for name in names_of(&view, id) {
            self.untag(id, &name).await?;
        }
        self.delete(image).await
    }

    async fn untag(&mut self, id: &str, name: &Name) -> Result<(), Refusal> {
        let (ledger, sandbox) = (&self.context.shared.ledger, self.context.scope.sandbox());
        match name {
            Name::Tag(reference) => ledger.remove_image_reference(sandbox, reference).await?,
            Name::Digest { repository, digest } => ledger.remove_image_digest(sandbox, repository, digest).await?,
        }
        let reference = name.familiar();
        events::tell(self.context, "untag", id, id).await;
        if matches!(name, Name::Tag(_)) {
            self.context.sandbox.record(ActivityKind::ImageUntagged { image_id: id.to_owned(), reference: reference.clone() }).await;
        }
        self.lines.push(Line::Untagged(reference));
        Ok(())
    }

    async fn delete(&mut self, image: &OwnImage) -> Result<(), Refusal> {
        let lines = delete(self.context, image.id()).await?;
        self.lines.extend(lines);
        Ok(())
    }

    /// An image without a name that others were built from is not listed by Docker. Nor is it here; the
    /// engine keeps it as long as those others need it.
    async fn forget_hidden(&self, image: &OwnImage) -> Result<(), Refusal> {
        let (shared, scope) = (&self.context.shared, &self.context.scope);
        if let Err(said) = own::let_go(shared, scope, image.id()).await {
            tracing::warn!(image = image.id(), error = said.message(), "an own image stays on the engine until the sandbox ends");
        }
        Ok(shared.ledger.remove_image(scope.sandbox(), image.id()).await?)
    }
}

/// Takes an image without names off the host. Says what went: the image, and those of its layers that
/// nothing else on this host has, topmost first.
async fn delete(context: &Context, id: &str) -> Result<Vec<Line>, Refusal> {
    let view = View::read(context).await?;
    let chains = match context.shared.catalogue.get(id).await {
        Ok(facts) => layers::chain_ids(facts.diff_ids()),
        Err(_) => Vec::new(),
    };
    let mut needed = layers::on_host(context, view.images.iter().filter(|row| row.image_id != id)).await?;
    // A container keeps what it was made of.
    for container in context.shared.ledger.containers(context.scope.sandbox()).await? {
        if let Ok(facts) = context.shared.catalogue.get(&container.image_id).await {
            needed.extend(layers::chain_ids(facts.diff_ids()));
        }
    }
    let mut deleted = vec![id.to_owned()];
    // What came from the course has a name of the sandbox's as well once it was pushed; and one of the course's, which stays.
    match own::let_go(&context.shared, &context.scope, id).await {
        Ok(gone) => {
            for gone in gone {
                context.shared.catalogue.forget(&gone);
                // Layers are told below, as this host has them.
                if gone != id && !chains.contains(&gone) {
                    deleted.push(gone);
                }
            }
        }
        Err(said) => tracing::warn!(image = id, error = said.message(), "an image stays on the engine until the sandbox ends"),
    }
    context.shared.ledger.remove_image(context.scope.sandbox(), id).await?;
    events::tell(context, "delete", id, id).await;
    context.sandbox.record(ActivityKind::ImageRemoved { image_id: id.to_owned() }).await;
    let layers = chains.into_iter().rev().filter(|chain| !needed.contains(chain));
    Ok(deleted.into_iter().chain(layers).map(Line::Deleted).collect())
}
