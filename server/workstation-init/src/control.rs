//! The control connection: dialled again for as long as the workstation lives.

use std::{
    io,
    os::fd::OwnedFd,
    path::Path,
    time::{Duration, Instant},
};

use serde::Serialize;

use crate::{
    dial::{Read, dial, read, write},
    line::Lines,
    message::{Hello, line},
};

/// The first wait before dialling again, and the longest. The longest is how long a learner's
/// screen may stand still after a server's restart.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(500));
/// Bytes that a server which doesn't read may leave unread before we give it up.
const MAX_UNSENT_BYTES: usize = 64 * 1024;

pub(crate) enum Control {
    Away { again_at: Instant, wait: Duration },
    Here(Connection),
}

pub(crate) struct Connection {
    pub(crate) fd: OwnedFd,
    lines: Lines,
    unsent: Vec<u8>,
}

impl Control {
    pub(crate) fn new() -> Self {
        Self::Away { again_at: Instant::now(), wait: BACK_OFF.0 }
    }

    /// Dials when it is time to. True when there is a new connection.
    pub(crate) fn try_dial(&mut self, socket: &Path) -> bool {
        let Self::Away { again_at, wait } = self else { return false };
        let now = Instant::now();
        if now < *again_at {
            return false;
        }
        match dial(socket, &Hello::Control) {
            Ok(fd) => {
                *self = Self::Here(Connection { fd, lines: Lines::default(), unsent: Vec::new() });
                true
            }
            Err(_) => {
                *again_at = now + *wait;
                *wait = (*wait * 2).min(BACK_OFF.1);
                false
            }
        }
    }

    /// When there is something to do without anything having happened.
    pub(crate) fn wake_at(&self) -> Option<Instant> {
        match self {
            Self::Away { again_at, .. } => Some(*again_at),
            Self::Here(_) => None,
        }
    }

    /// Tells the server, if it is there: it hears all that matters when it comes back.
    pub(crate) fn send(&mut self, message: &impl Serialize) {
        let Self::Here(connection) = self else { return };
        connection.unsent.extend_from_slice(&line(message));
        self.flush();
    }

    pub(crate) fn flush(&mut self) {
        let Self::Here(connection) = self else { return };
        match write(&connection.fd, &connection.unsent) {
            Ok(count) => {
                connection.unsent.drain(..count);
                if connection.unsent.len() > MAX_UNSENT_BYTES {
                    self.lost();
                }
            }
            Err(_) => self.lost(),
        }
    }

    /// The lines that have come.
    pub(crate) fn receive(&mut self, scratch: &mut [u8]) -> Vec<Vec<u8>> {
        let Self::Here(connection) = self else { return Vec::new() };
        let lines = match read(&connection.fd, scratch) {
            Read::Some(count) => connection.lines.push(&scratch[..count]).map_err(|_| io::ErrorKind::InvalidData),
            Read::Nothing => Ok(Vec::new()),
            Read::End => Err(io::ErrorKind::UnexpectedEof),
        };
        lines.unwrap_or_else(|_| {
            self.lost();
            Vec::new()
        })
    }

    /// Not at once: a server that takes connections only to drop them must not keep us busy.
    fn lost(&mut self) {
        *self = Self::Away { again_at: Instant::now() + BACK_OFF.0, wait: BACK_OFF.0 * 2 };
    }
}

impl Connection {
    pub(crate) fn has_unsent(&self) -> bool {
        !self.unsent.is_empty()
    }
}
