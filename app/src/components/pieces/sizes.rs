use crate::state::Work;
use leptos::prelude::*;
#[component]
pub(super) fn SizesPiece(work: Work, names: Vec<String>) -> impl IntoView {
    let _ = (work, names);
}
