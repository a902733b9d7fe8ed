//! Where a build's steps run: every WORKDIR, with its variables, is what a container's working directory
//! may be. What can't be followed is refused.
//!
//! Source: the Dockerfile reference, "Environment replacement" and "ARG", and moby's builder/dockerfile.

use std::collections::HashMap;

use crate::{containers::create::paths, refusal::Refusal};

use super::{
    dockerfile::{self, Instruction},
    plan::{Arguments, Base, Part, Source},
    words::{self, Variables},
};

/// Build arguments that need no ARG.
const UNDECLARED: [&str; 10] =
    ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "FTP_PROXY", "ftp_proxy", "NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy"];

/// A stage as far as it has been followed.
#[derive(Debug, Clone, Default)]
struct Stage {
    name: Option<String>,
    environment: Variables,
    arguments: Variables,
    /// A variable has a value that only the builder can tell.
    unclear: bool,
    folder: String,
}

/// Follows all stages. `bases` are the images that they begin from.
pub(super) fn check(parts: &[Part], bases: &HashMap<String, Base>, given: &Arguments, escape: char) -> Result<(), Refusal> {
    let mut before = Stage::default();
    let mut stages: Vec<Stage> = Vec::new();
    for part in parts {
        if part.instruction.keyword == "FROM" {
            let mut stage = begin(part, &stages, bases)?;
            if let Some(Source::Image(name)) = &part.source
                && let Some(base) = bases.get(name)
            {
                for trigger in &base.triggers {
                    let file = dockerfile::parse(trigger)?;
                    for instruction in &file.instructions {
                        stage.take(instruction, &before.arguments, given, file.escape)?;
                    }
                }
            }
            stages.push(stage);
        } else {
            let outside = before.arguments.clone();
            stages.last_mut().unwrap_or(&mut before).take(&part.instruction, &outside, given, escape)?;
        }
    }
    Ok(())
}

fn begin(part: &Part, stages: &[Stage], bases: &HashMap<String, Base>) -> Result<Stage, Refusal> {
    let mut stage = Stage::default();
    match &part.source {
        Some(Source::Stage(name)) => {
            let earlier = |stage: &&Stage| stage.name.as_ref().is_some_and(|known| known.eq_ignore_ascii_case(name));
            let earlier = stages.iter().find(earlier).ok_or_else(Refusal::internal)?;
            // Arguments end with their stage.
            stage = Stage { arguments: Variables::new(), ..earlier.clone() };
        }
        Some(Source::Image(name)) => {
            let base = bases.get(name).ok_or_else(Refusal::internal)?;
            paths::check_working_dir(&base.folder)?;
            stage.folder.clone_from(&base.folder);
            let pairs = base.environment.iter().filter_map(|pair| pair.split_once('='));
            stage.environment = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        }
        _ => {}
    }
    Ok(Stage { name: part.stage_name.clone(), ..stage })
}

impl Stage {
    fn take(&mut self, instruction: &Instruction, outside: &Variables, given: &Arguments, escape: char) -> Result<(), Refusal> {
        match instruction.keyword {
            "ARG" => self.declare(instruction, outside, given, escape),
            "ENV" => self.set(instruction, given, escape),
            "WORKDIR" => self.enter(instruction, given, escape)?,
            _ => {}
        }
        Ok(())
    }

    /// What a word may hold: the environment wins over arguments.
    fn variables(&self, given: &Arguments) -> Variables {
        let undeclared = UNDECLARED.iter().filter_map(|name| Some(((*name).to_owned(), given.get(*name)?.clone()?)));
        let mut all: Variables = undeclared.collect();
        all.extend(self.arguments.clone());
        all.extend(self.environment.clone());
        all
    }

    fn declare(&mut self, instruction: &Instruction, outside: &Variables, given: &Arguments, escape: char) {
        for (name, default) in words::assignments(&instruction.rest, escape) {
            let value = match (given.get(&name), default) {
                (Some(Some(given)), _) => Some(given.clone()),
                (_, Some(default)) => {
                    let value = words::expand(&default, &self.variables(given), escape);
                    self.unclear |= value.is_none();
                    value
                }
                (_, None) => outside.get(&name).cloned(),
            };
            match value {
                Some(value) => _ = self.arguments.insert(name, value),
                None => _ = self.arguments.remove(&name),
            }
        }
    }

    fn set(&mut self, instruction: &Instruction, given: &Arguments, escape: char) {
        let variables = self.variables(given);
        let mut pairs = words::assignments(&instruction.rest, escape);
        if pairs.first().is_some_and(|(_, value)| value.is_none()) {
            // The old way: a name, and all the rest.
            let (name, value) = instruction.rest.split_once(char::is_whitespace).unwrap_or((&instruction.rest, ""));
            pairs = vec![(name.to_owned(), Some(value.trim_start().to_owned()))];
        }
        for (name, value) in pairs {
            let name = words::expand(&name, &variables, escape);
            let value = words::expand(&value.unwrap_or_default(), &variables, escape);
            match (name, value) {
                (Some(name), Some(value)) => _ = self.environment.insert(name, value),
                _ => self.unclear = true,
            }
        }
    }

    fn enter(&mut self, instruction: &Instruction, given: &Arguments, escape: char) -> Result<(), Refusal> {
        let unclear = || dockerfile::error(instruction.line, "lunchbox: nobody can tell which folder this is. Write its path out.");
        if self.unclear && instruction.rest.contains('$') {
            return Err(unclear());
        }
        let path = words::expand(&instruction.rest, &self.variables(given), escape).ok_or_else(unclear)?;
        if path.is_empty() {
            return Ok(());
        }
        let whole = if path.starts_with('/') { path } else { format!("{}/{path}", self.folder) };
        let whole = if whole.starts_with('/') { whole } else { format!("/{whole}") };
        paths::check_working_dir(&whole)?;
        self.folder = paths::clean(&whole).ok_or_else(unclear)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;
    use crate::images::build::plan;

    /// On an image `base`, of which this is known.
    fn followed(text: &str, given: &[(&str, &str)], folder: &str, triggers: &[&str]) -> Result<(), Refusal> {
        let given: Arguments = given.iter().map(|(name, value)| ((*name).to_owned(), Some((*value).to_owned()))).collect();
        let base = Base {
            id: String::new(),
            marked: false,
            folder: folder.to_owned(),
            environment: vec!["P=/proc".to_owned(), "HOME=/root".to_owned()],
            triggers: triggers.iter().map(|&trigger| trigger.to_owned()).collect(),
        };
        let plan = plan::judge(dockerfile::parse(&format!("ARG O=roc\nFROM base AS first\n{text}"))?, &given, "")?;
        check(&plan.parts, &HashMap::from([("base".to_owned(), base)]), &given, '\\')
    }

    #[test]
    fn no_step_runs_in_a_folder_of_the_kernels() {
        for text in [
            "WORKDIR /proc/self/fd/8",
            "workdir //proc/./self",
            "WORKDIR \"/pr\"oc",
            "WORKDIR /pr\\oc",
            "WORKDIR proc/self",
            "WORKDIR /app\nWORKDIR ../proc",
            "WORKDIR $P/self",
            "WORKDIR ${P}",
            "WORKDIR ${NONE:-/proc}",
            "WORKDIR ${P:+/proc}",
            "ENV A=/proc\nWORKDIR $A",
            "ENV A /proc\nWORKDIR $A",
            "ENV A=/pr B=oc\nWORKDIR $A$B",
            "ENV A=pr\nENV B=/${A}oc\nWORKDIR ${B}/1",
            "ENV N=A\nENV $N=/proc\nWORKDIR $A",
            "ARG A=/proc\nWORKDIR $A",
            "ARG A=/app\nENV A=/proc\nWORKDIR $A",
            "ENV A=/proc\nARG A=/app\nWORKDIR $A",
            "ARG O\nWORKDIR /p$O",
            "WORKDIR /proc\nFROM first\n",
            "ENV A=/proc\nFROM first\nWORKDIR $A",
            "WORKDIR /\nFROM first\nWORKDIR proc",
            "WORKDIR /dev/fd/8",
            "WORKDIR /sys",
            "ENV A=${P#x}\nWORKDIR /app/$A",
            "WORKDIR ${P%x}",
        ] {
            assert!(followed(text, &[], "", &[]).is_err(), "{text}");
        }
        assert!(followed("ARG A\nWORKDIR $A", &[("A", "/proc")], "", &[]).is_err());
        assert!(followed("ARG A=/app\nWORKDIR $A", &[("A", "/proc")], "", &[]).is_err());
        assert!(followed("WORKDIR $HTTP_PROXY", &[("HTTP_PROXY", "/proc")], "", &[]).is_err());
        assert!(followed("RUN true", &[], "/proc/self/fd/8", &[]).is_err());
        assert!(followed("WORKDIR x", &[], "", &["ENV A=/proc", "WORKDIR $A"]).is_err());
        assert!(followed("WORKDIR $A", &[], "", &["ENV A=/proc"]).is_err());
    }

    #[test]
    fn folders_of_ones_own_are_followed() {
        for text in [
            "WORKDIR /app",
            "WORKDIR app\nWORKDIR sub",
            "ENV APP_HOME=/srv/app\nWORKDIR $APP_HOME",
            "ARG VERSION=1\nWORKDIR /opt/app-${VERSION}",
            "WORKDIR $HOME/x",
            "WORKDIR \"/with spaces\"",
            "ENV PS1=\"\\$ \"\nWORKDIR /x",
            "ENV A=${P#x}\nWORKDIR /app",
            "ARG O\nFROM scratch\nWORKDIR /p$O",
            "WORKDIR /process",
        ] {
            followed(text, &[], "/start", &["WORKDIR /triggered"]).unwrap();
        }
    }
}
