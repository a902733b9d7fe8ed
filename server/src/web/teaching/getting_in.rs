//! Instructors' ways in and out: sign-in, one-time links, sign-out, passwords.

use std::time::Instant;

use app::{
    backend::BackendError,
    model::{Invitation, Me, SignedOut},
};

use super::{
    super::{
        instructor::{self, SignInError},
        pace,
        pace::passwords::{self, Guesser},
    },
    InstructorBackend,
};
use crate::{classroom::Account, clock};

impl InstructorBackend {
    async fn signed_in(&self) -> Result<Option<Account>, BackendError> {
        let Some(session) = &self.session else { return Ok(None) };
        instructor::signed_in(session, self.classroom()).await.map_err(|error| self.sign_in_error(error))
    }

    pub(super) async fn account(&self) -> Result<Account, BackendError> {
        self.signed_in().await?.ok_or(BackendError::NotSignedIn)
    }

    fn sign_in_error(&self, error: SignInError) -> BackendError {
        match error {
            SignInError::Account(error) => self.class_error(error),
            SignInError::Session(error) => self.internal(&error),
        }
    }

    async fn enter(&self, account: &Account, from: i64) -> Result<Me, BackendError> {
        let before = self.signed_in().await?;
        passwords::remember(self.session()?, &account.name).await.map_err(|error| self.internal(&error))?;
        instructor::sign_in(self.session()?, &self.learner, account, from).await.map_err(|error| self.sign_in_error(error))?;
        if let Some(before) = before.filter(|before| before.id != account.id) {
            self.classroom().hub().account_ended(&before.id);
        }
        Ok(me(account))
    }

    /// Streams of the session end, and what the account typed in learners' terminals.
    pub(super) async fn leave(&self) -> Result<(), BackendError> {
        let before = self.signed_in().await?;
        instructor::sign_out(self.session()?).await.map_err(|error| self.sign_in_error(error))?;
        if let Some(before) = before {
            self.classroom().hub().account_ended(&before.id);
        }
        Ok(())
    }

    fn may_try_password(&self, guesser: &Guesser) -> Result<(), BackendError> {
        self.state.pace.password(guesser, Instant::now()).map_err(|wait| BackendError::Refused(passwords::too_many_wrong(wait)))
    }

    pub(super) async fn who_is_in(&self) -> Result<Option<Me>, BackendError> {
        Ok(self.signed_in().await?.as_ref().map(me))
    }

    pub(super) async fn why_out(&self) -> Result<Option<SignedOut>, BackendError> {
        let Some(session) = &self.session else { return Ok(None) };
        instructor::why_out(session, self.classroom()).await.map_err(|error| self.sign_in_error(error))
    }

    pub(super) async fn come_in(&self, name: &str, password: &str) -> Result<Me, BackendError> {
        let guesser = Guesser::of(self.session.as_ref(), self.client, name).await.map_err(|error| self.internal(&error))?;
        self.may_try_password(&guesser)?;
        let found = self.ask(self.classroom().sign_in(name, password)).await;
        if !matches!(found, Ok(None)) {
            self.state.pace.password_was_not_wrong(&guesser);
        }
        match found? {
            Some(account) => self.enter(&account, clock::now()).await,
            None => Err(BackendError::Refused("Name or password is wrong. Try again; an admin can give you a new password.".to_owned())),
        }
    }

    pub(super) async fn look_at_invitation(&self, token: &str) -> Result<Invitation, BackendError> {
        self.may_look_codes_up()?;
        let found = self.ask(self.classroom().invitation(token)).await?;
        self.code_was_right();
        Ok(found)
    }

    pub(super) async fn come_in_by_invitation(&self, token: &str, name: &str, password: &str) -> Result<Me, BackendError> {
        self.may_look_codes_up()?;
        self.state.pace.costly(self.client, Instant::now()).map_err(|wait| BackendError::Refused(pace::too_much(wait)))?;
        let (account, from) = self.ask(self.classroom().accept_invitation(token, name, password)).await?;
        self.code_was_right();
        self.enter(&account, from).await
    }

    pub(super) async fn leave_everywhere(&self) -> Result<(), BackendError> {
        let who = self.account().await?;
        self.ask(self.classroom().sign_out_everywhere(&who)).await?;
        self.leave().await
    }

    pub(super) async fn take_another_password(&self, old: &str, new: &str) -> Result<(), BackendError> {
        let who = self.account().await?;
        let guesser = Guesser::IsIn { account: who.id.clone() };
        self.may_try_password(&guesser)?;
        let from = self.ask(self.classroom().change_password(&who, old, new)).await?;
        self.state.pace.password_was_not_wrong(&guesser);
        self.enter(&who, from).await.map(drop)
    }
}

fn me(account: &Account) -> Me {
    Me { name: account.name.clone(), is_admin: account.is_admin }
}
