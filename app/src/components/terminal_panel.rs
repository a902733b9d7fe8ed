//! The terminal, and what stands in its place while there is no sandbox.

use leptos::{html, prelude::*};

use super::{icon::Icon, ports::Ports, reset_dialog::ResetDialog, terminal};
use crate::{model::SandboxStatus, state::Work};

/// The one terminal that the page shows.
const TERMINAL: &str = "/api/terminal?id=1";

#[component]
pub(super) fn TerminalPanel(work: Work) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    let ready = Memo::new(move |_| work.is_ready());
    let ask_reset = move |_| {
        if let Some(dialog) = dialog.get_untracked() {
            // It throws only where it is open already.
            let _ = dialog.show_modal();
        }
    };
    view! {
        <section class="pane terminal" aria-labelledby="terminal-title">
            <div class="terminal__bar">
                <h2 class="terminal__title" id="terminal-title">"Terminal"</h2>
                <Ports work=work />
                <div class="terminal__tools" hidden=move || !ready.get()>
                    <span class="terminal__key"><kbd>"F6"</kbd>" in and out"</span>
                    <ScreenReaderToggle />
                    <button type="button" class="button button--quiet" title="Smaller text" aria-label="A−, smaller text" on:click=move |_| { terminal::zoom(-1); }>"A−"</button>
                    <button type="button" class="button button--quiet" title="Larger text" aria-label="A+, larger text" on:click=move |_| { terminal::zoom(1); }>"A+"</button>
                    <button type="button" class="button button--quiet" on:click=ask_reset>
                        {Icon::Reset.view()}
                        "Reset…"
                    </button>
                </div>
            </div>
            <div class="terminal__body">{move || body(work, work.live.sandbox.get())}</div>
            <ResetDialog work=work dialog=dialog />
        </section>
    }
    .into_any()
}

fn body(work: Work, status: SandboxStatus) -> AnyView {
    match status {
        SandboxStatus::Ready { id, .. } => {
            view! { <lunchbox-terminal class="terminal__screen" data-src=TERMINAL data-sandbox=id></lunchbox-terminal> }.into_any()
        }
        SandboxStatus::Starting => view! {
            <div class="start" role="status">
                <span class="start__spinner" aria-hidden="true"></span>
                <p class="start__title">"Setting up your Docker host…"</p>
                <p class="start__text">"This takes about a second, a little longer when the whole class starts at once."</p>
            </div>
        }
        .into_any(),
        SandboxStatus::None { removed_idle } => view! { <StartCard work=work removed_idle=removed_idle /> }.into_any(),
        SandboxStatus::Failed { message } => view! {
            <div class="start start--failed">
                <div role="alert">
                    <h3 class="start__title">"Your Docker host could not be started"</h3>
                    <p class="start__text">{message}</p>
                </div>
                <StartButton work=work text="Try again" />
            </div>
        }
        .into_any(),
    }
}

#[component]
fn StartCard(work: Work, removed_idle: bool) -> impl IntoView {
    let nudged = move || work.nudge.get() > 0;
    let (title, text, button) = if removed_idle {
        (
            "Your host stood idle and was tidied away",
            "Containers, images and files in it are gone; your progress in the lesson is kept. Start a fresh one and go on.",
            "Start again",
        )
    } else {
        (
            "Your own Docker host is one click away",
            "You get a real shell with the real docker command, private to you. Nothing is installed on your computer, and nothing in here can break it. Try whatever you like: a click makes it new.",
            "Start",
        )
    };
    view! {
        <div class="start">
            <h3 class="start__title">{title}</h3>
            <p class="start__text">{text}</p>
            <StartButton work=work text=button />
            <p class="start__nudge" role="status">
                {move || nudged().then_some("The command needs a host to run on. Start yours first, then click the command again.")}
            </p>
        </div>
    }
    .into_any()
}

#[component]
fn StartButton(work: Work, text: &'static str) -> impl IntoView {
    view! {
        <button
            type="button"
            class="button button--primary button--large"
            on:click=move |_| {
                work.nudge.set(0);
                work.start.dispatch(());
            }
        >
            {text}
        </button>
    }
    .into_any()
}

#[component]
fn ScreenReaderToggle() -> impl IntoView {
    let on = RwSignal::new(false);
    view! {
        <button
            type="button"
            class="button button--quiet"
            aria-pressed=move || on.get().to_string()
            title="Read the terminal's output aloud with a screen reader"
            on:click=move |_| {
                if terminal::set_screen_reader(!on.get_untracked()) {
                    on.update(|on| *on = !*on);
                }
            }
        >
            {Icon::Voice.view()}
            "Screen reader"
        </button>
    }
    .into_any()
}
