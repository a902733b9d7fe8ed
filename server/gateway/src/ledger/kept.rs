//! What the ledger remembers of the sandboxes that are served: their rows as they were last read. A command asks three to
//! fifteen times, and each query takes two turns of threads.
//!
//! Only this process writes a served sandbox's rows, and only by the ledger, so that a table is remembered until it is
//! changed from here. While a change is under way, the database is asked. A change of which nobody knows whether it came
//! to be (its request was given up, the connection broke) may come about later still: from then on that table of that
//! sandbox is read from the database, always.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};

use super::{
    BuildStepRow, ContainerRow, ImageReferenceRow, ImageRow, Ledger, NetworkRow, PortRow, VolumeRow, images::ImageDigest, is_taken,
};
use crate::{SandboxId, limits};

/// Of every sandbox that is served.
#[derive(Debug, Default)]
pub(super) struct Kept {
    sandboxes: RwLock<HashMap<SandboxId, Arc<Tables>>>,
}

/// Of one sandbox.
#[derive(Debug, Default)]
pub(super) struct Tables {
    pub(super) containers: Table<ContainerRow>,
    pub(super) ports: Table<PortRow>,
    pub(super) networks: Table<NetworkRow>,
    pub(super) volumes: Table<VolumeRow>,
    pub(super) images: Table<ImageRow>,
    pub(super) image_references: Table<ImageReferenceRow>,
    pub(super) image_digests: Table<ImageDigest>,
    pub(super) build_steps: Table<BuildStepRow>,
}

/// A row that can be remembered.
pub(super) trait Keep: Clone {
    /// About as many as it takes in memory: its texts.
    fn bytes(&self) -> usize;
}

/// One table's rows of one sandbox.
#[derive(Debug)]
pub(super) struct Table<T> {
    state: Mutex<State<T>>,
}

#[derive(Debug)]
struct State<T> {
    rows: Option<Arc<[T]>>,
    /// Changes that were begun, and those that have ended. What was read before either need not be what is so after it.
    steps: u64,
    under_way: usize,
    /// Nobody knows what a change has come to.
    doubtful: bool,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { state: Mutex::new(State { rows: None, steps: 0, under_way: 0, doubtful: false }) }
    }
}

enum Look<T> {
    Known(Arc<[T]>),
    /// To be read, after so many steps of changes.
    Unknown(u64),
}

impl<T> Table<T> {
    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look(&self) -> Look<T> {
        let state = self.state();
        state.rows.clone().map_or(Look::Unknown(state.steps), Look::Known)
    }
}

impl<T: Keep> Table<T> {
    /// Remembers what was read, unless a change has begun or ended since, or is under way.
    fn keep(&self, rows: &[T], steps: u64) {
        let bytes: usize = rows.iter().map(|row| size_of::<T>() + row.bytes()).sum();
        let mut state = self.state();
        if state.steps == steps && state.under_way == 0 && !state.doubtful && bytes <= limits::MAX_KEPT_BYTES {
            state.rows = Some(rows.into());
        }
    }
}

/// A table of any kind of rows, for those who change it.
pub(super) trait Change: Sync {
    fn begin(&self);
    fn end(&self, certain: bool);
}

impl<T: Send + Sync> Change for Table<T> {
    fn begin(&self) {
        let mut state = self.state();
        state.rows = None;
        state.steps += 1;
        state.under_way += 1;
    }

    fn end(&self, certain: bool) {
        let mut state = self.state();
        state.steps += 1;
        state.under_way -= 1;
        state.doubtful |= !certain;
    }
}

/// A change under way; given up, unless it is said to be certain.
struct UnderWay<'a> {
    tables: Vec<&'a dyn Change>,
    certain: bool,
}

impl<'a> UnderWay<'a> {
    fn begin(tables: Vec<&'a dyn Change>) -> Self {
        for table in &tables {
            table.begin();
        }
        Self { tables, certain: false }
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        for table in &self.tables {
            table.end(self.certain);
        }
    }
}

impl Kept {
    fn of(&self, sandbox: &SandboxId) -> Option<Arc<Tables>> {
        self.sandboxes.read().unwrap_or_else(PoisonError::into_inner).get(sandbox).cloned()
    }

    /// From here on this one's rows are remembered.
    pub(super) fn begin(&self, sandbox: &SandboxId) {
        self.sandboxes.write().unwrap_or_else(PoisonError::into_inner).entry(sandbox.clone()).or_default();
    }

    pub(super) fn forget(&self, sandbox: &SandboxId) {
        self.sandboxes.write().unwrap_or_else(PoisonError::into_inner).remove(sandbox);
    }
}

impl Ledger {
    /// What `pick` makes of a table's rows: the remembered ones, or else those that `read` gets.
    pub(super) async fn look<T: Keep, P>(
        &self,
        sandbox: &SandboxId,
        table: impl Fn(&Tables) -> &Table<T>,
        read: impl Future<Output = Result<Vec<T>, sqlx::Error>>,
        pick: impl FnOnce(&[T]) -> P,
    ) -> Result<P, sqlx::Error> {
        let Some(tables) = self.kept.of(sandbox) else { return Ok(pick(&read.await?)) };
        let table = table(&tables);
        match table.look() {
            Look::Known(rows) => Ok(pick(&rows)),
            Look::Unknown(steps) => {
                let rows = read.await?;
                table.keep(&rows, steps);
                Ok(pick(&rows))
            }
        }
    }

    /// Changes rows of a sandbox in one table by one statement.
    pub(super) async fn execute<'q>(
        &self,
        sandbox: &SandboxId,
        table: impl Fn(&Tables) -> &dyn Change,
        query: sqlx::query::Query<'q, sqlx::Any, sqlx::any::AnyArguments<'q>>,
    ) -> Result<(), sqlx::Error> {
        self.change(sandbox, |kept| vec![table(kept)], async { query.execute(&self.pool).await.map(drop) }).await
    }

    /// Changes rows of a sandbox in these tables. Every change goes through here.
    pub(super) async fn change<P>(
        &self,
        sandbox: &SandboxId,
        tables: impl Fn(&Tables) -> Vec<&dyn Change>,
        work: impl Future<Output = Result<P, sqlx::Error>>,
    ) -> Result<P, sqlx::Error> {
        let Some(kept) = self.kept.of(sandbox) else { return work.await };
        let mut under_way = UnderWay::begin(tables(&kept));
        let outcome = work.await;
        under_way.certain = outcome.as_ref().map_or_else(is_taken, |_| true);
        outcome
    }
}
