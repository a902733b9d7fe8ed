//! What belongs to whom: the gateway's own record, in the SQL database, written before a thing can
//! be used. Labels on the engine never decide rights (images carry labels that learners wrote).
//!
//! Only TEXT and BIGINT columns and `$1` placeholders, so that SQLite and PostgreSQL both serve.

mod activity;
mod builds;
mod containers;
mod images;
mod kept;
#[cfg(test)]
mod kept_tests;
mod networks;
mod ports;
mod sandboxes;
#[cfg(test)]
mod tests;
mod volumes;

pub(crate) use self::{
    builds::BuildStepRow,
    containers::ContainerRow,
    images::{ImageOrigin, ImageReferenceRow, ImageRow},
    networks::NetworkRow,
    ports::PortRow,
    volumes::VolumeRow,
};

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use sqlx::{AnyPool, migrate::Migrator};

use self::kept::Kept;
use crate::SandboxId;

/// The record. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Ledger {
    pool: AnyPool,
    kept: Arc<Kept>,
}

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// The gateway's tables. `ignore_missing`: the server has migrations of its own in the same database.
pub fn migrations() -> Migrator {
    let mut migrations = Migrator { migrations: MIGRATIONS.migrations.clone(), ..Migrator::DEFAULT };
    migrations.set_ignore_missing(true);
    migrations
}

impl Ledger {
    /// Brings the tables up to date.
    pub(crate) async fn open(pool: AnyPool) -> Result<Self, sqlx::Error> {
        migrations().run(&pool).await.map_err(|error| sqlx::Error::Migrate(Box::new(error)))?;
        Ok(Self { pool, kept: Arc::default() })
    }

    /// Remembers this sandbox's rows from here on, until it is forgotten. For sandboxes that are served: nobody else writes
    /// their rows.
    pub(crate) fn keep(&self, sandbox: &SandboxId) {
        self.kept.begin(sandbox);
    }
}

/// Now, in unix milliseconds.
pub(crate) fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Whether the database refused a row because its key is taken.
pub(crate) fn is_taken(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| error.is_unique_violation())
}
