//! How far learners have come, in SQL. What is told to a learner is stored before.
//!
//! Reads and writes of one learner's progress take turns (`checker`), so that nothing here has to
//! read and write in one transaction.

mod events;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};

use app::model::{Answered, Outcome, Progress, StepProgress};
use sqlx::{AnyPool, Row as _};

use crate::{clock::now, learner::LearnerId, lessons::Lesson};

/// One learner's progress in one lesson, as it is stored.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Record {
    pub current_step: Option<String>,
    pub steps: BTreeMap<String, StepRecord>,
}

/// Of one step.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StepRecord {
    /// Unix milliseconds.
    pub passed_at: Option<i64>,
    pub tries: u32,
    /// How many have been revealed.
    pub hints: u32,
    pub solution: bool,
    /// By check ID.
    pub checks: BTreeMap<String, Outcome>,
    /// By question ID.
    pub answers: BTreeMap<String, Answered>,
}

impl Record {
    /// As the page shows it: hints and solution with their text, and nothing that the lesson
    /// doesn't have.
    pub fn view(&self, lesson: &Lesson) -> Progress {
        let steps = lesson.steps.iter().filter_map(|step| {
            let record = self.steps.get(&step.id)?;
            let hints = usize::try_from(record.hints).unwrap_or(usize::MAX);
            let view = StepProgress {
                passed_at: record.passed_at,
                tries: record.tries,
                checks: record
                    .checks
                    .iter()
                    .filter(|(id, _)| step.check(id).is_some())
                    .map(|(id, outcome)| (id.clone(), outcome.clone()))
                    .collect(),
                questions: record
                    .answers
                    .iter()
                    .filter(|(id, _)| step.question(id).is_some())
                    .map(|(id, answered)| (id.clone(), answered.clone()))
                    .collect(),
                hints: step.hints.iter().take(hints).cloned().collect(),
                solution: step.solution.clone().filter(|_| record.solution),
            };
            Some((step.id.clone(), view))
        });
        Progress { steps: steps.collect(), current_step: self.current_step.clone().filter(|id| lesson.step(id).is_some()) }
    }
}

/// The tables of progress. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    pool: AnyPool,
}

impl Store {
    pub fn new(pool: AnyPool) -> Self {
        Self { pool }
    }

    /// Whether anything was stored of that learner.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn is_known(&self, learner: &LearnerId) -> Result<bool, sqlx::Error> {
        let found = sqlx::query("SELECT 1 FROM learners WHERE id = $1").bind(learner.as_str()).fetch_optional(&self.pool).await?;
        Ok(found.is_some())
    }

    /// The learner's progress in the lesson.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn read(&self, learner: &LearnerId, lesson: &str) -> Result<Record, sqlx::Error> {
        let of = |sql| sqlx::query(sql).bind(learner.as_str().to_owned()).bind(lesson.to_owned());
        let mut record = Record::default();
        let current = of("SELECT current_step FROM progress_lessons WHERE learner = $1 AND lesson = $2").fetch_optional(&self.pool).await?;
        record.current_step = current.map(|row| row.try_get(0)).transpose()?;
        for row in of("SELECT step, passed_at, tries, hints, solution FROM progress_steps WHERE learner = $1 AND lesson = $2")
            .fetch_all(&self.pool)
            .await?
        {
            let step = record.steps.entry(row.try_get(0)?).or_default();
            step.passed_at = Some(row.try_get(1)?).filter(|at| *at > 0);
            step.tries = count(row.try_get(2)?);
            step.hints = count(row.try_get(3)?);
            step.solution = row.try_get::<i64, _>(4)? > 0;
        }
        for row in of("SELECT step, check_id, passed, undone, message FROM progress_checks WHERE learner = $1 AND lesson = $2")
            .fetch_all(&self.pool)
            .await?
        {
            let outcome =
                Outcome { passed: row.try_get::<i64, _>(2)? > 0, undone: row.try_get::<i64, _>(3)? > 0, message: row.try_get(4)? };
            record.steps.entry(row.try_get(0)?).or_default().checks.insert(row.try_get(1)?, outcome);
        }
        for row in of("SELECT step, question, answer, is_right, feedback FROM progress_answers WHERE learner = $1 AND lesson = $2")
            .fetch_all(&self.pool)
            .await?
        {
            let answered = Answered { answer: row.try_get(2)?, right: row.try_get::<i64, _>(3)? > 0, feedback: row.try_get(4)? };
            record.steps.entry(row.try_get(0)?).or_default().answers.insert(row.try_get(1)?, answered);
        }
        Ok(record)
    }

    /// The steps that the learner has passed, by lesson.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn passed(&self, learner: &LearnerId) -> Result<HashMap<String, Vec<String>>, sqlx::Error> {
        let rows = sqlx::query("SELECT lesson, step FROM progress_steps WHERE learner = $1 AND passed_at > 0")
            .bind(learner.as_str())
            .fetch_all(&self.pool)
            .await?;
        let mut passed: HashMap<String, Vec<String>> = HashMap::new();
        for row in rows {
            passed.entry(row.try_get(0)?).or_default().push(row.try_get(1)?);
        }
        Ok(passed)
    }

    /// Stores what has changed from `before` to `after`, all of it or nothing.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn write(&self, learner: &LearnerId, lesson: &str, before: &Record, after: &Record) -> Result<(), sqlx::Error> {
        if before == after {
            return Ok(());
        }
        let at = now();
        let mut transaction = self.pool.begin().await?;
        sqlx::query("INSERT INTO learners (id, made_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING")
            .bind(learner.as_str())
            .bind(at)
            .execute(&mut *transaction)
            .await?;
        if let Some(current) = after.current_step.as_ref().filter(|current| before.current_step.as_ref() != Some(current)) {
            sqlx::query(
                "INSERT INTO progress_lessons (learner, lesson, current_step, visited_at) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (learner, lesson) DO UPDATE SET current_step = excluded.current_step, visited_at = excluded.visited_at",
            )
            .bind(learner.as_str())
            .bind(lesson)
            .bind(current.as_str())
            .bind(at)
            .execute(&mut *transaction)
            .await?;
            // Something was known of it before that, as of a step that was passed on the way to another.
            sqlx::query("UPDATE progress_steps SET first_at = $4 WHERE learner = $1 AND lesson = $2 AND step = $3 AND first_at = 0")
                .bind(learner.as_str())
                .bind(lesson)
                .bind(current.as_str())
                .bind(at)
                .execute(&mut *transaction)
                .await?;
        }
        for event in events::between(before, after) {
            events::insert(&mut transaction, learner, lesson, &event, at).await?;
        }
        let none = StepRecord::default();
        for (id, step) in &after.steps {
            let old = before.steps.get(id);
            if old == Some(step) {
                continue;
            }
            sqlx::query(
                "INSERT INTO progress_steps (learner, lesson, step, first_at, passed_at, tries, hints, solution) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
                 ON CONFLICT (learner, lesson, step) DO UPDATE SET passed_at = excluded.passed_at, tries = excluded.tries,
                 hints = excluded.hints, solution = excluded.solution",
            )
            .bind(learner.as_str())
            .bind(lesson)
            .bind(id.as_str())
            .bind(if is_looked_at(after, id) { at } else { 0 })
            .bind(step.passed_at.unwrap_or(0))
            .bind(i64::from(step.tries))
            .bind(i64::from(step.hints))
            .bind(i64::from(step.solution))
            .execute(&mut *transaction)
            .await?;
            let old = old.unwrap_or(&none);
            for (check, outcome) in step.checks.iter().filter(|(check, outcome)| old.checks.get(*check) != Some(outcome)) {
                // The first time that it was passed stays.
                sqlx::query(
                    "INSERT INTO progress_checks (learner, lesson, step, check_id, passed, undone, passed_at, message) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
                     ON CONFLICT (learner, lesson, step, check_id) DO UPDATE SET passed = excluded.passed, undone = excluded.undone, message = excluded.message,
                     passed_at = CASE WHEN progress_checks.passed_at > 0 THEN progress_checks.passed_at ELSE excluded.passed_at END",
                )
                .bind(learner.as_str())
                .bind(lesson)
                .bind(id.as_str())
                .bind(check.as_str())
                .bind(i64::from(outcome.passed))
                .bind(i64::from(outcome.undone))
                .bind(if outcome.passed { at } else { 0 })
                .bind(outcome.message.as_str())
                .execute(&mut *transaction)
                .await?;
            }
            for (question, answered) in step.answers.iter().filter(|(question, answered)| old.answers.get(*question) != Some(answered)) {
                sqlx::query(
                    "INSERT INTO progress_answers (learner, lesson, step, question, answer, is_right, feedback, answered_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
                     ON CONFLICT (learner, lesson, step, question) DO UPDATE SET answer = excluded.answer, is_right = excluded.is_right,
                     feedback = excluded.feedback, answered_at = excluded.answered_at",
                )
                .bind(learner.as_str())
                .bind(lesson)
                .bind(id.as_str())
                .bind(question.as_str())
                .bind(answered.answer.as_str())
                .bind(i64::from(answered.right))
                .bind(answered.feedback.as_str())
                .bind(at)
                .execute(&mut *transaction)
                .await?;
            }
        }
        transaction.commit().await
    }
}

/// What comes before the IDs of all events of that moment (unix milliseconds) and later.
pub(crate) fn first_event_id(at: i64) -> String {
    events::first_id(at)
}

/// Whether the learner looks at the step, or has done what only somebody does who does. Checks look at all steps.
fn is_looked_at(record: &Record, id: &str) -> bool {
    let has_acted = |step: &StepRecord| step.tries > 0 || step.hints > 0 || step.solution || !step.answers.is_empty();
    record.current_step.as_deref() == Some(id) || record.steps.get(id).is_some_and(has_acted)
}

fn count(stored: i64) -> u32 {
    u32::try_from(stored).unwrap_or(0)
}
