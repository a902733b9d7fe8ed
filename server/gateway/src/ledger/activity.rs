//! The log of what learners did. It outlives the sandbox.

use sqlx::Row;

use super::Ledger;
use crate::{Activity, SandboxId};

impl Ledger {
    /// The last number given out in a sandbox; 0 where there is none.
    pub(crate) async fn last_activity(&self, sandbox: &SandboxId) -> Result<i64, sqlx::Error> {
        let row = sqlx::query("SELECT COALESCE(MAX(seq), 0) AS last FROM gateway_activity WHERE sandbox = $1")
            .bind(sandbox.as_str())
            .fetch_one(&self.pool)
            .await?;
        row.try_get("last")
    }

    /// Stores one.
    pub(crate) async fn add_activity(&self, sandbox: &SandboxId, activity: &Activity) -> Result<(), sqlx::Error> {
        let kind = serde_json::to_string(&activity.kind).map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
        sqlx::query("INSERT INTO gateway_activity (sandbox, seq, at, kind) VALUES ($1, $2, $3, $4)")
            .bind(sandbox.as_str())
            .bind(activity.seq)
            .bind(activity.at)
            .bind(kind)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Those after `seq`, in order, at most `limit`.
    pub(crate) async fn activity_since(&self, sandbox: &SandboxId, seq: i64, limit: u32) -> Result<Vec<Activity>, sqlx::Error> {
        let rows = sqlx::query("SELECT seq, at, kind FROM gateway_activity WHERE sandbox = $1 AND seq > $2 ORDER BY seq LIMIT $3")
            .bind(sandbox.as_str())
            .bind(seq)
            .bind(i64::from(limit))
            .fetch_all(&self.pool)
            .await?;
        rows.iter()
            .map(|row| {
                let kind: String = row.try_get("kind")?;
                let kind = serde_json::from_str(&kind).map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
                Ok(Activity { seq: row.try_get("seq")?, at: row.try_get("at")?, kind })
            })
            .collect()
    }
}
