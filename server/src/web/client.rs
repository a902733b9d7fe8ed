//! From which address a request comes.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::{
    extract::{ConnectInfo, Request},
    http::HeaderMap,
};
use ipnet::IpNet;

const FORWARDED: &str = "x-forwarded-for";
/// Who has one IPv6 address usually has the 2⁶⁴ of its network (RFC 6177).
const V6_PREFIX: u32 = 64;

/// Who counts as one: an IPv4 address, or an IPv6 network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Client(IpAddr);

impl Client {
    /// Who asks from that address.
    pub fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << (128 - V6_PREFIX)))),
            v4 @ IpAddr::V4(_) => v4,
        })
    }

    /// Of a request that came by a connection of ours. What `X-Forwarded-For` says is taken from
    /// proxies that are trusted, and from nobody else: anybody can write one.
    pub(super) fn who_asks(request: &Request, trusted: &[IpNet]) -> Self {
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
        Self::of(behind(peer.map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |peer| peer.0.ip()), request.headers(), trusted))
    }
}

/// Whether what comes from that address is others' requests.
pub(super) fn is_trusted(address: IpAddr, trusted: &[IpNet]) -> bool {
    let address = address.to_canonical();
    trusted.iter().any(|network| network.contains(&address))
}

/// Each proxy adds whom it was asked by at the end, so the list is read from there, for as long as
/// whoever wrote it is trusted.
fn behind(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let lines: Vec<&str> = headers.get_all(FORWARDED).iter().filter_map(|line| line.to_str().ok()).collect();
    let mut address = peer;
    for hop in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
        if !is_trusted(address, trusted) {
            break;
        }
        let Some(hop) = read(hop.trim()) else { break };
        address = hop;
    }
    address
}

/// An address, as proxies write it: with or without a port.
fn read(hop: &str) -> Option<IpAddr> {
    let bare = || hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    hop.parse().ok().or_else(|| hop.parse().ok().map(|address: SocketAddr| address.ip())).or_else(bare)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().expect("it is one")
    }

    fn seen(peer: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append(FORWARDED, line.parse().expect("a value"));
        }
        let trusted: Vec<IpNet> = trusted.iter().map(|network| network.parse().expect("a network")).collect();
        behind(address(peer), &headers, &trusted).to_string()
    }

    #[test]
    fn without_a_trusted_proxy_nobody_chooses_their_address() {
        assert_eq!(seen("203.0.113.9", &["198.51.100.1"], &[]), "203.0.113.9");
        assert_eq!(seen("203.0.113.9", &["198.51.100.1"], &["127.0.0.1/32"]), "203.0.113.9");
    }

    #[test]
    fn of_a_trusted_proxy_the_last_address_that_it_did_not_make_up_itself_counts() {
        let trusted = ["127.0.0.0/8", "10.0.0.0/8"];
        assert_eq!(seen("127.0.0.1", &["198.51.100.1"], &trusted), "198.51.100.1");
        assert_eq!(seen("127.0.0.1", &["6.6.6.6, 198.51.100.1"], &trusted), "198.51.100.1", "the client wrote the first");
        assert_eq!(seen("127.0.0.1", &["6.6.6.6", "198.51.100.1, 10.0.0.7"], &trusted), "198.51.100.1", "two proxies");
        assert_eq!(seen("::ffff:127.0.0.1", &["198.51.100.1:4711"], &trusted), "198.51.100.1");
        assert_eq!(seen("127.0.0.1", &["[2001:db8::1]:4711"], &trusted), "2001:db8::1");
        assert_eq!(seen("127.0.0.1", &[], &trusted), "127.0.0.1");
        assert_eq!(seen("127.0.0.1", &["unknown"], &trusted), "127.0.0.1");
    }

    #[test]
    fn an_ipv6_network_counts_as_one_and_an_ipv4_address_as_itself_however_it_is_written() {
        assert_eq!(Client::of(address("2001:db8:1:2:3::4")), Client::of(address("2001:db8:1:2:ffff::1")));
        assert_ne!(Client::of(address("2001:db8:1:2::1")), Client::of(address("2001:db8:1:3::1")));
        assert_eq!(Client::of(address("::ffff:203.0.113.9")), Client::of(address("203.0.113.9")));
        assert_ne!(Client::of(address("203.0.113.8")), Client::of(address("203.0.113.9")));
    }
}
