//! What the course registry offers. Asked now and then, never on a learner's way.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use app::model::RegistryImage;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde::Deserialize;
use tokio::sync::watch;

/// Between two looks; the course's images change by an operator's hand only.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// While the registry does not answer.
const LOOK_AGAIN: Duration = Duration::from_secs(3);
/// How long one question may take.
const LIMIT: Duration = Duration::from_secs(5);
/// Bytes of one answer.
const MAX_ANSWER: usize = 1024 * 1024;
/// Images listed at most: the diagram has room for about as many.
const MAX_IMAGES: usize = 200;
/// Where the course's images are.
const COURSE: &str = "library/";
/// How the images of Lunchbox's own begin (what the benchmark pulls): they are no part of a course.
const OURS: &str = "lunchbox-";
/// The label of an image that was built in place of the upstream one.
const STAND_IN: &str = "io.lunchbox.stand-in";
const MANIFESTS: &str = "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json";

/// Why the registry could not be asked.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct RegistryError(String);

/// The course registry. Cheap to clone.
#[derive(Clone)]
pub struct Registry {
    address: Arc<str>,
    client: Client<HttpConnector, Empty<Bytes>>,
    images: watch::Sender<Arc<Vec<RegistryImage>>>,
    /// By the digest of an image's configuration: whether it is a stand-in. A digest's content
    /// never changes.
    stand_ins: Arc<Mutex<HashMap<String, bool>>>,
}

#[derive(Deserialize)]
struct Catalogue {
    repositories: Vec<String>,
}

#[derive(Deserialize)]
struct Tags {
    /// `null` when the last one was deleted.
    tags: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Manifest {
    config: Option<Descriptor>,
}

#[derive(Deserialize)]
struct Descriptor {
    digest: String,
}

#[derive(Deserialize)]
struct ImageConfig {
    config: Option<ContainerConfig>,
}

#[derive(Deserialize)]
struct ContainerConfig {
    #[serde(rename = "Labels")]
    labels: Option<HashMap<String, String>>,
}

impl Registry {
    /// `address`: `127.0.0.1:5055`.
    pub fn new(address: &str) -> Self {
        Self {
            address: address.into(),
            client: Client::builder(TokioExecutor::new()).build_http(),
            images: watch::Sender::default(),
            stand_ins: Arc::default(),
        }
    }

    /// The course's images as they were found last, in order.
    pub fn images(&self) -> watch::Receiver<Arc<Vec<RegistryImage>>> {
        self.images.subscribe()
    }

    /// Keeps [`Registry::images`] up to date. Never returns.
    pub async fn follow(self) {
        loop {
            let pause = match self.list().await {
                Ok(images) => {
                    self.images.send_if_modified(|current| {
                        let changed = **current != images;
                        if changed {
                            *current = Arc::new(images);
                        }
                        changed
                    });
                    LOOK_EVERY
                }
                Err(error) => {
                    tracing::warn!(%error, "The course registry could not be asked for its images.");
                    LOOK_AGAIN
                }
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// Whether it answers.
    ///
    /// # Errors
    /// Where it doesn't.
    pub async fn ping(&self) -> Result<(), RegistryError> {
        self.get("/v2/", "*/*").await.map(drop)
    }

    /// Asks for the course's images.
    ///
    /// # Errors
    /// Where the registry does not answer, or not as a registry does.
    pub async fn list(&self) -> Result<Vec<RegistryImage>, RegistryError> {
        // The list is in order: learners' corners, of which there may be many, come before `library/`.
        let catalogue: Catalogue = self.json("/v2/_catalog?n=1000&last=library", "*/*").await?;
        let mut images = Vec::new();
        for repository in catalogue.repositories {
            let Some(name) = repository.strip_prefix(COURSE).filter(|name| !name.starts_with(OURS)) else { continue };
            let tags: Tags = self.json(&format!("/v2/{repository}/tags/list"), "*/*").await?;
            let mut tags = tags.tags.unwrap_or_default();
            tags.sort();
            for tag in tags {
                let stand_in = self.is_stand_in(&repository, &tag).await.unwrap_or(false);
                images.push(RegistryImage { reference: format!("{name}:{tag}"), stand_in, pushed: false });
                if images.len() == MAX_IMAGES {
                    return Ok(images);
                }
            }
        }
        Ok(images)
    }

    async fn is_stand_in(&self, repository: &str, tag: &str) -> Result<bool, RegistryError> {
        let manifest: Manifest = self.json(&format!("/v2/{repository}/manifests/{tag}"), MANIFESTS).await?;
        let Some(config) = manifest.config else { return Ok(false) };
        let known = self.stand_ins.lock().unwrap_or_else(PoisonError::into_inner).get(&config.digest).copied();
        if let Some(known) = known {
            return Ok(known);
        }
        let image: ImageConfig = self.json(&format!("/v2/{repository}/blobs/{}", config.digest), "*/*").await?;
        let stand_in = image.config.and_then(|config| config.labels).is_some_and(|labels| labels.contains_key(STAND_IN));
        self.stand_ins.lock().unwrap_or_else(PoisonError::into_inner).insert(config.digest, stand_in);
        Ok(stand_in)
    }

    async fn json<T: serde::de::DeserializeOwned>(&self, path: &str, accept: &str) -> Result<T, RegistryError> {
        let answer = self.get(path, accept).await?;
        serde_json::from_slice(&answer)
            .map_err(|error| RegistryError(format!("{} answered {path} with what can't be read: {error}", self.address)))
    }

    async fn get(&self, path: &str, accept: &str) -> Result<Bytes, RegistryError> {
        let fail = |error: &dyn std::fmt::Display| RegistryError(format!("the registry at {} does not answer: {error}", self.address));
        let request = http::Request::get(format!("http://{}{path}", self.address)).header(http::header::ACCEPT, accept);
        let request = request.body(Empty::new()).map_err(|error| fail(&error))?;
        let exchange = async {
            let response = self.client.request(request).await.map_err(|error| fail(&error))?;
            let status = response.status();
            if !status.is_success() {
                return Err(RegistryError(format!("the registry at {} answered {path} with {status}", self.address)));
            }
            Limited::new(response.into_body(), MAX_ANSWER).collect().await.map(|body| body.to_bytes()).map_err(|error| fail(&error))
        };
        tokio::time::timeout(LIMIT, exchange).await.map_err(|_| fail(&"it took too long"))?
    }
}
