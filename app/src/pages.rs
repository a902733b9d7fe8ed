//! One file a page: parameters, what is loaded, and what is shown when that fails.

#![expect(unreachable_pub, reason = "leptos' component macro makes every component `pub`")]

mod certificate;
mod come_back;
mod home;
mod join;
mod lesson;
mod load;
mod not_found;

pub(crate) use certificate::CertificatePage;
pub(crate) use come_back::ComeBackPage;
pub(crate) use home::HomePage;
pub(crate) use join::JoinPage;
pub(crate) use lesson::{LessonEntryPage, LessonPage};
pub(crate) use not_found::NotFoundPage;
pub(crate) use not_found::not_found_status;
