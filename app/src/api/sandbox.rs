//! The learner's sandbox: how it stands, start, reset.

use leptos::prelude::*;

use super::{ApiError, codec::PostJsonText};
use crate::model::SandboxStatus;

#[server(name = FetchSandbox, prefix = "/api/fn", endpoint = "sandbox", output = PostJsonText)]
pub async fn sandbox() -> Result<SandboxStatus, ApiError> {
    super::answer(super::backend()?.sandbox().await)
}

/// Answers when the sandbox is ready or has failed.
#[server(name = StartSandbox, prefix = "/api/fn", endpoint = "start_sandbox", output = PostJsonText)]
pub async fn start_sandbox() -> Result<SandboxStatus, ApiError> {
    super::answer(super::backend()?.start_sandbox().await)
}

/// Removes the sandbox and starts a fresh one; progress stays.
#[server(name = ResetSandbox, prefix = "/api/fn", endpoint = "reset_sandbox", output = PostJsonText)]
pub async fn reset_sandbox() -> Result<SandboxStatus, ApiError> {
    super::answer(super::backend()?.reset_sandbox().await)
}
