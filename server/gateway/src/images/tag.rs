//! `docker tag`: a second name, in the learner's own view and nowhere else.

use http::StatusCode;

use crate::{
    ActivityKind,
    admission::{Images, Turn},
    body,
    images::{MAX_REFERENCES, events},
    reference::Reference,
    refusal::{Answer, Refusal},
    request::Request,
    serve::Context,
};

pub(crate) async fn tag(context: &Context, mut request: Request) -> Answer {
    let repository = request.query.text("repo")?.unwrap_or_default();
    let tag = request.query.text("tag")?.filter(|tag| !tag.is_empty());
    request.query.finish()?;
    let target = read(&repository, tag.as_deref())?;
    name(context, request.parameters.get("name"), &target).await?;
    Ok(body::no_content(StatusCode::CREATED))
}

/// A name that an image is to have: never a digest.
pub(crate) fn read(repository: &str, tag: Option<&str>) -> Result<Reference, Refusal> {
    let text = tag.map_or_else(|| repository.to_owned(), |tag| format!("{repository}:{tag}"));
    let reference = Reference::parse(&text).ok_or_else(|| Refusal::invalid("invalid reference format"))?;
    if reference.digest.is_some() {
        return Err(Refusal::invalid("refusing to create a tag with a digest reference"));
    }
    Ok(reference.with_default_tag())
}

/// Fails where the host has as many names as it may have.
pub(crate) async fn check_limit(context: &Context, _turn: &Turn<Images>, new: &[Reference]) -> Result<(), Refusal> {
    let references = context.shared.ledger.image_references(context.scope.sandbox()).await?;
    let added = new.iter().filter(|new| !references.iter().any(|row| row.reference == new.familiar())).count();
    if references.len() + added > MAX_REFERENCES as usize {
        return Err(Refusal::limit("names of images", MAX_REFERENCES, "docker rmi"));
    }
    Ok(())
}

async fn name(context: &Context, image: &str, target: &Reference) -> Result<(), Refusal> {
    let turn = context.sandbox.turns.images().await;
    // Below the turn: what is removed until then gets no name.
    let image = context.scope.image(image).await?;
    let id = image.id();
    check_limit(context, &turn, std::slice::from_ref(target)).await?;
    let familiar = target.familiar();
    context.shared.ledger.set_image_reference(context.scope.sandbox(), &familiar, id).await?;
    drop(turn);
    events::tell(context, "tag", id, &familiar).await;
    context.sandbox.record(ActivityKind::ImageTagged { image_id: id.to_owned(), reference: familiar }).await;
    Ok(())
}
