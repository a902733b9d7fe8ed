//! The lessons as they are served: read at start, and read again in development when a file changes.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, SystemTime},
};

use crate::lessons::{Lesson, Library, Mistake};

/// Between two looks at the files, in development.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct Shelf {
    dir: Arc<Path>,
    library: Arc<RwLock<Arc<Library>>>,
}

impl Shelf {
    /// Reads the lessons; logs what is wrong in them.
    pub fn load(dir: &Path) -> Self {
        let (library, mistakes) = Library::load(dir);
        report(&library, &mistakes);
        Self { dir: dir.into(), library: Arc::new(RwLock::new(Arc::new(library))) }
    }

    /// In the order of their folders.
    pub fn lessons(&self) -> Vec<Arc<Lesson>> {
        self.library().lessons()
    }

    pub fn lesson(&self, slug: &str) -> Option<Arc<Lesson>> {
        self.library().lesson(slug)
    }

    /// Reads the lessons again whenever one of their files has changed. Never returns.
    pub async fn follow_changes(self) {
        let mut seen = stamp(&self.dir);
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let now = stamp(&self.dir);
            if now != seen {
                seen = now;
                let (library, mistakes) = Library::load(&self.dir);
                report(&library, &mistakes);
                *self.library.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(library);
            }
        }
    }

    fn library(&self) -> Arc<Library> {
        Arc::clone(&self.library.read().unwrap_or_else(PoisonError::into_inner))
    }
}

fn report(library: &Library, mistakes: &[Mistake]) {
    for mistake in mistakes {
        if mistake.warning {
            tracing::info!(%mistake, "Advice on a lesson.");
        } else {
            tracing::warn!(%mistake, "A lesson is left out.");
        }
    }
    tracing::info!(lessons = library.lessons().len(), "The lessons are read.");
}

/// Which files there are below the folder, and when each was changed.
fn stamp(dir: &Path) -> Vec<(PathBuf, Option<SystemTime>)> {
    let mut files = Vec::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(folder) else { continue };
        for entry in entries.flatten() {
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() {
                folders.push(entry.path());
            } else {
                files.push((entry.path(), entry.metadata().and_then(|metadata| metadata.modified()).ok()));
            }
        }
    }
    files.sort();
    files
}
