//! The learner at work on one lesson: what there is, how it stands, and what can be done.

use leptos::prelude::*;

use super::Live;
use crate::{
    api::{self, ApiError, lessons::OpenedLesson},
    model::{Lesson, Progress, SandboxStatus, StepProgress},
};

/// What one can ask for in a step, by its ID. The answer to each is the progress.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ask {
    Check { step: String },
    Answer { step: String, question: String, answer: String },
    Hint { step: String },
    Solution { step: String },
}

impl Ask {
    async fn send(self, lesson: String) -> Result<Progress, ApiError> {
        match self {
            Self::Check { step } => api::progress::check_step(lesson, step).await,
            Self::Answer { step, question, answer } => api::progress::answer(lesson, step, question, answer).await,
            Self::Hint { step } => api::progress::hint(lesson, step).await,
            Self::Solution { step } => api::progress::solution(lesson, step).await,
        }
    }
}

/// What everything on the lesson page looks at and acts through.
#[derive(Clone, Copy)]
pub(crate) struct Work {
    pub(crate) lesson: StoredValue<Lesson>,
    pub(crate) live: Live,
    /// What went wrong last, in plain text.
    pub(crate) problem: RwSignal<Option<String>>,
    /// Commands that were clicked while there was no host to run them on; typed once there is one.
    pub(crate) waiting: RwSignal<Vec<String>>,
    /// The learner asked for a host and waits for it: the terminal takes the focus when it comes.
    pub(crate) awaited: StoredValue<bool>,
    /// Whether sandboxes reach the internet.
    pub(crate) internet: bool,
    /// The next change of step comes from the class: the focus stays where the learner has it.
    pub(crate) keep_focus: StoredValue<bool>,
    /// How many steps have been looked at since the page came.
    visits: StoredValue<u32>,
    pub(crate) start: Action<(), ()>,
    pub(crate) reset: Action<(), ()>,
    pub(crate) ask: Action<Ask, ()>,
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
            waiting: RwSignal::new(Vec::new()),
            awaited: StoredValue::new(false),
            internet: opened.internet,
            keep_focus: StoredValue::new(false),
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
            ask: Action::new(move |ask: &Ask| {
                let (lesson, ask) = (slug.get_value(), ask.clone());
                async move { progress(ask.send(lesson).await) }
            }),
        }
    }

    /// Asks, unless something is being asked already.
    pub(crate) fn ask(self, ask: Ask) {
        if !self.ask.pending().get_untracked() {
            self.ask.dispatch(ask);
        }
    }

    /// Whether an answer of this kind is awaited.
    pub(crate) fn awaits(self, kind: fn(&Ask) -> bool) -> bool {
        self.ask.input().with(|ask| ask.as_ref().is_some_and(kind))
    }

    /// Keeps a command until there is a host.
    pub(crate) fn wait_with(self, command: String) {
        self.waiting.update(|waiting| {
            // A second click on the same is impatience.
            if waiting.last() != Some(&command) {
                waiting.push(command);
            }
        });
    }

    /// Tells the server where the learner is, so that they come back to it.
    pub(crate) fn visit(self, step: String) {
        let lesson = self.lesson.with_value(|lesson| lesson.slug.clone());
        // A convenience: where it fails, nothing is worth saying.
        leptos::task::spawn_local(async move { drop(api::progress::visit_step(lesson, step).await) });
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
