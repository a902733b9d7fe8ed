//! Something to take along: shown in a field, with a button that copies it.

use leptos::{html, prelude::*};
use wasm_bindgen_futures::JsFuture;

use super::live::live;

/// What stands on the button once it has been pressed. A page that came without TLS, from another machine,
/// has no clipboard: then the text is selected, and one key is left to press.
const COPIED: &str = "Copied";
const SELECTED: &str = "Press Ctrl+C";

#[component]
pub(crate) fn CopyField(label: &'static str, #[prop(into)] text: Signal<String>) -> impl IntoView {
    let field = NodeRef::<html::Input>::new();
    let said = RwSignal::new("Copy");
    let copy = move |_| {
        let clipboard = window().navigator().clipboard();
        let select = move || {
            if let Some(field) = field.get_untracked() {
                field.select();
            }
            said.set(SELECTED);
        };
        if clipboard.is_undefined() {
            return select();
        }
        let written = JsFuture::from(clipboard.write_text(&text.get_untracked()));
        leptos::task::spawn_local(async move {
            match written.await {
                Ok(_) => said.set(COPIED),
                Err(_) => select(),
            }
        });
    };
    view! {
        <div class="copy">
            <label class="copy__label">
                <span>{label}</span>
                <input
                    class="field copy__field"
                    type="text"
                    readonly
                    spellcheck="false"
                    node_ref=field
                    prop:value=live(move || text.get())
                    value=live(move || text.get())
                    on:focus=move |_| {
                        if let Some(field) = field.get_untracked() {
                            field.select();
                        }
                    }
                />
            </label>
            <button type="button" class="button copy__button" on:click=copy>
                <span class="unseen">{label}": "</span>
                <span aria-live="polite">{said}</span>
            </button>
        </div>
    }
    .into_any()
}
