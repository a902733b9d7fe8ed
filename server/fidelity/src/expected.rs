//! `differences.txt`: what differs for a reason, down to the line.
//!
//! ```text
//! = shared-host: one kernel for everybody.
//! ## Limits
//! $ docker run --privileged busybox true
//! why: shared-host
//! - exit 0
//! + err docker: Error response from daemon: lunchbox: …
//! + exit 125
//! ```
//! `-` is the bare engine's, `+` the sandbox's. A line `-*` or `+*` in place of them: that side depends on
//! the machine. Reasons that begin with `fault-` are mistakes of ours that are known.

use std::{collections::BTreeMap, fmt::Write};

use crate::{commands::Group, compare::Compared, diff::Change};

/// In place of a reason that nobody has given yet.
pub(crate) const UNKNOWN: &str = "?";
const FAULT: &str = "fault-";

#[derive(Debug, Default)]
pub(crate) struct Expected {
    /// What stands before the first group.
    preface: String,
    reasons: BTreeMap<String, String>,
    pub(crate) entries: Vec<Entry>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Entry {
    pub(crate) group: String,
    pub(crate) line: String,
    pub(crate) why: String,
    left: Side,
    right: Side,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Side {
    Any,
    Lines(Vec<String>),
}

impl Default for Side {
    fn default() -> Self {
        Self::Lines(Vec::new())
    }
}

/// How a command went, beside what was expected of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict<'a> {
    /// There is nothing to compare.
    NotRun,
    Equal,
    Expected(&'a Entry),
    Unexpected,
    /// It differs, but otherwise than the entry says.
    Otherwise(&'a Entry),
    /// The entry says that it differs, and it does no longer.
    Gone(&'a Entry),
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        (&self.group, &self.line) == (&other.group, &other.line)
    }
}

impl Eq for Entry {}

impl Expected {
    /// Reads the file's text; a mistake is told with its line.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut expected = Self::default();
        let mut group = String::new();
        for (number, line) in (1..).zip(text.lines()) {
            let wrong = |what: &str| format!("differences.txt, line {number}: {what}");
            if group.is_empty() && !line.starts_with("## ") {
                expected.preface += line;
                expected.preface.push('\n');
            }
            if let Some(title) = line.strip_prefix("## ") {
                title.clone_into(&mut group);
            } else if let Some(reason) = line.strip_prefix("= ") {
                let (name, text) = reason.split_once(": ").ok_or_else(|| wrong("a reason is `= name: text`"))?;
                expected.reasons.insert(name.to_owned(), text.to_owned());
            } else if let Some(command) = line.strip_prefix("$ ") {
                expected.entries.push(Entry { group: group.clone(), line: command.to_owned(), ..Entry::default() });
            } else if !line.is_empty() && !line.starts_with('#') {
                let entry = expected.entries.last_mut().ok_or_else(|| wrong("a line before the first command"))?;
                if let Some(why) = line.strip_prefix("why: ") {
                    if why != UNKNOWN && !expected.reasons.contains_key(why) {
                        return Err(wrong(&format!("there is no reason {why}")));
                    }
                    why.clone_into(&mut entry.why);
                } else if !(entry.left.add(line, '-') || entry.right.add(line, '+')) {
                    return Err(wrong("this is no `why:`, `-` or `+`"));
                }
            }
        }
        Ok(expected)
    }

    pub(crate) fn keep_groups(&mut self, groups: &[Group]) {
        self.entries.retain(|entry| groups.iter().any(|group| group.title == entry.group));
    }

    pub(crate) fn reason(&self, name: &str) -> &str {
        self.reasons.get(name).map_or("no reason is given yet", String::as_str)
    }

    pub(crate) fn is_fault(entry: &Entry) -> bool {
        entry.why.starts_with(FAULT)
    }

    fn entry(&self, compared: &Compared) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.group == compared.group && entry.line == compared.line)
    }

    pub(crate) fn verdict(&self, compared: &Compared) -> Verdict<'_> {
        match self.entry(compared) {
            _ if !compared.ran => Verdict::NotRun,
            None if compared.changes.is_empty() => Verdict::Equal,
            None => Verdict::Unexpected,
            Some(entry) if compared.changes.is_empty() => Verdict::Gone(entry),
            Some(entry) if entry.why == UNKNOWN => Verdict::Unexpected,
            Some(entry) => {
                let (left, right) = sides(&compared.changes);
                if entry.left.matches(&left) && entry.right.matches(&right) { Verdict::Expected(entry) } else { Verdict::Otherwise(entry) }
            }
        }
    }

    /// Entries for commands that are no longer in the list.
    pub(crate) fn orphans<'a>(&'a self, compared: &'a [Compared]) -> impl Iterator<Item = &'a Entry> {
        self.entries.iter().filter(|entry| !compared.iter().any(|compared| compared.group == entry.group && compared.line == entry.line))
    }

    /// The file anew: today's differences, with the reasons that were given before.
    pub(crate) fn rewritten(&self, compared: &[Compared]) -> String {
        let mut text = self.preface.clone();
        let mut group = "";
        for compared in compared.iter().filter(|compared| !compared.changes.is_empty()) {
            if compared.group != group {
                group = &compared.group;
                let _ = writeln!(text, "## {group}\n");
            }
            let before = self.entry(compared);
            let (left, right) = sides(&compared.changes);
            let _ = writeln!(text, "$ {}\nwhy: {}", compared.line, before.map_or(UNKNOWN, |entry| &entry.why));
            for (mark, old, new) in [('-', before.map(|entry| &entry.left), left), ('+', before.map(|entry| &entry.right), right)] {
                if old == Some(&Side::Any) {
                    let _ = writeln!(text, "{mark}*");
                } else {
                    new.iter().for_each(|line| _ = writeln!(text, "{mark} {line}"));
                }
            }
            text.push('\n');
        }
        text
    }
}

fn sides(changes: &[Change]) -> (Vec<String>, Vec<String>) {
    let mut sides = (Vec::new(), Vec::new());
    for change in changes {
        match change {
            Change::Left(line) => sides.0.push(line.clone()),
            Change::Right(line) => sides.1.push(line.clone()),
        }
    }
    sides
}

impl Side {
    /// Takes a line that begins with this side's mark.
    fn add(&mut self, line: &str, mark: char) -> bool {
        let Some(rest) = line.strip_prefix(mark) else { return false };
        if rest == "*" {
            *self = Self::Any;
        } else if let Self::Lines(lines) = self {
            lines.push(rest.strip_prefix(' ').unwrap_or(rest).to_owned());
        }
        true
    }

    fn matches(&self, lines: &[String]) -> bool {
        match self {
            Self::Any => true,
            Self::Lines(expected) => expected == lines,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    const FILE: &str = "# note\n= host: one host.\n\n## One\n\n$ docker a\nwhy: host\n- exit 0\n+ err no\n+ exit 1\n\n$ docker b\nwhy: host\n-*\n+ exit 1\n";

    fn compared(line: &str, changes: &[(char, &str)]) -> Compared {
        let changes = changes
            .iter()
            .map(|(mark, line)| if *mark == '-' { Change::Left((*line).to_owned()) } else { Change::Right((*line).to_owned()) })
            .collect();
        Compared { group: "One".to_owned(), line: line.to_owned(), ran: true, changes }
    }

    #[test]
    fn only_the_very_difference_is_expected() {
        let expected = Expected::parse(FILE).unwrap();
        let verdict = |line: &str, changes: &[(char, &str)]| match expected.verdict(&compared(line, changes)) {
            Verdict::NotRun => "not run",
            Verdict::Equal => "equal",
            Verdict::Expected(_) => "expected",
            Verdict::Unexpected => "unexpected",
            Verdict::Otherwise(_) => "otherwise",
            Verdict::Gone(_) => "gone",
        };
        assert_eq!(verdict("docker a", &[('-', "exit 0"), ('+', "err no"), ('+', "exit 1")]), "expected");
        assert_eq!(verdict("docker a", &[('-', "exit 0"), ('+', "err never"), ('+', "exit 1")]), "otherwise");
        assert_eq!(verdict("docker a", &[]), "gone");
        assert_eq!(verdict("docker b", &[('-', "anything"), ('+', "exit 1")]), "expected");
        assert_eq!(verdict("docker c", &[]), "equal");
        assert_eq!(verdict("docker c", &[('-', "x")]), "unexpected");
        let unanswered = |line: &str, changes| Compared { ran: false, ..compared(line, changes) };
        assert_eq!(expected.verdict(&unanswered("docker c", &[])), Verdict::NotRun);
        assert_eq!(expected.verdict(&unanswered("docker b", &[('+', "exit 1")])), Verdict::NotRun);
    }

    #[test]
    fn written_anew_it_keeps_reasons_and_asks_for_new_ones() {
        let expected = Expected::parse(FILE).unwrap();
        let text = expected.rewritten(&[
            compared("docker a", &[('-', "exit 0"), ('+', "err no"), ('+', "exit 1")]),
            compared("docker b", &[('-', "anything"), ('+', "exit 1")]),
        ]);
        assert_eq!(text.trim_end(), FILE.trim_end());
        let anew = expected.rewritten(&[compared("docker c", &[('-', "x")])]);
        let anew = Expected::parse(&anew).unwrap();
        assert_eq!(anew.verdict(&compared("docker c", &[('-', "x")])), Verdict::Unexpected);
    }

    #[test]
    fn a_reason_must_be_there() {
        assert!(Expected::parse("## One\n$ docker a\nwhy: nosuch\n").unwrap_err().contains("line 3"));
    }

    #[test]
    fn an_entry_for_a_command_that_is_no_longer_typed_is_told() {
        let expected = Expected::parse(FILE).unwrap();
        let only_a = [compared("docker a", &[])];
        assert_eq!(expected.orphans(&only_a).map(|entry| entry.line.as_str()).collect::<Vec<_>>(), ["docker b"]);
    }

    #[test]
    fn the_file_can_be_read_and_gives_every_reason() {
        let expected = Expected::parse(include_str!("../differences.txt")).unwrap();
        assert!(expected.entries.iter().all(|entry| entry.why != UNKNOWN && !entry.why.is_empty()));
    }
}
