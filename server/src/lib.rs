//! Lunchbox's server: everything behind the binary `lunchbox`. In reading order.

pub mod cli;
pub mod engine;
pub mod learner;
pub mod sandboxes;

pub mod checks;
pub mod lessons;

pub mod web;
