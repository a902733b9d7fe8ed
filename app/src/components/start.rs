//! What stands in the terminal's place while there is no sandbox.

use leptos::prelude::*;
use wasm_bindgen::JsCast;

use crate::{model::SandboxStatus, state::Work};

/// The ID of the terminal's title. It has the focus while a host is being set up.
pub(super) const PLACE: &str = "terminal-title";
/// The ID of the button that starts a host.
const BUTTON: &str = "start-host";
/// Around the terminal and what stands in its place.
const PANE: &str = ".terminal";

/// Moves the focus, and with it the eye, to where a host is started or waited for.
pub(super) fn show() {
    focus(if document().get_element_by_id(BUTTON).is_some() { BUTTON } else { PLACE });
}

/// Whether the focus is here, or nowhere: then nobody is disturbed by moving it.
pub(super) fn has_focus() -> bool {
    let active = document().active_element();
    active.is_none_or(|active| active.tag_name() == "BODY" || active.closest(PANE).ok().flatten().is_some())
}

fn focus(id: &str) {
    if let Some(element) = document().get_element_by_id(id).and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok()) {
        // Only a detached element can't take the focus.
        let _ = element.focus();
    }
}

/// Asks for a host, or for a fresh one.
pub(super) fn ask(work: Work, action: Action<(), ()>) {
    work.awaited.set_value(true);
    action.dispatch(());
    // What was pressed is about to go.
    focus(PLACE);
}

/// What a first start promises.
const FIRST_START: &str = "You get a real shell with the real docker command, private to you. Nothing is installed on your computer, and nothing in here can break it. Try whatever you like: a click makes it new. The images you need come from the course's own registry.";
const FIRST_START_OFFLINE: &str = "You get a real shell with the real docker command, private to you. Nothing is installed on your computer, and nothing in here can break it. Try whatever you like: a click makes it new. It has no internet; the images you need come from the course's own registry.";

#[component]
pub(super) fn Start(work: Work, status: SandboxStatus) -> impl IntoView {
    match status {
        SandboxStatus::None { removed_idle: true } => view! {
            <Card
                work=work
                title="Your host stood idle and was tidied away"
                text="Containers, images and files in it are gone, and so is what you pushed; your progress in the lesson is kept. Start a fresh one and go on."
                button="Start again"
            />
        }
        .into_any(),
        SandboxStatus::None { removed_idle: false } => view! {
            <Card
                work=work
                title="Your own Docker host is one click away"
                text=if work.internet { FIRST_START } else { FIRST_START_OFFLINE }
                button="Start"
            />
        }
        .into_any(),
        // For a moment, while the terminal comes.
        SandboxStatus::Starting | SandboxStatus::Ready { .. } => view! {
            <div class="start" role="status">
                <span class="start__spinner" aria-hidden="true"></span>
                <p class="start__title">"Setting up your Docker host…"</p>
                <p class="start__text">"This takes about a second, a little longer when the whole class starts at once."</p>
                <Waiting work=work words="As soon as it is ready, this is typed:" />
            </div>
        }
        .into_any(),
        SandboxStatus::Failed { message } => view! {
            <div class="start start--failed">
                <div role="alert">
                    <h3 class="start__title">"Your Docker host could not be started"</h3>
                    <p class="start__text">{message}</p>
                </div>
                <StartButton work=work text="Try again" />
                <div role="status"><Waiting work=work words="As soon as it is ready, this is typed:" /></div>
            </div>
        }
        .into_any(),
    }
}

#[component]
fn Card(work: Work, title: &'static str, text: &'static str, button: &'static str) -> impl IntoView {
    view! {
        <div class="start">
            <h3 class="start__title">{title}</h3>
            <p class="start__text">{text}</p>
            <StartButton work=work text=button />
            <div role="status"><Waiting work=work words="A command needs a host to run on. Start yours first; then this is typed:" /></div>
        </div>
    }
    .into_any()
}

/// The commands that were clicked too early.
#[component]
fn Waiting(work: Work, words: &'static str) -> impl IntoView {
    move || {
        let waiting = work.waiting.get();
        (!waiting.is_empty()).then(|| {
            let commands = waiting.into_iter().map(|command| view! { <code class="start__command">{command}</code> }).collect_view();
            view! { <p class="start__nudge">{words}" "{commands}</p> }
        })
    }
}

#[component]
fn StartButton(work: Work, text: &'static str) -> impl IntoView {
    view! {
        <button type="button" id=BUTTON class="button button--primary button--large" on:click=move |_| ask(work, work.start)>
            {text}
        </button>
    }
    .into_any()
}
