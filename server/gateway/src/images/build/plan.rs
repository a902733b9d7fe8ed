//! What a Dockerfile would have done, judged before anything is: every image that it names is told of, and
//! nothing is fetched from elsewhere.

use std::collections::BTreeMap;

use crate::refusal::Refusal;

use super::{
    dockerfile::{self, Dockerfile, Instruction},
    mounts::{self, Kind, Mount},
    words::{self, Variables},
};

/// Build arguments: a name without a value takes nothing.
pub(super) type Arguments = BTreeMap<String, Option<String>>;

/// Where an instruction takes files from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    /// `FROM scratch`
    Nothing,
    /// An earlier stage, by the name or number that was written.
    Stage(String),
    /// An image, by the learner's name for it.
    Image(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) instruction: Instruction,
    /// Of a FROM, and of a COPY with `--from`.
    pub(super) source: Option<Source>,
    /// Of a FROM.
    pub(super) stage_name: Option<String>,
    /// Of a RUN.
    pub(super) mounts: Vec<Mount>,
}

impl Part {
    /// All that it takes files from.
    pub(super) fn sources(&self) -> impl Iterator<Item = &Source> {
        let mounted = self.mounts.iter().filter_map(|mount| match &mount.kind {
            Kind::Bind { from, .. } | Kind::Cache { from, .. } => from.as_ref(),
            _ => None,
        });
        self.source.iter().chain(mounted)
    }
}

/// The instructions up to the stage that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) escape: char,
    pub(super) parts: Vec<Part>,
}

impl Plan {
    /// Build arguments that no ARG asks for, by name.
    pub(super) fn unused(&self, arguments: &Arguments) -> Vec<String> {
        let asked = self.parts.iter().filter(|part| part.instruction.keyword == "ARG");
        let asked: Vec<String> =
            asked.flat_map(|part| words::assignments(&part.instruction.rest, self.escape)).map(|(name, _)| name).collect();
        let unused = arguments.keys().filter(|name| !asked.contains(name) && !UNDECLARED.contains(&name.as_str()));
        unused.cloned().collect()
    }

    /// Puts other images in the place of those that are named (`--build-context`). Stages keep their names.
    pub(super) fn instead(mut self, others: &BTreeMap<String, String>) -> Self {
        let other = |source: &mut Source| {
            if let Source::Image(name) = source
                && let Some(other) = others.get(name)
            {
                name.clone_from(other);
            }
        };
        for part in &mut self.parts {
            part.source.iter_mut().for_each(other);
            for mount in &mut part.mounts {
                if let Kind::Bind { from: Some(from), .. } | Kind::Cache { from: Some(from), .. } = &mut mount.kind {
                    other(from);
                }
            }
        }
        self
    }

    /// Names of images, in the order in which they are needed, each once. `needed`: for each stage whether it
    /// is done; all are where nothing is said.
    pub(super) fn images(&self, needed: &[bool]) -> Vec<(usize, &str)> {
        let mut names: Vec<(usize, &str)> = Vec::new();
        let mut stages = 0;
        for (index, part) in self.parts.iter().enumerate() {
            stages += usize::from(part.instruction.keyword == "FROM");
            if stages > 0 && needed.get(stages - 1) == Some(&false) {
                continue;
            }
            for source in part.sources() {
                if let Source::Image(name) = source
                    && !names.iter().any(|(_, known)| known == name)
                {
                    names.push((index, name));
                }
            }
        }
        names
    }
}

/// Build arguments that need no ARG, and of which no outcome is thought to depend.
pub(super) const UNDECLARED: [&str; 10] =
    ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "FTP_PROXY", "ftp_proxy", "NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy"];
const NO_URLS: &str = "lunchbox: builds cannot fetch URLs in this classroom. Put the file next to the Dockerfile and COPY it.";

pub(super) fn judge(file: Dockerfile, arguments: &Arguments, target: &str) -> Result<Plan, Refusal> {
    let escape = file.escape;
    let mut variables = platform();
    let mut stages: Vec<Option<String>> = Vec::new();
    let mut parts = Vec::new();
    let mut reached = target.is_empty();
    for mut instruction in file.instructions {
        check(&instruction, escape)?;
        let (mut source, mut stage_name, mut mounts) = (None, None, Vec::new());
        match instruction.keyword {
            "ARG" if stages.is_empty() => declare(&instruction, escape, arguments, &mut variables),
            "FROM" => {
                if !target.is_empty() && reached {
                    break;
                }
                let (found, name) = from(&instruction, escape, &variables, &stages)?;
                instruction.flags.clear();
                let number = stages.len().to_string();
                reached |= number == target || name.as_ref().is_some_and(|name| name.eq_ignore_ascii_case(target));
                stages.push(name.clone());
                (source, stage_name) = (Some(found), name);
            }
            _ if stages.is_empty() => {
                return Err(Refusal::invalid("no build stage in current context"));
            }
            "COPY" => source = copy_source(&instruction, &stages)?,
            "RUN" => mounts = run_mounts(&instruction, &stages)?,
            _ => {}
        }
        parts.push(Part { instruction, source, stage_name, mounts });
    }
    if stages.is_empty() {
        return Err(Refusal::invalid("no build stage in current context"));
    }
    if !reached {
        return Err(Refusal::invalid(format!("target stage \"{target}\" could not be found")));
    }
    Ok(Plan { escape, parts })
}

/// What no instruction may do, wherever it stands.
pub(super) fn check(instruction: &Instruction, escape: char) -> Result<(), Refusal> {
    match instruction.keyword {
        "ADD" if add_may_fetch(instruction, escape) => Err(Refusal::invalid(NO_URLS)),
        "RUN" | "COPY" | "ADD" | "HEALTHCHECK" => check_flags(instruction),
        "LABEL" if instruction.rest.replace(['"', '\'', escape], "").contains("io.lunchbox.") => {
            Err(Refusal::invalid("lunchbox: labels that begin with io.lunchbox. are the classroom's own. Choose another name."))
        }
        "LABEL" if label_names(instruction, escape).any(|name| name.contains('$')) => Err(Refusal::invalid(
            "lunchbox: names of labels take no variables in this classroom. Write the name out; its value may have some.",
        )),
        "ONBUILD" => check_trigger(&instruction.rest),
        _ => Ok(()),
    }
}

/// Options are known by their names; what they say is read where it is done.
fn check_flags(instruction: &Instruction) -> Result<(), Refusal> {
    let known: &[&str] = match instruction.keyword {
        "RUN" => &["mount", "network", "security"],
        "COPY" => &["from", "chown", "chmod", "link"],
        "ADD" => &["chown", "chmod", "link"],
        _ => &["interval", "timeout", "start-period", "start-interval", "retries"],
    };
    for flag in &instruction.flags {
        let (name, value) = flag[2..].split_once('=').unwrap_or((&flag[2..], ""));
        let refused = |why: &str| Err(Refusal::forbidden(&format!("RUN {flag}"), why));
        match (name, value) {
            ("network", "none" | "default") | ("security", "sandbox") => {}
            ("network", _) => return refused("other learners live on the host's network. Leave it out."),
            ("security", _) => return refused("a step gets no rights beyond a container's. Leave it out."),
            (name, _) if !known.contains(&name) => return Err(dockerfile::error(instruction.line, &format!("unknown flag: {name}"))),
            _ => {}
        }
    }
    Ok(())
}

/// `LABEL a=1 b=2`, or the old way `LABEL a the rest`.
fn label_names(instruction: &Instruction, escape: char) -> impl Iterator<Item = String> {
    let pairs = words::assignments(&instruction.rest, escape);
    let old = pairs.first().is_some_and(|(_, value)| value.is_none());
    pairs.into_iter().take(if old { 1 } else { usize::MAX }).map(|(name, _)| name)
}

/// What an ONBUILD may hold, in a Dockerfile or in an image that a build begins from.
/// It names no image and no stage: which images a build takes from is judged before its first step, from its own
/// Dockerfile. (Newer versions of Docker's Dockerfile format allow it.)
pub(super) fn check_trigger(trigger: &str) -> Result<(), Refusal> {
    let file = dockerfile::parse(trigger)?;
    for instruction in &file.instructions {
        if matches!(instruction.keyword, "ONBUILD" | "FROM" | "MAINTAINER") {
            return Err(Refusal::invalid(format!("{} isn't allowed as an ONBUILD trigger", instruction.keyword)));
        }
        if instruction.flags.iter().any(|flag| flag.starts_with("--from")) {
            return Err(Refusal::invalid("lunchbox: ONBUILD COPY --from can't be used in this classroom. COPY from a stage of your own."));
        }
        check(instruction, file.escape)?;
        trigger_mounts(instruction)?;
    }
    Ok(())
}

/// Whether a source of an ADD is a URL, or could become one when the builder puts variables in: it
/// would be fetched by the engine, from the machine that everybody shares.
fn add_may_fetch(instruction: &Instruction, escape: char) -> bool {
    let words: Vec<String> = match serde_json::from_str(&instruction.rest) {
        Ok(list) => list,
        // A list that only the builder can read.
        Err(_) if instruction.rest.starts_with('[') && instruction.rest.contains('"') => return true,
        // At any space that Unicode knows: whoever copies splits there, too.
        Err(_) => instruction.rest.split_whitespace().map(str::to_owned).collect(),
    };
    words.iter().any(|word| {
        let word = word.to_ascii_lowercase();
        // What stands before the first character that the builder changes.
        let (literal, changes) = match word.find(['$', '"', '\'', escape]) {
            Some(at) => (&word[..at], true),
            None => (word.as_str(), false),
        };
        ["http://", "https://", "git://", "git@", "ssh://"]
            .iter()
            .any(|scheme| literal.starts_with(scheme) || (changes && scheme.starts_with(literal)))
    })
}

/// What a build is for, as BuildKit tells every Dockerfile that asks.
pub(super) fn platform() -> Variables {
    let architecture = crate::registry::architecture();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let of = |side: &str| {
        let platform = format!("linux/{architecture}");
        [pair(&format!("{side}PLATFORM"), &platform), pair(&format!("{side}OS"), "linux"), pair(&format!("{side}ARCH"), architecture)]
    };
    ["BUILD", "TARGET"].into_iter().flat_map(of).collect()
}

/// An ARG before the first FROM.
fn declare(instruction: &Instruction, escape: char, arguments: &Arguments, variables: &mut Variables) {
    for (name, default) in words::assignments(&instruction.rest, escape) {
        let value = match arguments.get(&name) {
            Some(Some(given)) => Some(given.clone()),
            _ => default.and_then(|default| words::expand(&default, variables, escape)),
        };
        if let Some(value) = value {
            variables.insert(name, value);
        }
    }
}

/// What a FROM begins from, and the name of its stage.
fn from(
    instruction: &Instruction,
    escape: char,
    variables: &Variables,
    stages: &[Option<String>],
) -> Result<(Source, Option<String>), Refusal> {
    let line = instruction.line;
    let unclear = |word: &str| dockerfile::error(line, &format!("failed to process {word:?}: it is not understood"));
    for flag in &instruction.flags {
        let Some(platform) = flag.strip_prefix("--platform=") else {
            return Err(dockerfile::error(line, &format!("unknown flag: {}", flag.trim_start_matches('-'))));
        };
        let platform = words::expand(platform, variables, escape).ok_or_else(|| unclear(platform))?;
        crate::images::pull::check_platform(Some(platform.as_str()).filter(|platform| !platform.is_empty()))?;
    }
    let (written, stage) = match instruction.words()[..] {
        [name] => (name, None),
        [name, keyword, stage] if keyword.eq_ignore_ascii_case("as") => (name, Some(stage_name(stage, line)?)),
        _ => return Err(dockerfile::error(line, "FROM requires either one or three arguments")),
    };
    let name = words::expand(written, variables, escape).ok_or_else(|| unclear(written))?;
    if name.is_empty() {
        return Err(Refusal::invalid(format!("base name ({written}) should not be blank")));
    }
    let source = if is_stage(&name, stages) {
        Source::Stage(name)
    } else if name == "scratch" {
        Source::Nothing
    } else {
        Source::Image(name)
    };
    Ok((source, stage))
}

fn stage_name(name: &str, line: usize) -> Result<String, Refusal> {
    let name = name.to_ascii_lowercase();
    let valid = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.'));
    if valid {
        Ok(name)
    } else {
        Err(dockerfile::error(line, &format!("invalid name for build stage: {name:?}, name can't start with a number or contain symbols")))
    }
}

fn is_stage(name: &str, stages: &[Option<String>]) -> bool {
    stages.iter().flatten().any(|stage| stage.eq_ignore_ascii_case(name))
}

/// What a COPY takes its files from, where not from the context. The stage that is being built is none
/// of the earlier ones: the engine would look for an image of its name.
fn copy_source(instruction: &Instruction, stages: &[Option<String>]) -> Result<Option<Source>, Refusal> {
    let mut froms = instruction.flags.iter().filter(|flag| *flag == "--from" || flag.starts_with("--from="));
    let (Some(flag), None) = (froms.next(), froms.next()) else {
        return match instruction.flags.iter().filter(|flag| flag.starts_with("--from")).count() {
            0 => Ok(None),
            _ => Err(dockerfile::error(instruction.line, "duplicate flag specified: from")),
        };
    };
    let Some(name) = flag.strip_prefix("--from=").filter(|name| !name.is_empty()) else {
        return Err(dockerfile::error(instruction.line, "missing a value on flag: from"));
    };
    if name.contains('$') {
        return Err(dockerfile::error(
            instruction.line,
            "lunchbox: COPY --from takes no variables. Name a stage with FROM … AS and copy from that.",
        ));
    }
    origin(name, stages).map(Some)
}

/// What `--from` and `from=` name.
fn origin(name: &str, stages: &[Option<String>]) -> Result<Source, Refusal> {
    let earlier = &stages[..stages.len().saturating_sub(1)];
    if is_stage(name, earlier) {
        return Ok(Source::Stage(name.to_owned()));
    }
    if name.starts_with(['+', '-']) || name.bytes().all(|b| b.is_ascii_digit()) {
        return match name.parse::<usize>() {
            Ok(number) if number < earlier.len() => Ok(Source::Stage(number.to_string())),
            _ => Err(Refusal::invalid(format!("invalid from flag value {name}: refers to no earlier build stage"))),
        };
    }
    Ok(Source::Image(name.to_owned()))
}

/// The mounts of a trigger. It stands in another build's place, whose stages it doesn't know.
pub(super) fn trigger_mounts(instruction: &Instruction) -> Result<Vec<Mount>, Refusal> {
    if instruction.keyword != "RUN" {
        return Ok(Vec::new());
    }
    let mounts = run_mounts(instruction, &[])?;
    let takes = |mount: &Mount| matches!(&mount.kind, Kind::Bind { from: Some(_), .. } | Kind::Cache { from: Some(_), .. });
    if mounts.iter().any(takes) {
        return Err(Refusal::invalid(
            "lunchbox: ONBUILD RUN --mount takes no from= in this classroom. Use RUN --mount in the Dockerfile itself.",
        ));
    }
    Ok(mounts)
}

fn run_mounts(instruction: &Instruction, stages: &[Option<String>]) -> Result<Vec<Mount>, Refusal> {
    let flags = instruction.flags.iter().filter_map(|flag| flag.strip_prefix("--mount"));
    let mounts = flags.map(|flag| {
        let from = |name: &str| match name.contains('$') {
            true => Err(dockerfile::error(instruction.line, "'from' doesn't support variable expansion, define alias stage instead")),
            false => origin(name, stages),
        };
        mounts::parse(flag.strip_prefix('=').unwrap_or_default(), instruction.line, from)
    });
    let mounts = mounts.collect::<Result<Vec<_>, _>>()?;
    if mounts.len() > mounts::MAX_MOUNTS {
        return Err(dockerfile::error(instruction.line, &format!("lunchbox: at most {} mounts a step", mounts::MAX_MOUNTS)));
    }
    Ok(mounts)
}

#[cfg(test)]
mod tests;
