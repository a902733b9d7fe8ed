//! The moments in which the engine makes a network: it takes its jumps to DOCKER-USER, where set-up's rules are, and to
//! what keeps networks apart out of the chain FORWARD, and puts them back. In some hundredths of all looks, while
//! somebody makes networks in a loop, they aren't there.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may fail")]

use std::process::Command;

use super::support::{Sandbox, bare};

/// Such a moment, for some sandboxes alone, for as long as this is there: what their networks send comes by none of
/// these jumps.
pub(super) struct MakingANetwork(Vec<String>);

/// A sandbox's networks, by the engine's IDs: a line each.
pub(super) async fn networks_of(sandbox: &Sandbox) -> String {
    let label = format!("label=io.lunchbox.sandbox={}", sandbox.id);
    bare(&["network", "ls", "--quiet", "--filter", &label]).await.ok()
}

impl MakingANetwork {
    pub(super) async fn of(sandboxes: &[&Sandbox]) -> Self {
        let mut bridges = Vec::new();
        for sandbox in sandboxes {
            for network in networks_of(sandbox).await.lines() {
                let format = r#"{{index .Options "com.docker.network.bridge.name"}}"#;
                bridges.push(bare(&["network", "inspect", "--format", format, network]).await.ok().trim().to_owned());
            }
        }
        assert!(bridges.len() >= sandboxes.len() && bridges.iter().all(|bridge| bridge.starts_with("lb")), "{bridges:?}");
        for bridge in &bridges {
            assert!(past("-I", bridge), "iptables is there, and may be used");
        }
        Self(bridges)
    }
}

/// Inserts (`-I`) or removes (`-D`) the rule that goes past the engine's jumps.
fn past(what: &str, bridge: &str) -> bool {
    Command::new("iptables").args(["-w", what, "FORWARD", "-i", bridge, "-j", "ACCEPT"]).status().is_ok_and(|status| status.success())
}

impl Drop for MakingANetwork {
    fn drop(&mut self) {
        for bridge in &self.0 {
            past("-D", bridge);
        }
    }
}
