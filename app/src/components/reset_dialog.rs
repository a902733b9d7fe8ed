//! Asks what shall be started anew: the shell alone, or the learner's whole host, where everything on it is
//! thrown away.

use leptos::{html, prelude::*};

use super::{start, terminal};
use crate::state::Work;

/// As one text: what is a view is code in the bundle.
const CHOICE: &str = "<p><strong>New shell:</strong> what runs in the terminal is ended, also where Ctrl+C doesn't end it. \
Files, images and containers stay.</p>\
<p><strong>Fresh host:</strong> your containers, images, volumes and files are removed, and so is what you pushed to \
<code>registry.lunchbox</code>. Your progress in the lesson stays.</p>";

#[component]
pub(super) fn ResetDialog(work: Work, dialog: NodeRef<html::Dialog>) -> impl IntoView {
    let close = move || {
        if let Some(dialog) = dialog.get_untracked() {
            dialog.close();
        }
    };
    view! {
        <dialog class="dialog" node_ref=dialog aria-labelledby="reset-title" aria-describedby="reset-text">
            <h2 class="dialog__title" id="reset-title">"A new shell, or a fresh host?"</h2>
            <div class="dialog__text" id="reset-text" inner_html=CHOICE></div>
            <div class="dialog__buttons">
                <button type="button" class="button" autofocus on:click=move |_| close()>"Keep both"</button>
                <button
                    type="button"
                    class="button button--primary"
                    on:click=move |_| {
                        close();
                        terminal::renew();
                    }
                >
                    "New shell"
                </button>
                <button
                    type="button"
                    class="button button--danger"
                    on:click=move |_| {
                        close();
                        start::ask(work, work.reset);
                    }
                >
                    "Fresh host"
                </button>
            </div>
        </dialog>
    }
    .into_any()
}
