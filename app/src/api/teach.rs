//! What instructors' pages may ask: each bound to a [`Teaching`](crate::backend::Teaching) of whoever asks.

pub mod account;
pub mod admin;
pub mod board;
pub mod classes;
pub mod platforms;
