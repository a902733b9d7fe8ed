//! The HTML document around the app. Rendered on the server only, never hydrated.

use leptos::{
    nonce::{Nonce, use_nonce},
    prelude::*,
};
use leptos_meta::MetaTags;

use crate::{
    components::SHAPES,
    routes::{App, page_title},
    teach::{DeskApp, PaperApp, TeachApp},
};

/// Runs before the first paint, so that a chosen theme never flashes the other one. It keeps
/// `data-theme` on `<html>` at what holds now, and follows the system while nothing is chosen.
const THEME_SCRIPT: &str = include_str!("shell/theme.js");

/// Fetches and starts what makes a page work, however often that takes; its element says which app (`data-app`).
const START_SCRIPT: &str = include_str!("shell/start.js");

/// All that runs in what is projected or printed: its buttons, and times as the clock on the wall has them.
const PAPER_SCRIPT: &str = include_str!("shell/paper.js");

/// The logo as an address.
fn icon() -> String {
    let shapes = SHAPES.replace('<', "%3C").replace('>', "%3E").replace('#', "%23");
    format!("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E{shapes}%3C/svg%3E")
}

/// The document around the page that is asked for: instructors' pages load what they need, learners' theirs.
pub fn document(options: LeptosOptions) -> AnyView {
    let path = use_context::<http::request::Parts>().map(|parts| parts.uri.path().to_owned()).unwrap_or_default();
    match path.strip_prefix("/teach") {
        Some(rest) if is_paper(rest) => paper_shell().into_any(),
        Some(rest) if is_board(rest) => instructors_shell(options, "teach", || view! { <TeachApp /> }.into_any()).into_any(),
        Some(rest) if rest.is_empty() || rest.starts_with('/') => {
            instructors_shell(options, "desk", || view! { <DeskApp /> }.into_any()).into_any()
        }
        _ => shell(options).into_any(),
    }
}

/// Pages to be projected or printed: nothing runs in them.
fn is_paper(path: &str) -> bool {
    path.starts_with("/classes/") && (path.ends_with("/join") || path.ends_with("/report"))
}

/// A class's board, also as it is projected.
fn is_board(path: &str) -> bool {
    path.strip_prefix("/classes/").is_some_and(|rest| !rest.is_empty() && (!rest.contains('/') || rest.ends_with("/projector")))
}

/// Makes the response say what its page may load and run. Returns the nonce of its scripts.
fn with_policy() -> Option<Nonce> {
    let nonce = use_nonce();
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>()
        && let Ok(policy) = http::HeaderValue::from_str(&content_security_policy(nonce.as_deref()))
    {
        response.insert_header(http::header::CONTENT_SECURITY_POLICY, policy);
    }
    nonce
}

/// What all documents have, with the policy of what they may load and run. `head`: what each has besides, for scripts of
/// that nonce.
fn page(head: impl FnOnce(Option<Nonce>) -> AnyView, app: fn() -> AnyView) -> impl IntoView {
    let nonce = with_policy();
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <script nonce=nonce.clone() inner_html=THEME_SCRIPT></script>
                <link rel="icon" href=icon() />
                <link rel="stylesheet" href="/pkg/lunchbox.css" />
                {head(nonce)}
                <MetaTags />
            </head>
            <body>
                {app()}
            </body>
        </html>
    }
}

/// What starts an app in the browser, by its bundle's name. (`HydrationScripts` would try once: who it fails for has a page
/// whose buttons do nothing, and isn't told.)
fn bundle(options: LeptosOptions, name: &'static str, nonce: Option<Nonce>) -> impl IntoView {
    view! {
        <link rel="modulepreload" href="/pkg/terminal.js" />
        <link rel="modulepreload" href=format!("/pkg/{name}.js") />
        <link rel="preload" href=format!("/pkg/{name}_bg.wasm") r#as="fetch" r#type="application/wasm" crossorigin="anonymous" />
        <AutoReload options=options />
        <script nonce=nonce data-app=name inner_html=START_SCRIPT></script>
    }
}

/// The document that every learner's page comes in.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    let head = move |nonce| {
        view! {
            <meta name="description" content="A hands-on Docker classroom: a private Docker host, a real shell, and a picture of what each command does." />
            {bundle(options, "lunchbox", nonce)}
        }
        .into_any()
    };
    page(head, || view! { <App /> }.into_any())
}

/// What instructors' pages have besides: a style sheet of their own, and nobody finds them by searching.
fn instructors_head() -> impl IntoView {
    view! {
        <meta name="robots" content="noindex" />
        <link rel="stylesheet" href="/pkg/teach.css" />
    }
}

/// The document of instructors' pages, with one of their two bundles.
fn instructors_shell(options: LeptosOptions, name: &'static str, app: fn() -> AnyView) -> impl IntoView {
    page(move |nonce| view! { {instructors_head()} {bundle(options, name, nonce)} }.into_any(), app)
}

/// The document of what is projected or printed.
fn paper_shell() -> impl IntoView {
    let head = |nonce| view! { {instructors_head()} <script nonce=nonce inner_html=PAPER_SCRIPT></script> }.into_any();
    page(head, || view! { <PaperApp /> }.into_any())
}

/// A page that is no part of the app: `main` is HTML, with what came from others escaped; `title` is text. Comes with its
/// Content-Security-Policy; in a frame of others it is shown where `framed` says so.
pub fn plain_page(title: &str, main: &str, nonce: &str, framed: Framed) -> (String, String) {
    let (title, icon) = (page_title(title.to_owned()), icon());
    let page = format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><meta name=\"robots\" content=\"noindex\"><title>{title}</title>\
         <script nonce=\"{nonce}\">{THEME_SCRIPT}</script><link rel=\"icon\" href=\"{icon}\">\
         <link rel=\"stylesheet\" href=\"/pkg/lunchbox.css\"><link rel=\"stylesheet\" href=\"/pkg/teach.css\"></head>\
         <body><header class=\"header\"><span class=\"header__home\"><svg class=\"header__logo\" viewBox=\"0 0 32 32\" aria-hidden=\"true\">{SHAPES}</svg>\
         <span>Lunchbox</span></span></header><main class=\"plain-page narrow-page\" id=\"main\">{main}</main></body></html>"
    );
    let policy = content_security_policy(Some(nonce));
    let policy = match framed {
        Framed::Never => policy,
        Framed::Anywhere => policy.replace("frame-ancestors 'none'", "frame-ancestors *"),
    };
    (page, policy)
}

/// Whether a page is shown in others' frames. What is must do nothing at a click that anybody minds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framed {
    Never,
    Anywhere,
}

/// Everything from our own origin; of inline scripts only those with this response's nonce. Styles
/// may be inline: xterm.js makes `<style>` elements for its theme and cell sizes.
fn content_security_policy(nonce: Option<&str>) -> String {
    let nonce = nonce.map(|nonce| format!(" 'nonce-{nonce}'")).unwrap_or_default();
    format!(
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'{nonce}; style-src 'self' 'unsafe-inline'; \
         img-src 'self' data:; connect-src 'self'; frame-src 'none'; object-src 'none'; base-uri 'none'; \
         form-action 'self'; frame-ancestors 'none'"
    )
}
