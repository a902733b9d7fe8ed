//! What the board knows: one signal a row, so that a change costs one row's work.

use std::{collections::BTreeMap, time::Duration};

use leptos::{leptos_dom::helpers::IntervalHandle, prelude::*};

use super::order::{Sorting, by_progress, order};
use crate::{
    model::{Board, BoardMessage, BoardRow, ClassState, Pace, StepOutline, StepRef, StepSummary},
    teach::stream::{self, Heard, Line},
};

/// Rows move no more often than this, in milliseconds: an eye must be able to follow.
const MOVE_EVERY_MS: u64 = 2_000;
/// How often times on a step are looked at, in milliseconds. They are said in minutes.
const TICK_MS: u64 = 5_000;

/// What stands beside the board.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Open {
    #[default]
    Nothing,
    /// A learner, by place.
    Learner(String),
    /// A step, by index.
    Step(usize),
}

/// What is counted over all rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) learners: usize,
    pub(crate) online: usize,
    pub(crate) hands: usize,
    pub(crate) stuck: usize,
}

pub(crate) type RowSignal = ArcRwSignal<BoardRow>;

#[derive(Clone, Copy)]
pub(crate) struct BoardState {
    pub(crate) class: StoredValue<String>,
    pub(crate) lesson: StoredValue<String>,
    pub(crate) steps: StoredValue<Vec<StepOutline>>,
    pub(crate) pace: Pace,
    /// Of the class, as it is now.
    pub(crate) class_state: RwSignal<ClassState>,
    pub(crate) summary: RwSignal<Vec<StepSummary>>,
    pub(crate) led: RwSignal<Option<StepRef>>,
    pub(crate) awaited: RwSignal<u32>,
    /// From which learners come by one click.
    pub(crate) platforms: StoredValue<Vec<String>>,
    rows: RwSignal<BTreeMap<String, RowSignal>>,
    /// Rises with every change of any row.
    changes: RwSignal<u32>,
    pub(crate) order: RwSignal<Vec<String>>,
    pub(crate) sorting: RwSignal<Sorting>,
    /// Somebody points at a row or has the focus in one: rows stay where they are.
    pub(crate) held: RwSignal<bool>,
    /// Rows would stand otherwise if they weren't held.
    pub(crate) waits: RwSignal<bool>,
    pub(crate) line: RwSignal<Line>,
    /// The server's clock, in unix milliseconds.
    pub(crate) now: RwSignal<i64>,
    /// The server's clock less the browser's.
    ahead: StoredValue<i64>,
    /// What came of removing a learner, until something else is opened.
    pub(crate) told: RwSignal<Option<String>>,
    /// Said to screen readers.
    pub(crate) said: RwSignal<String>,
    /// The projector's view: order names nobody.
    is_projected: bool,
}

impl BoardState {
    pub(crate) fn new(board: Board, is_projected: bool) -> Self {
        let state = Self {
            class: StoredValue::new(board.class.clone()),
            lesson: StoredValue::new(board.lesson.clone()),
            steps: StoredValue::new(board.steps.clone()),
            pace: board.pace,
            class_state: RwSignal::new(board.state),
            summary: RwSignal::new(board.summary.clone()),
            led: RwSignal::new(board.led.clone()),
            awaited: RwSignal::new(board.awaited),
            platforms: StoredValue::new(board.platforms.clone()),
            rows: RwSignal::new(BTreeMap::new()),
            changes: RwSignal::new(0),
            order: RwSignal::new(Vec::new()),
            sorting: RwSignal::new(Sorting::Need),
            held: RwSignal::new(false),
            waits: RwSignal::new(false),
            line: RwSignal::new(Line::Opening),
            now: RwSignal::new(board.at),
            ahead: StoredValue::new(0),
            told: RwSignal::new(None),
            said: RwSignal::new(String::new()),
            is_projected,
        };
        state.take_rows(board.rows);
        state.order.set(state.wanted());
        state
    }

    /// Opens the stream, and lets clocks tick and rows move, in the browser only.
    pub(crate) fn follow(self) {
        let url = self.class.with_value(|class| self.lesson.with_value(|lesson| format!("/api/teach/board?class={class}&lesson={lesson}")));
        let message = Callback::new(move |text: String| {
            if let Ok(message) = serde_json::from_str::<BoardMessage>(&text) {
                self.take(message);
            }
        });
        stream::follow(move || url.clone(), self.line, Heard { message, named: None });
        Effect::new(move |_| {
            let ticking = every(TICK_MS, move || self.tick());
            let moving = every(MOVE_EVERY_MS, move || self.settle());
            on_cleanup(move || {
                ticking.inspect(IntervalHandle::clear);
                moving.inspect(IntervalHandle::clear);
            });
        });
        // Whose class it no longer is keeps none of its names.
        Effect::new(move |_| {
            if self.line.get() == Line::Gone {
                self.forget(&self.order.get_untracked());
            }
        });
        // Whoever sorts anew sees it at once.
        Effect::new(move |before: Option<Sorting>| {
            let sorting = self.sorting.get();
            if before.is_some_and(|before| before != sorting) {
                super::mover::reorder(self.order, self.wanted());
            }
            sorting
        });
    }

    pub(crate) fn row(self, id: &str) -> Option<RowSignal> {
        self.rows.with_untracked(|rows| rows.get(id).cloned())
    }

    /// The row, also where it comes later.
    pub(crate) fn row_when_there(self, id: &str) -> Option<RowSignal> {
        self.rows.with(|rows| rows.get(id).cloned())
    }

    pub(crate) fn tally(self) -> Tally {
        self.changes.track();
        self.rows.with(|rows| {
            let mut tally = Tally { learners: rows.len(), ..Tally::default() };
            for row in rows.values() {
                row.with_untracked(|row| {
                    tally.online += usize::from(row.online);
                    tally.hands += usize::from(row.hand_at > 0);
                    tally.stuck += usize::from(!row.stuck.is_empty());
                });
            }
            tally
        })
    }

    /// How long each learner took who has passed the step, in seconds.
    pub(crate) fn times(self, step: usize) -> Vec<u32> {
        self.changes.track();
        self.rows.with(|rows| {
            let time = |row: &RowSignal| row.with_untracked(|row| row.cells.get(step).and_then(|cell| cell.seconds));
            rows.values().filter_map(time).collect()
        })
    }

    pub(crate) fn step_index(self, id: &str) -> Option<usize> {
        self.steps.with_value(|steps| steps.iter().position(|step| step.id == id))
    }

    /// The step of this lesson at which a class that is led is, by ID.
    pub(crate) fn step_led(self) -> Option<String> {
        self.led.with(|led| led.as_ref().filter(|led| self.lesson.with_value(|lesson| *lesson == led.lesson)).map(|led| led.step.clone()))
    }

    fn take(self, message: BoardMessage) {
        self.ahead.set_value(message.at - browser_now());
        if let Some(board) = message.whole {
            let is_here: Vec<&str> = board.rows.iter().map(|row| row.id.as_str()).collect();
            let gone: Vec<String> =
                self.rows.with_untracked(|rows| rows.keys().filter(|id| !is_here.contains(&id.as_str())).cloned().collect());
            self.forget(&gone);
            set_changed(self.class_state, board.state);
            set_changed(self.summary, board.summary);
            set_changed(self.led, board.led);
            set_changed(self.awaited, board.awaited);
            self.take_rows(board.rows);
        }
        self.forget(&message.gone);
        self.take_rows(message.rows);
        if let Some(summary) = message.summary {
            set_changed(self.summary, summary);
        }
        if message.led.is_some() {
            set_changed(self.led, message.led);
        }
        self.tick();
    }

    fn take_rows(self, rows: Vec<BoardRow>) {
        if rows.is_empty() {
            return;
        }
        let mut newcomers = Vec::new();
        let mut raised = Vec::new();
        for row in rows {
            let known = self.row(&row.id);
            let had_hand = known.as_ref().is_some_and(|known| known.with_untracked(|known| known.hand_at > 0));
            // Those whose hand is up when the page comes are seen at the top of the board.
            if row.hand_at > 0 && !had_hand && self.line.get_untracked() == Line::Open {
                raised.push(row.name.clone());
            }
            match known {
                Some(known) => {
                    if known.with_untracked(|known| *known != row) {
                        known.set(row);
                    }
                }
                None => newcomers.push((row.id.clone(), RowSignal::new(row))),
            }
        }
        if !raised.is_empty() {
            let verb = if raised.len() == 1 { "has" } else { "have" };
            self.said.set(format!("{} {verb} raised a hand.", raised.join(", ")));
        }
        if !newcomers.is_empty() {
            // They stand at the end until rows move next.
            self.order.update(|order| order.extend(newcomers.iter().map(|(id, _)| id.clone())));
            self.rows.update(|rows| rows.extend(newcomers));
        }
        self.changes.update(|changes| *changes = changes.wrapping_add(1));
    }

    fn forget(self, gone: &[String]) {
        if gone.is_empty() {
            return;
        }
        self.order.update(|order| order.retain(|id| !gone.contains(id)));
        self.rows.update(|rows| rows.retain(|id, _| !gone.contains(id)));
        self.changes.update(|changes| *changes = changes.wrapping_add(1));
    }

    fn wanted(self) -> Vec<String> {
        self.rows.with_untracked(|rows| {
            let rows: Vec<BoardRow> = rows.values().map(|row| row.get_untracked()).collect();
            if self.is_projected { by_progress(rows.iter()) } else { order(rows.iter(), self.sorting.get_untracked()) }
        })
    }

    /// Moves rows to where they belong, unless somebody would lose sight of one by it.
    fn settle(self) {
        let wanted = self.wanted();
        let moved = self.order.with_untracked(|order| *order != wanted);
        set_changed(self.waits, moved && self.held.get_untracked());
        if moved && !self.held.get_untracked() {
            super::mover::reorder(self.order, wanted);
        }
    }

    fn tick(self) {
        set_changed(self.now, browser_now() + self.ahead.get_value());
    }
}

fn every(milliseconds: u64, run: impl Fn() + 'static) -> Option<IntervalHandle> {
    set_interval_with_handle(run, Duration::from_millis(milliseconds)).ok()
}

/// Unix milliseconds by the browser's clock. Only browsers come here.
fn browser_now() -> i64 {
    js_sys::Date::now() as i64
}

/// Spares everything downstream where nothing has changed.
pub(crate) fn set_changed<T: PartialEq + Send + Sync + 'static>(signal: RwSignal<T>, value: T) {
    if signal.with_untracked(|now| *now != value) {
        signal.set(value);
    }
}
