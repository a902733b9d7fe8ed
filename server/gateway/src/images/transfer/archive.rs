//! A tar that a client sends: stored, unpacked with a limit, and read by name.

use std::{
    collections::HashMap,
    fs::File,
    io::{self, BufReader, BufWriter, Read, Seek, SeekFrom},
    os::unix::fs::FileExt,
    path::{Component, Path},
};

use flate2::read::MultiGzDecoder;
use tar::{Archive, EntryType, Header};

use crate::{
    images::upload::Failed,
    plain_tar::{BLOCK_BYTES, ShortNames},
    refusal::Refusal,
};

/// How many times larger than what is sent it may become when it is unpacked.
pub(super) const UNPACKED_TIMES: u64 = 4;
/// Entries of a tar of images: five a layer, of the most layers there can be, of many images.
const MAX_ENTRIES: usize = 10_000;
/// Links that are followed from one name.
const MAX_LINKS: usize = 4;

/// The same file if it is plain, or unpacked into another; packed in another way than by gzip it is refused.
pub(super) fn unpacked(mut file: File, what: &str, most_bytes: u64) -> Result<File, Failed> {
    let mut magic = [0; 6];
    let read = file.read_at(&mut magic, 0)?;
    if !is_packed(&magic[..read]) {
        file.rewind()?;
        return Ok(file);
    }
    check_packed(&magic[..read], what)?;
    file.rewind()?;
    let mut plain = BufWriter::new(tempfile::tempfile()?);
    let bytes = io::copy(&mut MultiGzDecoder::new(BufReader::new(file)).take(most_bytes + 1), &mut plain)?;
    if bytes > most_bytes {
        return Err(Refusal::too_large(&format!("{what}, unpacked,"), most_bytes).into());
    }
    let mut plain = plain.into_inner().map_err(io::IntoInnerError::into_error)?;
    plain.rewind()?;
    Ok(plain)
}

/// Whether it begins as a compression that the engine would unpack: gzip, bzip2, xz, zstd and its
/// skippable frames.
pub(super) fn is_packed(magic: &[u8]) -> bool {
    matches!(
        magic,
        [0x1f, 0x8b, ..]
            | [b'B', b'Z', b'h', ..]
            | [0xfd, b'7', b'z', b'X', b'Z', ..]
            | [0x28, 0xb5, 0x2f, 0xfd, ..]
            | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..]
    )
}

/// Gzip is unpacked here; the others aren't.
pub(super) fn check_packed(magic: &[u8], what: &str) -> Result<(), Refusal> {
    match magic {
        [0x1f, 0x8b, ..] => Ok(()),
        _ => Err(Refusal::invalid(format!("lunchbox: {what} may be a plain tar or packed with gzip, nothing else. Unpack it first."))),
    }
}

/// In the engine's words (Go's `archive/tar`), why a file is no tar from its beginning; `None` where it may be one.
pub(super) fn no_tar(file: &File) -> io::Result<Option<&'static str>> {
    let mut block = Vec::with_capacity(BLOCK_BYTES);
    let mut beginning = file;
    beginning.rewind()?;
    beginning.take(BLOCK_BYTES as u64).read_to_end(&mut block)?;
    beginning.rewind()?;
    // Nothing, and zeros, are a tar without files.
    if block.iter().all(|byte| *byte == 0) {
        return Ok(None);
    }
    if block.len() < BLOCK_BYTES {
        return Ok(Some("unexpected EOF"));
    }
    let said = Header::from_byte_slice(&block);
    let mut right = said.clone();
    right.set_cksum();
    let same = said.cksum().ok() == right.cksum().ok();
    Ok(if same { None } else { Some("archive/tar: invalid tar header") })
}

/// Where in the file the data of an entry lies.
#[derive(Debug, Clone, Copy)]
struct Place {
    offset: u64,
    bytes: u64,
}

/// A tar by the names in it.
#[derive(Debug)]
pub(super) struct Named {
    file: File,
    files: HashMap<String, Place>,
    /// Layers that an older engine wrote once, and linked.
    links: HashMap<String, String>,
}

impl Named {
    pub(super) fn read(file: File) -> Result<Self, Failed> {
        let (mut files, mut links) = (HashMap::new(), HashMap::new());
        let mut archive = Archive::new(ShortNames::new(BufReader::new(&file)));
        for (number, entry) in archive.entries()?.enumerate() {
            let entry = entry?;
            if number >= MAX_ENTRIES {
                return Err(Refusal::invalid("lunchbox: the archive holds more files than images have").into());
            }
            let kind = entry.header().entry_type();
            let Some(name) = clean(&entry.path()?) else {
                return Err(Refusal::invalid("lunchbox: the archive holds a name that leads out of it").into());
            };
            let there = match kind {
                EntryType::Regular | EntryType::Continuous => {
                    files.insert(name.clone(), Place { offset: entry.raw_file_position(), bytes: entry.size() }).is_some()
                }
                EntryType::Symlink => {
                    let target = entry.link_name()?.unwrap_or_default();
                    let folder = Path::new(&name).parent().unwrap_or(Path::new(""));
                    let Some(target) = clean_from(folder, &target) else {
                        return Err(Refusal::invalid("lunchbox: the archive holds a link that leads out of it").into());
                    };
                    links.insert(name.clone(), target).is_some()
                }
                EntryType::Directory | EntryType::XGlobalHeader => false,
                _ => {
                    return Err(
                        Refusal::invalid("lunchbox: the archive holds something that no image needs (a device, a hard link)").into()
                    );
                }
            };
            // Of two, one parser takes the first and another the last.
            if there {
                return Err(Refusal::invalid(format!("lunchbox: {name} is in the archive twice")).into());
            }
        }
        Ok(Self { file, files, links })
    }

    fn place(&self, name: &str) -> Option<Place> {
        let mut name = clean(Path::new(name))?;
        for _ in 0..MAX_LINKS {
            match self.links.get(&name) {
                Some(target) => name = target.clone(),
                None => break,
            }
        }
        self.files.get(&name).copied()
    }

    /// A small file, whole.
    pub(super) fn small(&self, name: &str, most_bytes: u64) -> Result<Option<Vec<u8>>, Failed> {
        let Some(place) = self.place(name) else { return Ok(None) };
        if place.bytes > most_bytes {
            return Err(Refusal::invalid(format!("lunchbox: {name} in the archive is larger than {} KiB", most_bytes / 1024)).into());
        }
        let mut bytes = vec![0; usize::try_from(place.bytes).unwrap_or_default()];
        self.file.read_exact_at(&mut bytes, place.offset)?;
        Ok(Some(bytes))
    }

    /// A large one, to be read through.
    pub(super) fn open(&self, name: &str) -> Result<Option<impl Read + use<'_>>, Failed> {
        let Some(place) = self.place(name) else { return Ok(None) };
        let mut file = &self.file;
        file.seek(SeekFrom::Start(place.offset))?;
        Ok(Some(file.take(place.bytes)))
    }
}

/// A relative path without `.`; `None` where it could lead out.
fn clean(path: &Path) -> Option<String> {
    clean_from(Path::new(""), path)
}

fn clean_from(folder: &Path, path: &Path) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for component in folder.components().chain(path.components()) {
        match component {
            Component::Normal(part) => parts.push(part.to_str()?),
            Component::CurDir => {}
            Component::ParentDir => {
                parts.pop()?;
            }
            _ => return None,
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_out_are_none() {
        let of = |folder: &str, path: &str| clean_from(Path::new(folder), Path::new(path));
        assert_eq!(of("", "./a/b").as_deref(), Some("a/b"));
        assert_eq!(of("a", "../b/layer.tar").as_deref(), Some("b/layer.tar"));
        assert_eq!(of("", "/a"), None);
        assert_eq!(of("a", "../../b"), None);
    }
}
