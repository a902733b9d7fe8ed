//! System, light or dark. The choice is kept in the browser; the script in the document's head
//! (`shell/theme.js`) turns it into `data-theme`.

use leptos::{ev, prelude::*};

use super::icon::Icon;

/// Where the choice is kept, and the event that says it has changed. As in `shell/theme.js`.
const KEY: &str = "lunchbox.theme";
const CHANGED: &str = "lunchbox:theme";

const CHOICES: [(&str, &str, Icon); 3] =
    [("system", "Theme: as the system", Icon::Screen), ("light", "Theme: light", Icon::Sun), ("dark", "Theme: dark", Icon::Moon)];

#[component]
pub(crate) fn ThemeToggle() -> impl IntoView {
    let choice = RwSignal::new(0);
    Effect::new(move |_| {
        let kept = storage().and_then(|storage| storage.get_item(KEY).ok().flatten());
        if let Some(index) = CHOICES.iter().position(|(name, ..)| Some(*name) == kept.as_deref()) {
            choice.set(index);
        }
    });
    let next = move |_: ev::MouseEvent| {
        choice.update(|index| *index = (*index + 1) % CHOICES.len());
        if let Some(storage) = storage() {
            // A full or forbidden storage only means that the choice is forgotten.
            let _ = storage.set_item(KEY, CHOICES[choice.get_untracked()].0);
        }
        if let Ok(event) = web_sys::Event::new(CHANGED) {
            let _ = window().dispatch_event(&event);
        }
    };
    view! {
        <button
            type="button"
            class="button button--quiet button--icon"
            on:click=next
            aria-label=move || format!("{}. Change it", CHOICES[choice.get()].1)
            title=move || CHOICES[choice.get()].1
        >
            {move || CHOICES[choice.get()].2.view()}
        </button>
    }
    .into_any()
}

fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}
