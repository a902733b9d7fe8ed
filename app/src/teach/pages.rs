//! One file a page: parameters, what is loaded, and what is shown when that fails.

#[cfg(any(feature = "ssr", feature = "desk"))]
mod account;
#[cfg(any(feature = "ssr", feature = "desk"))]
mod admin;
#[cfg(any(feature = "ssr", feature = "teach"))]
mod board;
#[cfg(any(feature = "ssr", feature = "desk"))]
mod classes;
mod nothing;
#[cfg(any(feature = "ssr", feature = "desk"))]
mod platforms;
#[cfg(any(feature = "ssr", feature = "teach"))]
mod projector;
#[cfg(any(feature = "ssr", feature = "desk"))]
mod setup;
#[cfg(any(feature = "ssr", feature = "desk"))]
mod sign_in;
#[cfg(any(feature = "ssr", feature = "desk"))]
mod welcome;

#[cfg(any(feature = "ssr", feature = "desk"))]
pub(crate) use account::AccountPage;
#[cfg(any(feature = "ssr", feature = "desk"))]
pub(crate) use admin::AdminPage;
#[cfg(any(feature = "ssr", feature = "teach"))]
pub(crate) use board::BoardPage;
#[cfg(any(feature = "ssr", feature = "desk"))]
pub(crate) use classes::ClassesPage;
pub(crate) use nothing::NothingHere;
#[cfg(any(feature = "ssr", feature = "desk"))]
pub(crate) use platforms::PlatformsPage;
#[cfg(any(feature = "ssr", feature = "teach"))]
pub(crate) use projector::ProjectorPage;
#[cfg(any(feature = "ssr", feature = "desk"))]
pub(crate) use setup::SetupPage;
#[cfg(any(feature = "ssr", feature = "desk"))]
pub(crate) use sign_in::SignInPage;
#[cfg(any(feature = "ssr", feature = "desk"))]
pub(crate) use welcome::WelcomePage;
