//! The picture of the learner's host, as SVG; and the same in words.
//!
//! Where things stand is worked out in [`crate::diagram`]; here it is only drawn. What moves, moves
//! by CSS transitions: each piece keeps its element as long as its key stays.

mod drawn;
mod frames;
mod measure;
mod more;
mod pieces;
mod text;

use leptos::{ev, html, prelude::*, svg};
use wasm_bindgen::JsCast;

use self::{
    drawn::px,
    frames::Frames,
    measure::Measured,
    more::More,
    pieces::Pieces,
    text::{Announcements, HostText},
};
use crate::{
    diagram::{Scene, Space},
    state::Work,
};

/// Before it is measured: about what a window of 1280 × 720 leaves.
const FIRST: Measured = Measured { space: Space { width: 826.0, height: 246.0 }, scale: 1.0 };
/// What the arrow keys walk through.
const ITEMS: &str = "[data-item]";
/// Said while nothing is pointed at.
const INVITATION: &str = "Point at anything to see what it is.";
/// Where the course's images are not upstream's own, it is said on the page.
const STAND_INS: &str = "Docker Hub could not be reached when this classroom was set up, so its images were built from Debian packages. They stand in for the official ones of the same name.";

#[component]
pub(crate) fn DiagramPanel(work: Work) -> impl IntoView {
    let measured = RwSignal::new(FIRST);
    let body = NodeRef::<html::Div>::new();
    measure::follow(body, measured);
    let scene = Memo::new(move |before: Option<&Scene>| {
        let (known, space) = (work.live.heard.get(), measured.get().space);
        work.live.host.with(|host| Scene::next(before, host, known, space, now_ms()))
    });
    let detail = RwSignal::new(String::new());
    let point_at = move |target: Option<web_sys::EventTarget>| {
        let item =
            target.and_then(|target| target.dyn_into::<web_sys::Element>().ok()).and_then(|target| target.closest(ITEMS).ok().flatten());
        detail.set(item.and_then(|item| item.get_attribute("aria-label")).unwrap_or_default());
    };
    let as_text = RwSignal::new(false);
    let picture = NodeRef::<svg::Svg>::new();
    let scroll = NodeRef::<html::Div>::new();
    let scrolled = RwSignal::new((0, 0));
    view! {
        <section class="pane diagram" id="diagram" aria-labelledby="diagram-title">
            <div class="diagram__bar">
                <h2 class="diagram__title" id="diagram-title">"Registry, images, containers"</h2>
                {move || {
                    work.live
                        .host
                        .with(|host| host.registry.iter().any(|image| image.stand_in))
                        .then(|| view! { <span class="diagram__note" title=STAND_INS>"Stand-in images"</span> })
                }}
                <p class="diagram__detail" aria-hidden="true">
                    {move || detail.with(|text| if text.is_empty() { INVITATION.to_owned() } else { text.clone() })}
                </p>
                <button
                    type="button"
                    class="button button--quiet"
                    aria-pressed=move || as_text.get().to_string()
                    on:click=move |_| as_text.update(|as_text| *as_text = !*as_text)
                >
                    "As text"
                </button>
            </div>
            <div class="diagram__body" node_ref=body>
                <div
                    class="diagram__scroll"
                    node_ref=scroll
                    on:scroll=move |_| {
                        if let Some(scroll) = scroll.get_untracked() {
                            scrolled.set((scroll.scroll_left(), scroll.scroll_top()));
                        }
                    }
                >
                    <svg
                        class="picture"
                        node_ref=picture
                        role="group"
                        tabindex="0"
                        aria-label="Picture of the registry and your host. The arrow keys walk through it."
                        viewBox=move || scene.with(|scene| format!("0 0 {} {}", px(scene.width), px(scene.height)))
                        width=move || px(f64::from(scene.with(|scene| px(scene.width))) * measured.get().scale)
                        height=move || px(f64::from(scene.with(|scene| px(scene.height))) * measured.get().scale)
                        on:keydown=move |event| walk(picture, &event)
                        on:pointerover=move |event| point_at(event.target())
                        on:pointerleave=move |_| detail.set(String::new())
                        on:focusin=move |event| point_at(event.target())
                        on:focusout=move |_| detail.set(String::new())
                    >
                        <Frames work=work scene=scene />
                        <Pieces scene=scene />
                    </svg>
                </div>
                <More scene=scene measured=measured scrolled=scrolled scroll=scroll />
                <HostText work=work shown=as_text />
            </div>
            <Announcements work=work />
        </section>
    }
    .into_any()
}

/// The arrow keys move the focus to the next or the last piece.
fn walk(picture: NodeRef<svg::Svg>, event: &ev::KeyboardEvent) {
    let forward = match event.key().as_str() {
        "ArrowRight" | "ArrowDown" => true,
        "ArrowLeft" | "ArrowUp" => false,
        _ => return,
    };
    let Some(items) = picture.get_untracked().and_then(|picture| picture.query_selector_all(ITEMS).ok()) else { return };
    event.prevent_default();
    let active = document().active_element();
    let at = (0..items.length()).find(|index| items.item(*index).as_ref() == active.as_ref().map(AsRef::as_ref));
    let next = match (at, forward) {
        (None, true) => 0,
        (None, false) => items.length().saturating_sub(1),
        (Some(at), true) => at + 1,
        (Some(at), false) => at.saturating_sub(1),
    };
    if let Some(item) = items.item(next).and_then(|item| item.dyn_into::<web_sys::SvgElement>().ok()) {
        // It fails only on what can't take the focus; then the focus stays.
        let _ = item.focus();
    }
}

/// Unix milliseconds. On the server nothing moves, and no time passes.
fn now_ms() -> f64 {
    if cfg!(feature = "hydrate") { js_sys::Date::now() } else { 0.0 }
}
