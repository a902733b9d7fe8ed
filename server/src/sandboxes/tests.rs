//! Sandboxes on a real engine, by the real gateway.

mod lifecycle;
pub(crate) mod world;
