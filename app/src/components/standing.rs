//! How the step stands, said at the foot of the lesson where it is always in sight. It is worked out
//! from the goals themselves, so that the one never says what the other denies.

use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::{
    checks::GoalStanding,
    icon::Icon,
    live::{live, part},
};
use crate::{
    model::{Step, StepProgress},
    state::Work,
};

/// Said of a step that was done and of which something is undone again.
const KEPT: &str = "You have done this step, and it goes on counting. What it asks for just isn't so any more.";
/// What a click on the goals' summary leads to.
const GOALS: &str = "checks-title";
const QUESTIONS: &str = "questions-title";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Nothing to pass.
    ToRead,
    Open {
        done: usize,
        all: usize,
    },
    /// All of it holds now.
    Done,
    /// Was done; not all of it holds any more.
    Undone {
        undone: usize,
    },
}

impl Standing {
    pub(super) fn of(step: &Step, progress: &StepProgress) -> Self {
        let (done, all) = step.tally(progress);
        match (all, progress.passed_at) {
            (0, _) => Self::ToRead,
            _ if done == all => Self::Done,
            (_, Some(_)) => Self::Undone { undone: all - done },
            (_, None) => Self::Open { done, all },
        }
    }

    /// Of the step that is shown; what isn't there has nothing to pass.
    pub(super) fn now(work: Work, current: Memo<Option<usize>>) -> Self {
        shown(work, current).map_or(Self::ToRead, |step| Self::of(&step, &work.step(&step.id)))
    }

    /// Nothing here keeps the learner from going on.
    pub(super) fn leads_on(self) -> bool {
        !matches!(self, Self::Open { .. })
    }

    fn text(self) -> String {
        match self {
            Self::ToRead => "To read and look at".to_owned(),
            Self::Open { done, all } => format!("{done} of {all} done"),
            Self::Done => "Step done".to_owned(),
            Self::Undone { undone } => format!("Done before, {undone} undone again"),
        }
    }

    const fn class(self) -> &'static str {
        match self {
            Self::ToRead | Self::Open { .. } => "standing",
            Self::Done => "standing standing--done",
            Self::Undone { .. } => "standing standing--undone",
        }
    }
}

fn shown(work: Work, current: Memo<Option<usize>>) -> Option<Step> {
    current.get().and_then(|index| work.lesson.with_value(|lesson| lesson.steps.get(index).cloned()))
}

/// Between Back and Next.
#[component]
pub(super) fn StepStanding(work: Work, current: Memo<Option<usize>>) -> impl IntoView {
    let standing = Memo::new(move |_| Standing::now(work, current));
    view! {
        <span class=live(move || standing.get().class()) title=live(move || matches!(standing.get(), Standing::Undone { .. }).then_some(KEPT))>
            {live(move || standing.get().text())}
        </span>
    }
    .into_any()
}

/// What is still to do, in a line.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Summary {
    /// One for each goal and question, in their order.
    marks: Vec<GoalStanding>,
    text: String,
    /// The heading above what comes next.
    leads_to: &'static str,
}

/// None where there is nothing to pass.
fn summary(step: &Step, progress: &StepProgress) -> Option<Summary> {
    if !step.is_checked() {
        return None;
    }
    let goals = step.checks.iter().map(|check| (GoalStanding::of(progress.checks.get(&check.id)), check.goal.as_str()));
    let questions = step.questions.iter().map(|question| match progress.questions.get(&question.id) {
        Some(answered) if answered.right => GoalStanding::Passed,
        _ => GoalStanding::NotYet,
    });
    let marks: Vec<GoalStanding> = goals.clone().map(|(standing, _)| standing).chain(questions.clone()).collect();
    let left = questions.filter(|standing| *standing != GoalStanding::Passed).count();
    let open = goals.clone().find(|(standing, _)| *standing != GoalStanding::Passed);
    let (text, leads_to) = match (open, left) {
        (Some((GoalStanding::Undone, goal)), _) => (format!("Undone again: {goal}"), GOALS),
        (Some((_, goal)), _) => (format!("Goal: {goal}"), GOALS),
        (None, 0) if step.checks.is_empty() => ("All questions are answered".to_owned(), QUESTIONS),
        (None, 0) => ("All goals are reached".to_owned(), GOALS),
        (None, 1) => ("One question is left".to_owned(), QUESTIONS),
        (None, left) => (format!("{left} questions are left"), QUESTIONS),
    };
    Some(Summary { marks, text, leads_to })
}

/// The goals in one line, above the foot; a click leads to them.
#[component]
pub(super) fn GoalSummary(work: Work, current: Memo<Option<usize>>) -> impl IntoView {
    let now = Memo::new(move |_| shown(work, current).and_then(|step| summary(&step, &work.step(&step.id))));
    view! {
        <div class="summary" hidden=live(move || now.with(Option::is_none))>
            {part(move || {
                now.get()
                    .map(|Summary { marks, text, leads_to }| {
                        let marks = marks.into_iter().map(|mark| view! { <span class=mark_class(mark)>{mark.icon().view()}</span> }).collect_view();
                        view! {
                            <button type="button" class="summary__link" title="Go there" on:click=move |_| focus(leads_to)>
                                <span class="summary__marks" aria-hidden="true">{marks}</span>
                                <span class="summary__text">{text}</span>
                                {Icon::Down.view()}
                            </button>
                        }
                    })
            })}
        </div>
    }
    .into_any()
}

const fn mark_class(standing: GoalStanding) -> &'static str {
    match standing {
        GoalStanding::NotYet => "mark",
        GoalStanding::Passed => "mark mark--passed",
        GoalStanding::Undone => "mark mark--undone",
    }
}

/// Brings it into view, too.
fn focus(id: &str) {
    if let Some(element) = document().get_element_by_id(id).and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok()) {
        // Only a detached element can't take the focus.
        let _ = element.focus();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::model::{AnswerKind, Answered, CheckInfo, Outcome, Question, StepKind};

    fn step() -> Step {
        let check = |id: &str, goal: &str| CheckInfo { id: id.to_owned(), goal: goal.to_owned() };
        Step {
            id: "pull".to_owned(),
            kind: StepKind::Lab,
            title: String::new(),
            html: String::new(),
            checks: vec![check("image", "nginx is here"), check("seen", "You have seen it")],
            questions: vec![Question {
                id: "port".to_owned(),
                prompt: String::new(),
                answer: AnswerKind::Text { placeholder: String::new() },
            }],
            hints: 0,
            has_solution: false,
        }
    }

    fn progress(image: (bool, bool), seen: bool, answered: bool, passed: bool) -> StepProgress {
        let outcome = |(passed, undone)| Outcome { passed, message: String::new(), undone };
        let answer = Answered { answer: String::new(), right: answered, feedback: String::new() };
        StepProgress {
            passed_at: passed.then_some(1),
            checks: BTreeMap::from([("image".to_owned(), outcome(image)), ("seen".to_owned(), outcome((seen, false)))]),
            questions: BTreeMap::from([("port".to_owned(), answer)]),
            ..StepProgress::default()
        }
    }

    #[test]
    fn a_step_is_done_when_each_of_its_goals_holds_and_each_question_is_answered() {
        assert_eq!(Standing::of(&step(), &progress((true, false), true, true, true)), Standing::Done);
        assert_eq!(Standing::of(&step(), &progress((true, false), true, false, false)), Standing::Open { done: 2, all: 3 });
    }

    #[test]
    fn a_step_of_which_a_goal_is_undone_does_not_say_that_it_is_done() {
        let standing = Standing::of(&step(), &progress((false, true), true, true, true));
        assert_eq!(standing, Standing::Undone { undone: 1 });
        assert!(standing.leads_on(), "what was done once keeps nobody back");
    }

    #[test]
    fn the_summary_names_what_comes_next() {
        let text = |progress: &StepProgress| summary(&step(), progress).map(|summary| summary.text).unwrap_or_default();
        assert_eq!(text(&StepProgress::default()), "Goal: nginx is here");
        assert_eq!(text(&progress((true, false), false, false, false)), "Goal: You have seen it");
        assert_eq!(text(&progress((true, false), true, false, false)), "One question is left");
        assert_eq!(text(&progress((false, true), true, true, true)), "Undone again: nginx is here");
        assert_eq!(text(&progress((true, false), true, true, true)), "All goals are reached");
    }

    #[test]
    fn a_step_without_anything_to_pass_has_no_summary() {
        let step = Step { checks: Vec::new(), questions: Vec::new(), ..step() };
        assert_eq!(summary(&step, &StepProgress::default()), None);
        assert_eq!(Standing::of(&step, &StepProgress::default()), Standing::ToRead);
    }
}
