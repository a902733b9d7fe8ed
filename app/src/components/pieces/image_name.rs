use leptos::prelude::*;
#[component]
pub(super) fn ImageNamePiece() -> impl IntoView {}
