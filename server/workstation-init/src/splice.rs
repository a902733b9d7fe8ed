//! Two connections joined: what one says the other hears, each direction ending by itself.

use std::{
    io,
    os::fd::{AsFd, OwnedFd},
};

use rustix::net::{Shutdown, shutdown};

use crate::dial::{Read, read, write};

/// One connection to a published port, and its way to the server.
pub(crate) struct Splice {
    pub(crate) tcp: OwnedFd,
    pub(crate) server: OwnedFd,
    there: Direction,
    back: Direction,
}

/// Which of the two is meant.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Tcp,
    Server,
}

#[derive(Default)]
struct Direction {
    /// Read but not yet written. While it lasts nothing more is read: that is the back-pressure.
    pending: Vec<u8>,
    ended: bool,
}

impl Splice {
    pub(crate) fn new(tcp: OwnedFd, server: OwnedFd) -> Self {
        Self { tcp, server, there: Direction::default(), back: Direction::default() }
    }

    /// Whether to wait until that side can be read.
    pub(crate) fn wants_read(&self, side: Side) -> bool {
        let direction = if side == Side::Tcp { &self.there } else { &self.back };
        !direction.ended && direction.pending.is_empty()
    }

    /// Whether to wait until that side can be written.
    pub(crate) fn wants_write(&self, side: Side) -> bool {
        let direction = if side == Side::Tcp { &self.back } else { &self.there };
        !direction.pending.is_empty()
    }

    /// Moves what can be moved. False when the two have nothing more to say to each other.
    pub(crate) fn pump(&mut self, scratch: &mut [u8]) -> bool {
        let moved = self.there.pump(&self.tcp, &self.server, scratch).and_then(|()| self.back.pump(&self.server, &self.tcp, scratch));
        let finished = |direction: &Direction| direction.ended && direction.pending.is_empty();
        moved.is_ok() && !(finished(&self.there) && finished(&self.back))
    }
}

impl Direction {
    fn pump(&mut self, from: impl AsFd, to: impl AsFd, scratch: &mut [u8]) -> io::Result<()> {
        if !self.pending.is_empty() {
            let count = write(&to, &self.pending)?;
            self.pending.drain(..count);
            if !self.pending.is_empty() {
                return Ok(());
            }
            // Its memory goes too: most connections stand idle most of the time.
            self.pending = Vec::new();
            if self.ended {
                return end(to);
            }
        }
        if self.ended {
            return Ok(());
        }
        match read(from, scratch) {
            Read::Some(count) => {
                let written = write(&to, &scratch[..count])?;
                self.pending.extend_from_slice(&scratch[written..count]);
                Ok(())
            }
            Read::Nothing => Ok(()),
            Read::End => {
                self.ended = true;
                end(to)
            }
        }
    }
}

/// Half-close; that the other side has gone altogether is found out elsewhere.
fn end(to: impl AsFd) -> io::Result<()> {
    match shutdown(to, Shutdown::Write) {
        Ok(()) | Err(rustix::io::Errno::NOTCONN) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
