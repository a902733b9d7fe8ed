#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::io::Read as _;

use tar::{Builder, EntryType, GnuExtSparseHeader, Header};

use super::*;

fn header(kind: EntryType, name: &[u8], size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.as_mut_bytes()[..name.len()].copy_from_slice(name);
    header.set_entry_type(kind);
    header.set_mode(0o640);
    header.set_uid(3);
    header.set_gid(4);
    header.set_mtime(5);
    header.set_size(size);
    header.set_cksum();
    header
}

fn octal(field: &mut [u8], value: u64) {
    field[..11].copy_from_slice(format!("{value:011o}").as_bytes());
}

/// A sparse file: areas of two bytes each at the offsets, `real` bytes altogether. From the fifth on they are in a
/// block of their own.
fn sparse_file(name: &[u8], offsets: &[u64], real: u64) -> Vec<u8> {
    // All areas but the last fill their block in the archive.
    let lengths: Vec<u64> = offsets.iter().enumerate().map(|(at, _)| if at + 1 < offsets.len() { 512 } else { 2 }).collect();
    let stored: u64 = lengths.iter().sum();
    let mut first = header(EntryType::GNUSparse, name, stored);
    let gnu = first.as_gnu_mut().unwrap();
    octal(&mut gnu.realsize, real);
    gnu.isextended[0] = u8::from(offsets.len() > 4);
    let areas: Vec<(u64, u64)> = offsets.iter().copied().zip(lengths.iter().copied()).collect();
    for (area, (offset, length)) in gnu.sparse.iter_mut().zip(&areas) {
        octal(&mut area.offset, *offset);
        octal(&mut area.numbytes, *length);
    }
    first.set_cksum();
    let mut tar = first.as_bytes().to_vec();
    let mut rest = areas.iter().skip(4).peekable();
    while rest.peek().is_some() {
        let mut more = GnuExtSparseHeader::new();
        for area in &mut more.sparse {
            if let Some((offset, length)) = rest.next() {
                octal(&mut area.offset, *offset);
                octal(&mut area.numbytes, *length);
            }
        }
        more.isextended[0] = u8::from(rest.peek().is_some());
        tar.extend_from_slice(more.as_bytes());
    }
    for (n, length) in lengths.iter().enumerate() {
        tar.extend(std::iter::repeat_n(b'a' + u8::try_from(n % 26).unwrap(), usize::try_from(*length).unwrap()));
    }
    tar.resize(tar.len().next_multiple_of(512), b'-');
    tar
}

/// All kinds of entries, as other programs write them.
fn archive() -> Vec<u8> {
    let mut tar = Builder::new(Vec::new());
    let data = vec![b'd'; 70_000];
    tar.append(&header(EntryType::Regular, b"/a//./b", 5), &b"hello"[..]).unwrap();
    tar.append(&header(EntryType::Regular, b"large", data.len() as u64), &data[..]).unwrap();
    tar.append(&header(EntryType::Directory, b"d/", 0), &b""[..]).unwrap();
    tar.append(&header(EntryType::Char, b"dev", 0), &b""[..]).unwrap();
    tar.append(&header(EntryType::Regular, b"./", 600), &data[..600]).unwrap();
    let long = format!("{}/x", "long".repeat(60));
    tar.append_data(&mut header(EntryType::Regular, b"", 3), &long, &b"abc"[..]).unwrap();
    tar.append_link(&mut header(EntryType::Symlink, b"", 0), "link", "../anywhere").unwrap();
    tar.append_link(&mut header(EntryType::Link, b"", 0), "hard", "./a/b").unwrap();
    tar.append(&header(EntryType::XHeader, b"PaxHeader", 20), &b"20 path=by/a/record\n"[..]).unwrap();
    tar.append(&header(EntryType::Regular, b"not this", 1), &b"r"[..]).unwrap();
    tar.append(&header(EntryType::XGlobalHeader, b"pax_global_header", 13), &b"13 comment=x\n"[..]).unwrap();
    let mut bytes = tar.into_inner().unwrap();
    bytes.truncate(bytes.len() - 1024);
    bytes.extend(sparse_file(b"holes", &[0, 1000, 5000], 5002));
    bytes.extend(sparse_file(b"many holes", &(0..60).map(|n| 600 * n).collect::<Vec<_>>(), 600 * 59 + 2));
    bytes.extend([0; 1024]);
    bytes
}

fn passed(pieces: impl Iterator<Item = Bytes>, limit: u64) -> io::Result<Vec<u8>> {
    let (mut entries, mut out) = (Entries::new(limit), Vec::new());
    for piece in pieces {
        entries.push(piece)?;
        while let Some(piece) = entries.next() {
            out.extend_from_slice(&piece);
        }
    }
    entries.finish()?;
    while let Some(piece) = entries.next() {
        out.extend_from_slice(&piece);
    }
    Ok(out)
}

fn whole(bytes: Vec<u8>, limit: u64) -> io::Result<Vec<u8>> {
    passed(std::iter::once(bytes.into()), limit)
}

/// Names, kinds, targets and content.
fn read(bytes: &[u8]) -> Vec<(String, EntryType, Option<String>, Vec<u8>)> {
    let mut archive = tar::Archive::new(bytes);
    let entries = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let mut data = Vec::new();
        entry.read_to_end(&mut data).unwrap();
        let link = entry.link_name().unwrap().map(|name| name.display().to_string());
        (entry.path().unwrap().display().to_string(), entry.header().entry_type(), link.filter(|link| !link.is_empty()), data)
    });
    entries.collect()
}

#[test]
fn what_goes_on_is_what_the_library_reads() {
    let out = whole(archive(), 1 << 20).unwrap();
    let expected = read(&archive())
        .into_iter()
        .filter(|(name, kind, ..)| name != "./" && !kind.is_pax_global_extensions() && !kind.is_character_special());
    let expected = expected.map(|(name, kind, link, data)| {
        let name = match name.as_str() {
            "/a//./b" => "./a/b".to_owned(),
            "d/" => "./d".to_owned(),
            name => format!("./{name}"),
        };
        let kind = if kind == EntryType::GNUSparse { EntryType::Regular } else { kind };
        (name, kind, link.map(|link| link.trim_start_matches("./").to_owned()), data)
    });
    assert_eq!(read(&out), expected.collect::<Vec<_>>());
    assert_eq!(read(&out).len(), 9);
    assert_eq!(out.len() % 512, 0);
}

#[test]
fn it_is_the_same_however_it_is_cut_to_pieces() {
    let bytes = Bytes::from(archive());
    let expected = whole(bytes.to_vec(), 1 << 20).unwrap();
    for size in [1, 2, 7, 511, 512, 513, 1024, 4096, 65_536] {
        let pieces = (0..bytes.len()).step_by(size).map(|at| bytes.slice(at..bytes.len().min(at + size)));
        assert_eq!(passed(pieces, 1 << 20).unwrap(), expected, "{size}");
    }
}

#[test]
fn what_is_cut_short_is_refused_wherever_it_is_cut() {
    let bytes = Bytes::from(archive());
    // Between two entries an archive may end, as the library has it.
    let ends: Vec<usize> = (0..bytes.len() - 1024).step_by(97).filter(|end| whole(bytes[..*end].to_vec(), 1 << 20).is_ok()).collect();
    let may_end: Vec<usize> = (0..bytes.len() - 1024)
        .step_by(97)
        .filter(|end| {
            let mut archive = tar::Archive::new(&bytes[..*end]);
            let mut whole = archive.entries().unwrap().map(|entry| io::copy(&mut entry?, &mut io::sink()));
            whole.all(|entry| entry.is_ok())
        })
        .collect();
    assert_eq!(ends, may_end);
    assert!(ends.len() < 5, "{ends:?}");
}

#[test]
fn what_is_in_a_file_is_not_copied() {
    let mut entries = Entries::new(1 << 20);
    entries.push(header(EntryType::Regular, b"x", 100_000).as_bytes().to_vec().into()).unwrap();
    let piece = Bytes::from(vec![b'x'; 50_000]);
    entries.push(piece.clone()).unwrap();
    let pieces: Vec<Bytes> = std::iter::from_fn(|| entries.next()).collect();
    assert_eq!(pieces.iter().map(Bytes::len).collect::<Vec<_>>(), [512, 50_000]);
    assert_eq!(pieces[1].as_ptr(), piece.as_ptr());
}

#[test]
fn a_sparse_file_is_no_larger_than_an_upload() {
    let bomb = |real| [sparse_file(b"x", &[real - 2], real), vec![0; 1024]].concat();
    assert_eq!(read(&whole(bomb(1 << 20), 1 << 20).unwrap())[0].3.len(), 1 << 20);
    for real in [(1 << 20) + 1, 1 << 32] {
        assert_eq!(whole(bomb(real), 1 << 20).unwrap_err().kind(), io::ErrorKind::FileTooLarge, "{real}");
    }
}

#[test]
fn no_more_is_kept_before_a_file_than_its_head_may_have() {
    // Records that speak of a next entry which never comes, and a map without an end.
    let record = header(EntryType::GNULongName, b"././@LongLink", 0).as_bytes().to_vec();
    let mut map = sparse_file(b"x", &[0, 600, 1200, 1800, 2400], 2402)[..1024].to_vec();
    map[512 + 504] = 1;
    let more = map.split_off(512);
    for (first, again) in [(Vec::new(), record), (map, more)] {
        let mut entries = Entries::new(1 << 30);
        entries.push(first.into()).unwrap();
        let refused = (0..10_000).find_map(|_| entries.push(again.clone().into()).err());
        assert!(refused.unwrap().to_string().contains("too long"));
        assert!(entries.head.len() <= MAX_HEAD_BYTES);
    }
}

#[test]
fn no_file_follows_the_end_and_none_is_promised_before_it() {
    let mut after = archive();
    after.extend(header(EntryType::Regular, b"after", 0).as_bytes());
    assert_eq!(whole(after, 1 << 20).unwrap(), whole(archive(), 1 << 20).unwrap());
    let promised = [&header(EntryType::XHeader, b"x", 9).as_bytes()[..], b"9 path=y\n", &[0; 503], &[0; 1024]].concat();
    assert!(whole(promised, 1 << 20).is_err());
}
