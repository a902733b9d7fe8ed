//! The page's side of `<lunchbox-terminal>` (`app/browser/src`): the element owns all that is in it.

use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};

/// The element's name and the method that types a command.
const ELEMENT: &str = "lunchbox-terminal";

/// Types the command, presses Enter and moves the focus there; where the line is closed, once it is open
/// again. False where there is no terminal yet.
pub(super) fn run(command: &str) -> bool {
    call("run", Some(command))
}

/// Moves the focus into the terminal.
pub(super) fn focus() {
    call("focus", None);
}

/// Ends what runs in the terminal and has a fresh shell there; the focus moves into it.
pub(super) fn renew() {
    call("renew", None);
}

/// Sets the terminal's font larger (positive) or smaller.
pub(super) fn zoom(steps: i32) -> bool {
    call("zoom", Some(&steps.to_string()))
}

/// Turns on or off what screen readers need in the terminal.
pub(super) fn set_screen_reader(on: bool) -> bool {
    call("screenReader", Some(if on { "on" } else { "off" }))
}

fn call(method: &str, argument: Option<&str>) -> bool {
    let Some(element) = document().query_selector(ELEMENT).ok().flatten() else { return false };
    let Ok(Ok(function)) = js_sys::Reflect::get(&element, &JsValue::from_str(method)).map(|value| value.dyn_into::<js_sys::Function>())
    else {
        return false;
    };
    let argument = argument.map_or(JsValue::UNDEFINED, JsValue::from_str);
    function.call1(&element, &argument).is_ok_and(|done| done.is_truthy())
}
