//! The table of the instructors' page paths.

use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::{
    SsrMode,
    components::{Route, Router, Routes},
    path,
};

use super::{
    frame::Signed,
    pages::{AccountPage, AdminPage, BoardPage, ClassesPage, NothingHere, ProjectorPage, SetupPage, SignInPage, WelcomePage},
};
use crate::routes::mark_hydrated;

/// Lunchbox's pages for instructors.
#[component]
pub fn TeachApp() -> impl IntoView {
    provide_meta_context();
    mark_hydrated();
    Signed::provide();
    view! {
        <Title formatter=|title: String| format!("{title} · Lunchbox") />
        <Router>
            <Routes fallback=NothingHere>
                <Route path=path!("/teach") view=ClassesPage ssr=SsrMode::Async />
                <Route path=path!("/teach/sign-in") view=SignInPage ssr=SsrMode::Async />
                <Route path=path!("/teach/welcome/:token") view=WelcomePage ssr=SsrMode::Async />
                <Route path=path!("/teach/account") view=AccountPage ssr=SsrMode::Async />
                <Route path=path!("/teach/admin") view=AdminPage ssr=SsrMode::Async />
                <Route path=path!("/teach/classes/:id") view=BoardPage ssr=SsrMode::Async />
                <Route path=path!("/teach/classes/:id/setup") view=SetupPage ssr=SsrMode::Async />
                <Route path=path!("/teach/classes/:id/projector") view=ProjectorPage ssr=SsrMode::Async />
            </Routes>
        </Router>
    }
}
