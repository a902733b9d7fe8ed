//! Lessons: read from files and validated at start, kept in memory. A mistake is told with file and
//! line; a lesson with mistakes is left out, and never takes the others down.

mod check_file;
mod load;
mod markdown;
mod nearest;
mod question_file;
mod source;
mod step_file;
mod table;
#[cfg(test)]
mod tests;
mod text;

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use app::model::{AnswerKind, CheckInfo, StepKind};

use crate::checks::{Answer, Check, Question};

/// Every lesson that could be read, in the order of their folders.
#[derive(Debug, Clone, Default)]
pub struct Library {
    lessons: Vec<Arc<Lesson>>,
}

impl Library {
    /// Reads every lesson under `dir`. Does not fail: what is wrong is in the list of mistakes, and
    /// a lesson that has one (warnings aside) is not in the library.
    pub fn load(dir: &Path) -> (Self, Vec<Mistake>) {
        load::library(dir)
    }

    /// In the order of their folders.
    pub fn lessons(&self) -> Vec<Arc<Lesson>> {
        self.lessons.clone()
    }

    pub fn lesson(&self, slug: &str) -> Option<Arc<Lesson>> {
        self.lessons.iter().find(|lesson| lesson.slug == slug).cloned()
    }
}

/// One lesson, with its answers: never sent as it is; [`Lesson::view`] is what the page gets.
#[derive(Debug, Clone, PartialEq)]
pub struct Lesson {
    /// The folder's name without its number; part of the URL.
    pub slug: String,
    pub title: String,
    pub summary: String,
    /// How long it takes, about.
    pub minutes: u32,
    pub steps: Vec<Step>,
}

/// One step of a lesson.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The file's name without number and ending; part of the URL.
    pub id: String,
    pub kind: StepKind,
    pub title: String,
    /// Safe HTML.
    pub html: String,
    pub checks: Vec<Check>,
    pub questions: Vec<Question>,
    /// HTML, to be revealed one after the other.
    pub hints: Vec<String>,
    /// HTML.
    pub solution: Option<String>,
}

impl Lesson {
    pub fn step(&self, id: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.id == id)
    }

    /// The lesson as the page shows it, without the answers.
    pub fn view(&self) -> app::model::Lesson {
        app::model::Lesson {
            slug: self.slug.clone(),
            title: self.title.clone(),
            summary: self.summary.clone(),
            steps: self.steps.iter().map(Step::view).collect(),
        }
    }
}

impl Step {
    /// Whether there is anything to pass: a check or a question.
    pub fn is_checked(&self) -> bool {
        !self.checks.is_empty() || !self.questions.is_empty()
    }

    pub fn check(&self, id: &str) -> Option<&Check> {
        self.checks.iter().find(|check| check.id == id)
    }

    pub fn question(&self, id: &str) -> Option<&Question> {
        self.questions.iter().find(|question| question.id == id)
    }

    fn view(&self) -> app::model::Step {
        app::model::Step {
            id: self.id.clone(),
            kind: self.kind,
            title: self.title.clone(),
            html: self.html.clone(),
            checks: self.checks.iter().map(|check| CheckInfo { id: check.id.clone(), goal: check.goal.clone() }).collect(),
            questions: self.questions.iter().map(question_view).collect(),
            hints: self.hints.len().try_into().unwrap_or(u32::MAX),
            has_solution: self.solution.is_some(),
        }
    }
}

fn question_view(question: &Question) -> app::model::Question {
    let answer = match &question.answer {
        Answer::Choice { options, .. } => AnswerKind::Choice { options: options.clone() },
        Answer::SmallestImage(images) => AnswerKind::Choice { options: images.iter().map(|image| image.short()).collect() },
        Answer::Text(_)
        | Answer::ImageLayers(_)
        | Answer::SharedLayers(..)
        | Answer::ExposedPort(_)
        | Answer::ImageSize(_)
        | Answer::SizeRatio { .. }
        | Answer::Env { .. }
        | Answer::DefaultCommand(_)
        | Answer::ImageId(_) => AnswerKind::Text { placeholder: question.placeholder.clone() },
    };
    app::model::Question { id: question.id.clone(), prompt: question.prompt.clone(), answer }
}

/// Something wrong in a lesson's files.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mistake {
    /// As it was reached from the folder that was loaded.
    pub file: PathBuf,
    /// From 1; 0 where it is about the file as a whole.
    pub line: usize,
    pub message: String,
    /// Only advice: the lesson is served all the same.
    pub warning: bool,
}

/// `lessons/01-x/02-y.md:12: …`.
impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.file.display())?;
        if self.line > 0 {
            write!(f, "{}:", self.line)?;
        }
        let warning = if self.warning { "warning: " } else { "" };
        write!(f, " {warning}{}", self.message)
    }
}
