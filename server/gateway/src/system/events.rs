//! `docker events`: what happens on the sandbox's host, as it happens.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use tokio::sync::broadcast::error::RecvError;

use crate::{
    body, lines,
    model::event::Event,
    refusal::{Answer, Refusal},
    request::{
        Request,
        path::ApiVersion,
        query::{Filters, has_label, known_filters},
    },
    serve::Context,
};

const KNOWN_FILTERS: &[&str] = &["type", "event", "container", "image", "label", "network", "volume", "scope", "daemon"];

const JSON_SEQUENCE: &str = "application/json-seq";
const RECORD_SEPARATOR: u8 = 0x1e;
const STREAM_TYPES: [&str; 4] = ["application/json", "application/jsonl", "application/x-ndjson", JSON_SEQUENCE];

pub(crate) async fn events(context: &Context, mut request: Request) -> Answer {
    let (since_text, until_text) = (request.query.text("since")?, request.query.text("until")?);
    let since = moment("since", since_text.as_deref())?;
    let until = moment("until", until_text.as_deref())?;
    if let (Some(from), Some(to)) = (since, until)
        && to < from
    {
        let (from, to) = (since_text.unwrap_or_default(), until_text.unwrap_or_default());
        return Err(Refusal::invalid(format!("`since` time ({from}) cannot be after `until` time ({to})")));
    }
    let filters = request.query.filters()?;
    let knows = request.version >= ApiVersion(46);
    let format = Format::of(request.version, request.headers.get(header::ACCEPT));
    request.query.finish()?;
    known_filters(&filters, KNOWN_FILTERS)?;
    // Images that are made are told of since 1.46.
    let shown = move |event: &Event| (knows || !event.is_since_1_46()) && matches(event, &filters);
    let permit = context.sandbox.stream()?;
    // Subscribed before the past is read, so that nothing falls in between.
    let mut live = context.sandbox.events();
    let mut past: Vec<Arc<Event>> = since.map_or_else(VecDeque::new, |since| context.sandbox.past_events(since)).into();
    // The engine's own come a moment after those of the gateway's.
    past.sort_by_key(|event| event.time_nano);
    let now = i128::from(crate::ledger::now_ms()) * 1_000_000;
    let ends_in = until.map(|until| Duration::from_nanos(u64::try_from(until - now).unwrap_or(0)));
    let stream = async_stream::stream! {
        let _permit = permit;
        for event in &past {
            if until.is_none_or(|until| i128::from(event.time_nano) <= until) && shown(event) {
                yield Ok(format.write(event));
            }
        }
        let end = async move { match ends_in { Some(time) => tokio::time::sleep(time).await, None => std::future::pending().await } };
        tokio::pin!(end);
        loop {
            let event = tokio::select! {
                () = &mut end => break,
                event = live.recv() => event,
            };
            match event {
                Ok(event) if shown(&event) && !past.iter().any(|told| Arc::ptr_eq(told, &event)) => yield Ok(format.write(&event)),
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => break,
            }
        }
    };
    Ok(body::with_type(StatusCode::OK, format.content_type, body::stream(stream)))
}

/// How events are written: which fields, and what between two of them.
#[derive(Debug, Clone, Copy)]
struct Format {
    content_type: &'static str,
    legacy_fields: bool,
}

impl Format {
    /// The older fields went with API 1.52, which lets the client choose what stands between.
    fn of(version: ApiVersion, accept: Option<&HeaderValue>) -> Self {
        let legacy_fields = version < ApiVersion(52);
        let asked = accept.and_then(|accept| accept.to_str().ok()).unwrap_or_default();
        let asked = asked.split(',').map(|one| one.split(';').next().unwrap_or_default().trim());
        let content_type = asked.filter_map(|asked| STREAM_TYPES.into_iter().find(|known| *known == asked)).next();
        let default = if legacy_fields { "application/json" } else { "application/jsonl" };
        Self { content_type: content_type.filter(|_| !legacy_fields).unwrap_or(default), legacy_fields }
    }

    fn write(self, event: &Event) -> Bytes {
        let line = if self.legacy_fields { lines::line(event) } else { lines::line(&event.without_legacy()) };
        if self.content_type != JSON_SEQUENCE {
            return line;
        }
        // RFC 7464: a record separator before each.
        [&[RECORD_SEPARATOR], &line[..]].concat().into()
    }
}

fn moment(name: &str, text: Option<&str>) -> Result<Option<i128>, Refusal> {
    match text.filter(|text| !text.is_empty()) {
        None => Ok(None),
        Some(text) => nanoseconds(text).map(Some).ok_or_else(|| Refusal::invalid(format!("invalid value for '{name}': {text:?}"))),
    }
}

/// `seconds` or `seconds.nanoseconds`, as the CLI sends times.
fn nanoseconds(text: &str) -> Option<i128> {
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    let seconds: i128 = seconds.parse().ok()?;
    let fraction: String = fraction.chars().chain(std::iter::repeat('0')).take(9).collect();
    Some(seconds * 1_000_000_000 + fraction.parse::<i128>().ok()?)
}

/// Within one key any value, all keys together.
fn matches(event: &Event, filters: &Filters) -> bool {
    let attribute = |name: &str| event.actor.attributes.get(name).map(String::as_str).unwrap_or_default();
    let is = |kind: &str, value: &str| {
        if event.kind == kind {
            event.actor.id == value || attribute("name") == value || (value.len() >= 4 && event.actor.id.starts_with(value))
        } else {
            attribute(kind) == value
        }
    };
    filters.iter().all(|(key, values)| {
        values.is_empty()
            || values.iter().any(|value| match key.as_str() {
                "type" => event.kind == *value,
                // `exec_create: sh` is found as `exec_create`.
                "event" => event.action == *value || event.action.split(':').next() == Some(value),
                "container" | "network" | "volume" => is(key, value),
                "image" => {
                    let image = if event.kind == "image" { attribute("name") } else { attribute("image") };
                    image == value || image.split(':').next() == Some(value) || event.actor.id == *value
                }
                "scope" => event.scope == *value,
                "label" => has_label(&event.actor.attributes, value),
                _ => false,
            })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_the_cli_sends_them() {
        assert_eq!(nanoseconds("5"), Some(5_000_000_000));
        assert_eq!(nanoseconds("5.25"), Some(5_250_000_000));
        assert_eq!(nanoseconds("5.000000001"), Some(5_000_000_001));
        assert_eq!(nanoseconds("x"), None);
    }

    #[test]
    fn from_api_1_52_on_the_older_fields_are_gone_and_the_client_chooses_the_format() {
        let event = Event::now("image", "tag", "sha256:1", &[]);
        let of = |version, accept: Option<&'static str>| {
            let format = Format::of(ApiVersion(version), accept.map(HeaderValue::from_static).as_ref());
            (format.content_type, String::from_utf8_lossy(&format.write(&event)).into_owned())
        };
        let (content_type, text) = of(51, Some("application/json-seq"));
        assert!(content_type == "application/json" && text.contains("\"status\":\"tag\""), "{text}");
        let (content_type, text) = of(52, None);
        assert!(content_type == "application/jsonl" && !text.contains("status"), "{text}");
        let (content_type, text) = of(53, Some("text/plain, application/json-seq;q=1"));
        assert!(content_type == JSON_SEQUENCE && text.starts_with('\u{1e}') && text.ends_with('\n'), "{text}");
    }

    #[test]
    fn filters_of_one_key_are_alternatives_and_keys_add_up() {
        let event = Event::now("volume", "create", "data", &[("driver", "local")]);
        let of = |text: &str| serde_json::from_str::<Filters>(text).unwrap_or_default();
        assert!(matches(&event, &of(r#"{"type":["image","volume"]}"#)));
        assert!(matches(&event, &of(r#"{"type":["volume"],"event":["create"],"volume":["data"]}"#)));
        assert!(!matches(&event, &of(r#"{"type":["volume"],"event":["destroy"]}"#)));
    }
}
