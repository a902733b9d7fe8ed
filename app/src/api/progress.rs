//! The learner's progress in a lesson, and what moves it.

use leptos::prelude::*;

use super::{ApiError, codec::PostJsonText};
use crate::model::Progress;

#[server(name = FetchProgress, prefix = "/api/fn", endpoint = "progress", output = PostJsonText)]
pub async fn progress(lesson: String) -> Result<Progress, ApiError> {
    super::answer(super::backend()?.progress(&lesson).await)
}

#[server(name = VisitStep, prefix = "/api/fn", endpoint = "visit_step", output = PostJsonText)]
pub async fn visit_step(lesson: String, step: String) -> Result<(), ApiError> {
    super::answer(super::backend()?.visit_step(&lesson, &step).await)
}

/// Looks at every check of a step now; counts a try.
#[server(name = CheckStep, prefix = "/api/fn", endpoint = "check_step", output = PostJsonText)]
pub async fn check_step(lesson: String, step: String) -> Result<Progress, ApiError> {
    super::answer(super::backend()?.check_step(&lesson, &step).await)
}

#[server(name = AnswerQuestion, prefix = "/api/fn", endpoint = "answer", output = PostJsonText)]
pub async fn answer(lesson: String, step: String, question: String, answer: String) -> Result<Progress, ApiError> {
    super::answer(super::backend()?.answer(&lesson, &step, &question, &answer).await)
}

/// Reveals the step's next hint.
#[server(name = RevealHint, prefix = "/api/fn", endpoint = "hint", output = PostJsonText)]
pub async fn hint(lesson: String, step: String) -> Result<Progress, ApiError> {
    super::answer(super::backend()?.hint(&lesson, &step).await)
}

/// Reveals the step's solution; refused while hints are left.
#[server(name = RevealSolution, prefix = "/api/fn", endpoint = "solution", output = PostJsonText)]
pub async fn solution(lesson: String, step: String) -> Result<Progress, ApiError> {
    super::answer(super::backend()?.solution(&lesson, &step).await)
}
