//! Plain serde types that server and browser share. No leptos, no I/O.

pub mod host;
pub mod lesson;
pub mod progress;
pub mod sandbox;

pub use self::{host::*, lesson::*, progress::*, sandbox::*};
