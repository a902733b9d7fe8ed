//! PostgreSQL: a database that somebody made for Lunchbox, and one schema in it (the first of the
//! connection's `search_path`, `public` by default).

use sqlx::{Connection as _, Executor as _, PgConnection, Row as _, any::AnyPoolOptions};
use tokio::time::{Instant, sleep, timeout};
use url::Url;

use super::{ACQUIRE_LIMIT, Database, DatabaseError, FAREWELL_LIMIT, FAREWELL_PAUSE};

/// A PostgreSQL server takes 100 in all unless it is told otherwise.
const CONNECTIONS: u32 = 16;
/// One is always there: it says that the database is in use.
const MIN_CONNECTIONS: u32 = 1;
/// How connections are called in `pg_stat_activity`, unless the URL says otherwise.
const NAME: &str = "lunchbox";
/// PostgreSQL's locks for applications have numbers. This one is the schema's: shared by everybody who has it
/// open, had alone by who restores it.
const LOCK: &str = "hashtextextended('lunchbox ' || coalesce(current_schema(), ''), 0)";
/// And this one is had by the one server that serves from it.
const SERVING: &str = "hashtextextended('lunchbox serves ' || coalesce(current_schema(), ''), 0)";
/// How everybody takes it who has the schema open, and how who is alone with it.
const ALONE: &str = "pg_try_advisory_lock";
const SHARED: &str = "pg_try_advisory_lock_shared";

/// Opens the database, which must be there.
pub(super) async fn connect(url: &str) -> Result<Database, DatabaseError> {
    let fail = |source| DatabaseError::open(url, source);
    // One connection beforehand: a pool would say no more than that it has waited.
    let mut first = single(url).await?;
    suits(&mut first).await?;
    // A restore that has just ended may not have let go yet.
    if !lock_soon(&mut first, SHARED, LOCK).await? {
        return Err(DatabaseError::BeingRestored);
    }
    // What is told to a learner is stored before, whatever the database's own default is. And nobody needs to
    // hear at every start that tables are there already.
    let hold = format!(
        "SELECT pg_try_advisory_lock_shared({LOCK}), set_config('client_min_messages', 'warning', false), \
         set_config('synchronous_commit', CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' \
         ELSE current_setting('synchronous_commit') END, false)"
    );
    let pool = AnyPoolOptions::new()
        .max_connections(CONNECTIONS)
        .min_connections(MIN_CONNECTIONS)
        .acquire_timeout(ACQUIRE_LIMIT)
        .after_connect(move |connection, _| {
            let hold = hold.clone();
            Box::pin(async move {
                if connection.fetch_one(hold.as_str()).await?.try_get::<bool, _>(0)? {
                    Ok(())
                } else {
                    Err(sqlx::Error::Configuration(DatabaseError::BeingRestored.into()))
                }
            })
        })
        .connect(&named(url))
        .await
        .map_err(fail)?;
    first.close().await.map_err(fail)?;
    Ok(Database { ledger: pool.clone(), pool, _held: None })
}

/// One connection, outside of any pool.
pub(crate) async fn single(url: &str) -> Result<PgConnection, DatabaseError> {
    let fail = |source| DatabaseError::open(url, source);
    match timeout(ACQUIRE_LIMIT, PgConnection::connect(&named(url))).await {
        Ok(connection) => connection.map_err(fail),
        Err(_) => Err(fail(sqlx::Error::PoolTimedOut)),
    }
}

/// Says that the database is in use, until the connection ends. False: it is being restored.
pub(crate) async fn hold(connection: &mut PgConnection) -> Result<bool, DatabaseError> {
    Ok(try_lock(connection, SHARED, LOCK).await?)
}

/// False: somebody has the database open. True: nobody opens it before the connection ends.
pub(crate) async fn hold_alone(connection: &mut PgConnection) -> Result<bool, DatabaseError> {
    lock_soon(connection, ALONE, LOCK).await
}

/// False: a server serves from it. True: no other does before the connection ends.
pub(super) async fn serve_alone(connection: &mut PgConnection) -> Result<bool, DatabaseError> {
    lock_soon(connection, ALONE, SERVING).await
}

/// The schema that Lunchbox's tables are in.
pub(crate) async fn schema(connection: &mut PgConnection) -> Result<String, DatabaseError> {
    let schema: Option<String> = sqlx::query_scalar("SELECT current_schema()::text").fetch_one(connection).await?;
    schema.ok_or(DatabaseError::NoSchema)
}

/// Tries for as long as it may take until a process that has ended lets go.
async fn lock_soon(connection: &mut PgConnection, function: &str, lock: &str) -> Result<bool, DatabaseError> {
    let until = Instant::now() + FAREWELL_LIMIT;
    loop {
        let locked = try_lock(connection, function, lock).await?;
        if locked || Instant::now() > until {
            return Ok(locked);
        }
        sleep(FAREWELL_PAUSE).await;
    }
}

async fn try_lock(connection: &mut PgConnection, function: &str, lock: &str) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(&format!("SELECT {function}({lock})")).fetch_one(connection).await
}

/// Whether what people write can be kept there.
async fn suits(connection: &mut PgConnection) -> Result<(), DatabaseError> {
    let encoding: String = sqlx::query_scalar("SELECT current_setting('server_encoding')").fetch_one(&mut *connection).await?;
    if encoding != "UTF8" {
        return Err(DatabaseError::Encoding(encoding));
    }
    schema(connection).await.map(drop)
}

/// The URL with a name for its connections.
fn named(url: &str) -> String {
    let Ok(mut parsed) = Url::parse(url) else { return url.to_owned() };
    if !parsed.query_pairs().any(|(key, _)| key == "application_name") {
        parsed.query_pairs_mut().append_pair("application_name", NAME);
    }
    parsed.into()
}
