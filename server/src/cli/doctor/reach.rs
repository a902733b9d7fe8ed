//! Whether learners' containers can reach this machine's own services, and flood what others use too: tried, not
//! read from rules.

use super::report::Report;
use crate::{
    config::Config,
    engine::{Engine, Reach},
};

/// Of sandboxes' networks (the gateway names them), and so of the probe's.
const BRIDGE: &str = "lbdoctor";
const FIREWALL: &str = "As root: server/setup/firewall.sh. ./lunchbox setup runs it too; after a reboot it must be run again.";

pub(super) async fn look(config: &Config, report: &mut Report) {
    let Ok(engine) = Engine::new(&config.engine_socket) else { return };
    // Two doctors at once don't meet.
    let bridge = format!("{BRIDGE}{:x}", std::process::id() % 0xff_ffff);
    let probed = match engine.reaches_host(&config.sandboxes.workstation_image, &bridge).await {
        Ok(probed) => probed,
        Err(error) => return report.note(format!("What containers reach could not be tried: {error}"), "Run doctor again."),
    };
    match probed.reach {
        Reach::KeptOut => report.good("Learners' containers can't reach this machine's own services"),
        Reach::Reached => {
            report.note("Learners' containers reach this machine's own services (SSH, say) by their network's gateway address", FIREWALL)
        }
        Reach::Elsewhere => {
            return report.good("The engine's networks are not on this machine: containers can't reach its services by them");
        }
    }
    if probed.limited {
        report.good("Learners' containers can't flood the network: what they send is limited");
    } else {
        report.note(
            "Learners' containers can send without limit: one can fill the line, and the kernel's table of connections, for everybody",
            FIREWALL,
        );
    }
}
