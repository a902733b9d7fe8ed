//! An image while it is built: configuration, history and layers, in memory until it is done. Its ID is the
//! digest of what is written here, as the engine has it.
//!
//! Source: the Docker Image Specification v1.2.

use serde::Serialize;
use sha2::{Digest, Sha256};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    images::{
        catalogue::{self, HistoryItem, ImageConfig, ImageFacts},
        labels,
    },
    registry,
};

/// One line of `docker history`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(super) struct Line {
    /// RFC 3339.
    created: String,
    created_by: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    comment: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    empty_layer: bool,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Image {
    pub(super) config: ImageConfig,
    pub(super) author: String,
    /// Base first.
    pub(super) diff_ids: Vec<String>,
    architecture: String,
    variant: Option<String>,
    /// The engine that made it, as the classic builder tells.
    pub(super) docker_version: String,
    created: String,
    history: Vec<Line>,
}

/// What the engine loads.
#[derive(Serialize)]
struct Written<'a> {
    architecture: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    author: &'a str,
    config: &'a ImageConfig,
    created: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    docker_version: &'a str,
    history: &'a [Line],
    os: &'static str,
    rootfs: Layers<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    variant: Option<&'a str>,
}

#[derive(Serialize)]
struct Layers<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    diff_ids: &'a [String],
}

/// Now, as an image tells it.
pub(super) fn now() -> String {
    OffsetDateTime::now_utc().format(&Rfc3339).unwrap_or_default()
}

impl Image {
    /// Nothing: what `FROM scratch` begins with.
    pub(super) fn scratch() -> Self {
        let path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned();
        let config = ImageConfig { env: Some(vec![path]), ..ImageConfig::default() };
        Self { config, architecture: registry::architecture().to_owned(), created: now(), ..Self::default() }
    }

    /// What a build goes on from.
    pub(super) fn of(facts: &ImageFacts) -> Self {
        let inspect = &facts.inspect;
        let said = inspect.config.clone().unwrap_or_default();
        // Not: what the container that it was made of was, and how that was started.
        let config = ImageConfig {
            user: said.user,
            exposed_ports: said.exposed_ports,
            env: said.env,
            cmd: said.cmd,
            healthcheck: said.healthcheck,
            volumes: said.volumes.filter(|volumes| !volumes.is_empty()),
            working_dir: said.working_dir,
            entrypoint: said.entrypoint,
            on_build: said.on_build.filter(|triggers| !triggers.is_empty()),
            labels: labels::shown(said.labels.as_ref()),
            stop_signal: said.stop_signal,
            shell: said.shell,
            ..ImageConfig::default()
        };
        Self {
            config,
            author: inspect.author.clone(),
            diff_ids: facts.diff_ids().to_vec(),
            architecture: inspect.architecture.clone(),
            variant: inspect.variant.clone(),
            docker_version: inspect.docker_version.clone(),
            created: inspect.created.clone().unwrap_or_default(),
            history: history(&facts.history, facts.diff_ids().len()),
        }
    }

    /// Adds a line to the history, and the layer that it made.
    pub(super) fn add(&mut self, created: String, created_by: String, comment: &str, diff_id: Option<String>) {
        self.history.push(Line { created: created.clone(), created_by, comment: comment.to_owned(), empty_layer: diff_id.is_none() });
        self.diff_ids.extend(diff_id);
        self.created = created;
    }

    /// Nothing at all: a stage of `FROM scratch` and no more.
    pub(super) fn is_empty(&self) -> bool {
        self.history.is_empty()
    }

    pub(super) fn write(&self) -> Vec<u8> {
        let written = Written {
            architecture: &self.architecture,
            author: &self.author,
            config: &self.config,
            created: &self.created,
            docker_version: &self.docker_version,
            history: &self.history,
            os: "linux",
            rootfs: Layers { kind: "layers", diff_ids: &self.diff_ids },
            variant: self.variant.as_deref().filter(|variant| !variant.is_empty()),
        };
        // Text and lists of it: nothing that JSON can't hold.
        serde_json::to_vec(&written).unwrap_or_default()
    }

    /// `sha256:…`
    pub(super) fn id(&self) -> String {
        format!("sha256:{:x}", Sha256::digest(self.write()))
    }

    /// Nothing but the layers, for containers to be made of: an image's own variables, volumes and checks
    /// would become the container's. `labels` mark it for clean-up.
    pub(super) fn bare(&self, labels: Vec<(String, String)>) -> Self {
        let lines = self.diff_ids.iter().map(|_| Line { created: self.created.clone(), ..Line::default() });
        Self {
            config: ImageConfig { labels: Some(labels.into_iter().collect()), ..ImageConfig::default() },
            diff_ids: self.diff_ids.clone(),
            architecture: self.architecture.clone(),
            variant: self.variant.clone(),
            // The same layers are the same image.
            created: "1970-01-01T00:00:00Z".to_owned(),
            history: lines.map(|line| Line { created: "1970-01-01T00:00:00Z".to_owned(), ..line }).collect(),
            ..Self::default()
        }
    }

    /// Gives a variable of the environment its value, where it stands or at the end.
    pub(super) fn set_variable(&mut self, name: &str, value: &str) {
        let pair = format!("{name}={value}");
        let all = self.config.env.get_or_insert_default();
        match all.iter_mut().find(|known| known.split('=').next() == Some(name)) {
            Some(known) => *known = pair,
            None => all.push(pair),
        }
    }
}

/// The engine tells of each line its size, but not whether it made a layer: as many as there are layers did,
/// those with a size before those whose instruction changes files, and these before the others.
fn history(items: &[HistoryItem], layers: usize) -> Vec<Line> {
    let mut order: Vec<usize> = (0..items.len()).collect();
    order.sort_by_key(|index| match &items[*index] {
        item if item.size > 0 => 0,
        item if catalogue::changes_files(&item.created_by) => 1,
        _ => 2,
    });
    let made: Vec<usize> = order.into_iter().take(layers).collect();
    let line = |(index, item): (usize, &HistoryItem)| Line {
        created: OffsetDateTime::from_unix_timestamp(item.created).ok().and_then(|time| time.format(&Rfc3339).ok()).unwrap_or_default(),
        created_by: item.created_by.clone(),
        comment: item.comment.clone(),
        empty_layer: !made.contains(&index),
    };
    let lines = items.iter().enumerate().filter(|(index, item)| made.contains(index) || !labels::is_hidden_instruction(&item.created_by));
    lines.map(line).rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_history_has_as_many_layers_as_the_image() {
        let item = |created_by: &str, size| HistoryItem { created_by: created_by.to_owned(), size, ..HistoryItem::default() };
        let items = [item("CMD [\"x\"]", 0), item("WORKDIR /x", 0), item("ENV A=b", 0), item("/bin/sh -c #(nop) ADD file:1 in /", 5)];
        let empty = |layers| history(&items, layers).iter().rev().map(|line| line.empty_layer).collect::<Vec<_>>();
        assert_eq!(empty(1), [true, true, true, false]);
        assert_eq!(empty(2), [true, false, true, false]);
        assert_eq!(empty(9), [false; 4]);
    }

    #[test]
    fn the_same_image_has_the_same_id_and_another_line_another() {
        let mut image = Image::scratch();
        let before = image.id();
        assert_eq!(before, image.id());
        image.set_variable("PATH", "/bin");
        assert_ne!(before, image.id());
        assert_eq!(image.config.env.as_deref(), Some(&["PATH=/bin".to_owned()][..]));
        assert_eq!(image.bare(Vec::new()).id(), image.bare(Vec::new()).id());
    }
}
