//! Containers on their images.

use leptos::prelude::*;

use super::{Detail, at};
use crate::{
    diagram::{Arrival, Dish, Scene, human_size, state_word},
    model::{ContainerState, PortView},
};

/// A container at least this wide has room for a port's both ends.
const WIDE: f64 = 168.0;
/// A badge this wide, for a port's one end and for both.
const BADGE: (f64, f64) = (54.0, 84.0);
const BADGE_HEIGHT: f64 = 18.0;

#[component]
pub(super) fn Containers(scene: Memo<Scene>, detail: Detail) -> impl IntoView {
    let keys = move || scene.with(|scene| scene.dishes.iter().map(|dish| dish.key.clone()).collect::<Vec<_>>());
    view! {
        <For each=keys key=Clone::clone let(key)>
            <Container scene=scene detail=detail key=key />
        </For>
    }
    .into_any()
}

#[component]
fn Container(scene: Memo<Scene>, detail: Detail, key: String) -> impl IntoView {
    let dish = Memo::new(move |_| scene.with(|scene| scene.dishes.iter().find(|dish| dish.key == key).cloned()));
    let rect = move || dish.with(|dish| dish.as_ref().map(|dish| dish.rect).unwrap_or_default());
    let words = move || dish.with(|dish| dish.as_ref().map(|dish| dish.detail.clone()).unwrap_or_default());
    let name = move || dish.with(|dish| dish.as_ref().map(|dish| dish.name.clone()).unwrap_or_default());
    let state = move || dish.with(|dish| dish.as_ref().map(|dish| state_word(&dish.container)).unwrap_or_default());
    let class = move || dish.with(|dish| format!("dish {}", dish.as_ref().map_or("", |dish| state_class(dish.container.state))));
    let writable = move || dish.with(|dish| dish.as_ref().map(writable_words).unwrap_or_default());
    let arrived = dish.with_untracked(|dish| dish.as_ref().is_some_and(|dish| dish.arrival != Arrival::Still));
    let ports = Memo::new(move |_| {
        dish.with(|dish| {
            dish.as_ref().filter(|dish| dish.container.state == ContainerState::Running).map(|dish| dish.container.ports.clone())
        })
        .unwrap_or_default()
    });
    view! {
        <g class=class style=move || at(rect())>
            <g class=if arrived { "arriving arriving--settling" } else { "arriving" }>
                <g
                    data-item=""
                    tabindex="-1"
                    role="img"
                    aria-label=words
                    on:pointerenter=move |_| detail.show(words())
                    on:pointerleave=move |_| detail.clear()
                    on:focus=move |_| detail.show(words())
                    on:blur=move |_| detail.clear()
                >
                    <rect class="dish__box" width=move || rect().width height=move || rect().height rx="9"></rect>
                    <circle class="dish__light" cx="13" cy="14.5" r="4.5"></circle>
                    <text class="dish__name" x="23" y="19">{name}</text>
                    <text class="dish__state" x="10" y="35">{state}</text>
                </g>
                <rect
                    class="dish__writable"
                    y=move || rect().height
                    width=move || rect().width
                    height=move || dish.with(|dish| dish.as_ref().map_or(0.0, |dish| dish.writable.height))
                    on:pointerenter=move |_| detail.show(writable())
                    on:pointerleave=move |_| detail.clear()
                ></rect>
                {move || {
                    let ports = ports.get();
                    ports.first().map(|port| badge(port, ports.len() - 1, rect().width))
                }}
            </g>
        </g>
    }
    .into_any()
}

/// The first published port; the toolbar of the terminal has them all.
fn badge(port: &PortView, more: usize, width: f64) -> AnyView {
    let wide = width >= WIDE;
    let text = match (wide, more) {
        (true, 0) => format!("{}→{} ↗", port.host_port, port.container_port),
        (_, 0) => format!("{} ↗", port.host_port),
        (_, more) => format!("{} +{more}", port.host_port),
    };
    let badge = if wide { BADGE.1 } else { BADGE.0 };
    let position = format!("transform:translate({:.1}px,22px)", width - badge - 6.0);
    let label = format!("Open port {} in a new tab", port.host_port);
    let parts = view! {
        <g class="badge" style=position>
            <a href=port.preview_url.clone() target="_blank" rel="noopener noreferrer" aria-label=label tabindex="-1">
                <rect class="badge__ground" width=badge height=BADGE_HEIGHT rx="9"></rect>
                <text class="badge__text" x=badge / 2.0 y="13">{text}</text>
            </a>
        </g>
    };
    parts.into_any()
}

fn state_class(state: ContainerState) -> &'static str {
    match state {
        ContainerState::Running => "state-running",
        ContainerState::Created | ContainerState::Paused | ContainerState::Restarting => "state-waiting",
        ContainerState::Exited | ContainerState::Removing => "state-exited",
        ContainerState::Dead => "state-dead",
    }
}

fn writable_words(dish: &Dish) -> String {
    let written = match dish.container.writable_bytes {
        Some(bytes) => format!("{} written so far", human_size(bytes)),
        None => "all it writes goes here".to_owned(),
    };
    format!("The writable layer of {}: {written}", dish.container.name)
}
