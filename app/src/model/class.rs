//! Classes, as instructors make and keep them.

use serde::{Deserialize, Serialize};

/// Who is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Me {
    pub name: String,
    /// Sees every class and the machine, and invites instructors.
    pub is_admin: bool,
}

/// Why somebody who was signed in no longer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignedOut {
    /// They signed out on all computers, or the password was changed.
    Everywhere,
    /// A sign-in holds for so long and no longer.
    TooLong,
    /// There is no such account any more.
    NoAccount,
}

/// What a one-time link is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InvitationKind {
    /// The first account, an admin's.
    First,
    /// One more instructor.
    Instructor,
    /// A new password for an account that is there.
    Password,
}

/// A one-time link, looked at before it is used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    pub kind: InvitationKind,
    /// Whose password is set anew; empty where an account is made.
    pub name: String,
    /// Unix milliseconds.
    pub expires_at: i64,
}

/// Who decides when the class goes on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pace {
    /// Each learner for themselves.
    #[default]
    Free,
    /// The instructor, for all.
    Led,
}

/// What an instructor settles about a class.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassDraft {
    pub name: String,
    /// Slugs, in the order in which they are taught.
    #[serde(default)]
    pub lessons: Vec<String>,
    /// Unix milliseconds: from when one can join. 0: at once.
    #[serde(default)]
    pub opens_at: i64,
    /// Unix milliseconds: from when on nobody joins, and hands and notes end. 0: never.
    #[serde(default)]
    pub closes_at: i64,
    #[serde(default)]
    pub pace: Pace,
}

/// Whether a class can be joined just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClassState {
    /// Opens later.
    Planned,
    Open,
    /// Is over; can be read.
    Closed,
}

/// A class in the list of classes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassSummary {
    pub id: String,
    pub name: String,
    pub state: ClassState,
    /// Titles.
    pub lessons: Vec<String>,
    pub learners: u32,
    pub online: u32,
    pub hands: u32,
    /// Unix milliseconds.
    pub made_at: i64,
    /// Whose class it is.
    pub owner: String,
    /// The one who asks made it.
    pub is_mine: bool,
}

/// A lesson's steps by title.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LessonOutline {
    pub slug: String,
    pub title: String,
    pub minutes: u32,
    pub steps: Vec<StepOutline>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepOutline {
    pub id: String,
    pub title: String,
    /// Has something to pass.
    pub is_checked: bool,
}

/// A step of a lesson of the class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepRef {
    pub lesson: String,
    pub step: String,
}

/// One class, with all that can be changed about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassDetails {
    pub id: String,
    pub draft: ClassDraft,
    pub state: ClassState,
    /// In the class's order; a lesson that is no longer served is left out.
    pub lessons: Vec<LessonOutline>,
    pub way_in: WayIn,
    pub owner: String,
    /// The one who asks made it, or is an admin: may delete and share it.
    pub is_owner: bool,
    /// Names of those whom it is shared with.
    pub shared_with: Vec<String>,
    pub led: Option<StepRef>,
    /// By name.
    pub places: Vec<Place>,
    /// In courses on learning platforms.
    pub links: Vec<super::ClassLink>,
}

/// How learners come in; to be projected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WayIn {
    /// Six characters, in groups: `K7Q-F2M`.
    pub code: String,
    pub link: String,
    pub qr: QrCode,
}

/// A QR code of the link, to be drawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QrCode {
    /// Modules a side, quiet zone included: the `viewBox`.
    pub side: u32,
    /// SVG path of the dark modules.
    pub path: String,
}

/// One learner's place in a class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub id: String,
    pub name: String,
    /// Unix milliseconds; `None`: on the roster, and not here yet.
    pub joined_at: Option<i64>,
}

/// A learner's way back into their own work. Shown once; a new one ends the old.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonalLink {
    pub name: String,
    pub link: String,
    /// Twelve characters, in groups: `K7QF-2M9X-4TRA`.
    pub code: String,
}

/// A roster as it would be taken; nothing is stored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RosterPreview {
    /// Where the names were found, in a sentence.
    pub how: String,
    /// The line's number, and the name that would be added.
    pub names: Vec<(u64, String)>,
    /// In sentences, with the line's number.
    pub left_out: Vec<String>,
    /// What may be meant otherwise than it was understood; empty: nothing.
    pub doubt: String,
}

/// What became of a roster's lines.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RosterResult {
    pub added: Vec<PersonalLink>,
    /// In sentences, with the line's number.
    pub left_out: Vec<String>,
}

/// What was deleted, counted: `("learners", 12)`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deleted {
    pub counts: Vec<(String, u64)>,
}

/// An account, as admins see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instructor {
    pub id: String,
    pub name: String,
    pub is_admin: bool,
    pub classes: u32,
    /// Unix milliseconds.
    pub made_at: i64,
    pub is_me: bool,
}

/// A one-time link that was made, to be handed on. Shown once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvitationLink {
    pub link: String,
    /// Unix milliseconds.
    pub expires_at: i64,
}

/// How the machine stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    pub cores: u32,
    /// Processes that run or want to, over one minute.
    pub load: f64,
    pub memory_bytes: u64,
    pub memory_free_bytes: u64,
    pub disk_bytes: u64,
    pub disk_free_bytes: u64,
    /// Sandboxes of learners.
    pub sandboxes: u32,
    /// Kept ready for whoever comes next.
    pub warm: u32,
    /// Places at most (`max_sandboxes`).
    pub places: u32,
    /// How many more learners fit, and what ends first.
    pub fit: u32,
    pub fit_ends_by: String,
    pub open: Vec<OpenSandbox>,
}

/// One learner's sandbox, as admins see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenSandbox {
    pub id: String,
    /// The learner's name in a class, and the class; empty for who learns alone.
    pub name: String,
    pub class: String,
    /// Since when it is theirs, in unix milliseconds.
    pub given_at: i64,
    /// Unix milliseconds.
    pub used_at: i64,
    /// What it takes, as measured last; `None`: not yet, or the machine doesn't show it.
    pub disk_bytes: Option<u64>,
    pub memory_bytes: Option<u64>,
}

/// What instructors sent to a class and to those in it, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentNotes {
    pub notes: Vec<SentNote>,
    /// There are more, older than these.
    pub has_older: bool,
    /// Whoever asks wrote all of them.
    pub is_mine_alone: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentNote {
    pub id: String,
    pub from: String,
    /// The learner's name in the class; `None`: to all.
    pub to: Option<String>,
    pub text: String,
    /// Unix milliseconds.
    pub at: i64,
}
