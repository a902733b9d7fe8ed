//! What a learner did on their host, a line a command: as they would have typed it, where that is known.

mod command;
mod inspect;
mod run;
mod words;

use app::model::LastDone;
use gateway::{Activity, ActivityKind};

use self::{
    inspect::Told,
    run::{asked_of, is_look, is_run, is_told, run, wanted},
    words::{is_fault, said, words},
};

/// What stands in a timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) done: LastDone,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Command,
    /// One by which nothing is tried: `docker ps`. That it goes well says nothing of what went wrong before it.
    Look,
    /// It came about by itself.
    Event,
}

/// What was done, oldest first: of the newest `fresh` of all that is known, for a line may have begun before.
pub(super) fn lines(activities: &[Activity], fresh: usize) -> Vec<Line> {
    (activities.len().saturating_sub(fresh)..activities.len()).filter_map(|index| line(activities, index)).collect()
}

fn line(activities: &[Activity], index: usize) -> Option<Line> {
    let activity = &activities[index];
    let line = |at: i64, (text, error): (String, String)| {
        let kind = match activity.kind {
            ActivityKind::ContainerDied { .. } if error.is_empty() => Kind::Event,
            _ if is_look(&activity.kind) => Kind::Look,
            _ => Kind::Command,
        };
        Line { done: LastDone { at, text, error, helped: false }, kind }
    };
    if let Some(run) = run(activities, index) {
        return match &activity.kind {
            // From when it began, so that it is the same line whenever one looks.
            ActivityKind::ContainerStarted { .. } => Some(line(run.at, (run.text, String::new()))),
            ActivityKind::Refused { message, .. } => Some(line(activity.at, (run.text, said(message)))),
            _ => None,
        };
    }
    // What comes of it says it.
    if is_run(activities, index) {
        return None;
    }
    let by_itself =
        |text: String| Some(Line { done: LastDone { at: activity.at, text, error: String::new(), helped: false }, kind: Kind::Event });
    let before = &activities[..index];
    // `watch docker ps` looks every two seconds.
    if is_look(&activity.kind) && before.last().is_some_and(|last| last.kind == activity.kind) {
        return None;
    }
    if is_told(before, &activity.kind) {
        return None;
    }
    match &activity.kind {
        ActivityKind::ContainerRemoved { id, name } if asked_of(before, id).is_some_and(|made| made.asked.auto_remove) => {
            return by_itself(format!("{name} was removed, as --rm asks"));
        }
        // What was typed, and not only whose container it was, which nobody knows by its name.
        ActivityKind::ContainerDied { id, name, exit_code } if is_fault(*exit_code) => {
            if let Some(made) = asked_of(before, id) {
                // The shell in it ended with how its last command did, which is nobody's fault.
                if made.asked.interactive && made.asked.tty {
                    return by_itself(format!("{name} ended ({exit_code})"));
                }
                return Some(line(activity.at, (made.line(), format!("{name} ended with exit code {exit_code}"))));
            }
        }
        ActivityKind::ImagePullFailed { reference, message } => {
            if let Some(text) = wanted(before, reference, activity.at) {
                return Some(line(activity.at, (text, said(message))));
            }
        }
        _ => {}
    }
    match inspect::told(activities, index) {
        Told::Here(at, text, error) => Some(line(at, (text, error))),
        Told::Later => None,
        Told::Apart => words(&activity.kind).map(|words| line(activity.at, words)),
    }
}

#[cfg(test)]
mod tests;
