//! Which container each exec is in, and what it runs. In memory alone: a client's line to an exec ends with this process, and the
//! engine itself keeps its execs nowhere else.

use std::{
    collections::{HashSet, VecDeque},
    sync::{Mutex, PoisonError},
};

/// Execs that have ended and are still known, newest first: whoever waited for one asks how it ended.
const ENDED_KEPT: usize = 256;

/// A sandbox's execs, oldest first. Found by whole ID only: they have no short ones.
#[derive(Debug, Default)]
pub(crate) struct Execs {
    known: Mutex<VecDeque<Known>>,
}

#[derive(Debug)]
struct Known {
    id: String,
    /// Its engine ID.
    container: String,
    /// As much of it as is told of it.
    command: Vec<String>,
}

impl Execs {
    pub(crate) fn add(&self, id: &str, container: &str, command: Vec<String>) {
        self.known().push_back(Known { id: id.to_owned(), container: container.to_owned(), command });
    }

    /// Engine ID of an exec's container.
    pub(crate) fn container_of(&self, id: &str) -> Option<String> {
        self.known().iter().find(|known| known.id == id).map(|known| known.container.clone())
    }

    /// What an exec runs, for who tells of it.
    pub(crate) fn command_of(&self, id: &str) -> Option<Vec<String>> {
        self.known().iter().find(|known| known.id == id).map(|known| known.command.clone())
    }

    /// Forgets those that ended long ago. To be called before there can be many: each time that the living are counted.
    pub(crate) fn keep_alive(&self, alive: &HashSet<String>) {
        let mut known = self.known();
        let ended = known.iter().filter(|known| !alive.contains(&known.id)).count();
        let mut too_many = ended.saturating_sub(ENDED_KEPT);
        known.retain(|known| {
            let goes = too_many > 0 && !alive.contains(&known.id);
            too_many -= usize::from(goes);
            !goes
        });
    }

    fn known(&self) -> std::sync::MutexGuard<'_, VecDeque<Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_lives_long_is_known_however_many_have_ended_since() {
        let execs = Execs::default();
        execs.add("long", "web", vec!["sh".to_owned()]);
        let alive = HashSet::from(["long".to_owned()]);
        for number in 0..10 * ENDED_KEPT {
            execs.add(&number.to_string(), "web", Vec::new());
            execs.keep_alive(&alive);
        }
        assert_eq!(execs.container_of("long").as_deref(), Some("web"));
        assert_eq!(execs.command_of("long"), Some(vec!["sh".to_owned()]));
        assert_eq!(execs.container_of(&(10 * ENDED_KEPT - 1).to_string()).as_deref(), Some("web"), "it has only just ended");
        assert_eq!(execs.container_of("0"), None);
        assert_eq!(execs.known().len(), ENDED_KEPT + 1);
    }
}
