//! Images: pulled, built, named, listed, pushed, removed, each as the learner's own view has them.

pub(crate) mod catalogue;

pub(crate) mod build;
pub(crate) mod commit;
pub(crate) mod inspect;
pub(crate) mod list;
pub(crate) mod pull;
pub(crate) mod push;
pub(crate) mod remove;
pub(crate) mod save;
pub(crate) mod search;
pub(crate) mod tag;
