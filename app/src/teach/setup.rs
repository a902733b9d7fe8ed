//! The parts of a class's settings, each saved on its own.

mod details;
mod lessons;
mod people;
mod platform;
mod rest;
mod times;
mod way_in;

pub(crate) use details::Details;
pub(crate) use lessons::LessonChoice;
pub(crate) use people::People;
pub(crate) use platform::FromPlatform;
pub(crate) use rest::{Delete, Gone, Sharing, TakeAway};
pub(crate) use way_in::WayInCard;
#[cfg(feature = "ssr")]
pub(crate) use way_in::qr;
