//! Numbers and times in words.

use crate::model::{ClassState, Deleted, StepOutline};

/// Said before a learner is taken out of a class.
pub(crate) const REMOVES: &str = "Their place, their progress, answers, notes, timeline and certificates of this class are deleted, and their host is closed. This can't be undone. With the class's code they can join again: “New code…” on Set up ends that.";

/// "1 learner", "2 learners", "no learners".
pub(crate) fn count(number: usize, one: &str) -> String {
    match number {
        0 => format!("no {one}s"),
        1 => format!("1 {one}"),
        _ => format!("{number} {one}s"),
    }
}

/// How long somebody has been at something, in milliseconds. Minutes are all that helps, and they keep still.
pub(crate) fn since(milliseconds: i64) -> String {
    let minutes = milliseconds.max(0) / 60_000;
    match minutes {
        0 => "< 1 min".to_owned(),
        1..60 => format!("{minutes} min"),
        _ => format!("{} h {:02}", minutes / 60, minutes % 60),
    }
}

/// A measured length of time.
pub(crate) fn seconds(seconds: u32) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3600, seconds % 3600 / 60),
    }
}

pub(crate) fn state(state: ClassState) -> &'static str {
    match state {
        ClassState::Planned => "Opens later",
        ClassState::Open => "Open",
        ClassState::Closed => "Closed",
    }
}

/// "3. Publish a port"
pub(crate) fn step_name(index: usize, step: &StepOutline) -> String {
    format!("{}. {}", index + 1, step.title)
}

/// What the server counts, and how people call one of it and more of it.
const COUNTED: [(&str, &str, &str); 14] = [
    ("classes", "class", "classes"),
    ("places", "place in the class", "places in the class"),
    ("learners", "learner", "learners"),
    ("steps", "step that was begun or passed", "steps that were begun or passed"),
    ("checks", "goal with how it stood", "goals with how they stood"),
    ("answers", "answer to a question", "answers to questions"),
    ("events", "entry in a timeline", "entries in timelines"),
    ("certificates", "certificate", "certificates"),
    ("personal notes", "note to one learner", "notes to one learner"),
    ("notes", "note to the whole class", "notes to the whole class"),
    ("sandboxes", "host", "hosts"),
    ("ties to a learning platform", "tie to a learning platform", "ties to a learning platform"),
    ("links from learning platforms", "link from a learning platform", "links from learning platforms"),
    ("people it sent", "person it sent", "people it sent"),
];

/// What was deleted, each with its number; nothing is said of what there was none of.
pub(crate) fn deleted(deleted: &Deleted) -> Vec<String> {
    let said = |(what, number): &(String, u64)| {
        let counted = COUNTED.iter().find(|(counted, ..)| counted == what);
        match (number, counted) {
            (0, _) => None,
            (1, Some((_, one, _))) => Some(format!("1 {one}")),
            (_, Some((.., more))) => Some(format!("{number} {more}")),
            (1, None) => Some(format!("1 {}", what.strip_suffix('s').unwrap_or(what))),
            (_, None) => Some(format!("{number} {what}")),
        }
    };
    deleted.counts.iter().filter_map(said).collect()
}

/// What was deleted with a learner who was removed.
pub(crate) fn removed(name: &str, gone: &Deleted) -> String {
    format!("{name} is removed, and deleted: {}.", deleted(gone).join(", "))
}

/// Whether an address leads learners at other computers nowhere: to their own.
pub(crate) fn is_of_this_machine_alone(link: &str) -> bool {
    let (name, _) = host_and_port(link);
    name == "localhost" || name.ends_with(".localhost") || name.starts_with("127.") || name == "::1"
}

/// An address's port; the usual one where it names none.
pub(crate) fn port(link: &str) -> &str {
    host_and_port(link).1.unwrap_or("80")
}

/// An IPv6 address comes without its brackets.
fn host_and_port(link: &str) -> (&str, Option<&str>) {
    let bare = link.split_once("://").map_or(link, |(_, bare)| bare);
    let host = bare.split(['/', '?']).next().unwrap_or_default();
    let (name, rest) = match host.strip_prefix('[') {
        Some(in_brackets) => in_brackets.split_once(']').unwrap_or((in_brackets, "")),
        None => host.split_at(host.find(':').unwrap_or(host.len())),
    };
    (name, rest.strip_prefix(':'))
}

/// A number of bytes, as people say it.
pub(crate) fn bytes(bytes: u64) -> String {
    const GIB: u64 = 1 << 30;
    const MIB: u64 = 1 << 20;
    if bytes >= GIB {
        // Tenths, without the code that writes fractions.
        let tenths = bytes * 10 / GIB;
        format!("{}.{} GiB", tenths / 10, tenths % 10)
    } else {
        format!("{} MiB", bytes / MIB)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_on_a_step_keeps_still_for_a_minute() {
        assert_eq!(since(59_999), "< 1 min");
        assert_eq!(since(60_000), "1 min");
        assert_eq!(since(3_900_000), "1 h 05");
        assert_eq!(since(-5), "< 1 min", "the browser's clock may be behind by a moment");
    }

    #[test]
    fn a_measured_time_is_said_as_finely_as_it_matters() {
        assert_eq!((seconds(42), seconds(72)), ("42 s".into(), "1 min 12 s".into()));
        assert_eq!(seconds(125), "2 min 05 s");
        assert_eq!(seconds(3_720), "1 h 02 min");
    }

    #[test]
    fn what_was_deleted_is_said_in_the_singular_where_it_was_one_and_not_at_all_where_it_was_none() {
        let counts = [("classes", 1), ("certificates", 1), ("notes", 0), ("sandboxes", 1), ("events", 3), ("cards", 1), ("links", 2)];
        let gone = Deleted { counts: counts.map(|(what, number)| (what.to_owned(), number)).into() };
        assert_eq!(deleted(&gone), ["1 class", "1 certificate", "1 host", "3 entries in timelines", "1 card", "2 links"]);
    }

    #[test]
    fn an_address_of_this_machine_alone_is_told_from_one_that_others_can_open() {
        for own in ["http://localhost:3000/join/K7", "http://127.0.0.1/join/K7", "http://[::1]:3000/join/K7", "http://box.localhost:80"] {
            assert!(is_of_this_machine_alone(own), "{own}");
        }
        for others in ["https://box.example/join/K7", "http://192.168.1.7:3000", "http://localhost.example", "http://[2001:db8::1]/"] {
            assert!(!is_of_this_machine_alone(others), "{others}");
        }
    }

    #[test]
    fn the_port_of_an_address_is_the_usual_one_where_it_names_none() {
        for (link, wanted) in [
            ("http://localhost:3077/join/K7", "3077"),
            ("http://[::1]:3000/", "3000"),
            ("http://[::1]/join", "80"),
            ("http://127.0.0.1?a:1", "80"),
        ] {
            assert_eq!(port(link), wanted, "{link}");
        }
    }

    #[test]
    fn one_is_singular() {
        assert_eq!(
            (count(0, "learner"), count(1, "learner"), count(2, "learner")),
            ("no learners".into(), "1 learner".into(), "2 learners".into())
        );
    }

    #[test]
    fn sizes_have_one_decimal_where_they_are_large() {
        assert_eq!((bytes(25_769_803_776), bytes(536_870_912)), ("24.0 GiB".into(), "512 MiB".into()));
    }
}
