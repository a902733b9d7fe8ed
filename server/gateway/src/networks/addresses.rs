//! Addresses that a learner chooses, for a network and for a container on it: such that neither this machine nor
//! anybody else on it has to do with them. The rest is in the engine's words.
//!
//! Source: moby, api/types/network/ipam.go and endpoint.go.

use std::{collections::BTreeMap, net::Ipv4Addr};

use ipnet::Ipv4Net;
use serde::Deserialize;
use serde_json::Value;

use crate::{
    ledger::NetworkRow,
    limits,
    networks::{machine::overlap, make::Asked},
    refusal::Refusal,
    scope::OwnNetwork,
};

/// How large a network may be that is chosen.
const LARGEST_PREFIX: u8 = 16;
const SMALLEST_PREFIX: u8 = 29;
/// Which one of a range stands in the message as an example: `172.30.5.0/24` of 172.16.0.0/12.
const EXAMPLE: usize = 14 * 256 + 5;

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

/// The addresses of a request; `None` where it leaves them to us. They are free as far as the configuration says;
/// whether the machine uses them is for [`crate::networks::machine::Used`] to say.
pub(super) fn choose(configs: &[IpamConfig], pool: Ipv4Net, from: &[Ipv4Net]) -> Result<Option<Chosen>, Refusal> {
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
    let Some(first) = from.first() else {
        return Err(taken("networks of this classroom get the addresses that are free", "Leave --subnet out."));
    };
    if !from.iter().any(|range| range.contains(&subnet)) || !(LARGEST_PREFIX..=SMALLEST_PREFIX).contains(&subnet.prefix_len()) {
        let ranges: Vec<String> = from.iter().map(Ipv4Net::to_string).collect();
        return Err(taken(
            &format!("{subnet} can't be a network of this host"),
            &format!(
                "Choose one from /{LARGEST_PREFIX} to /{SMALLEST_PREFIX} within {}, say {}, or leave --subnet out.",
                ranges.join(" or "),
                example(*first)
            ),
        ));
    }
    if overlap(subnet, pool) {
        return Err(in_use(subnet));
    }
    Ok(Some(Chosen { subnet, ip_range, gateway }))
}

/// Fails where the sandbox would have chosen more than its share of what all choose from.
pub(super) fn check_share<'a>(subnet: Ipv4Net, others: impl Iterator<Item = &'a NetworkRow>) -> Result<(), Refusal> {
    let size = |net: Ipv4Net| 1_u64 << (32 - net.prefix_len());
    if others.filter_map(chosen).map(size).sum::<u64>() + size(subnet) <= limits::MAX_CHOSEN_ADDRESSES {
        return Ok(());
    }
    Err(taken(
        &format!("the networks that this host chooses have at most {} addresses together", limits::MAX_CHOSEN_ADDRESSES),
        "Choose a smaller one, of /24 say, or remove one with `docker network rm`.",
    ))
}

/// What was chosen for a network.
fn chosen(network: &NetworkRow) -> Option<Ipv4Net> {
    serde_json::from_str::<Asked>(&network.asked).unwrap_or_default().subnet?.parse().ok()
}

/// A network of 256 addresses, not the first, which others choose as well.
fn example(range: Ipv4Net) -> Ipv4Net {
    let nets: Vec<Ipv4Net> = range.subnets(24).map(|nets| nets.take(EXAMPLE + 1).collect()).unwrap_or_default();
    nets.last().copied().unwrap_or(range)
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
    let chosen = chosen(network.row());
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
        let from = ["172.16.0.0/12".parse().unwrap(), "192.168.0.0/16".parse().unwrap()];
        choose(&[config, IpamConfig::default()], POOL.parse().unwrap(), &from).map_err(|refusal| refusal.message)
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
            ("8.8.8.0/24", "", "", "Choose one from /16 to /29 within 172.16.0.0/12 or 192.168.0.0/16, say 172.30.5.0/24"),
            ("10.0.0.0/8", "", "", "Choose one from"),
            ("10.200.5.0/24", "", "", "Choose one from"),
            ("172.16.0.0/12", "", "", "Choose one from"),
            ("192.168.231.0/30", "", "", "Choose one from"),
            ("fd00::/64", "", "", "IPv4 only"),
            ("127.0.0.0/16", "", "", "Choose one from"),
            ("169.254.0.0/16", "", "", "Choose one from"),
        ] {
            let said = of(subnet, ip_range, gateway).unwrap_err();
            assert!(said.contains(words), "{subnet} {ip_range} {gateway}: {said}");
        }
    }

    #[test]
    fn what_the_pool_has_is_nobodys_choice_and_where_nothing_may_be_chosen_all_is_refused() {
        let configs = [IpamConfig { subnet: "10.200.5.0/24".into(), ..IpamConfig::default() }];
        let choose = |from: &[Ipv4Net]| choose(&configs, POOL.parse().unwrap(), from).unwrap_err().message;
        assert!(choose(&["10.0.0.0/8".parse().unwrap()]).contains("in use on this machine"));
        assert!(choose(&[]).contains("Leave --subnet out"));
        assert_eq!(example("192.168.7.0/24".parse().unwrap()).to_string(), "192.168.7.0/24");
        assert_eq!(example("10.1.2.0/28".parse().unwrap()).to_string(), "10.1.2.0/28");
    }

    #[test]
    fn each_first_address_is_taken_once() {
        let slot = |text: &str| Chosen { subnet: text.parse().unwrap(), ip_range: None, gateway: None }.slot();
        assert_eq!(slot("192.168.231.0/24"), slot("192.168.231.0/25"));
        assert!(slot("10.0.0.0/24") < 0 && slot("10.0.0.0/24") != slot("10.0.1.0/24"));
    }
}
