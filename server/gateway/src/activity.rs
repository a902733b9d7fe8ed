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
    },
    /// Nothing the learner did: layers moved, a port was bound. Consumers redraw, checks look again.
    StateChanged,
}

/// Characters of a message or a word that are kept. Longer ones are nobody's to read: a body of a megabyte can
/// come back in the message that refuses it.
const KEPT_CHARACTERS: usize = 1000;
/// Words of a command that are kept.
const KEPT_WORDS: usize = 64;

impl ActivityKind {
    /// Without what nobody reads, so that the record grows by little, whatever is asked.
    pub(crate) fn shortened(mut self) -> Self {
        match &mut self {
            Self::Refused { message, .. }
            | Self::ImagePullFailed { message, .. }
            | Self::ImagePushFailed { message, .. }
            | Self::ImageBuildFailed { message } => shorten(message),
            Self::ContainerExec { command, .. } => {
                command.truncate(KEPT_WORDS);
                command.iter_mut().for_each(shorten);
            }
            _ => {}
        }
        self
    }
}

fn shorten(text: &mut String) {
    if let Some((end, _)) = text.char_indices().nth(KEPT_CHARACTERS) {
        text.truncate(end);
        text.push('…');
    }
}
