//! The diagram in words: a list of what is there, and a sentence for what has just changed.

use std::collections::BTreeMap;

use super::human_size;
use crate::model::{ContainerState, ContainerView, HostView, ImageView};

/// How many characters of an ID are shown where there is no name; as Docker's own tables do.
const SHORT_ID: usize = 12;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageText {
    pub id: String,
    /// "nginx:latest, 187MB, 5 layers, 2 of them shared with python:latest".
    pub text: String,
    /// "Layer 1 of 5: ADD rootfs, 84MB".
    pub layers: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerText {
    pub id: String,
    /// "Container web from nginx: running, port 8080 to 80".
    pub text: String,
}

/// Why an image is called `<none>`, and what one does about it.
pub(super) const NAMELESS: &str = "its name went to a newer image or was removed; docker image prune clears it away";

/// The image's first name, or what Docker prints where it has none.
#[must_use]
pub fn image_name(image: &ImageView) -> String {
    image.references.first().cloned().unwrap_or_else(|| format!("<none> {}", short_id(&image.id)))
}

fn short_id(id: &str) -> &str {
    let digits = id.strip_prefix("sha256:").unwrap_or(id);
    digits.get(..SHORT_ID).unwrap_or(digits)
}

#[must_use]
pub fn image_texts(host: &HostView) -> Vec<ImageText> {
    let mut users: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, image) in host.images.iter().enumerate() {
        for layer in &image.layers {
            let images = users.entry(&layer.digest).or_default();
            if images.last() != Some(&index) {
                images.push(index);
            }
        }
    }
    host.images.iter().enumerate().map(|(index, image)| image_text(host, index, image, &users)).collect()
}

fn image_text(host: &HostView, index: usize, image: &ImageView, users: &BTreeMap<&str, Vec<usize>>) -> ImageText {
    let count = image.layers.len();
    let mut text = format!("{}, {}, {}", image_name(image), human_size(image.size), plural(count, "layer"));
    if image.references.len() > 1 {
        text.push_str(&format!(", also named {}", image.references[1..].join(", ")));
    }
    let shared = |layer: &&crate::model::LayerView| users.get(layer.digest.as_str()).is_some_and(|images| images.len() > 1);
    let common = image.layers.iter().filter(shared).count();
    if common > 0 {
        let mut others: Vec<usize> = image.layers.iter().filter_map(|layer| users.get(layer.digest.as_str())).flatten().copied().collect();
        others.sort_unstable();
        others.dedup();
        let names: Vec<String> = others.iter().filter(|other| **other != index).map(|other| image_name(&host.images[*other])).collect();
        let which = if count == 1 { String::new() } else { format!("{common} of them ") };
        text.push_str(&format!(", {which}shared with {}", names.join(" and ")));
    }
    if image.references.is_empty() {
        text.push_str(", ");
        text.push_str(NAMELESS);
    }
    if host.stands_in(image) {
        text.push_str(", a stand-in for the image of this name");
    }
    let layers = image
        .layers
        .iter()
        .enumerate()
        .map(|(at, layer)| format!("Layer {} of {count}: {}, {}", at + 1, instruction(&layer.instruction), human_size(layer.size)))
        .collect();
    ImageText { id: image.id.clone(), text, layers }
}

#[must_use]
pub fn container_texts(host: &HostView) -> Vec<ContainerText> {
    host.containers.iter().map(|container| ContainerText { id: container.id.clone(), text: container_text(container) }).collect()
}

pub(super) fn container_text(container: &ContainerView) -> String {
    let mut text = format!("Container {} from {}: {}", container.name, container.image, state_word(container));
    for port in &container.ports {
        text.push_str(&format!(", port {} to {}", port.host_port, port.container_port));
    }
    if let Some(ms) = container.start_ms.filter(|_| container.state == ContainerState::Running) {
        text.push_str(&format!(", started in {ms} ms"));
    }
    if let Some(bytes) = container.writable_bytes {
        text.push_str(&format!(", {} written", human_size(bytes)));
    }
    text
}

/// The state in one or two words, with the exit code where there is one.
#[must_use]
pub fn state_word(container: &ContainerView) -> String {
    match container.state {
        ContainerState::Created => "created".to_owned(),
        ContainerState::Running => "running".to_owned(),
        ContainerState::Paused => "paused".to_owned(),
        ContainerState::Restarting => "restarting".to_owned(),
        ContainerState::Removing => "removing".to_owned(),
        ContainerState::Dead => "dead".to_owned(),
        ContainerState::Exited => match container.exit_code {
            Some(code) => format!("exited ({code})"),
            None => "exited".to_owned(),
        },
    }
}

/// How the classic builder writes what is no shell command, and how it runs one.
const NOT_RUN: &str = "/bin/sh -c #(nop) ";
const RUN: &str = "/bin/sh -c ";

/// A layer's instruction as it stood in the Dockerfile, as far as the image tells.
#[must_use]
pub fn instruction(recorded: &str) -> String {
    let text = recorded.trim();
    let text = match (text.strip_prefix(NOT_RUN), text.strip_prefix(RUN)) {
        (Some(instruction), _) => without_digest(instruction.trim()),
        (None, Some(command)) => format!("RUN {}", command.trim()),
        (None, None) => without_digest(text),
    };
    let text = text.strip_suffix("# buildkit").map_or(text.as_str(), str::trim_end);
    match text {
        "" => "no instruction recorded".to_owned(),
        text => text.to_owned(),
    }
}

/// `COPY file:237ff6… in /etc/nginx` is what the classic builder keeps of a COPY: no name of what was
/// copied, but a digest that says nothing to a reader.
fn without_digest(instruction: &str) -> String {
    let parts = instruction.split_once(' ').and_then(|(verb, rest)| rest.split_once(" in ").map(|(what, place)| (verb, what, place)));
    match parts {
        Some((verb @ ("COPY" | "ADD"), what, place)) if ["file:", "dir:", "multi:"].iter().any(|kind| what.starts_with(kind)) => {
            format!("{verb} … {}", place.trim())
        }
        _ => instruction.to_owned(),
    }
}

/// What has changed, for those who don't see it move; none where nothing is worth a word.
#[must_use]
pub fn announce(before: &HostView, now: &HostView) -> Option<String> {
    let mut said = Vec::new();
    for image in &now.images {
        match before.images.iter().find(|old| old.id == image.id) {
            None => said.push(format!("Image {} is on your host, {}.", image_name(image), plural(image.layers.len(), "layer"))),
            Some(old) => {
                for name in image.references.iter().filter(|name| !old.references.contains(name)) {
                    said.push(format!("The image has a new name: {name}."));
                }
            }
        }
    }
    for image in before.images.iter().filter(|old| !now.images.iter().any(|image| image.id == old.id)) {
        said.push(format!("Image {} is gone.", image_name(image)));
    }
    for container in &now.containers {
        let old = before.containers.iter().find(|old| old.id == container.id);
        if old.is_none_or(|old| old.state != container.state) {
            said.push(container_text(container) + ".");
        }
    }
    for old in before.containers.iter().filter(|old| !now.containers.iter().any(|container| container.id == old.id)) {
        said.push(format!("Container {} is removed.", old.name));
    }
    for pushed in now.registry.iter().filter(|image| image.pushed && !before.registry.contains(image)) {
        said.push(format!("{} is in the registry now.", pushed.reference));
    }
    (!said.is_empty()).then(|| said.join(" "))
}

/// "1 layer", "2 layers".
#[must_use]
pub fn plural(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
