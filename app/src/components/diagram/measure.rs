//! How much space the picture has, as the browser lays it out.

use leptos::{html, prelude::*};
use wasm_bindgen::{JsCast, closure::Closure};

use crate::diagram::Space;

/// Keeps `space` at the element's inner size until the owner goes.
pub(super) fn follow(element: NodeRef<html::Div>, space: RwSignal<Space>) {
    Effect::new(move |_| {
        let Some(element) = element.get() else { return };
        // Made in here, where only browsers come: it belongs to this thread, and goes with the effect.
        let watching = StoredValue::new_local(None);
        let measured = element.clone();
        let changed = Closure::<dyn Fn()>::new(move || {
            let now = Space { width: f64::from(measured.client_width()), height: f64::from(measured.client_height()) };
            // Hidden or not laid out yet: what was measured before holds.
            if now.width > 0.0 && now.height > 0.0 && space.try_get_untracked().is_some_and(|space| space != now) {
                space.set(now);
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
