//! Hashes of passwords (Argon2id), worked on a few at a time in memory that is kept for it.
//!
//! Each takes 19 MiB. Allocated anew on whichever thread has the time, they stay with the allocator's arena of that
//! thread, and the server grows with every password that somebody tries.

use std::sync::{Arc, Mutex, PoisonError};

use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::{self, Output, ParamsString, PasswordHash, SaltString, rand_core::OsRng},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{
    ClassError,
    limits::{PASSWORDS_AT_ONCE, PASSWORDS_WAITING},
};

/// What a password is worked on in.
type Memory = Vec<Block>;

/// Passwords are worked on a few at a time: each takes memory and a core.
pub(super) struct Passwords {
    /// Whoever has a turn takes memory from the shelf, or makes some where nobody has needed as much before.
    turns: Arc<Semaphore>,
    shelf: Arc<Mutex<Vec<Memory>>>,
    /// Sign-ins that have a turn or wait for one.
    line: Semaphore,
}

impl Default for Passwords {
    fn default() -> Self {
        Self {
            turns: Arc::new(Semaphore::new(PASSWORDS_AT_ONCE)),
            shelf: Arc::default(),
            line: Semaphore::new(PASSWORDS_AT_ONCE + PASSWORDS_WAITING),
        }
    }
}

impl Passwords {
    /// The hash under which a new password is stored. Only who has a link or is signed in comes so far: they wait
    /// however many sign in.
    pub(super) async fn hash(&self, password: &str) -> Result<String, ClassError> {
        let password = password.to_owned();
        let hashed = self.work(move |memory| hash(&password, memory)).await;
        hashed
            .and_then(Result::ok)
            .ok_or_else(|| ClassError::Refused("The password could not be worked on just now. Try again.".to_owned()))
    }

    /// `stored`: `None` where there is no such account; it takes as long, and is wrong.
    ///
    /// # Errors
    /// Where too many wait already.
    pub(super) async fn is_right(&self, password: &str, stored: Option<String>) -> Result<bool, ClassError> {
        let Ok(_place) = self.line.try_acquire() else {
            return ClassError::refused("Very many people sign in just now. Try again in a moment.");
        };
        let password = password.to_owned();
        let worked = self.work(move |memory| match stored {
            Some(stored) => is_hash_of(&stored, &password, memory),
            None => hash(&password, memory).map(|_| false),
        });
        Ok(worked.await.and_then(Result::ok).unwrap_or(false))
    }

    /// Has something worked on in turn. It goes on where nobody waits for it any more, and keeps its turn.
    async fn work<T: Send + 'static>(&self, work: impl FnOnce(&mut Memory) -> T + Send + 'static) -> Option<T> {
        let turn = Arc::clone(&self.turns).acquire_owned().await.ok()?;
        let shelf = Arc::clone(&self.shelf);
        tokio::task::spawn_blocking(move || on_the_shelf(&shelf, &turn, work)).await.ok()
    }
}

fn on_the_shelf<T>(shelf: &Mutex<Vec<Memory>>, _turn: &OwnedSemaphorePermit, work: impl FnOnce(&mut Memory) -> T) -> T {
    let shelf = || shelf.lock().unwrap_or_else(PoisonError::into_inner);
    let taken = shelf().pop();
    let mut memory = taken.unwrap_or_default();
    let worked = work(&mut memory);
    shelf().push(memory);
    worked
}

/// Room for what these parameters ask for.
fn room<'a>(memory: &'a mut Memory, params: &Params) -> &'a mut [Block] {
    if memory.len() < params.block_count() {
        memory.resize(params.block_count(), Block::default());
    }
    memory
}

/// As [`argon2::PasswordHasher`] writes it, in memory of ours.
fn hash(password: &str, memory: &mut Memory) -> password_hash::Result<String> {
    let argon = Argon2::default();
    let salt = SaltString::generate(&mut OsRng);
    let mut buffer = [0; password_hash::Salt::MAX_LENGTH];
    let salt_bytes = salt.decode_b64(&mut buffer)?;
    let output = Output::init_with(Params::DEFAULT_OUTPUT_LEN, |out| {
        Ok(argon.hash_password_into_with_memory(password.as_bytes(), salt_bytes, out, room(memory, argon.params()))?)
    })?;
    let hash = PasswordHash {
        algorithm: Algorithm::default().ident(),
        version: Some(Version::default().into()),
        params: ParamsString::try_from(argon.params())?,
        salt: Some(salt.as_salt()),
        hash: Some(output),
    };
    Ok(hash.to_string())
}

/// As [`argon2::PasswordVerifier`] looks at it, in memory of ours: with the parameters that the hash was made with.
fn is_hash_of(stored: &str, password: &str, memory: &mut Memory) -> password_hash::Result<bool> {
    let stored = PasswordHash::new(stored)?;
    let (Some(salt), Some(expected)) = (stored.salt, stored.hash) else { return Ok(false) };
    let version = stored.version.map(Version::try_from).transpose()?.unwrap_or_default();
    let argon = Argon2::new(Algorithm::try_from(stored.algorithm)?, version, Params::try_from(&stored)?);
    let mut buffer = [0; password_hash::Salt::MAX_LENGTH];
    let salt = salt.decode_b64(&mut buffer)?;
    let found = Output::init_with(expected.len(), |out| {
        Ok(argon.hash_password_into_with_memory(password.as_bytes(), salt, out, room(memory, argon.params()))?)
    })?;
    // Compared in constant time.
    Ok(found == expected)
}

#[cfg(test)]
mod tests {
    use argon2::{PasswordHasher as _, PasswordVerifier as _};
    use futures_util::{
        FutureExt as _,
        future::{join_all, poll_fn},
    };

    use super::*;

    #[tokio::test]
    async fn hashes_are_those_of_the_library_and_old_ones_still_hold() {
        let passwords = Passwords::default();
        let salt = SaltString::generate(&mut OsRng);
        let old = Argon2::default().hash_password(b"correct horse", &salt).expect("it is hashed").to_string();
        let smaller = Params::new(1024, 3, 2, Some(24)).expect("they are parameters");
        let smaller = Argon2::new(Algorithm::Argon2id, Version::V0x13, smaller);
        let smaller = smaller.hash_password(b"correct horse", &salt).expect("it is hashed").to_string();
        let new = passwords.hash("correct horse").await.expect("it is hashed");
        for stored in [old, smaller, new.clone()] {
            assert!(passwords.is_right("correct horse", Some(stored.clone())).await.expect("nobody waits"), "{stored}");
            assert!(!passwords.is_right("correct house", Some(stored)).await.expect("nobody waits"));
        }
        assert!(!passwords.is_right("correct horse", None).await.expect("nobody waits"));
        assert!(!passwords.is_right("correct horse", Some("no hash".to_owned())).await.expect("nobody waits"));
        assert!(new.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{new}");
        let parsed = PasswordHash::new(&new).expect("it is one");
        assert!(Argon2::default().verify_password(b"correct horse", &parsed).is_ok());
        assert_eq!(passwords.shelf.lock().expect("nobody panics").len(), 1, "one after another, they take one's memory");
    }

    #[tokio::test]
    async fn passwords_take_memory_for_two_and_who_comes_when_many_wait_is_told() {
        let passwords = Passwords::default();
        let turns = Arc::clone(&passwords.turns).acquire_many_owned(PASSWORDS_AT_ONCE as u32).await;
        let mut waiting: Vec<_> = (0..PASSWORDS_AT_ONCE + PASSWORDS_WAITING).map(|_| passwords.is_right("wrong", None).boxed()).collect();
        poll_fn(|context| {
            assert!(waiting.iter_mut().all(|one| one.poll_unpin(context).is_pending()), "they wait");
            std::task::Poll::Ready(())
        })
        .await;
        assert!(matches!(passwords.is_right("wrong", None).await, Err(ClassError::Refused(why)) if why.contains("in a moment")));
        drop(turns);
        assert!(join_all(waiting).await.into_iter().all(|found| matches!(found, Ok(false))));
        assert!(passwords.shelf.lock().expect("nobody panics").len() <= PASSWORDS_AT_ONCE);
        assert!(passwords.is_right("wrong", None).await.is_ok(), "there is room again");
    }
}
