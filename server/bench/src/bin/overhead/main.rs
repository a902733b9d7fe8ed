//! `./lunchbox bench overhead`: what the gateway adds to whole commands, and what an open stream costs.
//!
//! Each command is typed at the engine's own socket and at a sandbox's, in turn, by the same stock CLI, and
//! timed from outside. A ratio is the median of the rounds' own: a machine that is slower for a while is so for both.

mod commands;
mod host;
mod memory;
mod table;

use std::path::PathBuf;

use clap::Parser;

/// Times docker commands on the engine itself and through the gateway, side by side.
#[derive(Parser, Debug)]
struct Arguments {
    /// How often each command is run on either
    #[arg(long, default_value_t = 40)]
    rounds: usize,
    /// How often each that moves 100 MB
    #[arg(long, default_value_t = 20)]
    heavy_rounds: usize,
    /// Streams that are open at once when memory is read; a sandbox may have 64
    #[arg(long, default_value_t = 64)]
    streams: usize,
    /// The engine's own socket
    #[arg(long, default_value = "unix:///var/run/docker.sock")]
    engine: String,
    /// Lunchbox's own binary
    #[arg(long, default_value = "target/release/lunchbox")]
    binary: PathBuf,
    /// The course registry
    #[arg(long, default_value = "127.0.0.1:5055")]
    registry: String,
    /// Where the sandbox's log goes
    #[arg(long, default_value = ".lunchbox/log/overhead-sandbox.log")]
    log: PathBuf,
    /// Only commands whose title has this in it, and no memory
    #[arg(long)]
    only: Option<String>,
}

#[tokio::main]
async fn main() -> Result<(), String> {
    let arguments = Arguments::parse();
    let folder = std::env::temp_dir().join(format!("lunchbox-overhead-{}", std::process::id()));
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let done = tokio::select! {
        done = measure(&arguments, &folder) => done,
        _ = tokio::signal::ctrl_c() => Err("interrupted".to_owned()),
    };
    std::fs::remove_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    done
}

async fn measure(arguments: &Arguments, folder: &std::path::Path) -> Result<(), String> {
    let engine = host::Host::engine(&arguments.engine, &arguments.registry);
    let sandbox = host::Sandbox::open(&arguments.binary, &arguments.registry, &arguments.log).await?;
    let rows = commands::measure(arguments, folder, &engine, sandbox.host()).await;
    engine.clean().await;
    sandbox.remove().await?;
    table::commands(&rows?);
    if arguments.only.is_none() {
        let mut rows = Vec::new();
        for kind in memory::Kind::ALL {
            // A process of its own for each: what one kind has left in it is not the next one's.
            let sandbox = host::Sandbox::open(&arguments.binary, &arguments.registry, &arguments.log).await?;
            let row = memory::measure(&sandbox, kind, arguments.streams).await;
            sandbox.remove().await?;
            rows.push(row?);
        }
        table::memory(&rows);
    }
    Ok(())
}
