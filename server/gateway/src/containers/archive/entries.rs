//! A tar as it comes, entry by entry: each gets a header of our own, and what is in a file passes as it is,
//! uncopied. What stands before a file's data is collected, within bounds, and read by the tar library.

use std::{
    collections::VecDeque,
    io,
    path::{Component, Path, PathBuf},
};

use bytes::{Bytes, BytesMut};
use tar::{Archive, Entry, EntryType, GnuExtSparseHeader, GnuSparseHeader, Header};

use crate::plain_tar::{self, BLOCK_BYTES};

/// Files in one archive.
const MAX_ENTRIES: usize = 100_000;
/// Bytes of all that stands before one entry's data: names, records, headers, the map of a sparse file.
const MAX_HEAD_BYTES: usize = 1024 * 1024;
/// Bytes of a piece that goes on by itself; smaller ones wait for others.
const LARGE_BYTES: usize = 16 * 1024;
/// Bytes that wait for others at most.
const FULL_BYTES: usize = 64 * 1024;

static ZEROS: [u8; FULL_BYTES] = [0; FULL_BYTES];

/// Takes an archive's bytes, and gives those that go on.
pub(super) struct Entries {
    state: State,
    /// What stands before the next entry's data, as far as it has come.
    head: Vec<u8>,
    /// Bytes that are still to come of the header, map or records that are being collected.
    missing: usize,
    /// Where in the head its last header begins.
    header_at: usize,
    entries: usize,
    /// Bytes of data that may still go on. A sparse file is more than what comes of it.
    left: u64,
    /// Small pieces that wait for others.
    small: BytesMut,
    ready: VecDeque<Bytes>,
}

enum State {
    Header,
    /// More of a sparse file's map.
    Map,
    /// What is said of the next entry; or of nothing, and then it is an entry itself.
    Records(Of),
    /// The first of the parts waits for bytes.
    Data(VecDeque<Part>),
    /// Whatever still comes is no part of the archive.
    Ended,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    Next,
    Nothing,
}

/// What becomes of an entry's bytes, one after the other.
enum Part {
    Pass(u64),
    Skip(u64),
    /// Goes on, though nothing comes.
    Zeros(u64),
}

impl Entries {
    /// At most `limit` bytes of data go on.
    pub(super) fn new(limit: u64) -> Self {
        Self {
            state: State::Header,
            head: Vec::with_capacity(BLOCK_BYTES),
            missing: BLOCK_BYTES,
            header_at: 0,
            entries: 0,
            left: limit,
            small: BytesMut::new(),
            ready: VecDeque::new(),
        }
    }

    /// The next piece that goes on.
    pub(super) fn next(&mut self) -> Option<Bytes> {
        self.ready.pop_front()
    }

    /// Whether the archive is over, whatever may come after it.
    pub(super) fn has_ended(&self) -> bool {
        matches!(self.state, State::Ended)
    }

    pub(super) fn push(&mut self, mut data: Bytes) -> io::Result<()> {
        while !data.is_empty() {
            match &mut self.state {
                State::Header | State::Map | State::Records(_) => {
                    let piece = data.split_to(data.len().min(self.missing));
                    self.head.extend_from_slice(&piece);
                    self.missing -= piece.len();
                    if self.missing == 0 {
                        self.collected()?;
                    }
                }
                State::Data(parts) => {
                    if let Some(Part::Pass(left) | Part::Skip(left)) = parts.front_mut() {
                        let piece = data.split_to(data.len().min(usize::try_from(*left).unwrap_or(usize::MAX)));
                        *left -= piece.len() as u64;
                        if let Some(Part::Pass(_)) = parts.front() {
                            self.put(piece);
                        }
                    }
                    self.settle();
                }
                State::Ended => break,
            }
        }
        Ok(())
    }

    /// Nothing more comes.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        match self.state {
            State::Header if self.head.is_empty() => {
                self.end();
                Ok(())
            }
            State::Ended => Ok(()),
            _ => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    fn end(&mut self) {
        self.state = State::Ended;
        self.put(Bytes::from_static(&ZEROS[..2 * BLOCK_BYTES]));
        self.flush();
    }
}

impl Entries {
    /// A header, a block of a map or all of the records are there.
    fn collected(&mut self) -> io::Result<()> {
        match self.state {
            State::Header => self.after_header(),
            // A map's block says near its end whether there is another.
            State::Map if self.head[self.head.len() - 8] != 0 => self.collect(State::Map, BLOCK_BYTES),
            State::Map => self.entry(),
            State::Records(of) => {
                let start = self.header_at + BLOCK_BYTES;
                if matches!(self.kind(), EntryType::XHeader | EntryType::XGlobalHeader) {
                    plain_tar::check_records(&self.head[start..])?;
                }
                match of {
                    Of::Next => self.next_header(),
                    Of::Nothing => self.entry(),
                }
            }
            State::Data(_) | State::Ended => Ok(()),
        }
    }

    fn collect(&mut self, state: State, bytes: usize) -> io::Result<()> {
        if self.head.len() + bytes > MAX_HEAD_BYTES {
            return Err(plain_tar::too_long());
        }
        (self.state, self.missing) = (state, bytes);
        Ok(())
    }

    fn next_header(&mut self) -> io::Result<()> {
        self.header_at = self.head.len();
        self.collect(State::Header, BLOCK_BYTES)
    }

    fn header(&self) -> &Header {
        Header::from_byte_slice(&self.head[self.header_at..self.header_at + BLOCK_BYTES])
    }

    fn kind(&self) -> EntryType {
        self.header().entry_type()
    }

    fn after_header(&mut self) -> io::Result<()> {
        let header = self.header();
        if header.as_bytes().iter().all(|byte| *byte == 0) {
            if self.header_at > 0 {
                return Err(io::Error::other("what stands before a file in it stands before none"));
            }
            self.end();
            return Ok(());
        }
        let kind = header.entry_type();
        if plain_tar::is_record(kind) {
            let size = header.entry_size()?;
            if size > plain_tar::MAX_RECORD_BYTES {
                return Err(plain_tar::too_long());
            }
            let known = header.as_gnu().is_some() || header.as_ustar().is_some();
            let of = if known && kind != EntryType::XGlobalHeader { Of::Next } else { Of::Nothing };
            let bytes = usize::try_from(whole_blocks(size)?).unwrap_or(usize::MAX);
            self.collect(State::Records(of), bytes)?;
            return if bytes == 0 { self.collected() } else { Ok(()) };
        }
        if kind == EntryType::GNUSparse && header.as_gnu().is_some_and(|header| header.is_extended()) {
            return self.collect(State::Map, BLOCK_BYTES);
        }
        self.entry()
    }

    /// All is there that stands before an entry's data.
    fn entry(&mut self) -> io::Result<()> {
        if self.entries == MAX_ENTRIES {
            return Err(io::Error::other(format!("it holds more than {MAX_ENTRIES} files")));
        }
        self.entries += 1;
        let head = std::mem::take(&mut self.head);
        let mut archive = Archive::new(&head[..]);
        let entry = archive.entries()?.next().ok_or(io::ErrorKind::UnexpectedEof)??;
        let map = &head[self.header_at + BLOCK_BYTES..];
        let parts = self.judge(&entry, map)?;
        // What was an entry itself is in the head with its data.
        self.state = State::Data(if matches!(self.state, State::Records(_)) { VecDeque::new() } else { parts });
        self.head = head;
        self.head.clear();
        self.header_at = 0;
        self.settle();
        Ok(())
    }

    /// What goes on of an entry: a header and its data, or nothing.
    fn judge(&mut self, entry: &Entry<'_, &[u8]>, map: &[u8]) -> io::Result<VecDeque<Part>> {
        let kind = entry.header().entry_type();
        let stored = entry.header().entry_size()?;
        let skipped = VecDeque::from([Part::Skip(whole_blocks(stored)?)]);
        let Some(path) = below(&entry.path()?)? else { return Ok(skipped) };
        let mut header = Header::new_gnu();
        header.set_mode(entry.header().mode()? & 0o7777);
        header.set_uid(entry.header().uid()?);
        header.set_gid(entry.header().gid()?);
        header.set_mtime(entry.header().mtime()?);
        header.set_size(0);
        if kind.is_file() || kind == EntryType::Continuous || kind == EntryType::GNUSparse {
            let parts = match kind {
                EntryType::GNUSparse => sparse(entry, map)?,
                _ if entry.size() == stored => VecDeque::from([Part::Pass(stored)]),
                _ => return Err(plain_tar::size_apart()),
            };
            header.set_entry_type(EntryType::Regular);
            header.set_size(entry.size());
            self.left = self.left.checked_sub(entry.size()).ok_or(io::ErrorKind::FileTooLarge)?;
            self.put(plain_tar::head(header, &path, None)?.into());
            return Ok(filled(parts, stored, entry.size()));
        }
        if kind.is_dir() {
            header.set_entry_type(EntryType::Directory);
            self.put(plain_tar::head(header, &path, None)?.into());
        } else if kind.is_symlink() || kind.is_hard_link() {
            let Some(target) = entry.link_name()? else { return Ok(skipped) };
            let target = if kind.is_hard_link() { below(&target)?.unwrap_or_default() } else { target.into_owned() };
            header.set_entry_type(kind);
            self.put(plain_tar::head(header, &path, Some(&target))?.into());
        }
        // Devices and pipes are left out: a container has no use for another's devices.
        Ok(skipped)
    }

    /// Sends on the zeros that are next, and goes to the next part that waits for bytes.
    fn settle(&mut self) {
        while let State::Data(parts) = &mut self.state {
            match parts.front() {
                Some(Part::Pass(0) | Part::Skip(0) | Part::Zeros(0)) => _ = parts.pop_front(),
                Some(Part::Pass(_) | Part::Skip(_)) => break,
                Some(Part::Zeros(left)) => {
                    let some = usize::try_from(*left).unwrap_or(usize::MAX).min(ZEROS.len());
                    parts[0] = Part::Zeros(*left - some as u64);
                    self.put(Bytes::from_static(&ZEROS[..some]));
                }
                None => (self.state, self.missing) = (State::Header, BLOCK_BYTES),
            }
        }
    }

    fn put(&mut self, piece: Bytes) {
        if piece.len() >= LARGE_BYTES {
            self.flush();
            self.ready.push_back(piece);
            return;
        }
        self.small.extend_from_slice(&piece);
        if self.small.len() >= FULL_BYTES {
            self.flush();
        }
    }

    fn flush(&mut self) {
        if !self.small.is_empty() {
            self.ready.push_back(std::mem::take(&mut self.small).freeze());
        }
    }
}

fn whole_blocks(size: u64) -> io::Result<u64> {
    size.checked_add(plain_tar::fill(size) as u64).ok_or_else(|| io::ErrorKind::FileTooLarge.into())
}

/// What fills the last block of what comes is left out, and the last block of what goes on is filled.
fn filled(mut parts: VecDeque<Part>, comes: u64, goes_on: u64) -> VecDeque<Part> {
    parts.push_back(Part::Skip(plain_tar::fill(comes) as u64));
    parts.push_back(Part::Zeros(plain_tar::fill(goes_on) as u64));
    parts
}

/// A sparse file as what it stands for. The library has judged its map: areas come in order, and all of the data is theirs.
fn sparse(entry: &Entry<'_, &[u8]>, map: &[u8]) -> io::Result<VecDeque<Part>> {
    let header = entry.header().as_gnu().ok_or(io::ErrorKind::InvalidData)?;
    let (mut parts, mut at) = (VecDeque::new(), 0);
    let mut add = |areas: &[GnuSparseHeader]| {
        for area in areas.iter().filter(|area| !area.is_empty()) {
            let (offset, length) = (area.offset()?, area.length()?);
            parts.push_back(Part::Zeros(offset.checked_sub(at).ok_or(io::ErrorKind::InvalidData)?));
            parts.push_back(Part::Pass(length));
            at = offset.checked_add(length).ok_or(io::ErrorKind::InvalidData)?;
        }
        Ok::<_, io::Error>(())
    };
    add(&header.sparse)?;
    for block in map.chunks_exact(BLOCK_BYTES) {
        let mut more = GnuExtSparseHeader::new();
        more.as_mut_bytes().copy_from_slice(block);
        add(more.sparse())?;
    }
    Ok(parts)
}

/// A name without `.` and leading slashes; `None` for the place itself.
fn below(path: &Path) -> io::Result<Option<PathBuf>> {
    let mut clean = PathBuf::new();
    for component in path.components() {
        match component {
            Component::Normal(part) => clean.push(part),
            Component::CurDir | Component::RootDir => {}
            Component::ParentDir | Component::Prefix(_) => return Err(io::Error::other("a name in it leads out of it")),
        }
    }
    Ok((!clean.as_os_str().is_empty()).then_some(clean))
}

#[cfg(test)]
mod tests;
