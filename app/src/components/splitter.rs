//! A bar between two panes, moved with the pointer or the arrow keys.

use leptos::{ev, prelude::*};

/// How far one press of an arrow key moves it, in pixels.
const KEY_STEP: f64 = 24.0;

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
    /// At first, at least, at most.
    range: (f64, f64, f64),
    value: RwSignal<f64>,
) -> impl IntoView {
    let (first, least, most) = range;
    // Where the pointer was and what the value was when it was pressed.
    let held = RwSignal::new(None::<(f64, f64)>);
    Effect::new(move |_| {
        let kept = storage().and_then(|storage| storage.get_item(key).ok().flatten()).and_then(|text| text.parse::<f64>().ok());
        if let Some(kept) = kept.filter(|kept| kept.is_finite()) {
            value.set(kept.clamp(least, most));
        }
    });
    let keep = move || {
        if let Some(storage) = storage() {
            // Forbidden storage only means that it is forgotten.
            let _ = storage.set_item(key, &value.get_untracked().to_string());
        }
    };
    let at = move |event: &ev::PointerEvent| f64::from(if axis == Axis::Columns { event.client_x() } else { event.client_y() });
    let press = move |event: ev::PointerEvent| {
        event.prevent_default();
        // Without capture the bar still follows while the pointer is on it.
        let _ = event_target::<web_sys::Element>(&event).set_pointer_capture(event.pointer_id());
        held.set(Some((at(&event), value.get_untracked())));
    };
    let drag = move |event: ev::PointerEvent| {
        if let Some((from, was)) = held.get_untracked() {
            value.set((was + at(&event) - from).clamp(least, most));
        }
    };
    let release = move |_: ev::PointerEvent| {
        if held.get_untracked().is_some() {
            held.set(None);
            keep();
        }
    };
    let press_key = move |event: ev::KeyboardEvent| {
        let now = value.get_untracked();
        let next = match (event.key().as_str(), axis) {
            ("ArrowLeft", Axis::Columns) | ("ArrowUp", Axis::Rows) => now - KEY_STEP,
            ("ArrowRight", Axis::Columns) | ("ArrowDown", Axis::Rows) => now + KEY_STEP,
            ("Home", _) => least,
            ("End", _) => most,
            ("Enter", _) => first,
            _ => return,
        };
        event.prevent_default();
        value.set(next.clamp(least, most));
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
            aria-label=label
            aria-orientation=if axis == Axis::Columns { "vertical" } else { "horizontal" }
            aria-valuemin=least
            aria-valuemax=most
            aria-valuenow=move || value.get()
            on:pointerdown=press
            on:pointermove=drag
            on:pointerup=release
            on:pointercancel=release
            on:dblclick=move |_| {
                value.set(first);
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
