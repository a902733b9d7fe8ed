//! One learner's desk: who follows, what was seen last, and whose turn it is.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use app::model::Progress;
use gateway::{Activity, HostState, SandboxId};
use tokio::sync::{Notify, watch};

use super::{Follower, Following, MAX_STREAMS, MAX_WATCHERS, ProgressOf, look::Picture};
use crate::{
    checks::{Facts, HttpProbe},
    learner::LearnerId,
    lessons::Lesson,
    progress::Record,
};

/// How long a desk stays when nobody follows: a page that is loaded again comes back to it.
const GRACE: Duration = Duration::from_secs(30);

/// Whose page it is that follows. Counted apart, so that neither keeps the other out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Page {
    Learners,
    Instructors,
}

pub(super) struct Desk {
    pub(super) learner: LearnerId,
    turn: tokio::sync::Mutex<Seen>,
    people: Mutex<People>,
    again: Notify,
    picture: watch::Sender<Arc<Picture>>,
    progress: watch::Sender<HashMap<String, Arc<Progress>>>,
}

struct People {
    /// How many follow each lesson.
    lessons: BTreeMap<String, usize>,
    /// How many of them are the learner's own pages, and how many instructors'.
    own: usize,
    instructors: usize,
    used: Instant,
}

impl People {
    fn count(&mut self, page: Page) -> (&mut usize, usize) {
        match page {
            Page::Learners => (&mut self.own, MAX_STREAMS),
            Page::Instructors => (&mut self.instructors, MAX_WATCHERS),
        }
    }
}

/// What was seen of a sandbox so far.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) sandbox: Option<SandboxId>,
    pub(super) host: HostState,
    /// Oldest first; without what no check looks at.
    pub(super) activity: Vec<Activity>,
    /// Of the newest activity that was read.
    pub(super) seq: i64,
}

impl Seen {
    pub(super) fn facts<'a>(&'a self, http: &'a BTreeMap<u16, HttpProbe>) -> Facts<'a> {
        Facts { host: &self.host, activity: &self.activity, http }
    }
}

impl Desk {
    pub(super) fn new(learner: LearnerId) -> Self {
        Self {
            learner,
            turn: tokio::sync::Mutex::default(),
            people: Mutex::new(People { lessons: BTreeMap::new(), own: 0, instructors: 0, used: Instant::now() }),
            again: Notify::new(),
            picture: watch::Sender::default(),
            progress: watch::Sender::default(),
        }
    }

    /// Whoever holds it may read and write the learner's progress.
    pub(super) async fn turn(&self) -> tokio::sync::MutexGuard<'_, Seen> {
        self.turn.lock().await
    }

    pub(super) fn used(&self) {
        self.people().used = Instant::now();
    }

    /// Nobody follows, and nobody has for a while.
    pub(super) fn is_left(&self) -> bool {
        let people = self.people();
        people.lessons.is_empty() && people.used.elapsed() >= GRACE
    }

    /// `None`: too many such pages do already.
    pub(super) fn follow(self: &Arc<Self>, lesson: &str, page: Page) -> Option<Following> {
        let mut people = self.people();
        let (count, most) = people.count(page);
        if *count >= most {
            return None;
        }
        *count += 1;
        *people.lessons.entry(lesson.to_owned()).or_default() += 1;
        drop(people);
        self.look_again();
        Some(Following {
            picture: self.picture.subscribe(),
            progress: ProgressOf { lesson: lesson.to_owned(), all: self.progress.subscribe() },
            present: None,
            _follower: Follower { desk: Arc::clone(self), lesson: lesson.to_owned(), page },
        })
    }

    pub(super) fn unfollow(&self, lesson: &str, page: Page) {
        let mut people = self.people();
        people.used = Instant::now();
        *people.count(page).0 -= 1;
        if let Some(count) = people.lessons.get_mut(lesson) {
            *count -= 1;
            if *count == 0 {
                people.lessons.remove(lesson);
            }
        }
    }

    /// The lessons that somebody has open.
    pub(super) fn lessons(&self) -> Vec<String> {
        self.people().lessons.keys().cloned().collect()
    }

    /// Has the host looked at again soon.
    pub(super) fn look_again(&self) {
        self.again.notify_one();
    }

    pub(super) async fn asked_to_look(&self) {
        self.again.notified().await;
    }

    pub(super) fn show(&self, picture: Picture) {
        self.picture.send_if_modified(|current| {
            let changed = **current != picture;
            if changed {
                *current = Arc::new(picture);
            }
            changed
        });
    }

    /// Tells those who follow how the learner stands, and returns it.
    pub(super) fn publish(&self, lesson: &Lesson, record: &Record) -> Progress {
        let progress = record.view(lesson);
        self.progress.send_if_modified(|all| {
            let changed = all.get(&lesson.slug).is_none_or(|old| **old != progress);
            if changed {
                all.insert(lesson.slug.clone(), Arc::new(progress.clone()));
            }
            changed
        });
        progress
    }

    fn people(&self) -> MutexGuard<'_, People> {
        self.people.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
