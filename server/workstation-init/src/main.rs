//! The first process of a workstation: keeps the learner's terminals and published ports, and
//! reaps what is left over. It dials the server and never listens for it, so nothing on the host
//! opens a path that a learner could have made; and it runs as the learner, so the server believes
//! it nothing that the learner could not have said themselves.
//!
//! One thread and one `poll` loop: the workstation's memory and its process limit are the learner's.

mod control;
mod dial;
mod line;
mod message;
mod ports;
mod ring;
mod run;
mod signals;
mod splice;
mod terminal;

use std::{path::PathBuf, process::ExitCode};

/// Where the server listens, in a workstation.
const SOCKET: &str = "/run/lunchbox/workstation.sock";
/// Where shells begin.
const HOME: &str = "/root";

/// `lunchbox-init [SOCKET [HOME]]`; both are given by tests only.
fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let socket = arguments.next().unwrap_or_else(|| PathBuf::from(SOCKET));
    let home = arguments.next().unwrap_or_else(|| PathBuf::from(HOME));
    match run::run(socket, home) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("lunchbox-init: {error}");
            ExitCode::FAILURE
        }
    }
}
