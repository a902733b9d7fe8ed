//! Parts of a view that change, and what is done at a click, all of few types. What a view does with a closure
//! is compiled once for each closure, a kilobyte or more every time; with these, once for each type of what
//! the closure takes or returns.

use leptos::ev;

pub(crate) use crate::components::live::{Live, live, part};

/// What is done at an event.
pub(crate) type Done<E> = Box<dyn FnMut(E)>;

pub(crate) fn click(run: impl FnMut(ev::MouseEvent) + 'static) -> Done<ev::MouseEvent> {
    Box::new(run)
}

pub(crate) fn submitted(run: impl FnMut(ev::SubmitEvent) + 'static) -> Done<ev::SubmitEvent> {
    Box::new(run)
}

/// Of `input` and `change`.
pub(crate) fn typed(run: impl FnMut(ev::Event) + 'static) -> Done<ev::Event> {
    Box::new(run)
}
