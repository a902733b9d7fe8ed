//! Against the real engine: what a learner's client sees.

mod apart;
mod attacks;
mod build;
mod buildkit;
mod containers;
mod egress;
mod flood;
pub(crate) mod fuzz;
mod hostile;
mod images;
mod limits;
mod making_a_network;
mod neighbour;
mod support;
mod system;
mod transfer;
mod walls;
