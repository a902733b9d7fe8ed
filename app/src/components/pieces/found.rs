//! Images of the learner's host by the names a lesson gives them.

use leptos::prelude::*;

use crate::{
    model::{HostView, ImageView},
    state::Work,
};

/// With the tag that is meant where none is written.
pub(super) fn full_name(name: &str) -> String {
    let last = name.rfind('/').map_or(0, |slash| slash + 1);
    if name[last..].contains(':') { name.to_owned() } else { format!("{name}:latest") }
}

pub(super) fn find<'a>(host: &'a HostView, name: &str) -> Option<&'a ImageView> {
    let name = full_name(name);
    host.images.iter().find(|image| image.references.contains(&name))
}

/// These images as they are now; none for those that aren't on the host.
pub(super) fn found(work: Work, names: Vec<String>) -> Memo<Vec<(String, Option<ImageView>)>> {
    Memo::new(move |_| work.live.host.with(|host| names.iter().map(|name| (name.clone(), find(host, name).cloned())).collect()))
}

/// Stands where an image will be shown once it is there.
pub(super) fn missing(name: &str) -> AnyView {
    let command = format!("docker pull {name}");
    view! {
        <p class="piece__missing">
            {format!("{name} is not on your host yet. ")}
            <button type="button" class="button" data-run=command.clone()>{command.clone()}</button>
        </p>
    }
    .into_any()
}
