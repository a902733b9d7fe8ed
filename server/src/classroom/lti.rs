//! Learning platforms: learners and teachers who come from a Moodle or a Canvas, by LTI 1.3 (1EdTech's
//! "Learning Tools Interoperability Core Specification 1.3" and "Security Framework 1.0").
//!
//! A platform is what an admin has registered, and all that is asked of it is asked at addresses that the admin
//! gave. Whom it sends is somebody by its own word: a learner's place, an instructor's account; never an admin.

mod access;
mod arrive;
mod forget;
mod http;
mod jwks;
mod keys;
mod launch;
mod limits;
mod links;
mod login;
mod members;
mod places;
mod platforms;
mod scores;
mod token;
mod urls;

use std::sync::Arc;

pub(crate) use self::{
    arrive::{ARRIVAL_MINUTES, Arriving, Chosen, Next},
    forget::{forget_class, forget_instructor, forget_learner, forget_place, untie_instructor},
    keys::JWKS_TYPE,
    launch::LaunchError,
    limits::MAX_LAUNCH_BYTES,
    login::{LoginAsked, browser_secret},
};

/// What is kept in memory of platforms: lines to them, and what they answered lately.
#[derive(Default)]
pub(super) struct Lines {
    http: http::Http,
    jwks: jwks::Cache,
    tokens: access::Tokens,
}

pub(super) type Lti = Arc<Lines>;
