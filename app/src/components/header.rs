//! The bar at the top of every page.

use leptos::prelude::*;

use super::theme_toggle::ThemeToggle;

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
                <svg class="header__logo" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
                    <rect class="header__box" x="2" y="5" width="28" height="22" rx="6"></rect>
                    <rect class="header__rice" x="6" y="9" width="11" height="14" rx="3"></rect>
                    <rect class="header__egg" x="19" y="9" width="7" height="6" rx="2"></rect>
                    <rect class="header__tomato" x="19" y="17" width="7" height="6" rx="2"></rect>
                </svg>
                <span>"Lunchbox"</span>
            </a>
            <div class="header__middle">{children.map(|children| children())}</div>
            <ThemeToggle />
        </header>
    }
    .into_any()
}
