//! Any other path, and a lesson or step that isn't there.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::components::Header;

#[component]
pub(crate) fn NotFoundPage() -> impl IntoView {
    not_found_status();
    view! {
        <Title text="Not found" />
        <Header />
        <main class="plain-page" id="main">
            <h1>"There is nothing at this address"</h1>
            <p>"The lesson may have been renamed, a certificate deleted with its class, or the address has a typing mistake."</p>
            <p><a class="button button--primary" href="/">"Go to the lessons"</a></p>
        </main>
    }
    .into_any()
}

/// On the server: the response says 404 too.
pub(crate) fn not_found_status() {
    #[cfg(feature = "ssr")]
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(http::StatusCode::NOT_FOUND);
    }
}
