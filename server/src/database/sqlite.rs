//! SQLite: one file, made where there is none.

use std::{
    fs::{File, OpenOptions, TryLockError},
    path::{Path, PathBuf},
    str::FromStr as _,
    sync::Arc,
    time::Duration,
};

use sqlx::{
    AnyPool, Connection as _, Executor as _, SqliteConnection,
    any::AnyPoolOptions,
    sqlite::{SqliteConnectOptions, SqliteJournalMode},
};

use super::{ACQUIRE_LIMIT, Database, DatabaseError};

/// SQLite has one writer at a time; more connections only help readers.
const CONNECTIONS: u32 = 8;
/// How long a statement waits for its turn to write.
pub(crate) const BUSY_LIMIT: Duration = Duration::from_secs(10);
/// How a connection works. `FULL`: a commit is on the disk before it is told to anybody.
const HOW: &str = "PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL;";
/// How one of the ledger's works. With `NORMAL` only checkpoints, and commits of the others, wait for the disk,
/// so that a killed server loses nothing, but a power cut takes the commits since then
/// (<https://sqlite.org/pragma.html#pragma_synchronous>). A `docker exec` writes twice.
const HOW_LEDGER: &str = "PRAGMA foreign_keys = ON; PRAGMA synchronous = NORMAL;";

/// Opens the file, and makes it and its folder where there is none.
pub(super) async fn connect(url: &str) -> Result<Database, DatabaseError> {
    let fail = |source| DatabaseError::open(url, source);
    let options = SqliteConnectOptions::from_str(url).map_err(fail)?;
    let held = match file(&options) {
        Some(file) => {
            make_folder(&file)?;
            Some(Arc::new(hold(&file)?))
        }
        None => None,
    };
    let options = options.create_if_missing(true).busy_timeout(BUSY_LIMIT).journal_mode(SqliteJournalMode::Wal);
    // Makes the file, and says in it once and for all how it is written to.
    SqliteConnection::connect_with(&options).await.map_err(fail)?.close().await.map_err(fail)?;
    let (pool, ledger) = (open(url, HOW).await?, open(url, HOW_LEDGER).await?);
    Ok(Database { pool, ledger, _held: held })
}

/// A pool of connections that work so.
async fn open(url: &str, how: &'static str) -> Result<AnyPool, DatabaseError> {
    let pragmas = format!("PRAGMA busy_timeout = {}; {how}", BUSY_LIMIT.as_millis());
    AnyPoolOptions::new()
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
        .map_err(|source| DatabaseError::open(url, source))
}

/// The file that a URL names; `None` for a database in memory.
pub(crate) fn file_of(url: &str) -> Result<Option<PathBuf>, DatabaseError> {
    let options = SqliteConnectOptions::from_str(url).map_err(|source| DatabaseError::open(url, source))?;
    Ok(file(&options))
}

fn file(options: &SqliteConnectOptions) -> Option<PathBuf> {
    let file = options.get_filename();
    // So sqlx calls what is in memory.
    (!file.to_string_lossy().starts_with("file:sqlx-in-memory")).then(|| file.to_owned())
}

/// Says that the database is in use, until the file is closed or the process ends, however it ends.
pub(crate) fn hold(database: &Path) -> Result<File, DatabaseError> {
    let (lock, path) = lock_file(database, IN_USE)?;
    match lock.try_lock_shared() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(DatabaseError::BeingRestored),
        Err(TryLockError::Error(source)) => Err(DatabaseError::Lock { path, source }),
    }
}

/// As [`hold`], for who wants to be alone with it. `None`: somebody has it open.
pub(crate) fn hold_alone(database: &Path) -> Result<Option<File>, DatabaseError> {
    lock_alone(database, IN_USE)
}

/// For the one server that serves from it. `None`: another does.
pub(super) fn serve_alone(database: &Path) -> Result<Option<File>, DatabaseError> {
    make_folder(database)?;
    lock_alone(database, SERVED)
}

fn lock_alone(database: &Path, ending: &str) -> Result<Option<File>, DatabaseError> {
    let (lock, path) = lock_file(database, ending)?;
    match lock.try_lock() {
        Ok(()) => Ok(Some(lock)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(source)) => Err(DatabaseError::Lock { path, source }),
    }
}

/// Endings of the files that are locked as long as the database is open, and as long as a server serves from it.
const IN_USE: &str = ".lock";
const SERVED: &str = ".served";

/// A file of its own: SQLite has locks on the database itself, which a process loses when it closes any
/// other handle of that file (<https://sqlite.org/howtocorrupt.html>, section 2.2).
fn lock_file(database: &Path, ending: &str) -> Result<(File, String), DatabaseError> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let path = beside(database, ending);
    let shown = path.display().to_string();
    match OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path) {
        Ok(lock) => Ok((lock, shown)),
        Err(source) => Err(DatabaseError::Lock { path: shown, source }),
    }
}

/// `lunchbox.db` and `-wal`: `lunchbox.db-wal`.
pub(crate) fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// Progress and sessions are nobody else's on the machine.
pub(crate) fn make_folder(file: &Path) -> Result<(), DatabaseError> {
    use std::os::unix::fs::DirBuilderExt as _;
    let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) else { return Ok(()) };
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|source| DatabaseError::Folder { folder: folder.display().to_string(), source })
}
