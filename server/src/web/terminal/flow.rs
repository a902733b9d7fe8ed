//! How much of a terminal's output may be under way. The browser says how much it has shown; what is
//! beyond that waits in the PTY, and the program that prints it waits with it. So Ctrl-C ends a flood at
//! once instead of after megabytes that nobody has seen yet, and a browser that falls behind costs no
//! memory.

use std::time::Duration;

use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

/// Bytes sent and not yet shown, after which nothing more is read from the terminal. The browser
/// answers far more often (`ACK_EVERY` in `app/browser/src/line.ts`).
pub(super) const WINDOW_BYTES: u64 = 64 * 1024;
/// How long a browser may show nothing of a full window before it is taken for stuck. More than a
/// minute: in a tab in the background timers fire once a minute.
pub(super) const STUCK_LIMIT: Duration = Duration::from_secs(150);

/// Where the browser's word arrives.
pub(super) struct Shown(watch::Sender<u64>);

/// What has been sent, and what of it has been shown.
pub(super) struct Window {
    sent: u64,
    shown: watch::Receiver<u64>,
    stuck_limit: Duration,
    /// When a window that is full is taken for stuck.
    stuck_at: Option<Instant>,
}

/// Both ends, of a browser that is given so long.
pub(super) fn flow(stuck_limit: Duration) -> (Shown, Window) {
    let (shown, receiver) = watch::channel(0);
    (Shown(shown), Window { sent: 0, shown: receiver, stuck_limit, stuck_at: None })
}

impl Shown {
    /// So many bytes more have been shown. More than were sent is a lie that only the liar has to do
    /// with: TCP still makes us wait for them.
    pub(super) fn more(&self, bytes: u64) {
        self.0.send_modify(|shown| *shown = shown.saturating_add(bytes));
    }
}

/// A full window that the browser does nothing about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stuck;

impl Window {
    /// Bytes that may be sent now.
    pub(super) fn room(&mut self) -> usize {
        let under_way = self.sent.saturating_sub(*self.shown.borrow_and_update());
        let room = usize::try_from(WINDOW_BYTES.saturating_sub(under_way)).unwrap_or(usize::MAX);
        self.stuck_at = if room > 0 { None } else { self.stuck_at.or_else(|| Some(Instant::now() + self.stuck_limit)) };
        room
    }

    pub(super) fn sent(&mut self, bytes: usize) {
        self.sent += bytes as u64;
    }

    /// Waits until the browser has shown more. May be called again where it was not waited for.
    ///
    /// # Errors
    /// Where it has not in time.
    pub(super) async fn more(&mut self) -> Result<(), Stuck> {
        let stuck_at = self.stuck_at;
        tokio::select! {
            changed = self.shown.changed() => changed.map_err(|_| Stuck),
            () = async {
                match stuck_at {
                    Some(at) => sleep_until(at).await,
                    None => std::future::pending().await,
                }
            } => Err(Stuck),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_full_window_waits_for_the_browser_and_not_for_ever() {
        let limit = Duration::from_millis(50);
        let (shown, mut window) = flow(limit);
        let all = usize::try_from(WINDOW_BYTES).expect("it is small");
        assert_eq!(window.room(), all);
        window.sent(all);
        assert_eq!(window.room(), 0);
        shown.more(10);
        assert_eq!(window.more().await, Ok(()));
        assert_eq!(window.room(), 10);
        window.sent(10);
        assert_eq!(window.room(), 0);
        let began = Instant::now();
        assert_eq!(window.more().await, Err(Stuck));
        assert!(began.elapsed() >= limit, "it was given {:?}", began.elapsed());
    }

    #[test]
    fn a_browser_that_claims_more_than_it_got_gets_no_more_at_once() {
        let (shown, mut window) = flow(STUCK_LIMIT);
        shown.more(u64::MAX);
        shown.more(1);
        assert_eq!(window.room() as u64, WINDOW_BYTES);
    }
}
