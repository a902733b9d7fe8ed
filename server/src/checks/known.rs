//! Which images and containers there are and have been: the host as it is, and what the activities
//! tell of before.

use std::collections::BTreeSet;

use gateway::{ActivityKind, host::Container};

use super::{ContainerOf, Facts, Reference};

/// IDs of the images that bear this reference or once did.
pub(super) fn image_ids<'a>(image: &Reference, facts: &Facts<'a>) -> BTreeSet<&'a str> {
    let now = facts.host.images.iter().filter(|on_host| on_host.references.iter().any(|text| image.is(text)));
    let before = facts.activity.iter().filter_map(|activity| match &activity.kind {
        ActivityKind::ImagePulled { reference, image_id } | ActivityKind::ImageTagged { reference, image_id } => {
            image.is(reference).then_some(image_id.as_str())
        }
        ActivityKind::ImageBuilt { references, image_id, .. } => references.iter().any(|text| image.is(text)).then_some(image_id.as_str()),
        _ => None,
    });
    now.map(|on_host| on_host.id.as_str()).chain(before).collect()
}

/// The image of this reference, where it is on the host.
pub(super) fn on_host<'a>(image: &Reference, facts: &Facts<'a>) -> Option<&'a gateway::host::Image> {
    facts.host.images.iter().find(|on_host| on_host.references.iter().any(|text| image.is(text)))
}

/// References of all images on the host.
pub(super) fn references_on_host(facts: &Facts<'_>) -> Vec<String> {
    facts.host.images.iter().flat_map(|image| &image.references).filter(|text| !text.starts_with("<none>")).cloned().collect()
}

/// A container that is or was on the host.
#[derive(Debug, Clone)]
pub(super) struct Known<'a> {
    pub(super) id: &'a str,
    /// The last one it had.
    pub(super) name: &'a str,
    /// As the learner named it.
    image: &'a str,
    pub(super) started: bool,
    /// As it is now; `None`: removed.
    pub(super) there: Option<&'a Container>,
}

/// Every container that is or was on the host, oldest first.
pub(super) fn containers<'a>(facts: &Facts<'a>) -> Vec<Known<'a>> {
    let mut known: Vec<Known<'a>> = Vec::new();
    for activity in facts.activity {
        let (id, name, image, starts) = match &activity.kind {
            ActivityKind::ContainerCreated { id, name, image, .. } => (id, name, Some(image), false),
            ActivityKind::ContainerStarted { id, name, image, .. } => (id, name, Some(image), true),
            ActivityKind::ContainerRenamed { id, name, .. } => (id, name, None, false),
            _ => continue,
        };
        match (known.iter_mut().find(|known| known.id == id), image) {
            (Some(known), _) => {
                known.name = name;
                known.started |= starts;
            }
            (None, Some(image)) => known.push(Known { id, name, image, started: starts, there: None }),
            (None, None) => {}
        }
    }
    for container in &facts.host.containers {
        let started = container.started_at > 0;
        match known.iter_mut().find(|known| known.id == container.id) {
            Some(known) => {
                known.name = &container.name;
                known.started |= started;
                known.there = Some(container);
            }
            None => {
                known.push(Known { id: &container.id, name: &container.name, image: &container.image, started, there: Some(container) })
            }
        }
    }
    known
}

impl Known<'_> {
    /// Whether it was made from the image; `ids`: what [`image_ids`] found for it.
    pub(super) fn is_from(&self, image: &Reference, ids: &BTreeSet<&str>) -> bool {
        is_from(self.image, self.there.map(|container| container.image_id.as_str()), image, ids)
    }

    /// Whether it is what is asked for, by image and by name.
    pub(super) fn is(&self, of: &ContainerOf, ids: &BTreeSet<&str>) -> bool {
        of.image.as_ref().is_none_or(|image| self.is_from(image, ids)) && of.name.as_ref().is_none_or(|name| name == self.name)
    }
}

/// Digits of an ID that are needed before it is taken for one.
const MIN_ID_DIGITS: usize = 4;

fn is_from(named: &str, image_id: Option<&str>, image: &Reference, ids: &BTreeSet<&str>) -> bool {
    if image_id.is_some_and(|id| ids.contains(id)) || image.is(named) {
        return true;
    }
    // Started by the image's ID, or by another of its names.
    let hex = named.strip_prefix("sha256:").unwrap_or(named);
    let looks_like_id = hex.len() >= MIN_ID_DIGITS && hex.chars().all(|c| c.is_ascii_hexdigit());
    looks_like_id && ids.iter().any(|id| id.strip_prefix("sha256:").unwrap_or(id).starts_with(hex))
}

impl ContainerOf {
    /// IDs of the image it must be made from.
    pub(super) fn image_ids<'a>(&self, facts: &Facts<'a>) -> BTreeSet<&'a str> {
        self.image.as_ref().map(|image| image_ids(image, facts)).unwrap_or_default()
    }

    /// `a container named web from nginx`.
    pub(super) fn describe(&self) -> String {
        let name = self.name.as_ref().map(|name| format!(" named {name}")).unwrap_or_default();
        let image = self.image.as_ref().map(|image| format!(" from {}", image.spoken())).unwrap_or_default();
        format!("a container{name}{image}")
    }
}
