//! What a learner did on their host, as the gateway saw it: typed, in order, stored.

use serde::{Deserialize, Serialize};

/// One thing done. Stored before it is announced.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Activity {
    /// Rises by one or more within a sandbox; never reused.
    pub seq: i64,
    /// Unix milliseconds.
    pub at: i64,
    #[serde(flatten)]
    pub kind: ActivityKind,
}

/// Names are the learner's own (`nginx:latest`, `web`), never the engine's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ActivityKind {
    ImagePullStarted {
        reference: String,
    },
    ImagePulled {
        reference: String,
        image_id: String,
    },
    ImagePullFailed {
        reference: String,
        message: String,
    },
    /// `references`: what the learner saw in the list.
    ImagesListed {
        references: Vec<String>,
    },
    ImageInspected {
        image_id: String,
        references: Vec<String>,
    },
    ImageHistoryViewed {
        image_id: String,
        references: Vec<String>,
    },
    ImageTagged {
        image_id: String,
        reference: String,
    },
    ImageUntagged {
        image_id: String,
        reference: String,
    },
    ImageRemoved {
        image_id: String,
    },
    ImagePushed {
        reference: String,
        image_id: String,
    },
    ImagePushFailed {
        reference: String,
        message: String,
    },
    ImageBuilt {
        image_id: String,
        references: Vec<String>,
        steps: u32,
        cached_steps: u32,
    },
    ImageBuildFailed {
        message: String,
    },
    ContainersListed {
        all: bool,
        names: Vec<String>,
    },
    ContainerCreated {
        id: String,
        name: String,
        image: String,
        /// Left out where it says nothing, as in what was stored before it was known.
        #[serde(default, skip_serializing_if = "ContainerAsked::is_nothing")]
        asked: Box<ContainerAsked>,
    },
    ContainerStarted {
        id: String,
        name: String,
        image: String,
        start_ms: i64,
    },
    /// The engine says so; it may have ended by itself.
    ContainerDied {
        id: String,
        name: String,
        exit_code: i64,
    },
    ContainerStopAsked {
        id: String,
        name: String,
    },
    ContainerPaused {
        id: String,
        name: String,
    },
    ContainerUnpaused {
        id: String,
        name: String,
    },
    ContainerRenamed {
        id: String,
        name: String,
        old_name: String,
    },
    ContainerRemoved {
        id: String,
        name: String,
    },
    ContainerInspected {
        id: String,
        name: String,
    },
    ContainerLogsRead {
        id: String,
        name: String,
    },
    ContainerAttached {
        id: String,
        name: String,
    },
    ContainerExec {
        id: String,
        name: String,
        command: Vec<String>,
    },
    ContainerFilesCopied {
        id: String,
        name: String,
        path: String,
        into_container: bool,
    },
    ContainerDiffed {
        id: String,
        name: String,
    },
    NetworkCreated {
        name: String,
    },
    NetworkRemoved {
        name: String,
    },
    VolumeCreated {
        name: String,
    },
    VolumeRemoved {
        name: String,
    },
    /// The gateway said no, or the engine did: what `docker` printed.
    Refused {
        operation: String,
        status: u16,
        message: String,
        /// That there is not, where it was one that was asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        container: Option<Box<RefusedContainer>>,
    },
    /// Nothing the learner did: layers moved, a port was bound. Consumers redraw, checks look again.
    StateChanged,
}

/// A container that was asked for, and not made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedContainer {
    /// Empty: it was to be made up.
    pub name: String,
    pub image: String,
    pub asked: ContainerAsked,
}

/// What a container was asked to be, as far as it is worth telling: by it whoever teaches reads a `docker run` as it was
/// typed. Of variables it is their names alone: their values may be secrets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ContainerAsked {
    /// The name was asked for, not made up.
    #[serde(skip_serializing_if = "is_false")]
    pub named: bool,
    /// Nobody hears its output: of the commands only `docker run -d` asks so.
    #[serde(skip_serializing_if = "is_false")]
    pub detached: bool,
    #[serde(skip_serializing_if = "is_false")]
    pub interactive: bool,
    #[serde(skip_serializing_if = "is_false")]
    pub tty: bool,
    #[serde(skip_serializing_if = "is_false")]
    pub auto_remove: bool,
    #[serde(skip_serializing_if = "is_false")]
    pub publish_all: bool,
    /// `8080:80`, `127.0.0.1:5300:53/udp`, `80`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<String>,
    /// `data:/data`, `/root/site:/site:ro`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub volumes: Vec<String>,
    /// Names of variables.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<String>,
    /// Empty: the usual one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub network: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub user: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub working_dir: String,
    /// `always`, `on-failure`, …; empty: none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub restart: String,
    /// Bytes; 0: none was asked for.
    #[serde(skip_serializing_if = "is_zero")]
    pub memory: i64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub entrypoint: Vec<String>,
    /// What stands after the image.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
}

impl ContainerAsked {
    fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    fn shorten(&mut self, left: &mut usize) {
        keep([&mut self.network, &mut self.user, &mut self.working_dir, &mut self.restart], left);
        for words in [&mut self.ports, &mut self.volumes, &mut self.env, &mut self.entrypoint, &mut self.command] {
            shorten_all(words, left);
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_false(value: &bool) -> bool {
    !value
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(value: &i64) -> bool {
    *value == 0
}

/// Characters of a message or a word that are kept. Longer ones are nobody's to read: a body of a megabyte can
/// come back in the message that refuses it.
const KEPT_CHARACTERS: usize = 1000;
/// Words of a command that are kept.
const KEPT_WORDS: usize = 64;
/// Bytes that are kept of all words of one activity together.
pub(crate) const KEPT_BYTES: usize = 4 * 1024;

impl ActivityKind {
    /// Without what nobody reads, so that the record grows by little, whatever is asked.
    pub(crate) fn shortened(mut self) -> Self {
        match &mut self {
            Self::Refused { message, container, .. } => {
                shorten(message);
                if let Some(container) = container {
                    let mut left = KEPT_BYTES;
                    keep([&mut container.name, &mut container.image], &mut left);
                    container.asked.shorten(&mut left);
                }
            }
            Self::ImagePullFailed { message, .. } | Self::ImagePushFailed { message, .. } | Self::ImageBuildFailed { message } => {
                shorten(message)
            }
            Self::ContainerCreated { asked, .. } => asked.shorten(&mut { KEPT_BYTES }),
            Self::ContainerExec { command, .. } => shorten_all(command, &mut { KEPT_BYTES }),
            Self::ContainerFilesCopied { path, .. } => shorten(path),
            _ => {}
        }
        self
    }
}

/// A text as long as it is told at most.
pub(crate) fn shortened(mut text: String) -> String {
    shorten(&mut text);
    text
}

fn shorten(text: &mut String) {
    if let Some((end, _)) = text.char_indices().nth(KEPT_CHARACTERS) {
        text.truncate(end);
        text.push('…');
    }
}

/// Keeps each for which there are bytes left; `…` stands for another.
fn keep<const COUNT: usize>(words: [&mut String; COUNT], left: &mut usize) {
    for word in words {
        shorten(word);
        if !fits(word, left) {
            "…".clone_into(word);
        }
    }
}

/// Keeps those words for which there are bytes left; `…` stands for the rest. What was shortened once stays as it is.
pub(crate) fn shorten_all(words: &mut Vec<String>, left: &mut usize) {
    words.iter_mut().for_each(shorten);
    let kept = words.iter().take(KEPT_WORDS).take_while(|word| fits(word, left)).count();
    if kept < words.len() {
        words.truncate(kept);
        words.push("…".to_owned());
    }
}

/// Takes what a word needs of the bytes that are left; after the first that needs more, nothing is left.
fn fits(word: &str, left: &mut usize) -> bool {
    let after = left.checked_sub(word.len());
    *left = after.unwrap_or(0);
    after.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(number: usize, characters: usize) -> Vec<String> {
        vec!["ü".repeat(characters); number]
    }

    #[test]
    fn no_activity_is_large_whatever_is_asked() {
        let (most, word) = (words(200, 5000), || "😀".repeat(5000));
        let asked = ContainerAsked {
            ports: most.clone(),
            volumes: most.clone(),
            env: most.clone(),
            entrypoint: most.clone(),
            command: most.clone(),
            network: word(),
            user: word(),
            working_dir: word(),
            restart: word(),
            ..ContainerAsked::default()
        };
        let of_empty_words =
            ContainerAsked { env: words(200, 0), ports: words(200, 0), command: words(200, 20), ..ContainerAsked::default() };
        let made =
            |asked| ActivityKind::ContainerCreated { id: String::new(), name: String::new(), image: String::new(), asked: Box::new(asked) };
        let all = [
            made(asked.clone()),
            made(of_empty_words),
            ActivityKind::ContainerExec { id: String::new(), name: String::new(), command: most },
            ActivityKind::ContainerExec { id: String::new(), name: String::new(), command: words(10_000, 30) },
            ActivityKind::ContainerFilesCopied { id: String::new(), name: String::new(), path: word(), into_container: true },
            ActivityKind::Refused { operation: String::new(), status: 400, message: word(), container: None },
            ActivityKind::Refused {
                operation: String::new(),
                status: 400,
                message: "no".to_owned(),
                container: Some(Box::new(RefusedContainer { name: word(), image: word(), asked: asked.clone() })),
            },
        ];
        for kind in all {
            let kind = kind.shortened();
            let bytes = serde_json::to_vec(&kind).unwrap_or_default().len();
            assert!(bytes > 0 && bytes < 8 * 1024, "{bytes}: {kind:?}");
        }
    }

    #[test]
    fn what_is_left_out_of_a_long_command_is_told_by_dots_and_a_usual_one_is_kept() {
        let exec =
            |command: Vec<String>| match (ActivityKind::ContainerExec { id: String::new(), name: String::new(), command }).shortened() {
                ActivityKind::ContainerExec { command, .. } => command,
                other => panic!("{other:?}"),
            };
        assert_eq!(exec(words(3, 600)), words(3, 600));
        let long = exec(words(5, 600));
        assert_eq!((long.len(), long.last().map(String::as_str)), (4, Some("…")));
        let many = exec(words(KEPT_WORDS + 1, 1));
        assert_eq!((many.len(), many.last().map(String::as_str)), (KEPT_WORDS + 1, Some("…")));
        for shortened in [long, many, exec(words(1, 5000))] {
            assert_eq!(exec(shortened.clone()), shortened, "nothing more is left out the second time");
        }
    }
}
