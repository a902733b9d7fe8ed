//! Who looks at the learner's terminal, and who types in it: only with the learner's word, which they can
//! take back at any time.

use leptos::prelude::*;

use super::{Icon, live};
use crate::{
    model::Assist,
    state::{InClass, SeatAsk, watching},
};

#[component]
pub(super) fn Watching(class: InClass) -> impl IntoView {
    let text = Memo::new(move |_| class.read(watching));
    view! {
        <p class="class-bar__watched" hidden=live(move || text.with(String::is_empty)) title="Your terminal is seen, not touched: to type in it, they must ask you first.">
            {Icon::Eye.view()}
            <span>{text}</span>
        </p>
    }
    .into_any()
}

#[component]
pub(super) fn Assisting(class: InClass, assist: Assist) -> impl IntoView {
    let Assist { who, granted } = assist;
    let asked = StoredValue::new(who.clone());
    let answer = move |allow| {
        move |_| {
            if !class.ask.pending().get_untracked() {
                class.ask.dispatch(SeatAsk::Assist { who: asked.get_value(), allow });
            }
        }
    };
    let buttons = if granted {
        view! { <button type="button" class="button button--danger" on:click=answer(false)>"End"</button> }.into_any()
    } else {
        view! {
            <button type="button" class="button button--primary" on:click=answer(true)>"Allow"</button>
            <button type="button" class="button" on:click=answer(false)>"No"</button>
        }
        .into_any()
    };
    view! {
        <div class="assist" role="group" aria-labelledby="assist-text">
            {Icon::Keyboard.view()}
            <p class="assist__text" id="assist-text">
                {if granted { format!("{who} can type in your terminal") } else { format!("{who} asks to type in your terminal") }}
            </p>
            {buttons}
        </div>
    }
    .into_any()
}
