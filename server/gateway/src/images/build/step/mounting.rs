//! What is mounted into a step: caches, memory, files of others, and secrets.

use std::{io::BufWriter, path::Path};

use tar::Builder;

use crate::{
    containers::create::policy,
    limits,
    model::container_engine::{EngineMount, EngineTmpfsOptions},
    refusal::Refusal,
};

use super::{
    super::{
        copy::{self, Taken},
        mounts::{Kind, Owner},
        plan::Source,
        room::Left,
        run::Work,
        stage::Run,
        tree,
        volumes::{self, Volume},
    },
    Wanted, missing,
};

/// What mounts came to.
#[derive(Default)]
pub(super) struct Mounted {
    pub(super) mounts: Vec<EngineMount>,
    /// Of secrets.
    pub(super) variables: Vec<String>,
    pub(super) volume: Option<Volume>,
}

impl Mounted {
    /// Whether its step's container may stay until the build's end: it knows no secret and keeps no volume in use.
    pub(super) fn holds_nothing(&self) -> bool {
        self.mounts.is_empty() && self.variables.is_empty()
    }
}

impl Work<'_> {
    /// Makes the mounts of a step. What is written for them lies in one volume, which goes with the step.
    pub(super) async fn mount(&mut self, image: &str, run: &Run, wanted: Vec<Wanted<'_>>) -> Result<Mounted, Refusal> {
        let mut mounted = Mounted::default();
        let mut contents = Vec::new();
        let mut parts = Vec::new();
        let mut left_bytes = limits::MAX_COPIED_BYTES;
        if let Some((name, text)) = &run.script {
            contents.push(Content::Script(name.clone(), text.clone()));
            parts.push((0, "/dev/pipes".to_owned(), true));
        }
        for Wanted { mount, target, source, taken } in wanted {
            match &mount.kind {
                Kind::Memory { bytes } => mounted.mounts.push(EngineMount::Tmpfs {
                    target,
                    read_only: mount.read_only,
                    tmpfs_options: EngineTmpfsOptions {
                        size_bytes: bytes.filter(|bytes| *bytes > 0).unwrap_or(i64::MAX).min(policy::MAX_MEMORY_FILES_BYTES),
                        mode: None,
                    },
                }),
                Kind::Cache { id, owner, from, .. } => {
                    let wanted = volumes::Wanted {
                        id: id.as_deref().unwrap_or(&target).to_owned(),
                        owner: *owner,
                        begins: from.as_ref().map(|from| self.origin(from)).transpose()?.map(|origin| origin.key() + &source),
                    };
                    let name = self.workshop.cache_name(&wanted);
                    if !self.workshop.has_cache(&name).await? {
                        let files = match from {
                            Some(from) => Some(self.fetch(from, source, &mut left_bytes).await?),
                            None => None,
                        };
                        self.workshop.make_cache(image, &name, &wanted, files).await?;
                    }
                    mounted.mounts.push(volumes::part(&name, volumes::CACHE_FOLDER, target, mount.read_only));
                }
                Kind::Bind { from, .. } => {
                    let taken = match (taken, from) {
                        (Some(taken), _) => taken,
                        (None, Some(from)) => self.fetch(from, source, &mut left_bytes).await?,
                        (None, None) => return Err(Refusal::internal()),
                    };
                    parts.push((contents.len(), target, mount.read_only));
                    contents.push(Content::Files(taken));
                }
                Kind::Secret { id, required, variable, owner } => {
                    let name = Path::new(&target).file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
                    let id = id.clone().unwrap_or(name);
                    let Some(bytes) = self.secret(&id).await? else {
                        if *required {
                            return Err(Refusal::invalid(format!("secret {id}: not found")));
                        }
                        continue;
                    };
                    if let Some(variable) = variable {
                        let value = String::from_utf8_lossy(&bytes).into_owned();
                        if value.contains('\0') || variable.contains(['=', '\0']) {
                            return Err(Refusal::invalid(format!("lunchbox: the secret {id} can't be a variable: it holds a zero byte.")));
                        }
                        mounted.variables.push(format!("{variable}={value}"));
                    }
                    if !target.is_empty() {
                        parts.push((contents.len(), target, true));
                        contents.push(Content::Secret(bytes, *owner));
                    }
                }
            }
        }
        if !contents.is_empty() {
            Left::find(&self.workshop.context, contents.iter().filter_map(Content::files), 1).await?;
            let written = tokio::task::spawn_blocking(move || {
                let mut tar = Builder::new(BufWriter::new(tempfile::tempfile()?));
                for (number, content) in contents.iter().enumerate() {
                    content.write(&Path::new(volumes::FILLED_AT).join(volumes::place(number)), &mut tar)?;
                }
                tree::finish(tar)
            });
            let tar = written.await.map_err(|_| Refusal::internal())?.map_err(copy::lost)?;
            let volume = self.workshop.step_volume(image, tar).await?;
            for (number, target, read_only) in parts {
                mounted.mounts.push(volumes::part(&volume.name, &number.to_string(), target, read_only));
            }
            mounted.volume = Some(volume);
        }
        Ok(mounted)
    }

    /// Files of a stage or of an image.
    async fn fetch(&mut self, from: &Source, source: String, left_bytes: &mut u64) -> Result<Taken, Refusal> {
        let text = self.output.is_text();
        let container = self.open(&self.origin(from)?).await?;
        Taken::fetch(&self.workshop, &container, &[source], left_bytes, |word| missing(text, "RUN", word)).await
    }

    async fn secret(&self, id: &str) -> Result<Option<Vec<u8>>, Refusal> {
        let Some(source) = &self.secrets else { return Ok(None) };
        let secret = source(id.to_owned()).await?;
        if secret.as_ref().is_some_and(|bytes| bytes.len() > limits::MAX_SECRET_BYTES) {
            return Err(Refusal::invalid(format!("lunchbox: the secret {id} is larger than {} KiB.", limits::MAX_SECRET_BYTES / 1024)));
        }
        Ok(secret)
    }
}

/// What is written into a step's volume.
enum Content {
    Files(Taken),
    Secret(Vec<u8>, Owner),
    Script(String, String),
}

impl Content {
    fn files(&self) -> Option<&Taken> {
        match self {
            Self::Files(taken) => Some(taken),
            _ => None,
        }
    }

    fn write(&self, to: &Path, tar: &mut Builder<impl std::io::Write>) -> std::io::Result<()> {
        let mut file = |path: &Path, bytes: &[u8], owner: Owner, mode: u32| {
            let mut header = tar::Header::new_gnu();
            header.set_mode(owner.mode.unwrap_or(mode));
            header.set_uid(owner.user);
            header.set_gid(owner.group);
            header.set_size(bytes.len() as u64);
            crate::plain_tar::append(&mut *tar, header, path, bytes)
        };
        match self {
            Self::Secret(bytes, owner) => file(to, bytes, *owner, 0o400),
            Self::Script(name, text) => {
                let path = to.join(tree::clean(Path::new(name))?);
                file(&path, text.as_bytes(), Owner::default(), 0o755)
            }
            Self::Files(taken) => taken.pack(to, tar),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_with_a_mount_or_a_secret_does_not_wait_for_the_builds_end() {
        assert!(Mounted::default().holds_nothing());
        let cache = volumes::part("cache", volumes::CACHE_FOLDER, "/cache".to_owned(), false);
        assert!(!Mounted { mounts: vec![cache], ..Mounted::default() }.holds_nothing());
        assert!(!Mounted { variables: vec!["TOKEN=1".to_owned()], ..Mounted::default() }.holds_nothing());
    }
}
