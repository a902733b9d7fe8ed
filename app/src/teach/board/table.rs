//! The board itself.

use leptos::{ev, html, prelude::*};
use wasm_bindgen::JsCast;

use super::{
    cells::{mark, mark_with_help},
    keys,
    row::Row,
    state::{BoardState, Open},
};
use crate::{
    model::{CellState, StepOutline, StepSummary},
    teach::{
        live::{click, live, part},
        stream::Line,
        words::{seconds, step_name},
    },
};

/// Columns of names, side by side, that any screen has room for.
const MOST_COLUMNS: usize = 12;
/// How wide columns are, in halves of a `rem`; the last two at least.
const NAME: usize = 26;
const HERE: usize = 13;
const TRIED: usize = 17;
const LAST: usize = 18;
const WHY: usize = 22;
/// The same of a step's, in pixels, for it is drawn.
const STEP_PX: usize = 30;
/// A row's edges and a bar to scroll, in pixels.
const EDGES_PX: usize = 35;

#[component]
pub(crate) fn Table(state: BoardState, open: RwSignal<Open>) -> impl IntoView {
    let grid = NodeRef::<html::Div>::new();
    let inside = RwSignal::new(false);
    let pointed = RwSignal::new(false);
    Effect::new(move |_| state.held.set(inside.get() || pointed.get()));
    let steps = state.steps.get_value();
    let style = format!("--steps:{}", steps.len());
    let enter = move |event: ev::FocusEvent| {
        let is_self = event.target().zip(event.current_target()).is_some_and(|(target, current)| target == current);
        if let Some(grid) = grid.get_untracked().filter(|_| is_self) {
            keys::enter(grid.unchecked_ref());
        }
    };
    let rows = move || state.order.get();
    view! {
        // What there is room for depends on how many steps there are, which a query of the container can't ask.
        <style>{columns(steps.len())}</style>
        <div class="board" style=style>
            <div class="board__scroll">
            <div class="board__numbers" aria-hidden="true">{(0..MOST_COLUMNS).map(|_| numbers(steps.len())).collect_view()}</div>
            <div
                class="board__grid"
                role="grid"
                aria-label="Learners and their steps. Arrow keys move, Enter opens a learner."
                aria-rowcount=live(move || state.order.with(Vec::len) + 1)
                node_ref=grid
                tabindex=live(move || if inside.get() { "-1" } else { "0" })
                on:focus=enter
                on:focusin=move |_| inside.set(true)
                on:focusout=move |_| inside.set(false)
                on:keydown=move |event| keys::press(&event, |place| open.set(Open::Learner(place)))
            >
                <div class="board__head" role="rowgroup">
                    <div class="row row--head" role="row">
                        <span class="row__name" role="columnheader" data-cell tabindex="-1">"Learner"</span>
                        {steps.iter().enumerate().map(|(index, step)| head(state, open, index, step)).collect_view()}
                        <span class="row__here" role="columnheader" data-cell tabindex="-1">"On step, for"</span>
                        <span class="row__tried" role="columnheader" data-cell tabindex="-1">"Tried there"</span>
                        <span class="row__last" role="columnheader" data-cell tabindex="-1">"Last command"</span>
                        <span class="row__why" role="columnheader" data-cell tabindex="-1">"Why they need help"</span>
                    </div>
                </div>
                <div
                    class="board__rows"
                    role="rowgroup"
                    on:pointerenter=move |_| pointed.set(true)
                    on:pointerleave=move |_| pointed.set(false)
                >
                    <For each=rows key=Clone::clone let(id)>
                        {state.row(&id).map(|row| view! { <Row state=state row=row open=open /> })}
                    </For>
                </div>
            </div>
            {part(move || (state.order.with(Vec::is_empty) && state.line.get() != Line::Gone).then(|| empty(state)))}
            </div>
            <p class="legend board__legend">
                {legend("stuck")}
                <span class="legend__part">{mark_with_help()}" passed with help"</span>
                <span>"Small beside a sign: how many tries, h: a hint was seen, S: the solution was"</span>
            </p>
            <p class="unseen" role="status">{part(move || state.said.get())}</p>
        </div>
    }
    .into_any()
}

/// The numbers of the steps above a column of names, where everybody is shown at once.
fn numbers(steps: usize) -> AnyView {
    view! { <div class="row row--numbers"><span></span>{(1..=steps).map(|number| view! { <span>{number}</span> }).collect_view()}</div> }
        .into_any()
}

/// The columns, and which are left out where they could not be shown whole: what was tried and the last command first,
/// then the reason, then for how long; what is beside a learner's row says it too. Steps stay where they are.
fn columns(steps: usize) -> String {
    let [name, here, tried, last, why] = [NAME, HERE, TRIED, LAST, WHY].map(rem);
    // Narrower than all of these.
    let below = |columns: &[usize]| {
        let all = NAME + columns.iter().sum::<usize>();
        format!("@container (width < calc({} + {}px))", rem(all), steps * STEP_PX + EDGES_PX)
    };
    let (whole, reason, time) = (below(&[HERE, TRIED, LAST, WHY]), below(&[HERE, WHY]), below(&[HERE]));
    let (steps, narrow) = (format!("repeat({steps},{STEP_PX}px)"), format!("repeat({steps},minmax(22px,{STEP_PX}px))"));
    format!(
        ".row{{grid-template-columns:{name} {steps} {here} {tried} minmax({last},1fr) minmax({why},1.25fr)}}\
        {whole}{{.row{{grid-template-columns:{name} {steps} {here} minmax(0,1fr)}}.row__tried,.row__last{{display:none}}}}\
        {reason}{{.row{{grid-template-columns:{name} {steps} minmax(0,1fr)}}.row__why{{display:none}}}}\
        {time}{{.row{{grid-template-columns:minmax(6rem,{name}) {narrow}}}.row__here{{display:none}}}}"
    )
}

/// So many halves of a `rem`.
fn rem(halves: usize) -> String {
    format!("{}.{}rem", halves / 2, halves % 2 * 5)
}

/// A step's column: its number, how many have passed it, and more at a click.
fn head(state: BoardState, open: RwSignal<Open>, index: usize, step: &StepOutline) -> AnyView {
    let (name, title) = (step_name(index, step), step.title.clone());
    let of = move |what: fn(&StepSummary) -> u32| move || state.summary.with(|all| all.get(index).map_or(0, what));
    let (passed, stuck) = (of(|summary| summary.passed), of(|summary| summary.stuck));
    let is_led = {
        let id = step.id.clone();
        move || {
            state.led.with(|led| led.as_ref().is_some_and(|led| led.step == id && state.lesson.with_value(|lesson| *lesson == led.lesson)))
        }
    };
    let is_open = move || open.with(|open| *open == Open::Step(index));
    let median = move || {
        let median = state.summary.with(|all| all.get(index).and_then(|summary| summary.median_seconds));
        median.map(|median| format!(", half of them within {}", seconds(median))).unwrap_or_default()
    };
    // What is seen is part of what is heard, so that whoever speaks to the browser can say it.
    view! {
        <span class="head" class:head--led=live(is_led) role="columnheader">
            <button
                type="button"
                class="head__button"
                data-cell
                tabindex="-1"
                aria-expanded=live(move || is_open().to_string())
                title=name
                on:click=click(move |_| open.set(if is_open() { Open::Nothing } else { Open::Step(index) }))
            >
                <span class="head__number">{index + 1}</span>
                <span class="unseen">". "{title}": "</span>
                <span class="head__passed">{part(move || format!("{}✓", passed()))}</span>
                <span class="unseen">" passed"{part(median)}", "</span>
                <span class="head__stuck" class:head__stuck--some=live(move || { stuck() > 0 })>{part(move || format!("{}!", stuck()))}</span>
                <span class="unseen">" stuck. What went wrong, and more"</span>
            </button>
        </span>
    }
    .into_any()
}

/// What the signs say. `stuck`: as the class may read it.
pub(crate) fn legend(stuck: &'static str) -> AnyView {
    [(CellState::None, "not begun"), (CellState::Working, "working"), (CellState::Stuck, stuck), (CellState::Passed, "passed")]
        .map(|(state, word)| view! { <span class="legend__part">{mark(state)}" "{word}</span> })
        .collect_view()
        .into_any()
}

/// Nobody is here yet: what to do about it.
fn empty(state: BoardState) -> AnyView {
    let join = format!("/teach/classes/{}/join", state.class.get_value());
    let setup = format!("/teach/classes/{}/setup", state.class.get_value());
    let awaited = move || match state.awaited.get() {
        0 => String::new(),
        1 => " One learner is on your list and not here yet.".to_owned(),
        awaited => format!(" {awaited} learners are on your list and not here yet."),
    };
    let ways = match state.platforms.with_value(|platforms| platforms.join(" and ")) {
        platforms if platforms.is_empty() => view! {
            <ol>
                <li><a href=join target="_blank" rel="noopener">"Show the code ↗"</a>" on the projector: learners scan it, or type it on the first page."</li>
                <li>"Or "<a href=setup rel="external">"upload a list of names"</a>" and give each learner a personal link."</li>
            </ol>
        }
        .into_any(),
        platforms => view! {
            <ol>
                <li>{format!("Learners click the link in their course on {platforms}, and are here: they need no code.")}</li>
                <li>"Who is not in the course comes in by "<a href=join target="_blank" rel="noopener">"the code ↗"</a>"."</li>
            </ol>
        }
        .into_any(),
    };
    view! {
        <div class="board__empty">
            <h2>"Nobody is here yet"</h2>
            <p>"Each learner gets a row as soon as they join, and it fills while they work."{live(awaited)}</p>
            {ways}
        </div>
    }
    .into_any()
}

/// Said while the line to the server is lost: what is shown may be old.
#[component]
pub(crate) fn LineNotice(line: RwSignal<Line>) -> impl IntoView {
    view! {
        <div class="line-notice" role="status">
            {part(move || {
                let text = match line.get() {
                    Line::Opening | Line::Open => return None,
                    Line::Lost => "The line to Lunchbox is lost, so this may be old. Trying again…",
                    Line::Gone => "This class is gone, or no longer shared with you.",
                };
                Some(view! { <p class="line-notice__text">{text}</p> })
            })}
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_that_has_no_room_is_left_out_the_reason_after_the_last_command() {
        let rules = columns(14);
        let at = |rule: &str| rules.find(rule).unwrap_or_else(|| panic!("{rule}: {rules}"));
        let (whole, why, here) = ("width < calc(48.0rem + 455px)", "width < calc(30.5rem + 455px)", "width < calc(19.5rem + 455px)");
        assert!(at("minmax(9.0rem,1fr) minmax(11.0rem,1.25fr)") < at(whole), "all of them where there is room: {rules}");
        assert!(at(whole) < at("row__last") && at("row__last") < at(why), "{rules}");
        assert!(at(why) < at("row__why") && at("row__why") < at(here), "{rules}");
        assert!(at(here) < at("row__here"), "{rules}");
    }
}
