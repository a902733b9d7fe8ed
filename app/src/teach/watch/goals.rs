//! How a learner stands in the step they look at: to be read, with nothing to press.

use leptos::prelude::*;

use crate::{
    components::Icon,
    model::{Outcome, Step, StepProgress},
    state::Work,
    teach::{live::part, words::count},
};

#[component]
pub(super) fn Goals(work: Work) -> impl IntoView {
    let current = Memo::new(move |_| {
        let id = work.live.progress.with(|progress| progress.current_step.clone());
        work.lesson.with_value(|lesson| lesson.steps.iter().position(|step| Some(&step.id) == id.as_ref()))
    });
    part(move || {
        let Some(step) = current.get().and_then(|index| work.lesson.with_value(|lesson| lesson.steps.get(index).cloned())) else {
            return view! { <p class="soft side__wait">"They have not opened a step of this lesson yet."</p> }.into_any();
        };
        let progress = work.step(&step.id);
        view! {
            <div class="side__scroll">
                <h3>{step.title.clone()}</h3>
                <p class="soft">{helped(&progress)}</p>
                {goals(&step, &progress)}
                {answers(&step, &progress)}
            </div>
        }
        .into_any()
    })
}

fn helped(progress: &StepProgress) -> String {
    let tries = if progress.tries == 1 { "Checked once".to_owned() } else { format!("Checked {} times", progress.tries) };
    let hints = count(progress.hints.len(), "hint");
    let solution = if progress.solution.is_some() { ", and the solution" } else { "" };
    let passed = if progress.passed_at.is_some() { " Passed." } else { "" };
    format!("{tries}; has seen {hints}{solution}.{passed}")
}

fn goals(step: &Step, progress: &StepProgress) -> AnyView {
    let goals = step
        .checks
        .iter()
        .map(|check| {
            let outcome = progress.checks.get(&check.id);
            let (class, icon, word) = standing(outcome);
            let message = outcome.filter(|outcome| !outcome.passed).map(|outcome| outcome.message.clone()).unwrap_or_default();
            view! {
                <li class=class>
                    <span class="goal__mark">{icon.view()}</span>
                    <div class="goal__text">
                        <span class="goal__goal">{check.goal.clone()}</span>
                        " "
                        <span class="goal__word">{word}</span>
                        {(!message.is_empty()).then(|| view! { <p class="goal__message">{message}</p> })}
                    </div>
                </li>
            }
        })
        .collect_view();
    view! { <ul class="checks__goals" role="list">{goals}</ul> }.into_any()
}

fn standing(outcome: Option<&Outcome>) -> (&'static str, Icon, &'static str) {
    match outcome {
        Some(outcome) if outcome.passed => ("goal goal--passed", Icon::Check, "done"),
        Some(outcome) if outcome.undone => ("goal goal--undone", Icon::Undone, "undone again"),
        _ => ("goal goal--open", Icon::Circle, "not yet"),
    }
}

fn answers(step: &Step, progress: &StepProgress) -> AnyView {
    step.questions
        .iter()
        .map(|question| {
            let answered = progress.questions.get(&question.id);
            let said = match answered {
                Some(answered) if answered.right => format!("“{}”, right", answered.answer),
                Some(answered) => format!("“{}”, wrong", answered.answer),
                None => "not answered yet".to_owned(),
            };
            view! {
                <div class="goal">
                    <div class="goal__text">
                        // Rendered by the server from the lesson's Markdown; safe to insert.
                        <span inner_html=question.prompt.clone()></span>
                        <p class="goal__message">{said}</p>
                    </div>
                </div>
            }
        })
        .collect_view()
        .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_helped_is_said_in_a_sentence() {
        let progress = StepProgress { tries: 3, hints: vec![String::new()], solution: Some(String::new()), ..StepProgress::default() };
        assert_eq!(helped(&progress), "Checked 3 times; has seen 1 hint, and the solution.");
    }
}
