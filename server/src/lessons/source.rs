//! One file of a lesson: its text, where its lines are, and the mistakes found in it so far.

use std::{cell::RefCell, ops::Range, path::PathBuf};

use super::Mistake;

/// Between these lines stands the front matter.
const FENCE: &str = "+++";

pub(super) struct Source {
    file: PathBuf,
    text: String,
    mistakes: RefCell<Vec<Mistake>>,
}

impl Source {
    pub(super) fn new(file: PathBuf, text: String) -> Self {
        Self { file, text, mistakes: RefCell::default() }
    }

    pub(super) fn mistake(&self, line: usize, message: impl Into<String>) {
        self.add(line, message.into(), false);
    }

    pub(super) fn warning(&self, line: usize, message: impl Into<String>) {
        self.add(line, message.into(), true);
    }

    fn add(&self, line: usize, message: String, warning: bool) {
        self.mistakes.borrow_mut().push(Mistake { file: self.file.clone(), line, message, warning });
    }

    pub(super) fn into_mistakes(self) -> Vec<Mistake> {
        self.mistakes.into_inner()
    }

    /// The line, from 1, in which this byte of the file is.
    pub(super) fn line_at(&self, offset: usize) -> usize {
        let before = self.text.as_bytes().get(..offset).unwrap_or(self.text.as_bytes());
        before.iter().filter(|byte| **byte == b'\n').count() + 1
    }

    pub(super) fn slice(&self, range: Range<usize>) -> &str {
        self.text.get(range).unwrap_or_default()
    }

    /// Where front matter and body are. `None`, with a mistake noted, where they can't be told apart.
    pub(super) fn parts(&self) -> Option<(Range<usize>, Range<usize>)> {
        let mut lines = self.text.split_inclusive('\n');
        let first = lines.next().unwrap_or_default();
        if first.trim_end() != FENCE {
            self.mistake(
                1,
                format!("a lesson's file begins with a line of {FENCE}, the front matter in TOML, and another line of {FENCE}"),
            );
            return None;
        }
        let front_start = first.len();
        let mut at = front_start;
        for line in lines {
            if line.trim_end() == FENCE {
                return Some((front_start..at, at + line.len()..self.text.len()));
            }
            at += line.len();
        }
        self.mistake(1, format!("the front matter has no end: a second line of {FENCE} is missing"));
        None
    }
}
