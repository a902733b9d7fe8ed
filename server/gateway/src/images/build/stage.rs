//! A stage as far as it has come: what each instruction means there, with its variables, and what is to be
//! done for it. Nothing here asks the engine.
//!
//! Source: the Dockerfile reference, "Environment replacement" and "ARG", and moby/buildkit's
//! frontend/dockerfile/dockerfile2llb.

mod action;
mod health;
mod steps;

pub(super) use self::action::{Action, Copy, Run, Step};

use std::collections::BTreeMap;

use crate::{
    containers::{
        create::{paths, policy},
        ports,
    },
    images::catalogue::Empty,
    limits,
    refusal::Refusal,
    scope::Scope,
};

use super::{
    dockerfile::{self, Instruction},
    image::Image,
    plan::{Arguments, UNDECLARED},
    words::{self, Variables},
};

/// Characters of a word that are told again where it isn't understood.
const MAX_TOLD: usize = 200;
/// Ports that one EXPOSE may name as a range.
const MAX_PORTS: u32 = 1024;

#[derive(Debug, Clone)]
pub(super) struct Stage {
    pub(super) image: Image,
    /// Declared by ARG, those that have a value.
    arguments: Variables,
    /// CMD was given in this Dockerfile, and not only in the base.
    cmd_given: bool,
}

/// What all stages of a build have in common.
#[derive(Debug, Clone, Copy)]
pub(super) struct Given<'a> {
    pub(super) arguments: &'a Arguments,
    /// Of the ARGs before the first FROM.
    pub(super) outside: &'a Variables,
    pub(super) escape: char,
}

impl Stage {
    /// `arguments` end with their stage.
    pub(super) fn begin(image: Image) -> Result<Self, Refusal> {
        paths::check_working_dir(&image.config.working_dir)?;
        Ok(Self { image, arguments: Variables::new(), cmd_given: false })
    }

    /// The place where the ARGs before the first FROM are declared.
    pub(super) fn outside() -> Self {
        Self { image: Image::default(), arguments: super::plan::platform(), cmd_given: false }
    }

    pub(super) fn arguments(&self) -> &Variables {
        &self.arguments
    }

    fn environment(&self) -> impl Iterator<Item = (&str, &str)> {
        self.image.config.env.iter().flatten().filter_map(|pair| pair.split_once('='))
    }

    /// What a word may hold: the environment wins over arguments.
    fn variables(&self, given: Given<'_>) -> Variables {
        let mut all = undeclared(given);
        all.extend(self.arguments.clone());
        all.extend(self.environment().map(|(name, value)| (name.to_owned(), value.to_owned())));
        all
    }

    pub(super) fn expand(&self, word: &str, given: Given<'_>, line: usize) -> Result<String, Refusal> {
        expand(word, &self.variables(given), given, line)
    }

    /// What an instruction of any kind but FROM means here.
    pub(super) fn take(&mut self, instruction: &Instruction, given: Given<'_>) -> Result<Step, Refusal> {
        let step = self.understand(instruction, given)?;
        let environment = self.image.config.env.iter().flatten().map(String::len).sum::<usize>();
        let pairs = self.image.config.labels.iter().flatten().chain(&self.arguments);
        if environment + pairs.map(|(name, value)| name.len() + value.len()).sum::<usize>() > limits::MAX_CONFIG_BYTES {
            return Err(dockerfile::error(
                instruction.line,
                "lunchbox: environment, labels and arguments are larger than 256 KiB together",
            ));
        }
        Ok(step)
    }

    fn understand(&mut self, instruction: &Instruction, given: Given<'_>) -> Result<Step, Refusal> {
        let line = instruction.line;
        let keyword = instruction.keyword;
        let needs = |what: &str| dockerfile::error(line, &format!("{keyword} requires {what}"));
        if instruction.rest.is_empty() {
            return Err(match keyword {
                "CMD" | "ENTRYPOINT" => return Ok(self.command_of_image(keyword, Vec::new())),
                "RUN" => needs("at least one argument"),
                "WORKDIR" | "USER" | "STOPSIGNAL" | "MAINTAINER" => needs("exactly one argument"),
                "COPY" | "ADD" => needs("at least two arguments, but only one was provided. Destination could not be determined"),
                _ => needs("at least one argument"),
            });
        }
        match keyword {
            "ARG" => self.declare(instruction, given),
            "ENV" => {
                let pairs = self.pairs(instruction, given)?;
                for (name, value) in &pairs {
                    self.image.set_variable(name, value);
                }
                let told: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
                Ok(Step::nothing(format!("ENV {}", told.join(" "))))
            }
            "LABEL" => {
                let pairs = self.pairs(instruction, given)?;
                self.label(pairs)
            }
            "MAINTAINER" => {
                self.image.author.clone_from(&instruction.rest);
                Ok(Step::nothing(format!("MAINTAINER {}", instruction.rest)))
            }
            "CMD" | "ENTRYPOINT" => {
                let command = self.words_of_command(&instruction.rest);
                Ok(self.command_of_image(keyword, command))
            }
            "SHELL" => {
                let shell = json_words(&instruction.rest).ok_or_else(|| needs("the arguments to be in JSON form"))?;
                let told = format!("SHELL [{}]", shell.join(" "));
                self.image.config.shell = Some(shell);
                Ok(Step::nothing(told))
            }
            "EXPOSE" => self.expose(instruction, given),
            "VOLUME" => {
                let (variables, mut volumes) = (self.variables(given), Vec::new());
                for word in json_words(&instruction.rest).unwrap_or_else(|| words::split(&instruction.rest, given.escape)) {
                    let volume = expand(&word, &variables, given, line)?;
                    if volume.is_empty() {
                        return Err(dockerfile::error(line, "VOLUME specified can not be an empty string"));
                    }
                    self.image.config.volumes.get_or_insert_default().insert(volume.clone(), Empty {});
                    volumes.push(volume);
                }
                Ok(Step::nothing(format!("VOLUME [{}]", volumes.join(" "))))
            }
            "USER" => {
                let user = self.expand(&instruction.rest, given, line)?;
                self.image.config.user.clone_from(&user);
                Ok(Step::nothing(format!("USER {user}")))
            }
            "STOPSIGNAL" => {
                let signal = self.expand(&instruction.rest, given, line)?;
                policy::check_signal(&signal)?;
                self.image.config.stop_signal = Some(signal.clone());
                Ok(Step::nothing(format!("STOPSIGNAL {signal}")))
            }
            "HEALTHCHECK" => self.check_health(instruction),
            "ONBUILD" => {
                self.image.config.on_build.get_or_insert_default().push(instruction.rest.clone());
                Ok(Step::nothing(format!("ONBUILD {}", instruction.rest)))
            }
            "WORKDIR" => self.enter(instruction, given),
            "RUN" => self.run(instruction, given),
            "COPY" | "ADD" => self.copy(instruction, given),
            _ => Err(Refusal::internal()),
        }
    }

    /// Labels are the learner's, but for those that are ours.
    pub(super) fn label(&mut self, pairs: Vec<(String, String)>) -> Result<Step, Refusal> {
        if pairs.iter().any(|(name, _)| Scope::is_our_label(name)) {
            return Err(Refusal::invalid("lunchbox: labels that begin with io.lunchbox. are the classroom's own. Choose another name."));
        }
        let told: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
        self.image.config.labels.get_or_insert_default().extend(pairs);
        Ok(Step::nothing(format!("LABEL {}", told.join(" "))))
    }

    pub(super) fn shell(&self) -> Vec<String> {
        self.image.config.shell.clone().unwrap_or_else(|| vec!["/bin/sh".to_owned(), "-c".to_owned()])
    }

    /// A list in JSON as it is, anything else for the shell.
    fn words_of_command(&self, rest: &str) -> Vec<String> {
        json_words(rest).unwrap_or_else(|| {
            let mut words = self.shell();
            words.push(rest.to_owned());
            words
        })
    }

    fn command_of_image(&mut self, keyword: &str, command: Vec<String>) -> Step {
        let told = format!("{keyword} {}", quoted(&command));
        if keyword == "CMD" {
            self.image.config.cmd = Some(command);
            self.cmd_given = true;
        } else {
            self.image.config.entrypoint = Some(command);
            // What the base would have said to its own entrypoint.
            if !self.cmd_given {
                self.image.config.cmd = None;
            }
        }
        Step::nothing(told)
    }

    fn declare(&mut self, instruction: &Instruction, given: Given<'_>) -> Result<Step, Refusal> {
        let (mut told, mut written) = (Vec::new(), Vec::new());
        for (name, default) in words::assignments(&instruction.rest, given.escape) {
            let default = default.map(|default| self.expand(&default, given, instruction.line)).transpose()?;
            written.push(default.as_ref().map_or_else(|| name.clone(), |default| format!("{name}={default}")));
            let value = match (given.arguments.get(&name), default) {
                (Some(Some(given)), _) => Some(given.clone()),
                (_, Some(default)) => Some(default),
                (_, None) => given.outside.get(&name).cloned(),
            };
            told.push(value.as_ref().map_or_else(|| name.clone(), |value| format!("{name}={value}")));
            match value {
                Some(value) => _ = self.arguments.insert(name, value),
                None => _ = self.arguments.remove(&name),
            }
        }
        // The classic builder tells what stands there, and BuildKit what it is.
        let told = [told, written].map(|words| format!("ARG {}", words.join(" ")));
        Ok(Step { told, action: Action::Nothing })
    }

    /// `A=1 B=2`, or the old way: a name, and all the rest.
    fn pairs(&self, instruction: &Instruction, given: Given<'_>) -> Result<Vec<(String, String)>, Refusal> {
        let line = instruction.line;
        let mut pairs = words::assignments(&instruction.rest, given.escape);
        if pairs.first().is_some_and(|(_, value)| value.is_none()) {
            let Some((name, value)) = instruction.rest.split_once(char::is_whitespace) else {
                return Err(dockerfile::error(line, &format!("{} must have two arguments", instruction.keyword)));
            };
            pairs = vec![(name.to_owned(), Some(value.trim_start().to_owned()))];
        }
        let variables = self.variables(given);
        let mut all = Vec::new();
        for (name, value) in pairs {
            let wrong = || dockerfile::error(line, &format!("Syntax error - can't find = in {name:?}. Must be of the form: name=value"));
            let value = value.ok_or_else(wrong)?;
            let name = expand(&name, &variables, given, line)?;
            if name.is_empty() {
                return Err(dockerfile::error(line, &format!("{} names can not be blank", instruction.keyword)));
            }
            all.push((name, expand(&value, &variables, given, line)?));
        }
        Ok(all)
    }

    fn expose(&mut self, instruction: &Instruction, given: Given<'_>) -> Result<Step, Refusal> {
        let wrong = |word: &str| Refusal::invalid(format!("Invalid containerPort: {word}"));
        let variables = self.variables(given);
        let mut exposed = BTreeMap::new();
        let mut written = Vec::new();
        for word in words::split(&instruction.rest, given.escape) {
            // A word with variables may become several.
            let expanded = expand(&word, &variables, given, instruction.line)?;
            for word in expanded.split_whitespace() {
                written.push(word.to_owned());
                let (ports, protocol) = word.split_once('/').unwrap_or((word, "tcp"));
                // `8080:80` is read as its second half.
                let ports = ports.rsplit(':').next().unwrap_or(ports);
                let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
                let number = |text: &str| text.parse::<u16>().ok().map(u32::from);
                let (first, last) = number(first).zip(number(last)).filter(|(first, last)| first <= last).ok_or_else(|| wrong(word))?;
                if last - first >= MAX_PORTS {
                    return Err(wrong(word));
                }
                for port in first..=last {
                    let port = format!("{port}/{}", protocol.to_ascii_lowercase());
                    ports::parse_container_port(&port)?;
                    exposed.insert(port, Empty {});
                }
            }
        }
        let map: Vec<String> = exposed.keys().map(|port| format!("{port}:{{}}")).collect();
        self.image.config.exposed_ports.get_or_insert_default().extend(exposed);
        let told = [format!("EXPOSE map[{}]", map.join(" ")), format!("EXPOSE {}", written.join(" "))];
        Ok(Step { told, action: Action::Nothing })
    }

    /// Where steps run, and containers: never in a folder of the kernel's.
    fn enter(&mut self, instruction: &Instruction, given: Given<'_>) -> Result<Step, Refusal> {
        let path = self.expand(&instruction.rest, given, instruction.line)?;
        let whole = self.whole(&path);
        paths::check_working_dir(&whole)?;
        let clean = paths::clean(&whole).ok_or_else(|| dockerfile::error(instruction.line, "the folder's name is not understood"))?;
        self.image.config.working_dir.clone_from(&clean);
        let told = format!("WORKDIR {clean}");
        Ok(Step { told: [told.clone(), told], action: Action::Folder(clean) })
    }

    /// A path below the folder that steps run in.
    fn whole(&self, path: &str) -> String {
        let whole = if path.starts_with('/') { path.to_owned() } else { format!("{}/{path}", self.image.config.working_dir) };
        if whole.starts_with('/') { whole } else { format!("/{whole}") }
    }

    /// The same, clean.
    pub(super) fn path(&self, path: &str, line: usize) -> Result<String, Refusal> {
        paths::clean(&self.whole(path)).ok_or_else(|| dockerfile::error(line, &format!("the path {path:?} is not understood")))
    }
}

fn expand(word: &str, variables: &Variables, given: Given<'_>, line: usize) -> Result<String, Refusal> {
    words::expand(word, variables, given.escape).ok_or_else(|| {
        let word: String = word.chars().take(MAX_TOLD).collect();
        dockerfile::error(line, &format!("failed to process {word:?}: it is not understood"))
    })
}

fn undeclared(given: Given<'_>) -> Variables {
    UNDECLARED.iter().filter_map(|name| Some(((*name).to_owned(), given.arguments.get(*name)?.clone()?))).collect()
}

/// A list of texts in JSON.
fn json_words(text: &str) -> Option<Vec<String>> {
    if text.starts_with('[') { serde_json::from_str(text).ok() } else { None }
}

/// As Go prints a list of texts with `%q`.
fn quoted(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| serde_json::to_string(word).unwrap_or_default()).collect();
    format!("[{}]", words.join(" "))
}

#[cfg(test)]
mod tests;
