//! One server at a time has a database: what a learner's host is made of is remembered in it, and a second server would
//! give away the same names, ports and addresses again.

use std::{fs::File, path::PathBuf};

use sqlx::PgConnection;
use tokio::time::{Instant, sleep};

use super::{DatabaseError, FAREWELL_LIMIT, FAREWELL_PAUSE, Kind, postgres, sqlite};

/// Says that a server serves from the database, until it is dropped or the process ends, however it ends. (A database in
/// memory is nobody else's, and has neither.)
#[derive(Debug, Default)]
pub struct Serving {
    _file: Option<File>,
    _connection: Option<PgConnection>,
}

impl Serving {
    /// Waits a little where the server before has just ended.
    ///
    /// # Errors
    /// Where another server serves from it, or the database can't be used.
    pub async fn begin(url: &str) -> Result<Self, DatabaseError> {
        if Kind::of(url) == Some(Kind::Postgres) {
            let mut connection = postgres::single(url).await?;
            if !postgres::serve_alone(&mut connection).await? {
                return Err(DatabaseError::Served);
            }
            return Ok(Self { _connection: Some(connection), ..Self::default() });
        }
        let Some(file) = sqlite::file_of(url)? else { return Ok(Self::default()) };
        let held = lock_soon(file).await?.ok_or(DatabaseError::Served)?;
        Ok(Self { _file: Some(held), ..Self::default() })
    }
}

async fn lock_soon(file: PathBuf) -> Result<Option<File>, DatabaseError> {
    let until = Instant::now() + FAREWELL_LIMIT;
    loop {
        let held = sqlite::serve_alone(&file)?;
        if held.is_some() || Instant::now() > until {
            return Ok(held);
        }
        sleep(FAREWELL_PAUSE).await;
    }
}
