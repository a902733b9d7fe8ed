//! Checks of images on the host, and of what was done with them.

use gateway::ActivityKind;

use super::{
    Facts, Reference, Verdict, known,
    words::{and, be, said, some_of},
};

pub(super) fn present(image: &Reference, facts: &Facts<'_>) -> Verdict {
    if known::on_host(image, facts).is_some() {
        return Verdict::passed(format!("{image} is on your host"));
    }
    if let Some(reason) = not_arrived(image, facts) {
        return Verdict::failed(reason);
    }
    if !known::image_ids(image, facts).is_empty() {
        return Verdict::failed(format!("{image} was on your host and has been removed since; the step asks for it to be there"));
    }
    let there = known::references_on_host(facts);
    let other_tag = there.iter().find(|text| Reference::parse(text).is_ok_and(|other| other.same_repository(image)));
    if let Some(other_tag) = other_tag {
        return Verdict::failed(format!("{other_tag} is on your host, and the step asks for {image}"));
    }
    Verdict::failed(format!("There is no image {image} on your host yet{}", images_there(&there)))
}

/// The pull of the image is under way, or came to nothing.
fn not_arrived(image: &Reference, facts: &Facts<'_>) -> Option<String> {
    let under_way =
        facts.host.transfers.iter().any(|transfer| transfer.direction == gateway::host::Direction::Pull && image.is(&transfer.reference));
    if under_way {
        return Some(format!("{image} is on its way to your host; its pull has not finished yet"));
    }
    let last_pull = facts.activity.iter().rev().find_map(|activity| match &activity.kind {
        ActivityKind::ImagePulled { .. } => Some(None),
        ActivityKind::ImagePullFailed { reference, message } => Some(Some((reference, message))),
        _ => None,
    })?;
    let (reference, message) = last_pull?;
    if image.is(reference) {
        return Some(format!("The last pull of {image} failed: {}", said(message)));
    }
    // A slip of the keyboard, most likely.
    known::image_ids(image, facts)
        .is_empty()
        .then(|| format!("There is no image {image} on your host yet. The last pull was of {reference}, and it failed: {}", said(message)))
}

/// The end of a sentence that misses an image.
fn images_there(there: &[String]) -> String {
    if there.is_empty() { ", nor any other".to_owned() } else { format!(". Images there: {}", some_of(there)) }
}

pub(super) fn all_present(images: &[Reference], facts: &Facts<'_>) -> Verdict {
    let (found, missing): (Vec<&Reference>, Vec<&Reference>) = images.iter().partition(|image| known::on_host(image, facts).is_some());
    match missing.as_slice() {
        [] => Verdict::passed(format!("{} {} on your host", names(&found), be(&found))),
        [only] if found.is_empty() => present(only, facts),
        _ if found.is_empty() => {
            let there = known::references_on_host(facts);
            Verdict::failed(format!("None of {} is on your host yet{}", names(&missing), images_there(&there)))
        }
        _ => {
            let why = missing.iter().find_map(|image| not_arrived(image, facts)).map(|why| format!(". {why}")).unwrap_or_default();
            Verdict::failed(format!("{} {} on your host; still missing: {}{why}", names(&found), be(&found), names(&missing)))
        }
    }
}

fn names(images: &[&Reference]) -> String {
    and(&images.iter().map(ToString::to_string).collect::<Vec<_>>())
}

pub(super) fn pulled(image: &Reference, facts: &Facts<'_>) -> Verdict {
    let done = facts.activity.iter().any(|activity| match &activity.kind {
        ActivityKind::ImagePulled { reference, .. } => image.is(reference),
        _ => false,
    });
    if done {
        return Verdict::passed(format!("You pulled {image}"));
    }
    if let Some(reason) = not_arrived(image, facts) {
        return Verdict::failed(reason);
    }
    if known::on_host(image, facts).is_some() {
        return Verdict::failed(format!("{image} is on your host, but it did not come from a registry; the step asks you to pull it"));
    }
    Verdict::failed(format!("{image} has not been pulled yet{}", images_there(&known::references_on_host(facts))))
}

pub(super) fn listed(images: &[Reference], facts: &Facts<'_>) -> Verdict {
    let lists: Vec<&Vec<String>> = facts
        .activity
        .iter()
        .filter_map(|activity| match &activity.kind {
            ActivityKind::ImagesListed { references } => Some(references),
            _ => None,
        })
        .collect();
    let wanted: Vec<&Reference> = images.iter().collect();
    if lists.is_empty() {
        return Verdict::failed(format!(
            "You have not listed the images on your host yet; the step asks you to find {} there",
            names(&wanted)
        ));
    }
    let unseen: Vec<&Reference> =
        wanted.iter().filter(|image| !lists.iter().any(|list| list.iter().any(|text| image.is(text)))).copied().collect();
    if unseen.is_empty() {
        return Verdict::passed(format!("You listed your images and saw {}", names(&wanted)));
    }
    let absent: Vec<&Reference> = unseen.iter().filter(|image| known::on_host(image, facts).is_none()).copied().collect();
    if absent.is_empty() {
        let was = if unseen.len() == 1 { "was" } else { "were" };
        return Verdict::failed(format!("You listed images, but {} {was} not there yet when you did; list them again", names(&unseen)));
    }
    Verdict::failed(format!("You listed images, but {} {} not on your host yet; pull first, then list again", names(&absent), be(&absent)))
}

pub(super) fn inspected(image: &Reference, facts: &Facts<'_>) -> Verdict {
    let looked = facts.activity.iter().filter_map(|activity| match &activity.kind {
        ActivityKind::ImageInspected { image_id, references } => Some((image_id, references)),
        _ => None,
    });
    let verdict = looked_at(image, facts, looked, "inspected", "inspected it");
    if verdict.passed {
        return verdict;
    }
    match inspected_container(image, facts) {
        Some(name) => Verdict::failed(format!(
            "You inspected the container {name}, and the step asks for the image {image}; `docker image inspect {}` shows images only",
            image.spoken()
        )),
        None => verdict,
    }
}

/// The container that the learner inspected last, if it could be taken for the image: it was made
/// from it, or has its name (`docker inspect nginx` shows a container of that name before the image).
fn inspected_container<'a>(image: &Reference, facts: &Facts<'a>) -> Option<&'a String> {
    let ids = known::image_ids(image, facts);
    let containers = known::containers(facts);
    let (index, id, name) = facts.activity.iter().enumerate().rev().find_map(|(index, activity)| match &activity.kind {
        ActivityKind::ContainerInspected { id, name } => Some((index, id, name)),
        _ => None,
    })?;
    // `docker exec`, `docker logs` and `docker attach` inspect before they begin; nobody asked for that.
    let next = facts.activity.get(index + 1).map(|activity| &activity.kind);
    let by_the_way = match next {
        Some(
            ActivityKind::ContainerExec { id: its, .. }
            | ActivityKind::ContainerLogsRead { id: its, .. }
            | ActivityKind::ContainerAttached { id: its, .. },
        ) => its == id,
        _ => false,
    };
    let alike = *name == image.short() || containers.iter().any(|container| container.id == id && container.is_from(image, &ids));
    (alike && !by_the_way).then_some(name)
}

pub(super) fn history_viewed(image: &Reference, facts: &Facts<'_>) -> Verdict {
    let looked = facts.activity.iter().filter_map(|activity| match &activity.kind {
        ActivityKind::ImageHistoryViewed { image_id, references } => Some((image_id, references)),
        _ => None,
    });
    looked_at(image, facts, looked, "looked at the history of", "looked at its history")
}

/// `did`: what is to be done with an image: "inspected"; `did_it`: the same, of an image that has
/// been named already.
fn looked_at<'a>(
    image: &Reference,
    facts: &Facts<'a>,
    looked: impl Iterator<Item = (&'a String, &'a Vec<String>)>,
    did: &str,
    did_it: &str,
) -> Verdict {
    let ids = known::image_ids(image, facts);
    let mut last_other = None;
    for (image_id, references) in looked {
        if ids.contains(image_id.as_str()) || references.iter().any(|text| image.is(text)) {
            return Verdict::passed(format!("You {did} {image}"));
        }
        last_other = Some(references.first().unwrap_or(image_id));
    }
    let present = known::on_host(image, facts).is_some();
    Verdict::failed(match (last_other, present) {
        (Some(other), _) => format!("You {did} {other}, and the step asks for {image}"),
        (None, true) => format!("{image} is on your host, but you have not {did_it} yet"),
        (None, false) => format!("You have not {did} {image} yet, and it is not on your host; pull it first"),
    })
}

pub(super) fn removed(image: &Reference, facts: &Facts<'_>) -> Verdict {
    let ids = known::image_ids(image, facts);
    if ids.is_empty() {
        return Verdict::failed(format!("There has been no image {image} on your host yet that could be removed"));
    }
    if known::on_host(image, facts).is_none() {
        return Verdict::passed(format!("{image} has been removed from your host"));
    }
    let from_it = known::containers(facts).into_iter().find(|container| container.there.is_some() && container.is_from(image, &ids));
    Verdict::failed(match from_it {
        Some(container) => {
            format!("{image} is still on your host, and the container {} is made from it; remove that first", container.name)
        }
        None => format!("{image} is still on your host"),
    })
}
