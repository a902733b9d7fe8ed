//! Images of the learner's host by the names a lesson gives them.

use leptos::prelude::*;
use wasm_bindgen::JsCast;

use crate::{
    model::{HostView, ImageView},
    state::Work,
};

/// Commands of the lesson's text, and the class that draws the eye to one of them.
const COMMANDS: &str = ".step__text [data-run]";
const CALLED: &str = "command--called";

/// With the tag that is meant where none is written.
fn full_name(name: &str) -> String {
    let last = name.rfind('/').map_or(0, |slash| slash + 1);
    if name[last..].contains(':') { name.to_owned() } else { format!("{name}:latest") }
}

fn find<'a>(host: &'a HostView, name: &str) -> Option<&'a ImageView> {
    let name = full_name(name);
    host.images.iter().find(|image| image.references.contains(&name))
}

/// Where an image that isn't on the host would come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// The registry has it.
    Registry,
    /// No registry has it: the learner makes it.
    Build,
    /// The registry has not been heard of yet.
    Unknown,
}

/// An image as it is now.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Found {
    pub(super) name: String,
    pub(super) image: Option<ImageView>,
    pub(super) source: Source,
}

/// These images as they are now.
pub(super) fn found(work: Work, names: Vec<String>) -> Memo<Vec<Found>> {
    Memo::new(move |_| {
        work.live.host.with(|host| {
            names.iter().map(|name| Found { name: name.clone(), image: find(host, name).cloned(), source: source(host, name) }).collect()
        })
    })
}

fn source(host: &HostView, name: &str) -> Source {
    let name = full_name(name);
    match host.registry.iter().any(|image| image.reference == name) {
        true => Source::Registry,
        false if host.registry.is_empty() => Source::Unknown,
        false => Source::Build,
    }
}

/// Stands where an image will be shown once it is there, and leads to it.
pub(super) fn missing(found: &Found) -> AnyView {
    let name = &found.name;
    match found.source {
        Source::Registry => {
            let command = format!("docker pull {name}");
            view! {
                <p class="piece__missing">
                    {format!("{name} is not on your host yet. ")}
                    <button type="button" class="button button--command" data-run=command.clone()>{command.clone()}</button>
                </p>
            }
            .into_any()
        }
        Source::Build => {
            let wanted = name.clone();
            view! {
                <p class="piece__missing">
                    <span>{format!("{name} is not on your host yet, and no registry has it to pull: you build it yourself.")}</span>
                    <button type="button" class="button" on:click=move |_| show_build(&wanted)>"Show me where"</button>
                </p>
            }
            .into_any()
        }
        Source::Unknown => view! { <p class="piece__missing">{format!("{name} is not on your host yet.")}</p> }.into_any(),
    }
}

/// Leads to the command in the lesson's text that builds the image.
fn show_build(name: &str) {
    let Ok(commands) = document().query_selector_all(COMMANDS) else { return };
    for button in
        (0..commands.length()).filter_map(|index| commands.item(index)).filter_map(|node| node.dyn_into::<web_sys::HtmlElement>().ok())
    {
        if !button.get_attribute("data-run").is_some_and(|command| builds(&command, name)) {
            continue;
        }
        // Only a detached element can't take the focus, which also brings it into view.
        let _ = button.focus();
        if let Some(around) = button.parent_element() {
            // A valid class name can be added and removed.
            let _ = around.class_list().add_1(CALLED);
        }
        return;
    }
}

/// Whether the command builds an image of that name.
fn builds(command: &str, name: &str) -> bool {
    let mut words = command.split_whitespace().skip_while(|word| *word != "build");
    words.any(|word| matches!(word, "-t" | "--tag")) && words.next() == Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RegistryImage;

    fn registry(references: &[&str]) -> HostView {
        let image = |reference: &&str| RegistryImage { reference: (*reference).to_owned(), stand_in: false, pushed: false };
        HostView { registry: references.iter().map(image).collect(), ..HostView::default() }
    }

    #[test]
    fn what_no_registry_has_is_not_to_be_pulled() {
        let host = registry(&["alpine:latest", "nginx:latest"]);
        assert_eq!(source(&host, "alpine"), Source::Registry);
        assert_eq!(source(&host, "soup"), Source::Build);
        assert_eq!(source(&HostView::default(), "alpine"), Source::Unknown);
    }

    #[test]
    fn the_command_that_builds_an_image_is_told_from_others() {
        assert!(builds("docker build -t soup .", "soup"));
        assert!(!builds("docker build -t soup .", "hello"));
        assert!(!builds("docker run -t soup", "soup"));
    }
}
