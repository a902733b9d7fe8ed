//! One sandbox's images and their names, read from the ledger at once.

use std::sync::Arc;

use crate::{
    images::catalogue::ImageFacts,
    ledger::{ImageReferenceRow, ImageRow},
    reference::Reference,
    refusal::Refusal,
    serve::Context,
};

pub(crate) struct View {
    /// In the order they came.
    pub(crate) images: Vec<ImageRow>,
    pub(crate) references: Vec<ImageReferenceRow>,
    /// `(repository, digest, image ID)`.
    pub(crate) digests: Vec<(String, String, String)>,
}

impl View {
    pub(crate) async fn read(context: &Context) -> Result<Self, Refusal> {
        let (ledger, sandbox) = (&context.shared.ledger, context.scope.sandbox());
        let (images, references, digests) =
            tokio::try_join!(ledger.images(sandbox), ledger.image_references(sandbox), ledger.image_digests(sandbox))?;
        Ok(Self { images, references, digests })
    }

    pub(crate) fn row(&self, id: &str) -> Option<&ImageRow> {
        self.images.iter().find(|row| row.image_id == id)
    }

    /// `nginx:latest` of an image, in the engine's order: by the whole name, with what is left out for short.
    pub(crate) fn tags(&self, id: &str) -> Vec<String> {
        let mut tags: Vec<String> = self.references.iter().filter(|row| row.image_id == id).map(|row| row.reference.clone()).collect();
        tags.sort_by_cached_key(|tag| Reference::parse(tag).map(|reference| reference.canonical()));
        tags
    }

    /// `nginx@sha256:…` of an image.
    pub(crate) fn digests(&self, id: &str) -> Vec<String> {
        self.digests
            .iter()
            .filter(|(_, _, image_id)| image_id == id)
            .map(|(repository, digest, _)| format!("{repository}@{digest}"))
            .collect()
    }

    /// The repositories that an image has names in.
    pub(crate) fn repositories(&self, id: &str) -> Vec<String> {
        let tagged = self.references.iter().filter(|row| row.image_id == id).map(|row| repository_of(&row.reference));
        let digested = self.digests.iter().filter(|(_, _, image_id)| image_id == id).map(|(repository, ..)| repository.clone());
        let mut repositories: Vec<String> = tagged.chain(digested).collect();
        repositories.sort();
        repositories.dedup();
        repositories
    }

    /// What the images are, in the same order; those that the engine has lost are left out.
    pub(crate) async fn facts(&self, context: &Context) -> Result<Vec<(&ImageRow, Arc<ImageFacts>)>, Refusal> {
        let asked = self.images.iter().map(|row| async move { (row, context.shared.catalogue.get(&row.image_id).await) });
        let mut all = Vec::with_capacity(self.images.len());
        for (row, facts) in futures_util::future::join_all(asked).await {
            match facts {
                Ok(facts) => all.push((row, facts)),
                Err(said) if said.is_not_found() => tracing::warn!(image = row.image_id, "the engine has lost an image that is in use"),
                Err(said) => return Err(context.engine_said(said)),
            }
        }
        Ok(all)
    }
}

/// `nginx` of `nginx:latest`.
pub(crate) fn repository_of(reference: &str) -> String {
    Reference::parse(reference).map_or_else(|| reference.to_owned(), |reference| reference.familiar_repository())
}

/// Twelve hex digits of `sha256:…`.
pub(crate) fn short(id: &str) -> &str {
    let hex = id.strip_prefix("sha256:").unwrap_or(id);
    hex.get(..12).unwrap_or(hex)
}
