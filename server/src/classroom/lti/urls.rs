//! Which addresses are asked at all: those that an admin gave, encrypted, or on this very machine.

use std::net::IpAddr;

use url::{Host, Url};

use super::limits::MAX_URL;
use crate::classroom::ClassError;

/// An address of a platform, as it is stored.
///
/// # Errors
/// Where it is none, or nobody could trust what comes from it. `what`: for the message.
pub(super) fn platform_url(text: &str, what: &str) -> Result<String, ClassError> {
    let text = text.trim();
    if text.is_empty() {
        return ClassError::refused(format!("{what} is missing. The platform shows it beside the tool, once it is set up there."));
    }
    if text.chars().count() > MAX_URL {
        return ClassError::refused(format!("{what} is too long: {MAX_URL} characters are the most."));
    }
    match Url::parse(text) {
        Ok(url) if is_fit(&url) => Ok(url.to_string()),
        Ok(url) if url.scheme() == "http" => {
            ClassError::refused(format!("{what} begins with http://, so that anybody on the way could answer for it. Use https://."))
        }
        _ => ClassError::refused(format!("{what} is no address such as https://moodle.example.com/mod/lti/token.php. Copy it again.")),
    }
}

/// Whether it is `https`, or stays on this machine; with no name and password in it.
pub(super) fn is_fit(url: &Url) -> bool {
    let is_safe = match url.scheme() {
        "https" => url.has_host(),
        "http" => is_loopback(url),
        _ => false,
    };
    is_safe && url.username().is_empty() && url.password().is_none() && url.fragment().is_none()
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
        None => false,
    }
}

/// Whether two addresses are of one server: scheme, host and port (RFC 6454).
pub(super) fn same_server(one: &Url, other: &Url) -> bool {
    one.origin() == other.origin()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_taken(text: &str) -> bool {
        platform_url(text, "The token address").is_ok()
    }

    #[test]
    fn a_platform_is_asked_encrypted_or_on_this_machine() {
        for fine in
            ["https://moodle.example.com/mod/lti/token.php", " https://m.example:8443/x?y=1 ", "http://127.0.0.1:81/", "http://[::1]/"]
        {
            assert!(is_taken(fine), "{fine}");
        }
        for odd in [
            "",
            "moodle.example.com",
            "http://moodle.example.com/",
            "http://127.0.0.1.evil.example/",
            "http://10.0.0.1/",
            "http://169.254.169.254/latest",
            "ftp://m.example/",
            "file:///etc/passwd",
            "https://me:secret@m.example/",
            "https://m.example/#x",
            &format!("https://m.example/{}", "x".repeat(MAX_URL)),
        ] {
            assert!(!is_taken(odd), "{odd}");
        }
    }
}
