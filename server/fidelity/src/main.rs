//! `./lunchbox fidelity`: the same docker command lines on a bare engine and in a sandbox, compared.
//!
//! Both hosts begin empty. Each line of `commands.txt` is run on both by the same stock CLI; what was
//! printed and the exit code must be the same once IDs, times and addresses are levelled. What differs for
//! a reason is in `differences.txt`, down to the line: anything else fails, and so does an entry that is no
//! longer true.

mod commands;
mod compare;
mod diff;
mod expected;
mod hosts;
mod level;
mod report;
mod run;

use std::{path::PathBuf, process::ExitCode};

use clap::Parser;

use crate::{
    compare::Compared,
    expected::Expected,
    hosts::{Bare, Sandbox},
    run::Place,
};

/// Runs the same docker commands on a bare engine and in a sandbox, and compares what they say.
#[derive(Parser, Debug)]
struct Arguments {
    /// The commands, their files and the differences that are expected
    #[arg(long, default_value = "server/fidelity")]
    folder: PathBuf,
    /// The docker command line that both sides are asked with
    #[arg(long, default_value = "docker")]
    docker: PathBuf,
    /// Lunchbox's own binary
    #[arg(long, default_value = "target/release/lunchbox")]
    binary: PathBuf,
    /// Image of a Docker daemon with all of Docker Hub that a course needs
    #[arg(long, default_value = "lunchbox-fidelity-engine:latest")]
    engine_image: String,
    /// The network on which that daemon finds the course registry
    #[arg(long, default_value = "lunchbox-registry")]
    network: String,
    /// The course registry, as the sandbox's engine reaches it
    #[arg(long, default_value = "127.0.0.1:5055")]
    registry: String,
    /// Where the sandbox's log goes
    #[arg(long, default_value = ".lunchbox/log/fidelity-sandbox.log")]
    log: PathBuf,
    /// Only groups whose title has this in it (entries of others are then not looked at)
    #[arg(long)]
    group: Option<String>,
    /// Writes what differs into differences.txt; a new entry's reason is then yours to give
    #[arg(long, conflicts_with = "group")]
    write: bool,
    /// Prints everything that both sides said, as it was
    #[arg(long)]
    verbose: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    match check(Arguments::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("✗ {error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether both hosts are alike, but for what is expected.
async fn check(arguments: Arguments) -> Result<bool, String> {
    let read = |name: &str| {
        let path = arguments.folder.join(name);
        std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))
    };
    let mut groups = commands::parse(&read("commands.txt")?)?;
    if let Some(wanted) = &arguments.group {
        groups.retain(|group| group.title.contains(wanted.as_str()));
    }
    let mut expected = Expected::parse(&read("differences.txt")?)?;
    expected.keep_groups(&groups);

    let folder = tempfile::Builder::new().prefix("lunchbox-fidelity-").tempdir().map_err(|error| error.to_string())?;
    let bare = Bare::start(folder.path(), &arguments.engine_image, &arguments.network).await?;
    let sandbox = match Sandbox::start(&arguments.binary, &arguments.registry, &arguments.log).await {
        Ok(sandbox) => sandbox,
        Err(error) => {
            bare.remove().await;
            return Err(error);
        }
    };
    let done = tokio::select! {
        done = side_by_side(&arguments, &groups, folder.path(), &bare, &sandbox) => done,
        _ = tokio::signal::ctrl_c() => Err("interrupted".to_owned()),
    };
    let (sandbox, ()) = tokio::join!(sandbox.remove(), bare.remove());
    let compared = done?;
    sandbox?;

    if arguments.write && compared.iter().all(|one| one.ran) {
        let path = arguments.folder.join("differences.txt");
        std::fs::write(&path, expected.rewritten(&compared)).map_err(|error| format!("{}: {error}", path.display()))?;
        expected = Expected::parse(&read("differences.txt")?)?;
        expected.keep_groups(&groups);
    }
    report::print(&mut std::io::stdout().lock(), &groups, &compared, &expected).map_err(|error| error.to_string())
}

async fn side_by_side(
    arguments: &Arguments,
    groups: &[commands::Group],
    folder: &std::path::Path,
    bare: &Bare,
    sandbox: &Sandbox,
) -> Result<Vec<Compared>, String> {
    let files = arguments.folder.join("files");
    let bare = Place::make(folder.join("bare"), &files, &arguments.docker, bare.docker_host()).await?;
    let sandbox = Place::make(folder.join("lbox"), &files, &arguments.docker, sandbox.docker_host()).await?;
    let mut compared = Vec::new();
    for group in groups {
        eprintln!("  {} ({})", group.title, group.commands.len());
        for command in &group.commands {
            let (left, right) = tokio::join!(bare.run(&command.line), sandbox.run(&command.line));
            let (left, right) = (left?, right?);
            if arguments.verbose {
                eprintln!("$ {}\n--- bare\n{left}--- sandbox\n{right}", command.line);
            }
            if let Some(undo) = &command.undo {
                let (left, right) = tokio::join!(bare.run(undo), sandbox.run(undo));
                left.and(right)?;
            }
            compared.push(compare::compare(&group.title, command, [(&bare, left), (&sandbox, right)]));
        }
    }
    Ok(compared)
}
