//! References of images, paths in containers, mounts.

use proptest::prelude::*;

use super::{holds, pieces};
use crate::{
    containers::create::{
        mounts::Bind,
        paths::{clean, mount_target, subpath},
    },
    reference::{Reference, is_digest, is_tag},
    scope::is_name,
};

const REFERENCES: &[&str] = &[
    "nginx",
    "library",
    "docker.io",
    "index.docker.io",
    "registry.lunchbox",
    "127.0.0.1",
    "localhost",
    "[::1]",
    "/",
    "/",
    ":",
    ":",
    "@",
    "5055",
    "latest",
    "..",
    ".",
    "_",
    "__",
    "-",
    "A",
    "sha256:",
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "learners",
    "\u{430}",
    "%2f",
    " ",
    "\n",
    "a",
    "b",
    "user@",
    "http://",
    "\\",
];

#[test]
fn fuzz_a_reference_that_is_understood_has_one_meaning() {
    holds(file!(), "references", &pieces(REFERENCES, 9), |text| {
        let Some(reference) = Reference::parse(&text) else { return Ok(()) };
        // However it is written, it is read as itself.
        prop_assert!(Reference::parse(&reference.canonical()).is_some_and(|again| again == reference), "{}", reference.canonical());
        prop_assert!(Reference::parse(&reference.familiar()).is_some_and(|again| again == reference), "{}", reference.familiar());
        for part in [&reference.domain, &reference.path] {
            prop_assert!(
                part.is_ascii() && !part.contains(['%', '@', ' ', '\\', '?', '#', '\n']) && !part.contains("..") && !part.contains("//"),
                "{part}"
            );
        }
        prop_assert!(
            reference.path.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"./_-".contains(&b)),
            "{}",
            reference.path
        );
        prop_assert!(!reference.path.starts_with('/') && !reference.path.ends_with('/'));
        prop_assert!(reference.tag.as_deref().is_none_or(is_tag) && reference.digest.as_deref().is_none_or(is_digest));
        Ok(())
    });
}

const PATHS: &[&str] =
    &["/", "/", "/", ".", "..", "proc", "sys", "dev", "shm", "root", "etc", "\0", "\n", "\u{202e}", "//", "a", "self", "fd", "PROC", " "];

#[test]
fn fuzz_a_path_is_clean_and_out_of_the_kernels_folders() {
    holds(file!(), "paths in containers", &pieces(PATHS, 14), |text| {
        if let Some(path) = clean(&text) {
            prop_assert!(
                path.starts_with('/') && !path.contains("//") && path.split('/').all(|part| part != "." && part != ".."),
                "{path}"
            );
            prop_assert_eq!(clean(&path), Some(path.clone()));
            // As anybody would resolve it.
            let mut parts: Vec<&str> = Vec::new();
            for part in text.split('/').filter(|part| !matches!(*part, "" | ".")) {
                if part == ".." {
                    parts.pop();
                } else {
                    parts.push(part)
                }
            }
            prop_assert_eq!(path, format!("/{}", parts.join("/")));
        }
        if let Ok(target) = mount_target(&text, |_| String::new()) {
            prop_assert!(target.len() > 1 && !target.contains(['\0', '\n']), "{target:?}");
            let first = target.split('/').nth(1).unwrap();
            prop_assert!(
                !["proc", "sys"].contains(&first) && (first != "dev" || target == "/dev/shm" || target.starts_with("/dev/shm/")),
                "{target}"
            );
        }
        if let Ok(path) = subpath(&text) {
            prop_assert!(!path.starts_with('/') && path.split('/').all(|part| part != ".."), "{path}");
        }
        Ok(())
    });
}

const BINDS: &[&str] =
    &[":", ":", "/", "data", "/root", "/etc", "..", "ro", "rw", "z", "rshared", "nocopy", ",", "C:", "\\", "/proc", "a", "lb-x-y-z", " "];

#[test]
fn fuzz_a_bind_leads_where_it_says() {
    holds(file!(), "binds", &pieces(BINDS, 9), |text| {
        let Ok(bind) = Bind::parse(&text) else { return Ok(()) };
        prop_assert!(bind.target.starts_with('/') && bind.target.len() > 1, "{bind:?}");
        prop_assert!(!bind.source.contains(':') && !bind.mode.contains("shared") && !bind.mode.contains("slave"), "{bind:?}");
        prop_assert_eq!(bind.read_only, bind.mode.split(',').any(|option| option == "ro"));
        Ok(())
    });
}

#[test]
fn fuzz_a_name_is_a_part_of_a_path_and_of_nothing_more() {
    holds(file!(), "names", &pieces(&["a", "B", "0", "-", "_", ".", "..", "/", "%", "\0", "lb-", "\u{430}", " ", ":"], 10), |name| {
        if is_name(&name) {
            prop_assert!(name.is_ascii() && name.len() <= 63 && !name.starts_with(['.', '-', '_']) && name != "..", "{name}");
            prop_assert!(!name.contains(['/', '%', ':', '\0', ' ', '\\', '?']), "{name}");
        }
        Ok(())
    });
}
