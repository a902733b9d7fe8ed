//! The learner's sandbox, as the page needs to know it.
//!
//! What serde derives for reading an enum with a tag inside keeps a copy of everything it reads, and
//! brings tens of kilobytes of code into the browser. So both enums here are read through a flat
//! struct; they are written as serde does it, and the two agree (tested below).

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case", try_from = "FlatStatus")]
pub enum SandboxStatus {
    /// Never started, or removed after standing idle.
    None {
        /// It was there and has been removed; says so to the learner.
        removed_idle: bool,
    },
    Starting,
    Ready {
        /// Changes with every reset, so that the terminal knows to begin anew.
        id: String,
        /// Minutes without use after which it is removed.
        idle_minutes: u32,
    },
    /// Plain text: what happened and what to do.
    Failed {
        message: String,
    },
}

/// What one message of the stream at `/api/stream?lesson=…` says (SSE `data:`, JSON).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", try_from = "FlatMessage")]
pub enum StreamMessage {
    Sandbox {
        status: SandboxStatus,
    },
    Host {
        host: super::HostView,
    },
    Progress {
        progress: super::Progress,
    },
    /// The learner's place in a class; `None`: they are in none.
    Seat {
        seat: Option<super::Seat>,
    },
}

#[derive(Deserialize)]
struct FlatStatus {
    state: String,
    removed_idle: Option<bool>,
    id: Option<String>,
    idle_minutes: Option<u32>,
    message: Option<String>,
}

impl TryFrom<FlatStatus> for SandboxStatus {
    type Error = &'static str;

    fn try_from(flat: FlatStatus) -> Result<Self, Self::Error> {
        let FlatStatus { state, removed_idle, id, idle_minutes, message } = flat;
        match (state.as_str(), removed_idle, id, idle_minutes, message) {
            ("none", Some(removed_idle), ..) => Ok(Self::None { removed_idle }),
            ("starting", ..) => Ok(Self::Starting),
            ("ready", _, Some(id), Some(idle_minutes), _) => Ok(Self::Ready { id, idle_minutes }),
            ("failed", .., Some(message)) => Ok(Self::Failed { message }),
            _ => Err("not the state of a sandbox"),
        }
    }
}

#[derive(Deserialize)]
struct FlatMessage {
    status: Option<SandboxStatus>,
    host: Option<super::HostView>,
    progress: Option<super::Progress>,
    #[serde(default, deserialize_with = "there")]
    seat: Option<Option<super::Seat>>,
}

/// `null` says that there is none; a message about something else says nothing of it.
fn there<'de, D: serde::Deserializer<'de>>(seat: D) -> Result<Option<Option<super::Seat>>, D::Error> {
    Option::deserialize(seat).map(Some)
}

impl TryFrom<FlatMessage> for StreamMessage {
    type Error = &'static str;

    fn try_from(flat: FlatMessage) -> Result<Self, Self::Error> {
        match flat {
            FlatMessage { status: Some(status), .. } => Ok(Self::Sandbox { status }),
            FlatMessage { host: Some(host), .. } => Ok(Self::Host { host }),
            FlatMessage { progress: Some(progress), .. } => Ok(Self::Progress { progress }),
            FlatMessage { seat: Some(seat), .. } => Ok(Self::Seat { seat }),
            _ => Err("not a message of the stream"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there_and_back(message: &StreamMessage) {
        let text = serde_json::to_string(message).expect("it can be written");
        let read: StreamMessage = serde_json::from_str(&text).expect("what was written can be read");
        assert_eq!(read, *message, "{text}");
    }

    #[test]
    fn what_the_server_writes_the_browser_reads() {
        for status in [
            SandboxStatus::None { removed_idle: true },
            SandboxStatus::Starting,
            SandboxStatus::Ready { id: "s1".to_owned(), idle_minutes: 30 },
            SandboxStatus::Failed { message: "No.".to_owned() },
        ] {
            there_and_back(&StreamMessage::Sandbox { status });
        }
        there_and_back(&StreamMessage::Host { host: super::super::HostView::default() });
        there_and_back(&StreamMessage::Progress { progress: super::super::Progress::default() });
        there_and_back(&StreamMessage::Seat { seat: None });
    }

    #[test]
    fn a_state_is_told_by_its_name_in_small_letters() {
        let ready = SandboxStatus::Ready { id: "s1".to_owned(), idle_minutes: 30 };
        assert_eq!(serde_json::to_string(&ready).expect("it can be written"), r#"{"state":"ready","id":"s1","idle_minutes":30}"#);
    }

    #[test]
    fn what_is_no_state_is_refused() {
        for odd in [r#"{"state":"ready"}"#, r#"{"state":"other"}"#, "{}"] {
            assert!(serde_json::from_str::<SandboxStatus>(odd).is_err(), "{odd}");
        }
    }
}
