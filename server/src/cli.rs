//! The commands of the binary.

pub mod lint;
pub mod sandbox;
