//! Who is signed in as an instructor: kept in the web session, looked up at every request, so that
//! signing out everywhere holds at once.

use app::model::SignedOut;
use serde::{Deserialize, Serialize};
use tower_sessions::{Session, session::Error};

use crate::{
    classroom::{self, Account, ClassError, Classroom},
    learner::LearnerId,
};

/// In the session.
const KEY: &str = "instructor";

#[derive(Debug, Clone, Serialize, Deserialize)]
struct SignedIn {
    id: String,
    /// Unix milliseconds.
    at: i64,
}

/// Why it can't be told.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    #[error("the session failed")]
    Session(#[from] Error),
    #[error("the account could not be looked up")]
    Account(#[from] ClassError),
}

/// Who is signed in; `None`: nobody.
///
/// # Errors
/// Where the database fails.
pub async fn signed_in(session: &Session, classroom: &Classroom) -> Result<Option<Account>, SignInError> {
    match session.get::<SignedIn>(KEY).await? {
        Some(signed_in) => Ok(classroom.account(&signed_in.id, signed_in.at).await?),
        None => Ok(None),
    }
}

/// Why who is signed in by the session no longer is; `None`: nobody was, or they are. Who signed out here was told so.
///
/// # Errors
/// Where the database fails.
pub async fn why_out(session: &Session, classroom: &Classroom) -> Result<Option<SignedOut>, SignInError> {
    match session.get::<SignedIn>(KEY).await? {
        Some(signed_in) => Ok(classroom.why_out(&signed_in.id, signed_in.at).await?),
        None => Ok(None),
    }
}

/// As [`signed_in`], from the session as it is stored now: a request that goes on for hours still has it as it
/// was when it came.
///
/// # Errors
/// Where the database fails.
pub async fn still_signed_in(session: &Session, classroom: &Classroom) -> Result<Option<Account>, SignInError> {
    session.load().await?;
    signed_in(session, classroom).await
}

/// Until when whoever is signed in is, in unix milliseconds; 0 where nobody is.
///
/// # Errors
/// Where the database fails.
pub async fn until(session: &Session) -> Result<i64, SignInError> {
    Ok(session.get::<SignedIn>(KEY).await?.map_or(0, |signed_in| classroom::signed_in_until(signed_in.at)))
}

/// From now on the session is that account's too, under another ID, so that one that somebody else gave the
/// browser is worth nothing. The browser stays the learner that it was.
///
/// # Errors
/// Where the database fails.
pub async fn sign_in(session: &Session, learner: &LearnerId, account: &Account, from: i64) -> Result<(), SignInError> {
    session.insert(super::session::LEARNER, learner.as_str()).await?;
    session.insert(KEY, SignedIn { id: account.id.clone(), at: from }).await?;
    session.cycle_id().await?;
    Ok(())
}

/// Stored when it returns: streams that are open look it up.
///
/// # Errors
/// Where the database fails.
pub async fn sign_out(session: &Session) -> Result<(), SignInError> {
    session.remove::<SignedIn>(KEY).await?;
    Ok(session.save().await?)
}
