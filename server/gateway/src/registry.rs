//! The course registry (CNCF Distribution), as the gateway itself asks it: manifests, to know what a
//! pull will bring; deletions, when a sandbox ends. Source: the OCI distribution specification 1.1.

/// The registry on loopback. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Registry {
    /// `host:port`.
    address: String,
}

impl Registry {
    pub(crate) fn new(address: &str) -> Self {
        Self { address: address.to_owned() }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }
}
