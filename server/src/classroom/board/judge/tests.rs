//! Who is stuck, and why; with the first lesson as it is.

use std::path::Path;

use app::model::{BoardRow, CellState, LastDone};

use super::{super::facts::StepFacts, *};
use crate::lessons::Library;

/// Began at 0; now it is that many minutes later.
const MINUTE: i64 = 60_000;

fn lesson() -> Lesson {
    let (library, mistakes) = Library::load(Path::new("../lessons"));
    assert!(mistakes.is_empty(), "{mistakes:?}");
    (*library.lesson("docker-images").expect("the first lesson is there")).clone()
}

/// The lab's first step; it has checks and hints.
fn pull(lesson: &Lesson) -> usize {
    let index = lesson.steps.iter().position(|step| step.id == "pull-an-image").expect("it has that step");
    assert!(lesson.steps[index].is_checked() && !lesson.steps[index].hints.is_empty());
    index
}

/// Somebody who is at that step since 0 and did that there.
fn at(index: usize, step: StepFacts) -> Facts {
    Facts { place: "p".to_owned(), name: "Ada".to_owned(), current: Some((index, 0)), steps: [(index, step)].into(), ..Facts::default() }
}

fn judged(facts: &Facts, doing: Doing, median: Option<i64>, now: i64) -> BoardRow {
    let lesson = lesson();
    let mut medians = vec![None; lesson.steps.len()];
    medians[pull(&lesson)] = median;
    row(&lesson, &Person { facts, online: true, doing }, &medians, now)
}

fn quiet() -> Doing {
    Doing::default()
}

fn went_wrong(errors: u32, at: i64) -> Doing {
    let wrong = LastDone { at, text: "docker pull ngnix".to_owned(), error: "not found".to_owned(), helped: false };
    Doing { last: Some(wrong.clone()), errors, wrong: Some(wrong) }
}

#[test]
fn who_was_wrong_three_times_in_a_row_is_stuck_and_it_says_what_they_were_told() {
    let index = pull(&lesson());
    let wrong = |times| StepFacts { wrong_in_a_row: times, last_wrong: "nginx isn't there.".to_owned(), ..StepFacts::default() };
    assert!(judged(&at(index, wrong(2)), quiet(), None, 1).stuck.is_empty());
    let row = judged(&at(index, wrong(3)), quiet(), None, 1);
    assert_eq!(row.stuck, ["Wrong 3 times in a row: nginx isn't there."]);
    assert_eq!((row.cells[index].state, row.need), (CellState::Stuck, 1));
}

#[test]
fn three_commands_that_went_wrong_count_for_the_step_they_were_typed_in() {
    let index = pull(&lesson());
    let mut facts = at(index, StepFacts::default());
    assert!(judged(&facts, went_wrong(2, 5), None, 10).stuck.is_empty());
    assert_eq!(judged(&facts, went_wrong(3, 5), None, 10).stuck, ["3 commands in a row went wrong: not found"]);
    facts.current = Some((index, 6));
    assert!(judged(&facts, went_wrong(3, 5), None, 10).stuck.is_empty(), "they came to this step after it");
}

#[test]
fn who_has_seen_every_hint_is_stuck_after_a_while() {
    let lesson = lesson();
    let index = pull(&lesson);
    let hints = u32::try_from(lesson.steps[index].hints.len()).expect("there are a few");
    let seen = |solution| at(index, StepFacts { hints, solution, ..StepFacts::default() });
    assert!(judged(&seen(false), quiet(), None, MINUTE).stuck.is_empty(), "they are reading it");
    assert_eq!(judged(&seen(false), quiet(), None, 2 * MINUTE).stuck, ["Has seen every hint, and it isn't done."]);
    assert_eq!(judged(&seen(true), quiet(), None, 2 * MINUTE).stuck, ["Has seen the solution, and it isn't done."]);
}

#[test]
fn time_is_measured_by_the_class_and_before_that_by_the_lesson() {
    let lesson = lesson();
    let index = pull(&lesson);
    let facts = at(index, StepFacts::default());
    assert!(judged(&facts, quiet(), Some(2 * MINUTE), 6 * MINUTE - 1).stuck.is_empty());
    assert_eq!(
        judged(&facts, quiet(), Some(2 * MINUTE), 6 * MINUTE).stuck,
        ["6 minutes on this step; half the class needed 2 minutes or less."]
    );
    assert!(judged(&facts, quiet(), Some(1), 3 * MINUTE - 1).stuck.is_empty(), "nobody is stuck so soon");
    let share = 3 * share_ms(&lesson);
    assert!(judged(&facts, quiet(), None, share - 1).stuck.is_empty());
    assert_eq!(judged(&facts, quiet(), None, share).stuck.len(), 1);
}

#[test]
fn who_is_not_here_or_has_passed_is_not_stuck() {
    let lesson = lesson();
    let index = pull(&lesson);
    let wrong = StepFacts { wrong_in_a_row: 9, ..StepFacts::default() };
    let away = Person { facts: &at(index, wrong.clone()), online: false, doing: quiet() };
    assert!(row(&lesson, &away, &vec![None; lesson.steps.len()], MINUTE).stuck.is_empty());
    let passed = judged(&at(index, StepFacts { passed_at: 1, ..wrong }), quiet(), None, MINUTE);
    assert_eq!((passed.stuck.len(), passed.cells[index].state), (0, CellState::Passed));
}

#[test]
fn a_raised_hand_comes_before_everybody_and_the_longer_the_earlier() {
    let index = pull(&lesson());
    let stuck = judged(&at(index, StepFacts { wrong_in_a_row: 3, ..StepFacts::default() }), quiet(), None, 1);
    let hand = |hand_at| judged(&Facts { hand_at, ..at(index, StepFacts::default()) }, quiet(), None, 1).need;
    assert!(hand(1000) > hand(2000) && hand(2000) > stuck.need && stuck.need > hand(0));
}

#[test]
fn a_median_needs_three_and_a_wrong_turn_counts_each_learner_once() {
    let index = pull(&lesson());
    let told = |message: &str| [(message.to_owned(), 4)].into();
    let person = |seconds: i64, wrong| at(index, StepFacts { first_at: 1, passed_at: 1 + seconds * 1000, wrong, ..StepFacts::default() });
    let all = [person(10, told("a")), person(30, told("b")), person(20, told("b"))];
    let all: Vec<&Facts> = all.iter().collect();
    assert_eq!((median_ms(&all, index), median_ms(&all[..2], index)), (Some(20_000), None));
    // Passed before they looked at it, and passed without ever looking.
    let done = |first_at| at(index, StepFacts { first_at, passed_at: 7_000, ..StepFacts::default() });
    let unseen = [done(9_000), done(0), all[0].clone(), all[1].clone(), all[2].clone()];
    assert_eq!(median_ms(&unseen.iter().collect::<Vec<_>>(), index), Some(20_000), "no time is no short time");
    assert_eq!(judged(&unseen[0], quiet(), None, 10_000).cells[index].seconds, None);
    let turns: Vec<_> = wrong_turns(&all, index).into_iter().map(|turn| (turn.message, turn.learners)).collect();
    assert_eq!(turns, [("b".to_owned(), 2), ("a".to_owned(), 1)]);
}
