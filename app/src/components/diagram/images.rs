//! Images: layers as blocks, names below, and layers on their way.

use leptos::prelude::*;

use super::{Detail, at};
use crate::diagram::{Arrival, Block, Parcel, Plate, Scene};

#[component]
pub(super) fn Layers(scene: Memo<Scene>, detail: Detail) -> impl IntoView {
    let keys = move || scene.with(|scene| scene.blocks.iter().map(|block| block.key.clone()).collect::<Vec<_>>());
    view! {
        <For each=keys key=Clone::clone let(key)>
            <Layer scene=scene detail=detail key=key />
        </For>
    }
    .into_any()
}

#[component]
fn Layer(scene: Memo<Scene>, detail: Detail, key: String) -> impl IntoView {
    let block = Memo::new(move |_| scene.with(|scene| scene.blocks.iter().find(|block| block.key == key).cloned()));
    let rect = move || block.with(|block| block.as_ref().map(|block| block.rect).unwrap_or_default());
    let words = move || block.with(|block| block.as_ref().map(|block| block.detail.clone()).unwrap_or_default());
    let label = move || block.with(|block| block.as_ref().map(|block| block.label.clone()).unwrap_or_default());
    let hue = move || block.with(|block| hue_class("layer", block.as_ref().and_then(|block: &Block| block.hue)));
    // How it came is asked once, when it comes.
    let (arriving, from) = match block.with_untracked(|block| block.as_ref().map_or(Arrival::Still, |block| block.arrival)) {
        Arrival::Still => ("arriving", String::new()),
        Arrival::Here => ("arriving arriving--here", String::new()),
        Arrival::FromRegistry { dx, dy } => ("arriving arriving--from-registry", format!("--dx:{dx:.0}px;--dy:{dy:.0}px")),
    };
    view! {
        <g
            class=hue
            style=move || at(rect())
            data-item=""
            tabindex="-1"
            role="img"
            aria-label=words
            on:pointerenter=move |_| detail.show(words())
            on:pointerleave=move |_| detail.clear()
            on:focus=move |_| detail.show(words())
            on:blur=move |_| detail.clear()
        >
            <g class=arriving style=from>
                <rect class="layer__block" width=move || rect().width height=move || rect().height rx="3"></rect>
                <text class="layer__label" x="6" y=move || rect().height / 2.0 + 3.5>{label}</text>
            </g>
        </g>
    }
    .into_any()
}

/// Its own colours where it belongs to one image only.
fn hue_class(name: &str, hue: Option<usize>) -> String {
    match hue {
        Some(hue) => format!("{name} hue-{hue}"),
        None => format!("{name} hue-shared"),
    }
}

#[component]
pub(super) fn Plates(scene: Memo<Scene>, detail: Detail) -> impl IntoView {
    let keys = move || scene.with(|scene| scene.plates.iter().map(|plate| plate.key.clone()).collect::<Vec<_>>());
    view! {
        <For each=keys key=Clone::clone let(key)>
            <NamePlate scene=scene detail=detail key=key />
        </For>
    }
    .into_any()
}

#[component]
fn NamePlate(scene: Memo<Scene>, detail: Detail, key: String) -> impl IntoView {
    let plate = Memo::new(move |_| scene.with(|scene| scene.plates.iter().find(|plate| plate.key == key).cloned()));
    let rect = move || plate.with(|plate| plate.as_ref().map(|plate| plate.rect).unwrap_or_default());
    let text = move |what: fn(&Plate) -> &String| plate.with(|plate| plate.as_ref().map(|plate| what(plate).clone()).unwrap_or_default());
    let words = move || text(|plate| &plate.detail);
    let class = move || plate.with(|plate| hue_class("plate", plate.as_ref().map(|plate| plate.hue)));
    view! {
        <g
            class=class
            style=move || at(rect())
            data-item=""
            tabindex="-1"
            role="img"
            aria-label=words
            on:pointerenter=move |_| detail.show(words())
            on:pointerleave=move |_| detail.clear()
            on:focus=move |_| detail.show(words())
            on:blur=move |_| detail.clear()
        >
            <rect class="plate__ground" x="2" width=move || (rect().width - 4.0).max(0.0) height=move || rect().height rx="6"></rect>
            <text class="plate__name" x=move || rect().width / 2.0 y="14">{move || text(|plate| &plate.name)}</text>
            <text class="plate__note" x=move || rect().width / 2.0 y="28">{move || text(|plate| &plate.note)}</text>
        </g>
    }
    .into_any()
}

#[component]
pub(super) fn Parcels(scene: Memo<Scene>) -> impl IntoView {
    let keys = move || scene.with(|scene| scene.parcels.iter().map(|parcel| parcel.key.clone()).collect::<Vec<_>>());
    view! {
        <g aria-hidden="true">
            <For each=keys key=Clone::clone let(key)>
                <OnItsWay scene=scene key=key />
            </For>
        </g>
    }
    .into_any()
}

#[component]
fn OnItsWay(scene: Memo<Scene>, key: String) -> impl IntoView {
    let parcel = Memo::new(move |_| scene.with(|scene| scene.parcels.iter().find(|parcel| parcel.key == key).cloned()));
    let rect = move || parcel.with(|parcel| parcel.as_ref().map(|parcel| parcel.rect).unwrap_or_default());
    let slot = move || parcel.with(|parcel| parcel.as_ref().map(|parcel| parcel.slot).unwrap_or_default());
    let is = move |what: fn(&Parcel) -> bool| parcel.with(|parcel| parcel.as_ref().is_some_and(what));
    view! {
        <g class="parcel" class:parcel--done=move || is(|parcel| parcel.done)>
            <rect class="parcel__slot" x=move || slot().x y=move || slot().y width=move || slot().width height=move || slot().height rx="3"></rect>
            <g class="parcel__way" style=move || at(rect())>
                <rect class="parcel__load" width=move || rect().width height=move || rect().height rx="3"></rect>
            </g>
        </g>
    }
    .into_any()
}
