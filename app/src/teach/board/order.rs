//! In which order rows stand, and when they may move.

use std::collections::BTreeMap;

use crate::model::{BoardRow, CellState};

/// How rows are sorted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Sorting {
    /// Who needs help first.
    #[default]
    Need,
    Name,
}

/// What the order depends on, of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Key {
    need: i64,
    hand_at: i64,
    passed: usize,
    name: String,
}

impl Key {
    fn of(row: &BoardRow) -> Self {
        let passed = row.cells.iter().filter(|cell| cell.state == CellState::Passed).count();
        Self { need: row.need, hand_at: row.hand_at, passed, name: row.name.to_lowercase() }
    }

    /// A hand that has been up for longer comes first; none comes last.
    fn hand_since(&self) -> i64 {
        if self.hand_at > 0 { self.hand_at } else { i64::MAX }
    }
}

/// The places in order. Those who need help come first, the neediest at the top; the others by name, so that
/// they keep their place while they work.
pub(crate) fn order<'a>(rows: impl Iterator<Item = &'a BoardRow>, sorting: Sorting) -> Vec<String> {
    let keys: BTreeMap<&str, Key> = rows.map(|row| (row.id.as_str(), Key::of(row))).collect();
    let mut ids: Vec<&str> = keys.keys().copied().collect();
    ids.sort_by(|one, other| {
        let (one_key, other_key) = (&keys[one], &keys[other]);
        let by_name = one_key.name.cmp(&other_key.name).then_with(|| one.cmp(other));
        match sorting {
            Sorting::Name => by_name,
            Sorting::Need => {
                let by_need = other_key.need.cmp(&one_key.need);
                by_need.then_with(|| one_key.hand_since().cmp(&other_key.hand_since())).then(by_name)
            }
        }
    });
    ids.into_iter().map(str::to_owned).collect()
}

/// Rows of the projector's view: how far one is, furthest first. It names nobody, and neither does its order.
pub(crate) fn by_progress<'a>(rows: impl Iterator<Item = &'a BoardRow>) -> Vec<String> {
    let mut keys: Vec<(usize, &str)> = rows.map(|row| (Key::of(row).passed, row.id.as_str())).collect();
    keys.sort_by(|one, other| other.0.cmp(&one.0).then_with(|| one.1.cmp(other.1)));
    keys.into_iter().map(|(_, id)| id.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Cell;

    fn row(id: &str, name: &str, need: i64, hand_at: i64) -> BoardRow {
        BoardRow {
            id: id.to_owned(),
            name: name.to_owned(),
            online: true,
            hand_at,
            step: None,
            since: 0,
            cells: Vec::new(),
            last: None,
            stuck: Vec::new(),
            need,
        }
    }

    #[test]
    fn who_needs_help_most_comes_first_and_the_others_keep_their_place() {
        let rows = [row("1", "Zoe", 0, 0), row("2", "adam", 0, 0), row("3", "Mara", 5, 0), row("4", "Ben", 9, 0)];
        assert_eq!(order(rows.iter(), Sorting::Need), ["4", "3", "2", "1"]);
    }

    #[test]
    fn of_two_raised_hands_the_one_that_has_been_up_for_longer_comes_first() {
        let rows = [row("1", "Ann", 7, 2_000), row("2", "Zoe", 7, 1_000), row("3", "Bob", 7, 0)];
        assert_eq!(order(rows.iter(), Sorting::Need), ["2", "1", "3"]);
    }

    #[test]
    fn sorted_by_name_need_moves_nobody() {
        let rows = [row("1", "Zoe", 9, 5), row("2", "adam", 0, 0)];
        assert_eq!(order(rows.iter(), Sorting::Name), ["2", "1"]);
    }

    #[test]
    fn projected_rows_stand_by_progress_and_not_by_name() {
        let passed = Cell { state: CellState::Passed, ..Cell::default() };
        let rows = [row("1", "Ann", 0, 0), BoardRow { cells: vec![passed; 2], ..row("2", "Zoe", 9, 0) }, row("3", "Bob", 0, 0)];
        assert_eq!(by_progress(rows.iter()), ["2", "1", "3"]);
    }
}
