//! Files that a build takes from: a context, or a part of an image. They lie in a tar without a name; here
//! is what lies in it, and where.

use std::{
    collections::{BTreeMap, HashMap},
    fs::File,
    io::{self, BufReader, BufWriter, Read, Seek, Write},
    os::unix::fs::FileExt,
    path::{Component, Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use sha2::{Digest, Sha256};
use tar::{Builder, EntryType, Header};

use crate::{images::glob, plain_tar};

/// Links followed on the way to one file.
const MAX_LINKS: usize = 40;
/// Bytes of a block of a disk: ext4's, xfs's.
const DISK_BLOCK_BYTES: u64 = 4096;

#[derive(Debug, Clone)]
pub(super) struct Tree {
    file: Arc<File>,
    nodes: Arc<BTreeMap<PathBuf, Node>>,
    /// Of files' contents, by where they lie: each is read once, however many steps take it.
    digests: Arc<Mutex<HashMap<u64, [u8; 32]>>>,
}

/// Without extended attributes. The one that Docker's own builders carry over is a file's capabilities, of which a process
/// without new privileges gets none; those that a RUN gives (`setcap`) are in its layer.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Node {
    kind: Kind,
    mode: u32,
    user: u64,
    group: u64,
    modified: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    /// Where its bytes lie. Names with the same place are hard links of each other.
    File {
        offset: u64,
        bytes: u64,
    },
    Folder,
    Link(PathBuf),
}

/// One thing to be copied: its name, and where it lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) name: PathBuf,
    pub(super) path: PathBuf,
    pub(super) is_folder: bool,
}

/// What owners and modes become.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Dressing {
    pub(super) owner: Option<(u64, u64)>,
    pub(super) mode: Option<u32>,
}

impl Dressing {
    fn apply(self, header: &mut Header) {
        if let Some((user, group)) = self.owner {
            header.set_uid(user);
            header.set_gid(group);
        }
        if let Some(mode) = self.mode {
            header.set_mode(mode);
        }
    }
}

impl Tree {
    /// Reads what a plain tar holds, below `base` of it.
    pub(super) fn read(mut file: File, base: &Path) -> io::Result<Self> {
        file.rewind()?;
        let mut nodes: BTreeMap<PathBuf, Node> = BTreeMap::new();
        let mut archive = tar::Archive::new(BufReader::new(&file));
        for entry in archive.entries()? {
            let entry = entry?;
            let path = clean(&entry.path()?)?;
            let Ok(path) = path.strip_prefix(base) else { continue };
            let header = entry.header();
            let kind = match header.entry_type() {
                EntryType::Regular | EntryType::Continuous => Kind::File { offset: entry.raw_file_position(), bytes: entry.size() },
                EntryType::Directory => Kind::Folder,
                EntryType::Symlink => Kind::Link(entry.link_name()?.ok_or(io::ErrorKind::InvalidData)?.into_owned()),
                EntryType::Link => {
                    let target = clean(&entry.link_name()?.ok_or(io::ErrorKind::InvalidData)?)?;
                    let target = target.strip_prefix(base).map_err(|_| io::ErrorKind::InvalidData)?;
                    // The same file under another name.
                    let node = nodes.get(target).cloned().ok_or(io::ErrorKind::InvalidData)?;
                    nodes.insert(path.to_owned(), node);
                    continue;
                }
                // A device or a pipe of an image's: nobody can have it.
                _ => continue,
            };
            let node = Node {
                kind,
                mode: header.mode()? & 0o7777,
                user: header.uid().unwrap_or(0),
                group: header.gid().unwrap_or(0),
                modified: header.mtime().unwrap_or(0),
            };
            nodes.insert(path.to_owned(), node);
        }
        drop(archive);
        let folder = Node { kind: Kind::Folder, mode: 0o755, user: 0, group: 0, modified: 0 };
        let above: Vec<PathBuf> = nodes.keys().flat_map(|path| path.ancestors().skip(1)).map(Path::to_owned).collect();
        for path in above.into_iter().chain([PathBuf::new()]) {
            nodes.entry(path).or_insert_with(|| folder.clone());
        }
        Ok(Self { file: Arc::new(file), nodes: Arc::new(nodes), digests: Arc::default() })
    }

    /// Files that are there already, each by its name.
    pub(super) fn of_texts(texts: &[(String, String)]) -> io::Result<Self> {
        let mut tar = Builder::new(BufWriter::new(tempfile::tempfile()?));
        for (name, text) in texts {
            let mut header = Header::new_gnu();
            header.set_mode(0o644);
            header.set_size(text.len() as u64);
            plain_tar::append(&mut tar, header, Path::new(name), text.as_bytes())?;
        }
        Self::read(finish(tar)?, Path::new(""))
    }

    /// The thing at a path, links followed. They lead nowhere but to what is here.
    fn resolve(&self, path: &Path) -> Option<PathBuf> {
        let mut found = PathBuf::new();
        let mut ahead: Vec<PathBuf> = parts(path);
        let mut links = 0;
        while let Some(part) = ahead.pop() {
            match part.components().next()? {
                Component::ParentDir => {
                    found.pop();
                    continue;
                }
                Component::Normal(name) => found.push(name),
                _ => continue,
            }
            match &self.nodes.get(&found)?.kind {
                Kind::Link(target) => {
                    links += 1;
                    if links > MAX_LINKS {
                        return None;
                    }
                    if target.is_absolute() {
                        found = PathBuf::new();
                    } else {
                        found.pop();
                    }
                    ahead.extend(parts(target));
                }
                Kind::File { .. } if !ahead.is_empty() => return None,
                _ => {}
            }
        }
        Some(found)
    }

    /// What a word of a COPY stands for: a path, or a pattern of several.
    pub(super) fn find(&self, word: &str) -> Vec<Found> {
        let path = parts(Path::new(word)).into_iter().rev().fold(PathBuf::new(), |mut path, part| {
            // Above the root is the root.
            if part == Path::new("..") {
                path.pop();
            } else if part != Path::new(".") {
                path.push(part);
            }
            path
        });
        if !is_pattern(word) {
            return self.found(&path).into_iter().collect();
        }
        let pattern = path.to_string_lossy();
        // A folder holds what is in it: only the topmost that fits.
        let depth = path.components().count();
        let fits = |path: &&PathBuf| path.components().count() == depth && glob::matches(&pattern, &path.to_string_lossy());
        self.nodes.keys().filter(fits).filter_map(|path| self.found(path)).collect()
    }

    fn found(&self, path: &Path) -> Option<Found> {
        let there = self.resolve(path)?;
        let is_folder = self.nodes.get(&there)?.kind == Kind::Folder;
        let name = path.file_name().map(PathBuf::from).unwrap_or_default();
        Some(Found { name, path: there, is_folder })
    }

    /// All below a path, itself first, by their names below it.
    fn below<'a>(&'a self, path: &'a Path) -> impl Iterator<Item = (&'a Path, &'a Node)> {
        let after = self.nodes.range(path.to_owned()..).take_while(move |(other, _)| other.starts_with(path));
        after.filter_map(move |(other, node)| Some((other.strip_prefix(path).ok()?, node)))
    }

    /// The same, where a file with several names comes with the first of them that is below the path. Across what is
    /// taken one by one hard links are files of their own, as in BuildKit and the classic builder.
    fn names<'a>(&'a self, path: &'a Path) -> impl Iterator<Item = (&'a Path, &'a Node, Option<&'a Path>)> {
        let mut first_names = HashMap::new();
        self.below(path).map(move |(name, node)| {
            let Kind::File { offset, .. } = node.kind else { return (name, node, None) };
            let first = *first_names.entry(offset).or_insert(name);
            (name, node, (first != name).then_some(first))
        })
    }

    /// Bytes that a thing takes of a disk where it is written; no longer counted than up to `most`.
    pub(super) fn weight(&self, found: &Found, most: u64) -> u64 {
        let mut weight = 0_u64;
        for (name, node, first) in self.names(&found.path) {
            let bytes = match (&node.kind, first) {
                (Kind::File { bytes, .. }, None) => *bytes,
                _ => 0,
            };
            weight = weight.saturating_add(weight_of(name, bytes));
            if weight > most {
                break;
            }
        }
        weight
    }

    /// What the files are, down to the last byte; not when they were written.
    pub(super) fn digest(&self, found: &Found, hash: &mut Sha256) -> io::Result<()> {
        for (path, node, first) in self.names(&found.path) {
            if let Some(first) = first {
                hash.update(format!("{path:?} also {first:?}\n"));
                continue;
            }
            let kind = match &node.kind {
                Kind::File { bytes, .. } => format!("file {bytes}"),
                Kind::Folder => "folder".to_owned(),
                Kind::Link(target) => format!("link {target:?}"),
            };
            hash.update(format!("{path:?} {kind} {:o} {} {}\n", node.mode, node.user, node.group));
            if let Kind::File { offset, bytes } = node.kind {
                hash.update(self.content(offset, bytes)?);
            }
        }
        Ok(())
    }

    fn content(&self, offset: u64, bytes: u64) -> io::Result<[u8; 32]> {
        if let Some(known) = self.digests.lock().unwrap_or_else(PoisonError::into_inner).get(&offset) {
            return Ok(*known);
        }
        let mut hash = Sha256::new();
        io::copy(&mut self.bytes(offset, bytes), &mut hash)?;
        let digest = hash.finalize().into();
        self.digests.lock().unwrap_or_else(PoisonError::into_inner).insert(offset, digest);
        Ok(digest)
    }

    fn bytes(&self, offset: u64, bytes: u64) -> impl Read + use<> {
        BufReader::with_capacity(64 * 1024, Bytes { file: self.file.clone(), offset, left: bytes })
    }

    /// The bytes of a plain file.
    pub(super) fn open(&self, path: &Path) -> Option<impl Read + use<>> {
        match self.nodes.get(path)?.kind {
            Kind::File { offset, bytes } => Some(self.bytes(offset, bytes)),
            _ => None,
        }
    }

    /// Writes a thing under the name `to`: a folder's content, or a file.
    pub(super) fn write(&self, found: &Found, to: &Path, dressing: Dressing, tar: &mut Builder<impl Write>) -> io::Result<()> {
        for (path, node, first) in self.names(&found.path) {
            let name = if path.as_os_str().is_empty() { to.to_owned() } else { to.join(path) };
            // The place itself is there, or is made by whoever makes the others above it.
            if name.as_os_str().is_empty() || (path.as_os_str().is_empty() && found.is_folder) {
                continue;
            }
            let mut header = Header::new_gnu();
            header.set_mode(node.mode);
            header.set_uid(node.user);
            header.set_gid(node.group);
            header.set_mtime(node.modified);
            header.set_size(0);
            dressing.apply(&mut header);
            if let Some(first) = first {
                header.set_entry_type(EntryType::Link);
                plain_tar::append_link(tar, header, &name, &to.join(first))?;
                continue;
            }
            match &node.kind {
                Kind::File { offset, bytes } => {
                    header.set_entry_type(EntryType::Regular);
                    header.set_size(*bytes);
                    plain_tar::append(tar, header, &name, self.bytes(*offset, *bytes))?;
                }
                Kind::Folder => {
                    let plain = header.mode()? == 0o755 && header.uid()? == 0 && header.gid()? == 0;
                    // Made with the first file in it, where it isn't there: one that is keeps its mode.
                    if plain && self.below(&found.path.join(path)).nth(1).is_some() {
                        continue;
                    }
                    header.set_entry_type(EntryType::Directory);
                    plain_tar::append(tar, header, &name, io::empty())?;
                }
                Kind::Link(target) => {
                    header.set_entry_type(EntryType::Symlink);
                    plain_tar::append_link(tar, header, &name, target)?;
                }
            }
        }
        Ok(())
    }
}

/// Bytes that an entry takes of a disk: whole blocks of its data; for its name and what is known of it, as many as in a
/// tar. So even what has no data is no more than so often on it.
pub(super) fn weight_of(name: &Path, bytes: u64) -> u64 {
    let data = bytes.checked_next_multiple_of(DISK_BLOCK_BYTES).unwrap_or(u64::MAX);
    data.saturating_add(plain_tar::BLOCK_BYTES as u64).saturating_add(name.as_os_str().len() as u64)
}

/// A folder to be there.
pub(super) fn folder(name: &Path, owner: (u64, u64), mode: u32, tar: &mut Builder<impl Write>) -> io::Result<()> {
    let mut header = Header::new_gnu();
    header.set_entry_type(EntryType::Directory);
    header.set_mode(mode);
    header.set_uid(owner.0);
    header.set_gid(owner.1);
    header.set_size(0);
    plain_tar::append(tar, header, name, io::empty())
}

/// The tar that was written, from its beginning.
pub(super) fn finish(tar: Builder<BufWriter<File>>) -> io::Result<File> {
    let mut writer = tar.into_inner()?;
    writer.flush()?;
    let mut file = writer.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.rewind()?;
    Ok(file)
}

pub(super) fn is_pattern(word: &str) -> bool {
    word.contains(['*', '?', '[', '\\'])
}

/// The last first.
fn parts(path: &Path) -> Vec<PathBuf> {
    path.components().rev().filter(|part| *part != Component::RootDir).map(|part| PathBuf::from(part.as_os_str())).collect()
}

/// Without `.` and a leading slash; what leads up and out is none.
pub(super) fn clean(path: &Path) -> io::Result<PathBuf> {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => clean.push(name),
            Component::CurDir | Component::RootDir => {}
            _ => return Err(io::ErrorKind::InvalidData.into()),
        }
    }
    Ok(clean)
}

/// A part of a file that others read at the same time.
struct Bytes {
    file: Arc<File>,
    offset: u64,
    left: u64,
}

impl Read for Bytes {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let read = self.file.read_at(&mut buffer[..most], self.offset)?;
        self.offset += read as u64;
        self.left -= read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests;
