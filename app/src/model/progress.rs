//! How far a learner has come in one lesson.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// By step ID; a step that has not been touched is absent.
    pub steps: BTreeMap<String, StepProgress>,
    /// The step the learner looked at last.
    pub current_step: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct StepProgress {
    /// Unix milliseconds; once passed, a step stays passed.
    pub passed_at: Option<i64>,
    /// How often the learner asked for the check.
    pub tries: u32,
    /// By check ID: how it stands now.
    pub checks: BTreeMap<String, Outcome>,
    /// By question ID.
    pub questions: BTreeMap<String, Answered>,
    /// The hints revealed so far, HTML, in order.
    pub hints: Vec<String>,
    /// HTML, once asked for.
    pub solution: Option<String>,
}

/// How a check stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    pub passed: bool,
    /// One sentence, plain text: what was looked for and what was found.
    pub message: String,
    /// The learner had passed it and has undone it since (the step stays passed).
    pub undone: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    pub answer: String,
    pub right: bool,
    /// Why, in plain text.
    pub feedback: String,
}
