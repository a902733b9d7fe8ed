//! The board by keyboard: one stop in the page's tab order, arrow keys within (the ARIA grid pattern).

use leptos::ev;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

/// A row's parts that take the focus.
const CELL: &str = "[data-cell]";
/// The head is one, too.
const ROW: &str = "[role=\"row\"]";
const GRID: &str = "[role=\"grid\"]";
/// The first cell of the first learner.
const FIRST: &str = "[data-place] [data-cell]";
/// Rows that Page Up and Page Down pass.
const PAGE: i32 = 10;

/// How a key moves the focus: rows down, cells right; `i32::MAX` is as far as it goes.
fn way(key: &str, with_control: bool) -> Option<(i32, i32)> {
    Some(match key {
        "ArrowDown" => (1, 0),
        "ArrowUp" => (-1, 0),
        "ArrowRight" => (0, 1),
        "ArrowLeft" => (0, -1),
        "PageDown" => (PAGE, 0),
        "PageUp" => (-PAGE, 0),
        "Home" if with_control => (i32::MIN, i32::MIN),
        "End" if with_control => (i32::MAX, i32::MAX),
        "Home" => (0, i32::MIN),
        "End" => (0, i32::MAX),
        _ => return None,
    })
}

/// `at` moved by `by`, within `0..length`.
fn moved(at: usize, by: i32, length: usize) -> usize {
    let at = i32::try_from(at).unwrap_or(i32::MAX);
    let last = i32::try_from(length.saturating_sub(1)).unwrap_or(i32::MAX);
    usize::try_from(at.saturating_add(by).clamp(0, last)).unwrap_or_default()
}

/// Moves the focus where the key says. `open` is given the place of the row where Enter is pressed.
pub(super) fn press(event: &ev::KeyboardEvent, open: impl Fn(String)) {
    let Some(cell) = event.target().and_then(|target| target.dyn_into::<Element>().ok()?.closest(CELL).ok().flatten()) else { return };
    let Some(row) = cell.closest(ROW).ok().flatten() else { return };
    if event.key() == "Enter" {
        // In the head it presses the step's button.
        let Some(place) = row.get_attribute("data-place") else { return };
        event.prevent_default();
        return open(place);
    }
    let Some((down, right)) = way(&event.key(), event.ctrl_key()) else { return };
    let Some(grid) = row.closest(GRID).ok().flatten() else { return };
    event.prevent_default();
    let (rows, cells) = (all(&grid, ROW), all(&row, CELL));
    let at = |among: &[HtmlElement], element: &Element| among.iter().position(|one| one.is_same_node(Some(element))).unwrap_or_default();
    let (row_at, cell_at) = (at(&rows, &row), at(&cells, &cell));
    let Some(to_row) = rows.get(moved(row_at, down, rows.len())) else { return };
    let to_cells = all(to_row, CELL);
    if let Some(to) = to_cells.get(moved(cell_at, right, to_cells.len())) {
        // Only what is not on the page can't take the focus.
        let _ = to.focus();
    }
}

/// The grid itself got the focus, by Tab: the first learner takes it; where there is none, the head.
pub(super) fn enter(grid: &Element) {
    let first = all(grid, FIRST).into_iter().next().or_else(|| all(grid, CELL).into_iter().next());
    if let Some(first) = first {
        let _ = first.focus();
    }
}

/// Without what there is no room for just now.
fn all(within: &Element, selector: &str) -> Vec<HtmlElement> {
    let Ok(found) = within.query_selector_all(selector) else { return Vec::new() };
    let elements = (0..found.length()).filter_map(|index| found.item(index)?.dyn_into::<HtmlElement>().ok());
    elements.filter(|element| element.offset_width() > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_focus_stops_at_the_edges() {
        assert_eq!(moved(0, -1, 5), 0);
        assert_eq!(moved(4, 1, 5), 4);
        assert_eq!(moved(2, PAGE, 5), 4);
        assert_eq!(moved(2, i32::MIN, 5), 0);
        assert_eq!(moved(2, i32::MAX, 5), 4);
        assert_eq!(moved(0, 1, 0), 0, "an empty board has no edge to fall off");
    }

    #[test]
    fn home_and_end_go_along_the_row_and_with_control_to_the_corners() {
        assert_eq!(way("Home", false), Some((0, i32::MIN)));
        assert_eq!(way("End", true), Some((i32::MAX, i32::MAX)));
        assert_eq!(way("a", false), None);
    }
}
