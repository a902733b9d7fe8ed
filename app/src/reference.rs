//! How an image's name is read: `[registry/][namespace/]repository[:tag][@digest]`, after the
//! grammar of Distribution's reference package. For teaching; the gateway has its own reader.

/// A part, and whether Docker fills it in because it wasn't written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) text: String,
    pub(crate) assumed: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reference {
    pub(crate) registry: Part,
    /// Empty where another registry than Docker Hub is named and there is none.
    pub(crate) namespace: Part,
    pub(crate) repository: Part,
    /// Empty beside a digest, which needs none.
    pub(crate) tag: Part,
    pub(crate) digest: Option<Part>,
}

const HUB: &str = "docker.io";
const HUB_NAMESPACE: &str = "library";
const DEFAULT_TAG: &str = "latest";
const LONGEST_TAG: usize = 128;

fn written(text: &str) -> Part {
    Part { text: text.to_owned(), assumed: false }
}

fn assumed(text: &str) -> Part {
    Part { text: text.to_owned(), assumed: true }
}

impl Reference {
    /// The name's parts; or a sentence on why it is no name.
    pub(crate) fn read(name: &str) -> Result<Self, String> {
        let name = name.trim();
        if name.is_empty() {
            return Err("Type a name, nginx for one.".to_owned());
        }
        let (name, digest) = match name.split_once('@') {
            Some((name, digest)) => (name, Some(digest)),
            None => (name, None),
        };
        if let Some(digest) = digest.filter(|digest| !is_digest(digest)) {
            return Err(format!("After @ stands a digest: sha256: and 64 digits from 0 to f. {digest:?} is none."));
        }
        // A colon after the last slash is before a tag; one before it, before a port.
        let last = name.rfind('/').map_or(0, |slash| slash + 1);
        let (path, tag) = match name[last..].split_once(':') {
            Some((repository, tag)) => (&name[..last + repository.len()], Some(tag)),
            None => (name, None),
        };
        if let Some(tag) = tag.filter(|tag| !is_tag(tag)) {
            return Err(format!(
                "{tag:?} is no tag: letters, digits, _ . and - only, at most {LONGEST_TAG}, and it begins with neither . nor -."
            ));
        }
        let (registry, path) = match path.split_once('/') {
            Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" => (Some(first), rest),
            _ => (None, path),
        };
        if path.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err("Names of images are in small letters only. (Tags may have capitals.)".to_owned());
        }
        if let Some(odd) = path.split('/').find(|component| !is_component(component)) {
            return Err(match odd {
                "" => "There is nothing between two slashes, or before or after one.".to_owned(),
                _ => format!("{odd:?} can't be part of a name: small letters and digits, with single . _ - (or __) between them."),
            });
        }
        let (namespace, repository) = match path.rsplit_once('/') {
            Some((namespace, repository)) => (written(namespace), repository),
            None if registry.is_none_or(|registry| registry == HUB) => (assumed(HUB_NAMESPACE), path),
            None => (written(""), path),
        };
        Ok(Self {
            registry: registry.map_or_else(|| assumed(HUB), written),
            namespace,
            repository: written(repository),
            tag: match (tag, digest) {
                (Some(tag), _) => written(tag),
                (None, Some(_)) => written(""),
                (None, None) => assumed(DEFAULT_TAG),
            },
            digest: digest.map(written),
        })
    }

    /// With everything that Docker fills in.
    pub(crate) fn full(&self) -> String {
        let mut full = format!("{}/", self.registry.text);
        if !self.namespace.text.is_empty() {
            full.push_str(&self.namespace.text);
            full.push('/');
        }
        full.push_str(&self.repository.text);
        if !self.tag.text.is_empty() {
            full.push(':');
            full.push_str(&self.tag.text);
        }
        if let Some(digest) = &self.digest {
            full.push('@');
            full.push_str(&digest.text);
        }
        full
    }
}

fn is_digest(text: &str) -> bool {
    const DIGITS: usize = 64;
    text.strip_prefix("sha256:").is_some_and(|hex| hex.len() == DIGITS && hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')))
}

fn is_tag(text: &str) -> bool {
    let fine = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    !text.is_empty() && text.len() <= LONGEST_TAG && text.bytes().all(fine) && !text.starts_with(['.', '-'])
}

/// Small letters and digits; between them one dot, one or two underscores, or dashes.
fn is_component(text: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    if !(bytes.first().copied().is_some_and(word) && bytes.last().copied().is_some_and(word)) {
        return false;
    }
    text.split(|character: char| character.is_ascii_lowercase() || character.is_ascii_digit())
        .all(|between| matches!(between, "" | "." | "_" | "__") || between.bytes().all(|byte| byte == b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full(name: &str) -> String {
        Reference::read(name).map(|reference| reference.full()).unwrap_or_else(|why| format!("no name: {why}"))
    }

    #[test]
    fn what_is_not_written_is_filled_in() {
        assert_eq!(full("nginx"), "docker.io/library/nginx:latest");
        assert_eq!(full("acme/app"), "docker.io/acme/app:latest");
        assert_eq!(full("docker.io/redis:7"), "docker.io/library/redis:7");
        let reference = Reference::read("nginx:1.29").expect("is a name");
        assert!(reference.registry.assumed && reference.namespace.assumed && !reference.tag.assumed);
    }

    #[test]
    fn a_first_part_with_a_dot_or_a_port_is_a_registry() {
        assert_eq!(full("ghcr.io/acme/tools/cli:2"), "ghcr.io/acme/tools/cli:2");
        assert_eq!(full("localhost:5000/app"), "localhost:5000/app:latest");
        assert_eq!(full("localhost/app"), "localhost/app:latest");
    }

    #[test]
    fn a_digest_needs_no_tag() {
        let digest = format!("sha256:{}", "a".repeat(64));
        assert_eq!(full(&format!("nginx@{digest}")), format!("docker.io/library/nginx@{digest}"));
        assert!(Reference::read("nginx@sha256:12").is_err());
    }

    #[test]
    fn what_is_no_name_says_why() {
        for (name, why) in [
            ("Nginx", "small letters"),
            ("a//b", "nothing between"),
            ("a:", "no tag"),
            ("-a", "can't be part"),
            ("", "Type a name"),
            ("a b", "can't be part"),
            ("ä", "can't be part"),
            ("a..b", "can't be part"),
        ] {
            assert!(full(name).contains(why), "{name:?}: {}", full(name));
        }
    }

    #[test]
    fn separators_within_a_name_are_as_in_docker() {
        for name in ["a.b", "a_b", "a__b", "a---b"] {
            assert!(Reference::read(name).is_ok(), "{name}");
        }
        assert!(Reference::read("a___b").is_err());
    }
}
