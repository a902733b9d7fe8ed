//! What doctor found, line by line.

use std::{
    fmt,
    io::{self, IsTerminal as _, Write as _},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    Good,
    /// It works, and could be better.
    Note,
    /// Lunchbox can't serve like this.
    Bad,
}

#[derive(Debug)]
struct Line {
    mark: Mark,
    text: String,
    /// What to do.
    advice: Option<String>,
}

#[derive(Debug, Default)]
pub(super) struct Report {
    lines: Vec<Line>,
}

impl Report {
    pub(super) fn good(&mut self, text: impl Into<String>) {
        self.lines.push(Line { mark: Mark::Good, text: text.into(), advice: None });
    }

    pub(super) fn note(&mut self, text: impl Into<String>, advice: impl Into<String>) {
        self.lines.push(Line { mark: Mark::Note, text: text.into(), advice: Some(advice.into()) });
    }

    pub(super) fn bad(&mut self, text: impl Into<String>, advice: impl Into<String>) {
        self.lines.push(Line { mark: Mark::Bad, text: text.into(), advice: Some(advice.into()) });
    }

    pub(super) fn is_bad(&self) -> bool {
        self.lines.iter().any(|line| line.mark == Mark::Bad)
    }

    /// On standard output. Where that is closed there is nobody to tell.
    pub(super) fn print(&self) {
        let mut out = io::stdout().lock();
        let color = out.is_terminal() && std::env::var_os("NO_COLOR").is_none();
        let _ = write!(out, "{}", Printed { report: self, color });
    }
}

struct Printed<'a> {
    report: &'a Report,
    color: bool,
}

impl fmt::Display for Printed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.report.lines {
            let (sign, color) = match line.mark {
                Mark::Good => ("✓", "32"),
                Mark::Note => ("!", "33"),
                Mark::Bad => ("✗", "31"),
            };
            if self.color {
                writeln!(f, "\x1b[{color}m{sign}\x1b[0m {}", line.text)?;
            } else {
                writeln!(f, "{sign} {}", line.text)?;
            }
            if let Some(advice) = &line.advice {
                writeln!(f, "  {advice}")?;
            }
        }
        let count = |mark| self.report.lines.iter().filter(|line| line.mark == mark).count();
        match (count(Mark::Bad), count(Mark::Note)) {
            (0, 0) => writeln!(f, "\nAll is well."),
            (0, notes) => writeln!(f, "\nLunchbox can serve. To be looked at: {notes}."),
            (bad, _) => writeln!(f, "\nLunchbox can't serve like this. To be mended: {bad}."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_has_its_sign_and_what_to_do() {
        let mut report = Report::default();
        report.good("engine 29.5.1");
        report.note("disk is short", "Free some.");
        assert!(!report.is_bad());
        report.bad("no registry", "Run ./lunchbox setup.");
        assert!(report.is_bad());
        let text = Printed { report: &report, color: false }.to_string();
        assert_eq!(
            text,
            "✓ engine 29.5.1\n! disk is short\n  Free some.\n✗ no registry\n  Run ./lunchbox setup.\n\nLunchbox can't serve like this. To be mended: 1.\n"
        );
    }
}
