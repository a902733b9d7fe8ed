//! `/teach/classes/:id/projector`: the board for everybody to see. It names nobody.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};

use crate::{
    model::{Board, CellState, StepOutline},
    teach::{
        board::{BoardState, LineNotice, legend, mark},
        live::{click, live, part},
        load::{Ask, Loaded, page},
    },
};

#[component]
pub(crate) fn ProjectorPage() -> impl IntoView {
    let (params, query) = (use_params_map(), use_query_map());
    let ask = Memo::new(move |_| {
        let (class, lesson) = (params.read().get("id"), query.read().get("lesson"));
        Ask::Board { class: class.unwrap_or_default(), lesson: lesson.unwrap_or_default() }
    });
    page(ask, |loaded| match loaded {
        Loaded::Board(board) => view! { <Projected board=*board /> }.into_any(),
        _ => ().into_any(),
    })
}

#[component]
fn Projected(board: Board) -> impl IntoView {
    let (name, title) = (board.name.clone(), board.lesson_title.clone());
    let steps = board.steps.clone();
    let state = BoardState::new(board, true);
    state.follow();
    let tally = Memo::new(move |_| state.tally());
    let heads = steps.iter().enumerate().map(|(index, step)| step_head(state, index, step)).collect_view();
    let length = steps.len();
    // So many learners, so large a cell: all are on one screen.
    let layout = move || {
        let (columns, rows) = blocks(state.order.with(Vec::len), length);
        format!("--steps:{length};--blocks:{columns};--rows:{rows}")
    };
    view! {
        <Title text=format!("{name} · Projected") />
        <main class="projector" id="main" style=live(layout)>
            <header class="projector__head">
                <h1>{name}</h1>
                <p>{title}</p>
                <p class="projector__count">{part(move || format!("{} here", tally.get().online))}</p>
                <button type="button" class="button button--quiet projector__full" on:click=click(|_| full_screen())>"Full screen"</button>
            </header>
            <ol class="projector__steps" role="list">{heads}</ol>
            <div class="projector__rows" role="img" aria-label="One row a learner, without names, one cell a step">
                <For each=move || state.order.get() key=Clone::clone let(id)>
                    {state.row(&id).map(|row| {
                        let cells = move || row.with(|row| {
                            (0..length).map(|index| mark(row.cells.get(index).map_or(CellState::None, |cell| cell.state))).collect_view()
                        });
                        view! { <div class="projector__row">{part(cells)}</div> }
                    })}
                </For>
            </div>
            <p class="legend projector__legend">{legend("could use a hand")}</p>
            <LineNotice line=state.line />
        </main>
    }
    .into_any()
}

/// The whole screen, or back from it.
fn full_screen() {
    if document().fullscreen_element().is_some() {
        document().exit_fullscreen();
    } else if let Some(page) = document().document_element() {
        // A browser that knows no full screen leaves the page as it is.
        let _ = page.request_fullscreen();
    }
}

fn step_head(state: BoardState, index: usize, step: &StepOutline) -> AnyView {
    let passed = move || state.summary.with(|all| all.get(index).map_or(0, |summary| summary.passed));
    let share = move || {
        let all = state.order.with(Vec::len).max(1);
        format!("--share:{}%", passed() as usize * 100 / all)
    };
    view! {
        <li class="projector__step">
            <span class="projector__number">{index + 1}</span>
            <span class="projector__title">{step.title.clone()}</span>
            <span class="projector__bar" style=live(share) aria-hidden="true"></span>
            <span class="projector__passed">{part(move || format!("{} ✓", passed()))}</span>
        </li>
    }
    .into_any()
}

/// Into how many blocks side by side, of how many rows each, so many learners are laid so that cells are about
/// as wide as they are high on a wide screen.
fn blocks(learners: usize, steps: usize) -> (usize, usize) {
    // A screen is about twice as wide as what is left of its height.
    const WIDE: usize = 2;
    let (learners, steps) = (learners.max(1), steps.max(1));
    let blocks = (1..=learners).find(|blocks| blocks * (steps + 1) >= WIDE * learners.div_ceil(*blocks)).unwrap_or(1);
    (blocks, learners.div_ceil(blocks))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_learners_are_laid_side_by_side_and_a_handful_are_not() {
        assert_eq!(blocks(5, 12), (1, 5));
        assert_eq!(blocks(100, 12), (4, 25));
        assert_eq!(blocks(0, 0), (1, 1));
    }
}
