//! Against the real engine: what a learner's client sees.

mod build;
mod containers;
mod images;
mod support;
mod system;
