//! Lessons: what there is, and one to work through.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{ApiError, codec::PostJsonText};
use crate::model::{Lesson, LessonSummary, Progress, SandboxStatus, Seat};

/// All that the lesson page needs at once, in one request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OpenedLesson {
    pub lesson: Lesson,
    pub progress: Progress,
    pub sandbox: SandboxStatus,
    /// Whether sandboxes reach the internet.
    pub internet: bool,
    /// The learner's place in a class that has this lesson.
    pub seat: Option<Seat>,
}

#[server(name = FetchLessons, prefix = "/api/fn", endpoint = "lessons", output = PostJsonText)]
pub async fn lessons() -> Result<Vec<LessonSummary>, ApiError> {
    super::answer(super::backend()?.lessons().await)
}

#[server(name = FetchLesson, prefix = "/api/fn", endpoint = "lesson", output = PostJsonText)]
pub async fn lesson(slug: String) -> Result<Lesson, ApiError> {
    super::answer(super::backend()?.lesson(&slug).await)
}

#[server(name = OpenLesson, prefix = "/api/fn", endpoint = "open_lesson", output = PostJsonText)]
pub async fn open_lesson(slug: String) -> Result<OpenedLesson, ApiError> {
    let backend = super::backend()?;
    let lesson = super::answer(backend.lesson(&slug).await)?;
    let progress = super::answer(backend.progress(&slug).await)?;
    let sandbox = super::answer(backend.sandbox().await)?;
    let seat = super::answer(backend.seat(&slug).await)?;
    Ok(OpenedLesson { lesson, progress, sandbox, internet: backend.has_internet(), seat })
}
