//! Of whichever database the tests run on.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicI64, Ordering},
};

use sqlx::Row as _;
use test_database::TestDatabase;

use super::*;
use crate::database::Database;

const WRITERS: i64 = 4;
const BACKUPS: usize = 3;

async fn open(store: &TestDatabase) -> Database {
    let database = Database::open(store.url()).await.expect("it opens");
    gateway::migrations().run(&database.pool).await.expect("the gateway's tables");
    database
}

async fn add_learner(database: &Database, id: &str, at: i64) {
    let insert = "INSERT INTO learners (id, made_at) VALUES ($1, $2)";
    sqlx::query(insert).bind(id).bind(at).execute(&database.pool).await.expect("it is stored");
}

async fn learners(database: &Database) -> Vec<String> {
    sqlx::query_scalar("SELECT id FROM learners ORDER BY id").fetch_all(&database.pool).await.expect("they are read")
}

/// A backup restored into a database of its own, where it can be looked at. On PostgreSQL, where the schema is
/// a part of the backup, into the same one.
async fn restored(store: &TestDatabase, file: &Path) -> (Option<TestDatabase>, Database) {
    if store.is_postgres() {
        restore(store.url(), file).await.expect("it can be restored");
        return (None, open(store).await);
    }
    let other = TestDatabase::new().await;
    restore(other.url(), file).await.expect("it can be restored");
    let database = open(&other).await;
    (Some(other), database)
}

/// Every writer goes on as long as backups are made. In one transaction it writes a learner, and raises its
/// count by one: in a backup both are there or neither is, and nothing that was stored before it began is
/// missing.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_backup_under_writing_load_is_whole_and_of_one_moment() {
    let (store, folder) = (TestDatabase::new().await, tempfile::tempdir().expect("a folder"));
    let database = open(&store).await;
    let (over, stored) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicI64::new(0)));
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let (database, over, stored) = (database.clone(), Arc::clone(&over), Arc::clone(&stored));
            tokio::spawn(async move {
                let mut count = 0_i64;
                while !over.load(Ordering::SeqCst) {
                    count += 1;
                    let mut transaction = database.pool.begin().await.expect("a transaction");
                    let learner = sqlx::query("INSERT INTO learners (id, made_at) VALUES ($1, $2)");
                    learner.bind(format!("{writer}-{count}")).bind(writer).execute(&mut *transaction).await.expect("it is stored");
                    let counted = "INSERT INTO facts (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
                    let counted = sqlx::query(counted).bind(format!("count {writer}")).bind(count.to_string());
                    counted.execute(&mut *transaction).await.expect("it is stored");
                    transaction.commit().await.expect("it is stored");
                    stored.fetch_add(1, Ordering::SeqCst);
                }
            })
        })
        .collect();
    let mut made = Vec::new();
    for number in 0..BACKUPS {
        // Each with more in it than the one before.
        let wanted = stored.load(Ordering::SeqCst) + 20;
        while stored.load(Ordering::SeqCst) < wanted {
            tokio::task::yield_now().await;
        }
        let before = stored.load(Ordering::SeqCst);
        let file = folder.path().join(format!("{number}.backup"));
        backup(store.url(), &file).await.expect("a backup, while others write");
        made.push((file, before));
    }
    let at_last = stored.load(Ordering::SeqCst);
    assert!(made.last().is_some_and(|(_, before)| *before < at_last), "nobody wrote during the last backup");
    over.store(true, Ordering::SeqCst);
    for writer in writers {
        writer.await.expect("a writer ends well");
    }
    database.close().await;
    drop(database);

    for (file, before) in made {
        let (_other, copy) = restored(&store, &file).await;
        let rows = "SELECT made_at, COUNT(*) AS learners FROM learners GROUP BY made_at ORDER BY made_at";
        let rows = sqlx::query(rows).fetch_all(&copy.pool).await.expect("they are counted");
        let mut all = 0;
        for row in rows {
            let (writer, learners): (i64, i64) = (row.get(0), row.get(1));
            let counted: String = sqlx::query_scalar("SELECT value FROM facts WHERE name = $1")
                .bind(format!("count {writer}"))
                .fetch_one(&copy.pool)
                .await
                .expect("a writer's count");
            assert_eq!(counted, learners.to_string(), "half of a transaction of writer {writer}");
            all += learners;
        }
        assert!(all >= before, "{before} were stored before the backup began, and it has {all}");
        copy.close().await;
    }
}

#[tokio::test]
async fn a_restore_brings_back_what_was_and_keeps_what_is() {
    let (store, folder) = (TestDatabase::new().await, tempfile::tempdir().expect("a folder"));
    let file = folder.path().join("evening.backup");
    let database = open(&store).await;
    let instance = database.instance(None).await.expect("it is stored");
    add_learner(&database, "ada", 1).await;
    let made = backup(store.url(), &file).await.expect("a backup");
    assert_eq!(made.contents, Contents { instance: Some(instance.clone()), learners: 1 });
    assert!(made.bytes > 0);
    add_learner(&database, "bob", 2).await;

    // As long as anything has it open, nothing happens.
    let refused = restore(store.url(), &file).await.expect_err("a server runs on it");
    assert!(matches!(refused, BackupError::InUse), "{refused}");
    assert_eq!(learners(&database).await, ["ada", "bob"]);
    database.close().await;
    drop(database);

    let restored = restore(store.url(), &file).await.expect("nobody has it open");
    assert_eq!(restored.contents, made.contents);
    let database = open(&store).await;
    assert_eq!(learners(&database).await, ["ada"]);
    assert_eq!(database.instance(None).await.expect("it is read"), instance);
    // It can be written to as before.
    add_learner(&database, "cleo", 3).await;
    match restored.kept.expect("there was a database before") {
        Kept::File(kept) => {
            let kept = Database::connect(&format!("sqlite://{}", kept.display())).await.expect("it is a database");
            assert_eq!(learners(&kept).await, ["ada", "bob"]);
        }
        Kept::Schema(kept) => {
            let all = format!("SELECT id FROM {kept}.learners ORDER BY id");
            let all: Vec<String> = sqlx::query_scalar(&all).fetch_all(&database.pool).await.expect("it is a schema");
            assert_eq!(all, ["ada", "bob"]);
            let drop = format!("DROP SCHEMA {kept} CASCADE");
            sqlx::query(&drop).execute(&database.pool).await.expect("as the message says");
        }
    }
}

#[tokio::test]
async fn a_backup_is_for_its_maker_alone_and_overwrites_nothing() {
    use std::os::unix::fs::PermissionsExt as _;
    let (store, folder) = (TestDatabase::new().await, tempfile::tempdir().expect("a folder"));
    let file = folder.path().join("x.backup");
    let nothing = backup(store.url(), &file).await.expect_err("no server has run on it");
    assert!(matches!(nothing, BackupError::NothingThere(_)), "{nothing}");
    let database = open(&store).await;
    backup(store.url(), &file).await.expect("a backup");
    let first = std::fs::read(&file).expect("it is there");
    assert_eq!(file.metadata().expect("it is there").permissions().mode() & 0o777, 0o600);
    add_learner(&database, "ada", 1).await;
    let again = backup(store.url(), &file).await.expect_err("it is there already");
    assert!(matches!(again, BackupError::Exists(_)), "{again}");
    assert_eq!(std::fs::read(&file).expect("it is there"), first);
    let names: Vec<_> = std::fs::read_dir(folder.path()).expect("a folder").map(|file| file.expect("a file").file_name()).collect();
    assert_eq!(names, ["x.backup"], "nothing half-made is left");
}

#[tokio::test]
async fn what_is_no_whole_backup_of_a_lunchbox_is_refused_and_changes_nothing() {
    let (store, folder) = (TestDatabase::new().await, tempfile::tempdir().expect("a folder"));
    let at = |name: &str| folder.path().join(name);
    let database = open(&store).await;
    for number in 0..500 {
        add_learner(&database, &format!("learner {number:03}"), number).await;
    }
    backup(store.url(), &at("whole")).await.expect("a backup");
    let whole = std::fs::read(at("whole")).expect("it is there");
    std::fs::write(at("empty"), "").expect("a file");
    std::fs::write(at("text"), "INSERT INTO learners").expect("a file");
    std::fs::write(at("cut off"), &whole[..whole.len() / 2]).expect("a file");
    let mut scribbled = whole.clone();
    let (middle, end) = (scribbled.len() / 2, scribbled.len());
    scribbled[middle..end.min(middle + 4096)].fill(0xa5);
    std::fs::write(at("scribbled"), scribbled).expect("a file");
    let other_magic = if store.is_postgres() { SQLITE_MAGIC } else { POSTGRES_MAGIC };
    std::fs::write(at("other engine's"), other_magic).expect("a file");
    // Of a Lunchbox that is to come.
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9999, 'x', $1, $2, 0)";
    sqlx::query(newer).bind(true).bind(vec![1_u8]).execute(&database.pool).await.expect("it is noted");
    backup(store.url(), &at("newer")).await.map(drop).unwrap_or_else(|error| assert!(error.to_string().contains("9999"), "{error}"));
    if !at("newer").exists() {
        // SQLite's is looked at when it is made; a copy isn't.
        let newer = sqlx::query("VACUUM INTO $1").bind(at("newer").display().to_string());
        newer.execute(&database.pool).await.expect("a copy");
    }
    sqlx::query("DELETE FROM _sqlx_migrations WHERE version = 9999").execute(&database.pool).await.expect("it goes");
    add_learner(&database, "later", 0).await;
    database.close().await;
    drop(database);

    for (name, why) in [
        ("empty", "no backup"),
        ("text", "no backup"),
        ("cut off", ""),
        ("scribbled", ""),
        ("other engine's", "can't become the other"),
        ("newer", "newer or another Lunchbox"),
        ("missing", "can't be read"),
    ] {
        let said = restore(store.url(), &at(name)).await.expect_err(name).to_string();
        assert!(said.contains(why), "{name}: {said}");
        let database = open(&store).await;
        assert_eq!(learners(&database).await.len(), 501, "{name} has changed something");
        database.close().await;
    }
    restore(store.url(), &at("whole")).await.expect("the whole one can be restored");
    assert_eq!(learners(&open(&store).await).await.len(), 500);
}

/// A server that was killed leaves a log beside its database, and the last commits are in nothing else.
#[tokio::test]
async fn the_log_of_a_killed_server_is_kept_with_what_was_replaced_and_harms_nothing() {
    // SQLite, whatever the other tests run on: PostgreSQL keeps its own log.
    let folder = tempfile::tempdir().expect("a folder");
    let from = folder.path().join("lunchbox.db").display().to_string();
    let (living, file) = (format!("sqlite://{from}"), folder.path().join("x.backup"));
    let database = Database::open(&living).await.expect("it opens");
    add_learner(&database, "ada", 1).await;
    backup(&living, &file).await.expect("a backup");
    add_learner(&database, "bob", 2).await;
    // As it is on the disk now, while everything is open: what a kill leaves.
    let url = format!("sqlite://{}", folder.path().join("killed.db").display());
    for ending in ["", "-wal"] {
        std::fs::copy(format!("{from}{ending}"), folder.path().join(format!("killed.db{ending}"))).expect("a copy");
    }
    let Some(Kept::File(kept)) = restore(&url, &file).await.expect("nobody has it open").kept else { panic!("it is kept") };
    let kept = Database::connect(&format!("sqlite://{}", kept.display())).await.expect("it is a database");
    assert_eq!(learners(&kept).await, ["ada", "bob"], "the log is a part of it");
    assert_eq!(learners(&Database::open(&url).await.expect("it opens")).await, ["ada"]);
    // And such a pair is no backup: half of it would be missing.
    let pair = folder.path().join("pair.db");
    std::fs::copy(&from, &pair).expect("a copy");
    std::fs::copy(format!("{from}-wal"), folder.path().join("pair.db-wal")).expect("a copy");
    let said = restore(&url, &pair).await.expect_err("it is no backup").to_string();
    assert!(said.contains("pair.db-wal"), "{said}");
}
