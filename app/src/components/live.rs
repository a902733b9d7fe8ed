//! Parts of a view that change, all of few types. What a view does with a closure is compiled once for each
//! closure, some kilobytes every time; with these, once for each type of what the closure returns.

use std::sync::{Arc, Mutex};

use leptos::prelude::*;

pub(crate) type Live<T> = Arc<Mutex<dyn FnMut() -> T + Send>>;

/// An attribute or a text that changes.
pub(crate) fn live<T: 'static>(value: impl FnMut() -> T + Send + 'static) -> Live<T> {
    Arc::new(Mutex::new(value))
}

/// A child that changes.
pub(crate) fn part<V: IntoAny>(mut view: impl FnMut() -> V + Send + 'static) -> Live<AnyView> {
    Arc::new(Mutex::new(move || view().into_any()))
}
