//! `POST /session`: the connection on which a client serves what a build needs of it. The roles turn
//! round: from here on the gateway asks, and the client answers. Asked for are folders, and the
//! secrets that a build names.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use http::{HeaderName, HeaderValue};
use hyper::{body::Incoming, client::conn::http2::SendRequest, upgrade::OnUpgrade};
use hyper_util::rt::TokioExecutor;
use tokio::{sync::watch, time::timeout};
use tonic::{Status, Streaming, metadata::MetadataValue};
use tonic_prost::ProstCodec;

use super::wire::{Packet, Piece, SecretRequest, SecretResponse};
use crate::{limits, refusal::Refusal};

/// The header in which a client says what its session is called.
pub(super) const SESSION_HEADER: HeaderName = HeaderName::from_static("x-docker-expose-session-uuid");
/// Bytes of a session's name. BuildKit's have 25.
const MAX_NAME_BYTES: usize = 64;
const UPLOAD: &str = "/moby.upload.v1.Upload/Pull";
const SECRETS: &str = "/moby.buildkit.secrets.v1.Secrets/GetSecret";
const FILES: &str = "/moby.filesync.v1.FileSync/DiffCopy";

/// Sessions by their names. Dropped with the sandbox.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    open: Mutex<HashMap<String, Session>>,
    /// Rises when one comes: a build may ask for its session before that has been opened.
    opened: watch::Sender<u64>,
}

/// One client that can be asked. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Session {
    client: SendRequest<tonic::body::Body>,
}

impl Sessions {
    /// Whether one may be opened under this name.
    pub(super) fn check(&self, name: &str) -> Result<(), Refusal> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if name.is_empty() || name.len() > MAX_NAME_BYTES || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return Err(Refusal::invalid("lunchbox: the session has no name, or none that can be understood"));
        }
        if open.contains_key(name) {
            return Err(Refusal::conflict("lunchbox: a session of this name is open already"));
        }
        Ok(())
    }

    /// Speaks with the client until it goes.
    pub(super) async fn serve(self: Arc<Self>, name: String, upgrade: OnUpgrade) {
        let upgraded = match upgrade.await {
            Ok(upgraded) => upgraded,
            Err(error) => return tracing::debug!(%error, "a build's session did not come about"),
        };
        let mut builder = hyper::client::conn::http2::Builder::new(TokioExecutor::new());
        builder
            .initial_stream_window_size(limits::BUILD_WINDOW_BYTES)
            .initial_connection_window_size(limits::BUILD_WINDOW_BYTES)
            .max_header_list_size(limits::MAX_BUILD_HEADER_BYTES);
        let (client, connection) = match builder.handshake(upgraded).await {
            Ok(pair) => pair,
            Err(error) => return tracing::debug!(%error, "a build's session did not come about"),
        };
        // Somebody may have been quicker with the name meanwhile: then this one is none.
        if self.check(&name).is_err() {
            return;
        }
        self.open.lock().unwrap_or_else(PoisonError::into_inner).insert(name.clone(), Session { client });
        self.opened.send_modify(|count| *count += 1);
        let ended = connection.await;
        self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&name);
        if let Err(error) = ended {
            tracing::debug!(%error, "a build's session ended");
        }
    }

    /// The session of this name; waits a little for one that is on its way.
    pub(super) async fn get(&self, name: &str) -> Result<Session, Status> {
        let mut opened = self.opened.subscribe();
        let found = timeout(limits::BUILD_SESSION_TIME, async {
            loop {
                if let Some(session) = self.open.lock().unwrap_or_else(PoisonError::into_inner).get(name) {
                    return session.clone();
                }
                if opened.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        });
        found.await.map_err(|_| Status::failed_precondition("no active session: the client that asked for the build has gone"))
    }
}

/// A folder as its client hands it over: packets from it, packets to it.
pub(super) struct Folder {
    pub(super) from: Streaming<Packet>,
    pub(super) to: tokio::sync::mpsc::Sender<Packet>,
}

/// What to leave out of a folder, or the few things to take of it. In BuildKit's patterns; the client
/// applies them.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    pub(super) only: Vec<String>,
    pub(super) but: Vec<String>,
}

impl Session {
    /// Begins to read the folder of this name (`context`, `dockerfile`).
    pub(super) async fn folder(&self, name: &'static str, wanted: &Wanted) -> Result<Folder, Status> {
        let (to, packets) = tokio::sync::mpsc::channel(8);
        let mut request = tonic::Request::new(tokio_stream::wrappers::ReceiverStream::new(packets));
        let metadata = request.metadata_mut();
        metadata.insert("dir-name", MetadataValue::from_static(name));
        for (key, patterns) in [("followpaths", &wanted.only), ("exclude-patterns", &wanted.but)] {
            // As BuildKit does where a pattern isn't plain text: all are escaped, and the client is told so.
            let plain = patterns.iter().all(|pattern| pattern.bytes().all(|b| (0x20..0x7f).contains(&b)));
            for pattern in patterns {
                let text = if plain { pattern.clone() } else { escaped(pattern) };
                let value =
                    MetadataValue::try_from(text).map_err(|_| Status::invalid_argument("a pattern in .dockerignore is not understood"))?;
                metadata.append(key, value);
            }
            if !plain {
                let flag = if key == "followpaths" { "followpaths-encoded" } else { "exclude-patterns-encoded" };
                metadata.insert(flag, MetadataValue::from_static("1"));
            }
        }
        let from = self.ask(request, FILES, ProstCodec::<Packet, Packet>::default()).await?;
        Ok(Folder { from, to })
    }

    /// Begins to read what came on the client's standard input, by the client's name for it.
    pub(super) async fn upload(&self, name: &str) -> Result<Streaming<Piece>, Status> {
        let mut request = tonic::Request::new(tokio_stream::empty());
        let path =
            MetadataValue::try_from(name).map_err(|_| Status::unknown("lunchbox: the build context has no name that can be understood"))?;
        request.metadata_mut().insert("urlpath", path);
        self.ask(request, UPLOAD, ProstCodec::<Piece, Piece>::default()).await
    }

    /// A secret of this name, where the client has one.
    pub(super) async fn secret(&self, name: String) -> Result<Option<Vec<u8>>, Status> {
        let mut grpc = tonic::client::Grpc::with_origin(self.service(), http::Uri::from_static("http://localhost"))
            .max_decoding_message_size(limits::MAX_SECRET_BYTES + limits::MAX_BUILD_MESSAGE_BYTES);
        grpc.ready().await.map_err(|_| gone())?;
        let path = http::uri::PathAndQuery::from_static(SECRETS);
        let asked =
            grpc.unary(tonic::Request::new(SecretRequest { id: name }), path, ProstCodec::<SecretRequest, SecretResponse>::default());
        match timeout(limits::BUILD_SESSION_TIME, asked).await.map_err(|_| gone())? {
            Ok(response) => Ok(Some(response.into_inner().data)),
            // A client that has no secrets at all doesn't know the call.
            Err(status) if matches!(status.code(), tonic::Code::NotFound | tonic::Code::Unimplemented) => Ok(None),
            Err(status) => Err(status),
        }
    }

    async fn ask<M: prost::Message + Default + Send + 'static>(
        &self,
        request: tonic::Request<impl tokio_stream::Stream<Item = M> + Send + 'static>,
        path: &'static str,
        codec: ProstCodec<M, M>,
    ) -> Result<Streaming<M>, Status> {
        let mut grpc = tonic::client::Grpc::with_origin(self.service(), http::Uri::from_static("http://localhost"))
            .max_decoding_message_size(limits::MAX_BUILD_MESSAGE_BYTES);
        grpc.ready().await.map_err(|_| gone())?;
        let asked = grpc.streaming(request, http::uri::PathAndQuery::from_static(path), codec);
        Ok(timeout(limits::BUILD_SESSION_TIME, asked).await.map_err(|_| gone())??.into_inner())
    }

    fn service(
        &self,
    ) -> impl tower::Service<http::Request<tonic::body::Body>, Response = http::Response<Incoming>, Error = hyper::Error, Future: Send>
    + Clone
    + Send {
        let client = self.client.clone();
        tower::service_fn(move |request| {
            let mut client = client.clone();
            async move { client.send_request(request).await }
        })
    }
}

fn gone() -> Status {
    Status::unavailable("the client that asked for the build has gone")
}

/// BuildKit's own escaping of header values: `%` and what isn't printable ASCII, as `%XX`.
fn escaped(text: &str) -> String {
    percent_encoding::percent_encode(text.as_bytes(), percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// Names a header's value, where it can be read.
pub(super) fn session_name(value: Option<&HeaderValue>) -> &str {
    value.and_then(|value| value.to_str().ok()).unwrap_or_default()
}
