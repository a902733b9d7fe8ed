//! Backups of PostgreSQL are made by its own programs: `pg_dump`, and to restore `pg_restore` and `psql`.

mod programs;

use std::path::Path;

use sqlx::{Connection as _, PgConnection};

use self::programs::{Client, PG_DUMP, PG_RESTORE};
use super::{BackupError, Contents, Kept, Restored, known_migrations, part::Part, stamp};
use crate::{
    database::{
        DatabaseError,
        postgres::{hold, hold_alone, schema, single},
    },
    hex::hex,
};

/// Bytes of a name in PostgreSQL.
const MAX_NAME: usize = 63;

pub(super) async fn backup(url: &str, file: &Path) -> Result<Contents, BackupError> {
    let mut connection = single(url).await?;
    if !hold(&mut connection).await? {
        return Err(DatabaseError::BeingRestored.into());
    }
    let schema = schema(&mut connection).await?;
    if !is_ours(&mut connection, &schema).await? {
        return Err(BackupError::NothingThere(crate::database::without_password(url)));
    }
    let part = Part::beside(file)?;
    let only = format!("--schema={}", quoted(&schema));
    let to = format!("--file={}", part.path().display());
    Client::of(url).run(PG_DUMP, &["--format=custom", "--no-owner", "--no-privileges", &only, &to]).await?;
    // That it can be read again.
    schema_of(part.path()).await?;
    let contents = contents(&mut connection, &schema).await?;
    part.become_new(file)?;
    Ok(contents)
}

pub(super) async fn restore(url: &str, file: &Path) -> Result<Restored, BackupError> {
    let mut connection = single(url).await?;
    let schema = schema(&mut connection).await?;
    let found = schema_of(file).await?;
    if found != schema {
        let why = format!("its tables are in the schema {found}, and database_url names {schema}");
        return Err(BackupError::NotOurs { path: file.to_owned(), why });
    }
    // Until this connection ends.
    if !hold_alone(&mut connection).await? {
        return Err(BackupError::InUse);
    }
    let kept = if is_ours(&mut connection, &schema).await? { Some(kept_name(&mut connection, &schema).await?) } else { None };
    let mut before = "BEGIN;\n".to_owned();
    if let Some(kept) = &kept {
        before += &format!("ALTER SCHEMA {0} RENAME TO {1};\nCREATE SCHEMA {0};\n", quoted(&schema), quoted(kept));
    }
    Client::of(url).restore(file, &schema, &before, &format!("{}COMMIT;\n", verdict(&schema))).await?;
    let contents = contents(&mut connection, &schema).await?;
    connection.close().await.map_err(DatabaseError::from)?;
    Ok(Restored { contents, kept: kept.map(Kept::Schema) })
}

/// The schema of Lunchbox's tables in a backup.
async fn schema_of(file: &Path) -> Result<String, BackupError> {
    let not_ours = |why: String| BackupError::NotOurs { path: file.to_owned(), why };
    let list = match programs::list(file).await {
        Ok(list) => list,
        Err(BackupError::Program { program: PG_RESTORE, said }) => return Err(not_ours(format!("it is damaged ({said})"))),
        Err(error) => return Err(error),
    };
    let has = |table: &str| {
        list.lines().find_map(|line| {
            // `3382; 0 16391 TABLE DATA public facts lunchbox`
            let mut words = line.split_once(" TABLE DATA ")?.1.split(' ');
            let schema = words.next()?;
            (words.next() == Some(table)).then(|| schema.to_owned())
        })
    };
    match (has("facts"), has("learners"), has("_sqlx_migrations")) {
        (Some(schema), Some(_), Some(_)) => Ok(schema),
        _ => Err(not_ours("it is no Lunchbox's database".to_owned())),
    }
}

/// SQL that fails where what was restored is of a newer Lunchbox.
fn verdict(schema: &str) -> String {
    let known: Vec<String> =
        known_migrations().iter().map(|(version, sum)| format!("({version}::bigint, '\\x{}'::bytea)", hex(sum))).collect();
    format!(
        "DO $lunchbox$ BEGIN IF EXISTS (SELECT FROM {}._sqlx_migrations m WHERE NOT EXISTS (\
         SELECT FROM (VALUES {}) AS known (version, checksum) WHERE known.version = m.version AND known.checksum = m.checksum)) \
         THEN RAISE EXCEPTION 'it was made by a newer or another Lunchbox'; END IF; END $lunchbox$;\n",
        quoted(schema),
        known.join(", ")
    )
}

/// Whether Lunchbox has been there before.
async fn is_ours(connection: &mut PgConnection, schema: &str) -> Result<bool, DatabaseError> {
    let facts = "SELECT EXISTS (SELECT FROM pg_tables WHERE schemaname = $1 AND tablename = 'facts')";
    Ok(sqlx::query_scalar(facts).bind(schema).fetch_one(connection).await?)
}

async fn contents(connection: &mut PgConnection, schema: &str) -> Result<Contents, DatabaseError> {
    let schema = quoted(schema);
    let instance = format!("SELECT value FROM {schema}.facts WHERE name = 'instance'");
    let learners = format!("SELECT COUNT(*) FROM {schema}.learners");
    Ok(Contents {
        instance: sqlx::query_scalar(&instance).fetch_optional(&mut *connection).await?,
        learners: sqlx::query_scalar(&learners).fetch_one(connection).await?,
    })
}

/// A name that no schema has yet.
async fn kept_name(connection: &mut PgConnection, schema: &str) -> Result<String, DatabaseError> {
    let stamp = stamp().replace('-', "_");
    let mut number = 1;
    loop {
        let ending = if number == 1 { format!("_replaced_{stamp}") } else { format!("_replaced_{stamp}_{number}") };
        let room = schema.floor_char_boundary(MAX_NAME.saturating_sub(ending.len()));
        let name = format!("{}{ending}", &schema[..room]);
        let taken = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)").bind(&name);
        if !taken.fetch_one(&mut *connection).await? {
            return Ok(name);
        }
        number += 1;
    }
}

/// As a name in SQL.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
