//! An image that was committed from a container which had more in its environment than anybody asked for.

use crate::{images::view::short, refusal::Refusal, serve::Context};

use super::{
    image::Image,
    workshop::{Workshop, remove_holder},
};

/// The same image without these variables of its container's (`NAME=VALUE`), held by a name of ours; the old one
/// goes. Returns its ID.
pub(crate) async fn without_variables(context: &Context, id: &str, variables: &[String]) -> Result<String, Refusal> {
    let facts = context.shared.catalogue.get(id).await.map_err(|said| context.engine_said(said))?;
    let mut image = Image::of(&facts);
    if let Some(environment) = &mut image.config.env {
        environment.retain(|pair| !variables.contains(pair));
    }
    let workshop = Workshop { context: context.clone(), network: "none".to_owned(), shm_bytes: None, hosts: Vec::new() };
    let name = format!("{}:{}", context.scope.image_repository(), short(&image.id()));
    let written = workshop.load(&image, Some(&name)).await?;
    context.shared.catalogue.forget(id);
    remove_holder(&context.shared, id).await;
    Ok(written)
}
