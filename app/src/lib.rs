//! Lunchbox in the browser: pages rendered on the server and hydrated in the browser.
//!
//! The app reaches the server only through [`backend::Backend`], which is already bound to the
//! person who asks; it knows nothing of engines, databases or sockets.

#[cfg(feature = "ssr")]
pub mod backend;
pub mod model;
