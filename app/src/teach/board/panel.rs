//! What stands beside the board: a learner or a step.

use leptos::prelude::*;

use super::{
    state::{BoardState, Open},
    step_card::StepCard,
};
use crate::teach::{
    live::{click, part},
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
    let close = move |_| {
        let was = open.get_untracked();
        open.set(Open::Nothing);
        if let Open::Learner(place) = was {
            crate::teach::watch::focus_row(&place);
        }
    };
    part(move || {
        let inner = match open.get() {
            Open::Nothing => return ().into_any(),
            Open::Learner(place) => view! { <Watch state=state place=place open=open /> }.into_any(),
            Open::Step(index) => view! { <StepCard state=state index=index open=open /> }.into_any(),
        };
        view! {
            <section class="pane side" aria-labelledby="side-title">
                <button type="button" class="button button--quiet side__close" aria-label="Close" title="Close" on:click=click(close)>"✕"</button>
                {inner}
            </section>
        }
        .into_any()
    })
}
