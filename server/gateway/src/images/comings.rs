//! An image's coming to the engine and its going from it, one at a time. Two learners who load the same archive get the same
//! image: while one's is being loaded it has no name of theirs yet, and the other's `docker rmi` would take it away.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use tokio::sync::OwnedMutexGuard;

/// Of all sandboxes.
#[derive(Debug, Default)]
pub(crate) struct Comings(Mutex<HashMap<String, Weak<tokio::sync::Mutex<()>>>>);

/// Nobody else brings or removes the image.
#[derive(Debug)]
#[must_use = "others wait only as long as it is held"]
pub(crate) struct Alone(#[expect(dead_code, reason = "it is held")] OwnedMutexGuard<()>);

impl Comings {
    /// Waits until nobody else brings or removes the image. Never held while a client's bytes are awaited, or its reading: a
    /// pull, which tells how it goes, does without, and gives its image a name as it comes.
    pub(crate) async fn alone(&self, image_id: &str) -> Alone {
        let waiting = self.of(image_id);
        Alone(waiting.lock_owned().await)
    }

    fn of(&self, image_id: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.get(image_id).and_then(Weak::upgrade) {
            return known;
        }
        // As many are left as there are requests that hold or await one.
        known.retain(|_, one| one.strong_count() > 0);
        let new = Arc::default();
        known.insert(image_id.to_owned(), Arc::downgrade(&new));
        new
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn one_image_comes_or_goes_at_a_time_and_others_beside_it() {
        let comings = Comings::default();
        let first = comings.alone("sha256:a").await;
        assert!(comings.alone("sha256:b").now_or_never().is_some());
        assert!(comings.alone("sha256:a").now_or_never().is_none());
        drop(first);
        assert!(comings.alone("sha256:a").now_or_never().is_some());
        _ = comings.alone("sha256:c").await;
        assert_eq!(comings.0.lock().unwrap_or_else(PoisonError::into_inner).len(), 1, "of the others nothing is left");
    }
}
