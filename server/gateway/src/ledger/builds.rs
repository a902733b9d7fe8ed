//! Steps of builds that are done already. A step is found by its sandbox and its key together.

use std::collections::HashSet;

use sqlx::{Row, any::AnyRow};

use super::{Ledger, kept::Keep, now_ms};
use crate::SandboxId;

/// A step that was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BuildStepRow {
    pub(crate) key: String,
    /// The image that holds its layer, and the layer; both empty where it made none.
    pub(crate) holder: String,
    pub(crate) diff_id: String,
    /// RFC 3339.
    pub(crate) made_at: String,
    /// Of the layer.
    pub(crate) bytes: i64,
    /// What was done, for people.
    pub(crate) description: String,
    /// Unix milliseconds.
    pub(crate) used_at: i64,
    /// How often it was found, or done.
    pub(crate) uses: i64,
}

const COLUMNS: &str = "key, holder, diff_id, made_at, bytes, description, used_at, uses";

fn read(row: &AnyRow) -> Result<BuildStepRow, sqlx::Error> {
    Ok(BuildStepRow {
        key: row.try_get("key")?,
        holder: row.try_get("holder")?,
        diff_id: row.try_get("diff_id")?,
        made_at: row.try_get("made_at")?,
        bytes: row.try_get("bytes")?,
        description: row.try_get("description")?,
        used_at: row.try_get("used_at")?,
        uses: row.try_get("uses")?,
    })
}

impl Keep for BuildStepRow {
    fn bytes(&self) -> usize {
        let texts = [&self.key, &self.holder, &self.diff_id, &self.made_at, &self.description];
        texts.iter().map(|text| text.len()).sum()
    }
}

impl Ledger {
    /// All of a sandbox's, the last used first.
    pub(crate) async fn build_steps(&self, sandbox: &SandboxId) -> Result<Vec<BuildStepRow>, sqlx::Error> {
        self.look(sandbox, |kept| &kept.build_steps, self.read_build_steps(sandbox), <[_]>::to_vec).await
    }

    async fn read_build_steps(&self, sandbox: &SandboxId) -> Result<Vec<BuildStepRow>, sqlx::Error> {
        let rows =
            sqlx::query(&format!("SELECT {COLUMNS} FROM gateway_build_steps WHERE sandbox = $1 ORDER BY used_at DESC, made_at DESC, key"))
                .bind(sandbox.as_str())
                .fetch_all(&self.pool)
                .await?;
        rows.iter().map(read).collect()
    }

    /// One. Who goes by it says so with [`Ledger::use_build_steps`].
    pub(crate) async fn build_step(&self, sandbox: &SandboxId, key: &str) -> Result<Option<BuildStepRow>, sqlx::Error> {
        let pick = |rows: &[BuildStepRow]| rows.iter().find(|row| row.key == key).cloned();
        self.look(sandbox, |kept| &kept.build_steps, self.read_build_steps(sandbox), pick).await
    }

    /// Steps that were found.
    pub(crate) async fn use_build_steps(&self, sandbox: &SandboxId, keys: &[String]) -> Result<(), sqlx::Error> {
        let places: Vec<String> = (0..keys.len()).map(|index| format!("${}", index + 3)).collect();
        let statement =
            format!("UPDATE gateway_build_steps SET used_at = $2, uses = uses + 1 WHERE sandbox = $1 AND key IN ({})", places.join(", "));
        let query = sqlx::query(&statement).bind(sandbox.as_str()).bind(now_ms());
        let query = keys.iter().fold(query, |query, key| query.bind(key));
        self.execute(sandbox, |kept| &kept.build_steps, query).await
    }

    /// Done anew, a step takes the place of what it was.
    pub(crate) async fn set_build_step(&self, sandbox: &SandboxId, row: &BuildStepRow) -> Result<(), sqlx::Error> {
        let query = sqlx::query(
            "INSERT INTO gateway_build_steps (sandbox, key, holder, diff_id, made_at, bytes, description, used_at, uses) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
             ON CONFLICT (sandbox, key) DO UPDATE SET holder = excluded.holder, diff_id = excluded.diff_id, \
             made_at = excluded.made_at, bytes = excluded.bytes, description = excluded.description, \
             used_at = excluded.used_at, uses = excluded.uses",
        )
        .bind(sandbox.as_str())
        .bind(&row.key)
        .bind(&row.holder)
        .bind(&row.diff_id)
        .bind(&row.made_at)
        .bind(row.bytes)
        .bind(&row.description)
        .bind(row.used_at)
        .bind(row.uses);
        self.execute(sandbox, |kept| &kept.build_steps, query).await
    }

    /// The images that hold layers of any sandbox's steps.
    pub(crate) async fn build_holders(&self) -> Result<HashSet<String>, sqlx::Error> {
        let rows = sqlx::query("SELECT DISTINCT holder FROM gateway_build_steps").fetch_all(&self.pool).await?;
        rows.iter().map(|row| row.try_get("holder")).collect()
    }

    pub(crate) async fn remove_build_step(&self, sandbox: &SandboxId, key: &str) -> Result<(), sqlx::Error> {
        let query = sqlx::query("DELETE FROM gateway_build_steps WHERE sandbox = $1 AND key = $2").bind(sandbox.as_str()).bind(key);
        self.execute(sandbox, |kept| &kept.build_steps, query).await
    }

    pub(crate) async fn clear_build_steps(&self, sandbox: &SandboxId) -> Result<(), sqlx::Error> {
        let query = sqlx::query("DELETE FROM gateway_build_steps WHERE sandbox = $1").bind(sandbox.as_str());
        self.execute(sandbox, |kept| &kept.build_steps, query).await
    }
}
