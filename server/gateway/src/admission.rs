//! Whose turn it is to count and then make. Of two requests at once, the second is to count what the
//! first has made; so whoever makes a thing that is limited in number holds its turn from the count until
//! the thing is in the ledger.
//!
//! Makers ask for a [`Turn`] of their kind, which nobody else gives out: none can be called by somebody who
//! hasn't waited. Who removes a network, a volume or an image waits for it too, so that nothing goes while it is being made,
//! mounted or named. A request that needs two takes them in the order in which they stand in [`Turns`]. A turn
//! is never held while a client's bytes are awaited, nor during a pull, a push or a build.

use std::{marker::PhantomData, sync::Arc};

use tokio::sync::{Mutex, OwnedMutexGuard};

/// One sandbox's turns, one for each kind of thing.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    containers: Arc<Mutex<()>>,
    volumes: Arc<Mutex<()>>,
    networks: Arc<Mutex<()>>,
    execs: Arc<Mutex<()>>,
    images: Arc<Mutex<()>>,
    starts: Arc<Mutex<()>>,
}

/// The turn to count things of one kind, and to make more of them.
#[derive(Debug)]
#[must_use = "others wait for the turn only as long as it is held"]
pub(crate) struct Turn<Kind> {
    _held: OwnedMutexGuard<()>,
    kind: PhantomData<Kind>,
}

#[derive(Debug)]
pub(crate) enum Containers {}
/// Named and anonymous.
#[derive(Debug)]
pub(crate) enum Volumes {}
#[derive(Debug)]
pub(crate) enum Networks {}
#[derive(Debug)]
pub(crate) enum Execs {}
/// The learner's own, and names of any.
#[derive(Debug)]
pub(crate) enum Images {}
/// Of containers. Held for the count only: what is being started is counted too.
#[derive(Debug)]
pub(crate) enum Starts {}

async fn turn<Kind>(of: &Arc<Mutex<()>>) -> Turn<Kind> {
    Turn { _held: of.clone().lock_owned().await, kind: PhantomData }
}

impl Turns {
    pub(crate) async fn containers(&self) -> Turn<Containers> {
        turn(&self.containers).await
    }

    pub(crate) async fn volumes(&self) -> Turn<Volumes> {
        turn(&self.volumes).await
    }

    pub(crate) async fn networks(&self) -> Turn<Networks> {
        turn(&self.networks).await
    }

    pub(crate) async fn execs(&self) -> Turn<Execs> {
        turn(&self.execs).await
    }

    pub(crate) async fn images(&self) -> Turn<Images> {
        turn(&self.images).await
    }

    pub(crate) async fn starts(&self) -> Turn<Starts> {
        turn(&self.starts).await
    }
}
