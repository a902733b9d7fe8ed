//! What happens to images, as `docker events` tells it: with the image's own labels.

use crate::{images::labels, model::event::Event, serve::Context};

/// `id` is an image's. One that has gone tells no labels.
pub(crate) async fn tell(context: &Context, action: &str, id: &str, name: &str) {
    tell_as(context, action, id, id, name).await;
}

/// What goes to or comes from a registry is told under the name that it has there.
pub(crate) async fn tell_as(context: &Context, action: &str, id: &str, told_id: &str, name: &str) {
    let mut event = Event::now("image", action, told_id, &[]);
    if action != "delete"
        && let Ok(facts) = context.shared.catalogue.get(id).await
    {
        event.actor.attributes = labels::shown(facts.labels()).unwrap_or_default();
    }
    event.actor.attributes.insert("name".to_owned(), name.to_owned());
    context.sandbox.emit(event);
}
