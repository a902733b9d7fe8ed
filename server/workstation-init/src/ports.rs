//! Published ports: accepted on this machine's localhost, carried to the server. The course registry: the same
//! on this machine's own address, so that containers reach it too.

use std::{
    collections::BTreeMap,
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream},
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
    pub(crate) registry: Option<TcpListener>,
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

    /// At the address that the engine gave this machine, as it wrote it into its list of hosts.
    pub(crate) fn bind_registry(&mut self, port: u16) -> Result<(), Reason> {
        if self.registry.is_some() {
            return Ok(());
        }
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let address = own_address(&read("/etc/hosts"), read("/proc/sys/kernel/hostname").trim()).ok_or(Reason::NotPermitted)?;
        self.registry = Some(listen(SocketAddr::from((address, port))).map_err(|error| reason(&error))?);
        Ok(())
    }

    pub(crate) fn has_room(&self) -> bool {
        self.connections.len() < MAX_CONNECTIONS
    }

    /// Takes one waiting connection, if there still is one, to the server. Where the server isn't
    /// there it is dropped, as a port without a process behind it would.
    pub(crate) fn accept(&mut self, port: u16, which: usize, socket: &Path) {
        let Some(listener) = self.listeners.get(&port).and_then(|listeners| listeners.get(which)) else { return };
        let accepted = listener.accept();
        self.carry(accepted, socket, &Hello::Port { port });
    }

    pub(crate) fn accept_registry(&mut self, socket: &Path) {
        let Some(listener) = &self.registry else { return };
        let accepted = listener.accept();
        self.carry(accepted, socket, &Hello::Registry);
    }

    fn carry(&mut self, accepted: io::Result<(TcpStream, SocketAddr)>, socket: &Path, hello: &Hello<'_>) {
        let Ok((tcp, _)) = accepted else { return };
        if tcp.set_nonblocking(true).is_err() {
            return;
        }
        // Small answers should not wait for company.
        let _ = tcp.set_nodelay(true);
        if let Ok(server) = dial(socket, hello) {
            self.connections.insert(self.next, Splice::new(OwnedFd::from(tcp), server));
            self.next += 1;
        }
    }
}

/// The IPv4 address that a list of hosts (hosts(5)) has for a name.
fn own_address(hosts: &str, hostname: &str) -> Option<Ipv4Addr> {
    hosts.lines().find_map(|line| {
        let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
        let address: Ipv4Addr = words.next()?.parse().ok()?;
        (!address.is_loopback() && words.any(|name| name == hostname)).then_some(address)
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_address_is_the_one_beside_the_hosts_name() {
        let hosts = "127.0.0.1\tlocalhost lunchbox\n::1\tlocalhost ip6-localhost\n# 10.9.9.9 lunchbox\n10.200.0.2\tlunchbox\n";
        assert_eq!(own_address(hosts, "lunchbox"), Some(Ipv4Addr::new(10, 200, 0, 2)));
        assert_eq!(own_address(hosts, "other"), None);
        assert_eq!(own_address("", "lunchbox"), None);
    }
}
