//! A container for a moment, on a network for a moment: what can it reach?

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use bollard::{
    models::{ContainerCreateBody, HostConfig, NetworkCreateRequest},
    query_parameters::{CreateContainerOptions, InspectNetworkOptions, RemoveContainerOptions, StartContainerOptions},
};
use tokio::{net::TcpListener, time::timeout};

use super::{Engine, EngineError};

/// Where the kernel tells, to everybody, whose connections it has counted in the last seconds. The name is
/// set-up's (server/setup/firewall.sh).
const COUNTED: &str = "/proc/net/ipt_hashlimit/lunchbox-new";
/// Bits of an address that are counted together (there too).
const COUNTED_PREFIX: u32 = 26;
const ELSEWHERE: Probed = Probed { reach: Reach::Elsewhere, limited: false };

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

/// What a probe found of the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probed {
    pub reach: Reach,
    /// The kernel counts the connections that its network begins: beyond set-up's limit they are dropped.
    pub limited: bool,
}

impl Engine {
    /// Whether a container on a bridge named `bridge` (15 bytes at most) reaches a service of this
    /// machine by its network's gateway address, and whether what it sends is counted. `image` must have bash. What is made for it is removed.
    ///
    /// # Errors
    /// Where the engine refuses network or container.
    pub async fn reaches_host(&self, image: &str, bridge: &str) -> Result<Probed, EngineError> {
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

    async fn call_host(&self, image: &str, bridge: &str) -> Result<Probed, EngineError> {
        let client = self.client()?;
        let network = client.inspect_network(bridge, None::<InspectNetworkOptions>).await.map_err(|error| self.error(error))?;
        let configs = network.ipam.and_then(|ipam| ipam.config).unwrap_or_default();
        let gateway = configs.into_iter().find_map(|config| config.gateway?.parse::<IpAddr>().ok());
        let Some(address) = gateway else { return Ok(ELSEWHERE) };
        let Ok(listener) = TcpListener::bind((address, 0)).await else { return Ok(ELSEWHERE) };
        let Ok(port) = listener.local_addr().map(|local| local.port()) else { return Ok(ELSEWHERE) };
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
        let reach = tokio::select! {
            // A connection that came and went is in the listener's queue still: asked first.
            biased;
            reached = listener.accept() => if reached.is_ok() { Reach::Reached } else { Reach::KeptOut },
            ended = ended => {
                if let Ok(result) = ended { result?; }
                Reach::KeptOut
            }
        };
        let counted = std::fs::read_to_string(COUNTED).unwrap_or_default();
        Ok(Probed { reach, limited: is_counted(&counted, address) })
    }
}

/// Whether the network of an address is among those that are counted: `7 10.213.0.0:0->0.0.0.0:0 …`.
fn is_counted(counted: &str, address: IpAddr) -> bool {
    let IpAddr::V4(address) = address else { return false };
    let network = Ipv4Addr::from(u32::from(address) & (u32::MAX << (32 - COUNTED_PREFIX)));
    counted.lines().filter_map(|line| line.split(' ').nth(1)).any(|flow| flow.starts_with(&format!("{network}:")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_counted_by_its_first_address() {
        let counted = "8 10.213.4.64:0->0.0.0.0:0 137438953000000 137438953000000 27487790\n";
        let of = |address: [u8; 4]| is_counted(counted, address.into());
        assert_eq!([of([10, 213, 4, 65]), of([10, 213, 4, 127]), of([10, 213, 4, 1]), of([10, 213, 4, 128])], [true, true, false, false]);
        assert!(!is_counted("", [10, 213, 4, 65].into()));
    }
}
