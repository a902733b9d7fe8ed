//! What the browser talks to.

pub mod access_log;
pub mod assets;
pub mod backend;
pub mod body_limit;
pub mod client;
pub mod connections;
pub mod headers;
pub mod health;
mod host_view;
pub mod origin;
pub mod pace;
pub mod pages;
pub mod preview;
pub mod session;
pub mod stream;
pub mod terminal;
