//! The variables by which a linked container tells where it is: `DB_PORT_5432_TCP_ADDR` and its like.
//!
//! An engine makes them anew at each start and keeps them out of the configuration. Here they are given when the
//! container is made, since an engine takes them at no other time: those of a container that doesn't run then have
//! its alias in the place of an address. `docker inspect` and `docker commit` leave them out.
//!
//! Source: what Docker Engine 26 gives (checked by `./lunchbox fidelity`), and
//! <https://docs.docker.com/engine/network/links/#environment-variables>.

use std::collections::{BTreeSet, HashMap};

use crate::{containers::ports, limits::MAX_LINK_VARIABLES_BYTES, refusal::Refusal};

/// What of another container is told to one that links it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Other {
    pub(crate) alias: String,
    /// Its address, or its alias where it has none.
    pub(crate) address: String,
    /// `80/tcp`
    pub(crate) ports: Vec<String>,
    /// `NAME=VALUE`
    pub(crate) environment: Vec<String>,
}

/// All that a container gets from those that it links. What it was given itself (`own`) stands.
pub(crate) fn all(container: &str, others: &[Other], own: &[&str]) -> Result<Vec<String>, Refusal> {
    let own: BTreeSet<&str> = own.iter().map(|pair| name_of(pair)).collect();
    let mut given = Given::default();
    for other in others {
        of_one(container, other, &mut |pair| if own.contains(name_of(&pair)) { Ok(()) } else { given.add(pair) })?;
    }
    Ok(given.variables)
}

/// Variables, each name once, counted as they come: what others tell may be far more than anybody is given.
#[derive(Default)]
struct Given {
    variables: Vec<String>,
    /// Where each name is among them.
    places: HashMap<String, usize>,
    /// Of all together.
    bytes: usize,
}

impl Given {
    fn add(&mut self, pair: String) -> Result<(), Refusal> {
        let place = self.places.get(name_of(&pair)).copied();
        self.bytes = self.bytes - place.map_or(0, |place| self.variables[place].len()) + pair.len();
        if self.bytes > MAX_LINK_VARIABLES_BYTES {
            return Err(Refusal::invalid(format!(
                "lunchbox: the variables that --link gives are larger than {} KiB together. Link fewer containers, or put them on a network (`docker network create`), where they find each other by name.",
                MAX_LINK_VARIABLES_BYTES / 1024
            )));
        }
        match place {
            // Of two with the same name the last one counts, in the place of the first.
            Some(place) => self.variables[place] = pair,
            None => {
                self.places.insert(name_of(&pair).to_owned(), self.variables.len());
                self.variables.push(pair);
            }
        }
        Ok(())
    }
}

pub(crate) fn name_of(pair: &str) -> &str {
    pair.split('=').next().unwrap_or_default()
}

/// Gives them one by one, and no more once they are refused.
fn of_one(container: &str, other: &Other, give: &mut impl FnMut(String) -> Result<(), Refusal>) -> Result<(), Refusal> {
    let (alias, address) = (other.alias.to_uppercase().replace('-', "_"), &other.address);
    let mut ports: Vec<Port> = other.ports.iter().filter_map(|port| ports::parse_container_port(port).ok()).collect();
    ports.sort();
    let url = |(port, protocol): &Port| format!("{protocol}://{address}:{port}");
    let of = |(port, protocol): &Port| format!("{alias}_PORT_{port}_{}", protocol.to_uppercase());
    // The lowest; of two protocols, TCP.
    if let Some(first) = ports.first() {
        give(format!("{alias}_PORT={}", url(first)))?;
    }
    for (first, last) in ranges(&ports) {
        let (start, end) = (of(first), format!("{alias}_PORT_{}_{}", first.0, last.1.to_uppercase()));
        give(format!("{start}_START={}", url(first)))?;
        give(format!("{start}_ADDR={address}"))?;
        give(format!("{start}_PROTO={}", first.1))?;
        give(format!("{start}_PORT_START={}", first.0))?;
        give(format!("{end}_END={}", url(last)))?;
        give(format!("{end}_PORT_END={}", last.0))?;
    }
    for port in &ports {
        let name = of(port);
        give(format!("{name}={}", url(port)))?;
        give(format!("{name}_ADDR={address}"))?;
        give(format!("{name}_PORT={}", port.0))?;
        give(format!("{name}_PROTO={}", port.1))?;
    }
    give(format!("{alias}_NAME=/{container}/{}", other.alias))?;
    let told = other.environment.iter().filter(|pair| pair.contains('=') && !["HOME", "PATH"].contains(&name_of(pair)));
    told.map(|pair| format!("{alias}_ENV_{pair}")).try_for_each(give)
}

/// A port and its protocol.
type Port = (u16, String);

/// Three ports and more without a gap between them, in both protocols together.
fn ranges(ports: &[Port]) -> Vec<(&Port, &Port)> {
    let mut ranges = Vec::new();
    let mut from = 0;
    while let Some(first) = ports.get(from) {
        let reached = |to: usize| u32::from(ports[to].0) <= u32::from(first.0) + u32::try_from(to - from).unwrap_or(u32::MAX);
        let to = (from + 1..ports.len()).take_while(|to| reached(*to)).last().unwrap_or(from);
        if to > from + 1 {
            ranges.push((first, &ports[to]));
            from = to + 1;
        } else {
            from += 1;
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    fn other(alias: &str, ports: &[&str], environment: &[&str]) -> Other {
        let list = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Other { alias: alias.to_owned(), address: "172.17.0.2".to_owned(), ports: list(ports), environment: list(environment) }
    }

    #[test]
    fn a_linked_container_tells_of_its_ports_and_its_own_variables() {
        let db = other("my-db", &["3307/tcp", "3306/tcp", "53/udp"], &["PATH=/bin", "HOME=/", "FOO=a=b", "EMPTY=", "nothing"]);
        let expected = "MY_DB_PORT=udp://172.17.0.2:53
MY_DB_PORT_53_UDP=udp://172.17.0.2:53
MY_DB_PORT_53_UDP_ADDR=172.17.0.2
MY_DB_PORT_53_UDP_PORT=53
MY_DB_PORT_53_UDP_PROTO=udp
MY_DB_PORT_3306_TCP=tcp://172.17.0.2:3306
MY_DB_PORT_3306_TCP_ADDR=172.17.0.2
MY_DB_PORT_3306_TCP_PORT=3306
MY_DB_PORT_3306_TCP_PROTO=tcp
MY_DB_PORT_3307_TCP=tcp://172.17.0.2:3307
MY_DB_PORT_3307_TCP_ADDR=172.17.0.2
MY_DB_PORT_3307_TCP_PORT=3307
MY_DB_PORT_3307_TCP_PROTO=tcp
MY_DB_NAME=/web/my-db
MY_DB_ENV_FOO=a=b
MY_DB_ENV_EMPTY=";
        assert_eq!(all("web", &[db], &[]).unwrap().join("\n"), expected);
    }

    #[test]
    fn three_ports_in_a_row_are_told_as_a_range_too() {
        let ports = ["80/tcp", "80/udp", "81/tcp", "82/tcp", "83/tcp", "90/udp", "91/udp", "92/tcp", "95/tcp", "96/tcp"];
        let told = all("web", &[other("db", &ports, &[])], &[]).unwrap();
        let of_ranges: Vec<&str> =
            told.iter().map(String::as_str).filter(|pair| pair.contains("_START=") || pair.contains("_END=")).collect();
        assert_eq!(
            of_ranges,
            [
                "DB_PORT_80_TCP_START=tcp://172.17.0.2:80",
                "DB_PORT_80_TCP_PORT_START=80",
                "DB_PORT_80_TCP_END=tcp://172.17.0.2:83",
                "DB_PORT_80_TCP_PORT_END=83",
                "DB_PORT_90_UDP_START=udp://172.17.0.2:90",
                "DB_PORT_90_UDP_PORT_START=90",
                "DB_PORT_90_TCP_END=tcp://172.17.0.2:92",
                "DB_PORT_90_TCP_PORT_END=92",
            ]
        );
    }

    #[test]
    fn what_a_container_is_given_itself_stands() {
        let told = all("web", &[other("db", &["80/tcp"], &[])], &["DB_NAME=mine", "DB_PORT"]).unwrap();
        assert!(!told.iter().any(|pair| ["DB_NAME", "DB_PORT"].contains(&name_of(pair))) && told.len() == 4, "{told:?}");
        // Each name once, and of two the last.
        let told = all("web", &[other("db", &[], &["A=1"]), other("DB", &[], &["A=2"])], &[]).unwrap();
        assert_eq!(told, ["DB_NAME=/web/DB", "DB_ENV_A=2"]);
    }

    #[test]
    fn variables_of_links_have_a_sum() {
        let large = format!("A={}", "x".repeat(MAX_LINK_VARIABLES_BYTES));
        assert!(all("web", &[other("db", &[], &[&large])], &[]).unwrap_err().message.contains("64 KiB"));
        // What is replaced counts no longer.
        let half = format!("A={}", "x".repeat(MAX_LINK_VARIABLES_BYTES * 2 / 3));
        assert_eq!(all("web", &[other("db", &[], &[&half]), other("DB", &[], &[&half])], &[]).unwrap().len(), 2);
    }

    #[test]
    fn no_more_variables_are_made_than_are_given() {
        let ports: Vec<String> = (1..=60_000).map(|port| format!("{port}/tcp")).collect();
        let db = other(&"d".repeat(200), &ports.iter().map(String::as_str).collect::<Vec<_>>(), &[]);
        let (mut given, mut made) = (Given::default(), 0);
        let refused = of_one("web", &db, &mut |pair| {
            made += 1;
            given.add(pair)
        });
        assert!(refused.is_err() && made < 400, "{made}");
    }
}
