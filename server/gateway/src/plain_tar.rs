//! Tar for the engine, which can't be taken for anything else.
//!
//! The engine looks at the first bytes of every archive, and unpacks what begins as gzip, bzip2, xz or
//! zstd does. A tar begins with the name of its first entry: a file named `BZh…` would make the engine read
//! something else than was judged here. So every entry's name begins with `./`, and no compression does.
//!
//! And tar from a client, which says how long its names are: whoever reads tar keeps a name in memory as it
//! comes, and a few packed kilobytes become a name of any length. [`ShortNames`] ends the reading before that.

use std::{
    io::{self, Read, Write},
    os::unix::ffi::OsStrExt,
    path::Path,
};

use tar::{Builder, EntryType, Header};

/// Bytes that are copied at once.
const PIECE_BYTES: usize = 256 * 1024;
/// A tar is made of these.
pub(crate) const BLOCK_BYTES: usize = 512;
/// What a header has room for.
const NAME_BYTES: usize = 100;
/// The name of an entry that holds the name of the next (GNU tar's way with long ones).
const LONG: &[u8] = b"././@LongLink";

/// An entry with its data. The path is clean and relative; of the header, all but the name is set (GNU).
pub(crate) fn append(to: &mut Builder<impl Write>, header: Header, path: &Path, data: impl Read) -> io::Result<()> {
    let size = header.size()?;
    to.get_mut().write_all(&head(header, path, None)?)?;
    copy(data, to.get_mut(), size)
}

/// A link, hard or symbolic. The target is written as it is.
pub(crate) fn append_link(to: &mut Builder<impl Write>, header: Header, path: &Path, target: &Path) -> io::Result<()> {
    to.get_mut().write_all(&head(header, path, Some(target))?)
}

/// All that stands before an entry's data, in whole blocks.
pub(crate) fn head(mut header: Header, path: &Path, target: Option<&Path>) -> io::Result<Vec<u8>> {
    let name = [b"./", path.as_os_str().as_bytes()].concat();
    let target = target.map(|target| target.as_os_str().as_bytes()).unwrap_or_default();
    let mut blocks = Vec::with_capacity(BLOCK_BYTES);
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
            blocks.extend_from_slice(long.as_bytes());
            blocks.extend_from_slice(value);
            // A zero byte ends it.
            blocks.resize((blocks.len() + 1).next_multiple_of(BLOCK_BYTES), 0);
        }
    }
    put(&mut header, &name, target)?;
    blocks.extend_from_slice(header.as_bytes());
    Ok(blocks)
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
    to.write_all(&[0; BLOCK_BYTES][..fill(size)])
}

/// Bytes that make the last block of so much data full.
pub(crate) fn fill(size: u64) -> usize {
    let over = usize::try_from(size % BLOCK_BYTES as u64).unwrap_or_default();
    if over > 0 { BLOCK_BYTES - over } else { 0 }
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

/// Bytes of what stands before an entry: its long name, its link's, its records. Linux has names of 4096 bytes.
pub(crate) const MAX_RECORD_BYTES: u64 = 64 * 1024;

/// A tar as it comes. It is followed block by block, as its reader goes; and ends with an error where something before an
/// entry is longer than a name can be, or gives a size in another place than the entry itself does.
pub(crate) struct ShortNames<R> {
    from: R,
    block: Box<[u8; BLOCK_BYTES]>,
    /// Bytes of the block that are there.
    filled: usize,
    /// What the next bytes are.
    next: Next,
}

enum Next {
    Header,
    /// More headers of a sparse file; then so much data.
    Sparse(u64),
    /// Bytes of data, with what fills the last block.
    Data(u64),
    /// The same, of records, which are looked at.
    Records(u64, Vec<u8>),
}

impl<R> ShortNames<R> {
    pub(crate) fn new(from: R) -> Self {
        Self { from, block: Box::new([0; BLOCK_BYTES]), filled: 0, next: Next::Header }
    }

    fn follow(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            if let Next::Data(left) | Next::Records(left, _) = &mut self.next {
                let some = bytes.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                *left -= some as u64;
                let ended = *left == 0;
                if let Next::Records(_, text) = &mut self.next {
                    text.extend_from_slice(&bytes[..some]);
                    if ended {
                        check_records(text)?;
                    }
                }
                if ended {
                    self.next = Next::Header;
                }
                bytes = &bytes[some..];
                continue;
            }
            let some = bytes.len().min(BLOCK_BYTES - self.filled);
            self.block[self.filled..self.filled + some].copy_from_slice(&bytes[..some]);
            self.filled += some;
            bytes = &bytes[some..];
            if self.filled == BLOCK_BYTES {
                self.filled = 0;
                self.next = self.after_block()?;
            }
        }
        Ok(())
    }

    fn after_block(&self) -> io::Result<Next> {
        if let Next::Sparse(data) = self.next {
            return Ok(if self.block[504] == 0 { data_of(data) } else { Next::Sparse(data) });
        }
        if self.block.iter().all(|byte| *byte == 0) {
            return Ok(Next::Header);
        }
        let header = Header::from_byte_slice(self.block.as_slice());
        // What has no size that can be read is its reader's to refuse.
        let Ok(size) = header.entry_size() else { return Ok(Next::Header) };
        match header.entry_type() {
            kind if is_record(kind) && size > MAX_RECORD_BYTES => Err(too_long()),
            EntryType::XHeader | EntryType::XGlobalHeader => Ok(match data_of(size) {
                Next::Data(bytes) => Next::Records(bytes, Vec::new()),
                other => other,
            }),
            EntryType::GNUSparse if self.block[482] != 0 => Ok(Next::Sparse(size)),
            _ => Ok(data_of(size)),
        }
    }
}

/// Whether an entry says something about the next: its name, its link's, its records.
pub(crate) fn is_record(kind: EntryType) -> bool {
    matches!(kind, EntryType::XHeader | EntryType::XGlobalHeader | EntryType::GNULongName | EntryType::GNULongLink)
}

pub(crate) fn too_long() -> io::Error {
    io::Error::other("a name in it is too long")
}

/// Refuses records (`17 path=some/name`, one a line) of which one is a size.
pub(crate) fn check_records(records: &[u8]) -> io::Result<()> {
    let key = |line: &[u8]| line.iter().position(|byte| *byte == b' ').map_or(0, |space| space + 1);
    if records.split(|byte| *byte == b'\n').any(|line| line[key(line)..].starts_with(b"size=")) {
        return Err(size_apart());
    }
    Ok(())
}

pub(crate) fn size_apart() -> io::Error {
    io::Error::other("a size in it stands apart from its entry")
}

fn data_of(size: u64) -> Next {
    match size.div_ceil(BLOCK_BYTES as u64).saturating_mul(BLOCK_BYTES as u64) {
        0 => Next::Header,
        bytes => Next::Data(bytes),
    }
}

impl<R: Read> Read for ShortNames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(buffer)?;
        self.follow(&buffer[..read])?;
        Ok(read)
    }
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

    /// An entry as any program might write it, before one with the name `x`.
    fn before_x(kind: EntryType, content: &[u8]) -> Vec<u8> {
        let mut tar = Builder::new(Vec::new());
        let mut first = header(kind, content.len() as u64);
        put(&mut first, LONG, &[]).unwrap();
        tar.append(&first, content).unwrap();
        append(&mut tar, header(EntryType::Regular, 2), Path::new("x"), &b"hi"[..]).unwrap();
        tar.into_inner().unwrap()
    }

    fn read(bytes: &[u8]) -> io::Result<usize> {
        let mut archive = tar::Archive::new(ShortNames::new(bytes));
        let mut entries = 0;
        for entry in archive.entries()? {
            io::copy(&mut entry?, &mut io::sink())?;
            entries += 1;
        }
        Ok(entries)
    }

    #[test]
    fn a_name_that_is_longer_than_any_is_not_read() {
        for kind in [EntryType::GNULongName, EntryType::GNULongLink, EntryType::XHeader, EntryType::XGlobalHeader] {
            assert!(read(&before_x(kind, &vec![b'a'; 65_537])).unwrap_err().to_string().contains("too long"), "{kind:?}");
        }
        assert_eq!(read(&before_x(EntryType::GNULongName, &[b'a'; 4000])).unwrap(), 1);
        // Files are as long as they like, and what is in them is no header.
        let long = before_x(EntryType::GNULongName, &vec![b'a'; 70_000]);
        assert_eq!(read(&before_x(EntryType::Regular, &long)).unwrap(), 2);
    }

    #[test]
    fn a_size_stands_in_its_entry() {
        // Or the name of the next entry could begin where the file is thought to go on.
        assert!(read(&before_x(EntryType::XHeader, b"10 size=9\n")).is_err());
        assert_eq!(read(&before_x(EntryType::XHeader, b"10 path=y\n")).unwrap(), 1);
        assert_eq!(read(&before_x(EntryType::XHeader, b"17 path=a size=9\n")).unwrap(), 1);
    }

    #[test]
    fn a_name_with_a_zero_byte_is_refused() {
        let mut tar = Builder::new(Vec::new());
        assert!(append(&mut tar, header(EntryType::Regular, 0), Path::new("a\0b"), io::empty()).is_err());
    }
}
