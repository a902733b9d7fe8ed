//! The instructors' pages. Learners load none of this.
//!
//! `pages`: what has an address. `board`: a class in a lesson, live. `watch`: one learner beside it.
//! `setup`: the parts of a class's settings. `paper`: what is projected or printed, where nothing runs.

#![expect(unreachable_pub, reason = "leptos' component macro makes every component `pub`")]

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
mod setup;
mod stream;
#[cfg(all(test, feature = "ssr"))]
mod tests;
mod watch;
mod words;

#[cfg(feature = "ssr")]
pub use paper::PaperApp;
pub use routes::TeachApp;
