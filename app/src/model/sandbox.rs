//! The learner's sandbox, as the page needs to know it.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
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
#[serde(tag = "type", rename_all = "snake_case")]
pub enum StreamMessage {
    Sandbox { status: SandboxStatus },
    Host { host: super::HostView },
    Progress { progress: super::Progress },
}
