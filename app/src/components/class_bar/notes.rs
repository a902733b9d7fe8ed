//! Notes from whoever teaches, until they are put away.

use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::{Icon, live};
use crate::{
    components::when::{Shown, When},
    diagram::plural,
    model::Note,
    state::{InClass, SeatAsk, from},
};

#[component]
pub(super) fn NotesButton(class: InClass, open: RwSignal<bool>) -> impl IntoView {
    let count = Memo::new(move |_| class.read(|seat| seat.notes.len()));
    view! {
        <button
            type="button"
            class="button button--quiet"
            hidden=live(move || count.get() == 0)
            aria-expanded=live(move || open.get().to_string())
            aria-controls="class-notes"
            on:click=move |_| open.update(|open| *open = !*open)
        >
            {Icon::Note.view()}
            {live(move || plural(count.get(), "note"))}
        </button>
    }
    .into_any()
}

/// Over the page; it takes no focus when it comes.
#[component]
pub(super) fn Notes(class: InClass, open: RwSignal<bool>) -> impl IntoView {
    let notes = Memo::new(move |_| class.read(|seat| seat.notes.clone()));
    view! {
        <div class="notes" id="class-notes" role="region" aria-label="Notes from your instructor" hidden=live(move || !open.get() || notes.with(Vec::is_empty))>
            <ul class="notes__list" role="list">
                <For each=move || notes.get().into_iter().rev() key=|note| note.id.clone() let:note>
                    <NoteCard class=class note=note />
                </For>
            </ul>
        </div>
    }
    .into_any()
}

#[component]
fn NoteCard(class: InClass, note: Note) -> impl IntoView {
    let away = {
        let id = note.id.clone();
        move |_| {
            class.ask.dispatch(SeatAsk::PutAway { note: id.clone() });
            // What had the focus goes; its neighbour, or the bar, is where one goes on.
            keep_focus();
        }
    };
    view! {
        <li class="note" class:note--to-all=note.to_all>
            <p class="note__from">{from(&note)}" · "<When at=note.at shown=Shown::Clock /></p>
            <p class="note__text">{words(&note.text)}</p>
            <button type="button" class="button note__away" on:click=away>"Got it"</button>
        </li>
    }
    .into_any()
}

/// As text alone, with what stands between two backticks as code.
fn words(text: &str) -> Vec<AnyView> {
    parts(text)
        .into_iter()
        .map(|(is_code, part)| if is_code { view! { <code>{part}</code> }.into_any() } else { part.into_any() })
        .collect()
}

/// Whether it is code, and the text. A backtick without its other is one.
fn parts(text: &str) -> Vec<(bool, String)> {
    let closed = text.matches('`').count() / 2 * 2;
    let parts = text.splitn(closed + 1, '`').enumerate();
    parts.filter(|(_, part)| !part.is_empty()).map(|(index, part)| (index % 2 == 1, part.to_owned())).collect()
}

fn keep_focus() {
    let active = document().active_element();
    let buttons = document().query_selector_all(".note__away").ok();
    let other = buttons.and_then(|buttons| {
        let buttons =
            (0..buttons.length()).filter_map(|index| buttons.get(index)).filter_map(|node| node.dyn_into::<web_sys::Element>().ok());
        buttons.into_iter().find(|button| Some(button) != active.as_ref())
    });
    let next = other.or_else(|| document().get_element_by_id("class-bar"));
    if let Some(next) = next.and_then(|next| next.dyn_into::<web_sys::HtmlElement>().ok()) {
        // Only a detached element can't take the focus.
        let _ = next.focus();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(bool, &str)]) {
        let expected: Vec<_> = expected.iter().map(|(is_code, part)| (*is_code, (*part).to_owned())).collect();
        assert_eq!(parts(text), expected, "{text}");
    }

    #[test]
    fn what_stands_between_two_backticks_is_code() {
        check("Look at the port.", &[(false, "Look at the port.")]);
        check(
            "Try `docker ps -a`, then `docker rm`.",
            &[(false, "Try "), (true, "docker ps -a"), (false, ", then "), (true, "docker rm"), (false, ".")],
        );
        check("```\ndocker ps\n```", &[(true, "\ndocker ps\n")]);
    }

    #[test]
    fn a_backtick_alone_is_one_and_markup_is_text() {
        check("a ` alone", &[(false, "a ` alone")]);
        check("`one` and ` two", &[(true, "one"), (false, " and ` two")]);
        check("`<b>`", &[(true, "<b>")]);
    }
}
