//! Images as tars: `docker save`, `docker load`, `docker import`. What comes in is unpacked, judged and
//! written anew before the engine sees it; what goes out has the learner's names on it.

mod archive;
mod import;
mod layer;
mod load;
mod manifest;
mod save;

pub(crate) use self::{import::import, load::load, save::save};
