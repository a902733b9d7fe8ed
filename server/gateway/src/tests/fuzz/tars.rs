//! Tars, as hostile as they come.

use std::io::{self, Read};

use proptest::{prelude::*, sample::select};

use super::{holds, mutated};
use crate::plain_tar::ShortNames;

const NAMES: &[&str] = &[
    "a",
    "./a",
    "/a",
    "../a",
    "a/../b",
    "a/../../b",
    "Dockerfile",
    "./Dockerfile",
    ".",
    "..",
    "",
    "/",
    "a//b",
    "a/",
    "BZh9x",
    "\u{1f}\u{8b}",
    "x\\y",
    ".wh.a",
    "manifest.json",
    "d/e/f",
    "\u{e9}",
];

/// Entries of all kinds, with names and targets that lead anywhere, and records that say something else.
pub(crate) fn tars() -> impl Strategy<Value = Vec<u8>> {
    let kinds = select(vec![b'0', b'0', b'0', b'5', b'1', b'2', b'3', b'4', b'6', b'7', b'x', b'g', b'L', b'K', b'S', 0, b'Z']);
    let content = prop_oneof![
        3 => Just(Vec::new()),
        3 => proptest::collection::vec(any::<u8>(), 0..700),
        1 => select(vec!["12 path=../x\n", "10 size=9\n", "13 path=/e/x\n", "17 linkpath=../x\n", "30 GNU.sparse.realsize=9999\n", "999 path=x\n", "x", "9 path=\n"]).prop_map(|text| text.as_bytes().to_vec()),
        1 => select(NAMES).prop_map(|name| name.as_bytes().to_vec()),
    ];
    let size = prop_oneof![9 => Just(None), 1 => select(vec![0_u64, 1, 511, 512, 513, 1 << 20, u64::MAX / 2]).prop_map(Some)];
    let entry = (select(NAMES), kinds, select(NAMES), content, size);
    let tar = proptest::collection::vec(entry, 0..6).prop_map(|entries| {
        let mut tar = Vec::new();
        for (name, kind, link, content, size) in entries {
            let mut header = tar::Header::new_gnu();
            header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
            header.as_mut_bytes()[157..157 + link.len()].copy_from_slice(link.as_bytes());
            header.as_mut_bytes()[156] = kind;
            header.set_mode(0o644);
            header.set_uid(0);
            header.set_gid(0);
            header.set_mtime(0);
            header.set_size(size.unwrap_or(content.len() as u64));
            header.set_cksum();
            tar.extend_from_slice(header.as_bytes());
            tar.extend_from_slice(&content);
            tar.resize(tar.len().next_multiple_of(512), 0);
        }
        tar.resize(tar.len() + 1024, 0);
        tar
    });
    mutated(tar)
}

/// One entry of a tar as its header has it, read by nothing but the format's first rules.
#[derive(Debug)]
pub(crate) struct Plain {
    pub(crate) name: Vec<u8>,
    pub(crate) kind: u8,
    pub(crate) link: Vec<u8>,
}

/// A second opinion on what was written: every header by itself, with GNU's long names and nothing else.
pub(crate) fn entries_of(mut bytes: &[u8]) -> Vec<Plain> {
    let text = |field: &[u8]| field.iter().copied().take_while(|byte| *byte != 0).collect::<Vec<u8>>();
    let (mut entries, mut name, mut link) = (Vec::new(), None, None);
    while bytes.len() >= 512 && bytes[..512].iter().any(|byte| *byte != 0) {
        let (header, rest) = bytes.split_at(512);
        let size = usize::from_str_radix(String::from_utf8(text(&header[124..136])).unwrap().trim(), 8).expect("a size in digits");
        let data = &rest[..size];
        bytes = &rest[size.next_multiple_of(512)..];
        match header[156] {
            b'L' => name = Some(text(data)),
            b'K' => link = Some(text(data)),
            kind => entries.push(Plain {
                name: name.take().unwrap_or_else(|| text(&header[..100])),
                kind,
                link: link.take().unwrap_or_else(|| text(&header[157..257])),
            }),
        }
    }
    entries
}

/// Below where it is unpacked, and no compression to anybody.
#[track_caller]
pub(crate) fn stays_below(entry: &Plain) {
    let within = |path: &[u8]| !path.starts_with(b"/") && path.split(|byte| *byte == b'/').all(|part| part != b"..");
    assert!(entry.name.starts_with(b"./") && within(&entry.name), "{entry:?}");
    assert!(matches!(entry.kind, b'0' | b'1' | b'2' | b'5'), "{entry:?}");
    assert!(entry.kind != b'1' || within(&entry.link), "{entry:?}");
}

#[test]
fn fuzz_what_is_followed_is_what_is_read() {
    holds(file!(), "tars, followed as they are read", &tars(), |bytes| {
        // With the guard the reader sees the same bytes, or an end before the guard's own.
        let read = |reader: &mut dyn Read| -> Vec<(Vec<u8>, u64)> {
            let mut seen = Vec::new();
            let mut archive = tar::Archive::new(reader);
            let Ok(entries) = archive.entries() else { return seen };
            for entry in entries {
                let Ok(mut entry) = entry else { break };
                let copied = io::copy(&mut entry, &mut io::sink()).unwrap_or(u64::MAX);
                seen.push((entry.path_bytes().into_owned(), copied));
            }
            seen
        };
        let (guarded, bare) = (read(&mut ShortNames::new(&bytes[..])), read(&mut &bytes[..]));
        prop_assert!(bare.starts_with(&guarded) || guarded.last().is_some_and(|(_, copied)| *copied == u64::MAX), "{guarded:?} {bare:?}");
        prop_assert!(guarded.iter().all(|(name, _)| name.len() <= 70_000));
        Ok(())
    });
}
