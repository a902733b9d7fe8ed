//! The picture in words: a list for reading, and a word for each change.

use leptos::prelude::*;

use crate::{
    diagram::{announce, container_texts, image_texts},
    model::HostView,
    state::Work,
};

/// The list. For screen readers always; for everybody when asked for.
#[component]
pub(super) fn HostText(work: Work, shown: RwSignal<bool>) -> impl IntoView {
    let images = Memo::new(move |_| work.live.host.with(image_texts));
    let containers = Memo::new(move |_| work.live.host.with(container_texts));
    let registry =
        Memo::new(move |_| work.live.host.with(|host| host.registry.iter().map(|image| image.reference.clone()).collect::<Vec<_>>()));
    view! {
        <div class="diagram__text" class:unseen=move || !shown.get() data-testid="host-text">
            <h3>"Containers"</h3>
            <ul>
                {move || or_none(containers.get().into_iter().map(|container| view! { <li>{container.text}</li> }).collect_view())}
            </ul>
            <h3>"Images"</h3>
            <ul>
                {move || {
                    or_none(
                        images
                            .get()
                            .into_iter()
                            .map(|image| {
                                view! {
                                    <li>
                                        {image.text}
                                        <ol>{image.layers.into_iter().map(|layer| view! { <li>{layer}</li> }).collect_view()}</ol>
                                    </li>
                                }
                            })
                            .collect_view(),
                    )
                }}
            </ul>
            <h3>"In the registry"</h3>
            <p>{move || registry.with(|names| if names.is_empty() { "Nothing heard of it yet.".to_owned() } else { names.join(", ") })}</p>
        </div>
    }
    .into_any()
}

fn or_none<T: IntoView + 'static>(items: Vec<T>) -> AnyView {
    if items.is_empty() { view! { <li>"none"</li> }.into_any() } else { items.into_any() }
}

#[derive(Clone, PartialEq)]
struct Said {
    host: HostView,
    text: String,
}

/// Says what has just changed.
#[component]
pub(super) fn Announcements(work: Work) -> impl IntoView {
    let said = Memo::new(move |before: Option<&Said>| {
        let host = work.live.host.get();
        // The first picture is no news.
        let news = before.filter(|_| work.live.heard.get_untracked()).and_then(|before| announce(&before.host, &host));
        Said { text: news.or_else(|| before.map(|before| before.text.clone())).unwrap_or_default(), host }
    });
    view! { <p class="unseen" role="status">{move || said.with(|said| said.text.clone())}</p> }.into_any()
}
