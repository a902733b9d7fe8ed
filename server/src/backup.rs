//! The whole database in one file, and back. A backup is made while the server runs; a restore is refused
//! while anything has the database open, and keeps what was there.
//!
//! A backup of SQLite is an SQLite file, and one of PostgreSQL what `pg_dump` makes of it: neither can be
//! restored into the other.

mod part;
mod postgres;
mod sqlite;
#[cfg(test)]
mod tests;

use std::{
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use crate::database::{DatabaseError, Kind, migrations};

/// How an SQLite file begins (<https://sqlite.org/fileformat.html#magic_header_string>).
const SQLITE_MAGIC: &[u8] = b"SQLite format 3\0";
/// How a file of `pg_dump --format=custom` begins.
const POSTGRES_MAGIC: &[u8] = b"PGDMP";

/// What a database holds, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// `None`: no server has run on it yet.
    pub instance: Option<String>,
    pub learners: i64,
}

/// A backup.
#[derive(Debug)]
pub struct Made {
    pub contents: Contents,
    pub bytes: u64,
}

/// A database that was restored.
#[derive(Debug)]
pub struct Restored {
    pub contents: Contents,
    pub kept: Option<Kept>,
}

/// Where what was there before is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    File(PathBuf),
    /// In the same PostgreSQL database.
    Schema(String),
}

/// Why there is no backup, or nothing was restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error("there is no database at {0} yet, so that there is nothing to back up. See that data_dir or database_url is the server's")]
    NothingThere(String),
    #[error("{0} is there already, and a backup never overwrites anything. Give it another name")]
    Exists(PathBuf),
    #[error("{path} can't be {what}: {source}")]
    File { path: PathBuf, what: &'static str, source: io::Error },
    #[error("{path} can't be restored: {why}. Nothing was changed")]
    NotOurs { path: PathBuf, why: String },
    #[error(
        "the database is in use. End the server that runs on it (and any backup that is being made), then restore again. Nothing was changed"
    )]
    InUse,
    #[error("a database in memory has no file to restore to or to back up")]
    InMemory,
    #[error(
        "{program} is needed for a PostgreSQL database, and is not installed here: on Debian, apt-get install postgresql-client; it must be no older than the server"
    )]
    Missing { program: &'static str },
    #[error("{program} failed: {said}")]
    Program { program: &'static str, said: String },
}

/// Writes all that is in the database to a new file, as it is at one moment. The server may run meanwhile.
///
/// # Errors
/// Where there is no database, the file is there already, or either can't be used.
pub async fn backup(url: &str, file: &Path) -> Result<Made, BackupError> {
    if file.symlink_metadata().is_ok() {
        return Err(BackupError::Exists(file.to_owned()));
    }
    let contents = match Kind::of(url) {
        Some(Kind::Postgres) => postgres::backup(url, file).await?,
        Some(Kind::Sqlite) | None => sqlite::backup(url, file).await?,
    };
    let bytes = file.metadata().map_err(|source| BackupError::File { path: file.to_owned(), what: "looked at", source })?.len();
    Ok(Made { contents, bytes })
}

/// Puts a backup in the place of the database, all of it or nothing. What was there is kept.
///
/// # Errors
/// Where the database is in use, the file is no whole backup of a Lunchbox, or either can't be used.
pub async fn restore(url: &str, file: &Path) -> Result<Restored, BackupError> {
    match Kind::of(url) {
        Some(Kind::Postgres) => {
            begins_as(file, Kind::Postgres)?;
            postgres::restore(url, file).await
        }
        Some(Kind::Sqlite) | None => {
            begins_as(file, Kind::Sqlite)?;
            sqlite::restore(url, file).await
        }
    }
}

/// By its first bytes, so that who mixes up two engines is told so.
fn begins_as(file: &Path, wanted: Kind) -> Result<(), BackupError> {
    let failed = |source| BackupError::File { path: file.to_owned(), what: "read", source };
    let mut head = Vec::new();
    std::fs::File::open(file).map_err(failed)?.take(SQLITE_MAGIC.len() as u64).read_to_end(&mut head).map_err(failed)?;
    let found = if head == SQLITE_MAGIC {
        Some(Kind::Sqlite)
    } else if head.starts_with(POSTGRES_MAGIC) {
        Some(Kind::Postgres)
    } else {
        None
    };
    match found {
        Some(found) if found == wanted => Ok(()),
        Some(found) => {
            let why = format!("it is a backup of {found}, and database_url names {wanted}; one can't become the other");
            Err(BackupError::NotOurs { path: file.to_owned(), why })
        }
        None => Err(BackupError::NotOurs { path: file.to_owned(), why: "it is no backup of a database".to_owned() }),
    }
}

/// Version and checksum of every migration that this Lunchbox knows.
fn known_migrations() -> Vec<(i64, Vec<u8>)> {
    let note = |migration: &sqlx::migrate::Migration| (migration.version, migration.checksum.to_vec());
    migrations().iter().map(note).chain(gateway::migrations().iter().map(note)).collect()
}

/// For names: `20261126-181500`, in UTC.
fn stamp() -> String {
    let now = time::OffsetDateTime::now_utc();
    let (year, month, day) = now.to_calendar_date();
    let (hour, minute, second) = now.to_hms();
    format!("{year}{:02}{day:02}-{hour:02}{minute:02}{second:02}", u8::from(month))
}
