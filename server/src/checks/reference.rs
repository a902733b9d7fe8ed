//! Image references as learners write them, and when two of them mean the same image.

use std::fmt;

/// The registry that a name without one belongs to.
const DEFAULT_REGISTRY: &str = "docker.io";
/// The namespace that a name without one belongs to, on the default registry.
const DEFAULT_NAMESPACE: &str = "library";
const DEFAULT_TAG: &str = "latest";
/// Docker Hub's older name, which Docker still reads as the newer one.
const OLD_DEFAULT_REGISTRY: &str = "index.docker.io";

/// A reference taken apart and made whole: `nginx`, `nginx:latest` and
/// `docker.io/library/nginx` are equal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    registry: String,
    /// With its namespace: `library/nginx`.
    repository: String,
    tag: String,
    /// `sha256:…`.
    digest: Option<String>,
}

/// Why a text is no image reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    #[error("an image name can't be empty")]
    Empty,
    #[error("{0:?} is not an image name: a repository is written in lowercase letters, digits and . _ - /")]
    Repository(String),
    #[error("{0:?} is not a tag: tags are letters, digits and . _ -, and don't start with . or -")]
    Tag(String),
    #[error("{0:?} is not a digest: one looks like sha256: and 64 hex digits")]
    Digest(String),
}

impl Reference {
    /// Reads a reference as Docker does (distribution/reference: the first part is a registry where
    /// it has a dot or a colon, or is `localhost`).
    pub fn parse(text: &str) -> Result<Self, ReferenceError> {
        if text.is_empty() {
            return Err(ReferenceError::Empty);
        }
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) => (name, Some(digest)),
            None => (text, None),
        };
        let (registry, rest) = match name.split_once('/') {
            Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" => (first, rest),
            _ => (DEFAULT_REGISTRY, name),
        };
        let (repository, tag) = rest.split_once(':').unwrap_or((rest, DEFAULT_TAG));
        let registry = if registry == OLD_DEFAULT_REGISTRY { DEFAULT_REGISTRY } else { registry };
        if !repository.split('/').all(is_path_component) {
            return Err(ReferenceError::Repository(repository.to_owned()));
        }
        if !is_tag(tag) {
            return Err(ReferenceError::Tag(tag.to_owned()));
        }
        if let Some(digest) = digest
            && !is_digest(digest)
        {
            return Err(ReferenceError::Digest(digest.to_owned()));
        }
        let repository = match repository {
            plain if registry == DEFAULT_REGISTRY && !plain.contains('/') => format!("{DEFAULT_NAMESPACE}/{plain}"),
            whole => whole.to_owned(),
        };
        Ok(Self { registry: registry.to_owned(), repository, tag: tag.to_owned(), digest: digest.map(str::to_owned) })
    }

    /// The host of the registry: `docker.io` where none was written.
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// Whether `text`, as it stands in a list of images or in an activity, means this image.
    pub fn is(&self, text: &str) -> bool {
        Self::parse(text).is_ok_and(|other| match (&self.digest, &other.digest) {
            (Some(ours), Some(theirs)) => self.same_repository(&other) && ours == theirs,
            (None, None) => *self == other,
            _ => false,
        })
    }

    /// Whether both name the same repository, whatever the tag.
    pub fn same_repository(&self, other: &Self) -> bool {
        self.registry == other.registry && self.repository == other.repository
    }

    /// Without tag, as one would speak of it: `nginx`, `registry.lunchbox/hello`.
    pub fn short(&self) -> String {
        if self.registry != DEFAULT_REGISTRY {
            return format!("{}/{}", self.registry, self.repository);
        }
        match self.repository.split_once('/') {
            Some((DEFAULT_NAMESPACE, name)) => name.to_owned(),
            _ => self.repository.clone(),
        }
    }

    /// As one would speak of it: without the tag where that is `latest`.
    pub fn spoken(&self) -> String {
        if self.digest.is_none() && self.tag == DEFAULT_TAG { self.short() } else { self.to_string() }
    }
}

/// As `docker images` would show it, tag included: `nginx:latest`.
impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.digest {
            Some(digest) => write!(f, "{}@{digest}", self.short()),
            None => write!(f, "{}:{}", self.short(), self.tag),
        }
    }
}

fn is_path_component(text: &str) -> bool {
    let alphanumeric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.starts_with(alphanumeric) && text.ends_with(alphanumeric) && text.chars().all(|c| alphanumeric(c) || ".-_".contains(c))
}

fn is_tag(text: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.starts_with(word) && text.chars().all(|c| word(c) || c == '.' || c == '-')
}

fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:").is_some_and(|hex| hex.len() == 64 && hex.chars().all(|c| c.is_ascii_hexdigit()))
}
