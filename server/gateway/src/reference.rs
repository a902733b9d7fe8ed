//! Image references as Docker reads them: `[domain/]path[:tag][@digest]`, with `docker.io/library/`
//! and `:latest` understood where they are left out (the familiar form is the one without).
//! Source: the grammar of github.com/distribution/reference.

use std::fmt;

use crate::limits;

/// The domain that is understood where none is written.
const DEFAULT_DOMAIN: &str = "docker.io";
/// What people may write for it.
const DEFAULT_DOMAIN_ALIASES: [&str; 3] = ["index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"];
/// The namespace that is understood on Docker Hub where none is written.
const OFFICIAL: &str = "library";
/// The tag that is understood where none is written.
pub(crate) const DEFAULT_TAG: &str = "latest";
/// Characters of a tag.
const MAX_TAG: usize = 128;

/// A repository and what of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Reference {
    /// `docker.io`, `registry.lunchbox`, `host:5000`.
    pub(crate) domain: String,
    /// `library/nginx`.
    pub(crate) path: String,
    pub(crate) tag: Option<String>,
    /// `sha256:` and 64 hex digits.
    pub(crate) digest: Option<String>,
}

impl Reference {
    /// `None` where the text is no reference, as in Docker's `invalid reference format`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.is_empty() || text.len() > limits::MAX_NAME_BYTES + MAX_TAG + 80 {
            return None;
        }
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) if is_digest(digest) => (rest, Some(digest.to_owned())),
            Some(_) => return None,
            None => (text, None),
        };
        let (name, tag) = match rest.rsplit_once(':') {
            // A colon before a slash belongs to the domain's port.
            Some((name, tag)) if !tag.contains('/') => {
                if !is_tag(tag) {
                    return None;
                }
                (name, Some(tag.to_owned()))
            }
            _ => (rest, None),
        };
        let is_host = |first: &str| first.contains(['.', ':']) || first == "localhost" || first.chars().any(|c| c.is_ascii_uppercase());
        let (domain, path) = match name.split_once('/') {
            Some((first, path)) if is_host(first) => (first, path.to_owned()),
            _ => (DEFAULT_DOMAIN, name.to_owned()),
        };
        let domain = if DEFAULT_DOMAIN_ALIASES.contains(&domain) { DEFAULT_DOMAIN } else { domain };
        if !is_domain(domain) || !is_path(&path) {
            return None;
        }
        // 64 hex digits are an ID, never a name.
        let short = path.strip_prefix(OFFICIAL).and_then(|rest| rest.strip_prefix('/')).unwrap_or(&path);
        if domain == DEFAULT_DOMAIN && short.len() == 64 && short.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        // Nor is a host a namespace: written short, it would be the host again.
        if domain == DEFAULT_DOMAIN && path.split_once('/').is_some_and(|(first, _)| is_host(first)) {
            return None;
        }
        let path = if domain == DEFAULT_DOMAIN && !path.contains('/') { format!("{OFFICIAL}/{path}") } else { path };
        (path.len() <= limits::MAX_NAME_BYTES).then(|| Self { domain: domain.to_owned(), path, tag, digest })
    }

    /// Why a text is no reference, in Docker's words.
    pub(crate) fn fault(text: &str) -> String {
        let hex = text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if hex {
            return format!("invalid repository name ({text}), cannot specify 64-byte hexadecimal strings");
        }
        let (first, rest) = text.split_once('/').unwrap_or(("", text));
        let is_domain = first.contains(['.', ':']) || first == "localhost" || first.chars().any(char::is_uppercase);
        let remote = if is_domain {
            rest.to_owned()
        } else if text.contains('/') {
            text.to_owned()
        } else {
            format!("{OFFICIAL}/{text}")
        };
        let name = remote.split(':').next().unwrap_or_default();
        if name.chars().any(char::is_uppercase) {
            return format!("invalid reference format: repository name ({name}) must be lowercase");
        }
        "invalid reference format".to_owned()
    }

    /// With `:latest` where there is neither tag nor digest.
    pub(crate) fn with_default_tag(mut self) -> Self {
        if self.tag.is_none() && self.digest.is_none() {
            self.tag = Some(DEFAULT_TAG.to_owned());
        }
        self
    }

    /// On Docker Hub.
    pub(crate) fn is_default_domain(&self) -> bool {
        self.domain == DEFAULT_DOMAIN
    }

    /// `nginx` of an official image on Docker Hub.
    pub(crate) fn official_name(&self) -> Option<&str> {
        self.path.strip_prefix("library/").filter(|name| self.is_default_domain() && !name.contains('/'))
    }

    /// The repository as `docker images` shows it: `nginx`, `me/app`, `registry.lunchbox/app`.
    pub(crate) fn familiar_repository(&self) -> String {
        match self.official_name() {
            Some(name) => name.to_owned(),
            None if self.is_default_domain() => self.path.clone(),
            None => format!("{}/{}", self.domain, self.path),
        }
    }

    /// The whole, with everything that is left out for short: `docker.io/library/nginx:latest`.
    pub(crate) fn canonical(&self) -> String {
        let tag = self.tag.as_ref().map(|tag| format!(":{tag}")).unwrap_or_default();
        let digest = self.digest.as_ref().map(|digest| format!("@{digest}")).unwrap_or_default();
        format!("{}/{}{tag}{digest}", self.domain, self.path)
    }

    /// The whole as `docker images` shows it, with the tag where there is one: `nginx:latest`.
    pub(crate) fn familiar(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.familiar_repository())?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

/// `sha256:` and 64 lowercase hex digits: the only algorithm that the engine stores by.
pub(crate) fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:").is_some_and(|hex| hex.len() == 64 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')))
}

/// `[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}`
pub(crate) fn is_tag(text: &str) -> bool {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    (1..=MAX_TAG).contains(&text.len()) && text.bytes().next().is_some_and(word) && text.bytes().all(|b| word(b) || b == b'.' || b == b'-')
}

fn is_domain(text: &str) -> bool {
    let (host, port) = text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port)));
    let label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    host.split('.').all(label) && port.is_none_or(|port| !port.is_empty() && port.len() <= 5 && port.bytes().all(|b| b.is_ascii_digit()))
}

/// Components of `[a-z0-9]+` joined by `.`, `_`, `__` or any number of `-`.
fn is_path(text: &str) -> bool {
    text.split('/').all(|component| {
        let bytes = component.as_bytes();
        let alphanumeric = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        bytes.first().is_some_and(alphanumeric)
            && bytes.last().is_some_and(alphanumeric)
            && bytes.iter().all(|b| alphanumeric(b) || matches!(b, b'.' | b'_' | b'-'))
            && !component.contains("..")
            && !component.contains("___")
            && !["._", "_.", ".-", "-.", "_-", "-_"].iter().any(|pair| component.contains(pair))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    fn familiar(text: &str) -> String {
        Reference::parse(text).unwrap().with_default_tag().familiar()
    }

    #[test]
    fn every_spelling_of_one_image_has_one_familiar_form() {
        for text in
            ["nginx", "nginx:latest", "library/nginx", "docker.io/nginx", "docker.io/library/nginx:latest", "index.docker.io/library/nginx"]
        {
            assert_eq!(familiar(text), "nginx:latest", "{text}");
        }
    }

    #[test]
    fn domains_paths_tags_and_digests_are_told_apart() {
        assert_eq!(familiar("registry.lunchbox/app"), "registry.lunchbox/app:latest");
        assert_eq!(familiar("localhost:5000/a/b:1.0"), "localhost:5000/a/b:1.0");
        assert_eq!(familiar("me/app"), "me/app:latest");
        let digest = format!("sha256:{}", "a".repeat(64));
        assert_eq!(familiar(&format!("nginx@{digest}")), format!("nginx@{digest}"));
        assert_eq!(Reference::parse("host:5000/x").unwrap().domain, "host:5000");
    }

    #[test]
    fn a_name_in_capitals_is_told_from_other_mistakes() {
        let lowercase = |name: &str| format!("invalid reference format: repository name ({name}) must be lowercase");
        assert_eq!(Reference::fault("Bad Name"), lowercase("library/Bad Name"));
        assert_eq!(Reference::fault("team/Web:1"), lowercase("team/Web"));
        assert_eq!(Reference::fault("registry.lunchbox/App"), lowercase("App"));
        assert_eq!(Reference::fault("bad name"), "invalid reference format");
    }

    #[test]
    fn what_docker_calls_an_invalid_reference_is_none() {
        for text in [
            "",
            "Nginx",
            "nginx:",
            "nginx:a b",
            "-a",
            "a/",
            "/a",
            "a//b",
            "a..b",
            "nginx@sha256:1",
            "a:b:c",
            "evil.com@registry/x",
            "http://a/b",
            "a/../b",
            "nginx\n",
            &"a".repeat(64),
            "[::1]:5000/x",
            "a.b/C",
            "docker.io/docker.io/nginx",
            "docker.io/localhost/x",
            &format!("library/{}", "a".repeat(64)),
        ] {
            assert_eq!(Reference::parse(text), None, "{text:?}");
        }
    }
}
