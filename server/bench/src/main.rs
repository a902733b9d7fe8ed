//! `./lunchbox bench class`: a whole class joins at once, and the same class on a Docker daemon a
//! learner beside it, in the same run on the same machine.
//!
//! Each learner is a real one as far as the server can tell: a session, the Start button's request,
//! a terminal over a WebSocket, `docker pull` typed into it. Nothing is timed inside the server.

mod class;
mod learner;
mod machine;
mod peer;
mod serving;
mod table;

use std::path::PathBuf;

use clap::Parser;

/// Measures time to a prompt, time to pulled images, memory and disk, for whole classes.
#[derive(Parser, Debug)]
struct Arguments {
    /// Class sizes, each measured in turn.
    #[arg(long, value_delimiter = ',', default_value = "10,30")]
    learners: Vec<usize>,
    /// Lunchbox's own binary: each class gets a server of its own, with a seat for each learner.
    #[arg(long, default_value = "target/release/lunchbox")]
    binary: PathBuf,
    /// Where that server serves, on loopback.
    #[arg(long, default_value_t = 3099)]
    port: u16,
    /// Where that server's log goes.
    #[arg(long, default_value = ".lunchbox/log/bench-server.log")]
    log: PathBuf,
    /// What the learners pull first, as they type it: no host has it.
    #[arg(long, default_value = "lunchbox-bench")]
    image: String,
    /// What they pull then: of a course, which Lunchbox's engine has since set-up.
    #[arg(long, default_value = "lunchbox-bench-course")]
    course_image: String,
    /// The course registry as the engine reaches it.
    #[arg(long, default_value = "127.0.0.1:5055")]
    registry: String,
    /// Image of a Docker daemon with a shell, for the peer.
    #[arg(long, default_value = "lunchbox-bench-daemon:latest")]
    peer_image: String,
    /// The network on which the peer's daemons reach the registry, and its name there.
    #[arg(long, default_value = "lunchbox-registry")]
    peer_network: String,
    /// Leaves the peer out (its figures are then missing from the table, and the table says so).
    #[arg(long)]
    without_peer: bool,
}

#[tokio::main]
async fn main() -> Result<(), String> {
    let arguments = Arguments::parse();
    let mut rows = Vec::new();
    for &learners in &arguments.learners {
        eprintln!("Lunchbox, {learners} learners at once …");
        let wanted = serving::Wanted {
            binary: arguments.binary.clone(),
            port: arguments.port,
            registry: arguments.registry.clone(),
            log: arguments.log.clone(),
        };
        rows.push(class::measure("Lunchbox", learners, &class::Lunchbox::new(wanted, &arguments.image, &arguments.course_image)).await?);
        if arguments.without_peer {
            continue;
        }
        eprintln!("a Docker daemon each, {learners} learners at once …");
        rows.push(
            class::measure(
                "a daemon each",
                learners,
                &peer::Daemons::new(&arguments.peer_image, &arguments.peer_network, &arguments.image, &arguments.course_image),
            )
            .await?,
        );
    }
    table::print(&rows);
    Ok(())
}
