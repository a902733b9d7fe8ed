//! Learning platforms: what admins register.

use leptos::prelude::*;

#[cfg(feature = "ssr")]
use crate::api::{answer, teaching};
use crate::{
    api::{ApiError, codec::PostJsonText},
    model::{Deleted, PlatformDraft, Platforms},
};

#[server(name = FetchPlatforms, prefix = "/api/fn", endpoint = "teach/platforms", output = PostJsonText)]
pub async fn platforms() -> Result<Platforms, ApiError> {
    answer(teaching()?.platforms().await)
}

/// Registers one, or changes one.
#[server(name = KeepPlatform, prefix = "/api/fn", endpoint = "teach/keep_platform", output = PostJsonText)]
pub async fn keep_platform(draft: PlatformDraft) -> Result<Platforms, ApiError> {
    answer(teaching()?.keep_platform(draft).await)
}

/// Classes, places and accounts stay.
#[server(name = RemovePlatform, prefix = "/api/fn", endpoint = "teach/remove_platform", output = PostJsonText)]
pub async fn remove_platform(platform: String) -> Result<Deleted, ApiError> {
    answer(teaching()?.remove_platform(&platform).await)
}
