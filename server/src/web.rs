//! What the browser talks to.

pub mod preview;
pub mod terminal;
