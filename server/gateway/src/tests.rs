//! Against the real engine: what a learner's client sees.

mod support;
mod system;
