//! Lunchbox's server: everything behind the binary `lunchbox`. In reading order.

pub mod cli;
pub mod config;
pub mod logging;
pub mod shutdown;

pub mod app_state;
pub mod router;
pub mod web;

pub mod engine;
pub mod learner;
pub mod registry;
pub mod sandboxes;
pub mod throwaway;

pub mod checker;
pub mod checks;
pub mod classroom;
pub mod lessons;
pub mod progress;
pub mod shelf;

pub mod backup;
mod clock;
pub mod database;
mod hex;

#[cfg(test)]
mod tests;
