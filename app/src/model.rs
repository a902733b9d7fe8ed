//! Plain serde types that server and browser share. No leptos, no I/O.

pub mod board;
pub mod class;
pub mod host;
pub mod lesson;
pub mod platform;
pub mod progress;
pub mod sandbox;
pub mod seat;

pub use self::{board::*, class::*, host::*, lesson::*, platform::*, progress::*, sandbox::*, seat::*};
