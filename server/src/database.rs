//! The SQL database: opened, brought up to date, and asked how this Lunchbox calls itself.
//!
//! One SQLite file by default. Everything goes through [`sqlx::AnyPool`] with `$1`
//! placeholders and TEXT and BIGINT columns, so that PostgreSQL is a change of URL later.

use std::{path::Path, str::FromStr, time::Duration};

use sqlx::{AnyPool, Connection as _, Executor as _, SqliteConnection, any::AnyPoolOptions, sqlite::SqliteConnectOptions};

/// SQLite has one writer at a time; more connections only help readers.
const CONNECTIONS: u32 = 8;
/// How long a statement waits for its turn to write.
const BUSY_LIMIT: Duration = Duration::from_secs(10);
/// How long a request waits for a connection.
const ACQUIRE_LIMIT: Duration = Duration::from_secs(10);
const INSTANCE_LETTERS: usize = 8;

/// Why the database can't be used.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    #[error("the database {url} can't be opened: {source}. See that its folder can be written to")]
    Open { url: String, source: sqlx::Error },
    #[error("the database can't be brought up to date: {0}. Was it made by a newer Lunchbox?")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    #[error("the database failed: {0}")]
    Query(#[from] sqlx::Error),
    #[error("the folder of the database, {folder}, can't be made: {source}")]
    Folder { folder: String, source: std::io::Error },
    #[error(
        "this database belongs to the instance {stored}, and the settings say {asked}: set instance to {stored}, or use another data_dir"
    )]
    OtherInstance { stored: String, asked: String },
}

/// The database, open.
#[derive(Debug, Clone)]
pub struct Database {
    pub pool: AnyPool,
}

impl Database {
    /// Opens the database, makes it where there is none, and runs the server's migrations.
    ///
    /// # Errors
    /// Where it can't be made, opened or migrated.
    pub async fn open(url: &str) -> Result<Self, DatabaseError> {
        let database = Self::connect(url).await?;
        // The gateway's migrations are in the same table, and not among ours.
        sqlx::migrate!("./migrations").set_ignore_missing(true).run(&database.pool).await?;
        Ok(database)
    }

    /// As [`Database::open`], with the tables as they are.
    ///
    /// # Errors
    /// Where it can't be made or opened.
    pub async fn connect(url: &str) -> Result<Self, DatabaseError> {
        sqlx::any::install_default_drivers();
        let fail = |source| DatabaseError::Open { url: url.to_owned(), source };
        let options = SqliteConnectOptions::from_str(url).map_err(fail)?;
        if let Some(folder) = options.get_filename().parent().filter(|folder| !folder.as_os_str().is_empty()) {
            make_folder(folder)?;
        }
        let options = options.create_if_missing(true).busy_timeout(BUSY_LIMIT).journal_mode(sqlx::sqlite::SqliteJournalMode::Wal);
        // Makes the file, and says in it once and for all how it is written to.
        SqliteConnection::connect_with(&options).await.map_err(fail)?.close().await.map_err(fail)?;
        // A killed server loses nothing by `NORMAL`; a power cut may take the last commits.
        let pragmas = format!("PRAGMA busy_timeout = {}; PRAGMA foreign_keys = ON; PRAGMA synchronous = NORMAL;", BUSY_LIMIT.as_millis());
        let pool = AnyPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(ACQUIRE_LIMIT)
            // A file is there: asking first whether it is takes as long as a query.
            .test_before_acquire(false)
            .after_connect(move |connection, _| {
                let pragmas = pragmas.clone();
                Box::pin(async move { connection.execute(pragmas.as_str()).await.map(drop) })
            })
            .connect(url)
            .await
            .map_err(fail)?;
        Ok(Self { pool })
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

    /// Ends all connections, so that SQLite tidies its files.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// Progress and sessions are nobody else's on the machine.
fn make_folder(folder: &Path) -> Result<(), DatabaseError> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|source| DatabaseError::Folder { folder: folder.display().to_string(), source })
}

fn random_instance() -> String {
    const ALPHABET: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    (0..INSTANCE_LETTERS).map(|_| ALPHABET[rand::random_range(0..ALPHABET.len())] as char).collect()
}
