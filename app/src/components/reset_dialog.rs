//! Asks before everything on the learner's host is thrown away.

use leptos::{html, prelude::*};

use super::start;
use crate::state::Work;

#[component]
pub(super) fn ResetDialog(work: Work, dialog: NodeRef<html::Dialog>) -> impl IntoView {
    let close = move || {
        if let Some(dialog) = dialog.get_untracked() {
            dialog.close();
        }
    };
    view! {
        <dialog class="dialog" node_ref=dialog aria-labelledby="reset-title" aria-describedby="reset-text">
            <h2 class="dialog__title" id="reset-title">"Start with a fresh host?"</h2>
            <p id="reset-text">
                "Your containers, images, volumes and files are removed, and so is what you pushed to " <code>"registry.lunchbox"</code>
                ". The shell starts anew. Your progress in the lesson stays."
            </p>
            <div class="dialog__buttons">
                <button type="button" class="button" autofocus on:click=move |_| close()>"Keep it"</button>
                <button
                    type="button"
                    class="button button--danger"
                    on:click=move |_| {
                        close();
                        start::ask(work, work.reset);
                    }
                >
                    "Reset"
                </button>
            </div>
        </dialog>
    }
    .into_any()
}
