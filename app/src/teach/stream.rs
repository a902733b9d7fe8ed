//! A stream of the server's, opened in the browser and kept open until its owner goes.

use std::time::Duration;

use leptos::prelude::*;
use wasm_bindgen::{JsCast, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{EventSource, MessageEvent, RequestInit, Response};

use super::frame::go_to_sign_in;
/// How the line to the server stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line {
    /// Not yet open for the first time.
    Opening,
    Open,
    /// Was lost; being opened again.
    Lost,
    /// There is no more to follow for whoever is signed in: nothing is tried again.
    Gone,
}

/// Pause before the stream is opened anew where the browser has given up, in milliseconds.
const REOPEN_AFTER_MS: u64 = 2_000;

/// What is done with what the stream says: each gets an event's data.
#[derive(Clone, Copy)]
pub(crate) struct Heard {
    /// Of `message`.
    pub(crate) message: Callback<String>,
    /// Of one more event, by its name.
    pub(crate) named: Option<(&'static str, Callback<String>)>,
}

/// Opens `url` whenever it changes, and tells `line` how the line stands.
pub(crate) fn follow(url: impl Fn() -> String + 'static, line: RwSignal<Line>, heard: Heard) {
    Effect::new(move |_| {
        // Made in here, where only browsers come: it belongs to this thread, and goes with the effect,
        // which closes it.
        let slot = StoredValue::new_local(None);
        open(url(), line, heard, slot);
    });
}

fn open(url: String, line: RwSignal<Line>, heard: Heard, slot: StoredValue<Option<Stream>, LocalStorage>) {
    let Ok(source) = EventSource::new(&url) else { return };
    let opened = Closure::<dyn Fn()>::new(move || {
        line.try_set(Line::Open);
    });
    source.set_onopen(Some(opened.as_ref().unchecked_ref()));
    let message = listener(heard.message);
    source.set_onmessage(Some(message.as_ref().unchecked_ref()));
    let named = heard.named.map(|(name, callback)| {
        let named = listener(callback);
        // It fails for no name that is a string.
        let _ = source.add_event_listener_with_callback(name, named.as_ref().unchecked_ref());
        named
    });
    let failing = source.clone();
    let lost = Closure::<dyn Fn()>::new(move || {
        if line.try_get_untracked() != Some(Line::Gone) {
            line.try_set(Line::Lost);
        }
        look_why(url.clone(), line, slot);
        // The browser itself tries again, except after an answer that was no stream at all.
        if failing.ready_state() == EventSource::CLOSED {
            let url = url.clone();
            let again = move || {
                if slot.try_with_value(Option::is_some) == Some(true) {
                    open(url, line, heard, slot);
                }
            };
            set_timeout(again, Duration::from_millis(REOPEN_AFTER_MS));
        }
    });
    source.set_onerror(Some(lost.as_ref().unchecked_ref()));
    slot.try_set_value(Some(Stream { source, _opened: opened, _message: message, _named: named, _lost: lost }));
}

/// An `EventSource` doesn't say why it ended or was refused; its address, asked without its content, does.
fn look_why(url: String, line: RwSignal<Line>, slot: StoredValue<Option<Stream>, LocalStorage>) {
    leptos::task::spawn_local(async move {
        match status(&url).await {
            Some(401) => go_to_sign_in(),
            Some(404) => {
                line.try_set(Line::Gone);
                // Closes it, and it isn't opened again.
                slot.try_set_value(None);
            }
            _ => {}
        }
    });
}

/// What the server answers there; `None`: nothing.
async fn status(url: &str) -> Option<u16> {
    let init = RequestInit::new();
    init.set_method("HEAD");
    let answer = JsFuture::from(window().fetch_with_str_and_init(url, &init)).await.ok()?;
    Some(answer.dyn_into::<Response>().ok()?.status())
}

fn listener(callback: Callback<String>) -> Closure<dyn Fn(MessageEvent)> {
    Closure::new(move |event: MessageEvent| {
        if let Some(text) = event.data().as_string() {
            callback.try_run(text);
        }
    })
}

/// An open stream with the callbacks that must live as long as it does.
struct Stream {
    source: EventSource,
    _opened: Closure<dyn Fn()>,
    _message: Closure<dyn Fn(MessageEvent)>,
    _named: Option<Closure<dyn Fn(MessageEvent)>>,
    _lost: Closure<dyn Fn()>,
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.source.close();
    }
}
