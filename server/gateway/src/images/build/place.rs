//! One build runs at a time on a host. Whoever asks for another meanwhile waits, as long as their client does.

use std::sync::Arc;

use http::StatusCode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{limits, refusal::Refusal, sandbox::Sandbox};

/// The place of the one build that runs, or one among those that wait for it.
#[derive(Debug)]
pub(crate) enum Place {
    Here(OwnedSemaphorePermit),
    Later { building: Arc<Semaphore>, waiting: OwnedSemaphorePermit },
}

impl Place {
    /// Takes one; `counts` is what the build counts for while it waits.
    pub(super) fn take(sandbox: &Sandbox, counts: u32) -> Result<Self, Refusal> {
        let building = sandbox.building.clone();
        if let Ok(here) = building.clone().try_acquire_owned() {
            return Ok(Self::Here(here));
        }
        let waiting = sandbox.waiting_builds.clone().try_acquire_many_owned(counts).map_err(|_| {
            Refusal::new(
                StatusCode::TOO_MANY_REQUESTS,
                "lunchbox: a build runs on this host, and as many as may wait for it do so already. Let one end, then build again.",
            )
        })?;
        Ok(Self::Later { building, waiting })
    }

    /// It is another build's turn.
    pub(crate) fn waits(&self) -> bool {
        matches!(self, Self::Later { .. })
    }

    /// Waits for the turn. Those who wait get it in the order in which they came.
    pub(crate) async fn here(self) -> Result<OwnedSemaphorePermit, Refusal> {
        match self {
            Self::Here(here) => Ok(here),
            Self::Later { building, waiting } => {
                let here = building.acquire_owned().await.map_err(|_| Refusal::internal())?;
                drop(waiting);
                Ok(here)
            }
        }
    }
}

/// What counts for one while it waits.
pub(super) const FILES_COME_LATER: u32 = 1;
pub(super) const FILES_ARE_HERE: u32 = limits::MAX_WAITING_BUILDS / limits::MAX_WAITING_CONTEXTS;
