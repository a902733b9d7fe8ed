//! Addresses of previews: made here, read here.

use std::net::Ipv4Addr;

/// Characters of a token: 103 bits, and a host's label has room for it.
const TOKEN_LENGTH: usize = 20;

/// Which port of which sandbox a preview's address means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    pub token: String,
    pub port: u16,
}

impl Preview {
    /// From the parts of a path, `<token>` and `<port>`. `None` where they can't be any's.
    pub fn parse(token: &str, port: &str) -> Option<Self> {
        let valid = token.len() == TOKEN_LENGTH && token.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        // As we write it: no sign, no leading zero.
        let number: u16 = port.parse().ok().filter(|number: &u16| *number != 0 && number.to_string() == port)?;
        valid.then(|| Self { token: token.to_owned(), port: number })
    }
}

/// A new secret for a sandbox's previews.
pub(super) fn token() -> String {
    const ALPHABET: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    (0..TOKEN_LENGTH).map(|_| ALPHABET[rand::random_range(0..ALPHABET.len())] as char).collect()
}

/// The address, without a scheme, so that it is the page's.
pub(super) fn url(domain: Option<&str>, request_host: Option<&str>, token: &str, port: u16) -> String {
    let (name, request_port) = split(request_host.unwrap_or_default());
    let domain = match domain {
        Some(domain) => domain,
        None if is_loopback(name) => "localhost",
        None => return format!("/preview/{token}/{port}/"),
    };
    match (split(domain).1, request_port) {
        (None, Some(request_port)) => format!("//p{port}-{token}.{domain}:{request_port}/"),
        _ => format!("//p{port}-{token}.{domain}/"),
    }
}

/// Reads `p8080-<token>.<domain>` with any port of the server's behind it.
pub(super) fn read_host(domain: Option<&str>, host: &str) -> Option<Preview> {
    let host = host.to_ascii_lowercase();
    let domain = domain.map_or("localhost", |domain| split(domain).0);
    let (label, rest) = split(&host).0.split_once('.')?;
    let (port, token) = label.strip_prefix('p')?.split_once('-')?;
    if rest == domain { Preview::parse(token, port) } else { None }
}

/// Name and port of `host:port`; an IPv6 address keeps its brackets.
fn split(host: &str) -> (&str, Option<&str>) {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => (name, Some(port)),
        _ => (host, None),
    }
}

/// Whether the browser is on the machine itself, and so finds `anything.localhost` there too.
fn is_loopback(name: &str) -> bool {
    name.eq_ignore_ascii_case("localhost") || name == "[::1]" || name.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "abcdefghij0123456789";

    #[test]
    fn a_local_page_gets_a_name_under_localhost() {
        for host in ["localhost:3000", "127.0.0.1:3000", "[::1]:3000", "LocalHost:3000"] {
            assert_eq!(url(None, Some(host), TOKEN, 8080), format!("//p8080-{TOKEN}.localhost:3000/"), "{host}");
        }
        assert_eq!(url(None, Some("localhost"), TOKEN, 80), format!("//p80-{TOKEN}.localhost/"));
    }

    #[test]
    fn a_page_elsewhere_gets_a_path_unless_there_is_a_domain() {
        assert_eq!(url(None, Some("class.example.com"), TOKEN, 8080), format!("/preview/{TOKEN}/8080/"));
        assert_eq!(url(None, None, TOKEN, 8080), format!("/preview/{TOKEN}/8080/"));
        let domain = Some("preview.example.com");
        assert_eq!(url(domain, Some("class.example.com"), TOKEN, 8080), format!("//p8080-{TOKEN}.preview.example.com/"));
        assert_eq!(url(domain, Some("class.example.com:3000"), TOKEN, 8080), format!("//p8080-{TOKEN}.preview.example.com:3000/"));
        let domain = Some("preview.example.com:8443");
        assert_eq!(url(domain, Some("class.example.com:3000"), TOKEN, 8080), format!("//p8080-{TOKEN}.preview.example.com:8443/"));
    }

    #[test]
    fn what_is_written_is_read_back_and_nothing_else_is() {
        let preview = Some(Preview { token: TOKEN.to_owned(), port: 8080 });
        assert_eq!(read_host(None, &format!("p8080-{TOKEN}.localhost:3000")), preview);
        assert_eq!(read_host(None, &format!("P8080-{TOKEN}.LOCALHOST")), preview);
        assert_eq!(read_host(Some("preview.example.com:8443"), &format!("p8080-{TOKEN}.preview.example.com:8443")), preview);
        for host in [
            "localhost:3000".to_owned(),
            format!("p8080-{TOKEN}.example.com"),
            format!("p8080-{TOKEN}.localhost.example.com"),
            format!("p08080-{TOKEN}.localhost"),
            format!("p0-{TOKEN}.localhost"),
            format!("p80800-{TOKEN}.localhost"),
            format!("p+80-{TOKEN}.localhost"),
            format!("p8080-{}.localhost", &TOKEN[1..]),
            format!("8080-{TOKEN}.localhost"),
        ] {
            assert_eq!(read_host(None, &host), None, "{host}");
        }
    }

    #[test]
    fn tokens_differ_and_can_be_read() {
        let (one, other) = (token(), token());
        assert_ne!(one, other);
        assert!(Preview::parse(&one, "1").is_some());
    }
}
