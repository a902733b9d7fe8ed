//! Everything the pages may ask of the server, already bound to the learner who asks. So no
//! server function ever takes a learner's ID.

mod teaching;

use std::{future::Future, pin::Pin};

pub use teaching::Teaching;

use crate::model::{Certificate, ClassCard, Joined, Lesson, LessonSummary, PersonalLink, PlaceCard, Progress, SandboxStatus, Seat};

/// What the learner is told when something can't be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BackendError {
    /// No such lesson, step, check, question, class or learner; or it is not theirs.
    NotFound,
    /// An instructor must sign in first.
    NotSignedIn,
    /// Plain text: what happened, why, and what to do next.
    Refused(String),
    /// Ours; details are in the log under this request ID.
    Internal { request_id: String },
}

pub type BackendFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, BackendError>> + Send + 'a>>;

/// Implemented by the server (`server/src/web/backend.rs`).
pub trait Backend: Send + Sync + 'static {
    /// Whether sandboxes reach the internet.
    fn has_internet(&self) -> bool;
    fn lessons(&self) -> BackendFuture<'_, Vec<LessonSummary>>;
    fn lesson<'a>(&'a self, slug: &'a str) -> BackendFuture<'a, Lesson>;
    fn progress<'a>(&'a self, lesson: &'a str) -> BackendFuture<'a, Progress>;
    fn sandbox(&self) -> BackendFuture<'_, SandboxStatus>;
    /// Starts a sandbox where there is none; returns when it is ready (or failed).
    fn start_sandbox(&self) -> BackendFuture<'_, SandboxStatus>;
    /// Removes the sandbox and starts a fresh one. Progress stays.
    fn reset_sandbox(&self) -> BackendFuture<'_, SandboxStatus>;
    /// Remembers which step the learner looks at.
    fn visit_step<'a>(&'a self, lesson: &'a str, step: &'a str) -> BackendFuture<'a, ()>;
    /// Looks at every check of a step now, and counts a try.
    fn check_step<'a>(&'a self, lesson: &'a str, step: &'a str) -> BackendFuture<'a, Progress>;
    fn answer<'a>(&'a self, lesson: &'a str, step: &'a str, question: &'a str, answer: &'a str) -> BackendFuture<'a, Progress>;
    /// Reveals the next hint.
    fn hint<'a>(&'a self, lesson: &'a str, step: &'a str) -> BackendFuture<'a, Progress>;
    /// Reveals the solution; all hints must have been revealed before.
    fn solution<'a>(&'a self, lesson: &'a str, step: &'a str) -> BackendFuture<'a, Progress>;

    // Classes.

    /// The learner's place in a class that has this lesson, the newest.
    fn seat<'a>(&'a self, lesson: &'a str) -> BackendFuture<'a, Option<Seat>>;
    /// All places of the learner, newest first.
    fn seats(&self) -> BackendFuture<'_, Vec<Seat>>;
    fn find_class<'a>(&'a self, code: &'a str) -> BackendFuture<'a, ClassCard>;
    /// `someone_else`: the browser has been another's; from now on it is this learner's.
    fn join_class<'a>(&'a self, code: &'a str, name: &'a str, someone_else: bool) -> BackendFuture<'a, Joined>;
    fn find_place<'a>(&'a self, personal_code: &'a str) -> BackendFuture<'a, PlaceCard>;
    /// From now on this browser is that learner's.
    fn come_back<'a>(&'a self, personal_code: &'a str) -> BackendFuture<'a, Joined>;
    /// A new way back in; the old one ends.
    fn new_way_back<'a>(&'a self, seat: &'a str) -> BackendFuture<'a, PersonalLink>;
    fn raise_hand<'a>(&'a self, seat: &'a str, up: bool) -> BackendFuture<'a, ()>;
    fn put_note_away<'a>(&'a self, seat: &'a str, note: &'a str) -> BackendFuture<'a, ()>;
    /// Lets the instructor of that name type in the terminal, refuses it, or ends it.
    fn allow_assist<'a>(&'a self, seat: &'a str, who: &'a str, allow: bool) -> BackendFuture<'a, ()>;
    /// For a lesson that has been passed; `name` as it shall be on it. The same again where there is one.
    fn make_certificate<'a>(&'a self, lesson: &'a str, name: &'a str) -> BackendFuture<'a, Certificate>;
    /// Another name on the learner's own certificate for that lesson.
    fn rename_certificate<'a>(&'a self, lesson: &'a str, name: &'a str) -> BackendFuture<'a, Certificate>;
    /// Anybody's, by the secret in its link.
    fn certificate<'a>(&'a self, id: &'a str) -> BackendFuture<'a, Certificate>;
}
