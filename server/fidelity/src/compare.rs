//! Two outcomes of one command, and what differs between them.

use serde_json::Value;

use crate::{
    commands::Command,
    diff::{self, Change},
    level,
    run::{Outcome, Place},
};

/// One command, as it went.
#[derive(Debug)]
pub(crate) struct Compared {
    pub(crate) group: String,
    pub(crate) line: String,
    /// Both hosts were there to answer it, and it came to its end on both.
    pub(crate) ran: bool,
    /// Empty: both hosts said the same.
    pub(crate) changes: Vec<Change>,
}

pub(crate) fn compare(group: &str, command: &Command, [left, right]: [(&Place, Outcome); 2]) -> Compared {
    let ran = left.1.says_something() && right.1.says_something();
    let own = |(place, outcome): (&Place, Outcome)| {
        (place.levelled(&readable(&outcome.out)), place.levelled(&outcome.err), format!("exit {}", outcome.exit))
    };
    let ((left_out, left_err, left_exit), (right_out, right_err, right_exit)) = (own(left), own(right));
    // Levelled together: what stands in both streams of one host is the same thing.
    const BORDER: &str = "\n<stderr>\n";
    let join = |out: &str, err: &str| format!("{out}{BORDER}{err}");
    let texts = level::level(&join(&left_out, &left_err), &join(&right_out, &right_err), &command.masks);
    let [mut left, mut right] = texts.map(|text| {
        let (out, err) = text.split_once(BORDER).unwrap_or((&text, ""));
        let lines = |name: &str, text: &str| text.lines().map(|line| format!("{name} {line}")).collect::<Vec<_>>();
        let mut all = [lines("out", out), lines("err", err)];
        if command.sorted {
            all.iter_mut().for_each(|lines| lines.sort());
        }
        all.concat()
    });
    left.push(left_exit);
    right.push(right_exit);
    let changes = diff::diff(&left, &right)
        .into_iter()
        .map(|change| match change {
            Change::Left(line) => Change::Left(level::on_any_machine(&line)),
            Change::Right(line) => Change::Right(level::on_any_machine(&line)),
        })
        .collect();
    Compared { group: group.to_owned(), line: command.line.clone(), ran, changes }
}

/// JSON a value a line, with its keys in order: a difference is then no longer than the value, and none
/// that the order alone makes. Without the labels by which set-up knows the images that it made.
fn readable(text: &str) -> String {
    let pretty = |text: &str| {
        let value = serde_json::from_str(text).ok().filter(|value: &Value| value.is_object() || value.is_array())?;
        serde_json::to_string_pretty(&in_order(value)).ok()
    };
    if let Some(pretty) = pretty(text) {
        return pretty + "\n";
    }
    text.lines().map(|line| pretty(line).unwrap_or_else(|| line.to_owned()) + "\n").collect()
}

fn in_order(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut fields: Vec<(String, Value)> = map.into_iter().filter(|(key, _)| !level::is_set_ups(key)).collect();
            fields.sort_by(|(one, _), (other, _)| one.cmp(other));
            Value::Object(fields.into_iter().map(|(key, value)| (key, in_order(value))).collect())
        }
        Value::Array(values) => Value::Array(values.into_iter().map(in_order).collect()),
        value => value,
    }
}
