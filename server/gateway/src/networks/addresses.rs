//! Addresses that a learner chooses, for a network and for a container on it: such that nobody else on this machine
//! has them. The rest is in the engine's words.
//!
//! Source: moby, api/types/network/ipam.go and endpoint.go.

use std::{collections::BTreeMap, net::Ipv4Addr};

use ipnet::Ipv4Net;
use serde::Deserialize;
use serde_json::Value;

use crate::{networks::make::Asked, refusal::Refusal, scope::OwnNetwork};

/// Where networks may be chosen from (RFC 1918), and how large one may be.
const PRIVATE: [(Ipv4Addr, u8); 3] =
    [(Ipv4Addr::new(10, 0, 0, 0), 8), (Ipv4Addr::new(172, 16, 0, 0), 12), (Ipv4Addr::new(192, 168, 0, 0), 16)];
const LARGEST_PREFIX: u8 = 16;
const SMALLEST_PREFIX: u8 = 29;

/// `IPAMConfig` of a network, as it is asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct IpamConfig {
    subnet: String,
    #[serde(rename = "IPRange")]
    ip_range: String,
    gateway: String,
    auxiliary_addresses: BTreeMap<String, String>,
}

/// What was chosen, and could be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Chosen {
    pub(super) subnet: Ipv4Net,
    pub(super) ip_range: Option<Ipv4Net>,
    pub(super) gateway: Option<Ipv4Addr>,
}

impl Chosen {
    /// In place of a slot of the pool: one for each first address, and below all slots.
    pub(super) fn slot(self) -> i64 {
        -1 - i64::from(u32::from(self.subnet.network()))
    }
}

/// The addresses of a request; `None` where it leaves them to us.
pub(super) fn choose(configs: &[IpamConfig], pool: Ipv4Net) -> Result<Option<Chosen>, Refusal> {
    let invalid = |why: String| Refusal::invalid(format!("invalid network config:\n{why}"));
    let given: Vec<&IpamConfig> = configs.iter().filter(|config| !config.is_empty()).collect();
    let config = match given[..] {
        [] => return Ok(None),
        [config] => config,
        _ => return Err(taken("a network of this host has one range of addresses", "Leave the others out.")),
    };
    if config.subnet.is_empty() {
        return Err(invalid("invalid subnet : invalid CIDR block notation".to_owned()));
    }
    if config.subnet.contains(':') {
        return Err(taken("networks of this host have IPv4 only", "Leave the IPv6 subnet out."));
    }
    let subnet = parse("subnet", &config.subnet).map_err(invalid)?;
    let ip_range = if config.ip_range.is_empty() { None } else { Some(range(&config.ip_range, subnet).map_err(invalid)?) };
    let gateway = if config.gateway.is_empty() { None } else { Some(gateway(&config.gateway, subnet).map_err(invalid)?) };
    if !config.auxiliary_addresses.is_empty() {
        return Err(taken("addresses are not set aside here", "Leave --aux-address out."));
    }
    let private = PRIVATE.iter().any(|(network, prefix)| Ipv4Net::new(*network, *prefix).is_ok_and(|range| range.contains(&subnet)));
    if !private || !(LARGEST_PREFIX..=SMALLEST_PREFIX).contains(&subnet.prefix_len()) {
        return Err(taken(
            &format!("{subnet} can't be a network of this host"),
            &format!("Choose a private range from /{LARGEST_PREFIX} to /{SMALLEST_PREFIX}, say 172.30.5.0/24."),
        ));
    }
    if overlap(subnet, pool) || machines_routes().into_iter().any(|route| overlap(subnet, route)) {
        return Err(in_use(subnet));
    }
    Ok(Some(Chosen { subnet, ip_range, gateway }))
}

impl IpamConfig {
    fn is_empty(&self) -> bool {
        self.subnet.is_empty() && self.ip_range.is_empty() && self.gateway.is_empty() && self.auxiliary_addresses.is_empty()
    }
}

fn taken(what: &str, instead: &str) -> Refusal {
    Refusal::new(http::StatusCode::FORBIDDEN, format!("lunchbox: {what}. {instead}"))
}

/// Somebody else's, or the machine's own.
pub(super) fn in_use(subnet: Ipv4Net) -> Refusal {
    Refusal::new(
        http::StatusCode::FORBIDDEN,
        format!(
            "lunchbox: addresses of {subnet} are in use on this machine, which all hosts of this classroom share. Choose others, or leave --subnet out and get free ones."
        ),
    )
}

fn parse(what: &str, text: &str) -> Result<Ipv4Net, String> {
    let net: Ipv4Net = text.parse().map_err(|_| format!("invalid {what} {text}: invalid CIDR block notation"))?;
    if net.trunc() == net { Ok(net) } else { Err(format!("invalid {what} {net}: it should be {}", net.trunc())) }
}

fn range(text: &str, subnet: Ipv4Net) -> Result<Ipv4Net, String> {
    let range = parse("ip-range", text)?;
    if range.prefix_len() < subnet.prefix_len() {
        return Err(format!("invalid ip-range {text}: CIDR block is bigger than its parent subnet {subnet}"));
    }
    if subnet.contains(&range) {
        Ok(range)
    } else {
        Err(format!("invalid ip-range {text}: parent subnet {subnet} doesn't contain ip-range"))
    }
}

fn gateway(text: &str, subnet: Ipv4Net) -> Result<Ipv4Addr, String> {
    let address: Ipv4Addr = text.parse().map_err(|_| format!("invalid gateway {text}: invalid address"))?;
    if subnet.contains(&address) {
        Ok(address)
    } else {
        Err(format!("invalid gateway {text}: parent subnet {subnet} doesn't contain this address"))
    }
}

fn overlap(one: Ipv4Net, other: Ipv4Net) -> bool {
    one.contains(&other.network()) || other.contains(&one.network())
}

/// Where this machine sends to by a way of its own. An engine on another machine has to tell itself.
fn machines_routes() -> Vec<Ipv4Net> {
    std::fs::read_to_string("/proc/net/route").map(|table| routes(&table)).unwrap_or_default()
}

/// Destination and mask are the second and the eighth column, in hex, lowest byte first.
fn routes(table: &str) -> Vec<Ipv4Net> {
    let address = |hex: &str| u32::from_str_radix(hex, 16).ok().map(|bits| Ipv4Addr::from(bits.swap_bytes()));
    let route = |line: &str| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        Ipv4Net::with_netmask(address(columns.get(1)?)?, address(columns.get(7)?)?).ok()
    };
    // The way to everywhere else is in nobody's way.
    table.lines().skip(1).filter_map(route).filter(|route| route.prefix_len() > 0).collect()
}

/// The address that a container asks for on a network, where it may; `None` where it leaves it to the engine.
pub(crate) fn own_address(network: &OwnNetwork, asked: &BTreeMap<String, Value>) -> Result<Option<Ipv4Addr>, Refusal> {
    let says =
        |value: &Value| value.as_str().map_or_else(|| value.as_array().is_some_and(|list| !list.is_empty()), |text| !text.is_empty());
    if let Some((key, _)) = asked.iter().find(|(key, value)| key.as_str() != "IPv4Address" && says(value)) {
        return Err(match key.as_str() {
            "IPv6Address" => Refusal::forbidden(
                "choosing an IPv6 address (--ip6)",
                "networks of this host have IPv4 addresses. Use --ip, or leave it out.",
            ),
            "LinkLocalIPs" => Refusal::forbidden(
                "choosing link-local addresses (--link-local-ip)",
                "a container has one address on each network of this host. Use --ip, or leave it out.",
            ),
            key => Refusal::forbidden(&format!("choosing {key}"), "an address is all that can be chosen here. Use --ip, or leave it out."),
        });
    }
    let Some(text) = asked.get("IPv4Address").and_then(Value::as_str).filter(|text| !text.is_empty()) else { return Ok(None) };
    let address = text.parse::<Ipv4Addr>().ok().filter(|address| !address.is_unspecified());
    let chosen = serde_json::from_str::<Asked>(&network.row().asked).unwrap_or_default().subnet;
    let chosen: Option<Ipv4Net> = chosen.and_then(|subnet| subnet.parse().ok());
    let mut wrong = Vec::new();
    if network.is_default() {
        wrong.push("user specified IP address is supported on user defined networks only".to_owned());
    }
    if address.is_none() {
        wrong.push(format!("invalid IPv4 address: {text}"));
    }
    match (&chosen, address) {
        (None, _) => {
            wrong.push("user specified IP address is supported only when connecting to networks with user configured subnets".to_owned());
        }
        (Some(chosen), Some(address)) if !chosen.contains(&address) => {
            wrong.push(format!("no configured subnet or ip-range contain the IP address {text}"));
        }
        _ => {}
    }
    if wrong.is_empty() {
        return Ok(address);
    }
    let all = if wrong.len() == 1 { wrong.concat() } else { format!("* {}", wrong.join("\n* ")) };
    Err(Refusal::invalid(format!("invalid config for network {}: invalid endpoint settings:\n{all}", network.name())))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    const POOL: &str = "10.200.0.0/16";

    fn of(subnet: &str, ip_range: &str, gateway: &str) -> Result<Option<Chosen>, String> {
        let config = IpamConfig { subnet: subnet.into(), ip_range: ip_range.into(), gateway: gateway.into(), ..IpamConfig::default() };
        choose(&[config, IpamConfig::default()], POOL.parse().unwrap()).map_err(|refusal| refusal.message)
    }

    #[test]
    fn addresses_are_chosen_from_private_ranges_that_are_free() {
        assert_eq!(of("", "", ""), Ok(None));
        let chosen = of("192.168.231.0/24", "192.168.231.128/25", "192.168.231.254").unwrap().unwrap();
        assert_eq!((chosen.subnet.to_string().as_str(), chosen.gateway), ("192.168.231.0/24", Some(Ipv4Addr::new(192, 168, 231, 254))));
        for (subnet, ip_range, gateway, words) in [
            ("nonsense", "", "", "invalid network config:\ninvalid subnet nonsense: invalid CIDR block notation"),
            ("192.168.231.7/24", "", "", "it should be 192.168.231.0/24"),
            ("", "", "192.168.231.1", "invalid CIDR block notation"),
            ("192.168.231.0/24", "192.168.0.0/16", "", "bigger than its parent subnet"),
            ("192.168.231.0/24", "192.168.232.0/25", "", "doesn't contain ip-range"),
            ("192.168.231.0/24", "", "192.168.1.1", "doesn't contain this address"),
            ("192.168.231.0/24", "", "gate", "invalid gateway gate: invalid address"),
            ("8.8.8.0/24", "", "", "Choose a private range"),
            ("10.0.0.0/8", "", "", "Choose a private range"),
            ("192.168.231.0/30", "", "", "Choose a private range"),
            ("fd00::/64", "", "", "IPv4 only"),
            ("10.200.5.0/24", "", "", "in use on this machine"),
            ("127.0.0.0/16", "", "", "Choose a private range"),
            ("169.254.0.0/16", "", "", "Choose a private range"),
        ] {
            let said = of(subnet, ip_range, gateway).unwrap_err();
            assert!(said.contains(words), "{subnet} {ip_range} {gateway}: {said}");
        }
    }

    #[test]
    fn each_first_address_is_taken_once() {
        let slot = |text: &str| Chosen { subnet: text.parse().unwrap(), ip_range: None, gateway: None }.slot();
        assert_eq!(slot("192.168.231.0/24"), slot("192.168.231.0/25"));
        assert!(slot("10.0.0.0/24") < 0 && slot("10.0.0.0/24") != slot("10.0.1.0/24"));
    }

    #[test]
    fn the_machines_own_routes_are_read_from_the_kernels_table() {
        let table = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n\
                     eth0\t00000000\t0102A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n\
                     eth0\t0002A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n";
        assert_eq!(routes(table), ["192.168.2.0/24".parse().unwrap()]);
    }
}
