//! Classes: instructors, who is in which class, and what an instructor sees and does.
//!
//! What anybody was told is saved is in the database before they are told. In memory are only things that
//! end with the line they belong to: who has a page open, who watches a terminal, who types in it.
//!
//! Rights: every question about a class goes through [`rights`], with the account of who asks; what isn't
//! theirs does not exist.

mod accounts;
mod admin;
mod assists;
mod board;
mod certificates;
mod classes;
mod codes;
mod deletion;
mod did;
pub mod export;
mod help;
mod hub;
mod invitations;
mod limits;
pub(crate) mod lti;
mod machine;
mod names;
mod notes;
mod passwords;
mod places;
mod report;
mod rights;
mod roster;
mod seats;
mod timeline;
pub mod xapi;

use std::sync::Arc;

use sqlx::AnyPool;

#[cfg(test)]
pub use self::invitations::instructor_link;
pub(crate) use self::timeline::{Seen, did_entry};
pub use self::{
    accounts::Account,
    board::{Boards, Snapshot},
    hub::{Event, Hub, Present, Watching},
    invitations::{Invited, admin_link, password_link},
    names::typed_key,
    rights::{ClassRow, PlaceRow, signed_in_until},
    seats::{Arrival, Seated},
};
use crate::{sandboxes::Sandboxes, shelf::Shelf};

/// Why something about classes could not be done.
#[derive(Debug, thiserror::Error)]
pub enum ClassError {
    /// No such class, place, lesson or account; or it isn't theirs.
    #[error("there is no such thing, or it is another's")]
    NotFound,
    /// Plain text for who asked: what happened, why, and what to do next.
    #[error("{0}")]
    Refused(String),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl ClassError {
    fn refused<T>(message: impl Into<String>) -> Result<T, Self> {
        Err(Self::Refused(message.into()))
    }
}

/// Everything about classes. Cheap to clone.
#[derive(Clone)]
pub struct Classroom {
    pool: AnyPool,
    shelf: Shelf,
    sandboxes: Sandboxes,
    hub: Hub,
    boards: Boards,
    passwords: Arc<passwords::Passwords>,
    lti: lti::Lti,
}

impl Classroom {
    pub fn new(pool: AnyPool, shelf: Shelf, sandboxes: Sandboxes, hub: Hub) -> Self {
        Self { pool, shelf, sandboxes, hub, boards: Boards::default(), passwords: Arc::default(), lti: Arc::default() }
    }

    /// Who is here, who watches whom, and what has just changed.
    pub fn hub(&self) -> &Hub {
        &self.hub
    }
}
