//! The board: a whole class in one lesson, kept up to date for as long as somebody looks at it.
//!
//! One task a class and lesson, however many look. It hears of everything (`hub`), reads of those who have
//! changed what is stored (`facts`), judges everybody anew (`judge`, pure), and shows the newest state; each
//! reader works out what is new to them (`Snapshot::since`). A slow reader misses states in between and
//! nothing else.

pub(super) mod facts;
pub(super) mod judge;
mod task;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use app::model::{Board, BoardMessage, BoardRow, StepSummary};
use tokio::sync::watch;

use super::{ClassError, Classroom, rights::ClassRow};
use crate::lessons::Lesson;

/// Boards that are looked at. Cheap to clone.
#[derive(Clone, Default)]
pub struct Boards {
    open: Arc<Mutex<HashMap<Key, watch::Receiver<Snapshot>>>>,
    /// Held by whoever starts one: of two who come at once, the second finds the first one's.
    starting: Arc<tokio::sync::Mutex<()>>,
}

/// Class and lesson.
type Key = (String, String);

/// A board as it stands. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Snapshot {
    head: Arc<Board>,
    /// Those who need help first.
    rows: Arc<Vec<Arc<BoardRow>>>,
    summary: Arc<Vec<StepSummary>>,
}

impl Snapshot {
    /// All of it.
    pub fn whole(&self) -> Board {
        Board {
            rows: self.rows.iter().map(|row| (**row).clone()).collect(),
            summary: (*self.summary).clone(),
            at: crate::clock::now(),
            ..(*self.head).clone()
        }
    }

    /// What a reader of `old` has to be told; `None`: nothing.
    pub fn since(&self, old: &Self) -> Option<BoardMessage> {
        let at = crate::clock::now();
        let led_apart = Board { led: old.head.led.clone(), ..(*self.head).clone() };
        if led_apart != *old.head || (self.head.led.is_none() && old.head.led.is_some()) {
            return Some(BoardMessage { whole: Some(self.whole()), at, ..BoardMessage::default() });
        }
        let before: HashMap<&str, &Arc<BoardRow>> = old.rows.iter().map(|row| (row.id.as_str(), row)).collect();
        let is_new = |row: &&Arc<BoardRow>| before.get(row.id.as_str()).is_none_or(|old| !Arc::ptr_eq(old, row) && old != row);
        let rows: Vec<BoardRow> = self.rows.iter().filter(is_new).map(|row| (**row).clone()).collect();
        let now: std::collections::HashSet<&str> = self.rows.iter().map(|row| row.id.as_str()).collect();
        let gone: Vec<String> = old.rows.iter().filter(|row| !now.contains(row.id.as_str())).map(|row| row.id.clone()).collect();
        let summary = (self.summary != old.summary).then(|| (*self.summary).clone());
        let led = (self.head.led != old.head.led).then(|| self.head.led.clone()).flatten();
        let nothing = rows.is_empty() && gone.is_empty() && summary.is_none() && led.is_none();
        (!nothing).then_some(BoardMessage { whole: None, rows, gone, summary, led, at })
    }
}

impl Classroom {
    /// The lesson that a board shows: the one asked for, where the class has it; else the one that is led;
    /// else the first.
    ///
    /// # Errors
    /// [`ClassError::NotFound`] where the class has none that is served, or not the one asked for.
    pub async fn lesson_shown(&self, class: &ClassRow, asked: &str) -> Result<Arc<Lesson>, ClassError> {
        let slugs = self.lessons_of(&class.id).await?;
        let wanted = match (asked, class.led_now()) {
            ("", Some(led)) if slugs.contains(&led.lesson) => Some(led.lesson),
            ("", _) => slugs.iter().find(|slug| self.shelf.lesson(slug).is_some()).cloned(),
            (asked, _) => slugs.iter().find(|slug| *slug == asked).cloned(),
        };
        wanted.and_then(|slug| self.shelf.lesson(&slug)).ok_or(ClassError::NotFound)
    }

    /// The class's board in that lesson (empty: the first, or the one that is led), kept up to date for as
    /// long as what is returned is there.
    ///
    /// # Errors
    /// Where there is no such lesson in it, or the database fails.
    pub async fn follow_board(&self, class: &ClassRow, lesson: &str) -> Result<watch::Receiver<Snapshot>, ClassError> {
        let lesson = self.lesson_shown(class, lesson).await?;
        let key = (class.id.clone(), lesson.slug.clone());
        let _starting = self.boards.starting.lock().await;
        if let Some(board) = self.boards.open().get(&key).filter(|board| board.has_changed().is_ok()) {
            return Ok(board.clone());
        }
        let board = task::start(self.clone(), class.clone(), lesson).await?;
        let mut open = self.boards.open();
        open.retain(|_, board| board.has_changed().is_ok());
        open.insert(key, board.clone());
        Ok(board)
    }
}

impl Boards {
    fn open(&self) -> MutexGuard<'_, HashMap<Key, watch::Receiver<Snapshot>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
