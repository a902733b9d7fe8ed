//! The SQL database: opened, brought up to date, and asked how this Lunchbox calls itself.
//!
//! One SQLite file by default, or PostgreSQL: the URL says which. Everything goes through [`sqlx::AnyPool`]
//! with `$1` placeholders and TEXT and BIGINT columns, so that nobody else needs to know.

pub(crate) mod postgres;
mod serving;
pub(crate) mod sqlite;
#[cfg(test)]
mod tests;
mod url;

use std::{fs::File, sync::Arc, time::Duration};

use sqlx::{AnyPool, Executor as _, migrate::Migrator};

pub use self::serving::Serving;
pub use self::url::{Kind, is_postgres, without_password};

/// How long a request waits for a connection.
const ACQUIRE_LIMIT: Duration = Duration::from_secs(10);
/// How long it may take until a process that used the database has ended, and is noticed to have.
const FAREWELL_LIMIT: Duration = Duration::from_secs(3);
const FAREWELL_PAUSE: Duration = Duration::from_millis(100);
const INSTANCE_LETTERS: usize = 8;

/// The server's tables.
pub(crate) fn migrations() -> Migrator {
    let mut migrations = sqlx::migrate!("./migrations");
    // The gateway's migrations are in the same table, and not among ours.
    migrations.set_ignore_missing(true);
    migrations
}

/// Why the database can't be used.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    #[error("the database {url} can't be opened: {source}. {advice}")]
    Open { url: String, source: sqlx::Error, advice: &'static str },
    #[error("the database can't be brought up to date: {0}. Was it made by a newer Lunchbox?")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    #[error("the database failed: {0}")]
    Query(#[from] sqlx::Error),
    #[error("the folder of the database, {folder}, can't be made: {source}")]
    Folder { folder: String, source: std::io::Error },
    #[error(
        "the file {path}, which says that the database is in use, can't be locked: {source}. See that its folder can be written to, and is on a file system with locks"
    )]
    Lock { path: String, source: std::io::Error },
    #[error("the database is being restored just now. Wait until that has ended, and start again")]
    BeingRestored,
    #[error(
        "another Lunchbox serves from this database already. End that one first (on its machine: pgrep -a lunchbox), or give this one a data_dir or database_url of its own"
    )]
    Served,
    #[error("the database is encoded in {0}, and learners write in all languages: make one with ENCODING 'UTF8'")]
    Encoding(String),
    #[error(
        "the database has no schema that the user's search_path names: make it (CREATE SCHEMA), or see that the user may use it (GRANT USAGE)"
    )]
    NoSchema,
    #[error(
        "this database belongs to the instance {stored}, and the settings say {asked}: set instance to {stored}, or use another data_dir or database_url"
    )]
    OtherInstance { stored: String, asked: String },
}

impl DatabaseError {
    pub(crate) fn open(url: &str, source: sqlx::Error) -> Self {
        let advice = match Kind::of(url) {
            Some(Kind::Postgres) => {
                "See that PostgreSQL runs there, that the database is made (CREATE DATABASE), and that the user may use it and make tables in it"
            }
            Some(Kind::Sqlite) | None => "See that its folder can be written to",
        };
        Self::Open { url: without_password(url), source, advice }
    }
}

/// The database, open.
#[derive(Debug, Clone)]
pub struct Database {
    /// What is told to be saved is on the disk by then.
    pub pool: AnyPool,
    /// For the gateway's ledger, of which nobody is told: the last moments of it may go with a power cut, and
    /// what the engine has that no row speaks of is then removed. A killed server loses nothing of it either.
    pub ledger: AnyPool,
    /// As long as it is held, the database is in use, and nobody restores it.
    _held: Option<Arc<File>>,
}

impl Database {
    /// Opens the database, makes it where there is none, and runs the server's migrations.
    ///
    /// # Errors
    /// Where it can't be made, opened or migrated.
    pub async fn open(url: &str) -> Result<Self, DatabaseError> {
        let database = Self::connect(url).await?;
        migrations().run(&database.pool).await?;
        Ok(database)
    }

    /// As [`Database::open`], with the tables as they are.
    ///
    /// # Errors
    /// Where it can't be made or opened.
    pub async fn connect(url: &str) -> Result<Self, DatabaseError> {
        sqlx::any::install_default_drivers();
        match Kind::of(url) {
            Some(Kind::Postgres) => postgres::connect(url).await,
            // Any other scheme fails there, in words.
            Some(Kind::Sqlite) | None => sqlite::connect(url).await,
        }
    }

    /// How this Lunchbox labels its things on the engine: as set, else as made up at the first
    /// start; kept from then on.
    ///
    /// # Errors
    /// Where the settings say another than the database.
    pub async fn instance(&self, asked: Option<&str>) -> Result<String, DatabaseError> {
        let candidate = asked.map_or_else(random_instance, ToOwned::to_owned);
        sqlx::query("INSERT INTO facts (name, value) VALUES ('instance', $1) ON CONFLICT (name) DO NOTHING")
            .bind(candidate)
            .execute(&self.pool)
            .await?;
        let stored = self.stored_instance().await?.unwrap_or_default();
        match asked {
            Some(asked) if asked != stored => Err(DatabaseError::OtherInstance { stored, asked: asked.to_owned() }),
            _ => Ok(stored),
        }
    }

    /// As [`Database::instance`], without making one up.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn stored_instance(&self) -> Result<Option<String>, sqlx::Error> {
        sqlx::query_scalar("SELECT value FROM facts WHERE name = 'instance'").fetch_optional(&self.pool).await
    }

    /// Whether it answers.
    ///
    /// # Errors
    /// Where it doesn't.
    pub async fn ping(&self) -> Result<(), sqlx::Error> {
        self.pool.execute("SELECT 1").await.map(drop)
    }

    /// Whether it can be written to; leaves nothing behind.
    ///
    /// # Errors
    /// Where it can't.
    pub async fn try_write(&self) -> Result<(), sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        transaction.execute("INSERT INTO facts (name, value) VALUES ('written by doctor', '')").await?;
        transaction.rollback().await
    }

    /// Whether Lunchbox has been here before.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn is_set_up(&self) -> Result<bool, sqlx::Error> {
        let tables = match self.pool.connect_options().database_url.scheme() {
            "sqlite" => "SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'facts'",
            _ => "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'facts'",
        };
        Ok(self.pool.fetch_optional(tables).await?.is_some())
    }

    /// Ends all connections, so that SQLite tidies its files.
    pub async fn close(&self) {
        self.ledger.close().await;
        self.pool.close().await;
    }
}

fn random_instance() -> String {
    const ALPHABET: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    (0..INSTANCE_LETTERS).map(|_| ALPHABET[rand::random_range(0..ALPHABET.len())] as char).collect()
}
