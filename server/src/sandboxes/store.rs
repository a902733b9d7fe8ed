//! Which sandbox is whose, in SQL: written before a sandbox is made, deleted after it is removed.

use gateway::SandboxId;
use sqlx::{AnyPool, Row as _, any::AnyRow};

use crate::learner::LearnerId;

/// Tries to take a warm sandbox when other learners take them at the same time.
const MAX_TAKES: usize = 50;

#[derive(Clone)]
pub(super) struct Store {
    database: AnyPool,
}

#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) id: SandboxId,
    pub(super) learner: Option<LearnerId>,
    pub(super) state: State,
    /// Secret part of its previews' addresses.
    pub(super) token: String,
    /// Unix milliseconds.
    pub(super) used_at: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Its parts are being made; after a crash it is removed.
    Making,
    /// Ready, and nobody's yet.
    Warm,
    /// A learner's.
    Ready,
    /// Its parts are being removed.
    Removing,
}

/// How many there are.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    /// Warm, or to be warm when made.
    pub(super) unassigned: u32,
    /// All but those that are being removed.
    pub(super) living: u32,
}

impl Store {
    pub(super) fn new(database: AnyPool) -> Self {
        Self { database }
    }

    #[cfg(test)]
    pub(super) fn database(&self) -> &AnyPool {
        &self.database
    }

    pub(super) async fn migrate(&self) -> Result<(), sqlx::migrate::MigrateError> {
        // The gateway's migrations are in the same table, and not among ours.
        sqlx::migrate!("./migrations").set_ignore_missing(true).run(&self.database).await
    }

    /// Oldest first.
    pub(super) async fn all(&self) -> Result<Vec<Row>, sqlx::Error> {
        let rows = sqlx::query("SELECT id, learner, state, token, used_at FROM learner_sandboxes ORDER BY made_at, id")
            .fetch_all(&self.database)
            .await?;
        rows.iter().map(read).collect()
    }

    pub(super) async fn insert(&self, id: &SandboxId, learner: Option<&LearnerId>, token: &str, now: i64) -> Result<(), sqlx::Error> {
        sqlx::query(
            "INSERT INTO learner_sandboxes (id, learner, state, token, made_at, used_at, given_at) VALUES ($1, $2, 'making', $3, $4, $4, $5)",
        )
        .bind(id.as_str())
        .bind(learner.map(LearnerId::as_str))
        .bind(token)
        .bind(now)
        .bind(learner.map_or(0, |_| now))
        .execute(&self.database)
        .await
        .map(drop)
    }

    /// It has been made. False where it has been given up meanwhile.
    pub(super) async fn made(&self, id: &SandboxId) -> Result<bool, sqlx::Error> {
        let state = "UPDATE learner_sandboxes SET state = CASE WHEN learner IS NULL THEN 'warm' ELSE 'ready' END
            WHERE id = $1 AND state = 'making'";
        Ok(sqlx::query(state).bind(id.as_str()).execute(&self.database).await?.rows_affected() == 1)
    }

    /// Makes a warm sandbox the learner's, the oldest first, in one statement.
    pub(super) async fn take_warm(&self, learner: &LearnerId, now: i64) -> Result<Option<SandboxId>, sqlx::Error> {
        for _ in 0..MAX_TAKES {
            let Some(oldest) = sqlx::query("SELECT id FROM learner_sandboxes WHERE state = 'warm' ORDER BY made_at, id LIMIT 1")
                .fetch_optional(&self.database)
                .await?
            else {
                return Ok(None);
            };
            let id = id(&oldest)?;
            let taken = sqlx::query(
                "UPDATE learner_sandboxes SET learner = $1, state = 'ready', used_at = $2, given_at = $2 WHERE id = $3 AND state = 'warm'",
            )
            .bind(learner.as_str())
            .bind(now)
            .bind(id.as_str())
            .execute(&self.database)
            .await?;
            // Nobody was quicker.
            if taken.rows_affected() == 1 {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }

    /// The sandbox is nobody's from now on, and is to be removed.
    pub(super) async fn retire(&self, id: &SandboxId) -> Result<(), sqlx::Error> {
        sqlx::query("UPDATE learner_sandboxes SET state = 'removing', learner = NULL WHERE id = $1")
            .bind(id.as_str())
            .execute(&self.database)
            .await
            .map(drop)
    }

    /// As [`Store::retire`], for a sandbox that stood idle: its learner will be told so.
    pub(super) async fn retire_idle(&self, id: &SandboxId, learner: &LearnerId, now: i64) -> Result<(), sqlx::Error> {
        let mut transaction = self.database.begin().await?;
        sqlx::query("UPDATE learner_sandboxes SET state = 'removing', learner = NULL WHERE id = $1")
            .bind(id.as_str())
            .execute(&mut *transaction)
            .await?;
        sqlx::query("DELETE FROM idle_removals WHERE learner = $1").bind(learner.as_str()).execute(&mut *transaction).await?;
        sqlx::query("INSERT INTO idle_removals (learner, removed_at) VALUES ($1, $2)")
            .bind(learner.as_str())
            .bind(now)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await
    }

    /// Nothing of it is left.
    pub(super) async fn delete(&self, id: &SandboxId) -> Result<(), sqlx::Error> {
        sqlx::query("DELETE FROM learner_sandboxes WHERE id = $1").bind(id.as_str()).execute(&self.database).await.map(drop)
    }

    pub(super) async fn counts(&self) -> Result<Counts, sqlx::Error> {
        let row = sqlx::query(
            "SELECT COUNT(*) AS living, COUNT(CASE WHEN learner IS NULL THEN 1 END) AS unassigned
             FROM learner_sandboxes WHERE state <> 'removing'",
        )
        .fetch_one(&self.database)
        .await?;
        let count = |name| row.try_get::<i64, _>(name).map(|count| u32::try_from(count).unwrap_or(u32::MAX));
        Ok(Counts { living: count("living")?, unassigned: count("unassigned")? })
    }

    pub(super) async fn used(&self, id: &SandboxId, at: i64) -> Result<(), sqlx::Error> {
        sqlx::query("UPDATE learner_sandboxes SET used_at = $1 WHERE id = $2")
            .bind(at)
            .bind(id.as_str())
            .execute(&self.database)
            .await
            .map(drop)
    }

    pub(super) async fn idle_removals(&self) -> Result<Vec<LearnerId>, sqlx::Error> {
        let rows = sqlx::query("SELECT learner FROM idle_removals").fetch_all(&self.database).await?;
        rows.iter().map(|row| row.try_get("learner").map(LearnerId::from_stored)).collect()
    }

    pub(super) async fn forget_idle_removal(&self, learner: &LearnerId) -> Result<(), sqlx::Error> {
        sqlx::query("DELETE FROM idle_removals WHERE learner = $1").bind(learner.as_str()).execute(&self.database).await.map(drop)
    }
}

fn read(row: &AnyRow) -> Result<Row, sqlx::Error> {
    let state: String = row.try_get("state")?;
    Ok(Row {
        id: id(row)?,
        learner: row.try_get::<Option<String>, _>("learner")?.map(LearnerId::from_stored),
        // A state that we don't know is from a newer server: its sandbox is not ours to give away.
        state: match state.as_str() {
            "making" => State::Making,
            "warm" => State::Warm,
            "ready" => State::Ready,
            _ => State::Removing,
        },
        token: row.try_get("token")?,
        used_at: row.try_get("used_at")?,
    })
}

fn id(row: &AnyRow) -> Result<SandboxId, sqlx::Error> {
    SandboxId::try_from(row.try_get::<String, _>("id")?).map_err(|error| sqlx::Error::Decode(error.into()))
}
