//! A pause shorter than the runtime's clock can make, which counts whole milliseconds: by a timer of the kernel's
//! (timerfd_create(2)).

use std::{
    io,
    os::fd::OwnedFd,
    task::{Context, Poll, ready},
    time::Duration,
};

use rustix::time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime};
use tokio::io::unix::AsyncFd;

/// A timer, and whether it has run out.
#[derive(Debug)]
pub(super) struct Pause {
    timer: AsyncFd<OwnedFd>,
    is_over: bool,
}

impl Pause {
    /// # Errors
    /// Where no timer is to be had: too many files are open.
    pub(super) fn begin(time: Duration) -> io::Result<Self> {
        let timer = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
        #[expect(deprecated, reason = "an OwnedFd is its own and stays the same, which is what the new one asks for, unsafely")]
        let timer = AsyncFd::new(timer)?;
        let mut pause = Self { timer, is_over: false };
        pause.again(time)?;
        Ok(pause)
    }

    /// One more, from now on.
    pub(super) fn again(&mut self, time: Duration) -> io::Result<()> {
        let none = Timespec { tv_sec: 0, tv_nsec: 0 };
        let once = Itimerspec { it_interval: none, it_value: Timespec { tv_sec: 0, tv_nsec: time.subsec_nanos().into() } };
        timerfd_settime(self.timer.get_ref(), TimerfdTimerFlags::empty(), &once)?;
        self.is_over = false;
        Ok(())
    }

    /// Ready when it is over, as often as it is asked.
    pub(super) fn poll_over(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.is_over {
            let mut ready = ready!(self.timer.poll_read_ready(context))?;
            // How often it has run out: once.
            match ready.try_io(|timer| Ok(rustix::io::read(timer, &mut [0; 8])?)) {
                Ok(read) => self.is_over = read? > 0,
                Err(_would_block) => {}
            }
        }
        Poll::Ready(Ok(()))
    }
}
