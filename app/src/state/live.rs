//! What the server's stream says: sandbox, host and progress as they are now.

use leptos::prelude::*;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{EventSource, MessageEvent};

use crate::{
    api::lessons::OpenedLesson,
    model::{HostView, Progress, SandboxStatus, Seat, StreamMessage},
};

/// Where the stream is.
const STREAM: &str = "/api/stream?lesson=";
/// Pause before the stream is opened anew where the browser has given up, in milliseconds.
const REOPEN_AFTER_MS: u64 = 2_000;

/// How the line to the server stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line {
    /// Not yet open for the first time.
    Opening,
    Open,
    /// Was lost; being opened again.
    Lost,
}

/// Signals that the stream keeps up to date.
#[derive(Clone, Copy)]
pub(crate) struct Live {
    pub(crate) sandbox: RwSignal<SandboxStatus>,
    pub(crate) host: RwSignal<HostView>,
    /// The host has been heard of: what is in it is not just nothing yet.
    pub(crate) heard: RwSignal<bool>,
    pub(crate) progress: RwSignal<Progress>,
    /// The learner's place in a class, where they are in one.
    pub(crate) seat: RwSignal<Option<Seat>>,
    pub(crate) line: RwSignal<Line>,
}

impl Live {
    pub(crate) fn new(opened: &OpenedLesson) -> Self {
        Self {
            sandbox: RwSignal::new(opened.sandbox.clone()),
            host: RwSignal::new(HostView::default()),
            heard: RwSignal::new(false),
            progress: RwSignal::new(opened.progress.clone()),
            seat: RwSignal::new(opened.seat.clone()),
            line: RwSignal::new(Line::Opening),
        }
    }

    /// Opens the stream (in the browser only) and keeps it open until the owner goes.
    pub(crate) fn follow(self, slug: &str) {
        let url = format!("{STREAM}{slug}");
        Effect::new(move |_| {
            // Made in here, where only browsers come: it belongs to this thread, and goes with the
            // effect, which closes it.
            let stream = StoredValue::new_local(None);
            self.open(url.clone(), stream);
        });
    }

    fn open(self, url: String, slot: StoredValue<Option<Stream>, LocalStorage>) {
        let Ok(source) = EventSource::new(&url) else { return };
        let opened = Closure::<dyn Fn()>::new(move || self.line.set(Line::Open));
        source.set_onopen(Some(opened.as_ref().unchecked_ref()));
        let message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
            if let Some(Ok(message)) = event.data().as_string().map(|text| serde_json::from_str(&text)) {
                self.take(message);
            }
        });
        source.set_onmessage(Some(message.as_ref().unchecked_ref()));
        let failing = source.clone();
        let lost = Closure::<dyn Fn()>::new(move || {
            self.line.set(Line::Lost);
            // The browser itself tries again, except after an answer that was no stream at all.
            if failing.ready_state() == EventSource::CLOSED {
                let url = url.clone();
                set_timeout(
                    move || {
                        if slot.try_with_value(Option::is_some) == Some(true) {
                            self.open(url, slot);
                        }
                    },
                    std::time::Duration::from_millis(REOPEN_AFTER_MS),
                );
            }
        });
        source.set_onerror(Some(lost.as_ref().unchecked_ref()));
        slot.try_set_value(Some(Stream { source, _opened: opened, _message: message, _lost: lost }));
    }

    /// One message of the stream.
    pub(crate) fn take(self, message: StreamMessage) {
        match message {
            StreamMessage::Sandbox { status } => self.set_sandbox(status),
            StreamMessage::Host { host } => {
                set_changed(self.host, host);
                set_changed(self.heard, true);
            }
            StreamMessage::Progress { progress } => set_changed(self.progress, progress),
            StreamMessage::Seat { seat } => set_changed(self.seat, seat),
        }
    }

    /// A host that isn't there holds nothing, whatever the last picture said.
    pub(crate) fn set_sandbox(self, status: SandboxStatus) {
        if !matches!(status, SandboxStatus::Ready { .. }) {
            self.host.update(|host| {
                host.images.clear();
                host.containers.clear();
                host.transfers.clear();
                // It goes with the host.
                host.registry.retain(|image| !image.pushed);
            });
        }
        set_changed(self.sandbox, status);
    }
}

/// Spares everything downstream where nothing has changed.
fn set_changed<T: PartialEq + Send + Sync + 'static>(signal: RwSignal<T>, value: T) {
    if signal.with_untracked(|now| *now != value) {
        signal.set(value);
    }
}

/// An open stream with the callbacks that must live as long as it does.
struct Stream {
    source: EventSource,
    _opened: Closure<dyn Fn()>,
    _message: Closure<dyn Fn(MessageEvent)>,
    _lost: Closure<dyn Fn()>,
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.source.close();
    }
}
