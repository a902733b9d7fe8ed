//! The commands of the binary.

pub mod backup;
pub mod doctor;
pub mod instructors;
pub mod lint;
pub mod sandbox;
pub mod serve;

use std::{
    fmt::Display,
    io::{self, Write as _},
    process::ExitCode,
};

use crate::{
    config::{Config, Flags},
    logging,
};

/// A hands-on Docker classroom in the browser.
#[derive(Debug, clap::Parser)]
#[command(name = "lunchbox", version, about)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Serve the lessons
    Serve(Flags),
    /// Say what is wrong with this machine, and what to do
    Doctor(Flags),
    /// Look for mistakes in the lessons
    Lint(lint::LintArgs),
    /// A one-time link that makes an instructor's account, or sets a forgotten password
    InstructorLink {
        #[command(flatten)]
        flags: Flags,
        #[command(flatten)]
        args: instructors::LinkArgs,
    },
    /// Write the whole database to a new file, while the server runs
    Backup {
        #[command(flatten)]
        flags: Flags,
        #[command(flatten)]
        args: backup::FileArgs,
    },
    /// Put a backup in the database's place; the server must not run. What was there is kept
    Restore {
        #[command(flatten)]
        flags: Flags,
        #[command(flatten)]
        args: backup::FileArgs,
    },
    /// One throwaway sandbox for any Docker client; prints its DOCKER_HOST
    Sandbox {
        #[command(flatten)]
        flags: Flags,
        #[command(flatten)]
        args: sandbox::SandboxArgs,
    },
}

/// Does what was asked; what went wrong is on standard error.
pub fn run(cli: Cli) -> ExitCode {
    match cli.command {
        Command::Serve(flags) => with(&flags, |config| async move { serve::run(config).await.map(|()| ExitCode::SUCCESS) }),
        Command::Doctor(flags) => with(&flags, |config| async move { doctor::run(&config).await }),
        Command::Lint(args) => lint::run(&args).unwrap_or_else(fail),
        Command::InstructorLink { flags, args } => with(&flags, |config| async move { instructors::link(&config, args).await }),
        Command::Backup { flags, args } => with(&flags, |config| async move { backup::back_up(&config, args).await }),
        Command::Restore { flags, args } => with(&flags, |config| async move { backup::restore(&config, args).await }),
        Command::Sandbox { flags, args } => with(&flags, |config| async move { sandbox::run(args, config.gateway("sandbox")).await }),
    }
}

/// Reads the settings, starts the log, and runs.
fn with<F, E>(flags: &Flags, run: impl FnOnce(Config) -> F) -> ExitCode
where
    F: Future<Output = Result<ExitCode, E>>,
    E: std::error::Error,
{
    let config = match Config::load(flags) {
        Ok(config) => config,
        Err(error) => return fail(error),
    };
    logging::start(&config.log);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(error),
    };
    runtime.block_on(run(config)).unwrap_or_else(|error| fail(reasons(&error)))
}

/// An error with its causes, where they are not in its text already.
fn reasons(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let deeper = error.to_string();
        if !text.contains(&deeper) {
            text = format!("{text}: {deeper}");
        }
        cause = error.source();
    }
    text
}

fn fail(error: impl Display) -> ExitCode {
    // Where even that can't be written, the exit code must do.
    let _ = writeln!(io::stderr(), "lunchbox: {error}");
    ExitCode::FAILURE
}
