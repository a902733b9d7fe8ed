//! One file a page: parameters, what is loaded, and what is shown when that fails.

mod home;
mod lesson;
mod not_found;

pub use home::HomePage;
pub use lesson::{LessonEntryPage, LessonPage};
pub use not_found::NotFoundPage;
