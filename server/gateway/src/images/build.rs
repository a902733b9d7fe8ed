//! `docker build`, by the engine's classic builder. The gateway reads the context and the Dockerfile
//! before the engine does, finds the images that it names, and sends the engine a Dockerfile of its own
//! writing that names them by ID (`plan`). What the engine tells is rewritten to what the learner wrote
//! (`output`).

mod context;
mod dockerfile;
mod folders;
pub(crate) mod frontend;
mod options;
mod output;
mod plan;
mod words;
mod written;

use std::collections::HashMap;

use http::StatusCode;
use serde::Serialize;
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::io::ReaderStream;

use crate::{
    ActivityKind,
    body::{self, Upload},
    images::{
        catalogue::ImageFacts,
        message::{self, Message},
        own, pull, tag,
    },
    ledger::ImageOrigin,
    limits,
    lines::JsonLines,
    model::event::Event,
    reference::Reference,
    refusal::{Answer, Refusal},
    request::{Request, query::Query},
    serve::Context,
    upstream::Ask,
};

use self::{
    context::BuildContext,
    options::Options,
    output::{Output, Progress},
    plan::{Base, Plan},
    written::Written,
};

pub(crate) async fn build(context: &Context, mut request: Request) -> Answer {
    let begun = begin(context, &mut request.query).await;
    let (options, place) = match begun {
        Ok(begun) => begun,
        Err(refusal) => {
            // The client reads no answer before it has sent its context.
            context::drain(Upload::new(request.body), context.shared.config.limits.upload_max_bytes).await;
            return Err(refusal);
        }
    };
    let files = context::receive(Upload::new(request.body), &options.dockerfile, context.shared.config.limits.upload_max_bytes).await?;
    let plan = plan::judge(dockerfile::parse(&files.dockerfile)?, &options.arguments, &options.target)?;

    let context = context.clone();
    Ok(message::answer(|messages| async move {
        let output = Output::text(messages, options.quiet);
        let build = Build { context, options, plan, output, told: 0, no_cache: false, _place: place };
        build.run(files).await.map(drop)
    }))
}

/// What can be said before the context is there, and a place for the build.
async fn begin(context: &Context, query: &mut Query) -> Result<(Options, OwnedSemaphorePermit), Refusal> {
    let options = Options::read(context, query).await?;
    std::mem::take(query).finish()?;
    let place = begin_with(context, &options).await?;
    Ok((options, place))
}

async fn begin_with(context: &Context, options: &Options) -> Result<OwnedSemaphorePermit, Refusal> {
    let place = context.sandbox.building.clone().try_acquire_owned().map_err(|_| {
        Refusal::new(StatusCode::TOO_MANY_REQUESTS, "lunchbox: a build runs on this host already. Wait for it to end, then build again.")
    })?;
    // Asked again when the image is there; but who has no room needs no build.
    let turn = context.sandbox.turns.images().await;
    own::check_limit(context).await?;
    tag::check_limit(context, &turn, &options.names).await?;
    Ok(place)
}

/// The instructions of `docker commit --change`, each written so that it can be read in one way only.
pub(crate) fn changes(lines: &[String]) -> Result<Vec<String>, Refusal> {
    const ALLOWED: [&str; 9] = ["CMD", "ENTRYPOINT", "ENV", "EXPOSE", "LABEL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"];
    let mut written = Vec::new();
    for line in lines {
        for instruction in dockerfile::parse(line)?.instructions {
            if !ALLOWED.contains(&instruction.keyword) {
                return Err(Refusal::invalid(format!("{} is not a valid change command", instruction.keyword)));
            }
            plan::check(&instruction, '\\')?;
            written.push(instruction.write());
        }
    }
    Ok(written)
}

/// `docker builder prune`: steps that no image of the host's is built from.
pub(crate) async fn prune(context: &Context, mut request: Request) -> Answer {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Pruned {
        caches_deleted: Option<Vec<String>>,
        space_reclaimed: u64,
    }
    request.query.ignore(&["all", "filters", "keep-storage"]);
    request.query.finish()?;
    // Not below a build that runs: its steps have no name yet.
    let Ok(_place) = context.sandbox.building.clone().try_acquire_owned() else {
        return Ok(body::json(StatusCode::OK, &Pruned { caches_deleted: None, space_reclaimed: 0 }));
    };
    let pruned = own::prune_steps(&context.shared, &context.scope).await.map_err(|said| context.engine_said(said))?;
    let caches_deleted = (!pruned.images.is_empty()).then_some(pruned.images);
    Ok(body::json(StatusCode::OK, &Pruned { caches_deleted, space_reclaimed: pruned.bytes }))
}

/// One build under way. Dropped, it takes its connection to the engine with it, which ends it there.
struct Build {
    context: Context,
    options: Options,
    plan: Plan,
    output: Output,
    /// Steps that were told before the engine began.
    told: usize,
    no_cache: bool,
    _place: OwnedSemaphorePermit,
}

impl Build {
    /// Builds within the time that a build may take. Returns the image's ID.
    async fn run(mut self, files: BuildContext) -> Result<String, Refusal> {
        let built = match tokio::time::timeout(limits::BUILD_TIME, self.make(files)).await {
            Ok(built) => built,
            Err(_) => Err(Refusal::new(
                StatusCode::REQUEST_TIMEOUT,
                format!("lunchbox: the build took longer than {} minutes and was ended.", limits::BUILD_TIME.as_secs() / 60),
            )),
        };
        if let Err(refusal) = &built {
            self.output.failed(&refusal.message).await;
            self.context.sandbox.record(ActivityKind::ImageBuildFailed { message: refusal.message.clone() }).await;
        }
        built
    }

    async fn make(&mut self, files: BuildContext) -> Result<String, Refusal> {
        let bases = self.find_bases().await?;
        folders::check(&self.plan.parts, &bases, &self.options.arguments, self.plan.escape)?;
        let written = self.plan.write(&bases, &self.context.scope, !self.options.labels.is_empty())?;
        let tar = files.finish(written.dockerfile.clone()).await?;
        let ask = self.options.ask(&self.context, context::DOCKERFILE, self.no_cache)?;
        let ask = ask.stream(
            "application/x-tar",
            body::stream(tokio_stream::StreamExt::map(ReaderStream::new(tar), |read| read.map_err(Into::into))),
        );
        let (image_id, steps, cached) = self.follow(ask, &written).await?;
        let sandbox = &self.context.sandbox;
        let turn = sandbox.turns.images().await;
        own::take_in(&self.context, &turn, &image_id, ImageOrigin::Built, &self.options.names).await?;
        drop(turn);
        let names: Vec<String> = self.options.names.iter().map(Reference::familiar).collect();
        for name in &names {
            sandbox.emit(Event::now("image", "tag", &image_id, &[("name", name)]));
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
        let wanted: Vec<(usize, String)> = self.plan.images().into_iter().map(|(index, name)| (index, name.to_owned())).collect();
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
            let marked = facts.label(own::SANDBOX_LABEL) == Some(self.context.scope.sandbox().as_str());
            self.check_triggers(&facts, marked)?;
            let config = facts.inspect.config.clone().unwrap_or_default();
            let base = Base {
                id,
                marked,
                folder: config.working_dir,
                environment: config.env.unwrap_or_default(),
                triggers: config.on_build.unwrap_or_default(),
            };
            bases.insert(name, base);
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

    /// Triggers of a base run before the line that keeps the caches of learners apart: those of an image
    /// that isn't the learner's own are run without a cache.
    fn check_triggers(&mut self, facts: &ImageFacts, marked: bool) -> Result<(), Refusal> {
        let triggers = facts.inspect.config.as_ref().and_then(|config| config.on_build.as_deref()).unwrap_or_default();
        for trigger in triggers {
            plan::check_trigger(trigger)?;
        }
        self.no_cache |= !triggers.is_empty() && !marked;
        Ok(())
    }

    /// Reads the engine's stream to its end. Returns the image's ID, the learner's steps, and how many
    /// of them came from the cache.
    async fn follow(&mut self, ask: Ask, written: &Written) -> Result<(String, usize, usize), Refusal> {
        let extra = usize::from(!self.options.labels.is_empty());
        let mut progress = Progress::new(&written.steps, written.lines_before, extra, self.told);
        let response = self.context.shared.engine.stream(ask).await.map_err(|said| {
            let mut refusal = self.context.engine_said(said);
            refusal.message = progress.error(&self.context.scope, &refusal.message);
            refusal
        })?;
        let mut lines = JsonLines::new(response.into_body());
        let mut image_id = None;
        while let Some(message) = lines.next::<Message>().await {
            let message = message.map_err(|error| {
                tracing::error!(%error, "the engine broke off a build");
                Refusal::engine_away()
            })?;
            if let Some(error) = message.error {
                let message = progress.error(&self.context.scope, &error);
                return Err(Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, message));
            }
            if let Some(id) = message.aux.as_ref().and_then(|aux| aux.id.clone()) {
                self.output.made(message.aux).await;
                image_id = Some(id);
            }
            if let Some(text) = message.stream {
                progress.take(&text, &mut self.output).await;
            }
        }
        let image_id = image_id.ok_or_else(|| Refusal::invalid("No image was generated. Is your Dockerfile empty?"))?;
        Ok((image_id, progress.total, progress.cached))
    }
}
