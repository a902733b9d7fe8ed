//! `/lessons/:slug` and `/lessons/:slug/:step`.

use leptos::prelude::*;
use leptos_router::{components::Redirect, hooks::use_params_map};

use super::{
    NotFoundPage,
    load::{Loaded, Wanted, load, shown},
    not_found_status,
};
use crate::{
    api::ApiError,
    components::{Alert, Header, Workbench},
    model::{Lesson, Progress},
};

/// Sends the learner on to where they were, or to the first step.
#[component]
pub(crate) fn LessonEntryPage() -> impl IntoView {
    let params = use_params_map();
    let slug = Memo::new(move |_| params.read().get("slug").unwrap_or_default());
    let opened = load(Memo::new(move |_| Wanted::Lesson { slug: slug.get() }));
    shown(opened, opening, |answer| match answer {
        Ok(Loaded::Lesson(opened)) => match entry_step(&opened.lesson, &opened.progress) {
            Some(step) => view! { <Redirect path=format!("/lessons/{}/{step}", opened.lesson.slug) /> }.into_any(),
            None => view! { <NotFoundPage /> }.into_any(),
        },
        Ok(_) => ().into_any(),
        Err(error) => failed(error),
    })
}

/// The step looked at last, where it is still in the lesson; else the first.
fn entry_step(lesson: &Lesson, progress: &Progress) -> Option<String> {
    let last = progress.current_step.as_ref().filter(|id| lesson.steps.iter().any(|step| step.id == **id));
    last.or(lesson.steps.first().map(|step| &step.id)).cloned()
}

/// The lesson, the terminal and the diagram.
#[component]
pub(crate) fn LessonPage() -> impl IntoView {
    let params = use_params_map();
    let slug = Memo::new(move |_| params.read().get("slug").unwrap_or_default());
    let step = Memo::new(move |_| params.read().get("step").unwrap_or_default());
    let opened = load(Memo::new(move |_| Wanted::Lesson { slug: slug.get() }));
    shown(opened, opening, move |answer| match answer {
        Ok(Loaded::Lesson(opened)) => {
            if step.with_untracked(|id| !opened.lesson.steps.iter().any(|step| step.id == *id)) {
                not_found_status();
            }
            view! { <Workbench opened=*opened step_id=step /> }.into_any()
        }
        Ok(_) => ().into_any(),
        Err(error) => failed(error),
    })
}

fn opening() -> AnyView {
    view! {
        <Header />
        <main class="plain-page" id="main">
            <p role="status">"Opening the lesson…"</p>
        </main>
    }
    .into_any()
}

fn failed(error: ApiError) -> AnyView {
    if error.is_not_found() {
        return view! { <NotFoundPage /> }.into_any();
    }
    view! {
        <Header />
        <main class="plain-page" id="main">
            <h1>"The lesson could not be opened"</h1>
            <Alert text=error.message />
        </main>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Step, StepKind};

    fn lesson(steps: &[&str]) -> Lesson {
        let step = |id: &&str| Step {
            id: (*id).to_owned(),
            kind: StepKind::Lab,
            title: String::new(),
            html: String::new(),
            checks: Vec::new(),
            questions: Vec::new(),
            hints: 0,
            has_solution: false,
        };
        Lesson { slug: "images".to_owned(), title: String::new(), summary: String::new(), steps: steps.iter().map(step).collect() }
    }

    #[test]
    fn a_new_learner_enters_at_the_first_step() {
        assert_eq!(entry_step(&lesson(&["pull", "run"]), &Progress::default()).as_deref(), Some("pull"));
    }

    #[test]
    fn a_returning_learner_enters_where_they_were() {
        let progress = Progress { current_step: Some("run".to_owned()), ..Progress::default() };
        assert_eq!(entry_step(&lesson(&["pull", "run"]), &progress).as_deref(), Some("run"));
    }

    #[test]
    fn a_step_that_is_no_longer_there_sends_to_the_first() {
        let progress = Progress { current_step: Some("gone".to_owned()), ..Progress::default() };
        assert_eq!(entry_step(&lesson(&["pull", "run"]), &progress).as_deref(), Some("pull"));
    }
}
