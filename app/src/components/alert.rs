//! Something went wrong: said once, where it is seen and heard.

use leptos::prelude::*;

#[component]
pub(crate) fn Alert(#[prop(into)] text: String) -> impl IntoView {
    view! { <p class="alert" role="alert">{text}</p> }.into_any()
}
