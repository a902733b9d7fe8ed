//! Connections to the server's socket, and reads and writes that never wait.

use std::{
    io,
    os::{
        fd::{AsFd, OwnedFd},
        unix::ffi::OsStrExt,
    },
    path::Path,
};

use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};

use crate::message::{Hello, line};

/// Connects and says what the connection is for.
///
/// # Errors
/// Where the server isn't there, or (`WouldBlock`) has more connections waiting than it takes.
pub(crate) fn dial(socket: &Path, hello: &Hello<'_>) -> io::Result<OwnedFd> {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let fd = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    connect(&fd, &SocketAddrUnix::new(socket.as_os_str().as_bytes())?)?;
    let hello = line(hello);
    // A new socket has room for a line; where it doesn't, something is wrong with it.
    if rustix::io::write(&fd, &hello)? != hello.len() {
        return Err(io::ErrorKind::WouldBlock.into());
    }
    Ok(fd)
}

/// What came of a read.
pub(crate) enum Read {
    Some(usize),
    /// Nothing there now.
    Nothing,
    /// The other side has ended, or the connection has failed.
    End,
}

pub(crate) fn read(fd: impl AsFd, buffer: &mut [u8]) -> Read {
    loop {
        match rustix::io::read(&fd, &mut *buffer) {
            Ok(0) => return Read::End,
            Ok(count) => return Read::Some(count),
            Err(rustix::io::Errno::INTR) => {}
            Err(rustix::io::Errno::AGAIN) => return Read::Nothing,
            Err(_) => return Read::End,
        }
    }
}

/// Writes as much as goes in now; how much that was.
///
/// # Errors
/// Where the other side takes no more, ever.
pub(crate) fn write(fd: impl AsFd, bytes: &[u8]) -> io::Result<usize> {
    loop {
        match rustix::io::write(&fd, bytes) {
            Ok(count) => return Ok(count),
            Err(rustix::io::Errno::INTR) => {}
            Err(rustix::io::Errno::AGAIN) => return Ok(0),
            Err(error) => return Err(error.into()),
        }
    }
}
