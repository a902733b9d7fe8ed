//! Everything the pages may ask of the server, already bound to the learner who asks. So no
//! server function ever takes a learner's ID.

use std::{future::Future, pin::Pin};

use crate::model::{Lesson, LessonSummary, Progress, SandboxStatus};

/// What the learner is told when something can't be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BackendError {
    /// No such lesson, step, check or question.
    NotFound,
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
}
