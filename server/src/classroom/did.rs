//! What a learner did on their host, in a line: as they would have typed it, where that is known.

use app::model::LastDone;
use gateway::{Activity, ActivityKind};

/// `None` for what nobody did.
pub(super) fn line(activity: &Activity) -> Option<LastDone> {
    let (text, error) = words(&activity.kind)?;
    Some(LastDone { at: activity.at, text, error })
}

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
        Kind::ContainerCreated { name, image, .. } => well(format!("docker create --name {name} {image}")),
        Kind::ContainerStarted { name, image, .. } => well(format!("docker run {image} ({name})")),
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
        Kind::ContainerExec { name, command, .. } => well(format!("docker exec {name} {}", command.join(" "))),
        Kind::ContainerFilesCopied { name, path, into_container: true, .. } => well(format!("docker cp … {name}:{path}")),
        Kind::ContainerFilesCopied { name, path, into_container: false, .. } => well(format!("docker cp {name}:{path} …")),
        Kind::ContainerDiffed { name, .. } => well(format!("docker diff {name}")),
        Kind::NetworkCreated { name } => well(format!("docker network create {name}")),
        Kind::NetworkRemoved { name } => well(format!("docker network rm {name}")),
        Kind::VolumeCreated { name } => well(format!("docker volume create {name}")),
        Kind::VolumeRemoved { name } => well(format!("docker volume rm {name}")),
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
mod tests {
    use super::*;

    fn told(kind: ActivityKind) -> Option<(String, String)> {
        line(&Activity { seq: 1, at: 5, kind }).map(|line| (line.text, line.error))
    }

    #[test]
    fn what_went_wrong_says_why_and_what_went_well_says_nothing_more() {
        let failed = ActivityKind::ImagePullFailed { reference: "ngnix:latest".to_owned(), message: "not found".to_owned() };
        assert_eq!(told(failed), Some(("docker pull ngnix:latest".to_owned(), "not found".to_owned())));
        let pulled = ActivityKind::ImagePulled { reference: "nginx:latest".to_owned(), image_id: "sha256:1".to_owned() };
        assert_eq!(told(pulled), Some(("docker pull nginx:latest".to_owned(), String::new())));
        let died = |exit_code| told(ActivityKind::ContainerDied { id: "1".to_owned(), name: "web".to_owned(), exit_code });
        assert_eq!(died(1), Some(("web ended".to_owned(), "exit code 1".to_owned())));
        assert!(died(137).is_some_and(|(_, error)| error.is_empty()), "a stop is no fault");
        assert_eq!(told(ActivityKind::StateChanged), None);
        let refused = ActivityKind::Refused { operation: "ContainerCreate".to_owned(), status: 400, message: " ".to_owned() };
        assert!(told(refused).is_some_and(|(text, error)| text == "docker run" && !error.is_empty()));
        let odd = ActivityKind::Refused { operation: "NetworkRemove".to_owned(), status: 404, message: "none".to_owned() };
        assert_eq!(told(odd), Some(("docker network remove".to_owned(), "none".to_owned())));
    }
}
