//! Volumes. The workstation's home is not among them.

use sqlx::{Row, any::AnyRow};

use super::{Ledger, kept::Keep};
use crate::SandboxId;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VolumeRow {
    pub(crate) name: String,
    pub(crate) engine_name: String,
    pub(crate) anonymous: bool,
    /// JSON object.
    pub(crate) labels: String,
    /// Unix milliseconds.
    pub(crate) created_at: i64,
}

fn read(row: &AnyRow) -> Result<VolumeRow, sqlx::Error> {
    Ok(VolumeRow {
        name: row.try_get("name")?,
        engine_name: row.try_get("engine_name")?,
        anonymous: row.try_get::<i64, _>("anonymous")? != 0,
        labels: row.try_get("labels")?,
        created_at: row.try_get("created_at")?,
    })
}

impl Keep for VolumeRow {
    fn bytes(&self) -> usize {
        self.name.len() + self.engine_name.len() + self.labels.len()
    }
}

impl Ledger {
    /// All of a sandbox's, by name.
    pub(crate) async fn volumes(&self, sandbox: &SandboxId) -> Result<Vec<VolumeRow>, sqlx::Error> {
        self.look(sandbox, |kept| &kept.volumes, self.read_volumes(sandbox), <[_]>::to_vec).await
    }

    async fn read_volumes(&self, sandbox: &SandboxId) -> Result<Vec<VolumeRow>, sqlx::Error> {
        let rows = sqlx::query("SELECT name, engine_name, anonymous, labels, created_at FROM gateway_volumes WHERE sandbox = $1")
            .bind(sandbox.as_str())
            .fetch_all(&self.pool)
            .await?;
        let mut volumes = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        // Here, since databases differ in how they order letters.
        volumes.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        Ok(volumes)
    }

    /// Fails with a taken key where the name is in use.
    pub(crate) async fn add_volume(&self, sandbox: &SandboxId, row: &VolumeRow) -> Result<(), sqlx::Error> {
        let query = sqlx::query(
            "INSERT INTO gateway_volumes (sandbox, name, engine_name, anonymous, labels, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(sandbox.as_str())
        .bind(&row.name)
        .bind(&row.engine_name)
        .bind(i64::from(row.anonymous))
        .bind(&row.labels)
        .bind(row.created_at);
        self.execute(sandbox, |kept| &kept.volumes, query).await
    }

    pub(crate) async fn remove_volume(&self, sandbox: &SandboxId, name: &str) -> Result<(), sqlx::Error> {
        let query = sqlx::query("DELETE FROM gateway_volumes WHERE sandbox = $1 AND name = $2").bind(sandbox.as_str()).bind(name);
        self.execute(sandbox, |kept| &kept.volumes, query).await
    }
}
