//! Images drawn to one scale, with the layers they share told apart.

use leptos::prelude::*;

use super::found::{Found, found, missing};
use crate::{diagram::human_size, model::ImageView, state::Work};

#[component]
pub(super) fn SizesPiece(work: Work, names: Vec<String>) -> impl IntoView {
    let images = found(work, names);
    view! {
        <section class="piece sizes" aria-label="Sizes, drawn to scale">
            <h2 class="piece__title">"Drawn to scale"</h2>
            <ul class="sizes__list" role="list">
                {move || {
                    let images = images.get();
                    let largest = images.iter().flat_map(|found| &found.image).map(|image| image.size).max().unwrap_or(1).max(1);
                    let all: Vec<ImageView> = images.iter().filter_map(|found| found.image.clone()).collect();
                    images
                        .iter()
                        .map(|found| view! { <li>{match found {
                            Found { name, image: Some(image), .. } => bar(name, image, &all, largest),
                            missed => missing(missed),
                        }}</li> })
                        .collect_view()
                }}
            </ul>
            <p class="sizes__sum">{move || images.with(|images| sum(images))}</p>
        </section>
    }
    .into_any()
}

fn is_shared(all: &[ImageView], digest: &str) -> bool {
    all.iter().filter(|image| image.layers.iter().any(|layer| layer.digest == digest)).count() > 1
}

fn bar(name: &str, image: &ImageView, all: &[ImageView], largest: u64) -> AnyView {
    let parts = image
        .layers
        .iter()
        .map(|layer| {
            // In thousandths of the bar; a layer too small for that is two pixels wide by the style sheet.
            let share = layer.size * 1000 / largest;
            let shared = is_shared(all, &layer.digest);
            view! { <span class="sizes__part" class:sizes__part--shared=shared style=format!("width:calc({share}% / 10)")></span> }
        })
        .collect_view();
    view! {
        <div class="sizes__head">
            <code>{name.to_owned()}</code>
            <span>{human_size(image.size)}</span>
        </div>
        <div class="sizes__bar" aria-hidden="true">{parts}</div>
    }
    .into_any()
}

/// How much they take together, and how much it would be without sharing.
fn sum(images: &[Found]) -> String {
    let there: Vec<&ImageView> = images.iter().filter_map(|found| found.image.as_ref()).collect();
    if there.len() < 2 {
        return String::new();
    }
    let apart: u64 = there.iter().map(|image| image.size).sum();
    let mut layers: Vec<(&str, u64)> =
        there.iter().flat_map(|image| &image.layers).map(|layer| (layer.digest.as_str(), layer.size)).collect();
    layers.sort_unstable();
    layers.dedup();
    let together: u64 = layers.iter().map(|(_, size)| size).sum();
    if together < apart {
        format!("Together they take {}, not {}: layers they share are on the disk once.", human_size(together), human_size(apart))
    } else {
        format!("Together they take {}; they share no layer.", human_size(together))
    }
}

#[cfg(test)]
mod tests {
    use super::{super::found::Source, *};
    use crate::model::LayerView;

    fn image(layers: &[(&str, u64)]) -> ImageView {
        ImageView {
            id: String::new(),
            references: Vec::new(),
            size: layers.iter().map(|(_, size)| size).sum(),
            layers: layers
                .iter()
                .map(|(digest, size)| LayerView { digest: (*digest).to_owned(), size: *size, instruction: String::new() })
                .collect(),
            exposed_ports: Vec::new(),
            env: Vec::new(),
            entrypoint: Vec::new(),
            cmd: Vec::new(),
            stand_in: false,
        }
    }

    fn found(name: &str, image: Option<ImageView>) -> Found {
        Found { name: name.to_owned(), image, source: Source::Registry }
    }

    #[test]
    fn shared_layers_are_counted_once() {
        let images = [found("a", Some(image(&[("base", 80_000_000), ("a", 5_000_000)]))), found("b", Some(image(&[("base", 80_000_000)])))];
        assert_eq!(sum(&images), "Together they take 85MB, not 165MB: layers they share are on the disk once.");
    }

    #[test]
    fn images_that_share_nothing_say_so() {
        let images = [found("a", Some(image(&[("a", 5_000_000)]))), found("b", Some(image(&[("b", 2_000_000)]))), found("c", None)];
        assert_eq!(sum(&images), "Together they take 7MB; they share no layer.");
    }
}
