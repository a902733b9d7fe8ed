//! What a build tells a BuildKit client: one vertex a line of its progress, with what it printed.

use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

use super::wire::{StatusResponse, Timestamp, Vertex, VertexLog, VertexStatus};

/// Tells the client how its build goes, at the client's pace. Telling one that has gone is no error: the
/// build is about to be ended.
#[derive(Debug)]
pub(crate) struct Vertices {
    to: mpsc::Sender<StatusResponse>,
    /// Makes the digests this build's own.
    seed: String,
    count: usize,
    current: Option<Vertex>,
    /// Of the one before.
    last: Option<String>,
}

impl Vertices {
    pub(super) fn new(to: mpsc::Sender<StatusResponse>, seed: &str) -> Self {
        Self { to, seed: seed.to_owned(), count: 0, current: None, last: None }
    }

    /// The next line; the one before is done.
    pub(crate) async fn begin(&mut self, name: impl Into<String>) {
        self.done().await;
        let digest = Sha256::digest(format!("{}\n{}", self.seed, self.count));
        self.count += 1;
        let vertex = Vertex {
            digest: format!("sha256:{digest:x}"),
            inputs: self.last.iter().cloned().collect(),
            name: name.into(),
            started: Some(now()),
            ..Vertex::default()
        };
        self.tell(StatusResponse { vertexes: vec![vertex.clone()], ..StatusResponse::default() }).await;
        self.current = Some(vertex);
    }

    /// What the line is about came from the cache.
    pub(crate) fn cached(&mut self) {
        if let Some(vertex) = &mut self.current {
            vertex.cached = true;
        }
    }

    /// Something that was printed on standard output (1) or standard error (2).
    pub(crate) async fn log(&self, stream: i64, text: &str) {
        let Some(vertex) = &self.current else { return };
        let log = VertexLog { vertex: vertex.digest.clone(), timestamp: Some(now()), stream, message: text.as_bytes().to_vec() };
        self.tell(StatusResponse { logs: vec![log], ..StatusResponse::default() }).await;
    }

    /// One thing that the line did, and that it took no time worth telling.
    pub(crate) async fn did(&self, what: &str, bytes: u64) {
        let Some(vertex) = &self.current else { return };
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        let status = VertexStatus {
            id: what.to_owned(),
            vertex: vertex.digest.clone(),
            name: what.to_owned(),
            current: bytes,
            total: 0,
            timestamp: Some(now()),
            started: vertex.started,
            completed: Some(now()),
        };
        self.tell(StatusResponse { statuses: vec![status], ..StatusResponse::default() }).await;
    }

    /// The current line has ended well.
    pub(crate) async fn done(&mut self) {
        self.end(String::new()).await;
    }

    /// It has not.
    pub(crate) async fn failed(&mut self, error: &str) {
        self.end(error.to_owned()).await;
    }

    async fn end(&mut self, error: String) {
        let Some(mut vertex) = self.current.take() else { return };
        vertex.completed = Some(now());
        vertex.error = error;
        self.last = Some(vertex.digest.clone());
        self.tell(StatusResponse { vertexes: vec![vertex], ..StatusResponse::default() }).await;
    }

    async fn tell(&self, response: StatusResponse) {
        _ = self.to.send(response).await;
    }
}

pub(super) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
    Timestamp {
        seconds: i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
        nanos: i32::try_from(since.subsec_nanos()).unwrap_or_default(),
    }
}
