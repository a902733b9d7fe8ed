//! A build, step by step: stages in their order, each step from the cache or done anew, and the image at the
//! end.

use std::{collections::HashMap, sync::Arc};

use crate::{images::catalogue::ImageFacts, limits, refusal::Refusal};

use super::{
    cache::{Key, Layer, Outcome},
    dockerfile::{self, Instruction},
    frontend::SecretSource,
    image::{self, Image},
    names::stage_of,
    options::Options,
    output::Output,
    plan::{self, Part, Plan, Source},
    stage::{Given, Stage},
    tree::Tree,
    workshop::{Container, Workshop},
};

/// An image that the Dockerfile names.
#[derive(Debug, Clone)]
pub(super) struct Base {
    pub(super) id: String,
    /// The engine keeps it, whatever is made of it. One of the learner's own may go while steps are kept
    /// that were done on it.
    pub(super) is_course: bool,
    pub(super) facts: Arc<ImageFacts>,
}

/// A stage with what the engine has of it.
pub(super) struct Standing {
    pub(super) stage: Stage,
    /// The image that holds its layers; none of a stage that has no layer yet.
    holder: Option<String>,
    /// What is made of the holder has nothing beyond the layers: no variables of a step's, no volumes.
    clean: bool,
    /// Of its last step.
    pub(super) key: String,
    /// All of its steps came from the cache so far.
    pub(super) cached: bool,
    /// The image that it is, as long as nothing was changed.
    same_as: Option<String>,
}

/// Where a step takes files from that aren't in the context.
#[derive(Debug, Clone)]
pub(super) struct Origin {
    pub(super) image: Image,
    pub(super) holder: Option<String>,
}

impl Origin {
    /// What it is: its layers.
    pub(super) fn key(&self) -> String {
        self.image.diff_ids.join(" ")
    }
}

/// What a build comes to.
pub(super) struct Made {
    pub(super) id: String,
    /// None of an image that is on the host already, by its ID: nothing was changed.
    pub(super) image: Option<Image>,
}

/// All that the steps of one build share.
pub(super) struct Work<'a> {
    pub(super) workshop: Workshop,
    pub(super) options: &'a Options,
    pub(super) bases: &'a HashMap<String, Base>,
    pub(super) context: Tree,
    pub(super) secrets: Option<SecretSource>,
    pub(super) escape: char,
    pub(super) outside: Stage,
    /// `None` of a stage that isn't needed.
    pub(super) stages: Vec<Option<Standing>>,
    pub(super) names: Vec<Option<String>>,
    /// Containers of images that files are taken from, by the images' IDs.
    pub(super) opened: HashMap<String, Arc<Container>>,
    /// Containers of steps that are done. They go when the build has been told: the next step needn't share the
    /// engine with that.
    pub(super) spent: Vec<Container>,
    pub(super) output: &'a mut Output,
    /// Steps that were told before.
    pub(super) told: usize,
    pub(super) steps: usize,
    pub(super) cached_steps: usize,
    /// Keys of steps that were found, until that is written down.
    pub(super) used: Vec<String>,
    /// Set where a step's command failed.
    pub(super) exit_code: &'a mut Option<i64>,
}

impl Standing {
    /// An image's ID that containers can be made of.
    pub(super) async fn ready(&mut self, workshop: &Workshop) -> Result<String, Refusal> {
        match &self.holder {
            Some(holder) if self.clean => Ok(holder.clone()),
            _ => {
                let holder = workshop.bare(&self.stage.image).await?;
                self.holder = Some(holder.clone());
                self.clean = true;
                Ok(holder)
            }
        }
    }

    /// A step is done. `tainted`: its container had more in its environment than the image has.
    pub(super) fn done(&mut self, told: String, comment: &str, key: String, outcome: &Outcome, tainted: bool) {
        let layer = outcome.layer.clone();
        self.stage.image.add(outcome.made_at.clone(), told, comment, layer.as_ref().map(|layer| layer.diff_id.clone()));
        if let Some(layer) = layer {
            self.holder = Some(layer.holder);
            self.clean = !tainted;
        }
        self.key = key;
        self.same_as = None;
    }
}

impl Work<'_> {
    /// Does all steps. The engine has the layers of what they make by then.
    pub(super) async fn run(&mut self, plan: &Plan) -> Result<Made, Refusal> {
        let labels = !self.options.labels.is_empty();
        let total = plan.parts.len() + usize::from(labels && self.output.is_text());
        let vertices = plan.vertices();
        // The classic builder does every stage up to the one that was asked for.
        let needed = if self.output.is_text() { Vec::new() } else { plan.needed() };
        let mut stage = 0;
        for (index, (part, vertex)) in plan.parts.iter().zip(vertices).enumerate() {
            let is_from = part.instruction.keyword == "FROM";
            stage += usize::from(is_from);
            if stage > 0 && needed.get(stage - 1) == Some(&false) {
                if is_from {
                    self.stages.push(None);
                    self.names.push(part.stage_name.clone());
                }
                continue;
            }
            if index >= self.told {
                self.output_step(index + 1, total, &part.instruction.original).await;
            }
            self.output.begin(vertex.as_deref()).await;
            self.steps += 1;
            if is_from {
                self.begin(part).await?;
            } else if stage == 0 {
                self.before(&part.instruction).await?;
            } else {
                self.step(part).await?;
            }
        }
        if labels {
            self.label(total).await?;
        }
        self.output.begin(None).await;
        self.output.unused(&plan.unused(&self.options.arguments));
        self.finish()
    }

    async fn output_step(&mut self, number: usize, total: usize, text: &str) {
        if self.output.is_text() {
            self.output.announce(number, total, text).await;
        }
    }

    /// `--label`: the classic builder does one more step for all of them, BuildKit none.
    async fn label(&mut self, number: usize) -> Result<(), Refusal> {
        let pairs: Vec<(String, String)> = self.options.labels.clone().into_iter().collect();
        let standing = self.current().ok_or_else(Refusal::internal)?;
        let step = standing.stage.label(pairs.clone())?;
        standing.same_as = None;
        if !self.output.is_text() {
            return Ok(());
        }
        let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let original = format!("LABEL {}", pairs.join(" "));
        self.output_step(number, number, &original).await;
        self.steps += 1;
        let instruction = Instruction { keyword: "LABEL", flags: Vec::new(), rest: String::new(), original, line: 0, heredocs: Vec::new() };
        self.perform(&Part { instruction, source: None, stage_name: None, mounts: Vec::new() }, step).await
    }

    /// A step's container is needed no more. Its files are in the step's layer: where they are many it goes at once.
    pub(super) fn spend(&mut self, container: Container, outcome: &Outcome) {
        let bytes = outcome.layer.as_ref().map_or(0, |layer| layer.bytes);
        if bytes <= limits::MAX_SPENT_BYTES && self.spent.len() < limits::MAX_SPENT_CONTAINERS {
            self.spent.push(container);
        }
    }

    /// Writes down which steps were found.
    pub(super) async fn write_used(&mut self) -> Result<(), Refusal> {
        if self.used.is_empty() {
            return Ok(());
        }
        let context = &self.workshop.context;
        context.shared.ledger.use_build_steps(context.scope.sandbox(), &self.used).await?;
        self.used.clear();
        Ok(())
    }

    pub(super) fn current(&mut self) -> Option<&mut Standing> {
        self.stages.last_mut().and_then(Option::as_mut)
    }

    /// An ARG before the first FROM.
    async fn before(&mut self, instruction: &Instruction) -> Result<(), Refusal> {
        let nothing = words_of_nobody();
        let given = Given { arguments: &self.options.arguments, outside: &nothing, escape: self.escape };
        self.outside.take(instruction, given).map(drop)
    }

    async fn begin(&mut self, part: &Part) -> Result<(), Refusal> {
        let source = part.source.as_ref().ok_or_else(Refusal::internal)?;
        let (standing, triggers) = match source {
            Source::Nothing => {
                let stage = Stage::begin(Image::scratch())?;
                let key = Key::after("scratch").finish();
                (Standing { stage, holder: None, clean: false, key, cached: true, same_as: None }, Vec::new())
            }
            Source::Stage(name) => {
                let earlier = stage_of(name, &self.names).and_then(|index| self.stages[index].as_ref()).ok_or_else(Refusal::internal)?;
                let mut image = earlier.stage.image.clone();
                let triggers = image.config.on_build.take().unwrap_or_default();
                let standing = Standing {
                    stage: Stage::begin(image)?,
                    holder: earlier.holder.clone(),
                    clean: earlier.clean,
                    key: earlier.key.clone(),
                    cached: earlier.cached,
                    same_as: earlier.same_as.clone(),
                };
                (standing, triggers)
            }
            Source::Image(name) => {
                let base = self.bases.get(name).ok_or_else(Refusal::internal)?;
                let mut image = Image::of(&base.facts);
                if !self.output.is_text() {
                    image.docker_version.clear();
                }
                let triggers = image.config.on_build.take().unwrap_or_default();
                let standing = Standing {
                    clean: image.config.volumes.is_none() && base.is_course,
                    stage: Stage::begin(image)?,
                    holder: Some(base.id.clone()),
                    key: Key::after(&base.id).finish(),
                    cached: true,
                    same_as: Some(base.id.clone()),
                };
                (standing, triggers)
            }
        };
        let id = match (&standing.same_as, source) {
            (Some(id), _) => id.clone(),
            (None, Source::Nothing) => String::new(),
            (None, _) => standing.stage.image.id(),
        };
        self.names.push(part.stage_name.clone());
        self.stages.push(Some(standing));
        if triggers.is_empty() {
            self.output.made(&id).await;
        } else {
            self.output.triggers(triggers.len()).await;
        }
        for trigger in triggers {
            for instruction in dockerfile::parse(&trigger)?.instructions {
                self.output.begin(Some(&format!("ONBUILD {}", instruction.original))).await;
                let mounts = plan::trigger_mounts(&instruction)?;
                self.step(&Part { instruction, source: None, stage_name: None, mounts }).await?;
            }
        }
        Ok(())
    }

    /// What the last stage has become.
    fn finish(&mut self) -> Result<Made, Refusal> {
        let standing = self.current().ok_or_else(Refusal::internal)?;
        if let Some(id) = &standing.same_as {
            return Ok(Made { id: id.clone(), image: None });
        }
        if standing.stage.image.is_empty() {
            return Err(Refusal::invalid("No image was generated. Is your Dockerfile empty?"));
        }
        let image = standing.stage.image.clone();
        Ok(Made { id: image.id(), image: Some(image) })
    }

    /// An image or an earlier stage, to take files from.
    pub(super) fn origin(&self, source: &Source) -> Result<Origin, Refusal> {
        match source {
            Source::Nothing => Err(Refusal::internal()),
            Source::Stage(name) => {
                let earlier = stage_of(name, &self.names).and_then(|index| self.stages[index].as_ref()).ok_or_else(Refusal::internal)?;
                Ok(Origin { image: earlier.stage.image.clone(), holder: earlier.holder.clone() })
            }
            Source::Image(name) => {
                let base = self.bases.get(name).ok_or_else(Refusal::internal)?;
                Ok(Origin { image: Image::of(&base.facts), holder: base.is_course.then(|| base.id.clone()) })
            }
        }
    }

    /// A container of what files are taken from, kept as long as the build.
    pub(super) async fn open(&mut self, origin: &Origin) -> Result<Arc<Container>, Refusal> {
        let volumes = origin.image.config.volumes.is_some();
        let holder = match &origin.holder {
            // Volumes of the image would lie above its files.
            Some(holder) if !volumes => holder.clone(),
            _ => self.workshop.bare(&origin.image).await?,
        };
        if let Some(open) = self.opened.get(&holder) {
            return Ok(open.clone());
        }
        let making = super::workshop::Making { image: &holder, ..super::workshop::Making::default() };
        let container = Arc::new(self.workshop.create(making).await?);
        self.opened.insert(holder, container.clone());
        Ok(container)
    }
}

fn words_of_nobody() -> super::words::Variables {
    super::words::Variables::new()
}

/// When something is done.
pub(super) fn made_now(layer: Option<Layer>) -> Outcome {
    Outcome { layer, made_at: image::now() }
}
