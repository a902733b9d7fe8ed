//! The bar at the top of every page.

use leptos::prelude::*;

use super::{logo::logo, theme_toggle::ThemeToggle};

#[component]
pub(crate) fn Header(
    /// What stands beside the name: the lesson, how far one is.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <header class="header">
            <a class="skip" href="#main">"Skip to the content"</a>
            <a class="header__home" href="/">
                {logo("header__logo")}
                <span>"Lunchbox"</span>
            </a>
            <div class="header__middle">{children.map(|children| children())}</div>
            <ThemeToggle />
        </header>
    }
    .into_any()
}
