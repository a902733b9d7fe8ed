//! Images: pulled, built, named, listed, pushed, removed, each as the learner's own view has them.

pub(crate) mod catalogue;
pub(crate) mod comings;
pub(crate) mod events;
pub(crate) mod glob;
pub(crate) mod labels;
pub(crate) mod layers;
pub(crate) mod message;
pub(crate) mod own;
pub(crate) mod packed;
pub(crate) mod upload;
pub(crate) mod view;

pub(crate) mod build;
pub(crate) mod commit;
pub(crate) mod inspect;
pub(crate) mod list;
pub(crate) mod pull;
pub(crate) mod push;
pub(crate) mod remove;
pub(crate) mod search;
pub(crate) mod tag;
pub(crate) mod transfer;

/// Names that images of one host may have. `docker tag` costs nothing, so something must say stop.
const MAX_REFERENCES: u32 = 200;
