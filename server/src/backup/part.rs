//! A file that is being written: under a name of its own until it is whole and on the disk.

use std::{
    fs::{File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use rustix::fs::{CWD, RenameFlags};

use super::BackupError;

/// Beside the file that it is to become; gone when this is dropped before.
pub(super) struct Part {
    path: PathBuf,
}

impl Part {
    /// An empty one, for this user alone: progress and sessions are nobody else's.
    pub(super) fn beside(file: &Path) -> Result<Self, BackupError> {
        let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let path = folder(file).join(format!(".{name}.part-{:08x}", rand::random::<u32>()));
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
            Ok(_) => Ok(Self { path }),
            Err(source) => Err(BackupError::File { path, what: "made", source }),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn copy_from(&self, file: &Path) -> Result<(), BackupError> {
        let copied = File::open(file).and_then(|mut from| io::copy(&mut from, &mut OpenOptions::new().write(true).open(&self.path)?));
        copied.map(drop).map_err(|source| BackupError::File { path: file.to_owned(), what: "copied", source })
    }

    /// Gives it its name, once it is on the disk. Nothing is overwritten.
    pub(super) fn become_new(self, file: &Path) -> Result<(), BackupError> {
        self.sync()?;
        match rustix::fs::renameat_with(CWD, &self.path, CWD, file, RenameFlags::NOREPLACE) {
            Ok(()) => sync_folder(file),
            Err(rustix::io::Errno::EXIST) => Err(BackupError::Exists(file.to_owned())),
            // The file system can't do it in one (some network ones): look, then do it.
            Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS | rustix::io::Errno::OPNOTSUPP) if !file.exists() => self.replace(file),
            Err(error) => Err(BackupError::File { path: file.to_owned(), what: "made", source: error.into() }),
        }
    }

    /// Takes the name from whatever has it.
    pub(super) fn replace(self, file: &Path) -> Result<(), BackupError> {
        self.sync()?;
        std::fs::rename(&self.path, file).map_err(|source| BackupError::File { path: file.to_owned(), what: "replaced", source })?;
        sync_folder(file)
    }

    fn sync(&self) -> Result<(), BackupError> {
        let synced = OpenOptions::new().write(true).open(&self.path).and_then(|file| file.sync_all());
        synced.map_err(|source| BackupError::File { path: self.path.clone(), what: "written to the disk", source })
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// The names in the folder of that file are on the disk.
pub(super) fn sync_folder(file: &Path) -> Result<(), BackupError> {
    let folder = folder(file);
    let synced = File::open(&folder).and_then(|folder| folder.sync_all());
    synced.map_err(|source| BackupError::File { path: folder, what: "written to the disk", source })
}

fn folder(file: &Path) -> PathBuf {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        Some(_) | None => PathBuf::from("."),
    }
}
