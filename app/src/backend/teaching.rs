//! What an instructor's pages may ask of the server, bound to whoever asks: signed in or not, it is the
//! implementation that says no ([`BackendError::NotSignedIn`], [`BackendError::NotFound`] for what isn't theirs).

use super::BackendFuture;
use crate::model::{
    Board, ClassDetails, ClassDraft, ClassSummary, Deleted, FillResult, Instructor, Invitation, InvitationLink, LessonOutline, Machine, Me,
    PersonalLink, PlatformDraft, Platforms, Report, RosterPreview, RosterResult, SentNotes, SignedOut, StepRef, Timeline, Watched,
};

/// Implemented by the server (`server/src/web/teaching.rs`).
pub trait Teaching: Send + Sync + 'static {
    // Getting in. These alone are answered to anybody.

    /// `None`: nobody is signed in.
    fn me(&self) -> BackendFuture<'_, Option<Me>>;
    /// Why a session in which somebody was signed in no longer holds; `None`: nobody was, or they still are.
    fn signed_out(&self) -> BackendFuture<'_, Option<SignedOut>>;
    fn sign_in<'a>(&'a self, name: &'a str, password: &'a str) -> BackendFuture<'a, Me>;
    fn sign_out(&self) -> BackendFuture<'_, ()>;
    fn invitation<'a>(&'a self, token: &'a str) -> BackendFuture<'a, Invitation>;
    /// Uses the one-time link up, and signs in. `name` is not looked at where only a password is set.
    fn accept_invitation<'a>(&'a self, token: &'a str, name: &'a str, password: &'a str) -> BackendFuture<'a, Me>;

    // One's own account.

    /// Ends all sessions of the account, this one too.
    fn sign_out_everywhere(&self) -> BackendFuture<'_, ()>;
    /// Ends all other sessions.
    fn change_password<'a>(&'a self, old: &'a str, new: &'a str) -> BackendFuture<'a, ()>;

    // Admins only.

    fn instructors(&self) -> BackendFuture<'_, Vec<Instructor>>;
    fn invite(&self) -> BackendFuture<'_, InvitationLink>;
    /// A one-time link with which an instructor who forgot theirs sets a new password.
    fn reset_password<'a>(&'a self, instructor: &'a str) -> BackendFuture<'a, InvitationLink>;
    /// Their classes go to whoever asks.
    fn remove_instructor<'a>(&'a self, instructor: &'a str) -> BackendFuture<'a, Deleted>;
    fn machine(&self) -> BackendFuture<'_, Machine>;
    fn close_sandbox<'a>(&'a self, sandbox: &'a str) -> BackendFuture<'a, ()>;

    /// Learning platforms, and what is pasted into them.
    fn platforms(&self) -> BackendFuture<'_, Platforms>;
    /// Registers a platform, or changes one.
    fn keep_platform(&self, draft: PlatformDraft) -> BackendFuture<'_, Platforms>;
    /// Classes, places and accounts stay.
    fn remove_platform<'a>(&'a self, platform: &'a str) -> BackendFuture<'a, Deleted>;

    // Classes: one's own, those shared with one, and for admins all.

    fn lessons(&self) -> BackendFuture<'_, Vec<LessonOutline>>;
    fn classes(&self) -> BackendFuture<'_, Vec<ClassSummary>>;
    fn make_class(&self, draft: ClassDraft) -> BackendFuture<'_, String>;
    fn class<'a>(&'a self, class: &'a str) -> BackendFuture<'a, ClassDetails>;
    fn change_class<'a>(&'a self, class: &'a str, draft: ClassDraft) -> BackendFuture<'a, ClassDetails>;
    /// Owner or admin.
    fn delete_class<'a>(&'a self, class: &'a str) -> BackendFuture<'a, Deleted>;
    /// Owner or admin; `with`: an instructor's name.
    fn share_class<'a>(&'a self, class: &'a str, with: &'a str) -> BackendFuture<'a, ClassDetails>;
    fn unshare_class<'a>(&'a self, class: &'a str, with: &'a str) -> BackendFuture<'a, ClassDetails>;
    /// Another join code, where the old one got around.
    fn new_code<'a>(&'a self, class: &'a str) -> BackendFuture<'a, ClassDetails>;
    /// What would come of a roster; nothing is stored.
    fn look_at_roster<'a>(&'a self, class: &'a str, csv: &'a str) -> BackendFuture<'a, RosterPreview>;
    /// CSV with a header line or one name a line.
    fn add_roster<'a>(&'a self, class: &'a str, csv: &'a str) -> BackendFuture<'a, RosterResult>;
    /// A new personal link; the old one ends.
    fn new_link<'a>(&'a self, place: &'a str) -> BackendFuture<'a, PersonalLink>;
    /// Adds and renames whom the platform of a link says to be in its course.
    fn fill_from_platform<'a>(&'a self, link: &'a str) -> BackendFuture<'a, FillResult>;
    /// Owner or admin; the link leads nowhere any more.
    fn unlink<'a>(&'a self, link: &'a str) -> BackendFuture<'a, ClassDetails>;
    fn remove_place<'a>(&'a self, place: &'a str) -> BackendFuture<'a, Deleted>;

    // The board, and helping.

    /// `lesson`: empty for the class's first, or the one that is led.
    fn board<'a>(&'a self, class: &'a str, lesson: &'a str) -> BackendFuture<'a, Board>;
    /// To one place, or to all where `place` is empty.
    fn send_note<'a>(&'a self, class: &'a str, place: &'a str, text: &'a str) -> BackendFuture<'a, ()>;
    /// What was sent, to all and to each; to one place alone where `place` isn't empty.
    fn sent_notes<'a>(&'a self, class: &'a str, place: &'a str) -> BackendFuture<'a, SentNotes>;
    /// Moves a class in led pace to a step.
    fn lead<'a>(&'a self, class: &'a str, to: StepRef) -> BackendFuture<'a, ()>;
    fn lower_hand<'a>(&'a self, place: &'a str) -> BackendFuture<'a, ()>;
    fn watched<'a>(&'a self, place: &'a str, lesson: &'a str) -> BackendFuture<'a, Watched>;
    /// `before`: unix milliseconds; 0: the newest.
    fn timeline<'a>(&'a self, place: &'a str, before: i64) -> BackendFuture<'a, Timeline>;
    /// Asks the learner whether one may type in their terminal.
    fn ask_assist<'a>(&'a self, place: &'a str) -> BackendFuture<'a, ()>;
    fn end_assist<'a>(&'a self, place: &'a str) -> BackendFuture<'a, ()>;

    // Taking it away.

    fn report<'a>(&'a self, class: &'a str, lesson: &'a str) -> BackendFuture<'a, Report>;
}
