//! Which sandboxes are open.

use sqlx::Row;

use super::{Ledger, now_ms};
use crate::SandboxId;

/// What a sandbox has; its activity stays.
const TABLES: [&str; 9] = [
    "gateway_ports",
    "gateway_containers",
    "gateway_networks",
    "gateway_volumes",
    "gateway_image_references",
    "gateway_image_digests",
    "gateway_images",
    "gateway_pushed",
    "gateway_build_steps",
];

impl Ledger {
    /// A new sandbox. Opening what is open already changes nothing.
    pub(crate) async fn add_sandbox(&self, id: &SandboxId) -> Result<(), sqlx::Error> {
        sqlx::query("INSERT INTO gateway_sandboxes (id, state, opened_at) VALUES ($1, 'open', $2) ON CONFLICT (id) DO NOTHING")
            .bind(id.as_str())
            .bind(now_ms())
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// From here on the sandbox is on its way out, whatever happens to this process.
    pub(crate) async fn mark_closing(&self, id: &SandboxId) -> Result<(), sqlx::Error> {
        sqlx::query("UPDATE gateway_sandboxes SET state = 'closing' WHERE id = $1").bind(id.as_str()).execute(&self.pool).await?;
        Ok(())
    }

    /// Every sandbox in a state, oldest first.
    pub(crate) async fn sandboxes(&self, state: &str) -> Result<Vec<SandboxId>, sqlx::Error> {
        let rows = sqlx::query("SELECT id FROM gateway_sandboxes WHERE state = $1 ORDER BY opened_at, id")
            .bind(state)
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(|row| Ok(SandboxId::parse(&row.try_get::<String, _>("id")?))).filter_map(Result::transpose).collect()
    }

    /// Forgets all that a sandbox had, but its activity.
    pub(crate) async fn forget_sandbox(&self, id: &SandboxId) -> Result<(), sqlx::Error> {
        self.kept.forget(id);
        let mut transaction = self.pool.begin().await?;
        for table in TABLES {
            sqlx::query(&format!("DELETE FROM {table} WHERE sandbox = $1")).bind(id.as_str()).execute(&mut *transaction).await?;
        }
        sqlx::query("DELETE FROM gateway_sandboxes WHERE id = $1").bind(id.as_str()).execute(&mut *transaction).await?;
        transaction.commit().await
    }

    /// Forgets what sandboxes had that there are no longer: a request that ended after its sandbox may have left a row.
    pub(crate) async fn forget_strays(&self) -> Result<(), sqlx::Error> {
        for table in TABLES {
            let statement = format!("DELETE FROM {table} WHERE sandbox NOT IN (SELECT id FROM gateway_sandboxes)");
            sqlx::query(&statement).execute(&self.pool).await?;
        }
        Ok(())
    }
}
