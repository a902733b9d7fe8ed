//! What learners' terminals show, for who looks over their shoulder: the last of each terminal's output, as
//! it was sent to the learner's browser, and a way to type into it beside them.
//!
//! Nothing is queued for who looks: they ask for what is new since they looked last, and where they were too
//! slow for that they get the last screens anew. So no one who looks holds anybody up.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use gateway::SandboxId;
use tokio::sync::{mpsc, watch};

/// Bytes of output that are kept of a terminal while its browser is connected: some screens.
const KEPT_BYTES: usize = 64 * 1024;
/// Pieces that somebody else has typed and the terminal has not taken yet.
const TYPED: usize = 32;

type Key = (SandboxId, String);

/// Every terminal that a browser is connected to. Cheap to clone.
#[derive(Clone)]
pub struct Screens {
    open: Arc<Mutex<HashMap<Key, Arc<Screen>>>>,
    /// Counts those that came.
    came: watch::Sender<u64>,
}

impl Default for Screens {
    fn default() -> Self {
        Self { open: Arc::default(), came: watch::Sender::new(0) }
    }
}

/// One terminal's.
pub struct Screen {
    shown: Mutex<Shown>,
    news: watch::Sender<()>,
    typed: mpsc::Sender<Bytes>,
}

struct Shown {
    kept: VecDeque<u8>,
    /// Bytes that were ever shown.
    total: u64,
    size: (u16, u16),
}

/// What is new to who looks.
#[derive(Debug, PartialEq, Eq)]
pub struct Fresh {
    /// They were too slow, or look for the first time: what they have is to be thrown away.
    pub anew: bool,
    pub bytes: Bytes,
    /// Columns and rows.
    pub size: (u16, u16),
}

/// Where somebody who looks has got to.
#[derive(Debug, Default)]
pub struct Place {
    at: Option<u64>,
}

impl Screens {
    /// A browser is connected to the terminal, until what is returned goes.
    pub fn show(&self, sandbox: &SandboxId, name: &str, size: (u16, u16)) -> OnScreen {
        let (sender, typed) = mpsc::channel(TYPED);
        let shown = Mutex::new(Shown { kept: VecDeque::new(), total: 0, size });
        let screen = Arc::new(Screen { shown, news: watch::Sender::new(()), typed: sender });
        let key = (sandbox.clone(), name.to_owned());
        self.open().insert(key.clone(), Arc::clone(&screen));
        self.came.send_modify(|count| *count += 1);
        OnScreen { screens: self.clone(), key, screen, typed }
    }

    /// The terminal's screen. `None`: no browser is connected to it.
    pub fn find(&self, sandbox: &SandboxId, name: &str) -> Option<Arc<Screen>> {
        self.open().get(&(sandbox.clone(), name.to_owned())).cloned()
    }

    /// Changes whenever a browser was connected to any terminal.
    pub fn came(&self) -> watch::Receiver<u64> {
        self.came.subscribe()
    }

    fn open(&self) -> MutexGuard<'_, HashMap<Key, Arc<Screen>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Screen {
    /// Changes when there is something new; ends when the browser's connection does.
    pub fn news(&self) -> watch::Receiver<()> {
        self.news.subscribe()
    }

    /// What is new to who has got to `place`.
    pub fn since(&self, place: &mut Place) -> Fresh {
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let oldest = shown.total - shown.kept.len() as u64;
        let (anew, from) = match place.at {
            Some(at) if at >= oldest => (false, at),
            _ => (true, oldest),
        };
        place.at = Some(shown.total);
        let skip = usize::try_from(from - oldest).unwrap_or(usize::MAX);
        Fresh { anew, bytes: shown.kept.iter().skip(skip).copied().collect::<Vec<u8>>().into(), size: shown.size }
    }

    /// Types into the terminal beside its learner. Waits where it can take no more.
    pub async fn type_in(&self, bytes: Bytes) {
        // A terminal that is just going takes nothing.
        let _ = self.typed.send(bytes).await;
    }

    fn change(&self, change: impl FnOnce(&mut Shown)) {
        change(&mut self.shown.lock().unwrap_or_else(PoisonError::into_inner));
        self.news.send_replace(());
    }
}

/// A terminal that a browser is connected to.
pub struct OnScreen {
    screens: Screens,
    key: Key,
    screen: Arc<Screen>,
    /// What somebody else types.
    pub typed: mpsc::Receiver<Bytes>,
}

/// The half of [`OnScreen`] that is shown on.
#[derive(Clone)]
pub struct ShownOn(Arc<Screen>);

impl OnScreen {
    pub fn shown(&self) -> ShownOn {
        ShownOn(Arc::clone(&self.screen))
    }
}

impl ShownOn {
    /// This was sent to the browser.
    pub fn output(&self, bytes: &[u8]) {
        self.0.change(|shown| {
            let bytes = &bytes[bytes.len().saturating_sub(KEPT_BYTES)..];
            let surplus = (shown.kept.len() + bytes.len()).saturating_sub(KEPT_BYTES);
            shown.kept.drain(..surplus);
            shown.kept.extend(bytes);
            shown.total += bytes.len() as u64;
        });
    }

    pub fn resized(&self, size: (u16, u16)) {
        self.0.change(|shown| shown.size = size);
    }
}

impl Drop for OnScreen {
    fn drop(&mut self) {
        let mut open = self.screens.open();
        // Another browser may have taken it over.
        if open.get(&self.key).is_some_and(|screen| Arc::ptr_eq(screen, &self.screen)) {
            open.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(fresh: &Fresh) -> String {
        String::from_utf8_lossy(&fresh.bytes).into_owned()
    }

    #[test]
    fn who_looks_gets_what_is_kept_and_then_what_is_new() {
        let (screens, id) = (Screens::default(), SandboxId::random());
        let on = screens.show(&id, "1", (80, 24));
        on.shown().output(b"hello ");
        let screen = screens.find(&id, "1").expect("it is there");
        let mut place = Place::default();
        let first = screen.since(&mut place);
        assert!(first.anew && text(&first) == "hello " && first.size == (80, 24));
        on.shown().output(b"world");
        on.shown().resized((100, 30));
        let next = screen.since(&mut place);
        assert!(!next.anew && text(&next) == "world" && next.size == (100, 30));
        assert_eq!(text(&screen.since(&mut place)), "");
    }

    #[test]
    fn who_was_too_slow_gets_the_last_screens_anew_and_no_more_is_kept() {
        let (screens, id) = (Screens::default(), SandboxId::random());
        let on = screens.show(&id, "1", (80, 24));
        let screen = screens.find(&id, "1").expect("it is there");
        let mut place = Place::default();
        screen.since(&mut place);
        on.shown().output(&[b'a'; KEPT_BYTES]);
        on.shown().output(b"b");
        let late = screen.since(&mut place);
        assert!(late.anew);
        assert_eq!(late.bytes.len(), KEPT_BYTES);
        assert!(late.bytes.ends_with(b"ab"));
    }

    #[tokio::test]
    async fn a_terminal_that_was_taken_over_is_the_new_browsers_and_goes_with_it() {
        let (screens, id) = (Screens::default(), SandboxId::random());
        let old = screens.show(&id, "1", (80, 24));
        let mut new = screens.show(&id, "1", (90, 24));
        drop(old);
        let screen = screens.find(&id, "1").expect("the new one stays");
        screen.type_in(Bytes::from_static(b"ls\n")).await;
        assert_eq!(new.typed.recv().await.as_deref(), Some(&b"ls\n"[..]));
        drop(new);
        assert!(screens.find(&id, "1").is_none());
    }
}
