use crate::state::Work;
use leptos::prelude::*;
#[component]
pub(super) fn LayersPiece(work: Work, names: Vec<String>) -> impl IntoView {
    let _ = (work, names);
}
