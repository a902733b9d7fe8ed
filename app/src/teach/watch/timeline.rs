//! What a learner did, newest first, to scroll back through.

use leptos::prelude::*;

use crate::{
    api,
    components::{Shown, When},
    model::{Timeline, TimelineEntry, TimelineKind},
    teach::{
        board::with_help,
        doing::Doing,
        live::{click, part},
    },
};

#[derive(Clone, Copy)]
pub(super) struct TimelineState {
    place: StoredValue<String>,
    /// With numbers that stay with them, newest first.
    entries: RwSignal<Vec<(u32, TimelineEntry)>>,
    before: RwSignal<Option<i64>>,
    next: StoredValue<u32>,
}

impl TimelineState {
    pub(super) fn new(place: String, timeline: Timeline) -> Self {
        let state = Self {
            place: StoredValue::new(place),
            entries: RwSignal::new(Vec::new()),
            before: RwSignal::new(timeline.before),
            next: StoredValue::new(0),
        };
        state.append(timeline.entries);
        state
    }

    fn number(self) -> u32 {
        self.next.update_value(|next| *next += 1);
        self.next.get_value()
    }

    fn append(self, older: Vec<TimelineEntry>) {
        let older: Vec<_> = older.into_iter().map(|entry| (self.number(), entry)).collect();
        self.entries.update(|entries| entries.extend(older));
    }

    /// One more, just now. A line that was lost may say one twice.
    pub(super) fn take(self, entry: TimelineEntry) {
        if self
            .entries
            .with_untracked(|entries| entries.iter().take_while(|(_, known)| known.at >= entry.at).any(|(_, known)| *known == entry))
        {
            return;
        }
        let number = self.number();
        self.entries.update(|entries| entries.insert(0, (number, entry)));
    }
}

#[component]
pub(super) fn TimelineView(history: TimelineState) -> impl IntoView {
    let doing = Doing::new();
    let earlier = move |_| {
        let Some(before) = history.before.get_untracked() else { return };
        doing.ask(api::teach::board::timeline(history.place.get_value(), before), move |more: Timeline| {
            history.before.set(more.before);
            history.append(more.entries);
        });
    };
    let is_empty = move || history.entries.with(Vec::is_empty);
    view! {
        <div class="side__scroll">
            {part(move || is_empty().then(|| view! { <p class="soft">"Nothing yet. Each docker command and each step stands here as it happens."</p> }))}
            <ol class="timeline" role="list">
                <For each=move || history.entries.get() key=|(number, _)| *number let((_number, entry))>
                    {line(entry)}
                </For>
            </ol>
            {part(move || {
                history.before.get().map(|_| {
                    view! { <button type="button" class="button" disabled=doing.pending on:click=click(earlier)>{doing.label("Earlier", "Looking…")}</button> }
                })
            })}
            {doing.alert()}
        </div>
    }
    .into_any()
}

fn line(entry: TimelineEntry) -> AnyView {
    let (class, sign, word) = match entry.kind {
        TimelineKind::Did => ("event event--did", "✓", "Did"),
        TimelineKind::Failed => ("event event--failed", "✗", "Went wrong"),
        TimelineKind::Lesson => ("event event--lesson", "•", "In the lesson"),
        TimelineKind::Passed => ("event event--passed", "★", "Passed"),
    };
    let step = (!entry.step.is_empty()).then(|| view! { <span class="event__step">" · "{entry.step}</span> });
    view! {
        <li class=class>
            <span class="event__at"><When at=entry.at shown=Shown::Clock /></span>
            <span class="event__sign" aria-hidden="true">{sign}</span>
            <span class="unseen">{word}": "</span>
            <span class="event__text">{entry.helped.then(with_help)}{entry.text}{step}</span>
        </li>
    }
    .into_any()
}
