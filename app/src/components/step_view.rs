//! One step: what it says, what is to be done, and help.

use leptos::{html, prelude::*};

use super::{
    checks::Checks, ending, ending::Ending, hints::Hints, live::part, prose::Prose, questions::Questions, stand_ins::StandIns,
    step_nav::kind_class,
};
use crate::{
    model::{Step, StepKind},
    state::Work,
};

#[component]
pub(super) fn StepView(work: Work, step: Step) -> impl IntoView {
    let Step { id, kind, title, html, checks, questions, hints, has_solution } = step;
    let scroll = NodeRef::<html::Div>::new();
    let heading = NodeRef::<html::H1>::new();
    // After a change of step the reader begins at its title; not so when the page has just come.
    Effect::new(move |_| {
        if let (Some(scroll), Some(heading), true) = (scroll.get(), heading.get(), work.has_moved()) {
            scroll.set_scroll_top(0);
            if !work.keep_focus.get_value() {
                // Only a detached element can't take the focus.
                let _ = heading.focus();
            }
            work.keep_focus.set_value(false);
        }
    });
    let checked = !checks.is_empty();
    let helped = hints > 0 || has_solution;
    let goals = checks.iter().map(|check| check.goal.clone()).collect();
    let is_last = work.lesson.with_value(|lesson| lesson.steps.last().is_some_and(|last| last.id == id));
    let (html, closing) = if is_last { ending::split(&html) } else { (html, String::new()) };
    view! {
        <div class="lesson__scroll" tabindex="0" role="region" aria-labelledby="step-title" node_ref=scroll>
            <article class="step" data-step=id.clone()>
                <p class="step__kind" data-kind=kind_class(kind)>{eyebrow(kind)}</p>
                <h1 class="lesson__title" id="step-title" tabindex="-1" node_ref=heading>{title}</h1>
                <Prose work=work html=html.clone() />
                <StandIns work=work html=html goals=goals />
                {checked.then(|| view! { <Checks work=work step=id.clone() checks=checks /> })}
                {(!questions.is_empty()).then(|| view! { <Questions work=work step=id.clone() questions=questions /> })}
                <Problem work=work />
                {helped.then(|| view! { <Hints work=work step=id.clone() hints=hints has_solution=has_solution /> })}
                {is_last.then(|| view! { <Ending work=work step=id.clone() closing=closing.clone() /> })}
            </article>
        </div>
    }
    .into_any()
}

fn eyebrow(kind: StepKind) -> &'static str {
    match kind {
        StepKind::Foundation => "Foundation · read, look, touch",
        StepKind::Lab => "Hands-on lab",
        StepKind::Practice => "Practice",
        StepKind::Recap => "Things to remember",
    }
}

/// What went wrong with the last thing asked for.
#[component]
fn Problem(work: Work) -> impl IntoView {
    view! {
        <div class="problem" role="alert">
            {part(move || {
                work.problem
                    .get()
                    .map(|text| {
                        view! {
                            <p class="alert">
                                {text}
                                <button type="button" class="button button--quiet" on:click=move |_| work.problem.set(None)>"Close"</button>
                            </p>
                        }
                    })
            })}
        </div>
    }
    .into_any()
}
