//! Containers.

use sqlx::{Row, any::AnyRow};

use super::{Ledger, kept::Keep};
use crate::SandboxId;

/// One container of a sandbox's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ContainerRow {
    /// 64 hex digits, the engine's and the learner's alike.
    pub(crate) engine_id: String,
    pub(crate) sandbox: SandboxId,
    pub(crate) name: String,
    /// As the learner named it.
    pub(crate) image: String,
    pub(crate) image_id: String,
    /// JSON of what the learner asked for (`model::container::CreateRequest`).
    pub(crate) asked: String,
    /// JSON of its links (`containers::links::Links`); empty where it has none.
    pub(crate) links: String,
    /// Unix milliseconds.
    pub(crate) created_at: i64,
    /// Milliseconds that the last start took; 0 before the first.
    pub(crate) start_ms: i64,
}

const COLUMNS: &str = "engine_id, sandbox, name, image, image_id, asked, links, created_at, start_ms";

fn read(row: &AnyRow) -> Result<ContainerRow, sqlx::Error> {
    let sandbox: String = row.try_get("sandbox")?;
    Ok(ContainerRow {
        engine_id: row.try_get("engine_id")?,
        sandbox: SandboxId::parse(&sandbox).ok_or_else(|| sqlx::Error::Decode("a sandbox ID that is none".into()))?,
        name: row.try_get("name")?,
        image: row.try_get("image")?,
        image_id: row.try_get("image_id")?,
        asked: row.try_get("asked")?,
        links: row.try_get("links")?,
        created_at: row.try_get("created_at")?,
        start_ms: row.try_get("start_ms")?,
    })
}

impl Keep for ContainerRow {
    fn bytes(&self) -> usize {
        let texts = [&self.engine_id, &self.name, &self.image, &self.image_id, &self.asked, &self.links];
        texts.iter().map(|text| text.len()).sum()
    }
}

impl Ledger {
    /// All of a sandbox's, oldest first.
    pub(crate) async fn containers(&self, sandbox: &SandboxId) -> Result<Vec<ContainerRow>, sqlx::Error> {
        self.look(sandbox, |kept| &kept.containers, self.read_containers(sandbox), <[_]>::to_vec).await
    }

    /// One of a sandbox's.
    pub(crate) async fn container(&self, sandbox: &SandboxId, engine_id: &str) -> Result<Option<ContainerRow>, sqlx::Error> {
        let pick = |rows: &[ContainerRow]| rows.iter().find(|row| row.engine_id == engine_id).cloned();
        self.look(sandbox, |kept| &kept.containers, self.read_containers(sandbox), pick).await
    }

    async fn read_containers(&self, sandbox: &SandboxId) -> Result<Vec<ContainerRow>, sqlx::Error> {
        let rows = sqlx::query(&format!("SELECT {COLUMNS} FROM gateway_containers WHERE sandbox = $1 ORDER BY created_at, engine_id"))
            .bind(sandbox.as_str())
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(read).collect()
    }

    /// Whose a container is; for the engine's events, which name no sandbox.
    pub(crate) async fn container_by_engine_id(&self, engine_id: &str) -> Result<Option<ContainerRow>, sqlx::Error> {
        let row = sqlx::query(&format!("SELECT {COLUMNS} FROM gateway_containers WHERE engine_id = $1"))
            .bind(engine_id)
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(read).transpose()
    }

    /// Fails with a taken key where the sandbox has one of that name.
    pub(crate) async fn add_container(&self, row: &ContainerRow) -> Result<(), sqlx::Error> {
        let statement = format!("INSERT INTO gateway_containers ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)");
        let query = sqlx::query(&statement)
            .bind(&row.engine_id)
            .bind(row.sandbox.as_str())
            .bind(&row.name)
            .bind(&row.image)
            .bind(&row.image_id)
            .bind(&row.asked)
            .bind(&row.links)
            .bind(row.created_at)
            .bind(row.start_ms);
        self.execute(&row.sandbox, |kept| &kept.containers, query).await
    }

    pub(crate) async fn rename_container(&self, sandbox: &SandboxId, engine_id: &str, name: &str) -> Result<(), sqlx::Error> {
        let query = sqlx::query("UPDATE gateway_containers SET name = $3 WHERE sandbox = $1 AND engine_id = $2")
            .bind(sandbox.as_str())
            .bind(engine_id)
            .bind(name);
        self.execute(sandbox, |kept| &kept.containers, query).await
    }

    pub(crate) async fn set_asked(&self, sandbox: &SandboxId, engine_id: &str, asked: &str) -> Result<(), sqlx::Error> {
        let query = sqlx::query("UPDATE gateway_containers SET asked = $3 WHERE sandbox = $1 AND engine_id = $2")
            .bind(sandbox.as_str())
            .bind(engine_id)
            .bind(asked);
        self.execute(sandbox, |kept| &kept.containers, query).await
    }

    pub(crate) async fn set_links(&self, sandbox: &SandboxId, engine_id: &str, links: &str) -> Result<(), sqlx::Error> {
        let query = sqlx::query("UPDATE gateway_containers SET links = $3 WHERE sandbox = $1 AND engine_id = $2")
            .bind(sandbox.as_str())
            .bind(engine_id)
            .bind(links);
        self.execute(sandbox, |kept| &kept.containers, query).await
    }

    pub(crate) async fn set_start_ms(&self, sandbox: &SandboxId, engine_id: &str, start_ms: i64) -> Result<(), sqlx::Error> {
        let query = sqlx::query("UPDATE gateway_containers SET start_ms = $3 WHERE sandbox = $1 AND engine_id = $2")
            .bind(sandbox.as_str())
            .bind(engine_id)
            .bind(start_ms);
        self.execute(sandbox, |kept| &kept.containers, query).await
    }

    /// Forgets a container and its ports. Says whether it was there.
    pub(crate) async fn remove_container(&self, sandbox: &SandboxId, engine_id: &str) -> Result<bool, sqlx::Error> {
        self.change(sandbox, |kept| vec![&kept.containers, &kept.ports], async {
            let mut transaction = self.pool.begin().await?;
            sqlx::query("DELETE FROM gateway_ports WHERE sandbox = $1 AND container = $2")
                .bind(sandbox.as_str())
                .bind(engine_id)
                .execute(&mut *transaction)
                .await?;
            let removed = sqlx::query("DELETE FROM gateway_containers WHERE sandbox = $1 AND engine_id = $2")
                .bind(sandbox.as_str())
                .bind(engine_id)
                .execute(&mut *transaction)
                .await?;
            transaction.commit().await?;
            Ok(removed.rows_affected() > 0)
        })
        .await
    }
}
