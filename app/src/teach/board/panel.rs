//! What stands beside the board: a learner or a step.

use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use super::{
    state::{BoardState, Open},
    step_card::StepCard,
};
use crate::teach::{
    live::{click, live, part},
    watch::Watch,
};

#[component]
pub(crate) fn SidePanel(state: BoardState, open: RwSignal<Open>) -> impl IntoView {
    // The title takes the focus, so that a screen reader begins there; closing gives it back to the board.
    Effect::new(move |before: Option<Open>| {
        let now = open.get();
        if now != Open::Nothing && before.is_some() {
            request_animation_frame(|| crate::teach::frame::focus("side-title"));
        }
        now
    });
    // For as long as the page is open: who wants to see one terminal large wants to see the next one so.
    let wide = RwSignal::new(false);
    part(move || {
        let inner = match open.get() {
            Open::Nothing => return ().into_any(),
            Open::Learner(place) => view! { <Watch state=state place=place open=open /> }.into_any(),
            Open::Step(index) => view! { <StepCard state=state index=index open=open /> }.into_any(),
        };
        view! {
            <section class="pane side" class:side--wide=live(move || wide.get()) aria-labelledby="side-title">
                <button
                    type="button"
                    class="button button--quiet side__wide"
                    aria-label="Over the whole page"
                    title="Over the whole page"
                    aria-pressed=live(move || wide.get().to_string())
                    on:click=click(move |_| wide.update(|wide| *wide = !*wide))
                >
                    "⤢"
                </button>
                <button type="button" class="button button--quiet side__close" aria-label="Close" title="Close" on:click=click(move |_| close(open))>"✕"</button>
                {inner}
            </section>
        }
        .into_any()
    })
}

/// Puts away what stands beside the board, and gives the focus back to where it was opened.
fn close(open: RwSignal<Open>) {
    let from = match open.get_untracked() {
        Open::Nothing => return,
        Open::Learner(place) => format!("[data-place=\"{place}\"] [data-cell]"),
        Open::Step(_) => ".head__button[aria-expanded=\"true\"]".to_owned(),
    };
    let from = document().query_selector(&from).ok().flatten().and_then(|from| from.dyn_into::<HtmlElement>().ok());
    open.set(Open::Nothing);
    if let Some(from) = from {
        // Only what is not on the page can't take the focus: the board is, as soon as it is seen again.
        request_animation_frame(move || drop(from.focus()));
    }
}

/// Escape closes it: not out of a dialog, which it closes itself, not out of what was written in a field, and not while
/// one types in a learner's terminal, where it is a key like others.
pub(crate) fn escape(event: &ev::KeyboardEvent, open: RwSignal<Open>) {
    if event.key() != "Escape" {
        return;
    }
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let is_in = |place: &str| target.as_ref().is_some_and(|target| target.closest(place).ok().flatten().is_some());
    if is_in("dialog, .field:not(:placeholder-shown)") || is_in(".watch:has(.assist--on) lunchbox-terminal") {
        return;
    }
    event.stop_propagation();
    close(open);
}
