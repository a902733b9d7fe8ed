//! Lunchbox's server.

pub mod engine;
pub mod learner;
pub mod sandboxes;
