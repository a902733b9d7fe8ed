//! Containers: created from typed values, under names and limits of the sandbox's, listed and inspected
//! as the learner made them.

pub(crate) mod archive;
pub(crate) mod attach;
pub(crate) mod change;
pub(crate) mod create;
pub(crate) mod exec;
pub(crate) mod inspect;
pub(crate) mod lifecycle;
pub(crate) mod links;
pub(crate) mod list;
pub(crate) mod look;
pub(crate) mod names;
pub(crate) mod ports;
pub(crate) mod remove;
pub(crate) mod shown;
pub(crate) mod wait;
