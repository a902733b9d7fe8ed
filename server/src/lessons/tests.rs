//! Lessons from files: the real ones, and broken ones, whose mistakes are told with file and line.

#![allow(clippy::expect_used, reason = "a test that can't be set up may end there")]

mod markdown;
mod mistakes;
mod real;

use std::fs;

use tempfile::TempDir;

use super::{Library, Mistake};

/// A folder of lessons made from texts.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder can be made"))
    }

    /// Writes a file, and the folder it is in.
    fn with(self, path: &str, text: &str) -> Self {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("a folder can be made");
        fs::write(path, text).expect("a file can be written");
        self
    }

    /// With a lesson of one step, both without mistakes.
    fn with_lesson(self, slug: &str) -> Self {
        self.with(&format!("{slug}/lesson.md"), LESSON).with(&format!("{slug}/01-read.md"), READ)
    }

    /// The library, and the mistakes as they are printed, without the folder's own path.
    fn load(&self) -> (Library, Vec<String>) {
        let (library, mistakes) = Library::load(self.0.path());
        let prefix = format!("{}/", self.0.path().display());
        (library, mistakes.iter().map(Mistake::to_string).map(|mistake| mistake.replace(&prefix, "")).collect())
    }
}

const LESSON: &str = "+++\ntitle = \"A lesson\"\nsummary = \"It teaches\"\nminutes = 5\n+++\n";
const READ: &str = "+++\ntitle = \"Read\"\nkind = \"foundation\"\n+++\nSome text.\n";
