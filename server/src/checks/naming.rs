//! Checks of images that the learner built, named and pushed.

use gateway::ActivityKind;

use super::{
    Facts, Reference, TagCheck, Verdict, known,
    words::{said, some_of},
};

impl TagCheck {
    fn wants(&self, text: &str) -> bool {
        let Ok(reference) = Reference::parse(text) else { return false };
        self.registry.as_ref().is_none_or(|registry| registry == reference.registry())
            && self.name.as_ref().is_none_or(|name| *name == reference)
    }

    /// What the step asks for: `a name that begins with registry.lunchbox/`.
    fn describe(&self) -> String {
        match (&self.name, &self.registry) {
            (Some(name), _) => format!("the name {name}"),
            (None, Some(registry)) => format!("a name that begins with {registry}/"),
            (None, None) => "another name".to_owned(),
        }
    }
}

pub(super) fn tagged(wanted: &TagCheck, facts: &Facts<'_>) -> Verdict {
    let image = &wanted.image;
    let ids = known::image_ids(image, facts);
    if ids.is_empty() {
        return Verdict::failed(format!("There is no image {image} on your host yet that could be given another name"));
    }
    let (ours, others): (Vec<_>, Vec<_>) = facts.host.images.iter().partition(|on_host| ids.contains(on_host.id.as_str()));
    let other_names: Vec<String> = ours.iter().flat_map(|on_host| &on_host.references).filter(|text| !image.is(text)).cloned().collect();
    if let Some(name) = other_names.iter().find(|text| wanted.wants(text)) {
        return Verdict::passed(format!("{image} also has the name {name}"));
    }
    let asks = wanted.describe();
    if wanted.name.is_some() || wanted.registry.is_some() {
        let elsewhere = others.iter().flat_map(|on_host| &on_host.references).find(|text| wanted.wants(text));
        if let Some(name) = elsewhere {
            return Verdict::failed(format!("{name} is the name of another image, and the step asks for {image} to have it"));
        }
    }
    let taken_away = facts.activity.iter().rev().find_map(|activity| match &activity.kind {
        ActivityKind::ImageTagged { reference, image_id } if ids.contains(image_id.as_str()) && !image.is(reference) => {
            wanted.wants(reference).then_some(reference)
        }
        _ => None,
    });
    Verdict::failed(match (taken_away, other_names.as_slice()) {
        (Some(name), _) => format!("{image} had the name {name}, and it has been removed since"),
        (None, []) => format!("{image} has no other name yet; the step asks for {asks}"),
        (None, names) => format!("{image} also has the name {}, and the step asks for {asks}", some_of(names)),
    })
}

pub(super) fn built(image: &Reference, from_cache: bool, facts: &Facts<'_>) -> Verdict {
    let ids = known::image_ids(image, facts);
    let mut built = false;
    let mut last_other = None;
    for activity in facts.activity {
        let ActivityKind::ImageBuilt { image_id, references, cached_steps, .. } = &activity.kind else { continue };
        if !ids.contains(image_id.as_str()) {
            last_other = Some(references);
            continue;
        }
        built = true;
        if !from_cache {
            return Verdict::passed(format!("You built {image}"));
        }
        if *cached_steps > 0 {
            return Verdict::passed(format!("You built {image} again, and steps came from the cache"));
        }
    }
    let last_build = facts.activity.iter().rev().find_map(|activity| match &activity.kind {
        ActivityKind::ImageBuilt { .. } => Some(None),
        ActivityKind::ImageBuildFailed { message } => Some(Some(message)),
        _ => None,
    });
    Verdict::failed(match (last_build.flatten(), built, last_other) {
        (Some(message), ..) => format!("The last build failed: {}", said(message)),
        (None, true, _) => format!("You built {image}, but no step of it came from the cache; build it once more"),
        (None, false, Some(references)) => match references.first() {
            Some(other) => format!("You built {other}, and the step asks for {image}"),
            None => format!("You built an image without a name, and the step asks for {image}; `docker build -t` names it"),
        },
        (None, false, None) if from_cache => format!("You have not built {image} yet, let alone a second time from the cache"),
        (None, false, None) => format!("You have not built {image} yet"),
    })
}

pub(super) fn pushed(wanted: &TagCheck, facts: &Facts<'_>) -> Verdict {
    let image = &wanted.image;
    let ids = known::image_ids(image, facts);
    let mut last_other = None;
    for activity in facts.activity {
        let ActivityKind::ImagePushed { reference, image_id } = &activity.kind else { continue };
        let ours = image.is(reference) || ids.contains(image_id.as_str());
        if ours && wanted.wants(reference) {
            return Verdict::passed(format!("You pushed {reference} to the registry"));
        }
        last_other = Some((reference, ours));
    }
    let under_way = facts
        .host
        .transfers
        .iter()
        .find(|transfer| transfer.direction == gateway::host::Direction::Push && wanted.wants(&transfer.reference));
    if let Some(transfer) = under_way {
        return Verdict::failed(format!("{} is on its way to the registry; its push has not finished yet", transfer.reference));
    }
    let last_push = facts.activity.iter().rev().find_map(|activity| match &activity.kind {
        ActivityKind::ImagePushed { .. } => Some(None),
        ActivityKind::ImagePushFailed { reference, message } => Some(Some((reference, message))),
        _ => None,
    });
    if let Some((reference, message)) = last_push.flatten() {
        return Verdict::failed(format!("The last push of {reference} failed: {}", said(message)));
    }
    let asks = wanted.describe();
    Verdict::failed(match last_other {
        Some((reference, true)) => format!("You pushed {reference}, and the step asks for {asks}"),
        Some((reference, false)) => format!("You pushed {reference}, which is not {image}, and the step asks for that"),
        None => {
            let names =
                facts.host.images.iter().filter(|on_host| ids.contains(on_host.id.as_str())).flat_map(|on_host| &on_host.references);
            match names.into_iter().find(|text| wanted.wants(text)) {
                Some(name) => format!("{name} is on your host, but it has not been pushed yet"),
                None => format!("{image} has not been pushed yet; the step asks for a push under {asks}"),
            }
        }
    })
}
