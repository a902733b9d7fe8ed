//! One learner in one step: state by colour, by shape and by letter.

use leptos::prelude::*;

use crate::{
    model::{BoardRow, Cell, CellState, StepOutline},
    teach::words::{count, seconds, step_name},
};

/// The sign of a state; it has a shape and a colour besides (style/teach-board.css).
const fn letter(state: CellState) -> &'static str {
    match state {
        CellState::None => "·",
        CellState::Working => "▸",
        CellState::Stuck => "!",
        CellState::Passed => "✓",
    }
}

pub(super) const fn word(state: CellState) -> &'static str {
    match state {
        CellState::None => "not begun",
        CellState::Working => "working",
        CellState::Stuck => "stuck",
        CellState::Passed => "passed",
    }
}

const fn class(state: CellState) -> &'static str {
    match state {
        CellState::None => "mark-cell mark-cell--none",
        CellState::Working => "mark-cell mark-cell--working",
        CellState::Stuck => "mark-cell mark-cell--stuck",
        CellState::Passed => "mark-cell mark-cell--passed",
    }
}

/// The sign alone, as on the board, in its legend and in the projector's view.
pub(crate) fn mark(state: CellState) -> AnyView {
    view! { <span class=class(state) aria-hidden="true">{letter(state)}</span> }.into_any()
}

/// The sign of a step that was passed while an instructor typed: of another shape than those that they passed alone.
pub(super) fn mark_with_help() -> AnyView {
    view! { <span class="mark-cell mark-cell--helped" aria-hidden="true">{letter(CellState::Passed)}</span> }.into_any()
}

/// All about a cell in a sentence, for screen readers and for who points at it.
pub(super) fn describe(index: usize, step: &StepOutline, cell: &Cell) -> String {
    let mut text = format!("{}: {}", step_name(index, step), word(cell.state));
    if let Some(took) = cell.seconds {
        text += &format!(" in {}", seconds(took));
    }
    if cell.helped {
        text += ", with help";
    }
    if cell.tries > 0 {
        text += &format!(", {}", tries(cell.tries));
    }
    if cell.hints > 0 {
        text += &format!(", {}", count(cell.hints as usize, "hint"));
    }
    if cell.solution {
        text += ", solution shown";
    }
    text
}

pub(super) fn tries(tries: u32) -> String {
    match tries {
        0 => "no tries".to_owned(),
        1 => "1 try".to_owned(),
        _ => format!("{tries} tries"),
    }
}

/// The cells of a row.
pub(super) fn cells(row: &BoardRow, steps: &[StepOutline]) -> Vec<AnyView> {
    steps
        .iter()
        .enumerate()
        .map(|(index, step)| {
            let cell = row.cells.get(index).copied().unwrap_or_default();
            let text = describe(index, step, &cell);
            let is_here = row.step.is_some_and(|at| usize::from(at) == index);
            let more = match (cell.tries > 1, cell.solution, cell.hints > 0) {
                (_, true, _) => "S".to_owned(),
                (true, ..) => cell.tries.to_string(),
                (_, _, true) => "h".to_owned(),
                _ => String::new(),
            };
            view! {
                <span class="cell" class:cell--here=is_here role="gridcell" data-cell tabindex="-1" aria-label=text.clone() title=text>
                    {if cell.helped { mark_with_help() } else { mark(cell.state) }}
                    <span class="cell__more" aria-hidden="true">{more}</span>
                </span>
            }
            .into_any()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step() -> StepOutline {
        StepOutline { id: "port".into(), title: "Publish a port".into(), is_checked: true }
    }

    #[test]
    fn each_state_has_a_sign_of_its_own() {
        let states = [CellState::None, CellState::Working, CellState::Stuck, CellState::Passed];
        let signs: std::collections::BTreeSet<_> = states.iter().map(|state| letter(*state)).collect();
        assert_eq!(signs.len(), states.len());
    }

    #[test]
    fn a_cell_says_all_about_itself() {
        let cell = Cell { state: CellState::Stuck, tries: 4, hints: 1, ..Cell::default() };
        assert_eq!(describe(0, &step(), &cell), "1. Publish a port: stuck, 4 tries, 1 hint");
        let passed = Cell { state: CellState::Passed, tries: 1, solution: true, seconds: Some(125), ..Cell::default() };
        assert_eq!(describe(0, &step(), &passed), "1. Publish a port: passed in 2 min 05 s, 1 try, solution shown");
        let unseen = Cell { state: CellState::Passed, ..Cell::default() };
        assert_eq!(describe(0, &step(), &unseen), "1. Publish a port: passed", "no time is made up");
    }

    #[test]
    fn a_step_that_was_passed_with_help_is_told_from_one_that_was_passed_alone() {
        let alone = Cell { state: CellState::Passed, seconds: Some(125), ..Cell::default() };
        let helped = Cell { helped: true, ..alone };
        assert_eq!(describe(0, &step(), &helped), "1. Publish a port: passed in 2 min 05 s, with help");
        let html = |cell| {
            let row = BoardRow {
                id: "p".into(),
                name: "Mara".into(),
                online: true,
                hand_at: 0,
                step: None,
                since: 0,
                cells: vec![cell],
                last: None,
                stuck: Vec::new(),
                need: 0,
            };
            cells(&row, &[step()]).into_iter().map(|cell| cell.to_html()).collect::<String>()
        };
        assert!(html(helped).contains("mark-cell--helped") && !html(alone).contains("mark-cell--helped"));
    }
}
