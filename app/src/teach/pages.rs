//! One file a page: parameters, what is loaded, and what is shown when that fails.

mod account;
mod admin;
mod board;
mod classes;
mod nothing;
mod projector;
mod setup;
mod sign_in;
mod welcome;

pub(crate) use account::AccountPage;
pub(crate) use admin::AdminPage;
pub(crate) use board::BoardPage;
pub(crate) use classes::ClassesPage;
pub(crate) use nothing::NothingHere;
pub(crate) use projector::ProjectorPage;
pub(crate) use setup::SetupPage;
pub(crate) use sign_in::SignInPage;
pub(crate) use welcome::WelcomePage;
