//! Every learner's sandbox: opened, found again, reset, removed. The one place that pairs a
//! gateway scope with a workstation container.

use gateway::SandboxId;
use tokio::sync::watch;

use crate::learner::LearnerId;

/// Why a sandbox could not be had; the message is for the learner.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct SandboxError {
    pub message: String,
}

/// How a learner's sandbox stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// Never started, or removed.
    None {
        removed_idle: bool,
    },
    Starting,
    Ready {
        id: SandboxId,
    },
    Failed {
        message: String,
    },
}

/// All sandboxes of this server. Cheap to clone.
#[derive(Clone)]
pub struct Sandboxes {}

impl Sandboxes {
    /// The learner's sandbox as it stands, kept up to date. Survives resets and restarts.
    pub fn watch(&self, learner: &LearnerId) -> watch::Receiver<Status> {
        let _ = learner;
        watch::channel(Status::None { removed_idle: false }).1
    }

    /// The learner's sandbox where there is one; else a new one. Returns when it is ready.
    pub async fn start(&self, learner: &LearnerId) -> Result<SandboxId, SandboxError> {
        let _ = learner;
        Err(SandboxError { message: "Sandboxes are not there yet.".to_owned() })
    }

    /// Removes the learner's sandbox and starts a fresh one.
    pub async fn reset(&self, learner: &LearnerId) -> Result<SandboxId, SandboxError> {
        self.start(learner).await
    }

    /// The learner is here: puts off the removal of an idle sandbox.
    pub fn touch(&self, learner: &LearnerId) {
        let _ = learner;
    }

    /// Where a browser opens the port that the sandbox publishes, on an origin of its own.
    pub fn preview_url(&self, id: &SandboxId, port: u16) -> String {
        format!("/preview/{id}/{port}/")
    }
}
