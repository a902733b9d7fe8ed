//! A folder of the client's, received: first all that is in it is told, then each file is asked for and
//! comes in pieces (fsutil's protocol). It becomes a tar in a file without a name; whether what it holds
//! may be built with is judged where every build context is.

use std::{
    collections::HashSet,
    fs::File,
    io::{self, BufWriter, Read, Seek, Write},
    path::Path,
    pin::pin,
};

use bytes::{Buf, Bytes};
use tar::{Builder, EntryType, Header};
use tokio::io::AsyncWriteExt;
use tokio::{runtime::Handle, time::Instant};
use tonic::{Status, Streaming};

use super::{
    session::Folder,
    wire::{Packet, PacketKind, Piece, Stat},
};
use crate::{limits, plain_tar};

/// Bytes of a path, or of what a link leads to: Linux's PATH_MAX.
const MAX_PATH_BYTES: usize = 4096;
/// Bytes of all paths of one folder together. A large `node_modules` has some 5 MB.
const MAX_NAMES_BYTES: usize = 16_000_000;
/// Files where few are wanted, with the folders above them.
const MAX_FEW_FILES: usize = 256;
/// Go's `os.FileMode`: what isn't a plain file.
const MODE_DIR: u32 = 1 << 31;
const MODE_SYMLINK: u32 = 1 << 27;
const MODE_DEVICE: u32 = 1 << 26;
const MODE_PIPE: u32 = 1 << 25;
const MODE_SOCKET: u32 = 1 << 24;
const MODE_CHAR_DEVICE: u32 = 1 << 21;
const MODE_IRREGULAR: u32 = 1 << 19;
const MODE_KIND: u32 = MODE_DIR | MODE_SYMLINK | MODE_DEVICE | MODE_PIPE | MODE_SOCKET | MODE_CHAR_DEVICE | MODE_IRREGULAR;
/// And its special bits, with what Unix calls them.
const MODE_SPECIAL: [(u32, u32); 3] = [(1 << 23, 0o4000), (1 << 22, 0o2000), (1 << 20, 0o1000)];

/// What came.
pub(super) struct Received {
    pub(super) tar: File,
    /// Of all files.
    pub(super) bytes: u64,
}

/// Receives a folder of at most `most_bytes`.
pub(super) async fn receive(folder: Folder, most_bytes: u64) -> Result<Received, Status> {
    receive_some(folder, limits::MAX_CONTEXT_FILES, true, most_bytes).await
}

async fn receive_some(folder: Folder, most_files: usize, links: bool, most_bytes: u64) -> Result<Received, Status> {
    let handle = Handle::current();
    let until = Instant::now() + limits::UPLOAD_TIME;
    let received = tokio::task::spawn_blocking(move || Receiving { folder, handle, until, most_files, links }.run(most_bytes)).await;
    received.unwrap_or_else(|error| {
        tracing::error!(%error, "receiving a folder broke off");
        Err(ours())
    })
}

/// Receives what came on the client's standard input, at most `most_bytes`.
pub(super) async fn receive_upload(mut from: Streaming<Piece>, most_bytes: u64) -> Result<File, Status> {
    let mut file = tokio::fs::File::from_std(tempfile::tempfile().map_err(lost)?);
    let mut bytes = 0_u64;
    let until = Instant::now() + limits::UPLOAD_TIME;
    let soon = || until.min(Instant::now() + limits::UPLOAD_PAUSE);
    while let Some(piece) = tokio::time::timeout_at(soon(), from.message()).await.map_err(|_| too_slow())?? {
        bytes = bytes.saturating_add(piece.data.len() as u64);
        if bytes > most_bytes {
            return Err(too_large(most_bytes));
        }
        file.write_all(&piece.data).await.map_err(lost)?;
    }
    file.flush().await.map_err(lost)?;
    let mut file = file.into_std().await;
    file.rewind().map_err(lost)?;
    Ok(file)
}

fn too_large(most_bytes: u64) -> Status {
    let most = most_bytes / 1_000_000;
    Status::unknown(format!(
        "lunchbox: the build context is larger than {most} MB, the most that this classroom takes. A .dockerignore file keeps what isn't needed out of it."
    ))
}

/// One file of few bytes, where the folder has it.
pub(super) async fn receive_file(folder: Folder, name: &str) -> Result<Option<String>, Status> {
    Ok(receive_files(folder, &[name]).await?.pop().flatten())
}

/// Files of few bytes by their names, those that the folder has.
pub(super) async fn receive_files(folder: Folder, names: &[&str]) -> Result<Vec<Option<String>>, Status> {
    let most_bytes = (names.len() * limits::MAX_DOCKERFILE_BYTES) as u64;
    let received = receive_some(folder, MAX_FEW_FILES, false, most_bytes).await?;
    let mut texts = vec![None; names.len()];
    let mut archive = tar::Archive::new(io::BufReader::new(received.tar));
    for entry in archive.entries().map_err(lost)? {
        let mut entry = entry.map_err(lost)?;
        let path = entry.path().map_err(lost)?.into_owned();
        let path = path.strip_prefix("./").unwrap_or(&path);
        let Some(at) = names.iter().position(|name| Path::new(name) == path) else { continue };
        if entry.header().entry_type() != EntryType::Regular {
            return Err(Status::unknown(format!("lunchbox: {} must be a plain file, not a link or a folder.", path.display())));
        }
        let mut bytes = Vec::new();
        entry.by_ref().take(limits::MAX_DOCKERFILE_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(lost)?;
        if bytes.len() > limits::MAX_DOCKERFILE_BYTES {
            let most = limits::MAX_DOCKERFILE_BYTES / 1024;
            return Err(Status::unknown(format!("lunchbox: {} is larger than {most} KiB.", path.display())));
        }
        let text =
            String::from_utf8(bytes).map_err(|_| Status::unknown(format!("lunchbox: {} must be plain text in UTF-8.", path.display())))?;
        texts[at] = Some(text);
    }
    Ok(texts)
}

/// On a thread that may wait.
struct Receiving {
    folder: Folder,
    handle: Handle,
    /// All of it must be there by then.
    until: Instant,
    most_files: usize,
    /// Whether a file may come as another name of one that came before.
    links: bool,
}

impl Receiving {
    fn run(mut self, most_bytes: u64) -> Result<Received, Status> {
        let stats = self.stats(most_bytes)?;
        let mut tar = Builder::new(BufWriter::new(tempfile::tempfile().map_err(lost)?));
        let mut bytes = 0;
        let mut files = HashSet::new();
        for (id, stat) in (0_u32..).zip(&stats) {
            let linked = Path::new(stat.link_name.trim_start_matches('/'));
            if self.links && stat.mode & MODE_KIND == 0 && files.contains(linked) {
                let mut header = header(stat);
                header.set_entry_type(EntryType::Link);
                plain_tar::append_link(&mut tar, header, Path::new(&stat.path), linked).map_err(lost)?;
                continue;
            }
            bytes += self.add(&mut tar, id, stat)?;
            if stat.mode & MODE_KIND == 0 {
                files.insert(Path::new(&stat.path));
            }
        }
        self.send(Packet { kind: PacketKind::Finish.into(), ..Packet::default() })?;
        while self.next()?.is_some_and(|packet| packet.kind() != PacketKind::Finish) {}
        let mut writer = tar.into_inner().map_err(lost)?;
        writer.flush().map_err(lost)?;
        let mut file = writer.into_inner().map_err(|error| lost(error.into_error()))?;
        file.rewind().map_err(lost)?;
        Ok(Received { tar: file, bytes })
    }

    /// All that is in the folder.
    fn stats(&mut self, most_bytes: u64) -> Result<Vec<Stat>, Status> {
        let (mut stats, mut bytes, mut names) = (Vec::new(), 0_u64, 0);
        loop {
            let packet = self.next()?.ok_or_else(broken)?;
            match (packet.kind(), packet.stat) {
                (PacketKind::Stat, Some(stat)) => {
                    bytes = bytes.saturating_add(u64::try_from(stat.size).unwrap_or(u64::MAX));
                    // Folders have a size too, which is nobody's data.
                    if stat.mode & MODE_KIND != 0 {
                        bytes = bytes.saturating_sub(u64::try_from(stat.size).unwrap_or_default());
                    }
                    if bytes > most_bytes {
                        return Err(too_large(most_bytes));
                    }
                    if stat.path.len().max(stat.link_name.len()) > MAX_PATH_BYTES
                        || stat.path.contains('\0')
                        || stat.link_name.contains('\0')
                    {
                        return Err(Status::unknown(
                            "lunchbox: a name in the build context is longer than 4096 bytes, or holds a zero byte",
                        ));
                    }
                    // All are kept until the last file is there.
                    names += stat.path.len() + stat.link_name.len();
                    if stats.len() >= self.most_files || names > MAX_NAMES_BYTES {
                        return Err(Status::unknown(format!(
                            "lunchbox: the build context has more than {} files, or names of more than {} MB. A .dockerignore file keeps what isn't needed out of it.",
                            self.most_files,
                            MAX_NAMES_BYTES / 1_000_000
                        )));
                    }
                    stats.push(stat);
                }
                (PacketKind::Stat, None) => return Ok(stats),
                (PacketKind::Error, _) => return Err(told(&packet.data)),
                _ => return Err(broken()),
            }
        }
    }

    /// Returns the bytes of its data.
    fn add(&mut self, tar: &mut Builder<impl Write>, id: u32, stat: &Stat) -> Result<u64, Status> {
        let path = Path::new(&stat.path);
        let mut header = header(stat);
        match stat.mode & MODE_KIND {
            MODE_DIR => {
                header.set_entry_type(EntryType::Directory);
                plain_tar::append(tar, header, path, io::empty()).map_err(lost)?;
                Ok(0)
            }
            MODE_SYMLINK => {
                header.set_entry_type(EntryType::Symlink);
                plain_tar::append_link(tar, header, path, Path::new(&stat.link_name)).map_err(lost)?;
                Ok(0)
            }
            0 => {
                let size = u64::try_from(stat.size).map_err(|_| broken())?;
                header.set_entry_type(EntryType::Regular);
                header.set_size(size);
                self.send(Packet { kind: PacketKind::Request.into(), id, ..Packet::default() })?;
                let mut data = Data { receiving: self, id, left: size, piece: Bytes::new(), failed: None };
                // To the empty piece that ends the file, which is beyond its bytes.
                let added = plain_tar::append(tar, header, path, &mut data).and_then(|()| io::copy(&mut data, &mut io::sink()));
                match (data.failed.take(), added) {
                    (Some(status), _) => Err(status),
                    (None, Err(error)) => Err(lost(error)),
                    (None, Ok(_)) => Ok(size),
                }
            }
            // BuildKit leaves sockets out as well.
            MODE_SOCKET => Ok(0),
            _ => Err(Status::unknown(format!(
                "lunchbox: {} is a device or a pipe. A build context holds files, folders and links.",
                stat.path
            ))),
        }
    }

    fn next(&mut self) -> Result<Option<Packet>, Status> {
        let until = self.until.min(Instant::now() + limits::UPLOAD_PAUSE);
        self.handle.block_on(async { tokio::time::timeout_at(until, self.folder.from.message()).await }).map_err(|_| too_slow())?
    }

    fn send(&self, packet: Packet) -> Result<(), Status> {
        self.handle.block_on(pin!(self.folder.to.send(packet))).map_err(|_| broken())
    }
}

/// Of a file without data.
fn header(stat: &Stat) -> Header {
    let mut header = Header::new_gnu();
    header.set_mode(MODE_SPECIAL.iter().fold(stat.mode & 0o777, |mode, (go, unix)| if stat.mode & go != 0 { mode | unix } else { mode }));
    header.set_mtime(u64::try_from(stat.modified / 1_000_000_000).unwrap_or_default());
    header.set_uid(0);
    header.set_gid(0);
    header.set_size(0);
    header
}

/// The pieces of one file, of as many bytes as were told.
struct Data<'a> {
    receiving: &'a mut Receiving,
    id: u32,
    left: u64,
    piece: Bytes,
    failed: Option<Status>,
}

impl Data<'_> {
    fn fill(&mut self) -> Result<(), Status> {
        let packet = self.receiving.next()?.ok_or_else(broken)?;
        match packet.kind() {
            PacketKind::Data if packet.id == self.id => {
                let length = packet.data.len() as u64;
                // An empty piece is the last.
                if (length == 0) != (self.left == 0) || length > self.left {
                    return Err(Status::unknown("lunchbox: a file of the build context changed while it was sent. Build again."));
                }
                self.left -= length;
                self.piece = packet.data;
                Ok(())
            }
            PacketKind::Error => Err(told(&packet.data)),
            _ => Err(broken()),
        }
    }
}

impl Read for Data<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.failed.is_some() || buffer.is_empty() {
            return Ok(0);
        }
        if self.piece.is_empty() {
            // Also where all is there: the empty piece that ends the file is still to come.
            if let Err(status) = self.fill() {
                self.failed = Some(status);
                return Err(io::Error::other("the client failed"));
            }
        }
        let count = buffer.len().min(self.piece.len());
        self.piece.copy_to_slice(&mut buffer[..count]);
        Ok(count)
    }
}

fn broken() -> Status {
    Status::aborted("the client broke off while it sent files")
}

fn too_slow() -> Status {
    Status::unknown("lunchbox: the build context took too long to come. A .dockerignore file keeps what isn't needed out of it.")
}

/// The client's own reason.
fn told(data: &[u8]) -> Status {
    Status::unknown(String::from_utf8_lossy(&data[..data.len().min(1024)]).into_owned())
}

fn ours() -> Status {
    Status::unknown("lunchbox: something went wrong on our side. Try again; if it stays, tell your instructor.")
}

fn lost(error: io::Error) -> Status {
    tracing::error!(%error, "a build context could not be stored");
    ours()
}
