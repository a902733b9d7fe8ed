//! A moment to be chosen, on the clock of whoever chooses.

use crate::teach::live::{live, typed};
use leptos::prelude::*;
use wasm_bindgen::JsValue;

#[component]
pub(super) fn Moment(
    label: &'static str,
    note: &'static str,
    /// Unix milliseconds; 0: none.
    at: RwSignal<i64>,
) -> impl IntoView {
    // The server doesn't know the reader's time zone.
    let text = RwSignal::new(String::new());
    Effect::new(move |_| text.set(local(at.get())));
    view! {
        <label class="form__label">
            {label}
            <input
                class="field"
                type="datetime-local"
                prop:value=live(move || text.get())
                on:change=typed(move |event| at.set(unix_ms(&event_target_value(&event))))
            />
            <span class="form__note">{note}</span>
        </label>
    }
    .into_any()
}

/// As the input wants it: `2026-11-27T09:00`. In the browser only.
fn local(at: i64) -> String {
    if at == 0 {
        return String::new();
    }
    let date = js_sys::Date::new(&JsValue::from_f64(at as f64));
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}",
        date.get_full_year(),
        date.get_month() + 1,
        date.get_date(),
        date.get_hours(),
        date.get_minutes()
    )
}

/// What the input says, as unix milliseconds; 0 where it says nothing. In the browser only.
fn unix_ms(text: &str) -> i64 {
    let at = js_sys::Date::new(&JsValue::from_str(text)).get_time();
    if at.is_finite() { at as i64 } else { 0 }
}
