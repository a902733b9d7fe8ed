//! A learner's tar, read and written anew as it passes: plain files, folders and links, under names
//! that stay below the place they are unpacked at. Gzip is undone here; other compressions are refused.

#[cfg(test)]
mod fuzz;

use std::{
    io::{self, Read, Write},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::{Buf, Bytes, BytesMut};
use hyper::body::Incoming;
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

use crate::{
    body::{self, Body, BoxError},
    containers::archive::entries::Entries,
    refusal::Refusal,
};

/// Pieces under way between the connection and the thread that unpacks gzip, and from there to the engine.
const PIECES: usize = 3;
/// Bytes of a piece: each wakes a thread.
const PIECE_BYTES: usize = 256 * 1024;
/// Bytes looked at to tell what an archive is.
const MAGIC_BYTES: usize = 6;

/// How long is still read of an upload that is refused already: a client that is told "too large" while it still
/// sends sees a broken pipe in place of the reason.
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
    let (rest, unread) = oneshot::channel();
    let mut source = Source { lent: Some((body::Upload::new(from), rest)), left: limit, limit, why: why.clone() };
    let told = why.clone();
    let told = move |error: io::Error| {
        told.set(refusal(&error, limit));
        error
    };
    let body = body::stream(async_stream::try_stream! {
        let first = source.beginning().await?;
        if is_gzip(&first).map_err(&told)? {
            let mut unpacked = unpack(first, source);
            while let Some(piece) = unpacked.recv().await {
                yield piece?;
            }
        } else {
            let mut entries = Entries::new(limit);
            entries.push(first).map_err(&told)?;
            loop {
                while let Some(piece) = entries.next() {
                    yield piece;
                }
                if entries.has_ended() {
                    break;
                }
                match source.next().await? {
                    Some(data) => entries.push(data),
                    None => entries.finish(),
                }
                .map_err(&told)?;
            }
        }
    });
    let reading = tokio::spawn(async move {
        if let Ok(from) = unread.await {
            from.drain(limit).await;
        }
    });
    (body, Upload { refusal: why, reading })
}

/// The client's bytes, as many as it may send.
struct Source {
    /// With whom gets it once no more is wanted of it: the archive is over, or the engine has gone, or it was refused.
    lent: Option<(body::Upload, oneshot::Sender<body::Upload>)>,
    left: u64,
    limit: u64,
    why: Why,
}

impl Source {
    /// The next piece; `None` at the end. What is wrong is told before it is returned.
    async fn next(&mut self) -> io::Result<Option<Bytes>> {
        let Some((from, _)) = &mut self.lent else { return Ok(None) };
        match from.next().await {
            None => Ok(None),
            Some(Ok(data)) => match self.left.checked_sub(data.len() as u64) {
                Some(left) => {
                    self.left = left;
                    Ok(Some(data))
                }
                None => {
                    self.why.set(Refusal::too_large("the upload", self.limit));
                    Err(io::ErrorKind::FileTooLarge.into())
                }
            },
            Some(Err(refusal)) => {
                self.why.set(refusal);
                Err(io::ErrorKind::ConnectionAborted.into())
            }
        }
    }

    /// The first pieces, enough of them to tell what it is.
    async fn beginning(&mut self) -> io::Result<Bytes> {
        let mut first = BytesMut::new();
        while first.len() < MAGIC_BYTES {
            match self.next().await? {
                Some(data) => first.extend_from_slice(&data),
                None => break,
            }
        }
        Ok(first.freeze())
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        if let Some((from, rest)) = self.lent.take() {
            // Nobody waits for it any more where the client has gone.
            _ = rest.send(from);
        }
    }
}

/// Unpacks gzip, on a thread of its own.
fn unpack(first: Bytes, mut source: Source) -> mpsc::Receiver<Result<Bytes, BoxError>> {
    let (in_sender, in_receiver) = mpsc::channel::<Bytes>(PIECES);
    let (out_sender, out_receiver) = mpsc::channel::<Result<Bytes, BoxError>>(PIECES);
    let (limit, told) = (source.limit, source.why.clone());
    tokio::spawn(async move {
        // An error has been told before the thread finds its archive cut short.
        while let Ok(Some(data)) = source.next().await {
            if in_sender.send(data).await.is_err() {
                break;
            }
        }
    });
    tokio::task::spawn_blocking(move || {
        let reader = Pieces { receiver: in_receiver, current: first };
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
    out_receiver
}

fn refusal(error: &io::Error, limit: u64) -> Refusal {
    match error.kind() {
        io::ErrorKind::FileTooLarge => Refusal::too_large("the upload", limit),
        io::ErrorKind::Unsupported => Refusal::invalid("lunchbox: archives go up as plain tar or gzip; unpack this one first."),
        _ => Refusal::invalid(format!("lunchbox: the upload is not a tar archive that can be read: {error}")),
    }
}

/// All of it at once.
fn pass(mut reader: impl Read, writer: impl Write, limit: u64) -> io::Result<()> {
    let mut magic = [0; MAGIC_BYTES];
    let mut known = 0;
    while known < MAGIC_BYTES {
        match reader.read(&mut magic[known..])? {
            0 => break,
            read => known += read,
        }
    }
    let magic = &magic[..known];
    let whole = Read::chain(magic, reader);
    if is_gzip(magic)? {
        copy(Limited { from: flate2::read::MultiGzDecoder::new(whole), left: limit }, writer, limit)
    } else {
        copy(whole, writer, limit)
    }
}

/// Whether it is gzip; other compressions are refused: xz, bzip2 and zstd.
fn is_gzip(magic: &[u8]) -> io::Result<bool> {
    if [&[0xfd, b'7', b'z', b'X', b'Z', 0][..], b"BZh", &[0x28, 0xb5, 0x2f, 0xfd]].iter().any(|other| magic.starts_with(other)) {
        return Err(io::ErrorKind::Unsupported.into());
    }
    Ok(magic.starts_with(&[0x1f, 0x8b]))
}

fn copy(mut reader: impl Read, mut writer: impl Write, limit: u64) -> io::Result<()> {
    let mut entries = Entries::new(limit);
    let mut buffer = vec![0; PIECE_BYTES];
    while !entries.has_ended() {
        match reader.read(&mut buffer)? {
            0 => entries.finish()?,
            read => entries.push(Bytes::copy_from_slice(&buffer[..read]))?,
        }
        while let Some(piece) = entries.next() {
            writer.write_all(&piece)?;
        }
    }
    writer.flush()
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

impl Write for Sending {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
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
        self.sender.blocking_send(Ok(piece.into())).map_err(|_| io::ErrorKind::BrokenPipe.into())
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
