//! `docker build`, done by the gateway itself. The Dockerfile is judged as a whole (`plan`), then each
//! instruction is understood (`stage`) and looked up among what the sandbox has built (`cache`), or done: a
//! RUN in a container as learners' own are, a COPY in one that is never started (`workshop`). The image is
//! written here, down to its history, and the engine takes it with layers that it has (`image`). The engine's
//! own builders, whose caches are everybody's, are asked for nothing.

mod bare_commit;
mod cache;
mod context;
mod copy;
mod dockerfile;
pub(crate) mod frontend;
mod image;
mod mounts;
mod names;
mod options;
mod output;
mod place;
mod plan;
pub(crate) mod records;
mod room;
mod run;
mod stage;
mod step;
mod tree;
mod volumes;
mod words;
mod workshop;

#[cfg(test)]
mod fuzz;

pub(crate) use self::{bare_commit::without_variables, place::too_many, records::prune, volumes::cache_names, workshop::sweep};

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use http::StatusCode;
use tokio_util::task::TaskTracker;

use crate::{
    ActivityKind,
    body::{self, Upload},
    images::{
        events,
        message::{self, ErrorDetail, Message},
        own, pull, tag,
    },
    ledger::ImageOrigin,
    limits,
    reference::Reference,
    refusal::{Answer, Refusal},
    request::{Request, query::Query},
    scope::SANDBOX_LABEL,
    serve::Context,
};

use self::{
    context::BuildContext,
    frontend::SecretSource,
    image::Image,
    options::Options,
    output::Output,
    place::Place,
    plan::Plan,
    run::{Base, Made, Work},
    stage::Stage,
    workshop::Workshop,
};

pub(crate) async fn build(context: &Context, mut request: Request) -> Answer {
    let begun = begin(context, &mut request.query).await;
    let most_bytes = context.shared.config.limits.upload_max_bytes;
    let (upload, (options, place)) = body::admit(request.body, most_bytes, begun).await?;
    let files = context::receive(Upload::new(upload), &options.dockerfile, most_bytes).await?;
    let plan = plan::judge(dockerfile::parse(&files.dockerfile)?, &options.arguments, &options.target)?;

    let sandbox = context.sandbox.clone();
    let context = context.clone();
    Ok(message::answer(&sandbox, |messages| async move {
        let mut output = Output::text(messages.clone(), options.quiet, options.removes);
        if place.waits() {
            output.waits().await;
        }
        let place = place.here().await?;
        let build = Build::new(context, options, plan, output, None, place);
        match build.run(files).await {
            // The client ends with the step's own code.
            Err((refusal, Some(code))) => {
                let detail = ErrorDetail { code: Some(code), message: refusal.message.clone() };
                messages.tell(Message { error: Some(refusal.message), error_detail: Some(detail), ..Message::default() }).await;
                Ok(())
            }
            Err((refusal, None)) => Err(refusal),
            Ok(_) => Ok(()),
        }
    }))
}

/// What can be said before the context is there, and a place for the build.
async fn begin(context: &Context, query: &mut Query) -> Result<(Options, Place), Refusal> {
    let options = Options::read(context, query).await?;
    std::mem::take(query).finish()?;
    let place = Place::take_for_files(&context.sandbox).await?;
    check_limits(context, &options).await?;
    Ok((options, place))
}

/// Asked again when the image is there; but who has no room needs no build.
async fn check_limits(context: &Context, options: &Options) -> Result<(), Refusal> {
    let turn = context.sandbox.turns.images().await;
    own::check_limit(context).await?;
    tag::check_limit(context, &turn, &options.names).await
}

/// Of an image that is made of a container.
pub(crate) const NO_TRIGGERS: &str =
    "lunchbox: an image that is committed or imported has no triggers for builds. Put ONBUILD into a Dockerfile.";

/// The instructions of `docker commit --change`, each written so that it can be read in one way only.
pub(crate) fn changes(lines: &[String]) -> Result<Vec<String>, Refusal> {
    const ALLOWED: [&str; 10] = ["CMD", "ENTRYPOINT", "ENV", "EXPOSE", "HEALTHCHECK", "LABEL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"];
    let mut written = Vec::new();
    for line in lines {
        for instruction in dockerfile::parse(line)?.instructions {
            // What runs in a build on it is decided by its Dockerfile, and by nothing hidden in its base.
            if instruction.keyword == "ONBUILD" {
                return Err(Refusal::invalid(NO_TRIGGERS));
            }
            if !ALLOWED.contains(&instruction.keyword) {
                return Err(Refusal::invalid(format!("{} is not a valid change command", instruction.keyword)));
            }
            plan::check(&instruction, '\\')?;
            written.push(instruction.write());
        }
    }
    Ok(written)
}

/// One build under way. Dropped, it takes with it what it has made that nothing is known by.
struct Build {
    context: Context,
    options: Options,
    plan: Plan,
    output: Output,
    /// Steps that were told before the first began.
    told: usize,
    /// Of the step that failed.
    exit_code: Option<i64>,
    /// Of a client that can be asked for them.
    secrets: Option<SecretSource>,
    /// Until it is dropped, and what it has made is gone.
    place: Option<Place>,
    /// For these three see [`Workshop`].
    asked: TaskTracker,
    leaving: TaskTracker,
    unknown: Arc<AtomicBool>,
}

impl Drop for Build {
    fn drop(&mut self) {
        // The next build waits also where nothing stays of what the engine is still about: there are few at once.
        if self.asked.is_empty() && !self.unknown.load(Ordering::Relaxed) {
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let (context, place) = (self.context.clone(), self.place.take());
        let (asked, leaving) = (self.asked.clone(), self.leaving.clone());
        let spent = context.sandbox.spent.clone();
        spent.spawn_on(
            async move {
                // What was asked for may be a container, which leaves at once; and what a container is made of stays with it.
                for tasks in [asked, leaving] {
                    tasks.close();
                    tasks.wait().await;
                }
                clear_away(&context).await;
                drop(place);
            },
            &runtime,
        );
    }
}

/// Removes what a build has made that nothing is known by. Nobody else builds meanwhile.
async fn clear_away(context: &Context) {
    cache::remove_unknown(&context.shared, &format!("{SANDBOX_LABEL}={}", context.sandbox.id)).await;
    let turn = context.sandbox.turns.images().await;
    own::forget_unknown(&context.shared, &context.scope, &turn).await;
}

/// Gives the engine the image, unless it has it, and takes it onto the host under its names.
async fn deliver(context: Context, made: Made, names: Vec<Reference>) -> Result<(), Refusal> {
    let (shared, scope) = (&context.shared, &context.scope);
    let turn = context.sandbox.turns.images().await;
    let is_known = shared.ledger.images(scope.sandbox()).await?.iter().any(|row| row.image_id == made.id);
    let alone = shared.comings.alone(&made.id).await;
    let taken = async {
        match &made.image {
            Some(image) if !(is_known && has(&context, image).await?) => {
                workshop::load(&context, image, Some(&own::held_name(scope, &made.id))).await?;
                // As with every image that is loaded: it is what was written, or it is nobody's.
                if !has(&context, image).await? {
                    tracing::error!(sandbox = %context.sandbox.id, "the engine has another image than was built");
                    return Err(Refusal::internal());
                }
            }
            // The base itself, under another name.
            None if !is_known => return Err(Refusal::new(StatusCode::NOT_FOUND, format!("No such image: {}", made.id))),
            Some(_) | None => {}
        }
        own::take_in(&context, &turn, &made.id, ImageOrigin::Built, &names).await
    };
    let taken = taken.await;
    if is_known { taken } else { own::or_let_go(&context, &made.id, &alone, taken).await }
}

async fn has(context: &Context, image: &Image) -> Result<bool, Refusal> {
    Ok(workshop::layers(context, &image.id()).await?.is_some_and(|(layers, _)| layers == image.diff_ids))
}

impl Build {
    fn new(context: Context, options: Options, plan: Plan, output: Output, secrets: Option<SecretSource>, place: Place) -> Self {
        Self {
            context,
            options,
            plan,
            output,
            told: 0,
            exit_code: None,
            secrets,
            place: Some(place),
            asked: TaskTracker::new(),
            leaving: TaskTracker::new(),
            unknown: Arc::default(),
        }
    }

    /// Builds within the time that a build may take. Returns the image's ID, or why there is none, with the
    /// exit code of the step that failed.
    async fn run(mut self, files: BuildContext) -> Result<String, (Refusal, Option<i64>)> {
        let built = match tokio::time::timeout(limits::BUILD_TIME, self.make(files)).await {
            Ok(built) => built,
            Err(_) => Err(Refusal::new(
                StatusCode::REQUEST_TIMEOUT,
                format!("lunchbox: the build took longer than {} minutes and was ended.", limits::BUILD_TIME.as_secs() / 60),
            )),
        };
        let Err(refusal) = built else { return built.map_err(|refusal| (refusal, None)) };
        self.output.failed(&refusal.message).await;
        self.context.sandbox.record(ActivityKind::ImageBuildFailed { message: refusal.message.clone() }).await;
        Err((refusal, self.exit_code))
    }

    async fn make(&mut self, files: BuildContext) -> Result<String, Refusal> {
        let bases = self.find_bases().await?;
        let mut work = Work {
            workshop: Workshop {
                context: self.context.clone(),
                network: self.options.network().to_owned(),
                shm_bytes: self.options.shm_bytes,
                hosts: self.options.hosts.clone(),
                asked: self.asked.clone(),
                leaving: self.leaving.clone(),
                unknown: self.unknown.clone(),
            },
            options: &self.options,
            bases: &bases,
            context: files.tree().await?,
            secrets: self.secrets.clone(),
            escape: self.plan.escape,
            outside: Stage::outside(),
            stages: Vec::new(),
            names: Vec::new(),
            opened: HashMap::new(),
            spent: Vec::new(),
            output: &mut self.output,
            told: self.told,
            steps: 0,
            cached_steps: 0,
            used: Vec::new(),
            exit_code: &mut self.exit_code,
        };
        let ran = work.run(&self.plan).await;
        // What a build that failed has gone by was used, too.
        let written = work.write_used().await;
        let made = ran?;
        written?;
        let (steps, cached) = (work.steps, work.cached_steps);
        // Until all has been told.
        let _spent = std::mem::take(&mut work.spent);
        drop(work);
        let (sandbox, image_id) = (&self.context.sandbox, made.id.clone());
        let delivering = deliver(self.context.clone(), made, self.options.names.clone());
        self.unknown.store(true, Ordering::Relaxed);
        sandbox.steady(self.asked.track_future(delivering)).await??;
        if self.options.no_cache {
            // No step is known by what held its layers, and the image holds them now.
            cache::remove_unknown(&self.context.shared, &format!("{SANDBOX_LABEL}={}", sandbox.id)).await;
        }
        self.unknown.store(false, Ordering::Relaxed);
        let names: Vec<String> = self.options.names.iter().map(Reference::familiar).collect();
        // The classic builder makes, then names; BuildKit tells that it is done when it has named.
        let classic = self.output.is_text();
        if classic {
            events::tell(&self.context, "create", &image_id, &image_id).await;
        }
        for name in &names {
            events::tell(&self.context, "tag", &image_id, name).await;
        }
        if !classic {
            events::tell(&self.context, "create", &image_id, &image_id).await;
        }
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        sandbox
            .record(ActivityKind::ImageBuilt {
                image_id: image_id.clone(),
                references: names.clone(),
                steps: count(steps),
                cached_steps: count(cached),
            })
            .await;
        self.output.succeeded(&image_id, &self.options.names).await;
        Ok(image_id)
    }

    /// Finds every image that the Dockerfile names; what isn't on the host is pulled, as `docker build` does.
    async fn find_bases(&mut self) -> Result<HashMap<String, Base>, Refusal> {
        // The classic builder does every stage up to the one that was asked for.
        let needed = if self.output.is_text() { Vec::new() } else { self.plan.needed() };
        let wanted: Vec<(usize, String)> = self.plan.images(&needed).into_iter().map(|(index, name)| (index, name.to_owned())).collect();
        let mut bases = HashMap::new();
        for (index, name) in wanted {
            self.output
                .find(&Reference::parse(&name).map_or_else(|| name.clone(), |reference| reference.with_default_tag().canonical()))
                .await;
            let found = if self.options.pull { None } else { self.context.scope.find_image(&name).await? };
            let id = match found {
                Some(image) => image.id().to_owned(),
                None => {
                    self.tell_steps_to(index).await;
                    self.pull(&name).await?
                }
            };
            let facts = self.context.shared.catalogue.get(&id).await.map_err(|said| self.context.engine_said(said))?;
            let config = facts.inspect.config.as_ref();
            for trigger in config.and_then(|config| config.on_build.as_deref()).unwrap_or_default() {
                plan::check_trigger(trigger)?;
            }
            let library = format!("{}/library/", self.context.shared.config.registry);
            let is_course = facts.inspect.repo_tags.iter().any(|tag| tag.starts_with(&library));
            bases.insert(name, Base { id, is_course, facts });
        }
        Ok(bases)
    }

    /// A pull is told below the step that wants it. Only the first can be: the steps before a later one
    /// have not run yet.
    async fn tell_steps_to(&mut self, index: usize) {
        let before = self.plan.parts.iter().take(index).any(|part| part.instruction.keyword != "ARG");
        if before || self.told > 0 || !self.output.is_text() {
            return;
        }
        let total = self.plan.parts.len() + usize::from(!self.options.labels.is_empty());
        for (number, part) in self.plan.parts.iter().take(index + 1).enumerate() {
            self.output.announce(number + 1, total, &part.instruction.original).await;
        }
        self.told = index + 1;
    }

    async fn pull(&self, name: &str) -> Result<String, Refusal> {
        let reference = Reference::parse(name).ok_or_else(|| Refusal::invalid("invalid reference format"))?;
        let repository = self.context.scope.registry_repository(&reference)?;
        let wanted = pull::look_up(&self.context, reference, repository).await?;
        Ok(pull::bring(&self.context, &wanted, &self.output.messages()).await?.image_id)
    }
}
