//! What the browser talks to.

pub mod access_log;
pub mod asker;
pub mod assets;
pub mod backend;
pub mod body_limit;
pub mod client;
pub mod connections;
pub mod headers;
pub mod health;
mod host_view;
pub mod instructor;
pub mod lti;
pub mod origin;
pub mod pace;
pub mod pages;
pub mod preview;
pub mod session;
pub mod stream;
pub mod teach_files;
pub mod teach_stream;
pub mod teaching;
pub mod terminal;
