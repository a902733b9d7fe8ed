//! A bar between two panes, moved with the pointer or the arrow keys; Enter or a double click gives
//! the style sheet its say again.

use leptos::{ev, html, prelude::*};

/// How far one press of an arrow key moves it, in pixels.
const KEY_STEP: i32 = 24;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Axis {
    /// Between columns; moves left and right.
    Columns,
    /// Between rows; moves up and down.
    Rows,
}

#[component]
pub(super) fn Splitter(
    axis: Axis,
    label: &'static str,
    /// Where the browser keeps it.
    key: &'static str,
    /// At least, at most.
    range: (i32, i32),
    /// The size of what stands before the bar; none while the style sheet decides.
    value: RwSignal<Option<i32>>,
) -> impl IntoView {
    let (least, most) = range;
    let bar = NodeRef::<html::Div>::new();
    // Where the pointer was and what the value was when it was pressed.
    let held = RwSignal::new(None::<(i32, i32)>);
    let measured = RwSignal::new(least);
    Effect::new(move |_| {
        let kept = storage().and_then(|storage| storage.get_item(key).ok().flatten()).and_then(|text| text.parse::<i32>().ok());
        if let Some(kept) = kept {
            value.set(Some(kept.clamp(least, most)));
        }
    });
    let measure = move || {
        let before = bar.get_untracked().and_then(|bar| bar.previous_element_sibling());
        let size = before.map(|before| if axis == Axis::Columns { before.client_width() } else { before.client_height() });
        size.filter(|size| *size > 0).unwrap_or(least)
    };
    let now = move || value.get_untracked().unwrap_or_else(measure);
    let keep = move || {
        let Some(storage) = storage() else { return };
        // Forbidden storage only means that it is forgotten.
        let _ = match value.get_untracked() {
            Some(value) => storage.set_item(key, &value.to_string()),
            None => storage.remove_item(key),
        };
    };
    let at = move |event: &ev::PointerEvent| if axis == Axis::Columns { event.client_x() } else { event.client_y() };
    let press = move |event: ev::PointerEvent| {
        event.prevent_default();
        // Without capture the bar still follows while the pointer is on it.
        let _ = event_target::<web_sys::Element>(&event).set_pointer_capture(event.pointer_id());
        held.set(Some((at(&event), now())));
    };
    let drag = move |event: ev::PointerEvent| {
        if let Some((from, was)) = held.get_untracked() {
            value.set(Some((was + at(&event) - from).clamp(least, most)));
        }
    };
    let release = move |_: ev::PointerEvent| {
        if held.get_untracked().is_some() {
            held.set(None);
            keep();
        }
    };
    let press_key = move |event: ev::KeyboardEvent| {
        let next = match (event.key().as_str(), axis) {
            ("ArrowLeft", Axis::Columns) | ("ArrowUp", Axis::Rows) => Some(now() - KEY_STEP),
            ("ArrowRight", Axis::Columns) | ("ArrowDown", Axis::Rows) => Some(now() + KEY_STEP),
            ("Home", _) => Some(least),
            ("End", _) => Some(most),
            ("Enter", _) => None,
            _ => return,
        };
        event.prevent_default();
        value.set(next.map(|next| next.clamp(least, most)));
        keep();
    };
    view! {
        <div
            class="splitter"
            class:splitter--columns=axis == Axis::Columns
            class:splitter--rows=axis == Axis::Rows
            class:splitter--held=move || held.get().is_some()
            role="separator"
            tabindex="0"
            node_ref=bar
            aria-label=label
            aria-orientation=if axis == Axis::Columns { "vertical" } else { "horizontal" }
            aria-valuemin=least
            aria-valuemax=most
            aria-valuenow=move || value.get().unwrap_or_else(|| measured.get())
            on:focus=move |_| measured.set(measure())
            on:pointerdown=press
            on:pointermove=drag
            on:pointerup=release
            on:pointercancel=release
            on:dblclick=move |_| {
                value.set(None);
                keep();
            }
            on:keydown=press_key
        ></div>
    }
    .into_any()
}

fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}
