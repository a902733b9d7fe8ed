//! The registry with its shelf, the host, and the way between.

use leptos::prelude::*;

use super::{Detail, at};
use crate::{
    diagram::{Scene, ShelfItem},
    model::SandboxStatus,
    state::Work,
};

/// Characters of a reference that fit on the shelf.
const SHELF_CHARACTERS: usize = 19;

/// The pattern of a writable layer.
#[component]
pub(super) fn Defs() -> impl IntoView {
    view! {
        <defs>
            <pattern id="writable" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
                <rect class="pattern__ground" width="6" height="6"></rect>
                <rect class="pattern__line" width="2.5" height="6"></rect>
            </pattern>
        </defs>
    }
    .into_any()
}

#[component]
pub(super) fn Frames(work: Work, scene: Memo<Scene>) -> impl IntoView {
    let registry = move || scene.with(|scene| scene.registry);
    let host = move || scene.with(|scene| scene.host);
    let busy = move || scene.with(|scene| !scene.parcels.is_empty());
    let empty = move || scene.with(|scene| scene.plates.is_empty() && scene.parcels.is_empty() && scene.dishes.is_empty());
    let words = move || {
        work.live.sandbox.with(|status| match status {
            SandboxStatus::Ready { .. } => "No images yet. Try docker pull nginx.",
            SandboxStatus::Starting => "Your host is starting…",
            _ => "Your host is not started yet.",
        })
    };
    view! {
        <g aria-hidden="true">
            <rect class="frame frame--registry" width=move || registry().width height=move || registry().height rx="12"></rect>
            <text class="frame__name" x="12" y="17">"Registry"</text>
            <rect class="frame frame--host" x=move || host().x width=move || host().width height=move || host().height rx="12"></rect>
            <text class="frame__name" x=move || host().x + 12.0 y="17">"Your host"</text>
            <path
                class="lane"
                class:lane--busy=busy
                d=move || {
                    let (from, to, y) = (registry().right() + 6.0, host().x - 7.0, host().height / 2.0);
                    format!("M{from} {y}H{to}m-6 -5l6 5l-6 5")
                }
            ></path>
            {move || {
                empty()
                    .then(|| {
                        let (x, y) = host().middle();
                        view! { <text class="frame__words" x=x y=y>{words()}</text> }
                    })
            }}
        </g>
    }
    .into_any()
}

#[component]
pub(super) fn Shelf(scene: Memo<Scene>, detail: Detail) -> impl IntoView {
    let keys = move || scene.with(|scene| scene.shelf.iter().map(|item| item.reference.clone()).collect::<Vec<_>>());
    view! {
        <For each=keys key=Clone::clone let(key)>
            <Item scene=scene detail=detail key=key />
        </For>
    }
    .into_any()
}

#[component]
fn Item(scene: Memo<Scene>, detail: Detail, key: String) -> impl IntoView {
    let name = short(&key);
    let item = Memo::new(move |_| scene.with(|scene| scene.shelf.iter().find(|item| item.reference == key).cloned()));
    let rect = move || item.with(|item| item.as_ref().map(|item| item.rect).unwrap_or_default());
    let has = move |what: fn(&ShelfItem) -> bool| item.with(|item| item.as_ref().is_some_and(what));
    let words = move || item.with(|item| item.as_ref().map(describe).unwrap_or_default());
    view! {
        <g
            class="shelf"
            class:shelf--here=move || has(|item| item.on_host)
            class:shelf--pushed=move || has(|item| item.pushed)
            class:shelf--busy=move || has(|item| item.busy)
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
            <rect class="shelf__plate" width=move || rect().width height=move || rect().height rx="6"></rect>
            <text class="shelf__name" x="8" y=move || rect().height / 2.0 + 4.0>{name}</text>
            {move || {
                has(|item| item.on_host)
                    .then(|| {
                        let rect = rect();
                        let d = format!("M{} {}l3 3.5l6 -7", rect.width - 16.0, rect.height / 2.0);
                        view! { <path class="shelf__here" d=d></path> }
                    })
            }}
        </g>
    }
    .into_any()
}

fn short(reference: &str) -> String {
    let name = reference.strip_prefix("registry.lunchbox/").unwrap_or(reference);
    if name.chars().count() <= SHELF_CHARACTERS {
        return name.to_owned();
    }
    name.chars().take(SHELF_CHARACTERS - 1).chain(['…']).collect()
}

fn describe(item: &ShelfItem) -> String {
    let mut text = format!("{} in the registry", item.reference);
    if item.pushed {
        text.push_str(", pushed by you");
    }
    if item.on_host {
        text.push_str(", on your host too");
    }
    if item.stand_in {
        text.push_str("; a stand-in built from packages");
    }
    text
}
