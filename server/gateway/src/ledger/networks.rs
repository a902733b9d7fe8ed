//! Networks, and the addresses they have of the pool.

use sqlx::{Row, any::AnyRow};

use super::{Ledger, kept::Keep};
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

impl NetworkRow {
    /// What stands for the engine's ID until the network is made.
    const RESERVED: &str = "reserved:";

    pub(crate) fn reservation(slot: i64) -> String {
        format!("{}{slot}", Self::RESERVED)
    }

    pub(crate) fn is_reservation(&self) -> bool {
        self.engine_id.starts_with(Self::RESERVED)
    }
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

impl Keep for NetworkRow {
    fn bytes(&self) -> usize {
        self.name.len() + self.engine_id.len() + self.asked.len()
    }
}

impl Ledger {
    /// All of a sandbox's, oldest first: the default one leads.
    pub(crate) async fn networks(&self, sandbox: &SandboxId) -> Result<Vec<NetworkRow>, sqlx::Error> {
        self.look(sandbox, |kept| &kept.networks, self.read_networks(sandbox), <[_]>::to_vec).await
    }

    async fn read_networks(&self, sandbox: &SandboxId) -> Result<Vec<NetworkRow>, sqlx::Error> {
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
        let query =
            sqlx::query("INSERT INTO gateway_networks (sandbox, name, engine_id, slot, asked, created_at) VALUES ($1, $2, $3, $4, $5, $6)")
                .bind(sandbox.as_str())
                .bind(&row.name)
                .bind(&row.engine_id)
                .bind(row.slot)
                .bind(&row.asked)
                .bind(row.created_at);
        self.execute(sandbox, |kept| &kept.networks, query).await
    }

    /// The network of a reservation has been made. Says whether the reservation is still there.
    pub(crate) async fn set_network_engine_id(&self, sandbox: &SandboxId, name: &str, engine_id: &str) -> Result<bool, sqlx::Error> {
        let query = sqlx::query("UPDATE gateway_networks SET engine_id = $3 WHERE sandbox = $1 AND name = $2")
            .bind(sandbox.as_str())
            .bind(name)
            .bind(engine_id);
        let work = async { Ok(query.execute(&self.pool).await?.rows_affected() > 0) };
        self.change(sandbox, |kept| vec![&kept.networks], work).await
    }

    pub(crate) async fn remove_network(&self, sandbox: &SandboxId, name: &str) -> Result<(), sqlx::Error> {
        let query = sqlx::query("DELETE FROM gateway_networks WHERE sandbox = $1 AND name = $2").bind(sandbox.as_str()).bind(name);
        self.execute(sandbox, |kept| &kept.networks, query).await
    }
}
