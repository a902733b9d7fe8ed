//! One sandbox's socket: its listener, its connections, and what is asked of its workstation.

use std::{
    collections::{HashMap, VecDeque},
    io,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use gateway::SandboxId;
use tokio::{
    net::{UnixListener, UnixStream},
    sync::{OwnedSemaphorePermit, Semaphore, broadcast, oneshot, watch},
    time::{Instant, timeout, timeout_at},
};
use tokio_util::sync::CancellationToken;

use super::{
    Closed, WorkstationError, Workstations,
    control::{self, Asked, Control},
};
use crate::sandboxes::message::{Hello, Verb, hello};

/// Connections of one sandbox at once. Init has at most 64 to ports, 4 terminals and itself; more
/// are somebody's experiment.
const MAX_CONNECTIONS: usize = 96;
/// Where a sandbox finds the course registry, by the registry's name: HTTP's own port.
const REGISTRY_PORT: u16 = 80;
/// Connections of a sandbox's previews at once.
const MAX_PREVIEWS: usize = 64;
/// Browsers at a sandbox's terminals at once: there are four of these, and some may just be taken over.
const MAX_BROWSERS: usize = 16;
/// How long a connection has to say what it is for.
const HELLO_LIMIT: Duration = Duration::from_secs(5);
/// How long the news of a shell's end may come after the end of its terminal's connection.
const EXIT_NEWS_LIMIT: Duration = Duration::from_millis(300);
/// News of ended shells that may lie unread.
const EXIT_NEWS: usize = 8;

pub(super) struct Place {
    id: SandboxId,
    control: watch::Sender<Option<Control>>,
    /// Who waits for a terminal's connection, by its name, in the order of their asking.
    awaited: Mutex<HashMap<String, VecDeque<oneshot::Sender<UnixStream>>>>,
    exits: broadcast::Sender<String>,
    why_closed: watch::Sender<Option<Closed>>,
    end: CancellationToken,
    previews: Arc<Semaphore>,
    browsers: Arc<Semaphore>,
}

impl Place {
    pub(super) fn listen(id: SandboxId, path: &Path, workstations: Workstations) -> io::Result<Arc<Self>> {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(path)?;
        let place = Arc::new(Self {
            id,
            control: watch::Sender::new(None),
            awaited: Mutex::default(),
            exits: broadcast::Sender::new(EXIT_NEWS),
            why_closed: watch::Sender::new(None),
            end: CancellationToken::new(),
            previews: Arc::new(Semaphore::new(MAX_PREVIEWS)),
            browsers: Arc::new(Semaphore::new(MAX_BROWSERS)),
        });
        let accepting = Arc::clone(&place).accept(listener, workstations);
        tokio::spawn(place.end.clone().run_until_cancelled_owned(accepting));
        Ok(place)
    }

    pub(super) fn close(&self, why: Closed) {
        self.why_closed.send_replace(Some(why));
        self.end.cancel();
    }

    #[cfg(test)]
    pub(super) fn kill(&self) {
        self.end.cancel();
    }

    pub(super) fn is_connected(&self) -> bool {
        self.control.borrow().is_some()
    }

    pub(super) async fn connected(&self) -> Result<(), WorkstationError> {
        self.control.subscribe().wait_for(Option::is_some).await.map(drop).map_err(|_| WorkstationError::Away)
    }

    pub(super) fn preview_permit(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.previews).try_acquire_owned().ok()
    }

    pub(super) fn browser_seat(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.browsers).try_acquire_owned().ok()
    }

    pub(super) fn exits(&self) -> broadcast::Receiver<String> {
        self.exits.subscribe()
    }

    pub(super) async fn closed(&self) -> Closed {
        let mut why = self.why_closed.subscribe();
        why.wait_for(Option::is_some).await.ok().and_then(|why| *why).unwrap_or(Closed::SandboxRemoved)
    }

    /// What ended a terminal's connection, once it has ended.
    pub(super) async fn why_closed(&self, terminal: &str, exits: &mut broadcast::Receiver<String>) -> Closed {
        let exited = async {
            while let Ok(name) = exits.recv().await {
                if name == terminal {
                    return;
                }
            }
            std::future::pending().await
        };
        let news = async {
            tokio::select! {
                biased;
                why = self.closed() => why,
                () = exited => Closed::ShellEnded,
            }
        };
        match timeout(EXIT_NEWS_LIMIT, news).await {
            Ok(why) => why,
            Err(_) if self.is_connected() => Closed::TakenOver,
            Err(_) => Closed::WorkstationLost,
        }
    }

    /// Asks the workstation, as soon as it is connected. Where the connection ends under way, asks
    /// again: everything that can be asked can be asked twice.
    pub(super) async fn ask(&self, verb: Verb, limit: Duration) -> Result<(), WorkstationError> {
        let deadline = Instant::now() + limit;
        let mut control = self.control.subscribe();
        loop {
            let connected = timeout_at(deadline, control.wait_for(Option::is_some)).await;
            let Ok(Ok(Some(requests))) = connected.map(|found| found.map(|found| found.clone())) else {
                return Err(WorkstationError::Away);
            };
            let (answer, answered) = oneshot::channel();
            let asked = Asked { verb: verb.clone(), answer };
            if !matches!(timeout_at(deadline, requests.send(asked)).await, Ok(Ok(()))) {
                // Just lost; `wait_for` would find the old connection until its task has ended.
                tokio::task::yield_now().await;
                if Instant::now() >= deadline {
                    return Err(WorkstationError::Away);
                }
                continue;
            }
            match timeout_at(deadline, answered).await {
                Ok(Ok(result)) => return result,
                Ok(Err(_)) => {}
                Err(_) => return Err(WorkstationError::Away),
            }
        }
    }

    pub(super) async fn attach(&self, terminal: &str, limit: Duration) -> Result<UnixStream, WorkstationError> {
        let (sender, stream) = oneshot::channel();
        {
            let mut awaited = self.awaited();
            // Who has given up waiting must not be given a connection.
            awaited.retain(|_, senders| {
                senders.retain(|sender| !sender.is_closed());
                !senders.is_empty()
            });
            awaited.entry(terminal.to_owned()).or_default().push_back(sender);
        }
        self.ask(Verb::Attach(terminal.to_owned()), limit).await?;
        match timeout(limit, stream).await {
            Ok(Ok(stream)) => Ok(stream),
            _ => Err(WorkstationError::Away),
        }
    }

    pub(super) async fn bind(&self, port: u16, limit: Duration) -> Result<(), WorkstationError> {
        self.ask(Verb::Bind(port), limit).await
    }

    pub(super) async fn release(&self, port: u16, limit: Duration) {
        // A workstation that is away has released everything, or does when it is asked again.
        let _ = self.ask(Verb::Release(port), limit).await;
    }

    async fn accept(self: Arc<Self>, listener: UnixListener, workstations: Workstations) {
        let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        loop {
            // The semaphore is never closed.
            let Ok(permit) = Arc::clone(&room).acquire_owned().await else { return };
            let stream = match listener.accept().await {
                Ok((stream, _)) => stream,
                Err(error) => {
                    // Out of file descriptors, most likely: give others time to close theirs.
                    tracing::warn!(sandbox.id = %self.id, %error, "A workstation's connection could not be accepted.");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            let (place, workstations) = (Arc::clone(&self), workstations.clone());
            let serving = async move {
                place.serve(stream, &workstations).await;
                drop(permit);
            };
            tokio::spawn(self.end.clone().run_until_cancelled_owned(serving));
        }
    }

    async fn serve(self: Arc<Self>, mut stream: UnixStream, workstations: &Workstations) {
        let Ok(Ok(hello)) = timeout(HELLO_LIMIT, hello(&mut stream)).await else { return };
        match hello {
            Hello::Control => self.serve_control(stream, workstations).await,
            Hello::Terminal { terminal } => {
                let waiting = self.awaited().get_mut(&terminal).and_then(VecDeque::pop_front);
                // Nobody waits: nobody asked for it.
                if let Some(waiting) = waiting {
                    let _ = waiting.send(stream);
                }
            }
            Hello::Port { port } => self.serve_port(stream, port, workstations).await,
            Hello::Registry => {
                let Some(gateway) = workstations.gateway() else { return };
                // The sandbox is just being closed: the connection ends with it.
                let _ = gateway.serve_registry(&self.id, stream).await;
            }
        }
    }

    async fn serve_control(self: Arc<Self>, stream: UnixStream, workstations: &Workstations) {
        let (control, requests) = control::channel();
        // A newer connection takes over; the one before ends, as nobody asks it any more.
        self.control.send_replace(Some(control.clone()));
        let again = {
            let (place, published) = (Arc::clone(&self), workstations.published(&self.id));
            let shows_registry = workstations.show_registry();
            async move {
                if shows_registry && let Err(error) = place.ask(Verb::Registry(REGISTRY_PORT), HELLO_LIMIT).await {
                    tracing::warn!(sandbox.id = %place.id, reason = %error, "The course registry could not be shown in a sandbox.");
                }
                for port in published {
                    if let Err(error) = place.ask(Verb::Bind(port), HELLO_LIMIT).await {
                        tracing::warn!(sandbox.id = %place.id, port, reason = %error, "A published port could not be bound again.");
                    }
                }
            }
        };
        tokio::spawn(self.end.clone().run_until_cancelled_owned(again));
        let ours = control.downgrade();
        drop(control);
        control::run(stream, requests, self.exits.clone()).await;
        self.control.send_if_modified(|current| {
            let is_ours = match (current.as_ref(), ours.upgrade()) {
                (Some(current), Some(ours)) => current.same_channel(&ours),
                _ => false,
            };
            if is_ours {
                *current = None;
            }
            is_ours
        });
    }

    async fn serve_port(&self, mut stream: UnixStream, port: u16, workstations: &Workstations) {
        let Some(gateway) = workstations.gateway() else { return };
        // The learner's client sees a connection that ends at once, as with Docker's own proxy.
        let Ok(mut container) = gateway.dial(&self.id, port).await else { return };
        let _ = tokio::io::copy_bidirectional(&mut stream, &mut container).await;
    }

    fn awaited(&self) -> MutexGuard<'_, HashMap<String, VecDeque<oneshot::Sender<UnixStream>>>> {
        self.awaited.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
