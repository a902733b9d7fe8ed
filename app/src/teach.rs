//! The instructors' pages. Learners load none of this; the board is a bundle of its own, and all else is one.
//!
//! `pages`: what has an address. `board`: a class in a lesson, live. `watch`: one learner beside it.
//! `setup`: the parts of a class's settings. `paper`: what is projected or printed, where nothing runs.

#![expect(unreachable_pub, reason = "leptos' component macro makes every component `pub`")]
// Each bundle leaves out what only the other's pages use.
#![cfg_attr(not(feature = "ssr"), allow(dead_code, unused_imports, reason = "shared parts are used by one of the two bundles or by both"))]

#[cfg(any(feature = "ssr", feature = "teach"))]
mod board;
mod confirm;
mod doing;
mod frame;
mod links;
mod live;
mod load;
mod pages;
#[cfg(feature = "ssr")]
mod paper;
mod routes;
#[cfg(any(feature = "ssr", feature = "desk"))]
mod setup;
#[cfg(any(feature = "ssr", feature = "teach"))]
mod stream;
#[cfg(any(feature = "ssr", feature = "desk"))]
mod table;
#[cfg(all(test, feature = "ssr"))]
mod tests;
#[cfg(any(feature = "ssr", feature = "teach"))]
mod watch;
mod words;

#[cfg(feature = "ssr")]
pub use paper::PaperApp;
#[cfg(any(feature = "ssr", feature = "desk"))]
pub use routes::DeskApp;
#[cfg(any(feature = "ssr", feature = "teach"))]
pub use routes::TeachApp;
