//! One step beside the board: how the class does in it, and what it gets wrong.

use leptos::prelude::*;

use super::state::{BoardState, Open};
use crate::{
    api,
    model::{CellState, Pace, StepRef, StepSummary},
    teach::{
        doing::Doing,
        live::{click, part},
        words::{count, seconds, step_name},
    },
};

#[component]
pub(super) fn StepCard(state: BoardState, index: usize, open: RwSignal<Open>) -> impl IntoView {
    let Some(step) = state.steps.with_value(|steps| steps.get(index).cloned()) else { return ().into_any() };
    let summary = Memo::new(move |_| state.summary.with(|all| all.get(index).cloned().unwrap_or_default()));
    let (title, is_checked) = (step_name(index, &step), step.is_checked);
    let turns = move || {
        let turns = summary.with(|summary| summary.wrong_turns.clone());
        if turns.is_empty() {
            return view! { <p class="soft">"Nobody has gone wrong here."</p> }.into_any();
        }
        let turns = turns
            .into_iter()
            .map(|turn| {
                view! {
                    <li class="turn">
                        <span class="turn__count">{count(turn.learners as usize, "learner")}</span>
                        <span class="turn__message">{turn.message}</span>
                    </li>
                }
            })
            .collect_view();
        view! { <ul class="turns" role="list">{turns}</ul> }.into_any()
    };
    let stuck = move || {
        let ids = state.order.get();
        let here: Vec<(String, String)> = ids
            .iter()
            .filter_map(|id| state.row_when_there(id))
            .filter_map(|row| {
                row.with(|row| {
                    let is_stuck = row.cells.get(index).is_some_and(|cell| cell.state == CellState::Stuck);
                    is_stuck.then(|| (row.id.clone(), row.name.clone()))
                })
            })
            .collect();
        if here.is_empty() {
            return view! { <p class="soft">"Nobody is stuck here."</p> }.into_any();
        }
        here.into_iter()
            .map(|(id, name)| {
                view! { <button type="button" class="button" on:click=click(move |_| open.set(Open::Learner(id.clone())))>{name}</button> }
            })
            .collect_view()
            .into_any()
    };
    view! {
        <div class="side__head">
            <h2 class="side__title" id="side-title" tabindex="-1">{title}</h2>
        </div>
        <div class="side__scroll step-card">
            <p class="step-card__numbers">{part(move || summary.with(|summary| numbers(summary, state.order.with(Vec::len))))}</p>
            <p class="soft">{part(move || summary.with(|summary| time(summary, &state.times(index), is_checked)))}</p>
            {(state.pace == Pace::Led).then(|| view! { <LeadHere state=state step=step.id.clone() /> })}
            <h3>"What goes wrong, commonest first"</h3>
            {part(turns)}
            <h3>"Stuck here now"</h3>
            <div class="step-card__stuck">{part(stuck)}</div>
        </div>
    }
    .into_any()
}

fn numbers(summary: &StepSummary, learners: usize) -> String {
    format!("{} of {learners} passed, {} here now, {} stuck.", summary.passed, summary.here, summary.stuck)
}

/// How long it took. Few have no middle: of those it is said what each took, or why nothing is said.
fn time(summary: &StepSummary, times: &[u32], is_checked: bool) -> String {
    const LATER: &str = "A typical time is told from three on.";
    match (summary.median_seconds, times) {
        (Some(median), _) => format!("Half of those who passed took {} or less.", seconds(median)),
        _ if !is_checked => "There is nothing to pass in this step, so no time is told.".to_owned(),
        (None, []) if summary.passed > 0 => {
            "No time can be told: it was passed before it was opened, on the way to another step.".to_owned()
        }
        (None, []) => "No time yet: nobody has passed this step.".to_owned(),
        (None, [one]) => format!("{}, as one learner took it. {LATER}", seconds(*one)),
        (None, [one, other]) => format!("{} and {}, as two learners took it. {LATER}", seconds(*one.min(other)), seconds(*one.max(other))),
        // The rows are ahead of the summary by a moment.
        (None, _) => String::new(),
    }
}

/// Moves a led class here.
#[component]
fn LeadHere(state: BoardState, step: String) -> impl IntoView {
    let doing = Doing::new();
    let to = StepRef { lesson: state.lesson.get_value(), step };
    let is_here = {
        let to = to.clone();
        move || state.led.with(|led| led.as_ref() == Some(&to))
    };
    let lead = move |_| {
        let (class, to) = (state.class.get_value(), to.clone());
        let led = to.clone();
        doing.ask(api::teach::board::lead(class, to), move |()| state.led.set(Some(led)));
    };
    view! {
        <div>
            {part(move || {
                if is_here() {
                    view! { <p class="soft">"The class is here. Learners may look at any step; when you move the class on, they go along unless they are typing."</p> }.into_any()
                } else {
                    let lead = lead.clone();
                    view! {
                        <button type="button" class="button button--primary" disabled=doing.pending on:click=click(lead)>
                            {doing.label("Move the class here", "Moving…")}
                        </button>
                    }
                        .into_any()
                }
            })}
            {doing.alert()}
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_told_in_numbers_and_no_median_is_made_up() {
        let summary = StepSummary { passed: 12, here: 5, stuck: 2, median_seconds: Some(125), wrong_turns: Vec::new() };
        assert_eq!(numbers(&summary, 30), "12 of 30 passed, 5 here now, 2 stuck.");
        assert_eq!(time(&summary, &[1, 2, 3], true), "Half of those who passed took 2 min 05 s or less.");
        assert_eq!(numbers(&StepSummary::default(), 0), "0 of 0 passed, 0 here now, 0 stuck.");
    }

    #[test]
    fn before_three_have_passed_each_time_is_told_as_one_learners_or_why_there_is_none() {
        let none = StepSummary::default();
        assert_eq!(time(&none, &[245], true), "4 min 05 s, as one learner took it. A typical time is told from three on.");
        assert_eq!(
            time(&none, &[245, 60], true),
            "1 min 00 s and 4 min 05 s, as two learners took it. A typical time is told from three on."
        );
        assert_eq!(time(&none, &[], true), "No time yet: nobody has passed this step.");
        let unseen = StepSummary { passed: 1, ..StepSummary::default() };
        assert!(time(&unseen, &[], true).starts_with("No time can be told: it was passed before it was opened"));
        assert_eq!(time(&none, &[], false), "There is nothing to pass in this step, so no time is told.");
    }
}
