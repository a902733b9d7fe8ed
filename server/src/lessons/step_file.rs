//! One step of a lesson, from its file.

use app::model::StepKind;

use super::{Step, check_file::check, markdown::Markdown, nearest::nearest, question_file::question, source::Source, table::Table};
use crate::checks::{Check, Question};

/// Hints that a step with checks needs at least: one that points, one that nearly tells.
const MIN_HINTS: usize = 2;

const KINDS: [(&str, StepKind); 4] =
    [("foundation", StepKind::Foundation), ("lab", StepKind::Lab), ("practice", StepKind::Practice), ("recap", StepKind::Recap)];

/// `None`, with mistakes noted, where there is not enough to show.
pub(super) fn step(source: &Source, markdown: &Markdown<'_>, id: String) -> Option<Step> {
    let (front, body) = source.parts()?;
    let body_line = source.line_at(body.start);
    let html = markdown.blocks(source.slice(body.clone()), body_line);
    if source.slice(body).trim().is_empty() {
        source.mistake(body_line, "the step has no text");
    }
    Table::read(source, front, "a step", |table| {
        let title = table.need_text("title").map(str::to_owned);
        let kind = kind(&table);
        let checks = table.tables("check", "a check").into_iter().filter_map(check).collect::<Vec<_>>();
        let questions =
            table.tables("question", "a question").into_iter().filter_map(|table| question(markdown, table)).collect::<Vec<_>>();
        let hints = table.tables("hint", "a hint").into_iter().filter_map(|table| prose(markdown, table)).collect::<Vec<_>>();
        let solution = table.get("solution").map(|solution| solution.table("a solution").and_then(|table| prose(markdown, table)));
        if !checks.is_empty() && hints.len() < MIN_HINTS {
            table.mistake(format!("a step with checks needs {MIN_HINTS} hints or more; this one has {}", hints.len()));
        }
        if !checks.is_empty() && solution.is_none() {
            table.mistake("a step with checks needs a [solution]");
        }
        advise(&table, kind, &checks, &questions);
        table.finish();
        Some(Step { id, kind: kind?, title: title?, html, checks, questions, hints, solution: solution.flatten() })
    })
}

fn kind(table: &Table<'_>) -> Option<StepKind> {
    let value = table.need("kind")?;
    let text = value.text()?;
    let kind = KINDS.iter().find(|(name, _)| *name == text).map(|(_, kind)| *kind);
    if kind.is_none() {
        let names = KINDS.map(|(name, _)| name);
        let instead =
            nearest(text, &names).map_or_else(|| format!("there are {}", names.join(", ")), |near| format!("did you mean {near:?}?"));
        value.mistake(format!("no kind of step is called {text:?}; {instead}"));
    }
    kind
}

/// A hint or a solution: its `text`, as HTML.
fn prose(markdown: &Markdown<'_>, table: Table<'_>) -> Option<String> {
    let html = table.need("text").and_then(|value| Some(markdown.blocks(value.text()?, value.text_line())));
    table.finish();
    html
}

/// What is well-formed and yet would fail the learner.
fn advise(table: &Table<'_>, kind: Option<StepKind>, checks: &[Check], questions: &[Question]) {
    let ids: Vec<&str> =
        checks.iter().map(|check| check.id.as_str()).chain(questions.iter().map(|question| question.id.as_str())).collect();
    if let Some(twice) = first_twice(&ids) {
        table.mistake(format!("two checks or questions of this step have the ID {twice}"));
    }
    let goals: Vec<&str> = checks.iter().map(|check| check.goal.as_str()).collect();
    if let Some(twice) = first_twice(&goals) {
        table.mistake(format!("two checks have the goal {twice:?}; a learner could not tell which one failed"));
    }
    if (1..checks.len()).any(|index| checks[..index].iter().any(|check| check.kind == checks[index].kind)) {
        table.mistake("two checks of this step look at the very same thing");
    }
    match kind {
        Some(StepKind::Lab | StepKind::Practice) if checks.is_empty() => {
            table.mistake("a step of the lab or the practice needs a check: hands-on work is looked at");
        }
        Some(StepKind::Recap) if questions.is_empty() => table.mistake("a recap needs a question or more"),
        _ => {}
    }
}

fn first_twice<'a>(items: &[&'a str]) -> Option<&'a str> {
    (1..items.len()).find(|index| items[..*index].contains(&items[*index])).map(|index| items[index])
}
