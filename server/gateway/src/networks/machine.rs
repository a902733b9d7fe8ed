//! Whom this machine itself has to do with: addresses that no learner's network may have. A network's bridge takes
//! its addresses away from the machine: what is sent there ends at whoever runs a container with that address.
//!
//! What the machine reaches by the way to everywhere else can't be known beforehand, so networks are chosen from
//! [`crate::GatewayConfig::chosen_networks`] alone, and this is asked besides.
//!
//! Source: Linux, Documentation/networking/proc_net_tcp.rst; resolv.conf(5).

use std::{
    collections::HashSet,
    net::{Ipv4Addr, Ipv6Addr},
};

use ipnet::Ipv4Net;

/// Which name servers it asks, by file; the second has those that a resolver of its own asks on its behalf.
const NAME_SERVERS: [&str; 2] = ["/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"];
/// The kernel's tables of sockets, with whom each is connected.
const SOCKETS: [&str; 4] = ["/proc/net/tcp", "/proc/net/udp", "/proc/net/tcp6", "/proc/net/udp6"];

/// Addresses that it has to do with just now.
pub(super) struct Used {
    routes: Vec<Ipv4Net>,
    others: HashSet<Ipv4Addr>,
}

impl Used {
    /// An engine on another machine has to tell itself.
    pub(super) async fn read() -> Self {
        // The tables are as long as there are sockets.
        let reading = tokio::task::spawn_blocking(|| {
            let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
            let servers = NAME_SERVERS.iter().flat_map(|path| name_servers(&read(path)).collect::<Vec<_>>());
            let peers = SOCKETS.iter().flat_map(|path| peers(&read(path)).collect::<Vec<_>>());
            Self { routes: routes(&read("/proc/net/route")), others: servers.chain(peers).collect() }
        });
        // Where nobody can say, it has to do with all.
        reading.await.unwrap_or_else(|_| Self { routes: vec![Ipv4Net::default()], others: HashSet::new() })
    }

    /// The same without ways to more than all of `pool`, which the operator has set aside within them.
    pub(super) fn beside(mut self, pool: Ipv4Net) -> Self {
        self.routes.retain(|route| !route.contains(&pool));
        self
    }

    pub(super) fn has(&self, subnet: Ipv4Net) -> bool {
        self.routes.iter().any(|route| overlap(subnet, *route)) || self.others.iter().any(|address| subnet.contains(address))
    }
}

pub(super) fn overlap(one: Ipv4Net, other: Ipv4Net) -> bool {
    one.contains(&other.network()) || other.contains(&one.network())
}

/// Where it sends to by a way of its own. Destination and mask are the second and the eighth column, in hex, lowest
/// byte first.
fn routes(table: &str) -> Vec<Ipv4Net> {
    let address = |hex: &str| u32::from_str_radix(hex, 16).ok().map(|bits| Ipv4Addr::from(bits.swap_bytes()));
    let route = |line: &str| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        Ipv4Net::with_netmask(address(columns.get(1)?)?, address(columns.get(7)?)?).ok()
    };
    // The way to everywhere else is in nobody's way.
    table.lines().skip(1).filter_map(route).filter(|route| route.prefix_len() > 0).collect()
}

fn name_servers(file: &str) -> impl Iterator<Item = Ipv4Addr> {
    file.lines().filter_map(|line| line.trim().strip_prefix("nameserver")?.trim().parse().ok())
}

/// With whom its sockets are connected: the third column, `address:port` in hex, each four bytes lowest first.
fn peers(table: &str) -> impl Iterator<Item = Ipv4Addr> {
    let four = |hex: &str| u32::from_str_radix(hex, 16).ok().map(u32::swap_bytes);
    let peer = move |line: &str| {
        let (address, _port) = line.split_whitespace().nth(2)?.split_once(':')?;
        match address.len() {
            8 => four(address).map(Ipv4Addr::from),
            // Most programs ask for both families at once, and have such an address where they speak IPv4.
            32 => {
                let parts: Option<Vec<u32>> = [0, 8, 16, 24].iter().map(|at| four(address.get(*at..at + 8)?)).collect();
                let bytes: Vec<u8> = parts?.into_iter().flat_map(u32::to_be_bytes).collect();
                Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?).to_ipv4_mapped()
            }
            _ => None,
        }
    };
    table.lines().skip(1).filter_map(peer).filter(|address| !address.is_unspecified())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    #[test]
    fn what_it_has_to_do_with_is_used_and_nothing_beside() {
        let used = Used { routes: vec!["192.168.2.0/24".parse().unwrap()], others: [Ipv4Addr::new(10, 200, 3, 70)].into() };
        for (subnet, has) in [
            ("192.168.2.128/26", true),
            ("192.168.0.0/16", true),
            ("192.168.3.0/24", false),
            ("10.200.3.64/26", true),
            ("10.200.3.0/26", false),
        ] {
            assert_eq!(used.has(subnet.parse().unwrap()), has, "{subnet}");
        }
        let used = used.beside("192.168.2.0/25".parse().unwrap());
        assert!(!used.has("192.168.2.0/26".parse().unwrap()) && used.has("10.200.3.64/26".parse().unwrap()));
    }

    #[test]
    fn its_own_routes_are_read_from_the_kernels_table() {
        let table = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n\
                     eth0\t00000000\t0102A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n\
                     eth0\t0002A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n";
        assert_eq!(routes(table), ["192.168.2.0/24".parse().unwrap()]);
    }

    #[test]
    fn name_servers_and_peers_are_read_where_they_are_ipv4() {
        let file = "# nameserver 10.0.0.1\nsearch school.example\nnameserver 172.20.0.53\n nameserver\t192.168.7.1 \nnameserver fd00::1\n";
        assert_eq!(name_servers(file).collect::<Vec<_>>(), [Ipv4Addr::new(172, 20, 0, 53), Ipv4Addr::new(192, 168, 7, 1)]);
        let table = "  sl  local_address rem_address   st tx_queue\n\
                     0: 0100007F:0CEA 00000000:0000 0A 0\n\
                     1: 020200C0:D431 054D1DAC:1538 01 0\n";
        assert_eq!(peers(table).collect::<Vec<_>>(), [Ipv4Addr::new(172, 29, 77, 5)]);
        let table = "  sl  local_address                         remote_address                        st\n\
                     0: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A\n\
                     1: 0000000000000000FFFF0000020200C0:D431 0000000000000000FFFF0000054D1DAC:1538 01\n\
                     2: 000000FD000000000000000002000000:D432 000000FD000000000000000001000000:1538 01\n";
        assert_eq!(peers(table).collect::<Vec<_>>(), [Ipv4Addr::new(172, 29, 77, 5)]);
        for rubbish in ["", "x\ny\n", "x\n1: 2 3:4\n", "x\n1: 2 ZZZZZZZZ:1\n", "x\n1: 2 ééééé:1\n"] {
            assert_eq!(peers(rubbish).count(), 0, "{rubbish:?}");
        }
    }
}
