//! The server's ends of the workstations' sockets: what their first processes dial.

mod control;
mod place;

use std::{
    collections::{BTreeSet, HashMap},
    future::Future,
    io,
    path::PathBuf,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use gateway::{BindError, Gateway, HostPorts, SandboxId};
use tokio::{net::UnixStream, sync::OwnedSemaphorePermit};
use tokio_util::sync::CancellationToken;

use super::message::{Terminal as Size, Verb};
use place::Place;

/// How long a workstation has to do what it is asked, its way back after a server's restart included.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);
/// The socket's name in the sandbox's folder.
const SOCKET: &str = "workstation.sock";

/// Every sandbox's workstation, as this server is connected to it. Cheap to clone.
#[derive(Clone)]
pub struct Workstations {
    inner: Arc<Inner>,
}

struct Inner {
    run_dir: PathBuf,
    /// Whether the course registry can be reached from sandboxes.
    shows_registry: bool,
    /// Set once it runs: it needs us to start, and we need it for published ports.
    gateway: OnceLock<Gateway>,
    places: Mutex<HashMap<SandboxId, Arc<Place>>>,
    /// Ports that the gateway wants bound, whether or not there is a workstation just now: one that
    /// starts, or comes back, is told.
    published: Mutex<HashMap<SandboxId, BTreeSet<u16>>>,
    goodbye: CancellationToken,
    screens: super::screens::Screens,
}

/// Why a workstation did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WorkstationError {
    /// No control connection, or no answer on it in time.
    #[error("the workstation does not answer")]
    Away,
    /// Init's own word: `in_use`, `too_many`, `no_shell`, …
    #[error("the workstation refused: {0}")]
    Refused(String),
}

/// Why a terminal's connection ended, or was not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// `exit`, or its end by other means. The next connection gets a new shell.
    ShellEnded,
    /// Another tab has it now.
    TakenOver,
    /// The learner has a fresh sandbox.
    SandboxReset,
    /// The learner has none any more.
    SandboxRemoved,
    /// The workstation has ended.
    WorkstationLost,
    /// The learner has no sandbox; nothing was opened.
    NoSandbox,
    /// A fresh shell was asked for, and none could be started.
    NoShell,
    /// As many terminals as a workstation has, or as many browsers as it may have, are open; nothing
    /// was opened.
    TooManyTerminals,
    /// The browser takes nothing of what is printed.
    BrowserStuck,
}

/// A connected terminal.
pub struct Terminal {
    /// Its bytes, both ways; begins with the last screens.
    pub stream: UnixStream,
    pub line: Line,
    pub end: End,
    /// Held for as long as a browser is connected.
    pub seat: OwnedSemaphorePermit,
}

/// What can be done about a terminal besides its bytes.
#[derive(Clone)]
pub struct Line {
    name: String,
    place: Arc<Place>,
}

/// Knows why a terminal's bytes have ended.
pub struct End {
    line: Line,
    exits: tokio::sync::broadcast::Receiver<String>,
}

impl Workstations {
    pub(super) fn new(run_dir: PathBuf, shows_registry: bool) -> Self {
        let inner = Inner {
            run_dir,
            shows_registry,
            gateway: OnceLock::new(),
            places: Mutex::default(),
            published: Mutex::default(),
            goodbye: CancellationToken::new(),
            screens: super::screens::Screens::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// From now on published ports lead somewhere.
    pub(super) fn set_gateway(&self, gateway: Gateway) {
        let _ = self.inner.gateway.set(gateway);
    }

    /// Listens on the sandbox's socket, whose folder must be there.
    ///
    /// # Errors
    /// Where it can't.
    pub(super) fn listen(&self, id: &SandboxId) -> io::Result<()> {
        let mut places = self.places();
        if places.contains_key(id) {
            return Ok(());
        }
        let path = self.inner.run_dir.join(id.as_str()).join(SOCKET);
        places.insert(id.clone(), Place::listen(id.clone(), &path, self.clone())?);
        Ok(())
    }

    /// Ends every connection of the sandbox and stops to listen. Terminals are told why.
    pub(super) fn forget(&self, id: &SandboxId, why: Closed) {
        self.published_ports().remove(id);
        let place = self.places().remove(id);
        if let Some(place) = place {
            place.close(why);
        }
        // The gateway made the folder and removes it; an empty folder is easier to remove.
        let _ = std::fs::remove_file(self.inner.run_dir.join(id.as_str()).join(SOCKET));
    }

    pub(super) fn is_connected(&self, id: &SandboxId) -> bool {
        self.place(id).is_some_and(|place| place.is_connected())
    }

    /// Waits until the workstation has dialled.
    pub(super) async fn connected(&self, id: &SandboxId, limit: Duration) -> Result<(), WorkstationError> {
        let place = self.place(id).ok_or(WorkstationError::Away)?;
        tokio::time::timeout(limit, place.connected()).await.map_err(|_| WorkstationError::Away)?
    }

    /// Opens a terminal where there isn't one of that name, gives it that size, and connects to it.
    /// Whoever was connected to it before is not any more.
    pub async fn terminal(&self, id: &SandboxId, name: &str, (cols, rows): (u16, u16)) -> Result<Terminal, WorkstationError> {
        let place = self.place(id).ok_or(WorkstationError::Away)?;
        let seat = place.browser_seat().ok_or_else(|| WorkstationError::Refused("too_many".to_owned()))?;
        let size = Size { terminal: name.to_owned(), cols, rows };
        place.ask(Verb::Open(size), ANSWER_LIMIT).await?;
        // Before it is connected: an exit that comes right then must not be missed.
        let exits = place.exits();
        let stream = place.attach(name, ANSWER_LIMIT).await?;
        let line = Line { name: name.to_owned(), place };
        Ok(Terminal { stream, end: End { line: line.clone(), exits }, line, seat })
    }

    /// What their terminals show.
    pub fn screens(&self) -> &super::screens::Screens {
        &self.inner.screens
    }

    /// Resolves when the server is about to end.
    pub async fn goodbye(&self) {
        self.inner.goodbye.cancelled().await;
    }

    /// Room for one more connection of a preview's; `None` where the sandbox has as many as it may.
    pub fn preview_permit(&self, id: &SandboxId) -> Option<OwnedSemaphorePermit> {
        self.place(id)?.preview_permit()
    }

    pub(super) fn say_goodbye(&self) {
        self.inner.goodbye.cancel();
    }

    #[cfg(test)]
    pub(super) fn kill(&self) {
        self.places().drain().for_each(|(_, place)| place.kill());
    }

    /// In order.
    fn published(&self, id: &SandboxId) -> Vec<u16> {
        self.published_ports().get(id).into_iter().flatten().copied().collect()
    }

    fn unpublish(&self, id: &SandboxId, port: u16) {
        if let Some(ports) = self.published_ports().get_mut(id) {
            ports.remove(&port);
        }
    }

    fn show_registry(&self) -> bool {
        self.inner.shows_registry
    }

    fn gateway(&self) -> Option<&Gateway> {
        self.inner.gateway.get()
    }

    fn place(&self, id: &SandboxId) -> Option<Arc<Place>> {
        self.places().get(id).cloned()
    }

    fn published_ports(&self) -> MutexGuard<'_, HashMap<SandboxId, BTreeSet<u16>>> {
        self.inner.published.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn places(&self) -> MutexGuard<'_, HashMap<SandboxId, Arc<Place>>> {
        self.inner.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
    /// Gives the terminal another size.
    pub async fn resize(&self, cols: u16, rows: u16) -> Result<(), WorkstationError> {
        self.place.ask(Verb::Resize(Size { terminal: self.name.clone(), cols, rows }), ANSWER_LIMIT).await
    }

    /// A fresh shell in the terminal, whatever runs in it: that is told to hang up, and killed a moment later where
    /// it doesn't. Its bytes go on to come here.
    pub async fn renew(&self) -> Result<(), WorkstationError> {
        self.place.ask(Verb::Renew(self.name.clone()), ANSWER_LIMIT).await
    }

    /// Resolves when the sandbox goes.
    pub async fn sandbox_closed(&self) -> Closed {
        self.place.closed().await
    }
}

impl End {
    /// Ask when the terminal's bytes have ended.
    pub async fn why(mut self) -> Closed {
        self.line.place.why_closed(&self.line.name, &mut self.exits).await
    }
}

impl HostPorts for Workstations {
    fn bind<'a>(&'a self, sandbox: &'a SandboxId, port: u16) -> Pin<Box<dyn Future<Output = Result<(), BindError>> + Send + 'a>> {
        Box::pin(async move {
            // First of all, so that a workstation which comes while we wait for it hears of it.
            self.published_ports().entry(sandbox.clone()).or_default().insert(port);
            let bound = match self.place(sandbox) {
                Some(place) => place.bind(port, ANSWER_LIMIT).await,
                None => Err(WorkstationError::Away),
            };
            bound.map_err(|error| match error {
                WorkstationError::Refused(reason) if reason == "in_use" => {
                    self.unpublish(sandbox, port);
                    BindError::InUse
                }
                other => {
                    tracing::warn!(sandbox.id = %sandbox, port, reason = %other, "A published port is bound when its workstation is back.");
                    BindError::NoWorkstation
                }
            })
        })
    }

    fn release<'a>(&'a self, sandbox: &'a SandboxId, port: u16) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(async move {
            self.unpublish(sandbox, port);
            if let Some(place) = self.place(sandbox) {
                place.release(port, ANSWER_LIMIT).await;
            }
        })
    }
}
