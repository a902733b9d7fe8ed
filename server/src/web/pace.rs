//! How often one learner may ask for a fresh sandbox: making one costs the engine real work.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::learner::LearnerId;

/// Starts and resets together.
const MAX_STARTS: usize = 20;
const WINDOW: Duration = Duration::from_secs(10 * 60);
/// Learners remembered before those who are long gone are forgotten.
const SWEEP_AT: usize = 1000;

/// Cheap to clone. A server that starts anew forgets; that is no harm.
#[derive(Debug, Clone, Default)]
pub struct Pace {
    starts: Arc<Mutex<HashMap<LearnerId, VecDeque<Instant>>>>,
}

impl Pace {
    /// Counts a start. `Err`: so long until the next one is allowed.
    ///
    /// # Errors
    /// Where the learner has had too many.
    pub fn start(&self, learner: &LearnerId, now: Instant) -> Result<(), Duration> {
        let mut all = self.starts.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = |at: &Instant| now.saturating_duration_since(*at) < WINDOW;
        if all.len() >= SWEEP_AT {
            all.retain(|_, starts| starts.back().is_some_and(recent));
        }
        let starts = all.entry(learner.clone()).or_default();
        while starts.front().is_some_and(|at| !recent(at)) {
            starts.pop_front();
        }
        if starts.len() >= MAX_STARTS
            && let Some(first) = starts.front()
        {
            return Err(WINDOW.saturating_sub(now.saturating_duration_since(*first)));
        }
        starts.push_back(now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_starts_too_often_waits_and_nobody_else_does() {
        let (pace, alice, bob) = (Pace::default(), LearnerId::random(), LearnerId::random());
        let began = Instant::now();
        for _ in 0..MAX_STARTS {
            assert!(pace.start(&alice, began).is_ok());
        }
        assert_eq!(pace.start(&alice, began + Duration::from_secs(60)), Err(WINDOW - Duration::from_secs(60)));
        assert!(pace.start(&bob, began).is_ok());
        assert!(pace.start(&alice, began + WINDOW).is_ok());
    }
}
