//! A build's context: received with a limit, read as a tar, and written again as one that holds only
//! files, folders and links, under names that stay inside.

use std::{
    collections::HashSet,
    fs::File,
    io::{self, BufReader, BufWriter, Read, Seek},
    path::{Component, Path, PathBuf},
};

use flate2::read::MultiGzDecoder;
use http::StatusCode;
use tar::{Archive, Builder, EntryType, Header};

use super::tree::{self, Tree};
use crate::{
    body::Upload,
    images::{
        glob,
        upload::{Failed, store},
    },
    limits, plain_tar,
    refusal::Refusal,
};

const IGNORE: &str = ".dockerignore";
const DEFAULT_DOCKERFILE: &str = "Dockerfile";

/// The tar, written anew, and what to do with it.
pub(super) struct BuildContext {
    tar: Builder<BufWriter<File>>,
    pub(super) dockerfile: String,
}

/// Receives a context; `dockerfile` is where the Dockerfile lies in it, empty for the usual place.
pub(super) async fn receive(upload: Upload, dockerfile: &str, most_bytes: u64) -> Result<BuildContext, Refusal> {
    of_archive(store(upload, most_bytes, || too_large(most_bytes)).await?, dockerfile, most_bytes).await
}

/// The same of a file, from its beginning.
pub(super) async fn of_archive(received: File, dockerfile: &str, most_bytes: u64) -> Result<BuildContext, Refusal> {
    let place = if dockerfile.is_empty() { PathBuf::from(DEFAULT_DOCKERFILE) } else { inside(Path::new(dockerfile))? };
    finished(tokio::task::spawn_blocking(move || read(received, &place, most_bytes)).await)
}

/// A context that a BuildKit client has sent as a folder: what isn't wanted of it is out already, and the
/// Dockerfile came by itself.
pub(super) async fn of_folder(tar: File, dockerfile: String, most_bytes: u64) -> Result<BuildContext, Refusal> {
    let read = tokio::task::spawn_blocking(move || read_tar(BufReader::new(tar), None, most_bytes));
    let mut files = finished(read.await)?;
    files.dockerfile = dockerfile;
    Ok(files)
}

fn finished(read: Result<Result<BuildContext, Failed>, tokio::task::JoinError>) -> Result<BuildContext, Refusal> {
    match read {
        Ok(Ok(context)) => Ok(context),
        Ok(Err(Failed::Refused(refusal))) => Err(refusal),
        Ok(Err(Failed::Io(error))) => {
            tracing::debug!(%error, "a build context could not be read");
            Err(Refusal::invalid("lunchbox: the build context is no tar that can be read. Build from a folder: `docker build .`"))
        }
        Err(error) => {
            tracing::error!(%error, "reading a build context broke off");
            Err(Refusal::internal())
        }
    }
}

fn too_large(most_bytes: u64) -> Refusal {
    let mut refusal = Refusal::too_large("the build context", most_bytes);
    refusal.message.push_str(" A .dockerignore file keeps what isn't needed out of it.");
    refusal
}

/// The path without `.`; anything that could lead out is refused.
fn inside(path: &Path) -> Result<PathBuf, Refusal> {
    let leads_out = || Refusal::invalid(format!("lunchbox: the path {} leads out of the build context.", path.display()));
    let mut clean = PathBuf::new();
    for component in path.components() {
        match component {
            Component::Normal(name) => clean.push(name),
            Component::CurDir => {}
            _ => return Err(leads_out()),
        }
    }
    Ok(clean)
}

fn read(mut received: File, place: &Path, most_bytes: u64) -> Result<BuildContext, Failed> {
    let mut magic = [0; 6];
    let mut filled = 0;
    while filled < magic.len() {
        match received.read(&mut magic[filled..])? {
            0 => break,
            read => filled += read,
        }
    }
    received.rewind()?;
    let received = BufReader::new(received);
    match magic {
        [0x1f, 0x8b, ..] => read_tar(MultiGzDecoder::new(received).take(most_bytes + 1), Some(place), most_bytes),
        [b'B', b'Z', b'h', ..] | [0xfd, b'7', b'z', b'X', b'Z', 0] | [0x28, 0xb5, 0x2f, 0xfd, ..] => {
            Err(Refusal::invalid("lunchbox: a build context may be a plain tar or packed with gzip, nothing else.").into())
        }
        _ => read_tar(received.take(most_bytes), Some(place), most_bytes),
    }
}

/// A file that is read, and written last.
#[derive(Clone)]
struct KeptFile {
    header: Header,
    text: String,
}

#[derive(Default)]
struct Kept {
    dockerfile: Option<KeptFile>,
    /// `dockerfile`, which serves where there is no `Dockerfile`.
    fallback: Option<KeptFile>,
    ignore: Option<KeptFile>,
}

/// `place`: where the Dockerfile lies in it, where it does.
fn read_tar(source: impl Read, place: Option<&Path>, most_bytes: u64) -> Result<BuildContext, Failed> {
    let mut archive = Archive::new(plain_tar::ShortNames::new(source));
    let mut tar = Builder::new(BufWriter::new(tempfile::tempfile()?));
    tar.sparse(false);
    let (mut kept, mut seen) = (Kept::default(), HashSet::new());
    let (mut bytes, mut files) = (0_u64, 0_usize);
    let fallback = (place == Some(Path::new(DEFAULT_DOCKERFILE))).then(|| PathBuf::from("dockerfile"));
    for entry in archive.entries()? {
        let mut entry = entry?;
        let kind = entry.header().entry_type();
        if matches!(kind, EntryType::XGlobalHeader) {
            continue;
        }
        let path = inside(&entry.path()?)?;
        if path.as_os_str().is_empty() {
            continue;
        }
        files += 1;
        bytes = bytes.saturating_add(entry.size());
        if bytes > most_bytes {
            return Err(too_large(most_bytes).into());
        }
        if files > limits::MAX_CONTEXT_FILES || path.as_os_str().len() > limits::MAX_URI_BYTES {
            let why = format!(
                "lunchbox: the build context has more than {} files. A .dockerignore file keeps what isn't needed out of it.",
                limits::MAX_CONTEXT_FILES
            );
            return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, why).into());
        }
        let special = place.is_some_and(|place| path == place || path == Path::new(IGNORE) || fallback.as_deref() == Some(&path));
        if special {
            let name = path.display();
            if !matches!(kind, EntryType::Regular | EntryType::Continuous) {
                return Err(Refusal::invalid(format!("lunchbox: {name} must be a plain file, not a link or a folder.")).into());
            }
            if !seen.insert(path.clone()) {
                return Err(Refusal::invalid(format!("lunchbox: {name} is in the build context twice.")).into());
            }
            let text = text(&mut entry, &path)?;
            let file = KeptFile { header: plain(entry.header(), EntryType::Regular, text.len() as u64)?, text };
            let kept = match &path {
                path if path == Path::new(IGNORE) => &mut kept.ignore,
                path if place == Some(path) => &mut kept.dockerfile,
                _ => &mut kept.fallback,
            };
            *kept = Some(file);
            continue;
        }
        match kind {
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
                let header = plain(entry.header(), EntryType::Regular, entry.size())?;
                plain_tar::append(&mut tar, header, &path, &mut entry)?;
            }
            EntryType::Directory => {
                let header = plain(entry.header(), EntryType::Directory, 0)?;
                plain_tar::append(&mut tar, header, &path, io::empty())?;
            }
            EntryType::Symlink | EntryType::Link => {
                let target = entry.link_name()?.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))?.into_owned();
                // A symlink is followed within the context only; a hard link names a file of this tar.
                let target = if kind == EntryType::Link { inside(&target)? } else { target };
                plain_tar::append_link(&mut tar, plain(entry.header(), kind, 0)?, &path, &target)?;
            }
            _ => {
                let why = format!(
                    "lunchbox: {} is a device, a pipe or a socket. A build context holds files, folders and links.",
                    path.display()
                );
                return Err(Refusal::invalid(why).into());
            }
        }
    }
    let Some(place) = place else { return Ok(BuildContext { tar, dockerfile: String::new() }) };
    let ignore = kept.ignore;
    let ignored = |path: &Path| ignore.as_ref().is_some_and(|ignore| is_ignored(&ignore.text, path));
    let missing = || Refusal::invalid(format!("Cannot locate specified Dockerfile: {}", place.display()));
    let (dockerfile, other) = match (kept.dockerfile, kept.fallback, fallback) {
        (Some(file), other, fallback) => ((place.to_owned(), file), fallback.zip(other)),
        (None, Some(file), Some(path)) => ((path, file), None),
        _ => return Err(missing().into()),
    };
    let text = dockerfile.1.text.clone();
    // Clients send the Dockerfile in any case; what `.dockerignore` takes out is for COPY not to find.
    let special = [Some(dockerfile), ignore.clone().map(|file| (PathBuf::from(IGNORE), file))];
    for (path, file) in other.into_iter().chain(special.into_iter().flatten().filter(|(path, _)| !ignored(path))) {
        plain_tar::append(&mut tar, file.header, &path, file.text.as_bytes())?;
    }
    Ok(BuildContext { tar, dockerfile: text })
}

/// A header with what a context's files keep: mode and time. Owners are root, as the builder has it.
fn plain(from: &Header, kind: EntryType, size: u64) -> io::Result<Header> {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(from.mode()? & 0o7777);
    header.set_mtime(from.mtime()?);
    header.set_uid(0);
    header.set_gid(0);
    header.set_size(size);
    Ok(header)
}

fn text(entry: &mut impl Read, path: &Path) -> Result<String, Failed> {
    let mut bytes = Vec::new();
    entry.take(limits::MAX_DOCKERFILE_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > limits::MAX_DOCKERFILE_BYTES {
        return Err(
            Refusal::invalid(format!("lunchbox: {} is larger than {} KiB.", path.display(), limits::MAX_DOCKERFILE_BYTES / 1024)).into()
        );
    }
    String::from_utf8(bytes).map_err(|_| Refusal::invalid(format!("lunchbox: {} must be plain text in UTF-8.", path.display())).into())
}

impl BuildContext {
    /// What COPY finds.
    pub(super) async fn tree(self) -> Result<Tree, Refusal> {
        let read = tokio::task::spawn_blocking(move || Tree::read(tree::finish(self.tar)?, Path::new(""))).await;
        read.map_err(|_| Refusal::internal())?.map_err(|error| {
            tracing::debug!(%error, "a build context can't be read");
            Refusal::invalid("lunchbox: the build context is no tar that can be read. Build from a folder: `docker build .`")
        })
    }
}

/// Whether a `.dockerignore` takes a file out: the last pattern that fits it, or a folder above it, wins.
fn is_ignored(ignore: &str, path: &Path) -> bool {
    let mut ignored = false;
    for line in ignore.lines() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (pattern, excludes) = line.strip_prefix('!').map_or((line, true), |pattern| (pattern.trim(), false));
        let pattern = pattern.trim_start_matches("./").trim_matches('/');
        let mut places = path.ancestors().filter(|path| !path.as_os_str().is_empty());
        if places.any(|path| glob::matches(pattern, &path.to_string_lossy())) {
            ignored = excludes;
        }
    }
    ignored
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    #[test]
    fn paths_that_lead_out_are_refused() {
        assert_eq!(inside(Path::new("./a/./b")).unwrap(), Path::new("a/b"));
        for path in ["/a", "../a", "a/../../b", "a/.."] {
            assert!(inside(Path::new(path)).is_err(), "{path}");
        }
    }

    #[test]
    fn the_last_pattern_that_fits_wins() {
        assert!(is_ignored("Dockerfile", Path::new("Dockerfile")));
        assert!(is_ignored("*\n", Path::new("Dockerfile")));
        assert!(!is_ignored("*\n!Dockerfile", Path::new("Dockerfile")));
        assert!(is_ignored("sub", Path::new("sub/Dockerfile")));
        assert!(!is_ignored("# Dockerfile", Path::new("Dockerfile")));
    }
}
