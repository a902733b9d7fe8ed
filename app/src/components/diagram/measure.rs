//! How much space the picture has, as the browser lays it out, and how large it is drawn.

use leptos::{html, prelude::*};
use wasm_bindgen::{JsCast, closure::Closure};

use crate::diagram::Space;

/// On a window as wide as this, a projector's for one, everything is drawn larger; the style sheet
/// (`bench.css`) does the same with the text around it.
const WIDE_WINDOW: f64 = 1600.0;
const LARGER: f64 = 1.2;

/// What there is to draw on, in the picture's own units, and how many pixels such a unit is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Measured {
    pub(super) space: Space,
    pub(super) scale: f64,
}

impl Measured {
    fn now(element: &web_sys::HtmlDivElement) -> Self {
        let window = window().inner_width().ok().and_then(|width| width.as_f64()).unwrap_or_default();
        let scale = if window >= WIDE_WINDOW { LARGER } else { 1.0 };
        let length = |pixels: i32| f64::from(pixels) / scale;
        Self { space: Space { width: length(element.client_width()), height: length(element.client_height()) }, scale }
    }
}

/// Keeps `measured` at the element's inner size until the owner goes.
pub(super) fn follow(element: NodeRef<html::Div>, measured: RwSignal<Measured>) {
    Effect::new(move |_| {
        let Some(element) = element.get() else { return };
        // Made in here, where only browsers come: it belongs to this thread, and goes with the effect.
        let watching = StoredValue::new_local(None);
        let body = element.clone();
        let changed = Closure::<dyn Fn()>::new(move || {
            let now = Measured::now(&body);
            // Hidden or not laid out yet: what was measured before holds.
            if now.space.width > 0.0 && now.space.height > 0.0 && measured.try_get_untracked().is_some_and(|before| before != now) {
                measured.set(now);
            }
        });
        if let Ok(observer) = web_sys::ResizeObserver::new(changed.as_ref().unchecked_ref()) {
            observer.observe(&element);
            watching.set_value(Some(Watching { observer, _changed: changed }));
        }
    });
}

struct Watching {
    observer: web_sys::ResizeObserver,
    _changed: Closure<dyn Fn()>,
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}
