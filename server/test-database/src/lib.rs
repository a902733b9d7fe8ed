//! A fresh database for a test: an SQLite file, or, where `LUNCHBOX_TEST_POSTGRES` names a PostgreSQL
//! database, a schema of its own in that. Gone when the test is over.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test without a database fails")]

use std::time::Duration;

use sqlx::{AnyPool, Connection as _, Executor as _, PgConnection, any::AnyPoolOptions};
use tempfile::TempDir;
use url::Url;

/// The PostgreSQL database in which tests have their schemas: `postgres://…`.
pub const VARIABLE: &str = "LUNCHBOX_TEST_POSTGRES";
const CONNECTIONS: u32 = 8;
/// How long SQLite waits for its turn to write.
const BUSY_LIMIT: Duration = Duration::from_secs(10);

/// One test's.
#[derive(Debug)]
pub struct TestDatabase {
    url: String,
    place: Place,
}

#[derive(Debug)]
enum Place {
    File { _folder: TempDir },
    Schema { server: Url, name: String },
}

impl TestDatabase {
    /// One without any table.
    pub async fn new() -> Self {
        sqlx::any::install_default_drivers();
        match std::env::var(VARIABLE) {
            Ok(server) if !server.is_empty() => Self::schema(Url::parse(&server).expect("LUNCHBOX_TEST_POSTGRES is a URL")).await,
            _ => Self::file(),
        }
    }

    fn file() -> Self {
        let folder = tempfile::Builder::new().prefix("lbd").tempdir().expect("a folder");
        let url = format!("sqlite://{}?mode=rwc", folder.path().join("lunchbox.db").display());
        Self { url, place: Place::File { _folder: folder } }
    }

    async fn schema(server: Url) -> Self {
        let name = format!("lbt_{:016x}", rand::random::<u64>());
        let mut connection = PgConnection::connect(server.as_str()).await.expect("PostgreSQL answers at LUNCHBOX_TEST_POSTGRES");
        connection.execute(format!("CREATE SCHEMA {name}").as_str()).await.expect("a schema");
        connection.close().await.expect("it ends");
        let mut url = server.clone();
        // By its name its connections are found again.
        url.query_pairs_mut().append_pair("options", &format!("-csearch_path={name}")).append_pair("application_name", &name);
        Self { url: url.into(), place: Place::Schema { server, name } }
    }

    /// Where it is, as a setting says it.
    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn is_postgres(&self) -> bool {
        matches!(self.place, Place::Schema { .. })
    }

    /// Connections to it, for who needs no more than that.
    pub async fn pool(&self) -> AnyPool {
        let pragmas = match self.place {
            Place::File { .. } => {
                format!("PRAGMA journal_mode = WAL; PRAGMA busy_timeout = {}; PRAGMA synchronous = NORMAL;", BUSY_LIMIT.as_millis())
            }
            Place::Schema { .. } => String::new(),
        };
        AnyPoolOptions::new()
            .max_connections(CONNECTIONS)
            .after_connect(move |connection, _| {
                let pragmas = pragmas.clone();
                Box::pin(async move { connection.execute(pragmas.as_str()).await.map(drop) })
            })
            .connect(&self.url)
            .await
            .expect("the test's database opens")
    }

    /// The names of its tables.
    pub async fn tables(&self, pool: &AnyPool) -> Vec<String> {
        let names = match self.place {
            Place::File { .. } => "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name",
            Place::Schema { .. } => "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1",
        };
        sqlx::query_scalar(names).fetch_all(pool).await.expect("tables have names")
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let Place::Schema { server, name } = &self.place else { return };
        // And what was made of it: a restore keeps what was there under a longer name.
        let drop = format!(
            "DO $$ DECLARE found text; BEGIN \
             FOR found IN SELECT nspname FROM pg_namespace WHERE starts_with(nspname, '{name}') \
             LOOP EXECUTE format('DROP SCHEMA %I CASCADE', found); END LOOP; END $$"
        );
        let (server, name) = (server.clone(), name.clone());
        // A runtime of its own: the test's may be ending. What can't be removed goes with the whole cluster.
        let removed = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let mut connection = PgConnection::connect(server.as_str()).await.map_err(std::io::Error::other)?;
                let close = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{name}'");
                // A server that a test has started lets go of none by itself.
                connection.execute(close.as_str()).await.map_err(std::io::Error::other)?;
                // Something else that the test left open may hold a lock; nobody waits for it for ever.
                connection.execute("SET lock_timeout = '2s'").await.map_err(std::io::Error::other)?;
                connection.execute(drop.as_str()).await.map_err(std::io::Error::other)
            })
        });
        let _ = removed.join();
    }
}
