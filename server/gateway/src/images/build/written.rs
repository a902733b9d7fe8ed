//! A plan as the Dockerfile that the engine gets: images by their IDs, and each learner's steps marked as
//! their own, since the engine's cache is everybody's.

use std::collections::HashMap;

use crate::{reference::Reference, refusal::Refusal, scope::Scope};

use super::plan::{Base, Plan, Source};

/// One step as the engine counts them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    /// Ours, not the learner's: neither shown nor counted.
    pub(super) hidden: bool,
    /// As the learner wrote it.
    pub(super) text: String,
    /// In the learner's Dockerfile, from 1.
    pub(super) line: usize,
    /// What BuildKit calls it, where it tells of it at all: `[build 2/4] RUN make`.
    pub(super) vertex: Option<String>,
}

/// What the engine gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) dockerfile: String,
    /// One a line of `dockerfile`, but for the directive that may be its first.
    pub(super) steps: Vec<Step>,
    /// Lines before the first step.
    pub(super) lines_before: usize,
}

impl Plan {
    /// Names of images, in the order in which they are needed, each once.
    pub(super) fn images(&self) -> Vec<(usize, &str)> {
        let mut names: Vec<(usize, &str)> = Vec::new();
        for (index, part) in self.parts.iter().enumerate() {
            if let Some(Source::Image(name)) = &part.source
                && !names.iter().any(|(_, known)| known == name)
            {
                names.push((index, name));
            }
        }
        names
    }

    /// For each part, what BuildKit calls it: those that change files are counted within their stage, the
    /// others aren't told of.
    fn vertices(&self) -> Vec<Option<String>> {
        const TOLD: [&str; 5] = ["FROM", "RUN", "COPY", "ADD", "WORKDIR"];
        let stages = self.parts.iter().filter(|part| part.instruction.keyword == "FROM").count();
        let (mut names, mut stage, mut number) = (Vec::new(), 0_usize, 0);
        for (index, part) in self.parts.iter().enumerate() {
            let keyword = part.instruction.keyword;
            if keyword == "FROM" {
                stage += usize::from(index > 0 && self.parts[..index].iter().any(|part| part.instruction.keyword == "FROM"));
                number = 0;
            }
            // An ARG before the first FROM is in no stage.
            if !TOLD.contains(&keyword) {
                names.push(None);
                continue;
            }
            number += 1;
            let rest = self.parts[index + 1..].iter().take_while(|part| part.instruction.keyword != "FROM");
            let of = number + rest.filter(|part| TOLD.contains(&part.instruction.keyword)).count();
            let name =
                self.parts[..=index].iter().rev().find(|part| part.instruction.keyword == "FROM").and_then(|part| part.stage_name.clone());
            let prefix = match name {
                Some(name) => format!("{name} "),
                None if stages > 1 => format!("stage-{stage} "),
                None => String::new(),
            };
            let text = match (&part.source, keyword) {
                (Some(Source::Image(image)), "FROM") => {
                    let reference =
                        Reference::parse(image).map_or_else(|| image.clone(), |reference| reference.with_default_tag().canonical());
                    format!("FROM {reference}")
                }
                _ => part.instruction.original.clone(),
            };
            names.push(Some(format!("[{prefix}{number}/{of}] {text}")));
        }
        names
    }

    /// The Dockerfile for the engine. `adds_label`: the engine is asked to add a step at the end.
    pub(super) fn write(&self, bases: &HashMap<String, Base>, scope: &Scope, adds_label: bool) -> Result<Written, Refusal> {
        let mark = scope.labels("learner").into_iter().filter(|(key, _)| key != "io.lunchbox.role");
        let mark = mark.fold("LABEL".to_owned(), |line, (key, value)| format!("{line} {key}={value}"));
        let base = |name: &String| bases.get(name).ok_or_else(Refusal::internal);
        let (mut dockerfile, mut steps, mut lines_before) = (String::new(), Vec::new(), 0);
        if self.escape != '\\' {
            dockerfile = format!("# escape={}\n", self.escape);
            lines_before = 1;
        }
        let mut vertices = self.vertices().into_iter();
        for (index, part) in self.parts.iter().enumerate() {
            let mut instruction = part.instruction.clone();
            let mut marked = true;
            match (instruction.keyword, &part.source) {
                ("FROM", Some(source)) => {
                    let name = match source {
                        Source::Nothing => {
                            marked = false;
                            "scratch"
                        }
                        Source::Stage(name) => name.as_str(),
                        Source::Image(name) => {
                            marked = base(name)?.marked;
                            base(name)?.id.as_str()
                        }
                    };
                    instruction.rest = match &part.stage_name {
                        Some(stage) => format!("{name} AS {stage}"),
                        None => name.to_owned(),
                    };
                }
                (_, Some(Source::Image(name))) => {
                    for flag in instruction.flags.iter_mut().filter(|flag| flag.starts_with("--from=")) {
                        *flag = format!("--from={}", base(name)?.id);
                    }
                }
                _ => {}
            }
            dockerfile.push_str(&instruction.write());
            dockerfile.push('\n');
            steps.push(Step { hidden: false, text: instruction.original, line: instruction.line, vertex: vertices.next().flatten() });
            // The cache of the classic builder is everybody's. With this line first, no step of this
            // build is a step of anybody else's. A stage of nothing but FROM makes no image of its own.
            let more = match self.parts.get(index + 1) {
                Some(next) => next.instruction.keyword != "FROM",
                None => adds_label,
            };
            if !marked && more {
                dockerfile.push_str(&mark);
                dockerfile.push('\n');
                steps.push(Step { hidden: true, text: String::new(), line: instruction.line, vertex: None });
            }
        }
        Ok(Written { dockerfile, steps, lines_before })
    }
}
