//! Getting in as an instructor, and one's own account.

use leptos::prelude::*;

#[cfg(feature = "ssr")]
use crate::api::{answer, teaching};
use crate::{
    api::{ApiError, codec::PostJsonText},
    model::{Invitation, Me, SignedOut},
};

/// `None`: nobody is signed in.
#[server(name = FetchMe, prefix = "/api/fn", endpoint = "teach/me", output = PostJsonText)]
pub async fn me() -> Result<Option<Me>, ApiError> {
    answer(teaching()?.me().await)
}

/// `None`: nobody was signed in, or they still are.
#[server(name = FetchSignedOut, prefix = "/api/fn", endpoint = "teach/signed_out", output = PostJsonText)]
pub async fn signed_out() -> Result<Option<SignedOut>, ApiError> {
    answer(teaching()?.signed_out().await)
}

#[server(name = SignIn, prefix = "/api/fn", endpoint = "teach/sign_in", output = PostJsonText)]
pub async fn sign_in(name: String, password: String) -> Result<Me, ApiError> {
    answer(teaching()?.sign_in(&name, &password).await)
}

#[server(name = SignOut, prefix = "/api/fn", endpoint = "teach/sign_out", output = PostJsonText)]
pub async fn sign_out() -> Result<(), ApiError> {
    answer(teaching()?.sign_out().await)
}

/// Looks at a one-time link without using it.
#[server(name = FetchInvitation, prefix = "/api/fn", endpoint = "teach/invitation", output = PostJsonText)]
pub async fn invitation(token: String) -> Result<Invitation, ApiError> {
    answer(teaching()?.invitation(&token).await)
}

/// Uses the one-time link up, and signs in.
#[server(name = AcceptInvitation, prefix = "/api/fn", endpoint = "teach/accept_invitation", output = PostJsonText)]
pub async fn accept_invitation(token: String, name: String, password: String) -> Result<Me, ApiError> {
    answer(teaching()?.accept_invitation(&token, &name, &password).await)
}

/// Ends all sessions of the account, this one too.
#[server(name = SignOutEverywhere, prefix = "/api/fn", endpoint = "teach/sign_out_everywhere", output = PostJsonText)]
pub async fn sign_out_everywhere() -> Result<(), ApiError> {
    answer(teaching()?.sign_out_everywhere().await)
}

/// Ends all other sessions.
#[server(name = ChangePassword, prefix = "/api/fn", endpoint = "teach/change_password", output = PostJsonText)]
pub async fn change_password(old: String, new: String) -> Result<(), ApiError> {
    answer(teaching()?.change_password(&old, &new).await)
}
