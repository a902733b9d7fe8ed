//! What goes on without anybody asking: the pool is kept warm, idle sandboxes are removed, removals
//! that failed are tried again.

use std::{
    sync::{Arc, Weak, atomic::Ordering},
    time::Duration,
};

use futures_util::StreamExt;
use tokio::time::MissedTickBehavior;

use super::{
    Closed, Inner, Status,
    life::{MakeError, reasons},
    reconcile::Leftovers,
    store::State,
};
use crate::clock::now;

/// Warm sandboxes made at once.
const REFILLS: usize = 2;
/// Workstations brought back at once, after a restart of the machine.
const REVIVALS: usize = 2;
/// The pool's pause after a sandbox could not be made.
const REFILL_PAUSE: Duration = Duration::from_secs(5);
/// At least so often the pool looks whether it is full.
const REFILL_ROUND: Duration = Duration::from_secs(30);
/// At most and at least between two rounds of the sweeper.
const SWEEP_ROUND: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(60));

/// Starts the background work, which ends with the last clone of `Sandboxes`.
pub(super) fn run(inner: &Arc<Inner>, leftovers: Leftovers) {
    let end = inner.end.clone();
    tokio::spawn(end.clone().run_until_cancelled_owned(keep_warm(Arc::downgrade(inner))));
    tokio::spawn(end.clone().run_until_cancelled_owned(sweep(Arc::downgrade(inner))));
    tokio::spawn(end.run_until_cancelled_owned(tidy(Arc::clone(inner), leftovers)));
}

/// What reconciling found.
async fn tidy(inner: Arc<Inner>, leftovers: Leftovers) {
    futures_util::stream::iter(leftovers.revive)
        .for_each_concurrent(REVIVALS, |id| {
            let inner = Arc::clone(&inner);
            async move {
                // Its learner may start it in the same moment: of two who make the same network one takes the other's away.
                let turn = inner.book.learner(&id).map(|learner| inner.book.turn(&learner));
                let _turn = match &turn {
                    Some(turn) => Some(turn.lock().await),
                    None => None,
                };
                if let Err(error) = inner.ensure_running(&id).await {
                    // Its learner's next start tries again.
                    tracing::warn!(sandbox.id = %id, reason = reasons(&error), "A workstation that had ended could not be brought back.");
                }
            }
        })
        .await;
    for id in leftovers.remove {
        inner.remove(&id).await;
    }
    match inner.gateway.reconcile().await {
        Ok(removed) if removed > 0 => tracing::info!(removed, "Removed from the engine what belonged to no sandbox."),
        Ok(_) => {}
        Err(error) => tracing::warn!(reason = reasons(&error), "The engine could not be tidied up."),
    }
}

async fn keep_warm(inner: Weak<Inner>) {
    loop {
        let Some(strong) = inner.upgrade() else { return };
        let pause = match strong.refill().await {
            Ok(()) | Err(MakeError::Full) => REFILL_ROUND,
            Err(error) => {
                tracing::warn!(reason = reasons(&error), "A warm sandbox could not be made.");
                REFILL_PAUSE
            }
        };
        let life = Arc::clone(&strong.life.pool);
        drop(strong);
        if pause == REFILL_PAUSE {
            tokio::time::sleep(pause).await;
        } else {
            let _ = tokio::time::timeout(pause, life.notified()).await;
        }
    }
}

async fn sweep(inner: Weak<Inner>) {
    let Some(round) = inner.upgrade().map(|inner| (inner.config.idle_limit / 4).clamp(SWEEP_ROUND.0, SWEEP_ROUND.1)) else { return };
    let mut ticks = tokio::time::interval(round);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let Some(inner) = inner.upgrade() else { return };
        inner.remove_idle().await;
        inner.store_uses().await;
        inner.retry_removals().await;
        inner.book.sweep();
    }
}

impl Inner {
    /// Makes what the pool lacks. Learners who wait for a sandbox of their own go first.
    async fn refill(self: &Arc<Self>) -> Result<(), MakeError> {
        loop {
            let counts = self.store.counts().await?;
            let room = self.config.max.saturating_sub(counts.living);
            let missing = self.config.warm.saturating_sub(counts.unassigned).min(room);
            if missing == 0 || self.life.waiting.load(Ordering::Relaxed) > 0 {
                return Ok(());
            }
            let batch = usize::try_from(missing).unwrap_or(REFILLS).min(REFILLS);
            let made = futures_util::future::join_all((0..batch).map(|_| self.make(None))).await;
            made.into_iter().collect::<Result<Vec<_>, _>>()?;
        }
    }

    async fn remove_idle(self: &Arc<Self>) {
        let limit = i64::try_from(self.config.idle_limit.as_millis()).unwrap_or(i64::MAX);
        for (id, learner, used_at) in self.book.assigned() {
            let used_at = used_at.max(self.gateway.last_used(&id));
            self.book.used(&id, used_at);
            if now().saturating_sub(used_at) < limit {
                continue;
            }
            let turn = self.book.turn(&learner);
            // Whoever has the turn is using it.
            let Ok(_turn) = turn.try_lock() else { continue };
            if self.book.status(&learner) != (Status::Ready { id: id.clone() }) {
                continue;
            }
            if let Err(error) = self.store.retire_idle(&id, &learner, now()).await {
                tracing::error!(sandbox.id = %id, %error, "An idle sandbox's end could not be written down.");
                continue;
            }
            tracing::info!(sandbox.id = %id, "A sandbox stood idle and is removed.");
            self.book.set_status(&learner, Status::None { removed_idle: true });
            self.remove_soon(&id, Closed::SandboxRemoved);
        }
    }

    pub(super) async fn store_uses(&self) {
        for (id, at) in self.book.unstored_uses() {
            if let Err(error) = self.store.used(&id, at).await {
                tracing::warn!(sandbox.id = %id, %error, "The time of a sandbox's last use could not be stored.");
            }
        }
    }

    async fn retry_removals(self: &Arc<Self>) {
        match self.store.all().await {
            Ok(rows) => {
                for row in rows.into_iter().filter(|row| row.state == State::Removing) {
                    self.remove(&row.id).await;
                }
            }
            Err(error) => tracing::warn!(%error, "The table of sandboxes could not be read."),
        }
    }
}
