//! A learner's way back into their own work, from any computer. It is shown once.

use leptos::{html, prelude::*};

use super::{
    alert::Alert,
    copy::CopyField,
    icon::Icon,
    live::{live, part},
};
use crate::{model::PersonalLink, state::InClass};

/// What it is for, and what to do with it.
const KEEP: &str = "Write the code down, or keep the link: with either you come back to your own work, also from another computer. Keep it to yourself; whoever has it is you. It is shown only now.";

#[component]
pub(crate) fn WayBack(way: PersonalLink) -> impl IntoView {
    let PersonalLink { link, code, .. } = way;
    view! {
        <div class="way-back">
            <p class="way-back__code">
                <span class="way-back__label">"Your code"</span>
                <strong>{code}</strong>
            </p>
            <CopyField label="Your link" text=link />
            <p class="way-back__keep">{KEEP}</p>
        </div>
    }
    .into_any()
}

/// Opens from the bar of the class: makes a new way back, for who has lost theirs.
#[component]
pub(super) fn WayBackDialog(class: InClass, dialog: NodeRef<html::Dialog>) -> impl IntoView {
    let made = class.new_way_back.value();
    let close = move |_| {
        if let Some(dialog) = dialog.get_untracked() {
            dialog.close();
        }
    };
    // A code that has been shown is not shown again.
    let closed = move |_| class.new_way_back.clear();
    let make = move |_| {
        class.new_way_back.dispatch(());
    };
    let pending = class.new_way_back.pending();
    view! {
        <dialog class="dialog" node_ref=dialog aria-labelledby="way-back-title" on:close=closed>
            <h2 class="dialog__title" id="way-back-title">"Your way back"</h2>
            <div class="way-back__place" aria-live="polite">
                {part(move || match made.get() {
                    Some(Ok(way)) => view! { <WayBack way=way /> }.into_any(),
                    Some(Err(error)) => view! { <Alert text=error.message /> }.into_any(),
                    None => {
                        view! {
                            <p>
                                "With a personal link you come back to your own work after you lost this page, or from another computer. The one you were shown before ends as soon as there is a new one."
                            </p>
                        }
                            .into_any()
                    }
                })}
            </div>
            <div class="dialog__buttons">
                <button type="button" class="button" on:click=close>"Close"</button>
                <button
                    type="button"
                    class="button button--primary"
                    hidden=live(move || made.with(|made| matches!(made, Some(Ok(_)))))
                    disabled=pending
                    on:click=make
                >
                    {Icon::Key.view()}
                    "Make a new link"
                </button>
            </div>
        </dialog>
    }
    .into_any()
}
