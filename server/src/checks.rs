//! What a step asks for, and whether it is so. Pure: facts in, verdict out; nothing in here reads a
//! file, a socket or a clock. A check looks at the state of the learner's host and at what was done
//! there, never at how a command was spelled; and when it fails, it says what it looked for and
//! what it found.

mod container;
mod done;
mod image;
mod kind;
mod known;
mod naming;
mod question;
mod reference;
#[cfg(test)]
mod tests;
mod words;

use std::collections::BTreeMap;

use gateway::{Activity, HostState};

pub use self::{
    kind::{Answers, Check, CheckKind, ContainerCheck, ContainerOf, Publishes, StateWanted, TagCheck},
    question::{Answer, Marked, Question, mark},
    reference::{Reference, ReferenceError},
};

/// Everything that checks and questions may look at, gathered by whoever asks.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    pub host: &'a HostState,
    /// Oldest first, from when the sandbox was made.
    pub activity: &'a [Activity],
    /// By port on the learner's host: those of [`ports_to_probe`]. A port that is missing has not
    /// been tried yet, and counts as no answer.
    pub http: &'a BTreeMap<u16, HttpProbe>,
}

/// What came back when a published port was asked for `/` by HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HttpProbe {
    Answered {
        status: u16,
        /// The beginning of the body, as text; some KiB are enough.
        body_start: String,
    },
    NoAnswer {
        /// Said to the learner: `connection refused`.
        reason: String,
    },
}

/// How a check stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    pub passed: bool,
    /// Plain text: what was looked for and what was found. No full stop at the end.
    pub message: String,
}

impl Verdict {
    fn passed(message: impl Into<String>) -> Self {
        Self { passed: true, message: message.into() }
    }

    fn failed(message: impl Into<String>) -> Self {
        Self { passed: false, message: message.into() }
    }
}

/// The ports on the learner's host that must be asked by HTTP before [`evaluate`] can pass `check`.
/// Empty for most checks, and as long as nothing there could answer.
pub fn ports_to_probe(check: &Check, host: &HostState) -> Vec<u16> {
    match &check.kind {
        CheckKind::Container(wanted) => container::ports_to_probe(wanted, host),
        CheckKind::Image(_)
        | CheckKind::Images(_)
        | CheckKind::Pulled(_)
        | CheckKind::Listed(_)
        | CheckKind::Inspected(_)
        | CheckKind::HistoryViewed(_)
        | CheckKind::Tagged(_)
        | CheckKind::Built { .. }
        | CheckKind::Pushed(_)
        | CheckKind::WasRun(_)
        | CheckKind::RemovedContainer(_)
        | CheckKind::RemovedImage(_)
        | CheckKind::LogsRead(_)
        | CheckKind::ExecUsed(_)
        | CheckKind::Diffed(_) => Vec::new(),
    }
}

/// Whether what the check asks for is so.
pub fn evaluate(check: &Check, facts: &Facts<'_>) -> Verdict {
    match &check.kind {
        CheckKind::Image(image) => image::present(image, facts),
        CheckKind::Images(images) => image::all_present(images, facts),
        CheckKind::Pulled(image) => image::pulled(image, facts),
        CheckKind::Listed(images) => image::listed(images, facts),
        CheckKind::Inspected(image) => image::inspected(image, facts),
        CheckKind::HistoryViewed(image) => image::history_viewed(image, facts),
        CheckKind::Tagged(wanted) => naming::tagged(wanted, facts),
        CheckKind::Built { image, from_cache } => naming::built(image, *from_cache, facts),
        CheckKind::Pushed(wanted) => naming::pushed(wanted, facts),
        CheckKind::RemovedImage(image) => image::removed(image, facts),
        CheckKind::Container(wanted) => container::evaluate(wanted, facts),
        CheckKind::WasRun(wanted) => container::was_run(wanted, facts),
        CheckKind::RemovedContainer(wanted) => container::removed(wanted, facts),
        CheckKind::LogsRead(wanted) => done::logs_read(wanted, facts),
        CheckKind::ExecUsed(wanted) => done::exec_used(wanted, facts),
        CheckKind::Diffed(wanted) => done::diffed(wanted, facts),
    }
}
