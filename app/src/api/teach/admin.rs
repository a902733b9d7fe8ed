//! What admins do: instructors, and the machine.

use leptos::prelude::*;

#[cfg(feature = "ssr")]
use crate::api::{answer, teaching};
use crate::{
    api::{ApiError, codec::PostJsonText},
    model::{Deleted, Instructor, InvitationLink, Machine},
};

#[server(name = FetchInstructors, prefix = "/api/fn", endpoint = "teach/instructors", output = PostJsonText)]
pub async fn instructors() -> Result<Vec<Instructor>, ApiError> {
    answer(teaching()?.instructors().await)
}

#[server(name = Invite, prefix = "/api/fn", endpoint = "teach/invite", output = PostJsonText)]
pub async fn invite() -> Result<InvitationLink, ApiError> {
    answer(teaching()?.invite().await)
}

/// A one-time link to set a new password.
#[server(name = ResetPassword, prefix = "/api/fn", endpoint = "teach/reset_password", output = PostJsonText)]
pub async fn reset_password(instructor: String) -> Result<InvitationLink, ApiError> {
    answer(teaching()?.reset_password(&instructor).await)
}

/// Their classes go to whoever asks.
#[server(name = RemoveInstructor, prefix = "/api/fn", endpoint = "teach/remove_instructor", output = PostJsonText)]
pub async fn remove_instructor(instructor: String) -> Result<Deleted, ApiError> {
    answer(teaching()?.remove_instructor(&instructor).await)
}

#[server(name = FetchMachine, prefix = "/api/fn", endpoint = "teach/machine", output = PostJsonText)]
pub async fn machine() -> Result<Machine, ApiError> {
    answer(teaching()?.machine().await)
}

#[server(name = CloseSandbox, prefix = "/api/fn", endpoint = "teach/close_sandbox", output = PostJsonText)]
pub async fn close_sandbox(sandbox: String) -> Result<(), ApiError> {
    answer(teaching()?.close_sandbox(&sandbox).await)
}
