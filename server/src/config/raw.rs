//! Values as they were written, before anybody has looked at what they mean.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use clap::{Arg, ArgMatches, Command};

use super::{
    error::{Mistake, Origin},
    table::SETTINGS,
};

/// The file that is read where `--config` names no other.
const FILE: &str = "lunchbox.toml";
/// Names that differ in at most so many letters are taken for slips.
const SLIP: usize = 2;

/// Settings given as flags; flatten into a command.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    values: BTreeMap<String, String>,
    file: Option<PathBuf>,
}

impl Flags {
    /// Flags from pairs of name and value, as in the file.
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self { values: pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(), file: None }
    }
}

impl clap::Args for Flags {
    fn augment_args(command: Command) -> Command {
        let file = Arg::new("config")
            .long("config")
            .value_name("FILE")
            .help("Settings in a file [env: LUNCHBOX_CONFIG] [default: lunchbox.toml, where there is one]");
        SETTINGS.iter().fold(command.arg(file), |command, setting| {
            let default = if setting.default.is_empty() { String::new() } else { format!(" [default: {}]", setting.default) };
            let help = format!("{} [env: {}]{default}", setting.help, setting.variable());
            // `--dev` alone says yes.
            let argument = Arg::new(setting.name).long(setting.flag()).value_name(setting.value).help(help);
            let argument =
                if setting.name == "dev" { argument.num_args(0..=1).default_missing_value("1").require_equals(true) } else { argument };
            command.arg(argument)
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl clap::FromArgMatches for Flags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let value = |name: &str| matches.get_one::<String>(name).cloned();
        let values = SETTINGS.iter().filter_map(|setting| Some((setting.name.to_owned(), value(setting.name)?))).collect();
        Ok(Self { values, file: value("config").map(PathBuf::from) })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// Every setting's value, with where it comes from; and what could not be read at all.
pub(super) struct Raw {
    pub(super) values: BTreeMap<&'static str, (String, Origin)>,
    /// `$DOCKER_HOST`, as the `docker` command heeds it.
    pub(super) docker_host: Option<String>,
    pub(super) mistakes: Vec<Mistake>,
}

impl Raw {
    pub(super) fn gather(flags: &Flags, env: impl Fn(&str) -> Option<String>, folder: &Path) -> Self {
        let mut mistakes = Vec::new();
        // Set but empty counts as not set, as `VAR= command` is meant.
        let env = |name: &str| env(name).filter(|value| !value.is_empty());
        let (file, asked_for) = match flags.file.clone().or_else(|| env("LUNCHBOX_CONFIG").map(PathBuf::from)) {
            Some(file) => (file, true),
            None => (folder.join(FILE), false),
        };
        let in_file = read_file(&file, asked_for, &mut mistakes);
        let values = SETTINGS
            .iter()
            .map(|setting| {
                let found = if let Some(value) = flags.values.get(setting.name) {
                    (value.clone(), Origin::Flag(format!("--{}", setting.flag())))
                } else if let Some(value) = env(&setting.variable()) {
                    (value, Origin::Variable(setting.variable()))
                } else if let Some(value) = in_file.get(setting.name) {
                    (value.clone(), Origin::File(file.clone(), setting.name.to_owned()))
                } else {
                    (setting.default.to_owned(), Origin::Default(setting.name.to_owned()))
                };
                (setting.name, found)
            })
            .collect();
        Self { values, docker_host: env("DOCKER_HOST"), mistakes }
    }
}

fn read_file(file: &Path, asked_for: bool, mistakes: &mut Vec<Mistake>) -> BTreeMap<String, String> {
    let origin = file.display().to_string();
    let mut wrong = |message: String| mistakes.push(Mistake { origin: origin.clone(), message });
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !asked_for => return BTreeMap::new(),
        Err(error) => {
            wrong(format!("it could not be read: {error}"));
            return BTreeMap::new();
        }
    };
    let table: toml::Table = match text.parse() {
        Ok(table) => table,
        Err(error) => {
            wrong(format!("it is not valid TOML: {}", error.to_string().trim_end()));
            return BTreeMap::new();
        }
    };
    let mut values = BTreeMap::new();
    for (name, value) in table {
        if !SETTINGS.iter().any(|setting| setting.name == name) {
            let near = SETTINGS.iter().map(|setting| setting.name).find(|known| distance(known, &name) <= SLIP);
            wrong(match near {
                Some(near) => format!("there is no setting {name:?}; did you mean {near:?}?"),
                None => format!("there is no setting {name:?}"),
            });
            continue;
        }
        match value {
            toml::Value::String(text) => drop(values.insert(name, text)),
            toml::Value::Integer(number) => drop(values.insert(name, number.to_string())),
            toml::Value::Boolean(yes) => drop(values.insert(name, if yes { "on" } else { "off" }.to_owned())),
            toml::Value::Float(_) | toml::Value::Datetime(_) | toml::Value::Array(_) | toml::Value::Table(_) => {
                wrong(format!("{name} is a text, a whole number, true or false"));
            }
        }
    }
    values
}

/// How many letters must be changed, added or taken away to make one of the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, letter) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for column in 0..other.len() {
            let changed = diagonal + usize::from(letter != other[column]);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}
