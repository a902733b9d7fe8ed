//! Classes, and who is in them.

use leptos::prelude::*;

#[cfg(feature = "ssr")]
use crate::api::{answer, teaching};
use crate::{
    api::{ApiError, codec::PostJsonText},
    model::{ClassDetails, ClassDraft, ClassSummary, Deleted, LessonOutline, PersonalLink, RosterPreview, RosterResult},
};

#[server(name = FetchLessonOutlines, prefix = "/api/fn", endpoint = "teach/lessons", output = PostJsonText)]
pub async fn lessons() -> Result<Vec<LessonOutline>, ApiError> {
    answer(teaching()?.lessons().await)
}

#[server(name = FetchClasses, prefix = "/api/fn", endpoint = "teach/classes", output = PostJsonText)]
pub async fn classes() -> Result<Vec<ClassSummary>, ApiError> {
    answer(teaching()?.classes().await)
}

/// Returns the class's ID.
#[server(name = MakeClass, prefix = "/api/fn", endpoint = "teach/make_class", output = PostJsonText)]
pub async fn make_class(draft: ClassDraft) -> Result<String, ApiError> {
    answer(teaching()?.make_class(draft).await)
}

#[server(name = FetchClass, prefix = "/api/fn", endpoint = "teach/class", output = PostJsonText)]
pub async fn class(class: String) -> Result<ClassDetails, ApiError> {
    answer(teaching()?.class(&class).await)
}

#[server(name = ChangeClass, prefix = "/api/fn", endpoint = "teach/change_class", output = PostJsonText)]
pub async fn change_class(class: String, draft: ClassDraft) -> Result<ClassDetails, ApiError> {
    answer(teaching()?.change_class(&class, draft).await)
}

#[server(name = DeleteClass, prefix = "/api/fn", endpoint = "teach/delete_class", output = PostJsonText)]
pub async fn delete_class(class: String) -> Result<Deleted, ApiError> {
    answer(teaching()?.delete_class(&class).await)
}

/// `with`: an instructor's name.
#[server(name = ShareClass, prefix = "/api/fn", endpoint = "teach/share_class", output = PostJsonText)]
pub async fn share_class(class: String, with: String) -> Result<ClassDetails, ApiError> {
    answer(teaching()?.share_class(&class, &with).await)
}

#[server(name = UnshareClass, prefix = "/api/fn", endpoint = "teach/unshare_class", output = PostJsonText)]
pub async fn unshare_class(class: String, with: String) -> Result<ClassDetails, ApiError> {
    answer(teaching()?.unshare_class(&class, &with).await)
}

/// Another join code, where the old one got around.
#[server(name = NewCode, prefix = "/api/fn", endpoint = "teach/new_code", output = PostJsonText)]
pub async fn new_code(class: String) -> Result<ClassDetails, ApiError> {
    answer(teaching()?.new_code(&class).await)
}

/// How [`add_roster`] would understand it; nothing is stored.
#[server(name = LookAtRoster, prefix = "/api/fn", endpoint = "teach/look_at_roster", output = PostJsonText)]
pub async fn look_at_roster(class: String, csv: String) -> Result<RosterPreview, ApiError> {
    answer(teaching()?.look_at_roster(&class, &csv).await)
}

/// CSV with a header line, or one name a line.
#[server(name = AddRoster, prefix = "/api/fn", endpoint = "teach/add_roster", output = PostJsonText)]
pub async fn add_roster(class: String, csv: String) -> Result<RosterResult, ApiError> {
    answer(teaching()?.add_roster(&class, &csv).await)
}

/// A new personal link; the old one ends.
#[server(name = NewLink, prefix = "/api/fn", endpoint = "teach/new_link", output = PostJsonText)]
pub async fn new_link(place: String) -> Result<PersonalLink, ApiError> {
    answer(teaching()?.new_link(&place).await)
}

#[server(name = RemovePlace, prefix = "/api/fn", endpoint = "teach/remove_place", output = PostJsonText)]
pub async fn remove_place(place: String) -> Result<Deleted, ApiError> {
    answer(teaching()?.remove_place(&place).await)
}
