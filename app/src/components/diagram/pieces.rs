//! What stands in the frames. One component draws every piece; see `drawn.rs`.

use leptos::prelude::*;

use super::drawn::{Badge, Drawn, drawn};
use crate::diagram::Scene;

const BADGE_HEIGHT: i32 = 18;

#[component]
pub(super) fn Pieces(scene: Memo<Scene>) -> impl IntoView {
    let pieces = Memo::new(move |_| scene.with(drawn));
    let keys = move || pieces.with(|pieces| pieces.iter().map(|piece| piece.key.clone()).collect::<Vec<_>>());
    view! {
        <For each=keys key=Clone::clone let(key)>
            <Piece pieces=pieces key=key />
        </For>
    }
    .into_any()
}

#[component]
fn Piece(pieces: Memo<Vec<Drawn>>, key: String) -> impl IntoView {
    let piece = Memo::new(move |_| pieces.with(|pieces| pieces.iter().find(|piece| piece.key == key).cloned().unwrap_or_default()));
    let text = move |what: fn(&Drawn) -> &String| move || piece.with(|piece| what(piece).clone());
    let badge = Memo::new(move |_| piece.with(|piece| piece.badge.clone()));
    // How it came is asked once, when it comes.
    let (kind, arriving, from) = piece.with_untracked(|piece| (piece.kind, piece.arriving, piece.from.clone()));
    view! {
        <g class=text(|piece| &piece.class) style=text(|piece| &piece.style)>
            <g class=arriving style=from>
                <g data-item=kind tabindex="-1" role="img" aria-label=text(|piece| &piece.detail)>
                    <rect class="piece-box"></rect>
                    <rect class="piece-extra"></rect>
                    <circle class="piece-light" cx="13" cy="14.5" r="4.5"></circle>
                    <text class="piece-one">{text(|piece| &piece.one)}</text>
                    <text class="piece-two">{text(|piece| &piece.two)}</text>
                </g>
                {move || badge.get().map(port)}
            </g>
        </g>
    }
    .into_any()
}

fn port(badge: Badge) -> AnyView {
    let Badge { url, label, text, width, x } = badge;
    view! {
        <g class="badge" style=format!("transform:translate({x}px,22px)")>
            <a href=url target="_blank" rel="noopener noreferrer" aria-label=label tabindex="-1">
                <rect class="badge__ground" width=width height=BADGE_HEIGHT rx="9"></rect>
                <text class="badge__text" x=width / 2 y="13">{text}</text>
            </a>
        </g>
    }
    .into_any()
}
