//! The course registry (CNCF Distribution), as the gateway itself asks it: manifests, to know what a
//! pull will bring; deletions, when a sandbox ends. Source: the OCI distribution specification 1.1.

pub(crate) mod front;

use std::{io, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use tokio::net::TcpStream;

use crate::{
    SandboxId,
    body::{self, BoxError},
    refusal::Refusal,
};

/// How long one question may take. The registry is on loopback.
const ANSWER_TIME: Duration = Duration::from_secs(10);
/// Bytes of one answer. Registries take no manifest above 4 MiB.
const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;
/// Repositories and tags asked for in one list; a course has a few dozen.
const MAX_LISTED: usize = 1_000;

const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
const DOCKER_INDEX: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// The registry on loopback. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Registry {
    /// `host:port`.
    address: String,
}

/// What a tag or digest stands for, for this machine's kind of processor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Manifest {
    /// Of what was asked for: the index where there is one. What `docker pull` prints.
    pub(crate) digest: String,
    pub(crate) media_type: String,
    /// Bytes of what has `digest`.
    pub(crate) size: u64,
    /// Digest of the configuration: the image ID.
    pub(crate) image_id: String,
    /// Base first.
    pub(crate) layers: Vec<Blob>,
}

/// A compressed layer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Blob {
    pub(crate) digest: String,
    /// Bytes.
    pub(crate) size: u64,
}

impl Blob {
    /// Twelve hex digits, as pulls print them.
    pub(crate) fn short_id(&self) -> String {
        self.digest.trim_start_matches("sha256:").chars().take(12).collect()
    }
}

/// The answer to "what is this tag?".
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Lookup {
    Found(Manifest),
    NoRepository,
    NoTag,
    /// It is there, but not for this machine.
    NoPlatform,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum RegistryError {
    #[error("the registry could not be reached")]
    Connect(#[source] io::Error),
    #[error("the registry broke off")]
    Http(#[from] hyper::Error),
    #[error("the registry's answer could not be read")]
    Answer(#[source] BoxError),
    #[error("the question could not be built")]
    Question(#[from] http::Error),
    #[error("the registry was silent for {ANSWER_TIME:?}")]
    Silent,
    #[error("the registry answered with status {0}")]
    Status(StatusCode),
    #[error("the registry's answer was not understood")]
    Malformed(#[from] serde_json::Error),
    #[error("the manifest is of a kind that is not understood: {0:?}")]
    Kind(String),
}

impl From<RegistryError> for Refusal {
    fn from(error: RegistryError) -> Self {
        tracing::error!(error = &error as &dyn std::error::Error, "the registry did not answer");
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "lunchbox: the course registry does not answer. Try again in a moment; if it stays, tell your instructor.",
        )
    }
}

#[derive(Deserialize)]
struct WrittenManifest {
    config: Blob,
    layers: Vec<Blob>,
}

#[derive(Deserialize)]
struct WrittenIndex {
    manifests: Vec<IndexEntry>,
}

#[derive(Deserialize)]
struct IndexEntry {
    digest: String,
    platform: Option<Platform>,
}

#[derive(Deserialize)]
struct Platform {
    os: String,
    architecture: String,
}

/// This machine's processor in Go's words, which Docker uses.
pub(crate) fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

/// Whether an official image may be a course's: Lunchbox's own (what the benchmark pulls) are no part of one.
fn is_course_image(name: &str) -> bool {
    !name.starts_with("lunchbox-")
}

impl Registry {
    pub(crate) fn new(address: &str) -> Self {
        Self { address: address.to_owned() }
    }

    /// What `what` (a tag or a digest) of a repository is.
    pub(crate) async fn look_up(&self, repository: &str, what: &str) -> Result<Lookup, RegistryError> {
        let Some(found) = self.manifest(repository, what).await? else {
            let known = self.tags(repository).await?.is_some_and(|tags| !tags.is_empty());
            return Ok(if known { Lookup::NoTag } else { Lookup::NoRepository });
        };
        let (digest, media_type, size) = (found.digest.clone(), found.media_type.clone(), found.bytes.len() as u64);
        let manifest = match media_type.as_str() {
            DOCKER_MANIFEST | OCI_MANIFEST => found,
            DOCKER_INDEX | OCI_INDEX => {
                let index: WrittenIndex = serde_json::from_slice(&found.bytes)?;
                let ours =
                    |entry: &IndexEntry| entry.platform.as_ref().is_some_and(|p| p.os == "linux" && p.architecture == architecture());
                let Some(entry) = index.manifests.into_iter().find(ours) else { return Ok(Lookup::NoPlatform) };
                match self.manifest(repository, &entry.digest).await? {
                    Some(manifest) => manifest,
                    None => return Ok(Lookup::NoTag),
                }
            }
            other => return Err(RegistryError::Kind(other.to_owned())),
        };
        let written: WrittenManifest = serde_json::from_slice(&manifest.bytes)?;
        Ok(Lookup::Found(Manifest { digest, media_type, size, image_id: written.config.digest, layers: written.layers }))
    }

    /// The diff IDs of an image's layers, base first: what its configuration says.
    pub(crate) async fn diff_ids(&self, repository: &str, image_id: &str) -> Result<Vec<String>, RegistryError> {
        #[derive(Deserialize)]
        struct Configuration {
            rootfs: RootFs,
        }
        #[derive(Deserialize)]
        struct RootFs {
            diff_ids: Vec<String>,
        }
        let answer = self.ask(Method::GET, &format!("/v2/{repository}/blobs/{image_id}")).await?;
        match answer.status {
            StatusCode::OK => Ok(serde_json::from_slice::<Configuration>(&answer.bytes)?.rootfs.diff_ids),
            status => Err(RegistryError::Status(status)),
        }
    }

    /// All tags of a repository; `None` where there is none of that name.
    pub(crate) async fn tags(&self, repository: &str) -> Result<Option<Vec<String>>, RegistryError> {
        #[derive(Deserialize)]
        struct Tags {
            tags: Option<Vec<String>>,
        }
        let answer = self.ask(Method::GET, &format!("/v2/{repository}/tags/list?n={MAX_LISTED}")).await?;
        match answer.status {
            StatusCode::OK => Ok(Some(serde_json::from_slice::<Tags>(&answer.bytes)?.tags.unwrap_or_default())),
            StatusCode::NOT_FOUND => Ok(None),
            status => Err(RegistryError::Status(status)),
        }
    }

    /// The names of all official images: `nginx`, without `library/`.
    pub(crate) async fn course_images(&self) -> Result<Vec<String>, RegistryError> {
        let mut names = self.repositories("library").await?;
        names.retain(|name| is_course_image(name));
        Ok(names)
    }

    /// What lies in a learner's corner, without the corner's own name.
    pub(crate) async fn learners_repositories(&self, sandbox: &SandboxId) -> Result<Vec<String>, RegistryError> {
        self.repositories(&format!("learners/{sandbox}")).await
    }

    /// The repositories below a folder, by their names from there.
    async fn repositories(&self, folder: &str) -> Result<Vec<String>, RegistryError> {
        #[derive(Deserialize)]
        struct Repositories {
            repositories: Vec<String>,
        }
        // The list is in order: it begins at the folder, whatever comes before.
        let answer = self.ask(Method::GET, &format!("/v2/_catalog?n={MAX_LISTED}&last={folder}")).await?;
        if answer.status != StatusCode::OK {
            return Err(RegistryError::Status(answer.status));
        }
        let listed: Repositories = serde_json::from_slice(&answer.bytes)?;
        let below = listed.repositories.iter().filter_map(|name| name.strip_prefix(folder)?.strip_prefix('/'));
        Ok(below.map(str::to_owned).collect())
    }

    /// Forgets a manifest, and with it its tags. What is gone already is no error. The bytes of its
    /// layers go when the operator runs the registry's garbage collection.
    pub(crate) async fn delete_manifest(&self, repository: &str, digest: &str) -> Result<(), RegistryError> {
        let answer = self.ask(Method::DELETE, &format!("/v2/{repository}/manifests/{digest}")).await?;
        match answer.status {
            StatusCode::ACCEPTED | StatusCode::NOT_FOUND => Ok(()),
            status => Err(RegistryError::Status(status)),
        }
    }

    /// What a tag stands for; `None` where there is no such tag.
    pub(crate) async fn digest(&self, repository: &str, tag: &str) -> Result<Option<String>, RegistryError> {
        Ok(self.manifest(repository, tag).await?.map(|manifest| manifest.digest))
    }

    async fn manifest(&self, repository: &str, what: &str) -> Result<Option<RawManifest>, RegistryError> {
        let answer = self.ask(Method::GET, &format!("/v2/{repository}/manifests/{what}")).await?;
        match answer.status {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => return Ok(None),
            status => return Err(RegistryError::Status(status)),
        }
        let media_type = answer.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let media_type = media_type.split(';').next().unwrap_or_default().trim().to_owned();
        let digest = format!("sha256:{:x}", Sha256::digest(&answer.bytes));
        Ok(Some(RawManifest { digest, media_type, bytes: answer.bytes }))
    }

    async fn ask(&self, method: Method, path: &str) -> Result<RegistryAnswer, RegistryError> {
        tokio::time::timeout(ANSWER_TIME, self.ask_now(method, path)).await.map_err(|_| RegistryError::Silent)?
    }

    async fn ask_now(&self, method: Method, path: &str) -> Result<RegistryAnswer, RegistryError> {
        let (head, incoming) = self.open_now(method, path).await?.into_parts();
        let bytes = Limited::new(incoming, MAX_ANSWER_BYTES).collect().await.map_err(RegistryError::Answer)?.to_bytes();
        Ok(RegistryAnswer { status: head.status, headers: head.headers, bytes })
    }

    /// Asks for something whose body is to be read as it comes.
    pub(crate) async fn open(&self, method: Method, path: &str) -> Result<Response<Incoming>, RegistryError> {
        tokio::time::timeout(ANSWER_TIME, self.open_now(method, path)).await.map_err(|_| RegistryError::Silent)?
    }

    async fn open_now(&self, method: Method, path: &str) -> Result<Response<Incoming>, RegistryError> {
        let stream = TcpStream::connect(&self.address).await.map_err(RegistryError::Connect)?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection to the registry ended");
            }
        });
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, &self.address);
        for accepted in [DOCKER_MANIFEST, DOCKER_INDEX, OCI_MANIFEST, OCI_INDEX] {
            request = request.header(header::ACCEPT, accepted);
        }
        Ok(sender.send_request(request.body(body::empty())?).await?)
    }
}

struct RegistryAnswer {
    status: StatusCode,
    headers: HeaderMap,
    bytes: Bytes,
}

struct RawManifest {
    digest: String,
    media_type: String,
    bytes: Bytes,
}
