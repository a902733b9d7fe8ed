//! A lesson as the page shows it: text, and what is checked, without the answers.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LessonSummary {
    pub slug: String,
    pub title: String,
    pub summary: String,
    pub minutes: u32,
    pub steps: u32,
    /// Of the learner who asks; steps with something to check only.
    pub passed: u32,
    pub checked_steps: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lesson {
    pub slug: String,
    pub title: String,
    pub summary: String,
    pub steps: Vec<Step>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StepKind {
    /// Read, look, touch.
    Foundation,
    /// Hands-on, checked.
    Lab,
    /// Practice, checked.
    Practice,
    /// Things to remember, and questions.
    Recap,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Stable, unique in the lesson; part of the URL.
    pub id: String,
    pub kind: StepKind,
    pub title: String,
    /// Rendered by the server from the lesson's Markdown; safe to insert. A command that can be
    /// run is `<div class="command"><code>…</code><button data-run="docker pull nginx">…</div>`.
    pub html: String,
    /// Each is passed on its own; the step is passed when all checks and questions are.
    pub checks: Vec<CheckInfo>,
    pub questions: Vec<Question>,
    /// How many hints can be asked for.
    pub hints: u32,
    pub has_solution: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckInfo {
    pub id: String,
    /// What must be so: "nginx:latest is on your host".
    pub goal: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    pub id: String,
    /// HTML, inline.
    pub prompt: String,
    pub answer: AnswerKind,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerKind {
    /// One of these (HTML, inline).
    Choice { options: Vec<String> },
    /// A short text or number; `placeholder` says of what form.
    Text { placeholder: String },
}

impl Step {
    /// Whether there is anything to pass.
    #[must_use]
    pub fn is_checked(&self) -> bool {
        !self.checks.is_empty() || !self.questions.is_empty()
    }

    /// How many of its checks and questions stand as passed now, and how many there are.
    #[must_use]
    pub fn tally(&self, progress: &super::StepProgress) -> (usize, usize) {
        let checks = self.checks.iter().filter(|check| progress.checks.get(&check.id).is_some_and(|outcome| outcome.passed));
        let questions =
            self.questions.iter().filter(|question| progress.questions.get(&question.id).is_some_and(|answered| answered.right));
        (checks.count() + questions.count(), self.checks.len() + self.questions.len())
    }
}
