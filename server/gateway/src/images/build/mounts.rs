//! `RUN --mount`, taken apart.
//!
//! Source: the Dockerfile reference, "RUN --mount", and moby/buildkit's frontend/dockerfile/instructions.

use crate::{containers::create::mounts::parse_size, refusal::Refusal};

use super::{dockerfile, plan::Source};

/// Mounts of one step.
pub(super) const MAX_MOUNTS: usize = 16;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mount {
    pub(super) kind: Kind,
    /// With variables in it, perhaps, as are all texts here.
    pub(super) target: Option<String>,
    pub(super) read_only: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// Files of the context, of a stage or of an image.
    Bind { source: String, from: Option<Source> },
    /// A folder that is kept from build to build. It begins with files of a stage or of an image, or empty.
    Cache { id: Option<String>, owner: Owner, source: String, from: Option<Source> },
    /// Memory.
    Memory { bytes: Option<i64> },
    /// A file, or a variable, that the client has and no image is to have.
    Secret { id: Option<String>, required: bool, variable: Option<String>, owner: Owner },
}

/// Whose a mounted thing is, and who may do what with it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) user: u64,
    pub(super) group: u64,
    pub(super) mode: Option<u32>,
}

/// Keys and values of one flag. `from` finds what a name stands for.
pub(super) fn parse(flag: &str, line: usize, from: impl Fn(&str) -> Result<Source, Refusal>) -> Result<Mount, Refusal> {
    let wrong = |what: String| dockerfile::error(line, &what);
    let (mut kind, mut target, mut source, mut id, mut variable, mut origin) = ("bind", None, None, None, None, None);
    let (mut read_only, mut required, mut bytes, mut owner) = (None, false, None, Owner::default());
    for field in flag.split(',') {
        let (key, value) = field.split_once('=').map_or((field, None), |(key, value)| (key, Some(value)));
        let key = key.to_ascii_lowercase();
        let truth = || match value {
            None => Ok(true),
            Some(value) => match value.to_ascii_lowercase().as_str() {
                "true" | "1" | "t" => Ok(true),
                "false" | "0" | "f" => Ok(false),
                _ => Err(wrong(format!("invalid value for {key}: {value}"))),
            },
        };
        let number = |value: &str| value.parse::<u64>().ok().filter(|number| *number <= u64::from(u32::MAX));
        match (key.as_str(), value) {
            ("readonly" | "ro", _) => read_only = Some(truth()?),
            ("readwrite" | "rw", _) => read_only = Some(!truth()?),
            ("required", _) => required = truth()?,
            (_, None | Some("")) => return Err(wrong(format!("invalid field '{field}' must be a key=value pair"))),
            ("type", Some(value)) => kind = value,
            ("target" | "dst" | "destination", Some(value)) => target = Some(value.to_owned()),
            ("source" | "src", Some(value)) => source = Some(value.to_owned()),
            ("from", Some(value)) => origin = Some(value),
            ("id", Some(value)) => id = Some(value.to_owned()),
            ("env", Some(value)) => variable = Some(value.to_owned()),
            // Builds of one learner run one after the other.
            ("sharing", Some("shared" | "private" | "locked")) => {}
            ("size", Some(value)) => {
                bytes = Some(parse_size(value).ok_or_else(|| wrong(format!("invalid size: {value}")))?);
            }
            ("mode", Some(value)) => {
                let mode = u32::from_str_radix(value, 8).ok().filter(|mode| *mode <= 0o7777);
                owner.mode = Some(mode.ok_or_else(|| wrong(format!("invalid value {value} for mode")))?);
            }
            ("uid", Some(value)) => owner.user = number(value).ok_or_else(|| wrong(format!("invalid value {value} for uid")))?,
            ("gid", Some(value)) => owner.group = number(value).ok_or_else(|| wrong(format!("invalid value {value} for gid")))?,
            _ => return Err(wrong(format!("unexpected key '{key}' in '{field}'"))),
        }
    }
    let kind = match kind {
        "bind" => Kind::Bind { source: source.unwrap_or_else(|| "/".to_owned()), from: origin.map(from).transpose()? },
        "cache" => {
            let source = source.unwrap_or_else(|| "/".to_owned());
            Kind::Cache { id, owner, source, from: origin.map(from).transpose()? }
        }
        "tmpfs" => Kind::Memory { bytes },
        "secret" => Kind::Secret { id: id.or(source), required, variable, owner },
        "ssh" => {
            return Err(wrong(
                "lunchbox: RUN --mount=type=ssh would let a build speak with your keys, to hosts that can't be reached from this classroom. Leave it out"
                    .to_owned(),
            ));
        }
        other => return Err(wrong(format!("unsupported mount type \"{other}\""))),
    };
    let read_only = read_only.unwrap_or(matches!(kind, Kind::Bind { .. }));
    match (&kind, &target) {
        (Kind::Secret { id: None, .. }, None) => Err(wrong("secret mount requires id or target".to_owned())),
        (Kind::Secret { .. }, _) | (_, Some(_)) => Ok(Mount { kind, target, read_only }),
        _ => Err(wrong("mount target is required".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    fn parsed(flag: &str) -> Result<Mount, Refusal> {
        parse(flag, 1, |name| Ok(Source::Stage(name.to_owned())))
    }

    #[test]
    fn mounts_are_taken_apart() {
        let cache = parsed("type=cache,target=/x,sharing=locked,uid=5,mode=0700").unwrap();
        let owner = Owner { user: 5, group: 0, mode: Some(0o700) };
        assert_eq!(cache.kind, Kind::Cache { id: None, owner, source: "/".into(), from: None });
        let begun = parsed("type=cache,target=/x,from=maker,source=/out").unwrap();
        assert!(matches!(begun.kind, Kind::Cache { source, from: Some(Source::Stage(_)), .. } if source == "/out"));
        let bind = parsed("target=/x,from=maker,source=/out,rw").unwrap();
        assert_eq!((bind.read_only, bind.kind), (false, Kind::Bind { source: "/out".into(), from: Some(Source::Stage("maker".into())) }));
        assert!(parsed("type=bind,target=/x").unwrap().read_only);
        assert_eq!(parsed("type=tmpfs,target=/x,size=1m").unwrap().kind, Kind::Memory { bytes: Some(1 << 20) });
        assert!(parsed("type=secret,id=a,env=A,required").is_ok());
    }

    #[test]
    fn what_a_mount_may_not_be_is_refused() {
        for flag in [
            "type=ssh",
            "type=bind",
            "type=device,target=/x",
            "type=secret",
            "type=cache,target=/x,mode=99999",
            "type=cache,target=/x,uid=99999999999",
            "type=cache,target=/x,sharing=all",
            "type=cache,target=",
            "type=cache,target=/x,volume=y",
        ] {
            assert!(parsed(flag).is_err(), "{flag}");
        }
    }
}
