//! The loop: wait until something can be done, do it, again.

use std::{
    collections::BTreeMap,
    io,
    os::fd::{AsFd, BorrowedFd},
    path::PathBuf,
    time::{Duration, Instant},
};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::{
    control::Control,
    dial::dial,
    message::{Hello, Reason, Report, Request, Size, Verb},
    ports::Ports,
    signals::{Signals, drain, reap},
    splice::Side,
    terminal::{Leaving, Terminal},
};

/// Terminals at once.
const MAX_TERMINALS: usize = 4;
/// Characters of a terminal's name.
const MAX_TERMINAL_NAME: usize = 8;
/// Bytes moved in one go.
const SCRATCH_BYTES: usize = 16 * 1024;
/// How long shells, and what runs in them, have to end by themselves when they are told to.
const FAREWELL: Duration = Duration::from_secs(1);
/// The terminal that is there from the beginning, so that its prompt is ready when someone comes.
const FIRST_TERMINAL: Size = Size { terminal: String::new(), cols: 80, rows: 24 };
const FIRST_TERMINAL_NAME: &str = "1";

pub(crate) fn run(socket: PathBuf, home: PathBuf) -> io::Result<()> {
    let signals = Signals::register()?;
    let mut init = Init {
        socket,
        home,
        control: Control::new(),
        terminals: BTreeMap::new(),
        leaving: Vec::new(),
        ports: Ports::default(),
        leave_at: None,
    };
    // Without a shell now there may be one when somebody asks for it.
    let _ = init.open(&Size { terminal: FIRST_TERMINAL_NAME.to_owned(), ..FIRST_TERMINAL });
    let mut scratch = vec![0; SCRATCH_BYTES];
    loop {
        if init.control.try_dial(&init.socket) {
            let terminals = init.terminals.keys().map(String::as_str).collect();
            init.control.send(&Report::Terminals { terminals });
        }
        if init.leave_at.is_some_and(|at| init.terminals.is_empty() || Instant::now() >= at) {
            return Ok(());
        }
        for what in init.wait(&signals)? {
            init.handle(what, &signals, &mut scratch);
        }
        init.bury();
        init.kill_late();
    }
}

struct Init {
    socket: PathBuf,
    home: PathBuf,
    control: Control,
    terminals: BTreeMap<String, Terminal>,
    /// What ran in terminals before they were renewed, until it has ended.
    leaving: Vec<Leaving>,
    ports: Ports,
    /// Set when we have been told to end.
    leave_at: Option<Instant>,
}

/// What something can be done about.
enum Ready {
    ChildEnded,
    End,
    ControlRead,
    ControlWrite,
    Output(String),
    Input(String),
    Showing(String),
    Typing(String),
    Accept { port: u16, which: usize },
    AcceptRegistry,
    Splice(u64),
}

impl Init {
    fn wait(&self, signals: &Signals) -> io::Result<Vec<Ready>> {
        let mut watched: Vec<(BorrowedFd<'_>, PollFlags, Ready)> =
            vec![(signals.child.as_fd(), PollFlags::IN, Ready::ChildEnded), (signals.end.as_fd(), PollFlags::IN, Ready::End)];
        if let Control::Here(connection) = &self.control {
            watched.push((connection.fd.as_fd(), PollFlags::IN, Ready::ControlRead));
            if connection.has_unsent() {
                watched.push((connection.fd.as_fd(), PollFlags::OUT, Ready::ControlWrite));
            }
        }
        for (name, terminal) in &self.terminals {
            if terminal.wants_output() {
                watched.push((terminal.master.as_fd(), PollFlags::IN, Ready::Output(name.clone())));
            }
            if terminal.wants_input() {
                watched.push((terminal.master.as_fd(), PollFlags::OUT, Ready::Input(name.clone())));
            }
            if let Some(viewer) = &terminal.viewer {
                if terminal.wants_showing() {
                    watched.push((viewer.fd.as_fd(), PollFlags::OUT, Ready::Showing(name.clone())));
                }
                if terminal.wants_typing() {
                    watched.push((viewer.fd.as_fd(), PollFlags::IN, Ready::Typing(name.clone())));
                }
            }
        }
        if self.ports.has_room() {
            for (port, listeners) in &self.ports.listeners {
                for (which, listener) in listeners.iter().enumerate() {
                    watched.push((listener.as_fd(), PollFlags::IN, Ready::Accept { port: *port, which }));
                }
            }
            if let Some(listener) = &self.ports.registry {
                watched.push((listener.as_fd(), PollFlags::IN, Ready::AcceptRegistry));
            }
        }
        for (key, splice) in &self.ports.connections {
            for (side, fd) in [(Side::Tcp, &splice.tcp), (Side::Server, &splice.server)] {
                let mut flags = PollFlags::empty();
                flags.set(PollFlags::IN, splice.wants_read(side));
                flags.set(PollFlags::OUT, splice.wants_write(side));
                // With no flag at all `poll` would still tell of a hang-up, again and again.
                if !flags.is_empty() {
                    watched.push((fd.as_fd(), flags, Ready::Splice(*key)));
                }
            }
        }
        let mut polled: Vec<PollFd<'_>> = watched.iter().map(|(fd, flags, _)| PollFd::from_borrowed_fd(*fd, *flags)).collect();
        match poll(&mut polled, self.timeout().as_ref()) {
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        }
        let happened: Vec<bool> = polled.iter().map(|fd| !fd.revents().is_empty()).collect();
        drop(polled);
        Ok(watched.into_iter().zip(happened).filter(|(_, happened)| *happened).map(|((_, _, what), _)| what).collect())
    }

    fn timeout(&self) -> Option<Timespec> {
        let kill_at = self.leaving.iter().map(|leaving| leaving.kill_at).min();
        let at = [self.control.wake_at(), self.leave_at, kill_at].into_iter().flatten().min()?;
        let left = at.saturating_duration_since(Instant::now());
        Some(Timespec { tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX), tv_nsec: left.subsec_nanos().into() })
    }

    fn handle(&mut self, what: Ready, signals: &Signals, scratch: &mut [u8]) {
        match what {
            Ready::ChildEnded => {
                drain(&signals.child);
                for pid in reap() {
                    if let Some(terminal) = self.terminals.values_mut().find(|terminal| terminal.shell == pid) {
                        terminal.end(scratch);
                    }
                    self.leaving.iter_mut().for_each(|leaving| leaving.reaped(pid));
                }
            }
            Ready::End => {
                drain(&signals.end);
                self.leave_at.get_or_insert_with(|| Instant::now() + FAREWELL);
                self.terminals.values().for_each(Terminal::hang_up);
            }
            Ready::ControlRead => {
                for line in self.control.receive(scratch) {
                    self.answer(&line, scratch);
                }
            }
            Ready::ControlWrite => self.control.flush(),
            Ready::Output(name) => self.with(&name, |terminal| terminal.read_output(scratch)),
            Ready::Input(name) => self.with(&name, Terminal::type_in),
            Ready::Showing(name) => self.with(&name, Terminal::show),
            Ready::Typing(name) => self.with(&name, |terminal| terminal.read_typing(scratch)),
            Ready::Accept { port, which } => {
                if self.ports.has_room() {
                    self.ports.accept(port, which, &self.socket);
                }
            }
            Ready::AcceptRegistry => {
                if self.ports.has_room() {
                    self.ports.accept_registry(&self.socket);
                }
            }
            Ready::Splice(key) => {
                if self.ports.connections.get_mut(&key).is_some_and(|splice| !splice.pump(scratch)) {
                    self.ports.connections.remove(&key);
                }
            }
        }
    }

    fn with(&mut self, name: &str, act: impl FnOnce(&mut Terminal)) {
        if let Some(terminal) = self.terminals.get_mut(name) {
            act(terminal);
        }
    }

    fn answer(&mut self, line: &[u8], scratch: &mut [u8]) {
        let Ok(Request { n, verb }) = serde_json::from_slice(line) else {
            // Without its number there is nobody to tell but by the number of none.
            self.control.send(&Report::Error { error: 0, reason: Reason::NotUnderstood });
            return;
        };
        let done = match verb {
            Verb::Open(size) => self.open(&size),
            Verb::Resize(size) => {
                self.terminals.get(&size.terminal).map(|terminal| terminal.resize(size.cols, size.rows)).ok_or(Reason::NoTerminal)
            }
            Verb::Attach(name) => self.attach(&name),
            Verb::Renew(name) => self.renew(&name, scratch),
            Verb::Bind(port) => self.ports.bind(port),
            Verb::Registry(port) => self.ports.bind_registry(port),
            Verb::Release(port) => {
                self.ports.release(port);
                Ok(())
            }
        };
        match done {
            Ok(()) => self.control.send(&Report::Ok { ok: n }),
            Err(reason) => self.control.send(&Report::Error { error: n, reason }),
        }
    }

    fn open(&mut self, size: &Size) -> Result<(), Reason> {
        let valid = (1..=MAX_TERMINAL_NAME).contains(&size.terminal.len()) && size.terminal.bytes().all(|b| b.is_ascii_alphanumeric());
        if !valid || size.cols == 0 || size.rows == 0 {
            return Err(Reason::NotUnderstood);
        }
        if let Some(terminal) = self.terminals.get(&size.terminal)
            && !terminal.has_ended()
        {
            terminal.resize(size.cols, size.rows);
            return Ok(());
        }
        if self.terminals.len() >= MAX_TERMINALS && !self.terminals.contains_key(&size.terminal) {
            return Err(Reason::TooMany);
        }
        let terminal = Terminal::open(size.cols, size.rows, &self.home).map_err(|_| Reason::NoShell)?;
        self.terminals.insert(size.terminal.clone(), terminal);
        Ok(())
    }

    fn attach(&mut self, name: &str) -> Result<(), Reason> {
        let terminal = self.terminals.get_mut(name).ok_or(Reason::NoTerminal)?;
        let fd = dial(&self.socket, &Hello::Terminal { terminal: name }).map_err(|_| Reason::NoConnection)?;
        terminal.attach(fd);
        Ok(())
    }

    /// At once, whatever runs in the terminal; that has [`FAREWELL`] to end by itself. Where nobody has typed yet, the
    /// shell is fresh: so it does no harm to ask twice.
    fn renew(&mut self, name: &str, scratch: &mut [u8]) -> Result<(), Reason> {
        let terminal = self.terminals.get_mut(name).ok_or(Reason::NoTerminal)?;
        if terminal.is_fresh() {
            return Ok(());
        }
        let kill_at = Instant::now() + FAREWELL;
        let (old, done) = match terminal.renewed(&self.home, scratch) {
            Ok(fresh) => (self.terminals.insert(name.to_owned(), fresh), Ok(())),
            // What goes makes room: the next shell that is asked for may be had.
            Err(_) => {
                self.control.send(&Report::Exited { exited: name });
                (self.terminals.remove(name), Err(Reason::NoShell))
            }
        };
        self.leaving.extend(old.map(|old| old.leave(kill_at)));
        done
    }

    /// What was told to hang up and goes on all the same.
    fn kill_late(&mut self) {
        let now = Instant::now();
        self.leaving.retain(|leaving| {
            let is_late = now >= leaving.kill_at;
            if is_late {
                leaving.kill();
            }
            !is_late
        });
    }

    /// Terminals whose shell has ended, once their last words have been shown.
    fn bury(&mut self) {
        let over: Vec<String> = self.terminals.iter().filter(|(_, terminal)| terminal.is_over()).map(|(name, _)| name.clone()).collect();
        for name in over {
            // Told before the connection ends, so that the server knows why it does.
            self.control.send(&Report::Exited { exited: &name });
            self.terminals.remove(&name);
        }
    }
}
