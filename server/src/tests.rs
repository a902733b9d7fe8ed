//! Whole servers, with a real engine and registry, asked as browsers ask.
#![allow(clippy::unwrap_used, reason = "a test that can't go on ends")]

mod accounts;
mod assets;
mod at_once;
mod certificates;
mod classes;
mod crowding;
mod guessing;
mod helping;
mod leaving;
mod lti;
mod machine;
mod markup;
mod pace;
mod people;
mod progress;
mod refusals;
mod rights;
mod seen;
mod sent;
mod support;
mod told;
mod with_help;
