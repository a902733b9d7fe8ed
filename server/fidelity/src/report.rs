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
    gone: usize,
}

/// Prints it all; whether nothing is unexpected.
pub(crate) fn print(groups: &[Group], compared: &[Compared], expected: &Expected) -> Result<bool> {
    let mut out = std::io::stdout().lock();
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    let mut all = Counts::default();
    for one in compared {
        let verdict = expected.verdict(one);
        if let Verdict::Expected(entry) = verdict {
            *reasons.entry(&entry.why).or_default() += 1;
        }
        let title = match verdict {
            Verdict::Equal | Verdict::Expected(_) => continue,
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
        counts.row(&mut out, &group.title)?;
    }
    all.row(&mut out, "all")?;
    if !reasons.is_empty() {
        writeln!(out, "\nExpected differences and known faults, by reason:")?;
        for (name, count) in reasons {
            writeln!(out, "{count:>5}  {name}: {}", expected.reason(name))?;
        }
    }
    let right = all.unexpected + all.gone + orphans == 0;
    writeln!(
        out,
        "\n{} {} equal, {} expected differences, {} known faults, {} unexpected, {} gone",
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
            Verdict::Unexpected | Verdict::Otherwise(_) => self.unexpected += 1,
            Verdict::Gone(_) => self.gone += 1,
        }
    }

    fn row(&self, out: &mut impl Write, title: &str) -> Result<()> {
        let commands = self.equal + self.expected + self.faults + self.unexpected + self.gone;
        writeln!(
            out,
            "{title:<36} {commands:>8} {:>6} {:>9} {:>7} {:>11} {:>5}",
            self.equal, self.expected, self.faults, self.unexpected, self.gone
        )
    }
}
