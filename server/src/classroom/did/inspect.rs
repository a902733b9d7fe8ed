//! A `docker inspect` that doesn't say of what asks for one kind of thing after the other, until one is there: one
//! command, whatever was not there before.

use gateway::{Activity, ActivityKind};

use super::{run::comes_between, words::said};

/// What is asked for, in docker's order.
const ASKED: [&str; 4] = ["ContainerInspect", "ImageInspect", "NetworkInspect", "VolumeInspect"];
/// Between two requests of one command, in milliseconds, on a machine that is busy; nobody types as fast.
const NEXT_MS: i64 = 700;

/// What a request that may be of an inspect is told as.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// It is of none.
    Apart,
    /// Nothing: what is asked next says it.
    Later,
    /// When the command began, what it was, and what docker said where it went wrong.
    Here(i64, String, String),
}

pub(super) fn told(activities: &[Activity], index: usize) -> Told {
    let this = &activities[index];
    let Some((at, name)) = began(activities, index) else { return Told::Apart };
    let Some((place, message)) = missing(&this.kind) else {
        return match &this.kind {
            ActivityKind::ImageInspected { .. } => Told::Here(at, format!("docker inspect {name}"), String::new()),
            _ => Told::Apart,
        };
    };
    let next = activities[index + 1..].iter().find(|next| !comes_between(&next.kind));
    if next.is_some_and(|next| next.at - this.at < NEXT_MS && goes_on(place, &next.kind)) {
        return Told::Later;
    }
    match place {
        // `docker logs` and `docker exec` ask for the container first, as some others do.
        0 => Told::Here(at, format!("docker … {name}"), said(message)),
        // What is there is no news: it isn't in the record.
        1 | 2 => Told::Here(at, format!("docker inspect {name}"), String::new()),
        _ => Told::Here(at, format!("docker inspect {name}"), format!("No such object: {name}")),
    }
}

/// When the inspect began of which this is, and what it asks for.
fn began(activities: &[Activity], index: usize) -> Option<(i64, &str)> {
    let mut this = &activities[index];
    let mut before = activities[..index].iter().rev().filter(|before| !comes_between(&before.kind));
    while missing(&this.kind).is_none_or(|(place, _)| place > 0) {
        let last = before.next()?;
        let (place, _) = missing(&last.kind)?;
        if this.at - last.at >= NEXT_MS || !goes_on(place, &this.kind) {
            return None;
        }
        this = last;
    }
    let (_, message) = missing(&this.kind)?;
    Some((this.at, message.strip_prefix("No such container: ")?))
}

/// Which kind of thing wasn't there, and what was said.
fn missing(kind: &ActivityKind) -> Option<(usize, &str)> {
    let ActivityKind::Refused { operation, status: 404, message, .. } = kind else { return None };
    Some((ASKED.iter().position(|asked| asked == operation)?, message))
}

/// Whether an inspect that didn't find that kind goes on with this.
fn goes_on(place: usize, next: &ActivityKind) -> bool {
    missing(next).is_some_and(|(next, _)| next == place + 1) || (place == 0 && matches!(next, ActivityKind::ImageInspected { .. }))
}
