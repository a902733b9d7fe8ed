//! What BuildKit calls the parts of a build, and which of its stages it needs.

use crate::reference::Reference;

use super::plan::{Part, Plan, Source};

/// Told of by BuildKit's progress: what changes files.
const TOLD: [&str; 5] = ["FROM", "RUN", "COPY", "ADD", "WORKDIR"];

/// The stage of this name or number; of several of one name, the first.
pub(super) fn stage_of(name: &str, names: &[Option<String>]) -> Option<usize> {
    let named = names.iter().position(|known| known.as_ref().is_some_and(|known| known.eq_ignore_ascii_case(name)));
    named.or_else(|| name.parse().ok().filter(|number| *number < names.len()))
}

impl Plan {
    /// For each stage, whether the last one needs it.
    pub(super) fn needed(&self) -> Vec<bool> {
        let mut names: Vec<Option<String>> = Vec::new();
        let mut takes: Vec<Vec<usize>> = Vec::new();
        for part in &self.parts {
            let from: Vec<usize> = part
                .sources()
                .filter_map(|source| match source {
                    Source::Stage(name) => stage_of(name, &names),
                    _ => None,
                })
                .collect();
            if part.instruction.keyword == "FROM" {
                names.push(part.stage_name.clone());
                takes.push(Vec::new());
            }
            if let Some(last) = takes.last_mut() {
                last.extend(from);
            }
        }
        let mut needed = vec![false; takes.len()];
        if let Some(last) = needed.last_mut() {
            *last = true;
        }
        for stage in (0..takes.len()).rev() {
            if needed[stage] {
                for other in &takes[stage] {
                    needed[*other] = true;
                }
            }
        }
        needed
    }

    /// For each part, what BuildKit calls it: those that change files are counted within their stage, the
    /// others aren't told of.
    pub(super) fn vertices(&self) -> Vec<Option<String>> {
        let is_from = |part: &&Part| part.instruction.keyword == "FROM";
        let stages = self.parts.iter().filter(is_from).count();
        let (mut names, mut stage, mut number) = (Vec::new(), 0_usize, 0);
        for (index, part) in self.parts.iter().enumerate() {
            let keyword = part.instruction.keyword;
            if keyword == "FROM" {
                stage += usize::from(self.parts[..index].iter().any(|part| is_from(&part)));
                number = 0;
            }
            // An ARG before the first FROM is in no stage.
            if !TOLD.contains(&keyword) {
                names.push(None);
                continue;
            }
            number += 1;
            let rest = self.parts[index + 1..].iter().take_while(|part| !is_from(part));
            let of = number + rest.filter(|part| TOLD.contains(&part.instruction.keyword)).count();
            let name = self.parts[..=index].iter().rev().find(is_from).and_then(|part| part.stage_name.clone());
            let prefix = match name {
                Some(name) => format!("{name} "),
                None if stages > 1 => format!("stage-{stage} "),
                None => String::new(),
            };
            let mut text = match (&part.source, keyword) {
                (Some(Source::Image(image)), "FROM") => {
                    let reference =
                        Reference::parse(image).map_or_else(|| image.clone(), |reference| reference.with_default_tag().canonical());
                    format!("FROM {reference}")
                }
                _ => part.instruction.original.clone(),
            };
            if let [heredoc] = &part.instruction.heredocs[..]
                && keyword == "RUN"
            {
                text = format!("{text} ({})", heredoc.summary());
            }
            names.push(Some(format!("[{prefix}{number}/{of}] {text}")));
        }
        names
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;
    use crate::images::build::{dockerfile, plan};

    fn plan(text: &str) -> Plan {
        plan::judge(dockerfile::parse(text).unwrap(), &plan::Arguments::new(), "").unwrap()
    }

    #[test]
    fn stages_that_nothing_is_taken_from_are_not_needed() {
        let text = "FROM a AS one\nFROM b AS two\nFROM one AS three\nFROM c AS four\nFROM d\nCOPY --from=three / /\nRUN --mount=from=1,target=/x y\n";
        assert_eq!(plan(text).needed(), [true, true, true, false, true]);
    }

    #[test]
    fn parts_are_counted_within_their_stage() {
        let text = "ARG X\nFROM a AS one\nENV A=b\nRUN <<EOF\nfirst\nsecond\nEOF\nFROM scratch\nCOPY x /\n";
        let names: Vec<String> = plan(text).vertices().into_iter().flatten().collect();
        assert_eq!(
            names,
            [
                "[one 1/2] FROM docker.io/library/a:latest",
                "[one 2/2] RUN <<EOF (first...)",
                "[stage-1 1/2] FROM scratch",
                "[stage-1 2/2] COPY x /"
            ]
        );
    }
}
