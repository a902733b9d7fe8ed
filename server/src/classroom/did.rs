//! What a learner did on their host, a line a command: as they would have typed it, where that is known.

mod command;

use app::model::LastDone;
use gateway::{Activity, ActivityKind};

/// What stands in a timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) done: LastDone,
    /// They did it; it did not come about by itself.
    pub(super) is_theirs: bool,
}

/// What was done, oldest first: of the newest `fresh` of all that is known, for a line may have begun before.
pub(super) fn lines(activities: &[Activity], fresh: usize) -> Vec<Line> {
    (activities.len().saturating_sub(fresh)..activities.len()).filter_map(|index| line(activities, index)).collect()
}

fn line(activities: &[Activity], index: usize) -> Option<Line> {
    let activity = &activities[index];
    let line = |at: i64, (text, error): (String, String)| {
        let by_itself = matches!(activity.kind, ActivityKind::ContainerDied { .. }) && error.is_empty();
        Line { done: LastDone { at, text, error, helped: false }, is_theirs: !by_itself }
    };
    if let Some(run) = run(activities, index) {
        return match &activity.kind {
            // From when it began, so that it is the same line whenever one looks.
            ActivityKind::ContainerStarted { .. } => Some(line(run.at, (run.text, String::new()))),
            ActivityKind::Refused { message, .. } => Some(line(activity.at, (run.text, said(message)))),
            _ => None,
        };
    }
    // What comes of it says it.
    if is_run(activities, index) {
        return None;
    }
    if let ActivityKind::ContainerRemoved { id, name } = &activity.kind
        && goes_by_itself(&activities[..index], id)
    {
        let text = format!("{name} was removed, as --rm asks");
        return Some(Line { done: LastDone { at: activity.at, text, error: String::new(), helped: false }, is_theirs: false });
    }
    words(&activity.kind).map(|words| line(activity.at, words))
}

/// Activities that are looked back through for how a container was made.
const LOOK_BACK: usize = 256;

/// Whether a container was asked to go when it ends (`--rm`): nobody types that it goes.
fn goes_by_itself(before: &[Activity], gone: &str) -> bool {
    before
        .iter()
        .rev()
        .take(LOOK_BACK)
        .any(|before| matches!(&before.kind, ActivityKind::ContainerCreated { id, asked, .. } if id == gone && asked.auto_remove))
}

/// A container that was made, to run at once.
struct Run {
    /// When it was made.
    at: i64,
    text: String,
}

/// A `docker run` makes a container, listens to it, and starts it: whether this is of one. Somebody who types the three
/// by hand needs longer.
fn run(activities: &[Activity], index: usize) -> Option<Run> {
    let this = &activities[index];
    // No further back than a run is long: a class's day has thousands.
    let mut near = activities[..index].iter().rev().take_while(|before| this.at - before.at < RUN_MS);
    let made = near.find(|before| !comes_between(&before.kind))?;
    let ActivityKind::ContainerCreated { id, name, image, asked } = &made.kind else { return None };
    begins(&this.kind, id).then(|| Run { at: made.at, text: command::line("run", name, image, asked) })
}

/// Whether what was made here was made by a run that can be seen: the same, looked at from where it begins.
fn is_run(activities: &[Activity], index: usize) -> bool {
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
fn comes_between(kind: &ActivityKind) -> bool {
    matches!(kind, ActivityKind::ContainerAttached { .. } | ActivityKind::ContainerDied { .. } | ActivityKind::StateChanged)
}

/// Between the making of a container and its start by the same command, in milliseconds: engines that are busy take
/// seconds, people who type two commands a little longer.
const RUN_MS: i64 = 3_000;

/// What was done, and what docker said where it went wrong.
fn words(kind: &ActivityKind) -> Option<(String, String)> {
    use ActivityKind as Kind;
    let well = |text: String| Some((text, String::new()));
    match kind {
        Kind::StateChanged | Kind::ContainersListed { .. } | Kind::ImagesListed { .. } | Kind::ImagePullStarted { .. } => None,
        Kind::ImagePulled { reference, .. } => well(format!("docker pull {reference}")),
        Kind::ImagePullFailed { reference, message } => Some((format!("docker pull {reference}"), said(message))),
        Kind::ImageInspected { references, image_id } => well(format!("docker image inspect {}", image(references, image_id))),
        Kind::ImageHistoryViewed { references, image_id } => well(format!("docker history {}", image(references, image_id))),
        Kind::ImageTagged { reference, .. } => well(format!("docker tag … {reference}")),
        Kind::ImageUntagged { reference, .. } => well(format!("docker rmi {reference}")),
        Kind::ImageRemoved { image_id } => well(format!("docker rmi {}", short(image_id))),
        Kind::ImagePushed { reference, .. } => well(format!("docker push {reference}")),
        Kind::ImagePushFailed { reference, message } => Some((format!("docker push {reference}"), said(message))),
        Kind::ImageBuilt { references, image_id, .. } => well(format!("docker build → {}", image(references, image_id))),
        Kind::ImageBuildFailed { message } => Some(("docker build".to_owned(), said(message))),
        // Only `docker run -d` makes one that nobody hears.
        Kind::ContainerCreated { name, image, asked, .. } => {
            well(command::line(if asked.detached { "run" } else { "create" }, name, image, asked))
        }
        Kind::ContainerStarted { name, .. } => well(format!("docker start {name}")),
        Kind::ContainerDied { name, exit_code: 0, .. } => well(format!("{name} ended")),
        // Asked to stop: what most programs end with then.
        Kind::ContainerDied { name, exit_code: code @ (137 | 143), .. } => well(format!("{name} was stopped ({code})")),
        Kind::ContainerDied { name, exit_code, .. } => Some((format!("{name} ended"), format!("exit code {exit_code}"))),
        Kind::ContainerStopAsked { name, .. } => well(format!("docker stop {name}")),
        Kind::ContainerPaused { name, .. } => well(format!("docker pause {name}")),
        Kind::ContainerUnpaused { name, .. } => well(format!("docker unpause {name}")),
        Kind::ContainerRenamed { name, old_name, .. } => well(format!("docker rename {old_name} {name}")),
        Kind::ContainerRemoved { name, .. } => well(format!("docker rm {name}")),
        Kind::ContainerInspected { name, .. } => well(format!("docker inspect {name}")),
        Kind::ContainerLogsRead { name, .. } => well(format!("docker logs {name}")),
        Kind::ContainerAttached { name, .. } => well(format!("docker attach {name}")),
        Kind::ContainerExec { name, command, .. } => well(format!("docker exec {name} {}", command::words(command))),
        Kind::ContainerFilesCopied { name, path, into_container: true, .. } => well(format!("docker cp … {name}:{path}")),
        Kind::ContainerFilesCopied { name, path, into_container: false, .. } => well(format!("docker cp {name}:{path} …")),
        Kind::ContainerDiffed { name, .. } => well(format!("docker diff {name}")),
        Kind::NetworkCreated { name } => well(format!("docker network create {name}")),
        Kind::NetworkRemoved { name } => well(format!("docker network rm {name}")),
        Kind::VolumeCreated { name } => well(format!("docker volume create {name}")),
        Kind::VolumeRemoved { name } => well(format!("docker volume rm {name}")),
        // `docker create` is seldom typed.
        Kind::Refused { container: Some(container), message, .. } => {
            Some((command::line("run", &container.name, &container.image, &container.asked), said(message)))
        }
        Kind::Refused { operation, message, .. } => Some((typed(operation), said(message))),
    }
}

/// Never empty: that would mean that it went well.
fn said(message: &str) -> String {
    if message.trim().is_empty() { "it failed".to_owned() } else { message.to_owned() }
}

/// What is typed for an operation of the Engine API; where it is known, as most people type it.
fn typed(operation: &str) -> String {
    let known = match operation {
        "ContainerCreate" => "docker run",
        "ContainerStart" => "docker start",
        "ContainerStop" => "docker stop",
        "ContainerKill" => "docker kill",
        "ContainerRemove" => "docker rm",
        "ContainerLogs" => "docker logs",
        "ContainerAttach" => "docker attach",
        "ContainerArchiveGet" | "ContainerArchivePut" | "ContainerArchiveInfo" => "docker cp",
        "ExecCreate" | "ExecStart" => "docker exec",
        "ContainerInspect" | "ImageInspect" => "docker inspect",
        "ImageCreate" => "docker pull",
        "ImagePush" => "docker push",
        "ImageTag" => "docker tag",
        "ImageRemove" => "docker rmi",
        "ImageHistory" => "docker history",
        "ImageBuild" => "docker build",
        "ImageCommit" => "docker commit",
        other => return format!("docker {}", spaced(other)),
    };
    known.to_owned()
}

/// `NetworkCreate` → `network create`.
fn spaced(operation: &str) -> String {
    let mut words = String::new();
    for letter in operation.chars() {
        if letter.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(letter.to_lowercase());
    }
    words
}

fn image(references: &[String], id: &str) -> String {
    references.first().cloned().unwrap_or_else(|| short(id))
}

fn short(id: &str) -> String {
    id.trim_start_matches("sha256:").chars().take(12).collect()
}

#[cfg(test)]
mod tests;
