//! Sandboxes on a real engine, by the real gateway.

mod compose;
mod lifecycle;
pub(crate) mod world;

impl super::Sandboxes {
    /// As `kill -9` would: nobody is told, nothing is written, every connection is gone.
    pub(crate) fn kill(&self) {
        self.inner.end.cancel();
        self.inner.workstations.kill();
    }
}
