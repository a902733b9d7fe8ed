//! RUN, COPY and ADD: what is to be done, in full.

use crate::{limits, refusal::Refusal};

use super::{
    super::{
        dockerfile::{self, Heredoc, Instruction},
        words,
    },
    Action, Copy, Given, Run, Stage, Step, expand, json_words, undeclared,
};

impl Stage {
    pub(super) fn run(&self, instruction: &Instruction, given: Given<'_>) -> Result<Step, Refusal> {
        let environment: Vec<String> = self.image.config.env.clone().unwrap_or_default();
        let is_set = |name: &str| self.environment().any(|(known, _)| known == name);
        let arguments: Vec<String> =
            self.arguments.iter().filter(|(name, _)| !is_set(name)).map(|(name, value)| format!("{name}={value}")).collect();
        let proxies = undeclared(given).into_iter().filter(|(name, _)| !is_set(name) && !self.arguments.contains_key(name));
        let proxies = proxies.map(|(name, value)| format!("{name}={value}"));
        let mut script = None;
        let command = match &instruction.heredocs[..] {
            [] => self.words_of_command(&instruction.rest),
            [only] if Heredoc::is_all_of(only, &instruction.rest, given.escape) => {
                let content = only.content();
                if content.starts_with("#!") {
                    script = Some((only.name.clone(), content));
                    vec![format!("/dev/pipes/{}", only.name)]
                } else {
                    [self.shell(), vec![content]].concat()
                }
            }
            several => {
                // The shell reads them itself.
                let whole = several.iter().fold(instruction.rest.clone(), |whole, one| format!("{whole}\n{}{}", one.text, one.name));
                [self.shell(), vec![whole]].concat()
            }
        };
        let before = if arguments.is_empty() { String::new() } else { format!("|{} {} ", arguments.len(), arguments.join(" ")) };
        let line = format!("{before}{}", command.join(" "));
        let network = !instruction.flags.iter().any(|flag| flag == "--network=none");
        let counted = [arguments.clone(), environment.clone()].concat();
        let variables = environment.len();
        let environment: Vec<String> = environment.into_iter().chain(arguments).chain(proxies).collect();
        Ok(Step {
            told: [format!("RUN {line} # buildkit"), line],
            action: Action::Run(Run { command, more_than_image: environment.len() > variables, environment, counted, script, network }),
        })
    }

    pub(super) fn copy(&self, instruction: &Instruction, given: Given<'_>) -> Result<Step, Refusal> {
        let (line, keyword) = (instruction.line, instruction.keyword);
        let mut words = json_words(&instruction.rest).unwrap_or_else(|| words::split(&instruction.rest, given.escape));
        let Some(destination) = words.pop().filter(|_| !words.is_empty()) else {
            let what = "at least two arguments, but only one was provided. Destination could not be determined";
            return Err(dockerfile::error(line, &format!("{keyword} requires {what}")));
        };
        if words.len() > limits::MAX_COPY_SOURCES {
            let most = limits::MAX_COPY_SOURCES;
            return Err(dockerfile::error(line, &format!("lunchbox: {keyword} takes at most {most} sources. Copy their folder")));
        }
        let variables = self.variables(given);
        let (mut sources, mut files) = (Vec::new(), Vec::new());
        let mut heredocs = instruction.heredocs.iter();
        for word in words {
            if Heredoc::is_one(&word, given.escape)
                && let Some(heredoc) = heredocs.next()
            {
                let content = heredoc.content();
                let content = if heredoc.expands { self.fill_in(&content, given, line)? } else { content };
                files.push((heredoc.name.clone(), content));
            } else {
                sources.push(expand(&word, &variables, given, line)?);
            }
        }
        let destination = self.expand(&destination, given, line)?;
        let flag = |name: &str| instruction.flags.iter().find_map(|flag| flag.strip_prefix(name)?.strip_prefix('='));
        let owner = flag("--chown").map(|owner| self.expand(owner, given, line)).transpose()?;
        let mode = flag("--chmod").map(|mode| self.expand(mode, given, line)).transpose()?;
        let mode = mode.map(|mode| u32::from_str_radix(&mode, 8).ok().filter(|bits| *bits <= 0o7777).ok_or(mode)).transpose();
        let mode = mode.map_err(|mode| {
            dockerfile::error(line, &format!("invalid chmod parameter: '{mode}'. it should be octal string and between 0 and 07777"))
        })?;
        let into_folder = destination.ends_with('/') || destination.ends_with("/.") || destination == ".";
        let several = sources.len() + files.len() > 1;
        if several && !into_folder {
            return Err(dockerfile::error(
                line,
                &format!("When using {keyword} with more than one source file, the destination must be a directory and end with a /"),
            ));
        }
        let told = sources.iter().cloned().chain(files.iter().map(|(name, _)| format!("<<{name}"))).collect::<Vec<_>>().join(" ");
        let flags: Vec<String> = instruction.flags.iter().filter(|flag| flag.starts_with("--ch")).map(|flag| format!("{flag} ")).collect();
        let clean = self.path(&destination, line)?;
        Ok(Step {
            // The classic builder tells the digest of what it copies, which isn't known here.
            told: [format!("{keyword} {}{told} {destination} # buildkit", flags.concat()), format!("{keyword} %s in {clean} ")],
            action: Action::Copy(Copy { sources, files, destination: clean, into_folder, owner, mode, unpacks: keyword == "ADD" }),
        })
    }

    /// A text with its variables replaced, and nothing else: quotes stay.
    fn fill_in(&self, text: &str, given: Given<'_>, line: usize) -> Result<String, Refusal> {
        let mut plain = String::new();
        let mut after_escape = false;
        for c in text.chars() {
            // An escape is a character like any other, and the dollar after it is no variable's.
            if matches!(c, '"' | '\'') || c == given.escape || (c == '$' && after_escape) {
                plain.push(given.escape);
            }
            after_escape = c == given.escape && !after_escape;
            plain.push(c);
        }
        self.expand(&plain, given, line)
    }
}

impl Heredoc {
    fn is_one(word: &str, escape: char) -> bool {
        Self::parse(word, escape).is_some()
    }

    /// Whether a command is nothing but its heredoc.
    fn is_all_of(&self, rest: &str, escape: char) -> bool {
        Self::parse(rest.trim(), escape).is_some_and(|parsed| parsed.name == self.name) && !rest.trim().contains(char::is_whitespace)
    }
}
