//! A lesson on the home page, with how far the learner is.

use leptos::prelude::*;

use crate::{diagram::plural, model::LessonSummary};

#[component]
pub(crate) fn LessonCard(lesson: LessonSummary) -> impl IntoView {
    let LessonSummary { slug, title, summary, minutes, steps, passed, checked_steps } = lesson;
    let call = match passed {
        0 => "Start the lesson",
        _ if passed >= checked_steps => "Look at it again",
        _ => "Go on",
    };
    let standing = match passed {
        0 => "Not started".to_owned(),
        _ if passed >= checked_steps => "All steps done".to_owned(),
        _ => format!("{passed} of {} done", plural(checked_steps as usize, "step")),
    };
    view! {
        <article class="card">
            <h3 class="card__title">
                <a class="card__link" href=format!("/lessons/{slug}")>{title}</a>
            </h3>
            <p class="card__summary">{summary}</p>
            <p class="card__facts">{format!("{} · about {}", plural(steps as usize, "step"), plural(minutes as usize, "minute"))}</p>
            <div class="card__foot">
                <div class="card__progress">
                    <progress class="meter" max=checked_steps.max(1) value=passed aria-label="Steps done"></progress>
                    <span>{standing}</span>
                </div>
                <span class="card__call" aria-hidden="true">{call}" →"</span>
            </div>
        </article>
    }
    .into_any()
}
