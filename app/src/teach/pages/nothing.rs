//! Any other path, and a class that isn't there or isn't one's own.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    pages::not_found_status,
    teach::frame::{Bar, HOME},
};

#[component]
pub(crate) fn NothingHere() -> impl IntoView {
    not_found_status();
    view! {
        <Title text="Not found" />
        <Bar />
        <main class="plain-page" id="main">
            <h1>"There is nothing at this address"</h1>
            <p>"The class may have been deleted, or it is another instructor's and not shared with you."</p>
            <p><a class="button button--primary" href=HOME rel="external">"Go to your classes"</a></p>
        </main>
    }
    .into_any()
}
