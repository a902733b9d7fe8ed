//! Against the real engine: what a learner's client sees.

mod apart;
mod build;
mod buildkit;
mod containers;
mod hostile;
mod images;
mod limits;
mod support;
mod system;
mod transfer;
mod walls;
