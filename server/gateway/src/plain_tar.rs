//! Tar for the engine, which can't be taken for anything else.
//!
//! The engine looks at the first bytes of every archive, and unpacks what begins as gzip, bzip2, xz or
//! zstd does. A tar begins with the name of its first entry: a file named `BZh…` would make the engine read
//! something else than was judged here. So every entry's name begins with `./`, and no compression does.

use std::{
    io::{self, Read, Write},
    os::unix::ffi::OsStrExt,
    path::Path,
};

use tar::{Builder, EntryType, Header};

/// Bytes that are copied at once.
const PIECE_BYTES: usize = 256 * 1024;
/// A tar is made of these.
const BLOCK_BYTES: usize = 512;
/// What a header has room for.
const NAME_BYTES: usize = 100;
/// The name of an entry that holds the name of the next (GNU tar's way with long ones).
const LONG: &[u8] = b"././@LongLink";

/// An entry with its data. The path is clean and relative; of the header, all but the name is set (GNU).
pub(crate) fn append(to: &mut Builder<impl Write>, header: Header, path: &Path, data: impl Read) -> io::Result<()> {
    write(to, header, path, None, data)
}

/// A link, hard or symbolic. The target is written as it is.
pub(crate) fn append_link(to: &mut Builder<impl Write>, header: Header, path: &Path, target: &Path) -> io::Result<()> {
    write(to, header, path, Some(target), io::empty())
}

fn write(to: &mut Builder<impl Write>, mut header: Header, path: &Path, target: Option<&Path>, data: impl Read) -> io::Result<()> {
    let name = [b"./", path.as_os_str().as_bytes()].concat();
    let target = target.map(|target| target.as_os_str().as_bytes()).unwrap_or_default();
    for (kind, value) in [(EntryType::GNULongName, name.as_slice()), (EntryType::GNULongLink, target)] {
        if value.contains(&0) {
            return Err(io::Error::other("a name in it holds a zero byte"));
        }
        if value.len() > NAME_BYTES {
            let mut long = Header::new_gnu();
            long.set_entry_type(kind);
            long.set_mode(0o644);
            long.set_size(value.len() as u64 + 1);
            put(&mut long, LONG, &[])?;
            to.append(&long, value.chain(&[0][..]))?;
        }
    }
    put(&mut header, &name, target)?;
    // The data goes by here, since the builder would copy it in small pieces.
    to.append(&header, io::empty())?;
    copy(data, to.get_mut(), header.size()?)
}

/// Data in large pieces, and what makes its blocks full.
fn copy(mut data: impl Read, to: &mut impl Write, size: u64) -> io::Result<()> {
    let mut buffer = vec![0; usize::try_from(size).unwrap_or(usize::MAX).min(PIECE_BYTES)];
    let mut left = size;
    while left > 0 {
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        match data.read(&mut buffer[..most]) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => {
                to.write_all(&buffer[..read])?;
                left -= read as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let over = usize::try_from(size % BLOCK_BYTES as u64).unwrap_or_default();
    if over > 0 { to.write_all(&[0; BLOCK_BYTES][over..]) } else { Ok(()) }
}

/// As much of both as there is room for.
fn put(header: &mut Header, name: &[u8], target: &[u8]) -> io::Result<()> {
    let fields = header.as_gnu_mut().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
    for (field, value) in [(&mut fields.name, name), (&mut fields.linkname, target)] {
        field.fill(0);
        field.iter_mut().zip(value).for_each(|(to, from)| *to = *from);
    }
    header.set_cksum();
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use std::ffi::OsStr;

    use super::*;

    /// What the engine takes for a compression: gzip, bzip2, xz (a name's end is the zero byte), zstd, and
    /// the first and last of zstd's frames that are skipped.
    pub(crate) const MAGICS: [&[u8]; 6] =
        [b"\x1f\x8b\x08", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"\x50\x2a\x4d\x18", b"\x5f\x2a\x4d\x18"];

    fn header(kind: EntryType, size: u64) -> Header {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(0o644);
        header.set_size(size);
        header
    }

    #[test]
    fn no_archive_begins_as_a_compression_does() {
        for magic in MAGICS {
            // Short, at the edge of what a header holds, and beyond it.
            for length in [magic.len(), 97, 98, 99, 100, 101, 300] {
                let name = [magic, &vec![b'x'; length - magic.len()]].concat();
                let path = Path::new(OsStr::from_bytes(&name));
                for link in [false, true] {
                    let mut tar = Builder::new(Vec::new());
                    if link {
                        append_link(&mut tar, header(EntryType::Symlink, 0), path, path).unwrap();
                    } else {
                        append(&mut tar, header(EntryType::Regular, 2), path, &b"hi"[..]).unwrap();
                    }
                    let bytes = tar.into_inner().unwrap();
                    assert!(bytes.starts_with(b"./"), "{magic:x?} {length}");
                    let mut archive = tar::Archive::new(&bytes[..]);
                    let entry = archive.entries().unwrap().next().unwrap().unwrap();
                    assert_eq!(entry.path_bytes().strip_prefix(b"./"), Some(&name[..]), "{length}");
                    assert_eq!(entry.link_name_bytes().as_deref(), link.then_some(&name[..]), "{length}");
                }
            }
        }
    }

    #[test]
    fn a_name_with_a_zero_byte_is_refused() {
        let mut tar = Builder::new(Vec::new());
        assert!(append(&mut tar, header(EntryType::Regular, 0), Path::new("a\0b"), io::empty()).is_err());
    }
}
