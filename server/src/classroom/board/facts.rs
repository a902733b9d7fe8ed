//! What is stored of a class's learners in one lesson, read for many at once.

use std::collections::{BTreeMap, HashMap};

use sqlx::{AnyPool, Row as _, any::AnyRow};

use super::super::assists::Assists;
use crate::{learner::LearnerId, lessons::Lesson};

/// Of one learner in one lesson, by the steps' indexes.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Facts {
    pub(crate) place: String,
    pub(crate) name: String,
    pub(crate) learner: Option<LearnerId>,
    pub(crate) hand_at: i64,
    /// The step they look at, and since when.
    pub(crate) current: Option<(usize, i64)>,
    pub(crate) steps: BTreeMap<usize, StepFacts>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct StepFacts {
    /// The first look at it; 0: there was none yet.
    pub(crate) first_at: i64,
    /// 0: not yet.
    pub(crate) passed_at: i64,
    /// How often the check was asked for, and an answer was wrong.
    pub(crate) tries: u32,
    pub(crate) hints: u32,
    pub(crate) solution: bool,
    /// What they were told when a try or an answer was wrong: each once, with how often.
    pub(crate) wrong: BTreeMap<String, u32>,
    /// Tries and answers that were wrong since the last that was right.
    pub(crate) wrong_in_a_row: u32,
    /// What the last of those said.
    pub(crate) last_wrong: String,
    /// It was passed while an instructor typed in their terminal.
    pub(crate) helped: bool,
}

impl StepFacts {
    pub(crate) fn is_passed(&self) -> bool {
        self.passed_at > 0
    }

    /// From the first look at it until it was passed, in milliseconds. `None`: it isn't passed, or was done before it
    /// was looked at, on the way to another step, which took nobody any time that could be told.
    pub(crate) fn took(&self) -> Option<i64> {
        (self.is_passed() && self.first_at > 0 && self.first_at <= self.passed_at).then(|| self.passed_at - self.first_at)
    }
}

/// Of everybody in the class who has joined, or of `only` some learners.
///
/// # Errors
/// Where the database fails.
pub(crate) async fn read(
    pool: &AnyPool,
    class: &str,
    lesson: &Lesson,
    only: Option<&[LearnerId]>,
) -> Result<HashMap<String, Facts>, sqlx::Error> {
    if only.is_some_and(<[_]>::is_empty) {
        return Ok(HashMap::new());
    }
    let query = async |columns: &str, table: &str| rows(pool, columns, table, class, &lesson.slug, only).await;
    let index = |id: &str| lesson.steps.iter().position(|step| step.id == id);
    let mut all: HashMap<String, Facts> = HashMap::new();
    for row in query("e.id, e.name, e.learner, e.hand_at", "").await? {
        let learner: String = row.try_get(2)?;
        let facts = Facts {
            place: row.try_get(0)?,
            name: row.try_get(1)?,
            learner: Some(LearnerId::from_stored(learner.clone())),
            hand_at: row.try_get(3)?,
            ..Facts::default()
        };
        all.insert(learner, facts);
    }
    for row in query("e.learner, p.current_step, p.visited_at", "progress_lessons").await? {
        let (learner, step): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        if let (Some(facts), Some(step)) = (all.get_mut(&learner), index(&step)) {
            facts.current = Some((step, row.try_get(2)?));
        }
    }
    for row in query("e.learner, p.step, p.first_at, p.passed_at, p.tries, p.hints, p.solution", "progress_steps").await? {
        let (learner, step): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        let (Some(facts), Some(step)) = (all.get_mut(&learner), index(&step)) else { continue };
        let number = |at: usize| row.try_get::<i64, _>(at).map(|number| u32::try_from(number).unwrap_or(0));
        let step = facts.steps.entry(step).or_default();
        (step.first_at, step.passed_at) = (row.try_get(2)?, row.try_get(3)?);
        (step.tries, step.hints, step.solution) = (number(4)?, number(5)?, number(6)? > 0);
    }
    for row in query("e.learner, p.began_at, p.ended_at", "assists").await? {
        let (learner, assist): (String, _) = (row.try_get(0)?, Assists::one(row.try_get(1)?, row.try_get(2)?));
        for step in all.get_mut(&learner).into_iter().flat_map(|facts| facts.steps.values_mut()) {
            step.helped |= step.is_passed() && assist.helped(step.passed_at);
        }
    }
    for row in query("e.learner, p.step, p.kind, p.detail", "progress_events").await? {
        let (learner, step, kind): (String, String, String) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let (Some(facts), Some(step)) = (all.get_mut(&learner), index(&step)) else { continue };
        let step = facts.steps.entry(step).or_default();
        let detail: String = row.try_get(3)?;
        step.tries += u32::from(kind == "wrong");
        match kind.as_str() {
            "tried" | "wrong" if !detail.is_empty() => {
                *step.wrong.entry(detail.clone()).or_default() += 1;
                step.wrong_in_a_row += 1;
                step.last_wrong = detail;
            }
            "tried" | "right" | "passed" => step.wrong_in_a_row = 0,
            _ => {}
        }
    }
    Ok(all)
}

/// Of the class's places `e`, each with the rows of a table `p`, where one is named: of those in the lesson, where that
/// table knows lessons.
async fn rows(
    pool: &AnyPool,
    columns: &str,
    table: &str,
    class: &str,
    lesson: &str,
    only: Option<&[LearnerId]>,
) -> Result<Vec<AnyRow>, sqlx::Error> {
    let (join, of_lesson) = match table {
        "" => (String::new(), false),
        "assists" => (" JOIN assists p ON p.learner = e.learner".to_owned(), false),
        _ => (format!(" JOIN {table} p ON p.learner = e.learner AND p.lesson = $2"), true),
    };
    // Bound whether or not it is used: PostgreSQL wants to know each one's type.
    let unused = if of_lesson { "" } else { " AND CAST($2 AS TEXT) <> ''" };
    // What neither counts nor ends a row of wrong tries isn't read; the rest comes in each learner's order, which
    // is that of the index.
    let (some_kinds, order) = match table {
        "progress_events" => (" AND p.kind IN ('tried', 'wrong', 'right', 'passed')", " ORDER BY e.learner, p.id"),
        _ => ("", ""),
    };
    // A few learners are asked for by name, many by the class: both have an index.
    let some = only.map_or_else(String::new, |learners| {
        let marks: Vec<String> = (3..learners.len() + 3).map(|index| format!("${index}")).collect();
        format!(" AND e.learner IN ({})", marks.join(", "))
    });
    let sql =
        format!("SELECT {columns} FROM enrolments e{join} WHERE e.class = $1 AND e.learner IS NOT NULL{unused}{some}{some_kinds}{order}");
    let mut query = sqlx::query(&sql).bind(class).bind(lesson);
    for learner in only.unwrap_or_default() {
        query = query.bind(learner.as_str());
    }
    query.fetch_all(pool).await
}
