//! `docker events`: what happens on the sandbox's host, as it happens.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use http::StatusCode;
use tokio::sync::broadcast::error::RecvError;

use crate::{
    body, lines,
    model::event::Event,
    refusal::Answer,
    request::{
        Request,
        query::{Filters, has_label, known_filters},
    },
    serve::Context,
};

const KNOWN_FILTERS: &[&str] = &["type", "event", "container", "image", "label", "network", "volume", "scope", "daemon"];

pub(crate) async fn events(context: &Context, mut request: Request) -> Answer {
    let since = request.query.text("since")?.as_deref().and_then(nanoseconds);
    let until = request.query.text("until")?.as_deref().and_then(nanoseconds);
    let filters = request.query.filters()?;
    request.query.finish()?;
    known_filters(&filters, KNOWN_FILTERS)?;
    let permit = context.sandbox.stream()?;
    // Subscribed before the past is read, so that nothing falls in between.
    let mut live = context.sandbox.events();
    let past: VecDeque<Arc<Event>> = since.map_or_else(VecDeque::new, |since| context.sandbox.past_events(since));
    let now = i128::from(crate::ledger::now_ms()) * 1_000_000;
    let ends_in = until.map(|until| Duration::from_nanos(u64::try_from(until - now).unwrap_or(0)));
    let stream = async_stream::stream! {
        let _permit = permit;
        let mut last = 0;
        for event in past {
            last = event.time_nano;
            if until.is_none_or(|until| i128::from(event.time_nano) <= until) && matches(&event, &filters) {
                yield Ok(lines::line(&*event));
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
                Ok(event) if event.time_nano > last && matches(&event, &filters) => yield Ok(lines::line(&*event)),
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => break,
            }
        }
    };
    Ok(body::with_type(StatusCode::OK, "application/json", body::stream(stream)))
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
    fn filters_of_one_key_are_alternatives_and_keys_add_up() {
        let event = Event::now("volume", "create", "data", &[("driver", "local")]);
        let of = |text: &str| serde_json::from_str::<Filters>(text).unwrap_or_default();
        assert!(matches(&event, &of(r#"{"type":["image","volume"]}"#)));
        assert!(matches(&event, &of(r#"{"type":["volume"],"event":["create"],"volume":["data"]}"#)));
        assert!(!matches(&event, &of(r#"{"type":["volume"],"event":["destroy"]}"#)));
    }
}
