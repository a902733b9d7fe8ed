//! What belongs together as one `docker run`.

use gateway::{Activity, ActivityKind, ContainerAsked};

use super::command;

/// Activities that are looked back through for how a container was made.
const LOOK_BACK: usize = 256;

/// A container, as it was asked for.
pub(super) struct Made<'a> {
    name: &'a str,
    image: &'a str,
    pub(super) asked: &'a ContainerAsked,
}

impl Made<'_> {
    /// What was typed for it, most likely.
    pub(super) fn line(&self) -> String {
        command::line("run", self.name, self.image, self.asked)
    }
}

/// How the container of that ID was asked for, where that isn't too long ago.
pub(super) fn asked_of<'a>(before: &'a [Activity], made: &str) -> Option<Made<'a>> {
    before.iter().rev().take(LOOK_BACK).find_map(|before| match &before.kind {
        ActivityKind::ContainerCreated { id, name, image, asked } if id == made => Some(Made { name, image, asked }),
        _ => None,
    })
}

/// The `docker run` that began to pull that image, since it wasn't there; the pull was told of then (unix milliseconds).
pub(super) fn wanted(before: &[Activity], image: &str, at: i64) -> Option<String> {
    let is_pull = |before: &Activity| matches!(&before.kind, ActivityKind::ImagePullStarted { reference } if reference == image);
    // Of an image that nobody has the pull doesn't even begin.
    let recent = &before[before.len().saturating_sub(LOOK_BACK)..];
    let (earlier, began) = match recent.iter().rposition(is_pull) {
        Some(pull) => (&recent[..pull], recent[pull].at),
        None => (recent, at),
    };
    let wanted = earlier.iter().rev().find(|before| !comes_between(&before.kind))?;
    let ActivityKind::Refused { container: Some(container), .. } = &wanted.kind else { return None };
    (is_wanted(&wanted.kind) && began - wanted.at < RUN_MS)
        .then(|| command::line("run", &container.name, &container.image, &container.asked))
}

/// A list that was looked at: by a command of its own, perhaps in another terminal.
pub(super) fn is_look(kind: &ActivityKind) -> bool {
    matches!(kind, ActivityKind::ContainersListed { .. } | ActivityKind::ImagesListed { .. })
}

/// Whether a refusal only says to the client of a pull what the failed pull has said already.
pub(super) fn is_told(before: &[Activity], kind: &ActivityKind) -> bool {
    let ActivityKind::Refused { operation, .. } = kind else { return false };
    operation == "ImageCreate"
        && before
            .iter()
            .rev()
            .find(|before| !comes_between(&before.kind))
            .is_some_and(|last| matches!(&last.kind, ActivityKind::ImagePullFailed { .. }))
}

/// A container was asked for whose image isn't there: docker pulls it then, and what comes of that says more.
pub(super) fn is_wanted(kind: &ActivityKind) -> bool {
    matches!(kind, ActivityKind::Refused { operation, status: 404, message, .. } if operation == "ContainerCreate" && message.starts_with("No such image"))
}

/// A container that was made, to run at once.
pub(super) struct Run {
    /// When it was made.
    pub(super) at: i64,
    pub(super) text: String,
}

/// A `docker run` makes a container, listens to it, and starts it: whether this is of one. Somebody who types the three
/// by hand needs longer.
pub(super) fn run(activities: &[Activity], index: usize) -> Option<Run> {
    let this = &activities[index];
    // No further back than a run is long: a class's day has thousands.
    let mut near = activities[..index].iter().rev().take_while(|before| this.at - before.at < RUN_MS);
    let made = near.find(|before| !comes_between(&before.kind))?;
    let ActivityKind::ContainerCreated { id, name, image, asked } = &made.kind else { return None };
    begins(&this.kind, id).then(|| Run { at: made.at, text: command::line("run", name, image, asked) })
}

/// Whether what was made here was made by a run that can be seen: the same, looked at from where it begins.
pub(super) fn is_run(activities: &[Activity], index: usize) -> bool {
    let ActivityKind::ContainerCreated { id, .. } = &activities[index].kind else { return false };
    let at = activities[index].at;
    for later in activities[index + 1..].iter().take_while(|later| later.at - at < RUN_MS) {
        if begins(&later.kind, id) {
            return true;
        }
        if !comes_between(&later.kind) {
            return false;
        }
    }
    false
}

/// Whether a run goes on with this, of the container that was made last.
fn begins(kind: &ActivityKind, made: &str) -> bool {
    match kind {
        ActivityKind::ContainerStarted { id, .. } | ActivityKind::ContainerAttached { id, .. } => id == made,
        // It doesn't say which.
        ActivityKind::Refused { operation, .. } => operation == "ContainerStart",
        _ => false,
    }
}

/// What the engine says, and what others look at, may come between.
pub(super) fn comes_between(kind: &ActivityKind) -> bool {
    matches!(kind, ActivityKind::ContainerAttached { .. } | ActivityKind::ContainerDied { .. } | ActivityKind::StateChanged)
        || is_look(kind)
}

/// Between the making of a container and its start by the same command, in milliseconds: engines that are busy take
/// seconds, people who type two commands a little longer.
const RUN_MS: i64 = 3_000;
