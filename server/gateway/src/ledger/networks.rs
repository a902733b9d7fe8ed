//! Networks, and the addresses they have of the pool.

use sqlx::{Row, any::AnyRow};

use super::Ledger;
use crate::SandboxId;

/// One network of a sandbox's. The default one has the name `bridge`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NetworkRow {
    pub(crate) name: String,
    pub(crate) engine_id: String,
    /// Index of its addresses in the pool.
    pub(crate) slot: i64,
    /// JSON of what the learner asked for.
    pub(crate) asked: String,
    /// Unix milliseconds.
    pub(crate) created_at: i64,
}

fn read(row: &AnyRow) -> Result<NetworkRow, sqlx::Error> {
    Ok(NetworkRow {
        name: row.try_get("name")?,
        engine_id: row.try_get("engine_id")?,
        slot: row.try_get("slot")?,
        asked: row.try_get("asked")?,
        created_at: row.try_get("created_at")?,
    })
}

impl Ledger {
    /// All of a sandbox's, oldest first: the default one leads.
    pub(crate) async fn networks(&self, sandbox: &SandboxId) -> Result<Vec<NetworkRow>, sqlx::Error> {
        let rows = sqlx::query(
            "SELECT name, engine_id, slot, asked, created_at FROM gateway_networks WHERE sandbox = $1 ORDER BY created_at, name",
        )
        .bind(sandbox.as_str())
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(read).collect()
    }

    /// Every slot of the pool that is in use, by whomever.
    pub(crate) async fn network_slots(&self) -> Result<Vec<i64>, sqlx::Error> {
        let rows = sqlx::query("SELECT slot FROM gateway_networks ORDER BY slot").fetch_all(&self.pool).await?;
        rows.iter().map(|row| row.try_get("slot")).collect()
    }

    /// Reserves name and slot before the network is made. Fails with a taken key where either is in use.
    pub(crate) async fn add_network(&self, sandbox: &SandboxId, row: &NetworkRow) -> Result<(), sqlx::Error> {
        sqlx::query("INSERT INTO gateway_networks (sandbox, name, engine_id, slot, asked, created_at) VALUES ($1, $2, $3, $4, $5, $6)")
            .bind(sandbox.as_str())
            .bind(&row.name)
            .bind(&row.engine_id)
            .bind(row.slot)
            .bind(&row.asked)
            .bind(row.created_at)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// The network of a reservation has been made.
    pub(crate) async fn set_network_engine_id(&self, sandbox: &SandboxId, name: &str, engine_id: &str) -> Result<(), sqlx::Error> {
        sqlx::query("UPDATE gateway_networks SET engine_id = $3 WHERE sandbox = $1 AND name = $2")
            .bind(sandbox.as_str())
            .bind(name)
            .bind(engine_id)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    pub(crate) async fn remove_network(&self, sandbox: &SandboxId, name: &str) -> Result<(), sqlx::Error> {
        sqlx::query("DELETE FROM gateway_networks WHERE sandbox = $1 AND name = $2")
            .bind(sandbox.as_str())
            .bind(name)
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}
