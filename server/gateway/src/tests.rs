//! Against the real engine: what a learner's client sees.

mod build;
mod containers;
mod images;
mod limits;
mod support;
mod system;
