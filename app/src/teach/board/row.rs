//! One learner on the board.

use leptos::prelude::*;

use super::{
    cells::{cells, tries},
    state::{BoardState, Open, RowSignal},
};
use crate::{
    components::Icon,
    model::{BoardRow, LastDone},
    teach::{
        live::{click, live, part},
        words::{count, since},
    },
};

#[component]
pub(super) fn Row(state: BoardState, row: RowSignal, open: RwSignal<Open>) -> impl IntoView {
    let (id, name) = row.with_untracked(|row| (row.id.clone(), row.name.clone()));
    let of = {
        let row = row.clone();
        move |what: fn(&BoardRow) -> bool| {
            let row = row.clone();
            live(move || row.with(what))
        }
    };
    let is_open = {
        let id = id.clone();
        live(move || open.with(|open| matches!(open, Open::Learner(open) if *open == id)))
    };
    let where_to = {
        let id = id.clone();
        move |_| open.set(Open::Learner(id.clone()))
    };
    let marks = {
        let row = row.clone();
        part(move || row.with(|row| state.steps.with_value(|steps| cells(row, steps))))
    };
    let here = {
        let row = row.clone();
        let text = Memo::new(move |_| {
            let now = state.now.get();
            row.with(|row| on_step(row, now))
        });
        live(move || text.get())
    };
    let tried = {
        let row = row.clone();
        live(move || row.with(tried))
    };
    let last = {
        let row = row.clone();
        part(move || row.with(|row| row.last.as_ref().map(last)))
    };
    let why = live(move || row.with(why));
    let why_title = why.clone();
    view! {
        <div
            class="row"
            class:row--stuck=of(|row| !row.stuck.is_empty())
            class:row--hand=of(|row| row.hand_at > 0)
            class:row--away=of(|row| !row.online)
            class:row--open=is_open
            role="row"
            data-place=id
            on:click=click(where_to)
        >
            <span class="row__name" role="rowheader" data-cell tabindex="-1">
                <span class="dot" aria-hidden="true"></span>
                <span class="row__who" title=name.clone()>{name.clone()}</span>
                <span class="row__hand" hidden=of(|row| row.hand_at == 0)>{Icon::Hand.view()}<span class="unseen">" has raised a hand"</span></span>
                <span class="unseen" hidden=of(|row| row.online)>" (away)"</span>
            </span>
            {marks}
            <span class="row__here" role="gridcell" data-cell tabindex="-1">{here}</span>
            <span class="row__tried" role="gridcell" data-cell tabindex="-1">{tried}</span>
            <span class="row__last" role="gridcell" data-cell tabindex="-1">{last}</span>
            <span class="row__why" role="gridcell" data-cell tabindex="-1" title=why_title>{why}</span>
        </div>
    }
    .into_any()
}

/// "3 · 6 min": the step one looks at, and for how long.
fn on_step(row: &BoardRow, now: i64) -> String {
    match row.step {
        Some(step) if row.since > 0 => format!("{} · {}", step + 1, since(now - row.since)),
        Some(step) => (step + 1).to_string(),
        None => String::new(),
    }
}

/// Why one is to be looked after.
fn why(row: &BoardRow) -> String {
    let hand = (row.hand_at > 0).then_some("Hand up.");
    hand.into_iter().chain(row.stuck.iter().map(String::as_str)).collect::<Vec<_>>().join(" ")
}

/// What one has tried on the step one looks at.
fn tried(row: &BoardRow) -> String {
    let Some(cell) = row.step.and_then(|step| row.cells.get(usize::from(step))) else { return String::new() };
    let mut parts = Vec::new();
    if cell.tries > 0 {
        parts.push(tries(cell.tries));
    }
    if cell.hints > 0 {
        parts.push(count(cell.hints as usize, "hint"));
    }
    if cell.solution {
        parts.push("solution".to_owned());
    }
    parts.join(", ")
}

/// What was done while an instructor typed in the learner's terminal.
pub(crate) fn with_help() -> AnyView {
    view! { <span class="with-help">"with help"</span>" " }.into_any()
}

/// The last command, and how it ended: whole, for whoever has no room for it cuts it off by style alone.
pub(crate) fn last(last: &LastDone) -> AnyView {
    let LastDone { text, error, helped, .. } = last.clone();
    let (class, sign, word) =
        if error.is_empty() { ("last last--well", "✓", "It went well: ") } else { ("last last--ill", "✗", "It went wrong: ") };
    let title = if error.is_empty() { text.clone() } else { format!("{text}\n{error}") };
    view! {
        <span class=class title=title>
            <span class="last__sign" aria-hidden="true">{sign}</span>
            <span class="unseen">{word}</span>
            {helped.then(with_help)}
            <code>{text}</code>
            {(!error.is_empty()).then(|| view! { <span class="last__error">" "{error}</span> })}
        </span>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Cell;

    fn row(step: Option<u16>, since: i64) -> BoardRow {
        BoardRow {
            id: "p".into(),
            name: "Mara".into(),
            online: true,
            hand_at: 0,
            step,
            since,
            cells: vec![Cell { tries: 4, hints: 1, ..Cell::default() }],
            last: None,
            stuck: Vec::new(),
            need: 0,
        }
    }

    #[test]
    fn the_board_says_where_one_is_and_for_how_long() {
        assert_eq!(on_step(&row(Some(2), 60_000), 420_000), "3 · 6 min");
        assert_eq!(on_step(&row(None, 0), 420_000), "");
    }

    #[test]
    fn a_raised_hand_is_a_reason_and_comes_first() {
        let up = BoardRow { hand_at: 1, stuck: vec!["Wrong 3 times in a row.".into()], ..row(None, 0) };
        assert_eq!(why(&up), "Hand up. Wrong 3 times in a row.");
        assert_eq!(why(&BoardRow { stuck: Vec::new(), ..up }), "Hand up.");
        assert_eq!(why(&row(None, 0)), "");
    }

    #[test]
    fn tries_and_hints_are_those_of_the_step_one_looks_at() {
        assert_eq!(tried(&row(Some(0), 0)), "4 tries, 1 hint");
        assert_eq!(tried(&row(Some(7), 0)), "");
    }
}
