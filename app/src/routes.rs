//! The one table of page paths.

#![expect(unreachable_pub, reason = "leptos' component macro makes every component `pub`")]

use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::{
    SsrMode,
    components::{Route, Router, Routes},
    path,
};

use crate::pages::{CertificatePage, ComeBackPage, HomePage, JoinPage, LessonEntryPage, LessonPage, NotFoundPage};

/// Lunchbox's pages.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    mark_hydrated();
    view! {
        <Title formatter=page_title />
        <Router>
            <Routes fallback=NotFoundPage>
                <Route path=path!("/") view=HomePage ssr=SsrMode::Async />
                <Route path=path!("/lessons/:slug") view=LessonEntryPage ssr=SsrMode::Async />
                <Route path=path!("/lessons/:slug/:step") view=LessonPage ssr=SsrMode::Async />
                // Before a class's code, which `back` is none of.
                <Route path=path!("/join/back/:code?") view=ComeBackPage ssr=SsrMode::Async />
                <Route path=path!("/join/:code?") view=JoinPage ssr=SsrMode::Async />
                <Route path=path!("/certificates/:id") view=CertificatePage ssr=SsrMode::Async />
            </Routes>
        </Router>
    }
}

/// What the browser's tab says. The server writes it into the page's head as it is (leptos_meta 0.8), so that names
/// in it are escaped here; the browser takes it as text.
pub(crate) fn page_title(title: String) -> String {
    let title = if cfg!(feature = "ssr") { title.replace('&', "&amp;").replace('<', "&lt;") } else { title };
    if title.is_empty() { "Lunchbox".to_owned() } else { format!("{title} · Lunchbox") }
}

/// Sets `data-hydrated` on `<html>`: from then on the page answers to clicks. Tests wait for it.
pub(crate) fn mark_hydrated() {
    Effect::new(|| {
        if let Some(root) = document().document_element() {
            // Setting an attribute with a valid name can't fail.
            let _ = root.set_attribute("data-hydrated", "");
        }
    });
}
