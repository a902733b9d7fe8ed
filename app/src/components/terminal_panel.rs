//! The terminal, and what stands in its place while there is no sandbox.

use leptos::{html, prelude::*};

use super::{
    icon::Icon,
    ports::Ports,
    reset_dialog::ResetDialog,
    start::{self, Start},
    terminal,
};
use crate::{model::SandboxStatus, state::Work};

/// The one terminal that the page shows.
const TERMINAL: &str = "/api/terminal?id=1";

#[component]
pub(super) fn TerminalPanel(work: Work) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    let ready = Memo::new(move |_| work.is_ready());
    let ask_restart = move |_| {
        if let Some(dialog) = dialog.get_untracked() {
            // It throws only where it is open already.
            let _ = dialog.show_modal();
        }
    };
    Effect::new(move |_| {
        if ready.get() {
            // By then the terminal is on the page.
            request_animation_frame(move || begin(work));
        }
    });
    view! {
        <section class="pane terminal" aria-labelledby=start::PLACE>
            <div class="terminal__bar">
                <h2 class="terminal__title" id=start::PLACE tabindex="-1">"Terminal"</h2>
                <Ports work=work />
                <div class="terminal__tools" hidden=move || !ready.get()>
                    <ScreenReaderToggle />
                    <button type="button" class="button button--quiet" title="Smaller text" aria-label="A−, smaller text" on:click=move |_| { terminal::zoom(-1); }>"A−"</button>
                    <button type="button" class="button button--quiet" title="Larger text" aria-label="A+, larger text" on:click=move |_| { terminal::zoom(1); }>"A+"</button>
                    <button type="button" class="button button--quiet" on:click=ask_restart>
                        {Icon::Reset.view()}
                        "Restart…"
                    </button>
                </div>
            </div>
            <div class="terminal__body">
                {move || match work.live.sandbox.get() {
                    SandboxStatus::Ready { id, .. } => {
                        view! { <lunchbox-terminal class="terminal__screen" data-src=TERMINAL data-sandbox=id data-internet=work.internet.to_string()></lunchbox-terminal> }.into_any()
                    }
                    status => view! { <Start work=work status=status /> }.into_any(),
                }}
            </div>
            <ResetDialog work=work dialog=dialog />
        </section>
    }
    .into_any()
}

/// The host is there: what was clicked meanwhile is typed, and who asked for it goes on in it.
fn begin(work: Work) {
    let awaited = work.awaited.get_value();
    work.awaited.set_value(false);
    let waiting = work.waiting.get_untracked();
    if waiting.is_empty() {
        if awaited && start::has_focus() {
            terminal::focus();
        }
        return;
    }
    work.waiting.set(Vec::new());
    if !waiting.iter().all(|command| terminal::run(command)) {
        work.problem.set(Some("The terminal isn't there yet. Wait a moment and click the command again.".to_owned()));
    }
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
            <span class="terminal__word">"Screen reader"</span>
        </button>
    }
    .into_any()
}
