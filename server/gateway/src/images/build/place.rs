//! One build runs at a time on a host. Whoever asks for another meanwhile waits, as long as their client does.

use std::sync::Arc;

use http::StatusCode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{limits, refusal::Refusal, sandbox::Sandbox};

/// One of the builds that a host may have at once: the one that runs, or one that waits for its turn.
#[derive(Debug)]
pub(crate) struct Place {
    counts: OwnedSemaphorePermit,
    turn: Turn,
}

#[derive(Debug)]
enum Turn {
    Here(OwnedSemaphorePermit),
    /// With `files` it has them on the disk while it waits.
    Later {
        building: Arc<Semaphore>,
        files: Option<OwnedSemaphorePermit>,
    },
}

impl Place {
    /// For a build whose files are asked for when it is its turn.
    pub(super) fn take(sandbox: &Sandbox) -> Result<Self, Refusal> {
        let counts = sandbox.builds.clone().try_acquire_owned().map_err(|_| too_many())?;
        Ok(Self { counts, turn: Turn::now_or_later(sandbox) })
    }

    /// For one whose client sends its files as soon as it may. Waits until they may come.
    pub(super) async fn take_for_files(sandbox: &Sandbox) -> Result<Self, Refusal> {
        let mut place = Self::take(sandbox)?;
        if place.waits() {
            let room = sandbox.waiting_contexts.clone().acquire_owned().await.map_err(|_| Refusal::internal())?;
            // It may be its turn by now, and then it takes nobody's room.
            place.turn = Turn::now_or_later(sandbox);
            if let Turn::Later { files, .. } = &mut place.turn {
                *files = Some(room);
            }
        }
        Ok(place)
    }

    /// It is another build's turn.
    pub(crate) fn waits(&self) -> bool {
        matches!(self.turn, Turn::Later { .. })
    }

    /// Waits for the turn. Those who wait get it in the order in which they came.
    pub(super) async fn here(self) -> Result<Self, Refusal> {
        let turn = match self.turn {
            Turn::Here(here) => Turn::Here(here),
            Turn::Later { building, files } => {
                let here = building.acquire_owned().await.map_err(|_| Refusal::internal())?;
                drop(files);
                Turn::Here(here)
            }
        };
        Ok(Self { counts: self.counts, turn })
    }
}

impl Turn {
    fn now_or_later(sandbox: &Sandbox) -> Self {
        let building = sandbox.building.clone();
        match building.clone().try_acquire_owned() {
            Ok(here) => Self::Here(here),
            Err(_) => Self::Later { building, files: None },
        }
    }
}

/// Of clients of either kind.
pub(crate) fn too_many() -> Refusal {
    Refusal::new(
        StatusCode::TOO_MANY_REQUESTS,
        format!(
            "lunchbox: {} builds run or wait for their turn on this host, as many as may do so at once. Let some end, then build again.",
            limits::MAX_BUILDS
        ),
    )
}
