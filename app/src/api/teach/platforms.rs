//! Learning platforms: what admins register, and what teachers do with links that lead to a class.

use leptos::prelude::*;

#[cfg(feature = "ssr")]
use crate::api::{answer, teaching};
use crate::{
    api::{ApiError, codec::PostJsonText},
    model::{ClassDetails, Deleted, FillResult, PlatformDraft, Platforms},
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

/// Adds and renames whom the platform says to be in the course.
#[server(name = FillFromPlatform, prefix = "/api/fn", endpoint = "teach/fill_from_platform", output = PostJsonText)]
pub async fn fill_from_platform(link: String) -> Result<FillResult, ApiError> {
    answer(teaching()?.fill_from_platform(&link).await)
}

/// The link leads nowhere any more.
#[server(name = Unlink, prefix = "/api/fn", endpoint = "teach/unlink", output = PostJsonText)]
pub async fn unlink(link: String) -> Result<ClassDetails, ApiError> {
    answer(teaching()?.unlink(&link).await)
}
