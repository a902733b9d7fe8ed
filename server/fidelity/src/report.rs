//! What was found, as a table and as diffs.

use std::{
    collections::BTreeMap,
    io::{Result, Write},
};

use crate::{
    commands::Group,
    compare::Compared,
    diff::Change,
    expected::{Expected, Verdict},
};

#[derive(Default)]
struct Counts {
    equal: usize,
    expected: usize,
    faults: usize,
    unexpected: usize,
    not_run: usize,
    gone: usize,
}

/// Prints it all; whether every command line of the list ran, and nothing is unexpected.
pub(crate) fn print(out: &mut impl Write, groups: &[Group], compared: &[Compared], expected: &Expected) -> Result<bool> {
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    let mut all = Counts::default();
    for one in compared {
        let verdict = expected.verdict(one);
        if let Verdict::Expected(entry) = verdict {
            *reasons.entry(&entry.why).or_default() += 1;
        }
        let title = match verdict {
            Verdict::Equal | Verdict::Expected(_) => continue,
            Verdict::NotRun => "nothing to compare: it did not come to its end on both hosts".to_owned(),
            Verdict::Unexpected => "unexpected difference".to_owned(),
            Verdict::Otherwise(entry) => format!("differs otherwise than expected ({})", entry.why),
            Verdict::Gone(entry) => format!("no longer differs, which differences.txt expects ({})", entry.why),
        };
        writeln!(out, "\n✗ {title}\n  {} · {}", one.group, one.line)?;
        for change in &one.changes {
            match change {
                Change::Left(line) => writeln!(out, "    - {line}")?,
                Change::Right(line) => writeln!(out, "    + {line}")?,
            }
        }
    }
    let orphans = expected.orphans(compared).count();
    for entry in expected.orphans(compared) {
        writeln!(out, "\n✗ differences.txt has an entry for a command that is not typed\n  {} · {}", entry.group, entry.line)?;
    }

    writeln!(out, "\n{:<36} {:>8} {:>6} {:>9} {:>7} {:>11} {:>5}", "", "commands", "equal", "expected", "faults", "unexpected", "gone")?;
    for group in groups {
        let mut counts = Counts::default();
        for one in compared.iter().filter(|one| one.group == group.title) {
            counts.add(expected.verdict(one));
            all.add(expected.verdict(one));
        }
        counts.row(out, &group.title)?;
    }
    all.row(out, "all")?;
    if !reasons.is_empty() {
        writeln!(out, "\nExpected differences and known faults, by reason:")?;
        for (name, count) in reasons {
            writeln!(out, "{count:>5}  {name}: {}", expected.reason(name))?;
        }
    }
    let listed: usize = groups.iter().map(|group| group.commands.len()).sum();
    let ran = compared.len() - all.not_run;
    let right = all.unexpected + all.gone + orphans == 0 && ran == listed;
    writeln!(
        out,
        "\n{} {ran} of {listed} command lines ran: {} equal, {} expected differences, {} known faults, {} unexpected, {} gone",
        if right { "✓" } else { "✗" },
        all.equal,
        all.expected,
        all.faults,
        all.unexpected,
        all.gone + orphans
    )?;
    Ok(right)
}

impl Counts {
    fn add(&mut self, verdict: Verdict<'_>) {
        match verdict {
            Verdict::Equal => self.equal += 1,
            Verdict::Expected(entry) if Expected::is_fault(entry) => self.faults += 1,
            Verdict::Expected(_) => self.expected += 1,
            Verdict::NotRun => self.not_run += 1,
            Verdict::Unexpected | Verdict::Otherwise(_) => self.unexpected += 1,
            Verdict::Gone(_) => self.gone += 1,
        }
    }

    fn row(&self, out: &mut impl Write, title: &str) -> Result<()> {
        let commands = self.equal + self.expected + self.faults + self.unexpected + self.not_run + self.gone;
        writeln!(
            out,
            "{title:<36} {commands:>8} {:>6} {:>9} {:>7} {:>11} {:>5}",
            self.equal,
            self.expected,
            self.faults,
            self.unexpected + self.not_run,
            self.gone
        )
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    fn told(compared: &[Compared]) -> (bool, String) {
        let groups = crate::commands::parse("## One\ndocker a\ndocker b\n").unwrap();
        let mut out = Vec::new();
        let right = print(&mut out, &groups, compared, &Expected::default()).unwrap();
        (right, String::from_utf8(out).unwrap().lines().last().unwrap().to_owned())
    }

    fn equal(line: &str) -> Compared {
        Compared { group: "One".to_owned(), line: line.to_owned(), ran: true, changes: Vec::new() }
    }

    #[test]
    fn it_is_right_where_all_that_is_listed_ran_and_nothing_is_unexpected() {
        let (right, last) = told(&[equal("docker a"), equal("docker b")]);
        assert!(right && last.starts_with("✓ 2 of 2 command lines ran: 2 equal,"), "{last}");
        let (right, last) = told(&[equal("docker a"), Compared { changes: vec![Change::Left("x".to_owned())], ..equal("docker b") }]);
        assert!(!right && last.contains(" 1 unexpected"), "{last}");
    }

    #[test]
    fn fewer_command_lines_than_are_listed_are_not_right() {
        let (right, last) = told(&[equal("docker a")]);
        assert!(!right && last.starts_with("✗ 1 of 2 command lines ran"), "{last}");
    }

    #[test]
    fn two_hosts_that_do_not_answer_are_not_alike() {
        let (right, last) = told(&[equal("docker a"), Compared { ran: false, ..equal("docker b") }]);
        assert!(!right && last.starts_with("✗ 1 of 2 command lines ran: 1 equal"), "{last}");
    }
}
