//! What a lesson's text can hold besides text, fed by the learner's real host.

mod found;
mod image_name;
mod layers;
mod sizes;

use leptos::prelude::*;

use self::{image_name::ImageNamePiece, layers::LayersPiece, sizes::SizesPiece};
use crate::state::Work;

#[component]
pub(super) fn Piece(work: Work, name: String, names: Vec<String>) -> impl IntoView {
    match name.as_str() {
        "image-name" => view! { <ImageNamePiece /> }.into_any(),
        "sizes" => view! { <SizesPiece work=work names=names /> }.into_any(),
        "layers" => view! { <LayersPiece work=work names=names /> }.into_any(),
        "diagram" => view! { <DiagramPiece /> }.into_any(),
        // A piece that a newer server knows: nothing is better than a riddle.
        _ => ().into_any(),
    }
}

/// Points at the picture, which is always on the page.
#[component]
fn DiagramPiece() -> impl IntoView {
    view! {
        <p class="piece piece--pointer">
            <a class="piece__link" href="#diagram">"The picture of your host"</a>
            " follows every command: registry, images with their layers, containers on top."
        </p>
    }
    .into_any()
}
