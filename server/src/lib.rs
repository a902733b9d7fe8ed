//! Lunchbox's server.

pub mod checks;
pub mod engine;
pub mod learner;
pub mod lessons;
pub mod sandboxes;
