//! Backups of SQLite are SQLite files, in one piece.

use std::{
    path::{Path, PathBuf},
    str::FromStr as _,
};

use sqlx::{Connection as _, Row as _, SqliteConnection, sqlite::SqliteConnectOptions};

use super::{
    BackupError, Contents, Kept, Restored, known_migrations,
    part::{Part, sync_folder},
    stamp,
};
use crate::database::{
    DatabaseError,
    sqlite::{BUSY_LIMIT, beside, file_of, hold, hold_alone, make_folder},
};

/// What lies beside a database whose server was killed, and is a part of it.
const PARTS: [&str; 3] = ["-wal", "-shm", "-journal"];

pub(super) async fn backup(url: &str, file: &Path) -> Result<Contents, BackupError> {
    let database = file_of(url)?.ok_or(BackupError::InMemory)?;
    if !database.exists() {
        return Err(BackupError::NothingThere(database.display().to_string()));
    }
    let _held = hold(&database)?;
    let part = Part::beside(file)?;
    let failed = |source| BackupError::Database(DatabaseError::open(url, source));
    let options = SqliteConnectOptions::from_str(url).map_err(failed)?.create_if_missing(false).busy_timeout(BUSY_LIMIT);
    let mut connection = SqliteConnection::connect_with(&options).await.map_err(failed)?;
    // In one read transaction: writers go on beside it, and are not in it.
    sqlx::query("VACUUM INTO $1")
        .bind(part.path().to_string_lossy().into_owned())
        .execute(&mut connection)
        .await
        .map_err(DatabaseError::from)?;
    connection.close().await.map_err(DatabaseError::from)?;
    let contents = look(part.path()).await.map_err(|why| BackupError::NotOurs { path: database, why })?;
    part.become_new(file)?;
    Ok(contents)
}

pub(super) async fn restore(url: &str, file: &Path) -> Result<Restored, BackupError> {
    let database = file_of(url)?.ok_or(BackupError::InMemory)?;
    make_folder(&database)?;
    let Some(_alone) = hold_alone(&database)? else { return Err(BackupError::InUse) };
    let not_ours = |why| BackupError::NotOurs { path: file.to_owned(), why };
    if beside(file, "-wal").metadata().is_ok_and(|log| log.len() > 0) {
        return Err(not_ours(format!(
            "beside it lies {0}-wal, with what is not in it yet. Back that database up first, and restore the backup",
            file.display()
        )));
    }
    // What is looked at is what is restored, whatever happens to the file meanwhile.
    let part = Part::beside(&database)?;
    part.copy_from(file)?;
    let contents = look(part.path()).await.map_err(not_ours)?;
    let kept = set_aside(&database).await?;
    part.replace(&database)?;
    Ok(Restored { contents, kept: kept.map(Kept::File) })
}

/// Keeps the database under another name, with all that is a part of it. Its own name stays until another
/// file takes it, so that there is a database at any moment.
async fn set_aside(database: &Path) -> Result<Option<PathBuf>, BackupError> {
    if !database.exists() && PARTS.iter().all(|part| !beside(database, part).exists()) {
        return Ok(None);
    }
    settle(database).await;
    let (mut kept, mut more) = (beside(database, &format!(".replaced-{}", stamp())), 1);
    while kept.exists() {
        more += 1;
        kept = beside(database, &format!(".replaced-{}-{more}", stamp()));
    }
    let failed = |source| BackupError::File { path: kept.clone(), what: "made", source };
    // First of all: read into another database, these would destroy it.
    for part in PARTS {
        let from = beside(database, part);
        if from.exists() {
            std::fs::rename(from, beside(&kept, part)).map_err(failed)?;
        }
    }
    if database.exists() && std::fs::hard_link(database, &kept).is_err() {
        std::fs::rename(database, &kept).map_err(failed)?;
    }
    sync_folder(database)?;
    Ok(Some(kept))
}

/// Moves what a killed server left in the log into the database. Where that can't be read any more (why else
/// is it restored), log and database are kept as they are.
async fn settle(database: &Path) {
    let options = SqliteConnectOptions::new().filename(database).create_if_missing(false);
    if let Ok(mut connection) = SqliteConnection::connect_with(&options).await {
        let _ = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut connection).await;
        let _ = connection.close().await;
    }
}

/// What a file holds, if it is whole, a Lunchbox's, and none of a newer one. Else why not.
async fn look(file: &Path) -> Result<Contents, String> {
    // Immutable: nothing is made beside it.
    let options = SqliteConnectOptions::new().filename(file).read_only(true).immutable(true);
    let damaged = |error: sqlx::Error| format!("it is damaged ({error})");
    let mut connection = SqliteConnection::connect_with(&options).await.map_err(damaged)?;
    let verdict: String = sqlx::query_scalar("PRAGMA integrity_check(1)").fetch_one(&mut connection).await.map_err(damaged)?;
    if verdict != "ok" {
        return Err(format!("it is damaged ({verdict})"));
    }
    let foreign = |_| "it is no Lunchbox's database".to_owned();
    let applied =
        sqlx::query("SELECT version, checksum FROM _sqlx_migrations ORDER BY version").fetch_all(&mut connection).await.map_err(foreign)?;
    let known = known_migrations();
    for row in &applied {
        let (version, checksum): (i64, Vec<u8>) = (row.try_get(0).map_err(foreign)?, row.try_get(1).map_err(foreign)?);
        if !known.contains(&(version, checksum)) {
            return Err(format!("it was made by a newer or another Lunchbox (its migration {version} isn't known here)"));
        }
    }
    let made: Option<String> = sqlx::query_scalar("SELECT name FROM sqlite_master WHERE type IN ('trigger', 'view') LIMIT 1")
        .fetch_optional(&mut connection)
        .await
        .map_err(damaged)?;
    if let Some(name) = made {
        return Err(format!("somebody has added {name:?} to it, which would run by itself"));
    }
    let instance =
        sqlx::query_scalar("SELECT value FROM facts WHERE name = 'instance'").fetch_optional(&mut connection).await.map_err(foreign)?;
    let learners = sqlx::query_scalar("SELECT COUNT(*) FROM learners").fetch_one(&mut connection).await.map_err(foreign)?;
    let _ = connection.close().await;
    Ok(Contents { instance, learners })
}
