//! Published ports: accepted on this machine's localhost, carried to the server.

use std::{
    collections::BTreeMap,
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener},
    os::fd::OwnedFd,
    path::Path,
};

use crate::{
    dial::dial,
    message::{Hello, Reason},
    splice::Splice,
};

/// Connections open at once, on all ports together; more wait in the kernel's queue.
pub(crate) const MAX_CONNECTIONS: usize = 64;
/// Ports bound at once.
const MAX_PORTS: usize = 64;

#[derive(Default)]
pub(crate) struct Ports {
    pub(crate) listeners: BTreeMap<u16, Vec<TcpListener>>,
    pub(crate) connections: BTreeMap<u64, Splice>,
    next: u64,
}

impl Ports {
    /// Binding what is bound already is success.
    pub(crate) fn bind(&mut self, port: u16) -> Result<(), Reason> {
        if self.listeners.contains_key(&port) {
            return Ok(());
        }
        if self.listeners.len() >= MAX_PORTS {
            return Err(Reason::TooMany);
        }
        let mut listeners = vec![listen(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).map_err(|error| reason(&error))?];
        match listen(SocketAddr::from((Ipv6Addr::LOCALHOST, port))) {
            Ok(listener) => listeners.push(listener),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => return Err(Reason::InUse),
            // No IPv6 here: `localhost` is 127.0.0.1 alone.
            Err(_) => {}
        }
        self.listeners.insert(port, listeners);
        Ok(())
    }

    /// Connections that are open go on until they end.
    pub(crate) fn release(&mut self, port: u16) {
        self.listeners.remove(&port);
    }

    pub(crate) fn has_room(&self) -> bool {
        self.connections.len() < MAX_CONNECTIONS
    }

    /// Takes one waiting connection, if there still is one, to the server. Where the server isn't
    /// there it is dropped, as a port without a process behind it would.
    pub(crate) fn accept(&mut self, port: u16, which: usize, socket: &Path) {
        let Some(listener) = self.listeners.get(&port).and_then(|listeners| listeners.get(which)) else { return };
        let Ok((tcp, _)) = listener.accept() else { return };
        if tcp.set_nonblocking(true).is_err() {
            return;
        }
        // Small answers should not wait for company.
        let _ = tcp.set_nodelay(true);
        if let Ok(server) = dial(socket, &Hello::Port { port }) {
            self.connections.insert(self.next, Splice::new(OwnedFd::from(tcp), server));
            self.next += 1;
        }
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

fn reason(error: &io::Error) -> Reason {
    match error.kind() {
        io::ErrorKind::AddrInUse => Reason::InUse,
        _ => Reason::NotPermitted,
    }
}
