//! From facts to the board: who is where, who is stuck and why. Pure.

use app::model::{BoardRow, Cell, CellState, StepSummary, WrongTurn};

use super::{
    super::hub::Doing,
    facts::{Facts, StepFacts},
};
use crate::lessons::Lesson;

/// Passed this often, a step's median says something.
const MEDIAN_OF: usize = 3;
/// So many times the median is long.
const LONG: i64 = 3;
/// Nobody is stuck before that, in milliseconds, by time alone.
const LEAST_MS: i64 = 3 * 60_000;
/// Where no median is known: so many times the step's share of the lesson's minutes.
const LONG_SHARE: i64 = 3;
/// Tries or answers in a row that were wrong.
const WRONG_TURNS: u32 = 3;
/// Commands in a row that went wrong.
const ERRORS: u32 = 3;
/// After the last hint, in milliseconds.
const AFTER_HINTS_MS: i64 = 2 * 60_000;
/// Wrong turns told of a step.
const TOLD_TURNS: usize = 5;
/// Characters of a message in a reason.
const MAX_SAID: usize = 320;
/// A raised hand comes before everything; the longer, the earlier.
const HAND: i64 = 10_000_000_000_000;

/// One learner with what is known of them beside the database.
pub(super) struct Person<'a> {
    pub(super) facts: &'a Facts,
    pub(super) online: bool,
    pub(super) doing: Doing,
}

/// How the class stands in each step.
pub(super) fn summaries(lesson: &Lesson, rows: &[BoardRow], facts: &[&Facts]) -> Vec<StepSummary> {
    let summary = |(index, _)| {
        let cells = || rows.iter().filter_map(|row| Some((row, row.cells.get(index)?)));
        let count = |is_so: &dyn Fn(&BoardRow, &Cell) -> bool| {
            u32::try_from(cells().filter(|(row, cell)| is_so(row, cell)).count()).unwrap_or(u32::MAX)
        };
        StepSummary {
            passed: count(&|_, cell| cell.state == CellState::Passed),
            here: count(&|row, _| row.step.map(usize::from) == Some(index)),
            stuck: count(&|_, cell| cell.state == CellState::Stuck),
            median_seconds: median_ms(facts, index).and_then(|ms| u32::try_from(ms / 1000).ok()),
            wrong_turns: wrong_turns(facts, index),
        }
    };
    lesson.steps.iter().enumerate().map(summary).collect()
}

/// The commonest first; each learner counts once.
pub(crate) fn wrong_turns(facts: &[&Facts], index: usize) -> Vec<WrongTurn> {
    let mut counts = std::collections::BTreeMap::<&str, u32>::new();
    for message in facts.iter().filter_map(|facts| facts.steps.get(&index)).flat_map(|step| step.wrong.keys()) {
        *counts.entry(message).or_default() += 1;
    }
    let mut turns: Vec<_> = counts.into_iter().map(|(message, learners)| WrongTurn { message: message.to_owned(), learners }).collect();
    turns.sort_by(|a, b| b.learners.cmp(&a.learners).then_with(|| a.message.cmp(&b.message)));
    turns.truncate(TOLD_TURNS);
    turns
}

/// Of those who have looked at the step and then passed it.
pub(super) fn median_ms(facts: &[&Facts], index: usize) -> Option<i64> {
    let mut times: Vec<i64> = facts.iter().filter_map(|facts| facts.steps.get(&index)).filter_map(StepFacts::took).collect();
    if times.len() < MEDIAN_OF {
        return None;
    }
    let middle = times.len() / 2;
    Some(*times.select_nth_unstable(middle).1)
}

/// One learner's row. `medians`: of each step, in milliseconds.
pub(super) fn row(lesson: &Lesson, person: &Person<'_>, medians: &[Option<i64>], now: i64) -> BoardRow {
    let facts = person.facts;
    let stuck = stuck(lesson, person, medians, now);
    let mut cells: Vec<Cell> = (0..lesson.steps.len()).map(|index| cell(facts, index)).collect();
    if let Some((index, _)) = facts.current
        && let Some(cell) = cells.get_mut(index)
        && cell.state != CellState::Passed
    {
        cell.state = if stuck.is_empty() { CellState::Working } else { CellState::Stuck };
    }
    let hand = if facts.hand_at > 0 { HAND - facts.hand_at } else { 0 };
    BoardRow {
        id: facts.place.clone(),
        name: facts.name.clone(),
        online: person.online,
        hand_at: facts.hand_at,
        step: facts.current.and_then(|(index, _)| u16::try_from(index).ok()),
        since: facts.current.map_or(0, |(_, since)| since),
        need: hand + i64::try_from(stuck.len()).unwrap_or(0),
        cells,
        last: person.doing.last.clone(),
        stuck,
    }
}

fn cell(facts: &Facts, index: usize) -> Cell {
    let Some(step) = facts.steps.get(&index) else { return Cell::default() };
    let touched = step.tries > 0 || step.hints > 0 || step.solution || !step.wrong.is_empty();
    Cell {
        state: match (step.is_passed(), touched) {
            (true, _) => CellState::Passed,
            (false, true) => CellState::Working,
            (false, false) => CellState::None,
        },
        tries: step.tries,
        hints: step.hints,
        solution: step.solution,
        helped: step.helped,
        seconds: step.took().map(|ms| u32::try_from(ms / 1000).unwrap_or(u32::MAX)),
    }
}

/// Why, in sentences, the weightiest first. Who isn't here is not stuck.
fn stuck(lesson: &Lesson, person: &Person<'_>, medians: &[Option<i64>], now: i64) -> Vec<String> {
    let facts = person.facts;
    let Some((index, since)) = facts.current else { return Vec::new() };
    let Some(step) = lesson.steps.get(index).filter(|step| step.is_checked()) else { return Vec::new() };
    let none = StepFacts::default();
    let known = facts.steps.get(&index).unwrap_or(&none);
    if !person.online || known.is_passed() {
        return Vec::new();
    }
    let mut reasons = Vec::new();
    if known.wrong_in_a_row >= WRONG_TURNS {
        reasons.push(format!("Wrong {} times in a row: {}", known.wrong_in_a_row, short(&known.last_wrong)));
    }
    // Of this step: what went wrong before they came here stays there.
    if person.doing.errors >= ERRORS
        && let Some(last) = &person.doing.wrong
        && last.at >= since
    {
        reasons.push(format!("{} commands in a row went wrong: {}", person.doing.errors, short(&last.error)));
    }
    let on_it = now - since;
    let hints = u32::try_from(step.hints.len()).unwrap_or(u32::MAX);
    if hints > 0 && known.hints >= hints && on_it >= AFTER_HINTS_MS {
        reasons.push(if known.solution {
            "Has seen the solution, and it isn't done.".to_owned()
        } else {
            "Has seen every hint, and it isn't done.".to_owned()
        });
    }
    match medians.get(index).copied().flatten() {
        Some(median) if on_it >= (LONG * median).max(LEAST_MS) => {
            reasons.push(format!("{} on this step; half the class needed {} or less.", minutes(on_it), minutes(median)));
        }
        None if on_it >= (LONG_SHARE * share_ms(lesson)).max(LEAST_MS) => reasons.push(format!("{} on this step.", minutes(on_it))),
        _ => {}
    }
    reasons
}

/// A step's share of the lesson's minutes.
fn share_ms(lesson: &Lesson) -> i64 {
    i64::from(lesson.minutes) * 60_000 / i64::try_from(lesson.steps.len().max(1)).unwrap_or(1)
}

/// In words that change once a minute, so that a row doesn't change all the time.
fn minutes(ms: i64) -> String {
    match ms / 60_000 {
        0 => "less than a minute".to_owned(),
        1 => "1 minute".to_owned(),
        minutes => format!("{minutes} minutes"),
    }
}

fn short(text: &str) -> String {
    match text.char_indices().nth(MAX_SAID) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
