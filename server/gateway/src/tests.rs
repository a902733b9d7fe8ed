//! Against the real engine: what a learner's client sees.

mod images;
mod support;
mod system;
