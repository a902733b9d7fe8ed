//! What is wrong in the settings, and where it was said.

use std::{fmt, path::PathBuf};

/// Where a setting's value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// `--listen`.
    Flag(String),
    /// `LUNCHBOX_LISTEN`.
    Variable(String),
    /// `listen` in that file.
    File(PathBuf, String),
    Default(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => f.write_str(flag),
            Self::Variable(name) => f.write_str(name),
            Self::File(file, name) => write!(f, "{name} in {}", file.display()),
            Self::Default(name) => write!(f, "{name} (its default)"),
        }
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// `--listen`, `LUNCHBOX_LISTEN`, `listen in lunchbox.toml`, or the file.
    pub origin: String,
    /// What it is, and what would be right.
    pub message: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.origin, self.message)
    }
}

/// Everything that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError {
    /// Never empty.
    pub mistakes: Vec<Mistake>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.mistakes.len() == 1 { "a setting is wrong:" } else { "some settings are wrong:" })?;
        for mistake in &self.mistakes {
            write!(f, "\n  {mistake}")?;
        }
        f.write_str("\n`lunchbox serve --help` lists all settings.")
    }
}
