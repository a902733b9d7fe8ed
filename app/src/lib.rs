//! Lunchbox in the browser: pages rendered on the server and hydrated in the browser.
//!
//! The app reaches the server only through [`backend::Backend`], which is already bound to the
//! person who asks; it knows nothing of engines, databases or sockets.

// Views are types as deep as the page; each component ends in `into_any`, and this is for the rest.
#![recursion_limit = "256"]

pub mod api;
#[cfg(feature = "ssr")]
pub mod backend;
mod components;
pub mod diagram;
pub mod model;
mod pages;
mod reference;
mod routes;
#[cfg(feature = "ssr")]
mod shell;
mod state;
#[cfg(any(feature = "ssr", feature = "teach", feature = "desk"))]
mod teach;

pub use routes::App;
#[cfg(feature = "ssr")]
pub use shell::{Framed, document, plain_page, shell};
#[cfg(any(feature = "ssr", feature = "desk"))]
pub use teach::DeskApp;
#[cfg(feature = "ssr")]
pub use teach::PaperApp;
#[cfg(any(feature = "ssr", feature = "teach"))]
pub use teach::TeachApp;

/// The browser's entry: takes over the HTML that the server rendered.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    #[cfg(feature = "teach")]
    leptos::mount::hydrate_body(TeachApp);
    #[cfg(feature = "desk")]
    leptos::mount::hydrate_body(DeskApp);
    #[cfg(not(any(feature = "teach", feature = "desk")))]
    leptos::mount::hydrate_body(App);
}
