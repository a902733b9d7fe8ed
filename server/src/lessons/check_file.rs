//! `[[check]]` in a step's front matter.

use super::{
    table::{Table, Value},
    text,
};
use crate::checks::{Answers, Check, CheckKind, ContainerCheck, ContainerOf, Publishes, StateWanted, TagCheck};

type ReadKind = fn(Value<'_>) -> Option<CheckKind>;

/// What a check can look at, by its key.
const KINDS: [(&str, ReadKind); 14] = [
    ("image", |value| Some(CheckKind::Image(value.reference()?))),
    ("images", |value| Some(CheckKind::Images(value.references()?))),
    ("pulled", |value| Some(CheckKind::Pulled(value.reference()?))),
    ("listed", |value| Some(CheckKind::Listed(value.references()?))),
    ("inspected", |value| Some(CheckKind::Inspected(value.reference()?))),
    ("history_viewed", |value| Some(CheckKind::HistoryViewed(value.reference()?))),
    ("tagged", |value| Some(CheckKind::Tagged(tag(value, "`tagged`")?))),
    ("built", built),
    ("pushed", |value| Some(CheckKind::Pushed(tag(value, "`pushed`")?))),
    ("container", container),
    ("removed", removed),
    ("logs_read", |value| Some(CheckKind::LogsRead(container_of(value)?))),
    ("exec_used", |value| Some(CheckKind::ExecUsed(container_of(value)?))),
    ("diffed", |value| Some(CheckKind::Diffed(container_of(value)?))),
];

/// `None`, with mistakes noted, where the check can't be used.
pub(super) fn check(table: Table<'_>) -> Option<Check> {
    let id = text::id(&table, "id");
    let goal = table.need_text("goal").map(|goal| {
        text::advise(table.source(), table.line(), goal);
        goal.to_owned()
    });
    let present: Vec<(Value<'_>, ReadKind)> = KINDS.iter().filter_map(|(key, read)| Some((table.get(key)?, *read))).collect();
    let kind = match present.as_slice() {
        [(value, read)] => read(*value),
        [] => {
            let kinds: Vec<&str> = KINDS.iter().map(|(key, _)| *key).collect();
            table.mistake(format!("a check needs one thing to look at: one of {}", kinds.join(", ")));
            None
        }
        [_, (second, _), ..] => {
            second.mistake("a check looks at one thing; make two checks of it");
            None
        }
    };
    table.finish();
    Some(Check { id: id?, goal: goal?, kind: kind? })
}

fn tag(value: Value<'_>, what: &'static str) -> Option<TagCheck> {
    let table = value.table(what)?;
    let image = table.need("image").and_then(|image| image.reference());
    let registry = table.get("registry").and_then(|registry| registry.text()).map(str::to_owned);
    let name = table.get("name").and_then(|name| name.reference());
    if registry.is_some() && name.is_some() {
        table.mistake("`name` says the registry already; leave `registry` out");
    }
    table.finish();
    Some(TagCheck { image: image?, registry, name })
}

fn built(value: Value<'_>) -> Option<CheckKind> {
    if value.is_text() {
        return Some(CheckKind::Built { image: value.reference()?, from_cache: false });
    }
    let table = value.table("`built`")?;
    let image = table.need("image").and_then(|image| image.reference());
    let from_cache = table.get("from_cache").and_then(|flag| flag.flag()).unwrap_or(false);
    table.finish();
    Some(CheckKind::Built { image: image?, from_cache })
}

fn container(value: Value<'_>) -> Option<CheckKind> {
    let table = value.table("`container`")?;
    let of = of(&table);
    let was_run = table.get("was_run").and_then(|flag| flag.flag()).unwrap_or(false);
    let state = table.get("state").map(state);
    let publishes = table.get("publishes").map(publishes);
    let answers = table.get("answers_http").map(answers);
    table.finish();
    if was_run {
        if state.is_some() || publishes.is_some() || answers.is_some() {
            value.mistake("`was_run` is about the past; state, publishes and answers_http are about now: make two checks of it");
        }
        return Some(CheckKind::WasRun(of?));
    }
    let state = state.unwrap_or(Some(StateWanted::Running));
    if answers.is_some() && state.is_some_and(|state| state != StateWanted::Running) {
        value.mistake("only a running container answers HTTP");
    }
    // What was there and could not be read has been noted: such a check isn't used.
    let publishes = publishes.map_or(Some(None), |read| read.map(Some))?;
    let answers = answers.map_or(Some(None), |read| read)?;
    Some(CheckKind::Container(ContainerCheck { of: of?, state: state?, publishes, answers }))
}

fn state(value: Value<'_>) -> Option<StateWanted> {
    match value.text()? {
        "running" => Some(StateWanted::Running),
        "exited" => Some(StateWanted::Exited),
        "any" => Some(StateWanted::Any),
        other => {
            value.mistake(format!("{other:?} is no state; there are running, exited, any"));
            None
        }
    }
}

fn publishes(value: Value<'_>) -> Option<Publishes> {
    let table = value.table("`publishes`")?;
    let host = table.need("host").and_then(|port| port.number());
    let container = table.need("container").and_then(|port| port.number());
    table.finish();
    Some(Publishes { host: host?, container: container? })
}

/// `answers_http = false` asks for nothing.
fn answers(value: Value<'_>) -> Option<Option<Answers>> {
    if value.is_flag() {
        return Some(value.flag()?.then(Answers::default));
    }
    let table = value.table("`answers_http`")?;
    let containing = table.need_text("containing").map(str::to_owned);
    table.finish();
    Some(Some(Answers { containing: Some(containing?) }))
}

fn removed(value: Value<'_>) -> Option<CheckKind> {
    let table = value.table("`removed`")?;
    let kinds = (table.get("image"), table.get("container"));
    table.finish();
    match kinds {
        (Some(image), None) => Some(CheckKind::RemovedImage(image.reference()?)),
        (None, Some(container)) => Some(CheckKind::RemovedContainer(container_of(container)?)),
        (None, None) | (Some(_), Some(_)) => {
            value.mistake("`removed` is about one of `image` and `container`");
            None
        }
    }
}

fn container_of(value: Value<'_>) -> Option<ContainerOf> {
    let table = value.table("a container")?;
    let of = of(&table);
    table.finish();
    of
}

fn of(table: &Table<'_>) -> Option<ContainerOf> {
    let image = table.get("image").map(|image| image.reference());
    let name = table.get("name").map(|name| name.text().map(str::to_owned));
    if image.is_none() && name.is_none() {
        table.mistake("a container is told by its `image`, its `name`, or both");
        return None;
    }
    Some(ContainerOf { image: image.map_or(Some(None), |read| read.map(Some))?, name: name.map_or(Some(None), |read| read.map(Some))? })
}
