//! What of the sandboxes is asked for at every request, in memory: a copy of the SQL table, plus
//! who waits for news of whom.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use gateway::SandboxId;
use tokio::sync::watch;

use super::Status;
use crate::learner::LearnerId;

#[derive(Default)]
pub(super) struct Book {
    entries: Mutex<Entries>,
}

#[derive(Default)]
struct Entries {
    sandboxes: HashMap<SandboxId, Entry>,
    by_token: HashMap<String, SandboxId>,
    seats: HashMap<LearnerId, Seat>,
}

struct Entry {
    token: String,
    learner: Option<LearnerId>,
    /// Unix milliseconds.
    used_at: i64,
    /// What of it the table knows.
    stored_used_at: i64,
}

struct Seat {
    status: watch::Sender<Status>,
    /// Held by whoever starts, resets or removes the learner's sandbox.
    turn: Arc<tokio::sync::Mutex<()>>,
}

impl Book {
    pub(super) fn add(&self, id: &SandboxId, token: &str, learner: Option<LearnerId>, used_at: i64) {
        let mut entries = self.entries();
        entries.by_token.insert(token.to_owned(), id.clone());
        entries.sandboxes.insert(id.clone(), Entry { token: token.to_owned(), learner, used_at, stored_used_at: used_at });
    }

    /// A warm sandbox has become a learner's.
    pub(super) fn assign(&self, id: &SandboxId, learner: &LearnerId, now: i64) {
        if let Some(entry) = self.entries().sandboxes.get_mut(id) {
            entry.learner = Some(learner.clone());
            entry.used_at = now;
            entry.stored_used_at = now;
        }
    }

    pub(super) fn remove(&self, id: &SandboxId) {
        let mut entries = self.entries();
        if let Some(entry) = entries.sandboxes.remove(id) {
            entries.by_token.remove(&entry.token);
        }
    }

    pub(super) fn token(&self, id: &SandboxId) -> Option<String> {
        self.entries().sandboxes.get(id).map(|entry| entry.token.clone())
    }

    pub(super) fn by_token(&self, token: &str) -> Option<SandboxId> {
        self.entries().by_token.get(token).cloned()
    }

    pub(super) fn learner(&self, id: &SandboxId) -> Option<LearnerId> {
        self.entries().sandboxes.get(id)?.learner.clone()
    }

    pub(super) fn used(&self, id: &SandboxId, at: i64) {
        if let Some(entry) = self.entries().sandboxes.get_mut(id) {
            entry.used_at = entry.used_at.max(at);
        }
    }

    /// Every learner's sandbox, with when it was used last.
    pub(super) fn assigned(&self) -> Vec<(SandboxId, LearnerId, i64)> {
        let entries = self.entries();
        let assigned = entries.sandboxes.iter();
        assigned.filter_map(|(id, entry)| Some((id.clone(), entry.learner.clone()?, entry.used_at))).collect()
    }

    /// Times of use that the table doesn't know yet; it is taken that it will.
    pub(super) fn unstored_uses(&self) -> Vec<(SandboxId, i64)> {
        let mut entries = self.entries();
        let unstored = entries.sandboxes.iter_mut().filter(|(_, entry)| entry.used_at != entry.stored_used_at);
        unstored
            .map(|(id, entry)| {
                entry.stored_used_at = entry.used_at;
                (id.clone(), entry.used_at)
            })
            .collect()
    }

    pub(super) fn status(&self, learner: &LearnerId) -> Status {
        self.entries().seats.get(learner).map_or(Status::None { removed_idle: false }, |seat| seat.status.borrow().clone())
    }

    pub(super) fn watch(&self, learner: &LearnerId) -> watch::Receiver<Status> {
        self.entries().seat(learner).status.subscribe()
    }

    pub(super) fn set_status(&self, learner: &LearnerId, status: Status) {
        self.entries().seat(learner).status.send_if_modified(|current| {
            let changed = *current != status;
            *current = status;
            changed
        });
    }

    pub(super) fn turn(&self, learner: &LearnerId) -> Arc<tokio::sync::Mutex<()>> {
        Arc::clone(&self.entries().seat(learner).turn)
    }

    /// Forgets learners who have nothing and whom nobody asks for.
    pub(super) fn sweep(&self) {
        self.entries().seats.retain(|_, seat| {
            let nothing = *seat.status.borrow() == Status::None { removed_idle: false };
            !nothing || seat.status.receiver_count() > 0 || Arc::strong_count(&seat.turn) > 1
        });
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        // No code that can panic runs while it is locked.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entries {
    fn seat(&mut self, learner: &LearnerId) -> &mut Seat {
        self.seats
            .entry(learner.clone())
            .or_insert_with(|| Seat { status: watch::Sender::new(Status::None { removed_idle: false }), turn: Arc::default() })
    }
}
