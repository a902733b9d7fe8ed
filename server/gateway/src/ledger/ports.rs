//! Which running container has which port of its sandbox's host.

use sqlx::Row;

use super::{Ledger, kept::Keep};
use crate::SandboxId;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PortRow {
    /// `tcp` or `udp`.
    pub(crate) protocol: String,
    pub(crate) host_port: u16,
    /// As asked for: `0.0.0.0` or `127.0.0.1`.
    pub(crate) host_ip: String,
    /// Engine ID.
    pub(crate) container: String,
    pub(crate) container_port: u16,
}

impl Keep for PortRow {
    fn bytes(&self) -> usize {
        self.protocol.len() + self.host_ip.len() + self.container.len()
    }
}

impl Ledger {
    pub(crate) async fn ports(&self, sandbox: &SandboxId) -> Result<Vec<PortRow>, sqlx::Error> {
        self.look(sandbox, |kept| &kept.ports, self.read_ports(sandbox), <[_]>::to_vec).await
    }

    async fn read_ports(&self, sandbox: &SandboxId) -> Result<Vec<PortRow>, sqlx::Error> {
        let rows = sqlx::query(
            "SELECT protocol, host_port, host_ip, container, container_port FROM gateway_ports WHERE sandbox = $1 ORDER BY host_port, protocol",
        )
        .bind(sandbox.as_str())
        .fetch_all(&self.pool)
        .await?;
        let port = |number: i64| u16::try_from(number).map_err(|error| sqlx::Error::Decode(Box::new(error)));
        rows.iter()
            .map(|row| {
                Ok(PortRow {
                    protocol: row.try_get("protocol")?,
                    host_port: port(row.try_get("host_port")?)?,
                    host_ip: row.try_get("host_ip")?,
                    container: row.try_get("container")?,
                    container_port: port(row.try_get("container_port")?)?,
                })
            })
            .collect()
    }

    /// Fails with a taken key where another container has the port.
    pub(crate) async fn add_port(&self, sandbox: &SandboxId, row: &PortRow) -> Result<(), sqlx::Error> {
        let query = sqlx::query(
            "INSERT INTO gateway_ports (sandbox, protocol, host_port, host_ip, container, container_port) VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(sandbox.as_str())
        .bind(&row.protocol)
        .bind(i64::from(row.host_port))
        .bind(&row.host_ip)
        .bind(&row.container)
        .bind(i64::from(row.container_port));
        self.execute(sandbox, |kept| &kept.ports, query).await
    }

    /// Frees one port.
    pub(crate) async fn remove_port(&self, sandbox: &SandboxId, row: &PortRow) -> Result<(), sqlx::Error> {
        let query = sqlx::query("DELETE FROM gateway_ports WHERE sandbox = $1 AND protocol = $2 AND host_port = $3 AND container = $4")
            .bind(sandbox.as_str())
            .bind(&row.protocol)
            .bind(i64::from(row.host_port))
            .bind(&row.container);
        self.execute(sandbox, |kept| &kept.ports, query).await
    }

    /// Frees a container's ports, and says which they were.
    pub(crate) async fn remove_ports(&self, sandbox: &SandboxId, container: &str) -> Result<Vec<PortRow>, sqlx::Error> {
        let held: Vec<PortRow> = self.ports(sandbox).await?.into_iter().filter(|row| row.container == container).collect();
        if !held.is_empty() {
            let query =
                sqlx::query("DELETE FROM gateway_ports WHERE sandbox = $1 AND container = $2").bind(sandbox.as_str()).bind(container);
            self.execute(sandbox, |kept| &kept.ports, query).await?;
        }
        Ok(held)
    }
}
