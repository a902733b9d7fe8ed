//! An image that was committed from a container which had more in its environment than anybody asked for.

use crate::{images::own, refusal::Refusal, serve::Context};

use super::{image::Image, workshop};

/// The same image without these variables of its container's (`NAME=VALUE`), held by a name of ours; the old one
/// goes. Returns its ID.
pub(crate) async fn without_variables(context: &Context, id: &str, variables: &[String]) -> Result<String, Refusal> {
    let facts = context.shared.catalogue.get(id).await.map_err(|said| context.engine_said(said))?;
    let mut image = Image::of(&facts);
    if let Some(environment) = &mut image.config.env {
        environment.retain(|pair| !variables.contains(pair));
    }
    let written = workshop::load(context, &image, Some(&own::held_name(&context.scope, &image.id()))).await?;
    context.shared.catalogue.forget(id);
    workshop::remove_holder(&context.shared, id).await;
    Ok(written)
}
