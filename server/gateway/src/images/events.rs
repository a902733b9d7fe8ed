//! What happens to images, as `docker events` tells it: with the image's own labels, if they aren't large.

use std::collections::BTreeMap;

use crate::{images::labels, limits, model::event::Event, serve::Context};

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
        event.actor.attributes = told(facts.labels());
    }
    event.actor.attributes.insert("name".to_owned(), name.to_owned());
    context.sandbox.emit(event);
}

/// What an event tells of labels. Events are kept, and every one of an image would hold all of them again.
fn told(all: Option<&BTreeMap<String, String>>) -> BTreeMap<String, String> {
    let bytes: usize = all.into_iter().flatten().map(|(key, value)| key.len() + value.len()).sum();
    if bytes > limits::MAX_EVENT_LABELS_BYTES { BTreeMap::new() } else { labels::shown(all).unwrap_or_default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_tells_labels_only_where_they_are_small() {
        let labels = |bytes: usize| BTreeMap::from([("maintainer".to_owned(), "x".repeat(bytes - "maintainer".len()))]);
        let small = labels(limits::MAX_EVENT_LABELS_BYTES);
        assert_eq!(told(Some(&small)), small);
        assert_eq!(told(Some(&labels(limits::MAX_EVENT_LABELS_BYTES + 1))), BTreeMap::new());
        assert_eq!(told(None), BTreeMap::new());
    }
}
