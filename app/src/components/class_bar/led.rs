//! Where a class that is led is, and the way there. When the instructor moves the class while the page is
//! open, the learner is taken along; not out of a sentence that they are typing.

use leptos::{ev, prelude::*};
use leptos_router::hooks::use_navigate;
use wasm_bindgen::JsCast;

use super::{Icon, part};
use crate::{
    model::StepRef,
    state::{InClass, Led, Work, led_to},
};

/// Whoever has pressed a key in the terminal or a field in the last so many milliseconds is typing.
const TYPING_MS: f64 = 5_000.0;
/// Where keys mean typing.
const TYPED_IN: &str = ".terminal, input, textarea";
const TERMINAL: &str = ".terminal";

#[component]
pub(super) fn LedWay(work: Work, class: InClass, current: Memo<Option<usize>>, said: RwSignal<String>) -> impl IntoView {
    let led = Memo::new(move |_| {
        let here = current.try_get().flatten();
        class.read(|seat| work.lesson.try_with_value(|lesson| Led::of(seat, lesson, here)).unwrap_or_default())
    });
    let typed_at = typed_at();
    // The class has moved on and the learner was left where they were.
    let left = RwSignal::new(false);
    // Path of the step that the learner was taken away from.
    let back = RwSignal::new(None::<String>);
    let navigate = use_navigate();
    Effect::new(move |before: Option<(Option<StepRef>, Led)>| {
        let (to, led) = (class.read(led_to), led.get());
        match (&before, &led) {
            (None, _) => {}
            (Some((before, _)), Led::Elsewhere { path, place }) if *before != to => {
                let typing = js_sys::Date::now() - typed_at.get_value() < TYPING_MS;
                left.set(typing);
                if typing {
                    back.set(None);
                    said.set(format!("The class has moved on to {place}. You were typing, so you are still where you were."));
                } else {
                    back.set(path_of(work, current.get_untracked()));
                    said.set(format!("The class has moved on to {place}, and you with it."));
                    work.keep_focus.set_value(has_focus(TERMINAL));
                    if elsewhere(work, path).is_some() {
                        // Another lesson is another page.
                        let _ = window().location().set_href(path);
                    } else {
                        navigate(path, Default::default());
                    }
                }
            }
            (Some((before, _)), _) if *before != to => {
                left.set(false);
                back.set(None);
                if led == Led::Here {
                    said.set("The class is at your step now.".to_owned());
                }
            }
            (Some((_, before)), now) if before != now => match now {
                Led::Here => left.set(false),
                // Somewhere else by one's own choice.
                Led::Free | Led::Elsewhere { .. } => back.set(None),
            },
            _ => {}
        }
        (to, led)
    });
    part(move || match led.get() {
        Led::Free => ().into_any(),
        Led::Here => {
            let back = back.get().map(|path| view! { <a class="button" href=path>"Back to where I was"</a> });
            let text = if back.is_some() { "The class has moved here, and you with it" } else { "The class is at this step" };
            view! {
                <div class="led">
                    {Icon::Check.view()}
                    <p class="led__text">{text}</p>
                    {back}
                </div>
            }
            .into_any()
        }
        Led::Elsewhere { path, place } => {
            let text = if left.get() { "The class has moved on to " } else { "The class is at " };
            let rel = elsewhere(work, &path);
            view! {
                <div class="led" class:led--new=left>
                    <p class="led__text" title=place.clone()>{text}{place.clone()}</p>
                    <a class="button" class:button--primary=left rel=rel href=path>"Go there"</a>
                </div>
            }
            .into_any()
        }
    })
}

/// For a link's `rel`: a step of another lesson is loaded as a page of its own.
fn elsewhere(work: Work, path: &str) -> Option<&'static str> {
    let here = work.lesson.with_value(|lesson| path.starts_with(&format!("/lessons/{}/", lesson.slug)));
    (!here).then_some("external")
}

/// When a key was last pressed in the terminal or in a field, in unix milliseconds. On the way up: the
/// terminal keeps what it understands of a key's way down to itself.
fn typed_at() -> StoredValue<f64> {
    let typed_at = StoredValue::new(0.0);
    let listening = window_event_listener(ev::keyup, move |event| {
        let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        if target.is_some_and(|target| target.closest(TYPED_IN).ok().flatten().is_some()) {
            typed_at.set_value(js_sys::Date::now());
        }
    });
    on_cleanup(move || listening.remove());
    typed_at
}

fn has_focus(place: &str) -> bool {
    document().active_element().is_some_and(|active| active.closest(place).ok().flatten().is_some())
}

fn path_of(work: Work, current: Option<usize>) -> Option<String> {
    work.lesson.with_value(|lesson| Some(format!("/lessons/{}/{}", lesson.slug, lesson.steps.get(current?)?.id)))
}
