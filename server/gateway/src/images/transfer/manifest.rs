//! `manifest.json` of a saved image.
//!
//! Source: moby's image/tarexport, and the Docker Image Specification v1.2, "Combined Image JSON +
//! Filesystem Changeset Format".

use serde::{Deserialize, Serialize};

/// Its name in the tar.
pub(super) const MANIFEST: &str = "manifest.json";

/// One image of several.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Entry {
    /// Where its configuration lies: a name that ends in the hex of the image's ID.
    pub(super) config: String,
    #[serde(default)]
    pub(super) repo_tags: Option<Vec<String>>,
    /// Where its layers lie, base first.
    pub(super) layers: Vec<String>,
}

/// What of a configuration the gateway looks at; the rest is the image's own affair.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Configuration {
    pub(super) architecture: String,
    pub(super) os: String,
    pub(super) rootfs: RootFs,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct RootFs {
    pub(super) diff_ids: Vec<String>,
}

impl Entry {
    /// The ID that the configuration's name tells: `blobs/sha256/<hex>`, or `<hex>.json` of older engines.
    pub(super) fn image_id(&self) -> Option<String> {
        let name = self.config.rsplit('/').next()?;
        let hex = name.strip_suffix(".json").unwrap_or(name);
        (hex.len() == 64 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))).then(|| format!("sha256:{hex}"))
    }
}
