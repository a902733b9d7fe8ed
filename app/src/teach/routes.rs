//! The tables of the instructors' page paths: the board's bundle, and that of all else.

use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::{
    SsrMode,
    components::{Route, Router, Routes},
    path,
};

use super::{frame::Signed, pages::NothingHere};
use crate::routes::{mark_hydrated, page_title};

/// A class's board, beside it a learner, and the board as it is projected.
#[cfg(any(feature = "ssr", feature = "teach"))]
#[component]
pub fn TeachApp() -> impl IntoView {
    use super::pages::{BoardPage, ProjectorPage};

    begin();
    view! {
        <Title formatter=page_title />
        <Router>
            <Routes fallback=NothingHere>
                <Route path=path!("/teach/classes/:id") view=BoardPage ssr=SsrMode::Async />
                <Route path=path!("/teach/classes/:id/projector") view=ProjectorPage ssr=SsrMode::Async />
            </Routes>
        </Router>
    }
}

/// Getting in, classes and their settings, one's account, and the machine.
#[cfg(any(feature = "ssr", feature = "desk"))]
#[component]
pub fn DeskApp() -> impl IntoView {
    use super::pages::{AccountPage, AdminPage, ClassesPage, PlatformsPage, SetupPage, SignInPage, WelcomePage};

    begin();
    view! {
        <Title formatter=page_title />
        <Router>
            <Routes fallback=NothingHere>
                <Route path=path!("/teach") view=ClassesPage ssr=SsrMode::Async />
                <Route path=path!("/teach/sign-in") view=SignInPage ssr=SsrMode::Async />
                <Route path=path!("/teach/welcome/:token") view=WelcomePage ssr=SsrMode::Async />
                <Route path=path!("/teach/account") view=AccountPage ssr=SsrMode::Async />
                <Route path=path!("/teach/admin") view=AdminPage ssr=SsrMode::Async />
                <Route path=path!("/teach/platforms") view=PlatformsPage ssr=SsrMode::Async />
                <Route path=path!("/teach/classes/:id/setup") view=SetupPage ssr=SsrMode::Async />
            </Routes>
        </Router>
    }
}

fn begin() {
    provide_meta_context();
    mark_hydrated();
    Signed::provide();
}
