//! Against the real engine: what a learner's client sees.

mod apart;
mod attacks;
mod build;
mod buildkit;
mod containers;
mod egress;
pub(crate) mod fuzz;
mod hostile;
mod images;
mod limits;
mod support;
mod system;
mod transfer;
mod walls;
