//! What images are: immutable, so asked of the engine once and kept. Whose they are is not here.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, PoisonError, RwLock},
};

use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    host::Layer,
    images::layers,
    upstream::{Ask, EngineSaid, Upstream},
};

/// Images kept at most; beyond that the cache begins anew. An entry is some 4 KiB.
const MAX_CACHED_IMAGES: usize = 2_000;
/// The label of images that stand in for upstream's.
pub(crate) const STAND_IN_LABEL: &str = "io.lunchbox.stand-in";

/// `ImageInspect`, as far as it is passed on.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct ImageInspect {
    pub(crate) id: String,
    pub(crate) repo_tags: Vec<String>,
    pub(crate) repo_digests: Vec<String>,
    pub(crate) parent: String,
    pub(crate) comment: String,
    /// RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) created: Option<String>,
    pub(crate) docker_version: String,
    pub(crate) author: String,
    pub(crate) config: Option<ImageConfig>,
    pub(crate) architecture: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) variant: Option<String>,
    pub(crate) os: String,
    /// Bytes, uncompressed.
    pub(crate) size: i64,
    #[serde(rename = "RootFS")]
    pub(crate) root_fs: RootFs,
    pub(crate) metadata: Metadata,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct RootFs {
    #[serde(rename = "Type")]
    pub(crate) kind: String,
    /// Diff IDs, base first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) layers: Option<Vec<String>>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Metadata {
    pub(crate) last_tag_time: String,
}

/// `ImageConfig`: what a container made of the image starts with.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct ImageConfig {
    pub(crate) hostname: String,
    pub(crate) domainname: String,
    pub(crate) user: String,
    pub(crate) attach_stdin: bool,
    pub(crate) attach_stdout: bool,
    pub(crate) attach_stderr: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) exposed_ports: Option<BTreeMap<String, Empty>>,
    pub(crate) tty: bool,
    pub(crate) open_stdin: bool,
    pub(crate) stdin_once: bool,
    pub(crate) env: Option<Vec<String>>,
    pub(crate) cmd: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) healthcheck: Option<Healthcheck>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) args_escaped: bool,
    pub(crate) image: String,
    pub(crate) volumes: Option<BTreeMap<String, Empty>>,
    pub(crate) working_dir: String,
    pub(crate) entrypoint: Option<Vec<String>>,
    pub(crate) on_build: Option<Vec<String>>,
    pub(crate) labels: Option<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stop_signal: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) shell: Option<Vec<String>>,
}

/// `{}`
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Empty {}

/// `HealthConfig`; times in nanoseconds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Healthcheck {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) test: Option<Vec<String>>,
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) interval: i64,
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) timeout: i64,
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) start_period: i64,
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) start_interval: i64,
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) retries: i64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(number: &i64) -> bool {
    *number == 0
}

/// One line of `docker history`, newest first as the engine has it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct HistoryItem {
    pub(crate) id: String,
    /// Unix seconds.
    pub(crate) created: i64,
    pub(crate) created_by: String,
    pub(crate) tags: Option<Vec<String>>,
    /// Bytes.
    pub(crate) size: i64,
    pub(crate) comment: String,
}

/// One image, whole.
#[derive(Debug, Clone)]
pub(crate) struct ImageFacts {
    pub(crate) inspect: ImageInspect,
    pub(crate) history: Vec<HistoryItem>,
    /// Base first.
    pub(crate) layers: Vec<Layer>,
}

impl ImageFacts {
    pub(crate) fn label(&self, key: &str) -> Option<&str> {
        self.inspect.config.as_ref()?.labels.as_ref()?.get(key).map(String::as_str)
    }

    /// Base first.
    pub(crate) fn diff_ids(&self) -> &[String] {
        self.inspect.root_fs.layers.as_deref().unwrap_or_default()
    }

    /// What the image says of itself.
    pub(crate) fn labels(&self) -> Option<&BTreeMap<String, String>> {
        self.inspect.config.as_ref()?.labels.as_ref()
    }

    /// When it was made, in unix seconds; 0 where it doesn't say.
    pub(crate) fn created(&self) -> i64 {
        self.inspect
            .created
            .as_deref()
            .and_then(|text| OffsetDateTime::parse(text, &Rfc3339).ok())
            .map_or(0, OffsetDateTime::unix_timestamp)
    }

    /// Its layers by chain ID, with their sizes in bytes.
    pub(crate) fn chains(&self) -> impl Iterator<Item = (String, u64)> {
        layers::chain_ids(self.diff_ids()).into_iter().zip(self.layers.iter().map(|layer| layer.size))
    }

    pub(crate) fn is_stand_in(&self) -> bool {
        self.label(STAND_IN_LABEL) == Some("true")
    }
}

/// The images that somebody asked about.
#[derive(Clone)]
pub(crate) struct Catalogue {
    engine: Upstream,
    known: Arc<RwLock<HashMap<String, Arc<ImageFacts>>>>,
}

impl Catalogue {
    pub(crate) fn new(engine: Upstream) -> Self {
        Self { engine, known: Arc::default() }
    }

    /// `id` is a full image ID that the ledger or the engine gave.
    pub(crate) async fn get(&self, id: &str) -> Result<Arc<ImageFacts>, EngineSaid> {
        if let Some(facts) = self.known.read().unwrap_or_else(PoisonError::into_inner).get(id) {
            return Ok(facts.clone());
        }
        let (inspect, history) = tokio::try_join!(
            self.engine.json::<ImageInspect>(Ask::get(&["images", id, "json"])),
            self.engine.json::<Vec<HistoryItem>>(Ask::get(&["images", id, "history"])),
        )?;
        let layers = layers_of(&inspect, &history);
        let facts = Arc::new(ImageFacts { inspect, history, layers });
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_CACHED_IMAGES {
            known.clear();
        }
        known.insert(id.to_owned(), facts.clone());
        Ok(facts)
    }

    /// The engine has it no longer.
    pub(crate) fn forget(&self, id: &str) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).remove(id);
    }
}

/// Pairs diff IDs with the lines of the history that made them. The API doesn't say which lines made
/// no layer, so: those with a size; if these aren't as many, those whose instruction changes files. What no line tells of
/// (an image needs no history) is the highest layer's, which is shared the least: all layers have what the image has.
fn layers_of(inspect: &ImageInspect, history: &[HistoryItem]) -> Vec<Layer> {
    let digests = inspect.root_fs.layers.clone().unwrap_or_default();
    let oldest_first = || history.iter().rev();
    let sized: Vec<&HistoryItem> = oldest_first().filter(|item| item.size > 0).collect();
    let written: Vec<&HistoryItem> = oldest_first().filter(|item| changes_files(&item.created_by) || item.size > 0).collect();
    let items = if sized.len() == digests.len() { sized } else { written };
    let fitting = items.len() == digests.len();
    let mut layers: Vec<Layer> = digests
        .into_iter()
        .enumerate()
        .map(|(index, digest)| match items.get(index).filter(|_| fitting) {
            Some(item) => Layer { digest, size: u64::try_from(item.size).unwrap_or(0), instruction: instruction(item) },
            None => Layer { digest, size: 0, instruction: String::new() },
        })
        .collect();
    let told: u64 = layers.iter().map(|layer| layer.size).sum();
    if let Some(highest) = layers.last_mut() {
        highest.size += u64::try_from(inspect.size).unwrap_or(0).saturating_sub(told);
    }
    layers
}

pub(crate) fn changes_files(created_by: &str) -> bool {
    let text = created_by.trim_start_matches("/bin/sh -c ").trim_start_matches("#(nop)").trim_start();
    if created_by.contains("#(nop)") {
        return text.starts_with("ADD") || text.starts_with("COPY") || text.starts_with("WORKDIR");
    }
    !["CMD", "ENV", "LABEL", "EXPOSE", "ENTRYPOINT", "USER", "VOLUME", "STOPSIGNAL", "ARG", "HEALTHCHECK", "SHELL", "ONBUILD", "MAINTAINER"]
        .iter()
        .any(|word| text.starts_with(word))
}

/// As a Dockerfile would have it: `RUN apt-get …`, `COPY …`.
fn instruction(item: &HistoryItem) -> String {
    let text = item.created_by.trim();
    if text.is_empty() {
        // `Imported from -` of a root file system that set-up made.
        let imported = item.comment.is_empty() || item.comment.starts_with("Imported from");
        return if imported { "base system".to_owned() } else { item.comment.clone() };
    }
    let text = text.trim_end_matches("# buildkit").trim_end();
    // BuildKit tells of the shell too: `RUN /bin/sh -c …`.
    let text = match text.strip_prefix("RUN ") {
        Some(run) if run.starts_with("/bin/sh -c ") || run.starts_with('|') => run,
        _ => text,
    };
    // `|1 VERSION=1 /bin/sh -c …` is how a RUN with build arguments is written.
    let text = match text.strip_prefix('|').and_then(|rest| rest.find("/bin/sh -c ").map(|at| &rest[at..])) {
        Some(run) => run,
        None => text,
    };
    match text.strip_prefix("/bin/sh -c ") {
        Some(rest) => match rest.trim_start().strip_prefix("#(nop)") {
            Some(instruction) => instruction.trim().to_owned(),
            None => format!("RUN {}", rest.trim()),
        },
        None => text.to_owned(),
    }
}
