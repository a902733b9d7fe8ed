//! One terminal: a PTY, the shell in it, its last output, and who looks at it.

use std::{
    io,
    os::fd::{AsFd, OwnedFd},
    path::Path,
    time::Instant,
};

use pty_process::blocking::{Command, open};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::{
    dial::{Read, read, write},
    ring::{CAPACITY, Ring},
};

/// Bytes of output that whoever looks has not yet taken, after which the PTY is read no more: then
/// the program in it waits, and nothing is lost. Less than the ring, so that the ring holds them.
const MAX_BACKLOG_BYTES: u64 = 64 * 1024;
/// Most bytes read from a shell that has ended, which nobody else can add to.
const MAX_LAST_WORDS_BYTES: usize = CAPACITY / 2;
/// Puts a terminal into the state in which it began (RIS): what ran in it may have left it in another.
const FRESH_SCREEN: &[u8] = b"\x1bc";

pub(crate) struct Terminal {
    pub(crate) master: OwnedFd,
    pub(crate) shell: Pid,
    ring: Ring,
    pub(crate) viewer: Option<Viewer>,
    /// The shell has ended: what is left is to show its last words.
    ended: bool,
    /// Something was typed in it.
    used: bool,
}

/// What ran in a terminal that has a fresh shell now: it was told to hang up, and is killed where it doesn't.
pub(crate) struct Leaving {
    /// `None` once it has ended: its number may be another's from then on.
    shell: Option<Pid>,
    /// The processes that had the terminal's keys, where that was not the shell itself.
    foreground: Option<Pid>,
    pub(crate) kill_at: Instant,
}

/// The connection of whoever looks.
pub(crate) struct Viewer {
    pub(crate) fd: OwnedFd,
    /// The ring's offset up to which they have it all.
    sent: u64,
    /// Typed, but not yet taken by the PTY.
    typed: Vec<u8>,
}

impl Terminal {
    /// A login shell in a new PTY.
    pub(crate) fn open(cols: u16, rows: u16, home: &Path) -> io::Result<Self> {
        let (pty, pts) = open().map_err(io::Error::other)?;
        pty.resize(pty_process::Size::new(rows, cols)).map_err(io::Error::other)?;
        let command = Command::new("/bin/bash")
            .arg0("-bash")
            .current_dir(home)
            .env("HOME", home)
            .env("SHELL", "/bin/bash")
            .env("TERM", "xterm-256color")
            .env("COLORTERM", "truecolor")
            .env("USER", "root")
            .env("LOGNAME", "root");
        let child = command.spawn(pts).map_err(io::Error::other)?;
        let shell = Pid::from_child(&child);
        let master = OwnedFd::from(pty);
        let flags = rustix::fs::fcntl_getfl(&master)?;
        rustix::fs::fcntl_setfl(&master, flags | rustix::fs::OFlags::NONBLOCK)?;
        Ok(Self { master, shell, ring: Ring::default(), viewer: None, ended: false, used: false })
    }

    /// A fresh shell in a PTY of this one's size, on an empty screen. Who looks goes on with it; what they
    /// typed for what ran before goes nowhere.
    ///
    /// # Errors
    /// Where there can be no other shell just now: then this terminal is as it was.
    pub(crate) fn renewed(&mut self, home: &Path, scratch: &mut [u8]) -> io::Result<Self> {
        let size = rustix::termios::tcgetwinsize(&self.master)?;
        let mut fresh = Self::open(size.ws_col, size.ws_row, home)?;
        fresh.ring.push(FRESH_SCREEN);
        if let Some(viewer) = self.viewer.take() {
            while let Read::Some(_) = read(&viewer.fd, scratch) {}
            fresh.attach(viewer.fd);
        }
        Ok(fresh)
    }

    /// Ends as a terminal does whose line goes: all in it is told to hang up. What goes on is killed at that time.
    pub(crate) fn leave(self, kill_at: Instant) -> Leaving {
        let foreground = self.foreground();
        if !self.ended {
            self.hang_up();
        }
        Leaving { shell: (!self.ended).then_some(self.shell), foreground, kill_at }
    }

    /// Nobody has typed in it: it is as fresh as another.
    pub(crate) fn is_fresh(&self) -> bool {
        !self.used && !self.ended
    }

    pub(crate) fn resize(&self, cols: u16, rows: u16) {
        let size = rustix::termios::Winsize { ws_row: rows, ws_col: cols, ws_xpixel: 0, ws_ypixel: 0 };
        // A PTY that can't be resized is one that ends just now.
        let _ = rustix::termios::tcsetwinsize(&self.master, size);
    }

    /// A newer viewer takes over from the one before, whose connection ends by that.
    pub(crate) fn attach(&mut self, fd: OwnedFd) {
        self.viewer = Some(Viewer { fd, sent: self.ring.replay_from(), typed: Vec::new() });
        self.show();
    }

    pub(crate) fn wants_output(&self) -> bool {
        !self.ended && self.backlog() < MAX_BACKLOG_BYTES
    }

    /// Typed text waits for the PTY.
    pub(crate) fn wants_input(&self) -> bool {
        !self.ended && self.viewer.as_ref().is_some_and(|viewer| !viewer.typed.is_empty())
    }

    /// The viewer has not seen everything.
    pub(crate) fn wants_showing(&self) -> bool {
        self.backlog() > 0
    }

    pub(crate) fn wants_typing(&self) -> bool {
        self.viewer.as_ref().is_some_and(|viewer| viewer.typed.is_empty())
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Nothing more will come, and whoever looks has seen it all.
    pub(crate) fn is_over(&self) -> bool {
        self.ended && self.backlog() == 0
    }

    fn backlog(&self) -> u64 {
        self.viewer.as_ref().map_or(0, |viewer| self.ring.end() - viewer.sent)
    }

    /// Output into the ring, and on to the viewer.
    pub(crate) fn read_output(&mut self, scratch: &mut [u8]) {
        match read(&self.master, scratch) {
            Read::Some(count) => {
                self.ring.push(&scratch[..count]);
                self.show();
            }
            Read::Nothing => {}
            // Nobody has the terminal open any more. A shell that lives without one is of no use.
            Read::End => {
                self.hang_up();
                self.ended = true;
            }
        }
    }

    /// Ring to viewer, as much as goes.
    pub(crate) fn show(&mut self) {
        while let Some(viewer) = &mut self.viewer {
            let unseen = self.ring.after(viewer.sent);
            if unseen.is_empty() {
                return;
            }
            match write(&viewer.fd, unseen) {
                Ok(0) => return,
                Ok(count) => viewer.sent += count as u64,
                Err(_) => self.viewer = None,
            }
        }
    }

    /// Viewer to PTY.
    pub(crate) fn read_typing(&mut self, scratch: &mut [u8]) {
        let Some(viewer) = &mut self.viewer else { return };
        match read(&viewer.fd, scratch) {
            Read::Some(count) => viewer.typed.extend_from_slice(&scratch[..count]),
            Read::Nothing => {}
            Read::End => self.viewer = None,
        }
        self.type_in();
    }

    pub(crate) fn type_in(&mut self) {
        let Some(viewer) = &mut self.viewer else { return };
        // A PTY that takes nothing any more says so on its other side, too.
        let count = write(&self.master, &viewer.typed).unwrap_or(viewer.typed.len());
        viewer.typed.drain(..count);
        self.used |= count > 0;
    }

    /// The shell is gone: takes its last words.
    pub(crate) fn end(&mut self, scratch: &mut [u8]) {
        let mut taken = 0;
        while taken < MAX_LAST_WORDS_BYTES {
            let Read::Some(count) = read(&self.master, scratch) else { break };
            self.ring.push(&scratch[..count]);
            taken += count;
        }
        self.ended = true;
        self.show();
    }

    /// As a modem did: bash writes its history and passes it on to its jobs.
    pub(crate) fn hang_up(&self) {
        let _ = kill_process(self.shell, Signal::HUP);
        let _ = kill_process(self.shell, Signal::CONT);
        if let Some(foreground) = self.foreground() {
            let _ = kill_process_group(foreground, Signal::HUP);
            let _ = kill_process_group(foreground, Signal::CONT);
        }
    }

    fn foreground(&self) -> Option<Pid> {
        rustix::termios::tcgetpgrp(self.master.as_fd()).ok().filter(|foreground| *foreground != self.shell)
    }
}

impl Leaving {
    /// That process has ended.
    pub(crate) fn reaped(&mut self, pid: Pid) {
        self.shell.take_if(|shell| *shell == pid);
    }

    pub(crate) fn kill(&self) {
        if let Some(shell) = self.shell {
            let _ = kill_process(shell, Signal::KILL);
        }
        if let Some(foreground) = self.foreground {
            let _ = kill_process_group(foreground, Signal::KILL);
        }
    }
}
