//! `/teach/classes/:id/projector`: the board for everybody to see. It names nobody.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};

use crate::{
    model::{Board, CellState, Pace, StepOutline, StepRef},
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
    let (name, title, lessons) = (board.name.clone(), board.lesson_title.clone(), board.lessons.clone());
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
                {(state.pace == Pace::Led).then(|| {
                    let led = move || state.led.with(|led| led_words(led.as_ref(), &state.lesson.get_value(), &state.steps.get_value(), &lessons));
                    view! { <p class="projector__led" role="status">{part(led)}</p> }
                })}
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

/// Where a class that is led is, seen from the lesson that is projected.
fn led_words(led: Option<&StepRef>, lesson: &str, steps: &[StepOutline], lessons: &[(String, String)]) -> String {
    let Some(led) = led else { return "Led: no step yet".to_owned() };
    if led.lesson != lesson {
        let title = lessons.iter().find(|(slug, _)| *slug == led.lesson).map_or("another lesson", |(_, title)| title);
        return format!("Led: in “{title}”");
    }
    match steps.iter().position(|step| step.id == led.step) {
        Some(index) => format!("Led: step {} — {}", index + 1, steps[index].title),
        None => "Led: no step yet".to_owned(),
    }
}

fn step_head(state: BoardState, index: usize, step: &StepOutline) -> AnyView {
    let passed = move || state.summary.with(|all| all.get(index).map_or(0, |summary| summary.passed));
    let share = move || {
        let all = state.order.with(Vec::len).max(1);
        format!("--share:{}%", passed() as usize * 100 / all)
    };
    let id = step.id.clone();
    let is_led = Memo::new(move |_| state.step_led().is_some_and(|led| led == id));
    view! {
        <li class="projector__step" class:projector__step--led=live(move || is_led.get()) aria-current=live(move || is_led.get().then_some("step"))>
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

    #[test]
    fn where_a_led_class_is_is_said_by_step_or_by_lesson() {
        let step = |id: &str, title: &str| StepOutline { id: id.to_owned(), title: title.to_owned(), is_checked: true };
        let steps = [step("pull", "Pull an image"), step("run", "Run it")];
        let lessons = [("images".to_owned(), "Images".to_owned()), ("builds".to_owned(), "Builds".to_owned())];
        let at = |lesson: &str, step: &str| StepRef { lesson: lesson.to_owned(), step: step.to_owned() };
        let said = |led: Option<StepRef>| led_words(led.as_ref(), "images", &steps, &lessons);
        assert_eq!(said(Some(at("images", "run"))), "Led: step 2 — Run it");
        assert_eq!(said(Some(at("builds", "from"))), "Led: in “Builds”");
        assert_eq!((said(None), said(Some(at("images", "gone")))), ("Led: no step yet".to_owned(), "Led: no step yet".to_owned()));
    }
}
