//! Which sandboxes are open.

use sqlx::Row;

use super::{Ledger, now_ms};
use crate::SandboxId;

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
        for statement in [
            "DELETE FROM gateway_ports WHERE sandbox = $1",
            "DELETE FROM gateway_containers WHERE sandbox = $1",
            "DELETE FROM gateway_networks WHERE sandbox = $1",
            "DELETE FROM gateway_volumes WHERE sandbox = $1",
            "DELETE FROM gateway_image_references WHERE sandbox = $1",
            "DELETE FROM gateway_image_digests WHERE sandbox = $1",
            "DELETE FROM gateway_images WHERE sandbox = $1",
            "DELETE FROM gateway_pushed WHERE sandbox = $1",
            "DELETE FROM gateway_build_steps WHERE sandbox = $1",
            "DELETE FROM gateway_sandboxes WHERE id = $1",
        ] {
            sqlx::query(statement).bind(id.as_str()).execute(&mut *transaction).await?;
        }
        transaction.commit().await
    }
}
