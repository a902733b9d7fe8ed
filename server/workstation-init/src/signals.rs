//! Signals as something to read: a child ended, or it is time to go.

use std::{io, os::unix::net::UnixStream};

use rustix::process::{Pid, WaitOptions, wait};
use signal_hook::{
    consts::{SIGCHLD, SIGINT, SIGTERM},
    low_level::pipe,
};

use crate::dial::{Read, read};

pub(crate) struct Signals {
    pub(crate) child: UnixStream,
    pub(crate) end: UnixStream,
}

impl Signals {
    pub(crate) fn register() -> io::Result<Self> {
        let (child, child_writer) = UnixStream::pair()?;
        let (end, end_writer) = UnixStream::pair()?;
        child.set_nonblocking(true)?;
        end.set_nonblocking(true)?;
        pipe::register(SIGCHLD, child_writer)?;
        pipe::register(SIGTERM, end_writer.try_clone()?)?;
        pipe::register(SIGINT, end_writer)?;
        Ok(Self { child, end })
    }
}

/// Empties a signal's pipe.
pub(crate) fn drain(pipe: &UnixStream) {
    let mut buffer = [0; 64];
    while let Read::Some(_) = read(pipe, &mut buffer) {}
}

/// Reaps every child that has ended: our shells, and whatever they left to the first process.
pub(crate) fn reap() -> Vec<Pid> {
    let mut ended = Vec::new();
    while let Ok(Some((pid, status))) = wait(WaitOptions::NOHANG) {
        if status.exited() || status.signaled() {
            ended.push(pid);
        }
    }
    ended
}
