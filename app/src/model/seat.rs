//! A class, as a learner in it sees it.

use serde::{Deserialize, Serialize};

use super::{ClassState, Pace, StepRef};

/// A class that was found by its code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassCard {
    /// As typed on the way in.
    pub code: String,
    pub name: String,
    pub instructor: String,
    pub state: ClassState,
    /// Unix milliseconds; 0: at once.
    pub opens_at: i64,
    /// Unix milliseconds; 0: never.
    pub closes_at: i64,
    /// Under which name this browser is in it already.
    pub mine: Option<String>,
}

/// A place that was found by its personal code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceCard {
    pub class: String,
    pub name: String,
}

/// The learner is in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Joined {
    pub seat: Seat,
    /// The way back in: shown once. `None` for who came by it.
    pub way_back: Option<super::PersonalLink>,
}

/// A learner's place in a class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seat {
    /// Of the place.
    pub id: String,
    pub class: String,
    pub name: String,
    pub instructor: String,
    pub state: ClassState,
    /// Slugs and titles, in the class's order.
    pub lessons: Vec<(String, String)>,
    pub pace: Pace,
    /// Where the class is, in led pace.
    pub led: Option<StepRef>,
    pub hand: bool,
    /// Not yet put away, oldest first.
    pub notes: Vec<Note>,
    /// Who wants to type in the learner's terminal, or does; in whichever of their classes.
    pub assist: Option<Assist>,
    /// Names of instructors who look at the terminal now; of all the learner's classes.
    pub watched_by: Vec<String>,
}

/// What an instructor wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    pub id: String,
    pub from: String,
    pub text: String,
    /// Unix milliseconds.
    pub at: i64,
    /// To the whole class.
    pub to_all: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assist {
    pub who: String,
    /// The learner has agreed.
    pub granted: bool,
}

/// A lesson that was passed, to be shown by link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// Path of its page.
    pub path: String,
    pub name: String,
    pub lesson: String,
    /// The lesson's slug, for whose it is; empty for everybody else.
    pub slug: String,
    /// Unix milliseconds: the last step was passed.
    pub passed_at: i64,
    pub issued_at: i64,
    /// Unix milliseconds: since when it has this name; 0: it was issued in it.
    pub renamed_at: i64,
    /// Titles of the steps with something to pass.
    pub steps: Vec<String>,
}
