//! COPY and ADD: what they take is found, then put into a container that is never started, and what changed
//! there is the step's layer.

mod destination;

use std::{
    collections::HashMap,
    io::{self, BufWriter, Read, Write},
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};
use tar::{Builder, EntryType, Header};

use crate::{
    images::{
        packed::{MAGIC_BYTES, Packing},
        upload::Failed,
    },
    limits, plain_tar,
    refusal::Refusal,
};

use self::destination::Destination;
use super::{
    room::Left,
    stage::Copy,
    tree::{self, Dressing, Found, Tree},
    workshop::{Container, Workshop},
};

/// How many times its bytes an archive may become. As `docker load` has it.
const UNPACKED_TIMES: u64 = 4;
/// Bytes of a tar's header.
const BLOCK_BYTES: usize = 512;
/// Files of one archive.
const MAX_ENTRIES: usize = 100_000;
/// Bytes of `/etc/passwd` and `/etc/group` that are looked at.
const MAX_NAMES_BYTES: u64 = 1024 * 1024;

/// What a COPY takes, each from where it lies.
#[derive(Debug, Default)]
pub(super) struct Taken(Vec<(Tree, Found)>);

impl Taken {
    /// From a context, or from what is written in the Dockerfile itself. `missing` makes the sentence.
    pub(super) async fn find(copy: &Copy, context: &Tree, missing: impl Fn(&str) -> Refusal + Send + 'static) -> Result<Self, Refusal> {
        let (copy, context) = (copy.clone(), context.clone());
        let found = tokio::task::spawn_blocking(move || {
            let mut taken = Vec::new();
            for word in &copy.sources {
                let found = context.find(word);
                if found.is_empty() {
                    return Err(missing(word));
                }
                add(&mut taken, &context, found)?;
            }
            if !copy.files.is_empty() {
                let tree = Tree::of_texts(&copy.files).map_err(lost)?;
                for (name, _) in &copy.files {
                    taken.extend(tree.find(name).into_iter().map(|found| (tree.clone(), found)));
                }
            }
            Ok(Self(taken))
        });
        found.await.map_err(|_| Refusal::internal())?
    }

    /// From an image, by a container of it. `left_bytes` is what is left of [`limits::MAX_COPIED_BYTES`], before and after.
    pub(super) async fn fetch(
        workshop: &Workshop,
        container: &Container,
        words: &[String],
        left_bytes: &mut u64,
        missing: impl Fn(&str) -> Refusal,
    ) -> Result<Self, Refusal> {
        let mut taken = Vec::new();
        // What is named twice is taken out once.
        let mut trees: HashMap<String, Tree> = HashMap::new();
        for word in words {
            let path = Path::new("/").join(word);
            // Of a pattern, the folder that its first wildcard is below.
            let literal: PathBuf = path.components().take_while(|part| !tree::is_pattern(&part.as_os_str().to_string_lossy())).collect();
            let pattern = path.strip_prefix(&literal).unwrap_or(Path::new("")).to_string_lossy().into_owned();
            let mut place = literal.to_string_lossy().into_owned();
            let stat = workshop.stat(container, &place).await?.ok_or_else(|| missing(word))?;
            let mut folder = stat.is_folder();
            if !stat.link_target.is_empty() {
                place = stat.link_target;
                folder = workshop.stat(container, &place).await?.ok_or_else(|| missing(word))?.is_folder();
            }
            if !folder && !pattern.is_empty() {
                return Err(missing(word));
            }
            let name = Path::new(&place).file_name().map(PathBuf::from).unwrap_or_default();
            let tree = match trees.get(&place) {
                Some(tree) => tree.clone(),
                None => {
                    let tar = workshop.get(container, &place, *left_bytes, limits::MAX_COPIED_BYTES).await?;
                    *left_bytes = left_bytes.saturating_sub(tar.metadata().map_err(lost)?.len());
                    let base = if folder { name.clone() } else { PathBuf::new() };
                    let reading = tokio::task::spawn_blocking(move || Tree::read(tar, &base));
                    let tree = reading.await.map_err(|_| Refusal::internal())?.map_err(lost)?;
                    trees.insert(place, tree.clone());
                    tree
                }
            };
            let wanted = match (folder, pattern.is_empty()) {
                (true, true) => ".".to_owned(),
                (true, false) => pattern,
                (false, _) => name.to_string_lossy().into_owned(),
            };
            let mut found = tree.find(&wanted);
            if found.is_empty() {
                return Err(missing(word));
            }
            // A link's own name, not that of what it leads to.
            if let [only] = &mut found[..]
                && !tree::is_pattern(word)
            {
                only.name = path.file_name().map(PathBuf::from).unwrap_or_default();
            }
            add(&mut taken, &tree, found)?;
        }
        Ok(Self(taken))
    }

    /// What is taken, down to the last byte.
    pub(super) async fn digest(self) -> Result<(Self, String), Refusal> {
        let digested = tokio::task::spawn_blocking(move || {
            let mut hash = Sha256::new();
            for (tree, found) in &self.0 {
                hash.update(format!("{:?}\n", found.name));
                tree.digest(found, &mut hash)?;
            }
            Ok::<_, io::Error>((self, format!("{:x}", hash.finalize())))
        });
        digested.await.map_err(|_| Refusal::internal())?.map_err(lost)
    }

    pub(super) fn things(&self) -> &[(Tree, Found)] {
        &self.0
    }

    /// One folder.
    pub(super) fn is_folder(&self) -> bool {
        matches!(&self.0[..], [(_, only)] if only.is_folder)
    }

    /// `file`, `dir` or `multi`: how the classic builder calls what it copies.
    pub(super) fn kind(&self) -> &'static str {
        match &self.0[..] {
            [(_, only)] if only.is_folder => "dir",
            [_] => "file",
            _ => "multi",
        }
    }

    /// Writes all of it under one name, as a volume is to have it.
    pub(super) fn pack(&self, to: &Path, tar: &mut Builder<impl Write>) -> io::Result<()> {
        for (tree, found) in &self.0 {
            if found.is_folder {
                tree::folder(to, (0, 0), 0o755, tar)?;
            }
            tree.write(found, to, Dressing::default(), tar)?;
        }
        Ok(())
    }

    /// Puts all of it where the step wants it.
    pub(super) async fn put(self, workshop: &Workshop, container: &Container, copy: &Copy) -> Result<(), Refusal> {
        let owner = match &copy.owner {
            Some(owner) => Some(owner_of(workshop, container, owner).await?),
            None => None,
        };
        let place = Destination::find(workshop, container, &copy.destination).await?;
        let dressing = Dressing { owner, mode: copy.mode };
        let unpacks = copy.unpacks;
        let mut left = Left::find(&workshop.context, [&self], if unpacks { UNPACKED_TIMES } else { 1 }).await?;
        let most_bytes = workshop.context.shared.config.limits.upload_max_bytes;
        let (into_folder, destination) = (copy.into_folder || place.is_folder, copy.destination.clone());
        let below = place.below.clone();
        let written = tokio::task::spawn_blocking(move || {
            let mut tar = Builder::new(BufWriter::new(tempfile::tempfile()?));
            let several = self.0.len() > 1;
            for (tree, found) in &self.0 {
                let archive = unpacks && !found.is_folder && Archive::of(tree, found)?.is_some();
                let folder = found.is_folder || archive;
                if place.is_file && (folder || into_folder) {
                    return Err(Failed::Refused(Refusal::invalid(format!("cannot copy to non-directory: {destination}"))));
                }
                let to = if folder {
                    below.clone()
                } else if into_folder || several {
                    below.join(&found.name)
                } else if below.as_os_str().is_empty() {
                    place.name.clone()
                } else {
                    below.clone()
                };
                let above = if folder { Some(to.as_path()) } else { to.parent() };
                let missing: Vec<&Path> = above.into_iter().flat_map(Path::ancestors).filter(|path| !path.as_os_str().is_empty()).collect();
                for folder in missing.into_iter().rev() {
                    tree::folder(&place.folder.join(folder), owner.unwrap_or_default(), 0o755, &mut tar)?;
                }
                let to = place.folder.join(&to);
                if archive {
                    let archive = Archive::of(tree, found)?.ok_or(io::ErrorKind::InvalidData)?;
                    archive.unpack(&to, owner, most_bytes.saturating_mul(UNPACKED_TIMES), &mut left, &mut tar)?;
                } else {
                    left.take_thing(tree, found)?;
                    tree.write(found, &to, dressing, &mut tar)?;
                }
            }
            Ok(tree::finish(tar)?)
        });
        let tar = match written.await.map_err(|_| Refusal::internal())? {
            Ok(tar) => tar,
            Err(Failed::Refused(refusal)) => return Err(refusal),
            Err(Failed::Io(error)) if unpacks => {
                return Err(Refusal::invalid(format!("lunchbox: an archive that ADD is to unpack can't be read: {error}")));
            }
            Err(Failed::Io(error)) => return Err(lost(error)),
        };
        workshop.put(container, tar).await
    }
}

/// Patterns fit the same files as often as they are written, and each that is found takes memory.
fn add(taken: &mut Vec<(Tree, Found)>, tree: &Tree, found: Vec<Found>) -> Result<(), Refusal> {
    taken.extend(found.into_iter().map(|found| (tree.clone(), found)));
    if taken.len() > limits::MAX_COPIED_FILES {
        let most = limits::MAX_COPIED_FILES;
        return Err(Refusal::invalid(format!("lunchbox: the patterns of one COPY fit more than {most} files. Copy their folder")));
    }
    Ok(())
}

pub(super) fn lost(error: io::Error) -> Refusal {
    tracing::error!(%error, "files of a build could not be read or written");
    Refusal::internal()
}

/// `user:group` in numbers, by the container's own files.
async fn owner_of(workshop: &Workshop, container: &Container, owner: &str) -> Result<(u64, u64), Refusal> {
    let number = |text: &str| text.parse::<u32>().ok().map(u64::from);
    let (user, group) = owner.split_once(':').map_or((owner, None), |(user, group)| (user, Some(group)));
    let unknown = |kind: &str, name: &str| {
        Refusal::invalid(format!(
            "unable to convert uid/gid chown string to host mapping: can't find {kind}id for {kind} {name}: no such {kind}: {name}"
        ))
    };
    let (user, own_group) = match number(user) {
        Some(user) => (user, user),
        None => {
            let fields = named(workshop, container, "/etc/passwd", user).await?.ok_or_else(|| unknown("u", user))?;
            let at = |index: usize| fields.get(index).and_then(|field| number(field));
            at(2).zip(at(3)).ok_or_else(|| unknown("u", user))?
        }
    };
    let group = match group {
        None => own_group,
        Some(group) => match number(group) {
            Some(group) => group,
            None => {
                let fields = named(workshop, container, "/etc/group", group).await?.ok_or_else(|| unknown("g", group))?;
                fields.get(2).and_then(|field| number(field)).ok_or_else(|| unknown("g", group))?
            }
        },
    };
    Ok((user, group))
}

/// The fields of a line of `/etc/passwd` or its like.
async fn named(workshop: &Workshop, container: &Container, file: &str, name: &str) -> Result<Option<Vec<String>>, Refusal> {
    let Some(stat) = workshop.stat(container, file).await? else { return Ok(None) };
    let place = if stat.link_target.is_empty() { file } else { &stat.link_target };
    let tar = workshop.get(container, place, MAX_NAMES_BYTES, MAX_NAMES_BYTES).await?;
    let tree = Tree::read(tar, Path::new("")).map_err(lost)?;
    let found = Path::new(place).file_name().and_then(|name| tree.open(Path::new(name)));
    let mut text = String::new();
    if let Some(mut file) = found {
        // Not text: then nobody has a name in it.
        _ = file.read_to_string(&mut text);
    }
    let line = text.lines().find(|line| line.split(':').next() == Some(name));
    Ok(line.map(|line| line.split(':').map(str::to_owned).collect()))
}

/// A file that ADD unpacks.
struct Archive {
    source: Box<dyn Read>,
}

impl Archive {
    /// A tar, plain or packed; `None` of any other file.
    fn of(tree: &Tree, found: &Found) -> Result<Option<Self>, Failed> {
        let open = || tree.open(&found.path).ok_or(Failed::Io(io::ErrorKind::NotFound.into()));
        let mut magic = Vec::new();
        open()?.take(MAGIC_BYTES as u64).read_to_end(&mut magic)?;
        let packing = Packing::of(&magic);
        let mut block = Vec::new();
        // What can't be unpacked is a file like any other.
        let read = packing.unpack(open()?).take(BLOCK_BYTES as u64).read_to_end(&mut block);
        if read.is_err() || block.len() < BLOCK_BYTES || !is_header(&block) {
            return Ok(None);
        }
        Ok(Some(Self { source: packing.unpack(open()?) }))
    }

    /// Entry by entry, each under a header of our own and below the place.
    fn unpack(
        self,
        to: &Path,
        owner: Option<(u64, u64)>,
        most_bytes: u64,
        left: &mut Left,
        tar: &mut Builder<impl Write>,
    ) -> Result<(), Failed> {
        let mut archive = tar::Archive::new(plain_tar::ShortNames::new(self.source.take(most_bytes)));
        for (count, entry) in archive.entries()?.enumerate() {
            let mut entry = entry?;
            if count >= MAX_ENTRIES {
                return Err(Failed::Refused(Refusal::invalid(format!("lunchbox: ADD unpacks at most {MAX_ENTRIES} files"))));
            }
            let path = tree::clean(&entry.path()?)?;
            if path.as_os_str().is_empty() {
                continue;
            }
            let path = to.join(path);
            let kind = entry.header().entry_type();
            // A sparse file's holes, too: they are written as zeros.
            left.take(&path, entry.size())?;
            let mut header = Header::new_gnu();
            header.set_mode(entry.header().mode()? & 0o7777);
            header.set_mtime(entry.header().mtime().unwrap_or(0));
            let (user, group) = owner.unwrap_or((entry.header().uid()?, entry.header().gid()?));
            header.set_uid(user);
            header.set_gid(group);
            header.set_size(0);
            match kind {
                EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
                    header.set_entry_type(EntryType::Regular);
                    header.set_size(entry.size());
                    plain_tar::append(tar, header, &path, &mut entry)?;
                }
                EntryType::Directory => {
                    header.set_entry_type(EntryType::Directory);
                    plain_tar::append(tar, header, &path, io::empty())?;
                }
                EntryType::Symlink | EntryType::Link => {
                    let target = entry.link_name()?.ok_or(io::ErrorKind::InvalidData)?.into_owned();
                    let target = if kind == EntryType::Link { to.join(tree::clean(&target)?) } else { target };
                    header.set_entry_type(kind);
                    plain_tar::append_link(tar, header, &path, &target)?;
                }
                // Devices and pipes are left out: a container has no use for another's devices.
                _ => {}
            }
        }
        Ok(())
    }
}

/// Whether a block is a tar's header, by its checksum.
fn is_header(block: &[u8]) -> bool {
    let sum: u64 = block.iter().enumerate().map(|(at, byte)| if (148..156).contains(&at) { 32 } else { u64::from(*byte) }).sum();
    Header::from_byte_slice(block).cksum().is_ok_and(|told| u64::from(told) == sum) && block[0] != 0
}

#[cfg(test)]
mod tests;
