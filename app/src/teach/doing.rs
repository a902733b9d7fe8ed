//! Something that is asked of the server at a click: whether it is on its way, and what went wrong.
//!
//! One small thing for all of them instead of an action a server function: each of those brings some
//! kilobytes of code into the browser.

use std::{future::Future, pin::Pin};

use leptos::prelude::*;

use crate::{
    api::ApiError,
    components::Alert,
    teach::live::{Live, live, part},
};

#[derive(Clone, Copy)]
pub(crate) struct Doing {
    pub(crate) pending: RwSignal<bool>,
    /// What went wrong last, in plain text.
    pub(crate) problem: RwSignal<Option<String>>,
}

/// What is to be done with the answer, once it is there.
type Then = Box<dyn FnOnce()>;
type Asked = Pin<Box<dyn Future<Output = Result<Then, ApiError>>>>;

impl Doing {
    pub(crate) fn new() -> Self {
        Self { pending: RwSignal::new(false), problem: RwSignal::new(None) }
    }

    /// Asks, unless something is being asked already; `then` hears what was answered.
    pub(crate) fn ask<T: 'static>(self, asked: impl Future<Output = Result<T, ApiError>> + 'static, then: impl FnOnce(T) + 'static) {
        self.await_boxed(Box::pin(async move { asked.await.map(|value| Box::new(move || then(value)) as Then) }));
    }

    /// The same for all of them, so that it is compiled once.
    fn await_boxed(self, asked: Asked) {
        if self.pending.get_untracked() {
            return;
        }
        // The button is disabled meanwhile, and loses the focus: who works by keyboard would begin at the top again.
        let had_focus = document().active_element();
        self.pending.set(true);
        self.problem.set(None);
        leptos::task::spawn_local(async move {
            let answer = asked.await;
            // Who asked may have gone to another page meanwhile: then nobody hears the answer.
            if self.pending.try_set(false).is_some() {
                return;
            }
            match answer {
                Ok(then) => then(),
                Err(error) if error.is_not_signed_in() => super::frame::go_to_sign_in(),
                Err(error) => self.problem.set(Some(error.message)),
            }
            request_animation_frame(move || super::frame::focus_again(had_focus));
        });
    }

    /// `words` while nothing is on its way.
    pub(crate) fn label(self, words: &'static str, meanwhile: &'static str) -> Live<&'static str> {
        live(move || if self.pending.get() { meanwhile } else { words })
    }

    /// What went wrong, where one looks for it; takes no room until then.
    pub(crate) fn alert(self) -> AnyView {
        view! { <div class="problem-place">{part(move || self.problem.get().map(|text| view! { <Alert text=text /> }))}</div> }.into_any()
    }
}
