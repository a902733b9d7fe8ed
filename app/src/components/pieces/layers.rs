//! The layers of one image or of several, side by side.

use leptos::prelude::*;

use super::found::{Found, found, missing};
use crate::{
    diagram::{human_size, instruction, plural},
    model::ImageView,
    state::Work,
};

#[component]
pub(super) fn LayersPiece(work: Work, names: Vec<String>) -> impl IntoView {
    let title = format!("Inside {}", names.join(" and "));
    let heading = title.clone();
    let images = found(work, names);
    view! {
        <section class="piece layers" aria-label=title>
            <h2 class="piece__title">{heading}</h2>
            <div class="layers__images">
                {move || {
                    let images = images.get();
                    let all: Vec<(String, ImageView)> =
                        images.iter().filter_map(|found| found.image.clone().map(|image| (found.name.clone(), image))).collect();
                    let largest = all.iter().flat_map(|(_, image)| &image.layers).map(|layer| layer.size).max().unwrap_or(1).max(1);
                    images
                        .iter()
                        .map(|found| match found {
                            Found { name, image: Some(image), .. } => stack(name, image, &all, largest),
                            missed => missing(missed),
                        })
                        .collect_view()
                }}
            </div>
        </section>
    }
    .into_any()
}

fn stack(name: &str, image: &ImageView, all: &[(String, ImageView)], largest: u64) -> AnyView {
    let count = image.layers.len();
    // As they lie on each other: the top one first.
    let layers = image
        .layers
        .iter()
        .enumerate()
        .rev()
        .map(|(index, layer)| {
            let others: Vec<&str> = all
                .iter()
                .filter(|(other, image)| other != name && image.layers.iter().any(|there| there.digest == layer.digest))
                .map(|(other, _)| other.as_str())
                .collect();
            let shared = (!others.is_empty()).then(|| format!("shared with {}", others.join(", ")));
            let share = layer.size * 100 / largest;
            let is_shared = shared.is_some();
            view! {
                <li class="stack__layer" class:stack__layer--shared=is_shared>
                    <span class="stack__number">{index + 1}</span>
                    <code class="stack__instruction">{instruction(&layer.instruction)}</code>
                    <span class="stack__size">{human_size(layer.size)}</span>
                    <span class="stack__bar" aria-hidden="true" style=format!("width:max(2px,{share}%)")></span>
                    {shared.map(|shared| view! { <span class="stack__shared">{shared}</span> })}
                </li>
            }
        })
        .collect_view();
    view! {
        <div class="stack">
            <h3 class="stack__name">
                <code>{name.to_owned()}</code>
                <span>{format!("{}, {}", human_size(image.size), plural(count, "layer"))}</span>
            </h3>
            <ol class="stack__layers" role="list">{layers}</ol>
            <dl class="stack__facts">
                {fact("Entrypoint", &image.entrypoint)}
                {fact("Command", &image.cmd)}
                {fact("Ports", &image.exposed_ports)}
                {fact("Environment", &image.env)}
            </dl>
        </div>
    }
    .into_any()
}

fn fact(name: &'static str, values: &[String]) -> impl IntoView + use<> {
    let text = if values.is_empty() { "none".to_owned() } else { values.join(" ") };
    view! {
        <div>
            <dt>{name}</dt>
            <dd><code>{text}</code></dd>
        </div>
    }
}
