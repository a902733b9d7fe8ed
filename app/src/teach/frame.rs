//! What every page has around it: the bar at the top, who is signed in, and what is shown where one isn't.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::{components::Redirect, hooks::use_location};
use wasm_bindgen::JsCast;

use super::{
    doing::Doing,
    live::{click, part},
    load::{Answer, Ask, Loaded, resource, suspended},
    pages::NothingHere,
};
use crate::{
    api::{self, ApiError},
    components::{Alert, ThemeToggle, logo},
};

/// Where one signs in.
pub(crate) const SIGN_IN: &str = "/teach/sign-in";
/// The first page.
pub(crate) const HOME: &str = "/teach";

/// Who is signed in, asked once a page.
#[derive(Clone, Copy)]
pub(crate) struct Signed(Resource<Answer>);

impl Signed {
    pub(crate) fn provide() {
        provide_context(Self(resource(Memo::new(|_| Ask::Me))));
    }
}

/// Goes to another page and begins anew there: nothing that was known of whoever was signed in stays.
pub(crate) fn leave_for(path: &str) {
    // It fails only where the address can't be read as one.
    let _ = window().location().set_href(path);
}

/// Moves the focus to what has this ID.
pub(crate) fn focus(id: &str) {
    give_focus(document().get_element_by_id(id));
}

fn give_focus(to: Option<web_sys::Element>) {
    if let Some(element) = to.and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok()) {
        // Only a detached element can't take the focus.
        let _ = element.focus();
    }
}

/// Where it has gone from something that is still there, and to nothing else.
pub(crate) fn focus_again(from: Option<web_sys::Element>) {
    let is_nowhere = document().active_element().is_none_or(|element| element.tag_name() == "BODY");
    give_focus(from.filter(|element| is_nowhere && element.is_connected()));
}

/// The session has ended while the page was open.
pub(crate) fn go_to_sign_in() {
    let location = window().location();
    let here = format!("{}{}", location.pathname().unwrap_or_default(), location.search().unwrap_or_default());
    leave_for(&sign_in_path(&here));
}

fn sign_in_path(next: &str) -> String {
    let next: String = as_value(next);
    format!("{SIGN_IN}?next={next}")
}

/// An address as a value in another's query: what would end or split it is escaped.
fn as_value(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            '%' => "%25".to_owned(),
            '&' => "%26".to_owned(),
            '#' => "%23".to_owned(),
            '+' => "%2B".to_owned(),
            '?' => "%3F".to_owned(),
            '=' => "%3D".to_owned(),
            ' ' => "%20".to_owned(),
            other => other.to_string(),
        })
        .collect()
}

/// Where to go after signing in: one of our own pages, whatever the address says.
pub(crate) fn next_page(asked: Option<String>) -> String {
    match asked {
        Some(path) if path == HOME || path.starts_with("/teach/") => path,
        _ => HOME.to_owned(),
    }
}

/// What is shown where a page's content could not be had.
pub(crate) fn failed(error: ApiError) -> AnyView {
    if error.is_not_signed_in() {
        let location = use_location();
        let query = location.search.get_untracked();
        let query = query.trim_start_matches('?');
        let path = location.pathname.get_untracked();
        let here = if query.is_empty() { path } else { format!("{path}?{query}") };
        if cfg!(feature = "ssr") {
            return view! { <Redirect path=sign_in_path(&here) /> }.into_any();
        }
        // Another bundle's page.
        leave_for(&sign_in_path(&here));
        return ().into_any();
    }
    if error.is_not_found() {
        return view! { <NothingHere /> }.into_any();
    }
    view! {
        <Title text="Something went wrong" />
        <Bar />
        <main class="plain-page" id="main">
            <h1>"This page could not be opened"</h1>
            <Alert text=error.message />
        </main>
    }
    .into_any()
}

/// Shown until a page's content has come.
#[component]
pub(crate) fn Loading() -> impl IntoView {
    view! {
        <Bar />
        <main class="plain-page" id="main">
            <p role="status">"One moment…"</p>
        </main>
    }
    .into_any()
}

/// The bar at the top. Its links leave the bundle, or may: the browser follows them by itself.
#[component]
pub(crate) fn Bar(
    /// What stands beside the name: the class, and the ways to its pages.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <header class="header teach-bar">
            <a class="skip" href="#main">"Skip to the content"</a>
            <a class="header__home" href=HOME rel="external">
                {logo("header__logo")}
                <span>"Lunchbox"</span>
            </a>
            <div class="header__middle">{children.map(|children| children())}</div>
            <Person />
            <ThemeToggle />
        </header>
    }
    .into_any()
}

/// Who is signed in, and the way out.
#[component]
fn Person() -> impl IntoView {
    let Some(Signed(me)) = use_context::<Signed>() else { return ().into_any() };
    view! { <Suspense>{part(move || suspended(me, person, |_| ().into_any()))}</Suspense> }.into_any()
}

fn person(loaded: Loaded) -> AnyView {
    let Loaded::Me(Some(me)) = loaded else { return ().into_any() };
    let doing = Doing::new();
    let sign_out = move |_| doing.ask(api::teach::account::sign_out(), |()| leave_for(SIGN_IN));
    view! {
        <nav class="teach-bar__person" aria-label="You">
            {me.is_admin.then(|| view! { <a class="button button--quiet" href="/teach/admin" rel="external">"Machine"</a> })}
            <a class="button button--quiet teach-bar__name" href="/teach/account" rel="external">{me.name}</a>
            <button type="button" class="button button--quiet" on:click=click(sign_out)>"Sign out"</button>
        </nav>
    }
    .into_any()
}

/// The pages of a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClassPage {
    Board,
    Setup,
}

/// The class's name and the ways to its pages, for the bar.
#[component]
pub(crate) fn ClassNav(class: String, name: String, here: ClassPage, #[prop(optional, into)] lesson: String) -> impl IntoView {
    let query = if lesson.is_empty() { String::new() } else { format!("?lesson={lesson}") };
    let path = move |page: &str| format!("/teach/classes/{class}{page}");
    let current = move |page: ClassPage| (page == here).then_some("page");
    view! {
        <a class="button button--quiet" href=HOME rel="external">"Classes"</a>
        <span class="teach-bar__class" title=name.clone()>{name.clone()}</span>
        <nav class="teach-bar__pages" aria-label="This class">
            <a class="button button--quiet" href=path("") + &query rel="external" aria-current=current(ClassPage::Board)>"Board"</a>
            <a class="button button--quiet" href=path("/setup") rel="external" aria-current=current(ClassPage::Setup)>"Set up"</a>
            <a class="button button--quiet" href=path("/report") + &query rel="external">"Report"</a>
            <a class="button button--quiet" href=path("/join") target="_blank" rel="noopener">"Show the code ↗"</a>
            <a class="button button--quiet" href=path("/projector") + &query target="_blank" rel="noopener">"Project the board ↗"</a>
        </nav>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_signing_in_one_goes_on_where_one_was() {
        assert_eq!(next_page(Some("/teach/classes/a?lesson=b".into())), "/teach/classes/a?lesson=b");
        assert_eq!(next_page(None), "/teach");
    }

    #[test]
    fn a_link_to_sign_in_leads_to_nobody_elses_page() {
        for odd in ["https://evil.example/", "//evil.example", "/teachers", "/lessons/x", ""] {
            assert_eq!(next_page(Some(odd.into())), "/teach", "{odd}");
        }
    }

    #[test]
    fn the_way_back_is_one_value_of_the_query() {
        assert_eq!(sign_in_path("/teach/classes/a?lesson=b&step=2"), "/teach/sign-in?next=/teach/classes/a%3Flesson%3Db%26step%3D2");
    }
}
