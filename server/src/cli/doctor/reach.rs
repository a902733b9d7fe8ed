//! Whether learners' containers can reach this machine's own services: tried, not read from rules.

use super::report::Report;
use crate::{
    config::Config,
    engine::{Engine, Reach},
};

/// Of sandboxes' networks (the gateway names them), and so of the probe's.
const BRIDGE: &str = "lbdoctor";

pub(super) async fn look(config: &Config, report: &mut Report) {
    let Ok(engine) = Engine::new(&config.engine_socket) else { return };
    // Two doctors at once don't meet.
    let bridge = format!("{BRIDGE}{:x}", std::process::id() % 0xff_ffff);
    match engine.reaches_host(&config.sandboxes.workstation_image, &bridge).await {
        Ok(Reach::KeptOut) => report.good("Learners' containers can't reach this machine's own services"),
        Ok(Reach::Reached) => report.note(
            "Learners' containers reach this machine's own services (SSH, say) by their network's gateway address",
            "As root: server/setup/firewall.sh. ./lunchbox setup runs it too; after a reboot it must be run again.",
        ),
        Ok(Reach::Elsewhere) => report.good("The engine's networks are not on this machine: containers can't reach its services by them"),
        Err(error) => report.note(format!("What containers reach could not be tried: {error}"), "Run doctor again."),
    }
}
