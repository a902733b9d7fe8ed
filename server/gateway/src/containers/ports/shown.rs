//! Published ports as `docker inspect` and `docker ps` show them.

use super::parse_container_port;
use crate::{
    ledger::PortRow,
    model::container_shown::{ListedPort, PortMap, ShownBinding},
};

/// Addresses under which Docker shows a port that is published on all.
fn addresses(host_ip: &str) -> &'static [&'static str] {
    if host_ip == "127.0.0.1" { &["127.0.0.1"] } else { &["0.0.0.0", "::"] }
}

/// `NetworkSettings.Ports`: every exposed port, and where it is published.
pub(crate) fn shown(rows: &[PortRow], exposed: impl Iterator<Item = String>) -> PortMap {
    let mut map: PortMap = exposed.map(|port| (port, None)).collect();
    for row in rows {
        let bindings = map.entry(format!("{}/{}", row.container_port, row.protocol)).or_default().get_or_insert_with(Vec::new);
        for ip in addresses(&row.host_ip) {
            bindings.push(ShownBinding { host_ip: (*ip).to_owned(), host_port: row.host_port.to_string() });
        }
    }
    map
}

/// The same for `docker ps`: those of one number in a row, as the engine has them.
pub(crate) fn listed<'a>(rows: &[PortRow], exposed: impl Iterator<Item = &'a String>) -> Vec<ListedPort> {
    let published = |port: u16, protocol: &str| rows.iter().any(|row| row.container_port == port && row.protocol == protocol);
    let mut ports: Vec<ListedPort> = exposed
        .filter_map(|port| parse_container_port(port).ok())
        .filter(|(port, protocol)| !published(*port, protocol))
        .map(|(private_port, protocol)| ListedPort { private_port, protocol, ..ListedPort::default() })
        .collect();
    for row in rows {
        for ip in addresses(&row.host_ip) {
            ports.push(ListedPort {
                ip: (*ip).to_owned(),
                private_port: row.container_port,
                public_port: row.host_port,
                protocol: row.protocol.clone(),
            });
        }
    }
    ports
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    #[test]
    fn a_published_port_is_shown_on_both_families() {
        let row =
            PortRow { protocol: "tcp".into(), host_port: 8080, host_ip: "0.0.0.0".into(), container: String::new(), container_port: 80 };
        let map = shown(&[row], ["80/tcp".to_owned(), "443/tcp".to_owned()].into_iter());
        assert_eq!(map["443/tcp"], None);
        assert_eq!(map["80/tcp"].as_ref().unwrap().len(), 2);
    }

    #[test]
    fn a_port_that_is_exposed_and_not_published_has_no_number_on_the_host() {
        let row =
            PortRow { protocol: "tcp".into(), host_port: 8080, host_ip: "127.0.0.1".into(), container: String::new(), container_port: 80 };
        let exposed = ["80/tcp", "53/udp", "nonsense"].map(str::to_owned);
        let all: Vec<_> =
            listed(&[row], exposed.iter()).into_iter().map(|port| (port.private_port, port.public_port, port.protocol)).collect();
        assert_eq!(all, [(53, 0, "udp".to_owned()), (80, 8080, "tcp".to_owned())]);
    }
}
