//! What an instructor's pages may ask of the server, bound to whoever asks. Every method that is not about
//! getting in begins by asking who is signed in; what isn't theirs is looked up, and not found, in
//! `classroom::rights`.

mod getting_in;
mod watching;

use app::{
    backend::{BackendError, BackendFuture, Teaching},
    model::{
        Board, ClassDetails, ClassDraft, ClassSummary, Deleted, FillResult, Instructor, Invitation, InvitationLink, LessonOutline, Machine,
        Me, PersonalLink, PlatformDraft, Platforms, Report, RosterPreview, RosterResult, SentNotes, SignedOut, StepRef, Timeline, Watched,
    },
};

use super::{asker::Asker, lti};
use crate::classroom::{Account, Classroom, Invited};

/// An instructor's way to the server, for one request.
pub struct InstructorBackend(pub Asker);

impl std::ops::Deref for InstructorBackend {
    type Target = Asker;

    fn deref(&self) -> &Asker {
        &self.0
    }
}

impl InstructorBackend {
    fn classroom(&self) -> &Classroom {
        &self.state.classroom
    }

    fn link(&self, invited: Invited) -> InvitationLink {
        InvitationLink { link: format!("{}/teach/welcome/{}", self.base, invited.token), expires_at: invited.expires_at }
    }

    /// Waits for what the classroom says, with its error as the page may see it.
    async fn ask<T>(&self, asked: impl Future<Output = Result<T, crate::classroom::ClassError>>) -> Result<T, BackendError> {
        asked.await.map_err(|error| self.class_error(error))
    }

    async fn details(&self, who: &Account, class: &str) -> Result<ClassDetails, BackendError> {
        self.ask(self.classroom().class_details(who, class, &self.base)).await
    }

    async fn all_platforms(&self, who: &Account) -> Result<Platforms, BackendError> {
        Ok(Platforms { platforms: self.ask(self.classroom().platforms(who)).await?, tool: lti::tool_urls(&self.base) })
    }
}

impl Teaching for InstructorBackend {
    fn me(&self) -> BackendFuture<'_, Option<Me>> {
        Box::pin(self.who_is_in())
    }

    fn signed_out(&self) -> BackendFuture<'_, Option<SignedOut>> {
        Box::pin(self.why_out())
    }

    fn sign_in<'a>(&'a self, name: &'a str, password: &'a str) -> BackendFuture<'a, Me> {
        Box::pin(self.come_in(name, password))
    }

    fn sign_out(&self) -> BackendFuture<'_, ()> {
        Box::pin(self.leave())
    }

    fn invitation<'a>(&'a self, token: &'a str) -> BackendFuture<'a, Invitation> {
        Box::pin(self.look_at_invitation(token))
    }

    fn accept_invitation<'a>(&'a self, token: &'a str, name: &'a str, password: &'a str) -> BackendFuture<'a, Me> {
        Box::pin(self.come_in_by_invitation(token, name, password))
    }

    fn sign_out_everywhere(&self) -> BackendFuture<'_, ()> {
        Box::pin(self.leave_everywhere())
    }

    fn change_password<'a>(&'a self, old: &'a str, new: &'a str) -> BackendFuture<'a, ()> {
        Box::pin(self.take_another_password(old, new))
    }

    fn instructors(&self) -> BackendFuture<'_, Vec<Instructor>> {
        Box::pin(async move {
            let who = self.account().await?;
            self.ask(self.classroom().instructors(&who)).await
        })
    }

    fn invite(&self) -> BackendFuture<'_, InvitationLink> {
        Box::pin(async move {
            let who = self.account().await?;
            Ok(self.link(self.ask(self.classroom().invite(&who)).await?))
        })
    }

    fn reset_password<'a>(&'a self, instructor: &'a str) -> BackendFuture<'a, InvitationLink> {
        Box::pin(async move {
            let who = self.account().await?;
            Ok(self.link(self.ask(self.classroom().reset_password(&who, instructor)).await?))
        })
    }

    fn remove_instructor<'a>(&'a self, instructor: &'a str) -> BackendFuture<'a, Deleted> {
        Box::pin(async move {
            let who = self.account().await?;
            self.ask(self.classroom().remove_instructor(&who, instructor)).await
        })
    }

    fn machine(&self) -> BackendFuture<'_, Machine> {
        Box::pin(async move {
            let who = self.account().await?;
            self.ask(self.classroom().machine(&who)).await
        })
    }

    fn close_sandbox<'a>(&'a self, sandbox: &'a str) -> BackendFuture<'a, ()> {
        Box::pin(async move {
            let who = self.account().await?;
            self.ask(self.classroom().close_sandbox(&who, sandbox)).await
        })
    }

    fn platforms(&self) -> BackendFuture<'_, Platforms> {
        Box::pin(async move {
            let who = self.account().await?;
            self.all_platforms(&who).await
        })
    }

    fn keep_platform(&self, draft: PlatformDraft) -> BackendFuture<'_, Platforms> {
        Box::pin(async move {
            let who = self.account().await?;
            self.ask(self.classroom().keep_platform(&who, draft)).await?;
            self.all_platforms(&who).await
        })
    }

    fn remove_platform<'a>(&'a self, platform: &'a str) -> BackendFuture<'a, Deleted> {
        Box::pin(async move {
            let who = self.account().await?;
            self.ask(self.classroom().remove_platform(&who, platform)).await
        })
    }

    fn lessons(&self) -> BackendFuture<'_, Vec<LessonOutline>> {
        Box::pin(async move {
            self.account().await?;
            Ok(self.classroom().lessons())
        })
    }

    fn classes(&self) -> BackendFuture<'_, Vec<ClassSummary>> {
        Box::pin(async move {
            let who = self.account().await?;
            self.ask(self.classroom().classes(&who)).await
        })
    }

    fn make_class(&self, draft: ClassDraft) -> BackendFuture<'_, String> {
        Box::pin(async move {
            let who = self.account().await?;
            self.ask(self.classroom().make_class(&who, draft)).await
        })
    }

    fn class<'a>(&'a self, class: &'a str) -> BackendFuture<'a, ClassDetails> {
        Box::pin(async move {
            let who = self.account().await?;
            self.details(&who, class).await
        })
    }

    fn change_class<'a>(&'a self, class: &'a str, draft: ClassDraft) -> BackendFuture<'a, ClassDetails> {
        Box::pin(async move {
            let who = self.account().await?;
            self.ask(self.classroom().change_class(&who, class, draft)).await?;
            self.details(&who, class).await
        })
    }

    fn delete_class<'a>(&'a self, class: &'a str) -> BackendFuture<'a, Deleted> {
        Box::pin(async move {
            let who = self.account().await?;
            self.ask(self.classroom().delete_class(&who, class)).await
        })
    }

    fn share_class<'a>(&'a self, class: &'a str, with: &'a str) -> BackendFuture<'a, ClassDetails> {
        Box::pin(async move {
            let who = self.account().await?;
            self.ask(self.classroom().share_class(&who, class, with)).await?;
            self.details(&who, class).await
        })
    }

    fn unshare_class<'a>(&'a self, class: &'a str, with: &'a str) -> BackendFuture<'a, ClassDetails> {
        Box::pin(async move {
            let who = self.account().await?;
            self.ask(self.classroom().unshare_class(&who, class, with)).await?;
            self.details(&who, class).await
        })
    }

    fn new_code<'a>(&'a self, class: &'a str) -> BackendFuture<'a, ClassDetails> {
        Box::pin(async move {
            let who = self.account().await?;
            self.ask(self.classroom().new_code(&who, class)).await?;
            self.details(&who, class).await
        })
    }

    fn look_at_roster<'a>(&'a self, class: &'a str, csv: &'a str) -> BackendFuture<'a, RosterPreview> {
        Box::pin(async move {
            let who = self.account().await?;
            self.ask(self.classroom().look_at_roster(&who, class, csv)).await
        })
    }

    fn add_roster<'a>(&'a self, class: &'a str, csv: &'a str) -> BackendFuture<'a, RosterResult> {
        Box::pin(async move {
            let who = self.account().await?;
            self.ask(self.classroom().add_roster(&who, class, csv, &self.base)).await
        })
    }

    fn new_link<'a>(&'a self, place: &'a str) -> BackendFuture<'a, PersonalLink> {
        Box::pin(async move {
            let who = self.account().await?;
            self.ask(self.classroom().new_link(&who, place, &self.base)).await
        })
    }

    fn remove_place<'a>(&'a self, place: &'a str) -> BackendFuture<'a, Deleted> {
        Box::pin(async move {
            let who = self.account().await?;
            self.ask(self.classroom().remove_place(&who, place)).await
        })
    }

    fn fill_from_platform<'a>(&'a self, link: &'a str) -> BackendFuture<'a, FillResult> {
        Box::pin(async move {
            let who = self.account().await?;
            self.ask(self.classroom().fill_from_platform(&who, link)).await
        })
    }

    fn unlink<'a>(&'a self, link: &'a str) -> BackendFuture<'a, ClassDetails> {
        Box::pin(async move {
            let who = self.account().await?;
            let class = self.ask(self.classroom().unlink(&who, link)).await?;
            self.details(&who, &class).await
        })
    }

    fn board<'a>(&'a self, class: &'a str, lesson: &'a str) -> BackendFuture<'a, Board> {
        Box::pin(async move {
            let who = self.account().await?;
            let class = self.ask(self.classroom().class_of(&who, class)).await?;
            let board = self.ask(self.classroom().follow_board(&class, lesson)).await?;
            let board = board.borrow().whole();
            Ok(board)
        })
    }

    fn send_note<'a>(&'a self, class: &'a str, place: &'a str, text: &'a str) -> BackendFuture<'a, ()> {
        Box::pin(async move {
            let who = self.account().await?;
            self.ask(self.classroom().send_note(&who, class, place, text)).await
        })
    }

    fn sent_notes<'a>(&'a self, class: &'a str, place: &'a str) -> BackendFuture<'a, SentNotes> {
        Box::pin(async move {
            let who = self.account().await?;
            self.ask(self.classroom().sent_notes(&who, class, place)).await
        })
    }

    fn lead<'a>(&'a self, class: &'a str, to: StepRef) -> BackendFuture<'a, ()> {
        Box::pin(async move {
            let who = self.account().await?;
            self.ask(self.classroom().lead(&who, class, to)).await
        })
    }

    fn lower_hand<'a>(&'a self, place: &'a str) -> BackendFuture<'a, ()> {
        Box::pin(async move {
            let who = self.account().await?;
            self.ask(self.classroom().lower_hand(&who, place)).await
        })
    }

    fn watched<'a>(&'a self, place: &'a str, lesson: &'a str) -> BackendFuture<'a, Watched> {
        Box::pin(self.look_at_learner(place, lesson))
    }

    fn timeline<'a>(&'a self, place: &'a str, before: i64) -> BackendFuture<'a, Timeline> {
        Box::pin(async move {
            let who = self.account().await?;
            let place = self.ask(self.classroom().place_of(&who, place)).await?;
            match place.learner {
                Some(learner) => self.ask(self.classroom().timeline(&place.class, &learner, before)).await,
                None => Ok(Timeline::default()),
            }
        })
    }

    fn ask_assist<'a>(&'a self, place: &'a str) -> BackendFuture<'a, ()> {
        Box::pin(async move {
            let who = self.account().await?;
            self.ask(self.classroom().ask_assist(&who, place)).await
        })
    }

    fn end_assist<'a>(&'a self, place: &'a str) -> BackendFuture<'a, ()> {
        Box::pin(async move {
            let who = self.account().await?;
            self.ask(self.classroom().end_assist(&who, place)).await
        })
    }

    fn report<'a>(&'a self, class: &'a str, lesson: &'a str) -> BackendFuture<'a, Report> {
        Box::pin(async move {
            let who = self.account().await?;
            let class = self.ask(self.classroom().class_of(&who, class)).await?;
            self.ask(self.classroom().report(&class, lesson)).await
        })
    }
}
