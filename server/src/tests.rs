//! Whole servers, with a real engine and registry, asked as browsers ask.
#![allow(clippy::unwrap_used, reason = "a test that can't go on ends")]

mod assets;
mod people;
mod progress;
mod support;
