//! How much of everything there may be. Each says so where it is met.

use std::time::Duration;

/// Characters of a person's name.
pub(super) const MAX_NAME: usize = 60;
/// Combining marks on one letter of a name: more run over the lines around it.
pub(super) const MAX_MARKS: usize = 4;
/// Characters of a class's name.
pub(super) const MAX_CLASS_NAME: usize = 100;
/// Characters of a note.
pub(super) const MAX_NOTE: usize = 1000;
/// Characters of a password, at least and at most.
pub(super) const MIN_PASSWORD: usize = 10;
pub(super) const MAX_PASSWORD: usize = 200;
/// Tries, as they are estimated, that must not find a password: sign-in is paced, but a copied file is not.
pub(super) const MIN_GUESSES: u64 = 100_000_000;
/// Characters of a password that are judged: what follows makes it no easier to guess.
pub(super) const JUDGED_CHARACTERS: usize = 32;
/// Places of one class.
pub(super) const MAX_PLACES: i64 = 500;
/// Learners whose history is read at once where all of it is wanted.
pub(super) const LEARNERS_AT_ONCE: usize = 25;
/// Lessons of one class.
pub(super) const MAX_LESSONS: usize = 50;
/// Classes of one instructor.
pub(super) const MAX_CLASSES: i64 = 500;
/// Instructors on one server.
pub(super) const MAX_INSTRUCTORS: i64 = 1000;
/// Classes that one learner is in.
pub(super) const MAX_SEATS: i64 = 50;
/// Notes that are kept of a class; then the oldest goes.
pub(super) const MAX_NOTES: i64 = 500;
/// Notes that a learner is shown; the newest.
pub(super) const MAX_NOTES_SHOWN: usize = 20;
/// Notes that an instructor is shown of those that were sent; the newest.
pub(super) const MAX_NOTES_LISTED: usize = 100;
/// How long a one-time link holds.
pub(super) const INVITATION_HOLDS: Duration = Duration::from_secs(3 * 24 * 60 * 60);
/// How long an instructor stays signed in.
pub(super) const SIGNED_IN_HOLDS: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// Passwords that are worked on at once; each takes 19 MiB while it is.
pub(super) const PASSWORDS_AT_ONCE: usize = 2;
/// Sign-ins that wait for their turn; whoever comes then is told to try again.
pub(super) const PASSWORDS_WAITING: usize = 32;
