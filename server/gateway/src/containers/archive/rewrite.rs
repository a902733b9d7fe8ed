//! A learner's tar, read and written anew as it passes: plain files, folders and links, under names
//! that stay below the place they are unpacked at. Gzip is undone here; other compressions are refused.

#[cfg(test)]
mod fuzz;

use std::{
    io::{self, BufReader, Read, Write},
    path::{Component, Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::{Buf, Bytes, BytesMut};
use hyper::body::Incoming;
use tokio::{sync::mpsc, task::JoinHandle};

use crate::{
    body::{self, Body, BoxError},
    plain_tar,
    refusal::Refusal,
};

/// Pieces under way between the connection and the thread that reads tar, and from there to the engine.
const PIECES: usize = 3;
/// Bytes of a piece: each wakes a thread.
const PIECE_BYTES: usize = 256 * 1024;
/// Bytes of a piece that goes on by itself, without waiting for others.
const LARGE_BYTES: usize = 16 * 1024;
/// Files in one archive.
const MAX_ENTRIES: usize = 100_000;
/// Bytes looked at to tell what an archive is.
const MAGIC_BYTES: usize = 6;

/// What is still read of an upload that is refused already, in times of the limit, and how long for: a
/// client that is told "too large" while it still sends sees a broken pipe in place of the reason.
const DRAINED_LIMITS: u64 = 4;
const DRAIN_TIME: Duration = Duration::from_secs(30);

/// The learner's side of an upload.
pub(super) struct Upload {
    refusal: Why,
    reading: JoinHandle<()>,
}

impl Upload {
    /// Why it was broken off here, if it was. To be asked once the body has been read or dropped.
    pub(super) fn refusal(&self) -> Option<Refusal> {
        self.refusal.take()
    }

    /// Reads what the client still sends.
    pub(super) async fn drain(self) {
        _ = tokio::time::timeout(DRAIN_TIME, self.reading).await;
    }
}

#[derive(Debug, Clone, Default)]
struct Why(Arc<Mutex<Option<Refusal>>>);

impl Why {
    fn take(&self) -> Option<Refusal> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn set(&self, refusal: Refusal) {
        _ = self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(refusal);
    }
}

/// Begins to rewrite; at most `limit` bytes are taken, packed and unpacked each. Gives what goes on.
pub(super) fn rewrite(from: Incoming, limit: u64) -> (Body, Upload) {
    let why = Why::default();
    let (in_sender, in_receiver) = mpsc::channel::<Bytes>(PIECES);
    let (out_sender, mut out_receiver) = mpsc::channel::<Result<Bytes, BoxError>>(PIECES);
    let told = why.clone();
    let reading = tokio::spawn(async move {
        let mut from = body::Upload::new(from);
        let mut unheard = 0;
        let mut piece = BytesMut::new();
        loop {
            let ended = match from.next().await {
                Some(Ok(data)) => {
                    piece.extend_from_slice(&data);
                    false
                }
                // Told before the thread finds its archive cut short.
                Some(Err(refusal)) => return told.set(refusal),
                None => true,
            };
            if piece.len() < PIECE_BYTES && !ended {
                continue;
            }
            let bytes = piece.len() as u64;
            if in_sender.send(piece.split().freeze()).await.is_err() {
                unheard += bytes;
            }
            if ended {
                break;
            }
            if unheard > limit.saturating_mul(DRAINED_LIMITS) {
                break;
            }
        }
    });
    let told = why.clone();
    tokio::task::spawn_blocking(move || {
        let reader = Limited { from: Pieces { receiver: in_receiver, current: Bytes::new() }, left: limit };
        let writer = Sending { sender: out_sender.clone(), buffer: Vec::with_capacity(PIECE_BYTES) };
        // A broken pipe is the engine's own no, which it tells itself.
        if let Err(error) = pass(reader, writer, limit)
            && error.kind() != io::ErrorKind::BrokenPipe
        {
            told.set(refusal(&error, limit));
            // The engine must not take what came so far for the whole.
            _ = out_sender.blocking_send(Err(error.into()));
        }
    });
    let body = body::stream(async_stream::stream! {
        while let Some(piece) = out_receiver.recv().await {
            yield piece;
        }
    });
    (body, Upload { refusal: why, reading })
}

fn refusal(error: &io::Error, limit: u64) -> Refusal {
    match error.kind() {
        io::ErrorKind::FileTooLarge => Refusal::too_large("the upload", limit),
        io::ErrorKind::Unsupported => Refusal::invalid("lunchbox: archives go up as plain tar or gzip; unpack this one first."),
        _ => Refusal::invalid(format!("lunchbox: the upload is not a tar archive that can be read: {error}")),
    }
}

fn pass(reader: impl Read, writer: impl Write, limit: u64) -> io::Result<()> {
    let mut reader = BufReader::with_capacity(PIECE_BYTES, reader);
    let mut magic = [0; MAGIC_BYTES];
    let mut known = 0;
    while known < MAGIC_BYTES {
        match reader.read(&mut magic[known..])? {
            0 => break,
            read => known += read,
        }
    }
    let magic = &magic[..known];
    let whole = Read::chain(io::Cursor::new(magic.to_vec()), reader);
    if magic.starts_with(&[0x1f, 0x8b]) {
        let unpacked = Limited { from: flate2::read::MultiGzDecoder::new(whole), left: limit };
        copy(unpacked, writer)
    } else if is_compressed(magic) {
        Err(io::ErrorKind::Unsupported.into())
    } else {
        copy(whole, writer)
    }
}

/// xz, bzip2 and zstd.
fn is_compressed(magic: &[u8]) -> bool {
    magic.starts_with(&[0xfd, b'7', b'z', b'X', b'Z', 0]) || magic.starts_with(b"BZh") || magic.starts_with(&[0x28, 0xb5, 0x2f, 0xfd])
}

/// Entry by entry, each under a header of our own.
fn copy(reader: impl Read, writer: impl Write) -> io::Result<()> {
    let mut archive = tar::Archive::new(plain_tar::ShortNames::new(reader));
    let mut builder = tar::Builder::new(writer);
    for (index, entry) in archive.entries()?.enumerate() {
        if index >= MAX_ENTRIES {
            return Err(io::Error::other(format!("it holds more than {MAX_ENTRIES} files")));
        }
        let entry = entry?;
        let kind = entry.header().entry_type();
        let Some(path) = below(&entry.path()?)? else { continue };
        let mut header = tar::Header::new_gnu();
        header.set_mode(entry.header().mode()? & 0o7777);
        header.set_uid(entry.header().uid()?);
        header.set_gid(entry.header().gid()?);
        header.set_mtime(entry.header().mtime()?);
        if kind.is_file() || kind == tar::EntryType::Continuous || kind == tar::EntryType::GNUSparse {
            header.set_entry_type(tar::EntryType::Regular);
            header.set_size(entry.size());
            plain_tar::append(&mut builder, header, &path, entry)?;
        } else if kind.is_dir() {
            header.set_entry_type(tar::EntryType::Directory);
            header.set_size(0);
            plain_tar::append(&mut builder, header, &path, io::empty())?;
        } else if kind.is_symlink() || kind.is_hard_link() {
            let Some(target) = entry.link_name()? else { continue };
            let target = if kind.is_hard_link() { below(&target)?.unwrap_or_default() } else { target.into_owned() };
            header.set_entry_type(kind);
            header.set_size(0);
            plain_tar::append_link(&mut builder, header, &path, &target)?;
        }
        // Devices and pipes are left out: a container has no use for another's devices.
    }
    builder.into_inner()?.flush()
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

/// Pieces of a body as a reader. Used on a thread of its own.
struct Pieces {
    receiver: mpsc::Receiver<Bytes>,
    current: Bytes,
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() {
            match self.receiver.blocking_recv() {
                Some(piece) => self.current = piece,
                None => return Ok(0),
            }
        }
        let read = self.current.len().min(buffer.len());
        self.current.copy_to_slice(&mut buffer[..read]);
        Ok(read)
    }
}

/// Fails once more than `left` bytes have come.
struct Limited<R> {
    from: R,
    left: u64,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(buffer)?;
        self.left = self.left.checked_sub(read as u64).ok_or(io::ErrorKind::FileTooLarge)?;
        Ok(read)
    }
}

struct Sending {
    sender: mpsc::Sender<Result<Bytes, BoxError>>,
    buffer: Vec<u8>,
}

impl Sending {
    fn send(&self, piece: Bytes) -> io::Result<()> {
        self.sender.blocking_send(Ok(piece)).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

impl Write for Sending {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.len() >= LARGE_BYTES {
            self.flush()?;
            return self.send(Bytes::copy_from_slice(bytes)).map(|()| bytes.len());
        }
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= PIECE_BYTES {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let piece = std::mem::replace(&mut self.buffer, Vec::with_capacity(PIECE_BYTES));
        self.send(piece.into())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    fn entry(builder: &mut tar::Builder<Vec<u8>>, kind: tar::EntryType, name: &[u8], data: &[u8]) {
        let mut header = tar::Header::new_gnu();
        header.as_mut_bytes()[..name.len()].copy_from_slice(name);
        header.set_entry_type(kind);
        header.set_mode(0o4755);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(7);
        header.set_size(data.len() as u64);
        header.set_cksum();
        builder.append(&header, data).unwrap();
    }

    fn names(bytes: &[u8]) -> Vec<String> {
        let mut archive = tar::Archive::new(bytes);
        archive.entries().unwrap().map(|entry| entry.unwrap().path().unwrap().display().to_string()).collect()
    }

    fn passed(bytes: &[u8], limit: u64) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        pass(Limited { from: bytes, left: limit }, &mut out, limit).map(|()| out)
    }

    #[test]
    fn files_pass_and_devices_are_left_out() {
        let mut builder = tar::Builder::new(Vec::new());
        entry(&mut builder, tar::EntryType::Regular, b"/a//./b", b"hello");
        entry(&mut builder, tar::EntryType::Char, b"dev", b"");
        entry(&mut builder, tar::EntryType::Fifo, b"pipe", b"");
        let out = passed(&builder.into_inner().unwrap(), 1 << 20).unwrap();
        assert_eq!(names(&out), ["./a/b"]);
        assert_eq!(tar::Archive::new(&out[..]).entries().unwrap().next().unwrap().unwrap().header().mode().unwrap(), 0o4755);
    }

    #[test]
    fn a_name_that_leads_out_is_refused() {
        let mut builder = tar::Builder::new(Vec::new());
        entry(&mut builder, tar::EntryType::Regular, b"a/../../b", b"x");
        assert!(passed(&builder.into_inner().unwrap(), 1 << 20).is_err());
    }

    #[test]
    fn gzip_is_undone_within_the_limit() {
        let mut builder = tar::Builder::new(Vec::new());
        entry(&mut builder, tar::EntryType::Regular, b"zeros", &vec![0; 200_000]);
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        packer.write_all(&builder.into_inner().unwrap()).unwrap();
        let packed = packer.finish().unwrap();
        assert_eq!(names(&passed(&packed, 1 << 20).unwrap()), ["./zeros"]);
        assert_eq!(passed(&packed, 100_000).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }

    #[test]
    fn other_compressions_and_rubbish_are_refused() {
        assert_eq!(passed(b"\xfd7zXZ\0....", 1 << 20).unwrap_err().kind(), io::ErrorKind::Unsupported);
        assert_eq!(passed(b"BZh91AY", 1 << 20).unwrap_err().kind(), io::ErrorKind::Unsupported);
        assert!(passed(&[b'x'; 600], 1 << 20).is_err());
    }
}
