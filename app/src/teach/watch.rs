//! One learner beside the board: their terminal, live; the picture of their host; what they did; and how to help.

mod assist;
mod goals;
mod more;
mod note;
mod sent;
mod timeline;

use leptos::{ev, prelude::*};

use self::{
    assist::{Assist, AssistState},
    goals::Goals,
    more::More,
    timeline::{TimelineState, TimelineView},
};
use crate::{
    api::{self, lessons::OpenedLesson},
    components::{DiagramPanel, Icon},
    model::{BoardRow, SandboxStatus, StreamMessage, TimelineEntry, Watched},
    state::Work,
    teach::{
        board::{self, BoardState, Open},
        doing::Doing,
        live::{click, live, part},
        stream::{self, Heard, Line},
        words::since,
    },
};

pub(crate) use self::{note::NoteForm, sent::Sent};

/// What is shown under the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tab {
    Picture,
    Timeline,
    Goals,
    More,
}

const TABS: [(Tab, &str); 4] = [(Tab::Picture, "Picture"), (Tab::Timeline, "Timeline"), (Tab::Goals, "Goals"), (Tab::More, "Note, link…")];

#[component]
pub(crate) fn Watch(state: BoardState, place: String, open: RwSignal<Open>) -> impl IntoView {
    let found = RwSignal::new(None::<Watched>);
    let doing = Doing::new();
    let lesson = state.lesson.get_value();
    let asked = place.clone();
    // Only browsers watch: the board itself is there at once.
    Effect::new(move |_| doing.ask(api::teach::board::watched(asked.clone(), lesson.clone()), move |watched| found.set(Some(watched))));
    let name = {
        let place = place.clone();
        move || match state.row_when_there(&place) {
            Some(row) => row.with(|row| row.name.clone()),
            None => found.with(|found| found.as_ref().map(|found| found.name.clone()).unwrap_or_default()),
        }
    };
    let standing = {
        let place = place.clone();
        move || {
            state.row_when_there(&place).map(|row| {
                let now = state.now.get();
                row.with(|row| {
                    let mut parts = vec![if row.online { "online".to_owned() } else { "away".to_owned() }];
                    if let Some(step) = row.step {
                        parts.push(format!("step {}", step + 1));
                        if row.since > 0 {
                            parts.push(since(now - row.since));
                        }
                    }
                    parts.join(" · ")
                })
            })
        }
    };
    let why = {
        let place = place.clone();
        move || {
            let row = state.row_when_there(&place);
            let (why, told) = row.map(|row| row.with(|row| (row.stuck.clone(), tells_last(row)))).unwrap_or_default();
            (!why.is_empty()).then(|| view! { <p class="why" class:why--last=told role="note">{why.join(" ")}</p> })
        }
    };
    let last = {
        let place = place.clone();
        move || match state.row_when_there(&place).and_then(|row| row.with(|row| row.last.as_ref().map(board::last))) {
            Some(last) => last,
            None => view! { <span class="soft">"No docker command yet."</span> }.into_any(),
        }
    };
    view! {
        <div class="side__head">
            <h2 class="side__title" id="side-title" tabindex="-1">{live(name)}</h2>
            <span class="soft">{part(standing)}</span>
            <Hand state=state place=place.clone() />
        </div>
        {part(why)}
        <p class="side__last"><span class="unseen">"Last command: "</span>{part(last)}</p>
        {doing.alert()}
        {part(move || match found.get() {
            Some(watched) => view! { <Watching state=state watched=watched open=open /> }.into_any(),
            None => view! { <p class="soft side__wait" role="status">{doing.label("", "Opening…")}</p> }.into_any(),
        })}
    }
    .into_any()
}

/// Whether a reason says already what docker said last: once is enough.
fn tells_last(row: &BoardRow) -> bool {
    // Reasons are cut short.
    let begin = |error: &str| error.chars().take(40).collect::<String>();
    let last = row.last.as_ref().map(|last| begin(&last.error)).filter(|error| !error.is_empty());
    last.is_some_and(|error| row.stuck.iter().any(|why| why.contains(&error)))
}

/// A raised hand, and the way to lower it.
#[component]
fn Hand(state: BoardState, place: String) -> impl IntoView {
    let doing = Doing::new();
    let up = {
        let place = place.clone();
        move || state.row_when_there(&place).map(|row| row.with(|row| row.hand_at)).filter(|at| *at > 0)
    };
    part(move || {
        let at = up()?;
        let place = place.clone();
        let lower = move |_| doing.ask(api::teach::board::lower_hand(place.clone()), |()| ());
        Some(view! {
            <span class="hand-up">
                {Icon::Hand.view()}{part(move || since(state.now.get() - at))}
                <button type="button" class="button" disabled=doing.pending on:click=click(lower)>"Lower the hand"</button>
                {doing.alert()}
            </span>
        })
    })
}

#[component]
fn Watching(state: BoardState, watched: Watched, open: RwSignal<Open>) -> impl IntoView {
    let Watched { id: place, name, lesson, progress, sandbox, timeline, .. } = watched;
    let slug = lesson.slug.clone();
    let work = Work::new(OpenedLesson { lesson, progress, sandbox, internet: false, seat: None });
    let history = TimelineState::new(place.clone(), timeline);
    let line = RwSignal::new(Line::Opening);
    let message = Callback::new(move |text: String| {
        if let Ok(message) = serde_json::from_str::<StreamMessage>(&text) {
            work.live.take(message);
        }
    });
    let entry = Callback::new(move |text: String| {
        if let Ok(entry) = serde_json::from_str::<TimelineEntry>(&text) {
            history.take(entry);
        }
    });
    let url = format!("/api/teach/watch?place={place}&lesson={slug}");
    stream::follow(move || url.clone(), line, Heard { message, named: Some(("timeline", entry)) });
    let assist = RwSignal::new(AssistState::None);
    let tab = RwSignal::new(Tab::Picture);
    let terminal = {
        let (place, name) = (place.clone(), name.clone());
        move || match work.live.sandbox.get() {
            SandboxStatus::Ready { id, .. } => {
                let source = format!("/api/teach/terminal?place={place}&id=1");
                let told = move |event: ev::CustomEvent| assist.set(AssistState::read(&event.detail().as_string().unwrap_or_default()));
                view! {
                    <lunchbox-terminal class="terminal__screen" data-src=source data-watch="true" data-sandbox=id data-name=name.clone() on:assist=told></lunchbox-terminal>
                }
                .into_any()
            }
            status => view! { <p class="side__none">{no_terminal(&status, &name)}</p> }.into_any(),
        }
    };
    // Who looks on goes through it by Tab as through the rest of the page.
    let keys = move |event: ev::KeyboardEvent| {
        if event.key() == "Tab" && assist.get_untracked() != AssistState::Granted {
            event.stop_propagation();
        }
    };
    let is_ready = Memo::new(move |_| work.is_ready());
    let tabs = TABS
        .map(|(this, words)| {
            view! {
                <button type="button" class="tab" aria-pressed=live(move || (tab.get() == this).to_string()) on:click=click(move |_| tab.set(this))>
                    {words}
                </button>
            }
        })
        .collect_view();
    let below = {
        let (place, name) = (place.clone(), name.clone());
        move || match tab.get() {
            Tab::Picture => view! { <DiagramPanel work=work /> }.into_any(),
            Tab::Timeline => view! { <TimelineView history=history /> }.into_any(),
            Tab::Goals => view! { <Goals work=work /> }.into_any(),
            Tab::More => view! { <More state=state place=place.clone() name=name.clone() open=open /> }.into_any(),
        }
    };
    view! {
        <div class="watch">
            <div class="watch__terminal" on:keydown:capture=keys>{part(terminal)}</div>
            <Assist place=place.clone() name=name.clone() assist=assist is_ready=is_ready />
            <div class="tabs" role="group" aria-label="Beside the terminal">{tabs}</div>
            <div class="watch__below">{part(below)}</div>
        </div>
    }
    .into_any()
}

/// Why there is no terminal to look at, and what follows from it.
fn no_terminal(status: &SandboxStatus, name: &str) -> String {
    match status {
        SandboxStatus::None { removed_idle: true } => {
            format!("{name}'s host stood idle and was tidied away. Their terminal is here as soon as they start a new one.")
        }
        SandboxStatus::None { removed_idle: false } => {
            format!("{name} has not started a host yet. Their terminal is here as soon as they do.")
        }
        SandboxStatus::Starting => format!("{name}'s host is starting…"),
        SandboxStatus::Ready { .. } => String::new(),
        SandboxStatus::Failed { message } => format!("{name}'s host could not be started. They read: {message}"),
    }
}
