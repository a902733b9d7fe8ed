//! Looks at a learner's host whenever something happened there, decides which checks are passed,
//! stores it, and tells whoever follows. The diagram and the checks are fed by the same look.
//!
//! A learner who is here has a *desk*: one task that hears of their activity, and one lock under
//! which their progress is read and written. Desks are made when somebody comes and go when nobody
//! is there; all they know is in the database and on the engine.

mod apply;
mod desk;
mod look;
mod probe;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use app::model::{Answered, Progress};
use tokio::sync::watch;

use self::desk::{Desk, Page, Seen};
pub use self::look::Picture;
use crate::{
    checks,
    classroom::{Event, Hub, Present},
    learner::LearnerId,
    lessons::{Lesson, Step},
    progress::{Record, Store},
    sandboxes::Sandboxes,
    shelf::Shelf,
};

/// Pages (tabs, windows, devices) of one learner that are kept up to date at once.
pub const MAX_STREAMS: usize = 8;
/// The same of instructors who look at the learner.
pub const MAX_WATCHERS: usize = 8;
/// Characters of an answer.
pub const MAX_ANSWER: usize = 500;

/// Why a learner's progress could not be moved.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    /// Hints are left, or there is nothing to reveal; the message is for the learner.
    #[error("{0}")]
    Refused(&'static str),
}

/// All desks. Cheap to clone.
#[derive(Clone)]
pub struct Checker {
    inner: Arc<Inner>,
}

struct Inner {
    sandboxes: Sandboxes,
    store: Store,
    shelf: Shelf,
    hub: Hub,
    desks: Mutex<HashMap<LearnerId, Arc<Desk>>>,
}

impl Checker {
    pub fn new(sandboxes: Sandboxes, store: Store, shelf: Shelf, hub: Hub) -> Self {
        Self { inner: Arc::new(Inner { sandboxes, store, shelf, hub, desks: Mutex::default() }) }
    }

    /// How the learner stands in the lesson, as it is stored.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn progress(&self, learner: &LearnerId, lesson: &Lesson) -> Result<Progress, CheckError> {
        Ok(self.inner.store.read(learner, &lesson.slug).await?.view(lesson))
    }

    /// Remembers which step the learner looks at, and how its checks stand.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn visit(&self, learner: &LearnerId, lesson: &Lesson, step: &Step) -> Result<(), CheckError> {
        let desk = self.desk(learner);
        let mut seen = desk.turn().await;
        self.change(&desk, &mut seen, lesson, |record| {
            record.current_step = Some(step.id.clone());
            record.steps.entry(step.id.clone()).or_default();
        })
        .await?;
        drop(seen);
        desk.look_again();
        Ok(())
    }

    /// Looks at every check of the step now; counts a try.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn check(&self, learner: &LearnerId, lesson: &Lesson, step: &Step) -> Result<Progress, CheckError> {
        let desk = self.desk(learner);
        let mut seen = desk.turn().await;
        let here = self.refresh(&desk, &mut seen).await;
        let http = if here { self.probe(&seen, &step.checks).await } else { HashMap::new().into_iter().collect() };
        let facts = seen.facts(&http);
        let before = self.inner.store.read(learner, &lesson.slug).await?;
        let mut after = before.clone();
        let record = after.steps.entry(step.id.clone()).or_default();
        record.tries = record.tries.saturating_add(1);
        if here {
            apply::checks(record, step, &facts);
        } else {
            apply::no_sandbox(record, step);
        }
        apply::passed(record, step);
        self.store(&desk, lesson, &before, &after).await
    }

    /// Marks an answer. What has been answered right stays right.
    ///
    /// # Errors
    /// Where the database fails, or the answer is longer than one can be.
    pub async fn answer(
        &self,
        learner: &LearnerId,
        lesson: &Lesson,
        step: &Step,
        question: &checks::Question,
        answer: &str,
    ) -> Result<Progress, CheckError> {
        if answer.chars().count() > MAX_ANSWER {
            return Err(CheckError::Refused("That is too long for an answer. Give it in a few words."));
        }
        // Nobody types one, and PostgreSQL keeps no text that has one.
        let answer = &answer.replace('\0', "");
        let desk = self.desk(learner);
        let mut seen = desk.turn().await;
        self.refresh(&desk, &mut seen).await;
        let http = Default::default();
        let marked = checks::mark(question, answer, &seen.facts(&http));
        let progress = self
            .change(&desk, &mut seen, lesson, |record| {
                let record = record.steps.entry(step.id.clone()).or_default();
                if !record.answers.get(&question.id).is_some_and(|old| old.right) {
                    let answered = Answered { answer: answer.to_owned(), right: marked.right, feedback: marked.feedback };
                    record.answers.insert(question.id.clone(), answered);
                }
                apply::passed(record, step);
            })
            .await?;
        Ok(progress)
    }

    /// Reveals the next hint.
    ///
    /// # Errors
    /// Where the database fails, or all have been revealed.
    pub async fn hint(&self, learner: &LearnerId, lesson: &Lesson, step: &Step) -> Result<Progress, CheckError> {
        let desk = self.desk(learner);
        let mut seen = desk.turn().await;
        let hints = u32::try_from(step.hints.len()).unwrap_or(u32::MAX);
        let record = self.inner.store.read(learner, &lesson.slug).await?;
        if record.steps.get(&step.id).map_or(0, |record| record.hints) >= hints {
            return Err(CheckError::Refused("There are no more hints for this step."));
        }
        self.change(&desk, &mut seen, lesson, |record| record.steps.entry(step.id.clone()).or_default().hints += 1).await
    }

    /// Reveals the solution; not before all hints.
    ///
    /// # Errors
    /// Where the database fails, hints are left, or there is none.
    pub async fn solution(&self, learner: &LearnerId, lesson: &Lesson, step: &Step) -> Result<Progress, CheckError> {
        if step.solution.is_none() {
            return Err(CheckError::Refused("This step has no solution to show."));
        }
        let desk = self.desk(learner);
        let mut seen = desk.turn().await;
        let record = self.inner.store.read(learner, &lesson.slug).await?;
        let revealed = record.steps.get(&step.id).map_or(0, |record| record.hints);
        if usize::try_from(revealed).unwrap_or(usize::MAX) < step.hints.len() {
            return Err(CheckError::Refused("There are hints left. Look at all of them first."));
        }
        self.change(&desk, &mut seen, lesson, |record| record.steps.entry(step.id.clone()).or_default().solution = true).await
    }

    /// Follows the learner's host, and their progress in a lesson. `None`: too many do already.
    pub fn follow(&self, learner: &LearnerId, lesson: &Lesson) -> Option<Following> {
        let mut following = self.desk(learner).follow(&lesson.slug, Page::Learners)?;
        following.present = Some(self.inner.hub.came(learner));
        Some(following)
    }

    /// As [`Checker::follow`], for somebody else who looks: the learner isn't here because of it.
    pub fn watch(&self, learner: &LearnerId, lesson: &Lesson) -> Option<Following> {
        self.desk(learner).follow(&lesson.slug, Page::Instructors)
    }

    /// The learner's desk, made where there is none.
    fn desk(&self, learner: &LearnerId) -> Arc<Desk> {
        let mut desks = self.inner.desks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(desk) = desks.get(learner) {
            desk.used();
            return Arc::clone(desk);
        }
        let desk = Arc::new(Desk::new(learner.clone()));
        desks.insert(learner.clone(), Arc::clone(&desk));
        tokio::spawn(look::run(self.clone(), Arc::clone(&desk)));
        desk
    }

    /// Gives the desk up, unless somebody has come meanwhile.
    fn leave(&self, desk: &Arc<Desk>) -> bool {
        let mut desks = self.inner.desks.lock().unwrap_or_else(PoisonError::into_inner);
        let left = desk.is_left();
        if left {
            desks.remove(&desk.learner);
        }
        left
    }

    /// Reads, changes and stores the progress of whoever has the turn; tells those who follow.
    async fn change(
        &self,
        desk: &Desk,
        _turn: &mut Seen,
        lesson: &Lesson,
        change: impl FnOnce(&mut Record),
    ) -> Result<Progress, CheckError> {
        let before = self.inner.store.read(&desk.learner, &lesson.slug).await?;
        let mut after = before.clone();
        change(&mut after);
        self.store(desk, lesson, &before, &after).await
    }

    /// Stores what has changed; tells those who follow, and the boards.
    async fn store(&self, desk: &Desk, lesson: &Lesson, before: &Record, after: &Record) -> Result<Progress, CheckError> {
        self.inner.store.write(&desk.learner, &lesson.slug, before, after).await?;
        if before != after {
            self.inner.hub.tell(Event::Learner(desk.learner.clone()));
        }
        Ok(desk.publish(lesson, after))
    }
}

/// Kept up to date as long as it is there. A slow reader gets the newest state, never a queue.
pub struct Following {
    pub picture: watch::Receiver<Arc<Picture>>,
    pub progress: ProgressOf,
    /// The learner is here; `None` where somebody else looks.
    present: Option<Present>,
    _follower: Follower,
}

/// A learner's progress in one lesson, as it changes.
pub struct ProgressOf {
    lesson: String,
    all: watch::Receiver<HashMap<String, Arc<Progress>>>,
}

impl ProgressOf {
    /// Waits until progress may have changed, and returns it where it was told. `Err`: it never
    /// will again.
    ///
    /// # Errors
    /// When the desk is gone.
    pub async fn changed(&mut self) -> Result<Option<Arc<Progress>>, watch::error::RecvError> {
        self.all.changed().await?;
        Ok(self.all.borrow_and_update().get(&self.lesson).cloned())
    }
}

/// Counts among those who follow.
struct Follower {
    desk: Arc<Desk>,
    lesson: String,
    page: Page,
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.desk.unfollow(&self.lesson, self.page);
    }
}
