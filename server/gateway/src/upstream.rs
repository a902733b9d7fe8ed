//! The learners' way to the engine, and the only place in this crate that opens its socket.
//!
//! A request is built from parts that the gateway chose: method, path segments, parameters, a body
//! it wrote itself or streams on. No header of a learner's is ever passed on.

mod asking;
mod calm;
mod driven;
mod listed;

pub(crate) use self::{asking::counted, listed::OurLabels};

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Serialize, de::DeserializeOwned};
use tokio::{net::UnixStream, sync::Mutex};

use crate::{
    body::{self, Body},
    limits,
    refusal::Refusal,
    serve::widen,
};

/// What the engine is asked in: Docker 26, the oldest that Lunchbox works with.
const API: &str = "/v1.45";

/// What may stand in a path segment as it is. A colon must: the engine matches `sha256:…`.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b':').remove(b'@');

/// Idle connections kept for the next question.
const POOLED_CONNECTIONS: usize = 16;

type Sender = hyper::client::conn::http1::SendRequest<Body>;

/// The engine. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Upstream {
    inner: Arc<Inner>,
}

struct Inner {
    socket: PathBuf,
    idle: Mutex<Vec<Sender>>,
}

/// A question to the engine.
pub(crate) struct Ask {
    method: Method,
    path: String,
    query: Vec<(&'static str, String)>,
    content_type: Option<&'static str>,
    registry_auth: Option<String>,
    body: Body,
    length: Option<usize>,
    time: Option<Duration>,
    is_wide: bool,
}

impl Ask {
    /// `segments` are encoded here; each is one segment, whatever is in it. (An image reference is
    /// to be split at its slashes by the caller, who has checked it.)
    pub(crate) fn new(method: Method, segments: &[&str]) -> Self {
        let mut path = String::from(API);
        for segment in segments {
            path.push('/');
            path.extend(utf8_percent_encode(segment, SEGMENT));
        }
        Self {
            method,
            path,
            query: Vec::new(),
            content_type: None,
            registry_auth: None,
            body: body::empty(),
            length: Some(0),
            time: Some(limits::ENGINE_ANSWER_TIME),
            is_wide: false,
        }
    }

    pub(crate) fn get(segments: &[&str]) -> Self {
        Self::new(Method::GET, segments)
    }

    pub(crate) fn post(segments: &[&str]) -> Self {
        Self::new(Method::POST, segments)
    }

    pub(crate) fn delete(segments: &[&str]) -> Self {
        Self::new(Method::DELETE, segments)
    }

    pub(crate) fn parameter(mut self, name: &'static str, value: impl ToString) -> Self {
        self.query.push((name, value.to_string()));
        self
    }

    pub(crate) fn optional(self, name: &'static str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.parameter(name, value),
            None => self,
        }
    }

    pub(crate) fn flag(self, name: &'static str, value: bool) -> Self {
        if value { self.parameter(name, 1) } else { self }
    }

    /// A JSON body that the gateway wrote.
    pub(crate) fn json(mut self, value: &impl Serialize) -> Result<Self, Refusal> {
        let bytes = serde_json::to_vec(value).map_err(|error| {
            tracing::error!(%error, "a request to the engine could not be written");
            Refusal::internal()
        })?;
        self.content_type = Some("application/json");
        self.length = Some(bytes.len());
        self.body = body::full(bytes);
        Ok(self)
    }

    /// A body that is passed on as it comes (a tar).
    pub(crate) fn stream(mut self, content_type: &'static str, body: Body) -> Self {
        self.content_type = Some(content_type);
        self.length = None;
        self.body = body;
        self
    }

    /// `X-Registry-Auth` of the gateway's own making.
    pub(crate) fn registry_auth(mut self, value: String) -> Self {
        self.registry_auth = Some(value);
        self
    }

    /// The engine may take as long as it likes to begin (wait, stop, a stream that is still silent).
    pub(crate) fn patient(mut self) -> Self {
        self.time = None;
        self
    }

    /// Much is sent with it: by those alone of whom few are under way at once.
    pub(crate) fn wide(mut self) -> Self {
        self.is_wide = true;
        self
    }

    fn into_request(self, upgrade: bool) -> Result<(Request<Body>, Option<Duration>), http::Error> {
        let mut uri = self.path;
        if !self.query.is_empty() {
            uri.push('?');
            let pairs: Vec<(&str, &str)> = self.query.iter().map(|(name, value)| (*name, value.as_str())).collect();
            uri.push_str(&serde_urlencoded::to_string(pairs).unwrap_or_default());
        }
        let mut request = Request::builder().method(self.method).uri(uri).header(header::HOST, "docker");
        if let Some(content_type) = self.content_type {
            request = request.header(header::CONTENT_TYPE, content_type);
        }
        if let Some(length) = self.length {
            request = request.header(header::CONTENT_LENGTH, length);
        }
        if let Some(auth) = self.registry_auth {
            request = request.header("X-Registry-Auth", auth);
        }
        if upgrade {
            request = request.header(header::CONNECTION, "Upgrade").header(header::UPGRADE, "tcp");
        }
        Ok((request.body(self.body)?, self.time))
    }
}

/// Why the engine gave no answer at all.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UpstreamError {
    #[error("the engine's socket could not be opened")]
    Connect(#[source] std::io::Error),
    #[error("the engine broke off")]
    Http(#[from] hyper::Error),
    #[error("the engine was silent for {0:?}")]
    Silent(Duration),
    #[error("the request could not be built")]
    Request(#[from] http::Error),
}

impl From<UpstreamError> for Refusal {
    fn from(error: UpstreamError) -> Self {
        // What a client sends may be wrong in the middle, and ends the question: that is no fault of the engine's, and
        // nobody fills a log with it.
        if matches!(&error, UpstreamError::Http(error) if error.is_user()) {
            tracing::debug!(error = &error as &dyn std::error::Error, "a question to the engine was broken off here");
            return Self::broken_off();
        }
        tracing::error!(error = &error as &dyn std::error::Error, "the engine did not answer");
        Self::engine_away()
    }
}

/// A status that the engine has: done, unchanged, or an error. It sends nobody elsewhere, and switches to another
/// protocol only where it was asked to.
fn known(status: StatusCode) -> Result<StatusCode, Refusal> {
    if status.is_success() || status == StatusCode::NOT_MODIFIED || status.as_u16() >= 400 {
        return Ok(status);
    }
    tracing::error!(%status, "the engine answered as it never does");
    Err(Refusal::engine_away())
}

async fn in_time<T>(time: Option<Duration>, answer: impl Future<Output = hyper::Result<T>>) -> Result<T, UpstreamError> {
    match time {
        None => Ok(answer.await?),
        Some(time) => Ok(tokio::time::timeout(time, answer).await.map_err(|_| UpstreamError::Silent(time))??),
    }
}

impl Upstream {
    pub(crate) fn new(socket: &Path) -> Self {
        Self { inner: Arc::new(Inner { socket: socket.to_owned(), idle: Mutex::new(Vec::new()) }) }
    }

    /// Whether an engine is there at all.
    pub(crate) async fn answers(&self) -> bool {
        self.done(Ask::get(&["_ping"])).await.is_ok()
    }

    async fn socket(&self) -> Result<UnixStream, UpstreamError> {
        UnixStream::connect(&self.inner.socket).await.map_err(UpstreamError::Connect)
    }

    async fn connect(&self, upgrades: bool) -> Result<Sender, UpstreamError> {
        let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(self.socket().await?)).await?;
        tokio::spawn(async move {
            let ended = if upgrades { connection.with_upgrades().await } else { connection.await };
            if let Err(error) = ended {
                tracing::debug!(%error, "a connection to the engine ended");
            }
        });
        Ok(sender)
    }

    /// Sends one question; the answer may be of any status, and its body a stream. The connection is
    /// used again only for questions whose answer was read to its end.
    pub(crate) async fn send(&self, ask: Ask) -> Result<Response<Incoming>, UpstreamError> {
        let (request, time) = ask.into_request(false)?;
        let mut sender = self.connect(false).await?;
        in_time(time, sender.send_request(request)).await
    }

    /// A small question over a pooled connection: the answer is read whole.
    async fn send_small(&self, ask: Ask) -> Result<(StatusCode, Bytes), Refusal> {
        let (request, time) = ask.into_request(false).map_err(UpstreamError::from)?;
        // What may take as long as it likes has its request's place and would keep others' questions waiting.
        let _place = if time.is_some() { asking::place().await } else { None };
        let mut sender = self.pooled().await?;
        let answer = async {
            let response = sender.send_request(request).await.map_err(UpstreamError::from)?;
            let status = response.status();
            let bytes = body::read_engine(response.into_body()).await?;
            Ok::<_, Refusal>((known(status)?, bytes))
        };
        let answered = match time {
            None => answer.await?,
            Some(time) => tokio::time::timeout(time, answer).await.map_err(|_| UpstreamError::Silent(time))??,
        };
        let mut idle = self.inner.idle.lock().await;
        if idle.len() < POOLED_CONNECTIONS {
            idle.push(sender);
        }
        Ok(answered)
    }

    async fn pooled(&self) -> Result<Sender, UpstreamError> {
        while let Some(mut sender) = { self.inner.idle.lock().await.pop() } {
            if sender.ready().await.is_ok() {
                return Ok(sender);
            }
        }
        self.connect(false).await
    }

    /// Asks for a JSON value. A status of 400 or more is an [`EngineSaid`] error.
    pub(crate) async fn json<T: DeserializeOwned>(&self, ask: Ask) -> Result<T, EngineSaid> {
        let (status, bytes) = self.send_small(ask).await.map_err(EngineSaid::Away)?;
        if status.as_u16() >= 400 {
            return Err(EngineSaid::error(status, &bytes));
        }
        serde_json::from_slice(&bytes).map_err(|error| {
            tracing::error!(%error, "the engine's answer was not understood");
            EngineSaid::Away(Refusal::internal())
        })
    }

    /// Asks for something to be done; the answer's body says nothing.
    pub(crate) async fn done(&self, ask: Ask) -> Result<StatusCode, EngineSaid> {
        let (status, bytes) = self.send_small(ask).await.map_err(EngineSaid::Away)?;
        if status.as_u16() >= 400 { Err(EngineSaid::error(status, &bytes)) } else { Ok(status) }
    }

    /// Asks for a stream: an answer of 400 or more is read and becomes an error.
    pub(crate) async fn stream(&self, ask: Ask) -> Result<Response<Incoming>, EngineSaid> {
        let response = self.send(ask).await.map_err(|error| EngineSaid::Away(error.into()))?;
        let status = response.status();
        if known(status).map_err(EngineSaid::Away)?.as_u16() < 400 {
            return Ok(response);
        }
        let bytes = body::read_engine(response.into_body()).await.map_err(EngineSaid::Away)?;
        Err(EngineSaid::error(status, &bytes))
    }

    /// The same for large bodies, the question's or the answer's, that are passed on as they are.
    pub(crate) async fn pass(&self, ask: Ask) -> Result<Response<Body>, EngineSaid> {
        let asked = async {
            let socket = self.socket().await?;
            if ask.is_wide {
                widen(&socket);
            }
            let (request, time) = ask.into_request(false)?;
            in_time(time, driven::ask(socket, request)).await
        };
        let response = asked.await.map_err(|error| EngineSaid::Away(error.into()))?;
        let status = response.status();
        if known(status).map_err(EngineSaid::Away)?.as_u16() < 400 {
            return Ok(response.map(body::gathered));
        }
        let bytes = body::read_engine(response.into_body()).await.map_err(EngineSaid::Away)?;
        Err(EngineSaid::error(status, &bytes))
    }

    /// Asks for a hijacked connection. It is dedicated, and never used for anything else after.
    pub(crate) async fn hijack(&self, ask: Ask) -> Result<Response<Incoming>, EngineSaid> {
        let away = |error: UpstreamError| EngineSaid::Away(error.into());
        let (request, _) = ask.into_request(true).map_err(|error| away(error.into()))?;
        let mut sender = self.connect(true).await.map_err(away)?;
        let response = sender.send_request(request).await.map_err(|error| away(error.into()))?;
        let status = response.status();
        if status == StatusCode::SWITCHING_PROTOCOLS {
            return Ok(response);
        }
        let bytes = body::read_engine(response.into_body()).await.map_err(EngineSaid::Away)?;
        if status.as_u16() < 400 {
            return Err(EngineSaid::Away(Refusal::engine_away()));
        }
        Err(EngineSaid::error(status, &bytes))
    }
}

/// The engine said no, or nothing.
#[derive(Debug, Clone)]
pub(crate) enum EngineSaid {
    /// An error in the engine's words, with the engine's names: to be rewritten by
    /// [`crate::scope::Scope::scrub`] before a learner reads it.
    Error { status: StatusCode, message: String },
    /// Nothing that can be used.
    Away(Refusal),
}

impl EngineSaid {
    fn error(status: StatusCode, bytes: &[u8]) -> Self {
        #[derive(serde::Deserialize)]
        struct Message {
            message: String,
        }
        let message = serde_json::from_slice::<Message>(bytes)
            .map(|parsed| parsed.message)
            .unwrap_or_else(|_| String::from_utf8_lossy(bytes).trim().to_owned());
        Self::Error { status, message }
    }

    /// Whether the thing asked for isn't there.
    pub(crate) fn is_not_found(&self) -> bool {
        matches!(self, Self::Error { status, .. } if *status == StatusCode::NOT_FOUND)
    }

    /// For logs and for the gateway's owner.
    pub(crate) fn message(&self) -> &str {
        match self {
            Self::Error { message, .. } => message,
            Self::Away(refusal) => &refusal.message,
        }
    }
}
