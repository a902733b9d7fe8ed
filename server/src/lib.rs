//! Lunchbox's server.

pub mod learner;
pub mod sandboxes;
