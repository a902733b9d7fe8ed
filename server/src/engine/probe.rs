//! A container for a moment, on a network for a moment: what can it reach?

use std::{collections::HashMap, net::IpAddr, time::Duration};

use bollard::{
    models::{ContainerCreateBody, HostConfig, NetworkCreateRequest},
    query_parameters::{CreateContainerOptions, InspectNetworkOptions, RemoveContainerOptions, StartContainerOptions},
};
use tokio::{net::TcpListener, time::timeout};

use super::{Engine, EngineError};

/// Until a container must have started and called.
const CALL_LIMIT: Duration = Duration::from_secs(10);
/// In the container, seconds until a connection counts as kept out.
const CONNECT_SECONDS: u32 = 2;

/// What a probe of the host found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// A service of this machine was reached from a container.
    Reached,
    /// It was not.
    KeptOut,
    /// The engine's bridges are not on this machine (Docker Desktop, say): nothing to be reached by.
    Elsewhere,
}

impl Engine {
    /// Whether a container on a bridge named `bridge` (15 bytes at most) reaches a service of this
    /// machine by its network's gateway address. `image` must have bash. What is made for it is removed.
    ///
    /// # Errors
    /// Where the engine refuses network or container.
    pub async fn reaches_host(&self, image: &str, bridge: &str) -> Result<Reach, EngineError> {
        let client = self.client()?;
        let network = NetworkCreateRequest {
            name: bridge.to_owned(),
            options: Some(HashMap::from([("com.docker.network.bridge.name".to_owned(), bridge.to_owned())])),
            ..Default::default()
        };
        client.create_network(network).await.map_err(|error| self.error(error))?;
        let found = self.call_host(image, bridge).await;
        let options = RemoveContainerOptions { force: true, v: true, link: false };
        let container = client.remove_container(bridge, Some(options)).await;
        let removed = client.remove_network(bridge).await.map_err(|error| self.error(error));
        let found = found?;
        self.found(container)?;
        removed?;
        Ok(found)
    }

    async fn call_host(&self, image: &str, bridge: &str) -> Result<Reach, EngineError> {
        let client = self.client()?;
        let network = client.inspect_network(bridge, None::<InspectNetworkOptions>).await.map_err(|error| self.error(error))?;
        let configs = network.ipam.and_then(|ipam| ipam.config).unwrap_or_default();
        let gateway = configs.into_iter().find_map(|config| config.gateway?.parse::<IpAddr>().ok());
        let Some(address) = gateway else { return Ok(Reach::Elsewhere) };
        let Ok(listener) = TcpListener::bind((address, 0)).await else { return Ok(Reach::Elsewhere) };
        let Ok(port) = listener.local_addr().map(|local| local.port()) else { return Ok(Reach::Elsewhere) };
        let script = format!("exec timeout {CONNECT_SECONDS} bash -c 'exec 3<>/dev/tcp/{address}/{port}'");
        let body = ContainerCreateBody {
            image: Some(image.to_owned()),
            entrypoint: Some(vec!["bash".to_owned(), "-c".to_owned(), script]),
            host_config: Some(HostConfig { network_mode: Some(bridge.to_owned()), ..Default::default() }),
            ..Default::default()
        };
        let named = Some(CreateContainerOptions { name: Some(bridge.to_owned()), ..Default::default() });
        client.create_container(named, body).await.map_err(|error| self.error(error))?;
        client.start_container(bridge, None::<StartContainerOptions>).await.map_err(|error| self.error(error))?;
        let ended = timeout(CALL_LIMIT, async {
            while self.container_state(bridge).await? == Some(super::Running::Yes) {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Ok::<_, EngineError>(())
        });
        tokio::select! {
            // A connection that came and went is in the listener's queue still: asked first.
            biased;
            reached = listener.accept() => Ok(if reached.is_ok() { Reach::Reached } else { Reach::KeptOut }),
            ended = ended => {
                if let Ok(result) = ended { result?; }
                Ok(Reach::KeptOut)
            }
        }
    }
}
