//! A table of what one can do something about, with the question before what can't be undone.

use leptos::{ev, html, prelude::*};

use crate::teach::{
    confirm::{self, Confirm},
    live::{Done, click},
};

/// `buttons`: what the last column, which has them, is called for who can't see it.
pub(crate) fn table(heads: &[&'static str], buttons: &'static str, rows: AnyView) -> AnyView {
    let heads = heads.iter().map(|head| view! { <th scope="col">{*head}</th> }).collect_view();
    view! {
        <table class="plain-table">
            <thead><tr>{heads}<th scope="col"><span class="unseen">{buttons}</span></th></tr></thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

/// A question about one of several.
pub(crate) struct Question<T: Send + Sync + 'static> {
    dialog: NodeRef<html::Dialog>,
    about: RwSignal<Option<T>>,
}

impl<T: Send + Sync> Clone for Question<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync> Copy for Question<T> {}

impl<T: Clone + Send + Sync> Question<T> {
    pub(crate) fn new() -> Self {
        Self { dialog: NodeRef::new(), about: RwSignal::new(None) }
    }

    /// Asks about this one, at a click.
    pub(crate) fn ask(self, about: T) -> Done<ev::MouseEvent> {
        click(move |_| {
            self.about.set(Some(about.clone()));
            confirm::open(self.dialog);
        })
    }

    /// The dialog. `text`: what goes, and what stays. `yes`: what the button says that does it.
    pub(crate) fn dialog(
        self,
        title: fn(&T) -> String,
        text: &'static str,
        yes: &'static str,
        on_yes: impl Fn(T) + Send + Sync + 'static,
    ) -> AnyView {
        let title = move || self.about.with(|about| about.as_ref().map(title).unwrap_or_default());
        let on_yes = Callback::new(move |()| {
            if let Some(about) = self.about.get_untracked() {
                on_yes(about);
            }
        });
        view! { <Confirm dialog=self.dialog title=Signal::derive(title) text=text yes=yes on_yes=on_yes /> }.into_any()
    }
}
