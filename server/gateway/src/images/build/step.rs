//! One step of a build: looked up, or done.

mod mounting;

use std::sync::atomic::Ordering;

use tokio::sync::Semaphore;

use crate::{containers::create::paths, limits, refusal::Refusal, system::disk};

use super::{
    cache::{self, Key, Layer, Outcome},
    copy::Taken,
    mounts::{Kind, Mount},
    plan::{Part, Source},
    run::{Work, made_now},
    stage::{Action, Copy, Given, Run, Step},
    words::Variables,
    workshop::{self, Making},
};

/// Of BuildKit's images, each line of the history.
const COMMENT: &str = "buildkit.dockerfile.v0";

static COPYING: Semaphore = Semaphore::const_new(limits::MAX_COPYING);

/// A mount with its texts as they are, and what lies in it where that is known before.
struct Wanted<'a> {
    mount: &'a Mount,
    target: String,
    /// Of a bind: where its files lie.
    source: String,
    taken: Option<Taken>,
}

/// What is to be done.
enum Doing<'a> {
    Nothing,
    Folder(String),
    Run(Run, Vec<Wanted<'a>>),
    /// Without what is taken where it lies in an image.
    Copy(Copy, Option<Taken>, Option<&'a Source>),
}

impl Work<'_> {
    fn given<'a>(&'a self, outside: &'a Variables) -> Given<'a> {
        Given { arguments: &self.options.arguments, outside, escape: self.escape }
    }

    /// Any instruction within a stage.
    pub(super) async fn step(&mut self, part: &Part) -> Result<(), Refusal> {
        let outside = self.outside.arguments().clone();
        let given = Given { arguments: &self.options.arguments, outside: &outside, escape: self.escape };
        let standing = self.stages.last_mut().and_then(Option::as_mut).ok_or_else(Refusal::internal)?;
        let step = standing.stage.take(&part.instruction, given)?;
        self.perform(part, step).await
    }

    /// The same, understood already.
    pub(super) async fn perform(&mut self, part: &Part, step: Step) -> Result<(), Refusal> {
        let Step { told, action } = step;
        let standing = self.stages.last_mut().and_then(Option::as_mut).ok_or_else(Refusal::internal)?;
        let (before, below, lookup) =
            (standing.key.clone(), standing.stage.image.diff_ids.clone(), standing.cached && !self.options.no_cache);
        let shell = standing.stage.shell().join(" ");
        let told_to_buildkit = told[0].clone();
        let (key, doing) = self.prepare(part, action, &told[1], Key::after(&before)).await?;
        let told = match (self.output.is_text(), &doing) {
            (false, _) => told[0].clone(),
            (true, Doing::Run(..)) => told[1].clone(),
            (true, Doing::Nothing) => format!("{shell} #(nop)  {}", told[1]),
            (true, Doing::Folder(_)) => format!("{shell} #(nop) {}", told[1]),
            (true, Doing::Copy(_, taken, _)) => {
                let kind = taken.as_ref().map_or("dir", Taken::kind);
                format!("{shell} #(nop) {}", told[1].replacen("%s", &format!("{kind}:{key}"), 1))
            }
        };
        let description = described(&doing, &told_to_buildkit);
        let tainted = match &doing {
            Doing::Run(run, _) => run.more_than_image,
            _ => false,
        };
        let found = if lookup { cache::find(&self.workshop, &key, &below).await? } else { None };
        let outcome = match found {
            Some(outcome) => {
                self.cached_steps += 1;
                self.used.push(key.clone());
                self.output.cached().await;
                outcome
            }
            None => {
                if !matches!(doing, Doing::Nothing) {
                    disk::check(&self.workshop.context).await?;
                }
                let outcome = self.make(doing, &below).await?;
                // What this build goes by isn't what makes room for a new step.
                self.write_used().await?;
                cache::keep(&self.workshop.context, key.clone(), &outcome, &description).await?;
                self.workshop.unknown.store(false, Ordering::Relaxed);
                if let Some(standing) = self.current() {
                    standing.cached = false;
                }
                outcome
            }
        };
        let comment = if self.output.is_text() { "" } else { COMMENT };
        let standing = self.current().ok_or_else(Refusal::internal)?;
        standing.done(told, comment, key, &outcome, tainted);
        if self.output.is_text() {
            let id = self.current().map(|standing| standing.stage.image.id()).unwrap_or_default();
            self.output.made(&id).await;
        }
        Ok(())
    }

    /// Finds what a step takes from the context, and its key.
    async fn prepare<'a>(&mut self, part: &'a Part, action: Action, told: &str, key: Key) -> Result<(String, Doing<'a>), Refusal> {
        Ok(match action {
            Action::Nothing => (key.with("nothing").with(told).finish(), Doing::Nothing),
            Action::Folder(path) => (key.with("folder").with(&path).finish(), Doing::Folder(path)),
            Action::Run(run) => {
                let (name, script) = run.script.clone().unwrap_or_default();
                let mut key = key.with("run").with_all(&run.command).with_all(&run.counted).with(&name).with(&script);
                key = key.with(if run.network { &self.workshop.network } else { "none" }).with_all(&self.workshop.hosts);
                let mut wanted = Vec::new();
                for mount in &part.mounts {
                    let (mount, digest) = self.want(mount, part.instruction.line).await?;
                    key = key.with(&digest);
                    wanted.push(mount);
                }
                (key.finish(), Doing::Run(run, wanted))
            }
            Action::Copy(copy) => {
                let key = key
                    .with("copy")
                    .with(&copy.destination)
                    .with(&format!("{} {:?} {:?} {}", copy.into_folder, copy.owner, copy.mode, copy.unpacks));
                match &part.source {
                    Some(source) => {
                        let origin = self.origin(source)?;
                        let key = key.with(&origin.key()).with_all(&copy.sources);
                        (key.finish(), Doing::Copy(copy, None, Some(source)))
                    }
                    None => {
                        let text = self.output.is_text();
                        let keyword = part.instruction.keyword;
                        let taken = Taken::find(&copy, &self.context, move |word| missing(text, keyword, word)).await?;
                        let (taken, digest) = taken.digest().await?;
                        (key.with(&digest).finish(), Doing::Copy(copy, Some(taken), None))
                    }
                }
            }
        })
    }

    /// What a mount is, and all that its step's outcome can depend on. Of a cache or a secret that is only
    /// what they are called.
    async fn want<'a>(&mut self, mount: &'a Mount, line: usize) -> Result<(Wanted<'a>, String), Refusal> {
        let outside = self.outside.arguments().clone();
        let text = self.output.is_text();
        let given = self.given(&outside);
        let standing = self.stages.last().and_then(Option::as_ref).ok_or_else(Refusal::internal)?;
        let target = match (&mount.target, &mount.kind) {
            (Some(target), _) => standing.stage.path(&standing.stage.expand(target, given, line)?, line)?,
            (None, Kind::Secret { variable: Some(_), .. }) => String::new(),
            (None, Kind::Secret { id: Some(id), .. }) => format!("/run/secrets/{id}"),
            _ => return Err(Refusal::internal()),
        };
        let target = if target.is_empty() {
            target
        } else {
            paths::mount_target(&target, |why| format!("invalid mount target \"{target}\": {why}"))?
        };
        let mut digest = format!("{target}\n{mount:?}");
        let (mut taken, mut place) = (None, String::new());
        if let Kind::Bind { source, from } = &mount.kind {
            let source = standing.stage.expand(source, given, line)?;
            place.clone_from(&source);
            match from {
                None => {
                    let wanted = Copy::of_one(source);
                    let found = Taken::find(&wanted, &self.context, move |word| missing(text, "RUN", word)).await?;
                    let (found, content) = found.digest().await?;
                    digest.push_str(&content);
                    taken = Some(found);
                }
                Some(from) => {
                    let origin = self.origin(from)?;
                    digest.push_str(&origin.key());
                    digest.push_str(&source);
                }
            }
        }
        if let Kind::Cache { source, from: Some(from), .. } = &mount.kind {
            place = standing.stage.expand(source, given, line)?;
            digest.push_str(&self.origin(from)?.key());
        }
        Ok((Wanted { mount, target, source: place, taken }, digest))
    }

    /// Does what wasn't done before.
    async fn make(&mut self, doing: Doing<'_>, below: &[String]) -> Result<Outcome, Refusal> {
        // One place a step, however much it takes: so nobody waits for another who waits.
        let copies = match &doing {
            // What is unpacked takes memory, too.
            Doing::Copy(copy, taken, _) => taken.is_none() || copy.unpacks,
            Doing::Run(_, wanted) => wanted
                .iter()
                .any(|wanted| wanted.taken.is_none() && matches!(wanted.mount.kind, Kind::Bind { .. } | Kind::Cache { from: Some(_), .. })),
            _ => false,
        };
        let _place = if copies { Some(COPYING.acquire().await.map_err(|_| Refusal::internal())?) } else { None };
        let container = match doing {
            Doing::Nothing => {
                // The classic builder makes a container for each; here none is needed.
                let name = workshop::random();
                self.output.running(&name).await;
                self.output.removed(&name).await;
                return Ok(made_now(None));
            }
            Doing::Folder(path) if path == "/" => return Ok(made_now(None)),
            Doing::Folder(path) => {
                let image = self.ready().await?;
                // The engine makes the folder that a container is to work in.
                let container = self.workshop.create(Making { image: &image, folder: path, ..Making::default() }).await?;
                self.output.running(&container.id).await;
                container
            }
            Doing::Copy(copy, taken, source) => {
                let taken = match (taken, source) {
                    (Some(taken), _) => taken,
                    (None, Some(source)) => {
                        let text = self.output.is_text();
                        let container = self.open(&self.origin(source)?).await?;
                        let mut left_bytes = limits::MAX_COPIED_BYTES;
                        Taken::fetch(&self.workshop, &container, &copy.sources, &mut left_bytes, |word| missing(text, "COPY", word)).await?
                    }
                    (None, None) => return Err(Refusal::internal()),
                };
                let image = self.ready().await?;
                let container = self.workshop.create(Making { image: &image, ..Making::default() }).await?;
                taken.put(&self.workshop, &container, &copy).await?;
                let outcome = self.layer(&container, below, false).await?;
                self.spend(container, &outcome);
                return Ok(outcome);
            }
            Doing::Run(run, wanted) => return self.run_step(run, wanted, below).await,
        };
        let outcome = self.layer(&container, below, false).await?;
        self.output.removed(&container.id).await;
        self.spend(container, &outcome);
        Ok(outcome)
    }

    async fn ready(&mut self) -> Result<String, Refusal> {
        let standing = self.stages.last_mut().and_then(Option::as_mut).ok_or_else(Refusal::internal)?;
        standing.ready(&self.workshop).await
    }

    /// What a container's files have become. `secret`: its own configuration may not stay on the engine.
    async fn layer(&mut self, container: &workshop::Container, below: &[String], secret: bool) -> Result<Outcome, Refusal> {
        let base = self.ready().await?;
        let (committed, base) = tokio::try_join!(self.workshop.commit(container), self.workshop.layers(&base))?;
        let (holder, mut layers, bytes) = committed;
        let top = layers.pop();
        let added = layers == below;
        let mut outcome = made_now(None);
        if let Some(top) = top.filter(|_| added) {
            let mut kept = holder.clone();
            if secret {
                let mut image = self.current().ok_or_else(Refusal::internal)?.stage.image.clone();
                image.diff_ids.push(top.clone());
                kept = self.workshop.bare(&image).await?;
            }
            let below = base.map_or(0, |(_, bytes)| bytes);
            outcome = made_now(Some(Layer { holder: kept, diff_id: top, bytes: (bytes - below).max(0) }));
        }
        if secret || !added {
            self.workshop.drop_holder(&holder).await;
        }
        Ok(outcome)
    }

    async fn run_step(&mut self, run: Run, wanted: Vec<Wanted<'_>>, below: &[String]) -> Result<Outcome, Refusal> {
        let image = self.ready().await?;
        let mounted = self.mount(&image, &run, wanted).await?;
        let secret = !mounted.variables.is_empty();
        let alone = mounted.holds_nothing();
        let standing = self.current().ok_or_else(Refusal::internal)?;
        let config = &standing.stage.image.config;
        let making = Making {
            image: &image,
            command: run.command.clone(),
            environment: run.environment.into_iter().chain(mounted.variables).collect(),
            user: config.user.clone(),
            folder: config.working_dir.clone(),
            network: run.network,
            mounts: mounted.mounts,
        };
        let container = self.workshop.create(making).await?;
        self.output.running(&container.id).await;
        let code = self.workshop.run(&container, self.output).await?;
        if code != 0 {
            *self.exit_code = Some(code);
            let command = run.command.join(" ");
            return Err(Refusal::invalid(if self.output.is_text() {
                format!("The command '{command}' returned a non-zero code: {code}")
            } else {
                format!("process \"{command}\" did not complete successfully: exit code: {code}")
            }));
        }
        let outcome = self.layer(&container, below, secret).await?;
        self.output.removed(&container.id).await;
        if alone {
            self.spend(container, &outcome);
        } else {
            // With what it knows; and before the volume, which it holds, as it does caches that others want to remove.
            drop(container);
            drop(mounted.volume);
        }
        Ok(outcome)
    }
}

/// What a step is among what builds keep, in BuildKit's words.
fn described(doing: &Doing<'_>, told: &str) -> String {
    match doing {
        Doing::Run(run, _) => format!("mount / from exec {}", run.command.join(" ")),
        _ => told.trim_end_matches(" # buildkit").to_owned(),
    }
}

/// What isn't there, in the words of the client.
fn missing(text: bool, keyword: &str, word: &str) -> Refusal {
    Refusal::invalid(if !text {
        format!("failed to compute cache key: failed to calculate checksum of ref: \"/{}\": not found", word.trim_start_matches('/'))
    } else if super::tree::is_pattern(word) {
        format!("{keyword} failed: no source files were specified")
    } else {
        let name = word.trim_start_matches("./");
        format!("{keyword} failed: file not found in build context or excluded by .dockerignore: stat {name}: file does not exist")
    })
}
