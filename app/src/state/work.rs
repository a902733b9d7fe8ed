//! The learner at work on one lesson: what there is, how it stands, and what can be done.

use leptos::prelude::*;

use super::Live;
use crate::{
    api::{self, ApiError, lessons::OpenedLesson},
    model::{Lesson, Progress, SandboxStatus, StepProgress},
};

/// What everything on the lesson page looks at and acts through.
#[derive(Clone, Copy)]
pub(crate) struct Work {
    pub(crate) lesson: StoredValue<Lesson>,
    pub(crate) live: Live,
    /// What went wrong last, in plain text.
    pub(crate) problem: RwSignal<Option<String>>,
    /// How often a command was clicked while there was no host to run it on.
    pub(crate) nudge: RwSignal<u32>,
    /// How many steps have been looked at since the page came.
    visits: StoredValue<u32>,
    pub(crate) start: Action<(), ()>,
    pub(crate) reset: Action<(), ()>,
    /// By step.
    pub(crate) visit: Action<String, ()>,
    pub(crate) check: Action<String, ()>,
    pub(crate) hint: Action<String, ()>,
    pub(crate) solution: Action<String, ()>,
    /// Step, question, answer.
    pub(crate) answer: Action<(String, String, String), ()>,
}

impl Work {
    pub(crate) fn new(opened: OpenedLesson) -> Self {
        let live = Live::new(&opened);
        let slug = StoredValue::new(opened.lesson.slug.clone());
        let problem = RwSignal::new(None);
        let sandbox = move |status: Result<SandboxStatus, ApiError>| match status {
            Ok(status) => live.set_sandbox(status),
            Err(error) => live.set_sandbox(SandboxStatus::Failed { message: error.message }),
        };
        let progress = move |progress: Result<Progress, ApiError>| match progress {
            Ok(progress) => {
                problem.set(None);
                live.progress.set(progress);
            }
            Err(error) => problem.set(Some(error.message)),
        };
        Self {
            lesson: StoredValue::new(opened.lesson),
            live,
            problem,
            nudge: RwSignal::new(0),
            visits: StoredValue::new(0),
            start: Action::new(move |(): &()| {
                problem.set(None);
                live.set_sandbox(SandboxStatus::Starting);
                async move { sandbox(api::sandbox::start_sandbox().await) }
            }),
            reset: Action::new(move |(): &()| {
                problem.set(None);
                live.set_sandbox(SandboxStatus::Starting);
                async move { sandbox(api::sandbox::reset_sandbox().await) }
            }),
            visit: Action::new(move |step: &String| {
                let asked = api::progress::visit_step(slug.get_value(), step.clone());
                // Where the learner was is a convenience; not worth a message.
                async move { drop(asked.await) }
            }),
            check: Action::new(move |step: &String| {
                let asked = api::progress::check_step(slug.get_value(), step.clone());
                async move { progress(asked.await) }
            }),
            hint: Action::new(move |step: &String| {
                let asked = api::progress::hint(slug.get_value(), step.clone());
                async move { progress(asked.await) }
            }),
            solution: Action::new(move |step: &String| {
                let asked = api::progress::solution(slug.get_value(), step.clone());
                async move { progress(asked.await) }
            }),
            answer: Action::new(move |(step, question, answer): &(String, String, String)| {
                let asked = api::progress::answer(slug.get_value(), step.clone(), question.clone(), answer.clone());
                async move { progress(asked.await) }
            }),
        }
    }

    /// Whether this is not the first step looked at since the page came. Counts itself.
    pub(crate) fn has_moved(self) -> bool {
        self.visits.update_value(|visits| *visits += 1);
        self.visits.get_value() > 1
    }

    pub(crate) fn is_ready(self) -> bool {
        self.live.sandbox.with(|status| matches!(status, SandboxStatus::Ready { .. }))
    }

    /// How a step stands; untouched where nothing is known of it.
    pub(crate) fn step(self, id: &str) -> StepProgress {
        self.live.progress.with(|progress| progress.steps.get(id).cloned().unwrap_or_default())
    }

    pub(crate) fn has_passed(self, id: &str) -> bool {
        self.live.progress.with(|progress| progress.steps.get(id).is_some_and(|step| step.passed_at.is_some()))
    }
}
