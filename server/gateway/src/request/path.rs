//! A request's path, parsed once and never sent on: what goes to the engine is built from the parts.
//!
//! The engine is generous with paths (`//`, `..`, `%2f`, `/v01.41.0/`); we are not, because a
//! path that two parsers read differently is a hole.

use std::fmt;

use percent_encoding::percent_decode_str;

use crate::refusal::Refusal;

/// An Engine API version, `1.45`. Always major 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ApiVersion(pub(crate) u16);

impl ApiVersion {
    /// The oldest that is served: Docker 20.10.
    pub(crate) const OLDEST: Self = Self(41);
    /// The newest that is served: Docker 29. The engine itself is asked in an older one, which each has that
    /// Lunchbox works with (`upstream::API`); what is newer the gateway adds and takes away.
    pub(crate) const NEWEST: Self = Self(53);
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1.{}", self.0)
    }
}

/// `/v1.45/containers/web/json` → 1.45 and `["containers", "web", "json"]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Path {
    pub(crate) version: ApiVersion,
    /// Percent-decoded, never empty, never `.` or `..`, no control characters, no backslash.
    pub(crate) segments: Vec<String>,
}

impl Path {
    pub(crate) fn parse(raw: &str) -> Result<Self, Refusal> {
        let malformed = || Refusal::invalid("lunchbox: this path is not understood; paths look like /v1.45/containers/json");
        let mut segments = segments(raw).ok_or_else(malformed)?;
        let rest = raw.trim_start_matches('/');
        // As it was written: a version that only a decoder can see is none.
        let version = match rest.split('/').next().map(read_version) {
            Some(Some(version)) => {
                segments.remove(0);
                check(version)?
            }
            _ => ApiVersion::NEWEST,
        };
        Ok(Self { version, segments })
    }
}

/// A path's parts, percent-decoded, never empty, never `.` or `..`, without control characters and backslashes.
/// `None` where it has any of these.
pub(crate) fn segments(raw: &str) -> Option<Vec<String>> {
    let mut segments = Vec::new();
    for segment in raw.strip_prefix('/')?.split('/') {
        let decoded = percent_decode_str(segment).decode_utf8().ok()?;
        let bad = decoded.is_empty()
            || decoded == "."
            || decoded == ".."
            // An encoded slash: only image names have slashes, and clients send those as they are.
            || decoded.contains('/')
            || decoded.contains('\\')
            || decoded.chars().any(char::is_control);
        if bad {
            return None;
        }
        segments.push(decoded.into_owned());
    }
    Some(segments)
}

/// `v1.45`: exactly a `v`, a `1`, a dot and two digits. Anything else is not a version, but the
/// first part of a path that no endpoint has.
fn read_version(segment: &str) -> Option<ApiVersion> {
    let minor = segment.strip_prefix("v1.")?;
    (minor.len() == 2 && minor.bytes().all(|b| b.is_ascii_digit())).then(|| minor.parse().map(ApiVersion).ok()).flatten()
}

fn check(version: ApiVersion) -> Result<ApiVersion, Refusal> {
    if version < ApiVersion::OLDEST {
        return Err(Refusal::invalid(format!(
            "client version {version} is too old. Minimum supported API version is {}, please upgrade your client to a newer version",
            ApiVersion::OLDEST
        )));
    }
    if version > ApiVersion::NEWEST {
        return Err(Refusal::invalid(format!(
            "client version {version} is too new. Maximum supported API version is {}",
            ApiVersion::NEWEST
        )));
    }
    Ok(version)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    #[test]
    fn a_versioned_path_is_taken_apart() {
        let path = Path::parse("/v1.43/images/library/nginx/json").unwrap();
        assert_eq!(path.version, ApiVersion(43));
        assert_eq!(path.segments, ["images", "library", "nginx", "json"]);
    }

    #[test]
    fn a_path_without_version_is_of_the_newest() {
        assert_eq!(Path::parse("/_ping").unwrap().version, ApiVersion::NEWEST);
    }

    #[test]
    fn what_the_engine_would_clean_up_is_refused() {
        for raw in [
            "",
            "x",
            "//containers/json",
            "/containers//json",
            "/containers/json/",
            "/./containers/json",
            "/containers/../json",
            "/containers/%2e%2e/json",
            "/containers%2Fjson",
            "/containers/a%00b/json",
            "/containers/a%0Ab",
            "/a\\b",
            "/containers/%ff",
            "/v1.41//containers/json",
            "http://x/containers/json",
            "*",
        ] {
            assert!(Path::parse(raw).is_err(), "{raw:?} must be refused");
        }
    }

    #[test]
    fn a_version_has_one_spelling() {
        for raw in [
            "/v1%2e41/containers/json",
            "/%761.41/containers/json",
            "/v1.4%31/x",
            "/v1.41./containers/json",
            "/v01.41/containers/json",
            "/v1.041/containers/json",
            "/v1.4/containers/json",
            "/V1.41/x",
        ] {
            let path = Path::parse(raw).unwrap();
            assert!(path.segments.len() > 1, "{raw:?} must not be taken for a version: {path:?}");
        }
    }

    #[test]
    fn versions_outside_the_range_are_told_so() {
        assert!(Path::parse("/v1.23/containers/json").unwrap_err().message.contains("too old"));
        assert!(Path::parse("/v1.99/containers/json").unwrap_err().message.contains("too new"));
    }
}
