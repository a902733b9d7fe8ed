//! Published ports: virtual on the engine, real on the workstation's localhost.

use tokio::net::TcpStream;

use crate::{
    SandboxId,
    gateway::{GatewayError, Shared},
};

/// Connects to the container that publishes TCP `port`.
pub(crate) async fn dial(_shared: &Shared, _sandbox: &SandboxId, port: u16) -> Result<TcpStream, GatewayError> {
    Err(GatewayError::PortNotPublished(port))
}

/// A container has stopped or gone: its ports are free again.
pub(crate) async fn release(_shared: &Shared, _sandbox: &SandboxId, _container: &str) {}

/// Binds the ports of containers that run already (after a restart of this process).
pub(crate) async fn bind_again(_shared: &Shared, _sandbox: &SandboxId) {}
