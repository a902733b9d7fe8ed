//! The board: a whole class in one lesson. What goes over the line often has short names.

use serde::{Deserialize, Serialize};

use super::{ClassState, Pace, StepOutline, StepRef};

/// The class as it stands in one of its lessons.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Board {
    pub class: String,
    pub name: String,
    pub state: ClassState,
    pub lesson: String,
    pub lesson_title: String,
    /// All lessons of the class: slug and title.
    pub lessons: Vec<(String, String)>,
    pub pace: Pace,
    pub led: Option<StepRef>,
    pub steps: Vec<StepOutline>,
    /// One a step.
    pub summary: Vec<StepSummary>,
    /// One a learner who has joined; those who need help first.
    pub rows: Vec<BoardRow>,
    /// On the roster, and not here yet.
    pub awaited: u32,
    /// Names of learning platforms from which a link leads here.
    pub platforms: Vec<String>,
    /// Unix milliseconds at the server.
    pub at: i64,
}

/// One learner.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BoardRow {
    /// Of the place.
    pub id: String,
    pub name: String,
    /// Their page is open.
    #[serde(default, skip_serializing_if = "is_false")]
    pub online: bool,
    /// Since when the hand is up, unix milliseconds; 0: it isn't.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub hand_at: i64,
    /// Index of the step they look at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<u16>,
    /// Since when they are on it, unix milliseconds.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub since: i64,
    /// One a step.
    pub cells: Vec<Cell>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<LastDone>,
    /// Why they are stuck, in sentences; empty: they aren't.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stuck: Vec<String>,
    /// The higher, the more they need help: the order of rows.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub need: i64,
}

/// One learner in one step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    #[serde(rename = "s", default, skip_serializing_if = "CellState::is_none")]
    pub state: CellState,
    #[serde(rename = "t", default, skip_serializing_if = "is_zero")]
    pub tries: u32,
    #[serde(rename = "h", default, skip_serializing_if = "is_zero")]
    pub hints: u32,
    /// The solution was shown.
    #[serde(rename = "l", default, skip_serializing_if = "is_false")]
    pub solution: bool,
    /// It was passed while an instructor typed in their terminal.
    #[serde(rename = "f", default, skip_serializing_if = "is_false")]
    pub helped: bool,
    /// From the first look at it until it was passed; `None`: not yet, or it was done before it was looked at.
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u32>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum CellState {
    /// Not begun.
    #[default]
    #[serde(rename = "n")]
    None,
    #[serde(rename = "w")]
    Working,
    #[serde(rename = "s")]
    Stuck,
    #[serde(rename = "p")]
    Passed,
}

impl CellState {
    fn is_none(&self) -> bool {
        *self == Self::None
    }
}

/// What a learner did last, and how it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastDone {
    /// Unix milliseconds.
    pub at: i64,
    /// `docker pull ngnix`.
    pub text: String,
    /// What docker said where it went wrong; empty: it went well.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub error: String,
    /// An instructor typed in their terminal meanwhile.
    #[serde(default, skip_serializing_if = "is_false")]
    pub helped: bool,
}

/// A whole class in one step.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct StepSummary {
    pub passed: u32,
    /// On it now, those who are stuck included.
    pub here: u32,
    pub stuck: u32,
    /// Of those who have looked at it and then passed it.
    pub median_seconds: Option<u32>,
    /// Commonest first.
    pub wrong_turns: Vec<WrongTurn>,
}

/// What several got wrong in the same way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrongTurn {
    /// The message that each got.
    pub message: String,
    pub learners: u32,
}

/// What one message of `/api/teach/board` says (SSE `data:`, JSON): the first is whole, then changes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct BoardMessage {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whole: Option<Board>,
    /// Rows as they are now, new ones among them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<BoardRow>,
    /// Places that are no more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gone: Vec<String>,
    /// One a step, where any has changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<Vec<StepSummary>>,
    /// Where the class was led to, where that has changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub led: Option<StepRef>,
    /// Unix milliseconds at the server.
    pub at: i64,
}

/// One line of a learner's timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineEntry {
    /// Unix milliseconds.
    pub at: i64,
    pub kind: TimelineKind,
    pub text: String,
    /// Title of the step it belongs to; empty where none is known.
    pub step: String,
    /// An instructor typed in their terminal meanwhile.
    #[serde(default, skip_serializing_if = "is_false")]
    pub helped: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TimelineKind {
    /// On their host.
    Did,
    /// On their host, and it went wrong.
    Failed,
    /// In the lesson: visited, tried, answered, hint, passed.
    Lesson,
    Passed,
}

/// A part of a timeline, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeline {
    pub entries: Vec<TimelineEntry>,
    /// Ask with it for what came before; `None`: that is all.
    pub before: Option<i64>,
}

/// One learner beside the board.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Watched {
    pub id: String,
    pub name: String,
    pub class: String,
    pub lesson: super::Lesson,
    pub progress: super::Progress,
    pub sandbox: super::SandboxStatus,
    pub timeline: Timeline,
}

/// What a class has come to, in one lesson. Times in seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub class: String,
    pub name: String,
    pub instructor: String,
    pub lesson_title: String,
    pub lessons: Vec<(String, String)>,
    pub learners: u32,
    /// Have passed all steps that have something to pass.
    pub completed: u32,
    pub steps: Vec<StepReport>,
    /// Share of all steps that were passed by then: unix milliseconds, 0.0 to 1.0.
    pub completion: Vec<(i64, f64)>,
    /// Name, steps passed, tries, hints, seconds in all.
    pub people: Vec<PersonReport>,
    /// Are on the class's list, and have never come.
    pub never_here: Vec<String>,
    pub at: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepReport {
    pub title: String,
    pub is_checked: bool,
    pub passed: u32,
    /// Least, lower quartile, median, upper quartile, most, in seconds; `None`: nobody has looked at it and then passed it.
    pub seconds: Option<[u32; 5]>,
    /// How many learners needed so many tries: 0, 1, 2, 3, 4, 5 and more.
    pub tries: [u32; 6],
    pub hints: u32,
    pub wrong_turns: Vec<WrongTurn>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonReport {
    pub name: String,
    pub passed: u32,
    /// Of these, while an instructor typed in their terminal.
    pub helped: u32,
    pub tries: u32,
    pub hints: u32,
    pub seconds: u32,
    /// Unix milliseconds; `None`: not yet.
    pub completed_at: Option<i64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_false(value: &bool) -> bool {
    !value
}

fn is_zero<T: PartialEq + Default>(value: &T) -> bool {
    *value == T::default()
}
