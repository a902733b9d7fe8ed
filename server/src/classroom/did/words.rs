//! One activity in words: what would have been typed for it.

use gateway::ActivityKind;

use super::{command, run::is_wanted};

/// How a line begins that isn't docker's.
const OURS: &str = "lunchbox: ";

/// What was done, and what docker said where it went wrong.
pub(super) fn words(kind: &ActivityKind) -> Option<(String, String)> {
    use ActivityKind as Kind;
    let well = |text: String| Some((text, String::new()));
    match kind {
        Kind::StateChanged | Kind::ImagePullStarted { .. } => None,
        Kind::ContainersListed { all, .. } => well(if *all { "docker ps -a" } else { "docker ps" }.to_owned()),
        Kind::ImagesListed { .. } => well("docker images".to_owned()),
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
        Kind::ContainerDied { name, exit_code, .. } if !is_fault(*exit_code) => well(format!("{name} was stopped ({exit_code})")),
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
        kind if is_wanted(kind) => None,
        // `docker create` is seldom typed.
        Kind::Refused { container: Some(container), message, .. } => {
            Some((command::line("run", &container.name, &container.image, &container.asked), said(message)))
        }
        Kind::Refused { operation, message, .. } => {
            let named = missing(message).map(|name| format!(" {name}")).unwrap_or_default();
            Some((typed(operation) + &named, said(message)))
        }
    }
}

/// Never empty: that would mean that it went well. What Lunchbox itself adds to docker's words comes first: it says what to
/// do, and where there is little room the end is cut.
pub(super) fn said(message: &str) -> String {
    let (ours, dockers): (Vec<&str>, Vec<&str>) =
        message.lines().map(str::trim).filter(|line| !line.is_empty()).partition(|line| line.starts_with(OURS));
    let lines: Vec<&str> = ours.iter().map(|line| line.trim_start_matches(OURS)).chain(dockers).collect();
    if lines.is_empty() { "it failed".to_owned() } else { lines.join(" ") }
}

/// Whether a program that ended with this did so by itself: those that are asked to stop (Ctrl-C, `docker stop`,
/// `docker kill`) mostly end with 128 and the signal's number.
pub(super) fn is_fault(exit_code: i64) -> bool {
    !matches!(exit_code, 0 | 130 | 137 | 143)
}

/// What there isn't, by the name that was typed.
fn missing(message: &str) -> Option<&str> {
    ["No such container: ", "No such image: "].into_iter().find_map(|said| message.strip_prefix(said))
}

/// What is typed for an operation of the Engine API; where it is known, as most people type it.
fn typed(operation: &str) -> String {
    let known = match operation {
        "ContainerCreate" => "docker run",
        "ContainerRemove" => "docker rm",
        "ContainerList" => "docker ps",
        "ContainerChanges" => "docker diff",
        "ContainerArchiveGet" | "ContainerArchivePut" | "ContainerArchiveInfo" => "docker cp",
        "ExecCreate" | "ExecStart" | "ExecInspect" => "docker exec",
        "ContainerInspect" => "docker inspect",
        "ImageCreate" => "docker pull",
        "ImagePush" => "docker push",
        "ImageTag" => "docker tag",
        "ImageRemove" => "docker rmi",
        "ImageHistory" => "docker history",
        "ImageBuild" => "docker build",
        "ImageCommit" => "docker commit",
        "ImageList" => "docker images",
        "ImageGet" | "ImageGetAll" => "docker save",
        "ImageLoad" => "docker load",
        "ImageSearch" => "docker search",
        "DistributionInspect" => "docker manifest inspect",
        "Info" => "docker info",
        "Version" => "docker version",
        "DiskUsage" => "docker system df",
        "NetworkRemove" => "docker network rm",
        "NetworkList" => "docker network ls",
        "VolumeRemove" => "docker volume rm",
        "VolumeList" => "docker volume ls",
        // As it is typed most, without the word: `docker pause`.
        other => match other.strip_prefix("Container") {
            Some(verb) if other != "ContainerPrune" => return format!("docker {}", spaced(verb)),
            _ => return format!("docker {}", spaced(other)),
        },
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
