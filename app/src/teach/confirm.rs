//! Asks before something is done that can't be undone, and says what goes.

use crate::teach::live::{click, live, part};
use leptos::{html, prelude::*};

/// Opens a dialog.
pub(crate) fn open(dialog: NodeRef<html::Dialog>) {
    if let Some(dialog) = dialog.get_untracked() {
        // It throws only where it is open already.
        let _ = dialog.show_modal();
    }
}

pub(crate) fn close(dialog: NodeRef<html::Dialog>) {
    if let Some(dialog) = dialog.get_untracked() {
        dialog.close();
    }
}

#[component]
pub(crate) fn Confirm(
    dialog: NodeRef<html::Dialog>,
    #[prop(into)] title: Signal<String>,
    /// What goes, and what stays.
    #[prop(into)]
    text: Signal<String>,
    /// What the button says that does it.
    #[prop(into)]
    yes: String,
    /// What the other one says.
    #[prop(default = "Keep it")]
    no: &'static str,
    on_yes: Callback<()>,
) -> impl IntoView {
    view! {
        <dialog class="dialog" node_ref=dialog aria-label=live(move || title.get())>
            <h2 class="dialog__title">{part(move || title.get())}</h2>
            <p>{part(move || text.get())}</p>
            <div class="dialog__buttons">
                <button type="button" class="button" autofocus on:click=click(move |_| close(dialog))>{no}</button>
                <button
                    type="button"
                    class="button button--danger"
                    on:click=click(move |_| {
                        close(dialog);
                        on_yes.run(());
                    })
                >
                    {yes}
                </button>
            </div>
        </dialog>
    }
    .into_any()
}
