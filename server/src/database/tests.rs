use sqlx::Row as _;
use test_database::TestDatabase;

use super::*;

#[tokio::test]
async fn an_instance_is_made_up_once_and_kept() {
    let store = TestDatabase::new().await;
    let first = Database::open(store.url()).await.expect("it opens");
    let instance = first.instance(None).await.expect("it is stored");
    first.close().await;
    let second = Database::open(store.url()).await.expect("it opens again");
    assert_eq!(second.instance(None).await.expect("it is read"), instance);
    assert!(matches!(second.instance(Some("another")).await, Err(DatabaseError::OtherInstance { .. })));
}

#[tokio::test]
async fn one_server_at_a_time_serves_from_a_database_and_the_next_once_it_has_ended() {
    let store = TestDatabase::new().await;
    let first = Serving::begin(store.url()).await.expect("nobody else does");
    Database::open(store.url()).await.expect("commands that serve nobody use it beside").close().await;
    assert!(matches!(Serving::begin(store.url()).await, Err(DatabaseError::Served)));
    let (second, ()) = tokio::join!(Serving::begin(store.url()), async {
        tokio::task::yield_now().await;
        drop(first);
    });
    second.expect("the first has ended meanwhile");
}

#[tokio::test]
async fn server_and_gateway_keep_their_tables_in_one_database_whoever_comes_first() {
    let store = TestDatabase::new().await;
    let database = Database::connect(store.url()).await.expect("it opens");
    assert!(!database.is_set_up().await.expect("it answers"), "nothing is there yet");
    let versions = async || -> Vec<i64> {
        sqlx::query_scalar("SELECT version FROM _sqlx_migrations ORDER BY version").fetch_all(&database.pool).await.expect("they are noted")
    };
    gateway::migrations().run(&database.pool).await.expect("the gateway's");
    migrations().run(&database.pool).await.expect("the server's");
    let all = versions().await;
    assert!(all.contains(&1) && all.contains(&1001), "{all:?}");
    // The other way round, and again, at the same time.
    let twice = [Database::open(store.url()), Database::open(store.url())];
    for opened in futures_util::future::join_all(twice).await {
        gateway::migrations().run(&opened.expect("it opens").pool).await.expect("nothing is to be done");
    }
    assert_eq!(versions().await, all);
    assert!(database.is_set_up().await.expect("it answers"));
    database.try_write().await.expect("it can be written to");
    assert_eq!(database.stored_instance().await.expect("it is read"), None, "trying leaves nothing");
}

/// Several, so that connections of the pool are looked at which were not there at the start.
#[tokio::test]
async fn every_connection_has_a_commit_on_the_disk_before_it_is_told() {
    let store = TestDatabase::new().await;
    let database = Database::open(store.url()).await.expect("it opens");
    let mut all = Vec::new();
    for _ in 0..4 {
        all.push(database.pool.acquire().await.expect("a connection"));
    }
    for connection in &mut all {
        if store.is_postgres() {
            let how: String = sqlx::query_scalar("SHOW synchronous_commit").fetch_one(&mut **connection).await.expect("it is told");
            assert_ne!(how, "off");
        } else {
            let how: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut **connection).await.expect("it is told");
            let waits: i64 = sqlx::query("PRAGMA synchronous").fetch_one(&mut **connection).await.expect("it is told").get(0);
            assert_eq!((how.as_str(), waits), ("wal", 2), "2 is FULL");
        }
    }
}

/// By a default of PostgreSQL's, or by what an SQLite file was before.
#[tokio::test]
async fn a_database_that_is_used_to_less_care_is_opened_with_all() {
    let store = TestDatabase::new().await;
    let (url, how, wanted) = if store.is_postgres() {
        (format!("{}&options=-csynchronous_commit%3Doff", store.url()), "SHOW synchronous_commit", "on")
    } else {
        let before = store.pool().await;
        before.execute("PRAGMA journal_mode = DELETE").await.expect("nobody else has it open");
        before.close().await;
        (store.url().to_owned(), "PRAGMA journal_mode", "wal")
    };
    let database = Database::open(&url).await.expect("it opens");
    let found: String = sqlx::query_scalar(how).fetch_one(&database.pool).await.expect("it is told");
    assert_eq!(found, wanted);
}

#[tokio::test]
async fn what_can_not_be_opened_is_said_without_the_password() {
    for url in ["postgres://ada:secret@127.0.0.1:1/lunchbox", "postgres://127.0.0.1:1/lunchbox?user=ada&password=secret"] {
        let error = Database::open(url).await.expect_err("nobody listens there").to_string();
        assert!(error.contains("127.0.0.1:1/lunchbox") && error.contains("See that PostgreSQL runs"), "{error}");
        assert!(!error.contains("secret"), "{error}");
    }
}
