//! An image's name, taken apart while it is typed.

use leptos::prelude::*;

use crate::reference::{Part, Reference};

/// What stands in the field at first.
const EXAMPLE: &str = "nginx";
/// A longer name is none; Docker's own limit is 255 without tag and digest.
const LONGEST: u32 = 400;

#[component]
pub(super) fn ImageNamePiece() -> impl IntoView {
    let typed = RwSignal::new(EXAMPLE.to_owned());
    let example = move |name: &'static str| {
        view! {
            <button type="button" class="button button--quiet" on:click=move |_| typed.set(name.to_owned())>
                <code>{name}</code>
            </button>
        }
    };
    view! {
        <section class="piece name-piece" aria-label="Take a name apart">
            <h2 class="piece__title">"Take a name apart"</h2>
            <label class="name-piece__label">
                <span>"Type an image's name"</span>
                <input
                    class="field name-piece__field"
                    type="text"
                    maxlength=LONGEST
                    autocomplete="off"
                    autocapitalize="off"
                    spellcheck="false"
                    prop:value=move || typed.get()
                    value=EXAMPLE
                    on:input=move |event| typed.set(event_target_value(&event))
                />
            </label>
            <div class="name-piece__examples">
                {example("python:3.13-slim")}
                {example("registry.lunchbox/my-app:1.0")}
                {example("ghcr.io/acme/tools/cli:2")}
            </div>
            <div class="name-piece__parts" aria-live="polite">
                {move || match typed.with(|typed| Reference::read(typed)) {
                    Ok(reference) => view! {
                        <dl class="parts">
                            {part("Registry", "where it is kept", &reference.registry)}
                            {part("Namespace", "whose it is", &reference.namespace)}
                            {part("Repository", "what it is", &reference.repository)}
                            {part("Tag", "which version", &reference.tag)}
                            {reference.digest.as_ref().map(|digest| part("Digest", "this very content", digest))}
                        </dl>
                        <p class="name-piece__full">"In full: " <code>{reference.full()}</code></p>
                    }
                        .into_any(),
                    Err(why) => view! { <p class="name-piece__wrong">{why}</p> }.into_any(),
                }}
            </div>
        </section>
    }
    .into_any()
}

fn part(name: &'static str, meaning: &'static str, part: &Part) -> impl IntoView {
    let text = if part.text.is_empty() { "none".to_owned() } else { part.text.clone() };
    view! {
        <div class="part" class:part--assumed=part.assumed>
            <dt>{name} <span class="part__meaning">{meaning}</span></dt>
            <dd>
                <code>{text}</code>
                {part.assumed.then(|| view! { <span class="part__assumed">"filled in"</span> })}
            </dd>
        </div>
    }
}
