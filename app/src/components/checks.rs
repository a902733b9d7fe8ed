//! What must be so for the step to be passed, and how each of it stands now.

use leptos::prelude::*;

use super::{
    icon::Icon,
    live::{live, part},
};
use crate::{
    model::{CheckInfo, Outcome},
    state::{Ask, Work},
};

/// How a goal stands, as it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GoalStanding {
    NotYet,
    Passed,
    Undone,
}

impl GoalStanding {
    pub(super) fn of(outcome: Option<&Outcome>) -> Self {
        match outcome {
            Some(outcome) if outcome.passed => Self::Passed,
            Some(outcome) if outcome.undone => Self::Undone,
            _ => Self::NotYet,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::NotYet => "not yet",
            Self::Passed => "done",
            Self::Undone => "undone again",
        }
    }

    pub(super) const fn icon(self) -> Icon {
        match self {
            Self::NotYet => Icon::Circle,
            Self::Passed => Icon::Check,
            Self::Undone => Icon::Undone,
        }
    }

    const fn class(self) -> &'static str {
        match self {
            Self::NotYet => "goal goal--open",
            Self::Passed => "goal goal--passed",
            Self::Undone => "goal goal--undone",
        }
    }
}

#[component]
pub(super) fn Checks(work: Work, step: String, checks: Vec<CheckInfo>) -> impl IntoView {
    let step = StoredValue::new(step);
    let goals = checks.into_iter().map(|check| view! { <Goal work=work step=step check=check /> }).collect_view();
    let tries = move || match step.with_value(|step| work.step(step).tries) {
        0 => String::new(),
        1 => "Checked once".to_owned(),
        tries => format!("Checked {tries} times"),
    };
    let pending = move || work.awaits(|ask| matches!(ask, Ask::Check { .. }));
    view! {
        <section class="checks" aria-labelledby="checks-title">
            <div class="checks__head">
                <h2 class="checks__title" id="checks-title" tabindex="-1">"Your goals"</h2>
                <span class="checks__tries">{live(tries)}</span>
                <button
                    type="button"
                    class="button checks__button"
                    aria-disabled=live(move || pending().to_string())
                    on:click=move |_| work.ask(Ask::Check { step: step.get_value() })
                >
                    {live(move || String::from(if pending() { "Checking…" } else { "Check" }))}
                </button>
            </div>
            <ul class="checks__goals" role="list" aria-live="polite" aria-relevant="all">{goals}</ul>
            <p class="checks__note">"Goals check themselves after each command."</p>
        </section>
    }
    .into_any()
}

#[component]
fn Goal(work: Work, step: StoredValue<String>, check: CheckInfo) -> impl IntoView {
    let CheckInfo { id, goal } = check;
    let key = id.clone();
    let outcome = Memo::new(move |_| {
        step.with_value(|step| work.live.progress.with(|progress| progress.steps.get(step).and_then(|step| step.checks.get(&key)).cloned()))
    });
    let standing = move || outcome.with(|outcome| GoalStanding::of(outcome.as_ref()));
    // A goal that is reached speaks for itself.
    let message = move || {
        outcome.with(|outcome| {
            outcome.as_ref().filter(|outcome| !outcome.passed && !outcome.message.is_empty()).map(|outcome| outcome.message.clone())
        })
    };
    view! {
        <li class=live(move || standing().class()) data-check=id data-standing=live(move || standing().word())>
            <span class="goal__mark">{part(move || standing().icon().view())}</span>
            <div class="goal__text">
                <span class="goal__goal">{goal}</span>
                " "
                <span class="goal__word">{live(move || standing().word())}</span>
                {part(move || message().map(|message| view! { <p class="goal__message">{message}</p> }))}
            </div>
        </li>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(passed: bool, undone: bool) -> Outcome {
        Outcome { passed, message: String::new(), undone }
    }

    #[test]
    fn an_untouched_goal_is_not_yet_reached() {
        assert_eq!(GoalStanding::of(None), GoalStanding::NotYet);
        assert_eq!(GoalStanding::of(Some(&outcome(false, false))), GoalStanding::NotYet);
    }

    #[test]
    fn a_goal_that_holds_is_done_even_after_it_was_undone_once() {
        assert_eq!(GoalStanding::of(Some(&outcome(true, true))), GoalStanding::Passed);
    }

    #[test]
    fn a_goal_that_held_and_no_longer_does_says_so() {
        assert_eq!(GoalStanding::of(Some(&outcome(false, true))), GoalStanding::Undone);
    }
}
