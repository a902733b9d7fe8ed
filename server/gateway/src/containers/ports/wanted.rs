//! What a request asks for by `-p`, as Docker writes it.

use std::collections::BTreeMap;

use crate::{model::container::PortBinding, refusal::Refusal};

/// Ports that one container may publish.
pub(crate) const MAX_PORTS: usize = 64;

/// One port that a container wants on its host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) container_port: u16,
    pub(crate) protocol: String,
    /// `0.0.0.0` or `127.0.0.1`.
    pub(crate) host_ip: String,
    /// First and last that will do; `None` is any.
    pub(crate) host_port: Option<(u16, u16)>,
}

/// `80/tcp`, `53/udp`, `80`.
pub(crate) fn parse_container_port(text: &str) -> Result<(u16, String), Refusal> {
    let (port, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    let port: u16 =
        port.parse().ok().filter(|port| *port > 0).ok_or_else(|| Refusal::invalid(format!("invalid port specification: \"{text}\"")))?;
    match protocol {
        "tcp" | "udp" => Ok((port, protocol.to_owned())),
        "sctp" => Err(Refusal::forbidden("the protocol sctp", "published ports are tcp or udp here.")),
        _ => Err(Refusal::invalid(format!("invalid proto: {protocol}"))),
    }
}

fn parse_host_port(text: &str) -> Result<Option<(u16, u16)>, Refusal> {
    let invalid = || Refusal::invalid(format!("invalid port specification: \"{text}\""));
    if text.is_empty() || text == "0" {
        return Ok(None);
    }
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let first: u16 = first.parse().map_err(|_| invalid())?;
    let last: u16 = last.parse().map_err(|_| invalid())?;
    if first == 0 || last < first { Err(invalid()) } else { Ok(Some((first, last))) }
}

fn parse_host_ip(text: &str) -> Result<String, Refusal> {
    match text {
        "" | "0.0.0.0" | "::" => Ok("0.0.0.0".to_owned()),
        "127.0.0.1" | "::1" | "localhost" => Ok("127.0.0.1".to_owned()),
        other => Err(Refusal::forbidden(
            &format!("publishing on the address {other}"),
            "this host has 127.0.0.1 only. Leave the address out: -p 8080:80.",
        )),
    }
}

/// What the request asks for by `-p`. Called when the container is made, so that mistakes are told then.
pub(crate) fn wanted(bindings: &BTreeMap<String, Vec<PortBinding>>) -> Result<Vec<Wanted>, Refusal> {
    let mut wanted = Vec::new();
    for (port, bindings) in bindings {
        let (container_port, protocol) = parse_container_port(port)?;
        let any = [PortBinding::default()];
        for binding in if bindings.is_empty() { &any[..] } else { bindings } {
            wanted.push(Wanted {
                container_port,
                protocol: protocol.clone(),
                host_ip: parse_host_ip(&binding.host_ip)?,
                host_port: parse_host_port(&binding.host_port)?,
            });
        }
    }
    if wanted.len() > MAX_PORTS {
        return Err(Refusal::invalid("lunchbox: at most 64 ports can be published"));
    }
    // Those that will only do with one port choose first.
    wanted.sort_by_key(|wanted| wanted.host_port.map_or(u32::MAX, |(first, last)| u32::from(last - first)));
    Ok(wanted)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use http::StatusCode;

    use super::*;

    fn binding(ip: &str, port: &str) -> PortBinding {
        PortBinding { host_ip: ip.to_owned(), host_port: port.to_owned() }
    }

    #[test]
    fn ports_are_read_as_docker_writes_them() {
        assert_eq!(parse_container_port("80/tcp").unwrap(), (80, "tcp".to_owned()));
        assert_eq!(parse_container_port("53/udp").unwrap(), (53, "udp".to_owned()));
        for text in ["0/tcp", "70000/tcp", "80/http", "80/sctp", "x", ""] {
            assert!(parse_container_port(text).is_err(), "{text}");
        }
        assert_eq!(parse_host_port("8000-8010").unwrap(), Some((8000, 8010)));
        assert_eq!(parse_host_port("").unwrap(), None);
        assert!(parse_host_port("9-1").is_err());
    }

    #[test]
    fn ports_that_must_be_choose_before_those_that_may() {
        let bindings = [("80/tcp".to_owned(), vec![binding("", "")]), ("81/tcp".to_owned(), vec![binding("", "32768")])].into();
        let all = wanted(&bindings).unwrap();
        assert_eq!(all[0].container_port, 81);
    }

    #[test]
    fn addresses_of_the_shared_host_are_refused() {
        let bindings = [("80/tcp".to_owned(), vec![binding("169.254.1.1", "80")])].into();
        assert_eq!(wanted(&bindings).unwrap_err().status, StatusCode::FORBIDDEN);
    }
}
