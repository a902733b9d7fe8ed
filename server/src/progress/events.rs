//! What moved a learner's progress: worked out from how it was and how it is, stored with it.

use sqlx::{Any, Transaction};

use super::{Record, StepRecord};
use crate::learner::LearnerId;

/// One thing that happened in a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) step: String,
    pub(super) kind: &'static str,
    /// What the learner was told; empty where that is nothing.
    pub(super) detail: String,
}

/// In the order in which it happens: looked at, tried, answered, helped, passed.
pub(super) fn between(before: &Record, after: &Record) -> Vec<Event> {
    let mut events = Vec::new();
    let mut add = |step: &str, kind, detail: &str| events.push(Event { step: step.to_owned(), kind, detail: detail.to_owned() });
    if let Some(current) = after.current_step.as_ref().filter(|current| before.current_step.as_ref() != Some(current)) {
        add(current, "visited", "");
    }
    let none = StepRecord::default();
    for (id, step) in &after.steps {
        let old = before.steps.get(id).unwrap_or(&none);
        if step.tries > old.tries {
            let failed = step.checks.values().find(|outcome| !outcome.passed);
            add(id, "tried", failed.map_or("", |outcome| &outcome.message));
        }
        for (question, answered) in step.answers.iter().filter(|(question, answered)| old.answers.get(*question) != Some(answered)) {
            // Which question it was is not what the learner was told, but the feedback alone may be empty.
            let told = if answered.feedback.is_empty() { question } else { &answered.feedback };
            add(id, if answered.right { "right" } else { "wrong" }, told);
        }
        if step.hints > old.hints {
            add(id, "hint", "");
        }
        if step.solution && !old.solution {
            add(id, "solution", "");
        }
        if step.passed_at.is_some() && old.passed_at.is_none() {
            add(id, "passed", "");
        }
    }
    events
}

pub(super) async fn insert(
    transaction: &mut Transaction<'_, Any>,
    learner: &LearnerId,
    lesson: &str,
    event: &Event,
    at: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO progress_events (id, learner, lesson, step, at, kind, detail) VALUES ($1, $2, $3, $4, $5, $6, $7)")
        .bind(next_id(at))
        .bind(learner.as_str())
        .bind(lesson)
        .bind(&event.step)
        .bind(at)
        .bind(event.kind)
        .bind(&event.detail)
        .execute(&mut **transaction)
        .await?;
    Ok(())
}

/// Rises with the time, and within a millisecond with each one made by this server.
fn next_id(at: i64) -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("{}{count:08x}{:08x}", first_id(at), rand::random::<u32>())
}

/// What comes before the ID of each event of that moment (unix milliseconds), and after those before.
pub(super) fn first_id(at: i64) -> String {
    format!("{at:012x}")
}

#[cfg(test)]
mod tests {
    use app::model::{Answered, Outcome};

    use super::*;

    fn kinds(before: &Record, after: &Record) -> Vec<(&'static str, String)> {
        between(before, after).into_iter().map(|event| (event.kind, event.detail)).collect()
    }

    #[test]
    fn what_happened_is_told_once_and_in_order() {
        let before = Record::default();
        assert!(kinds(&before, &before).is_empty());
        let mut after = before.clone();
        after.current_step = Some("run".to_owned());
        let step = after.steps.entry("run".to_owned()).or_default();
        step.tries = 1;
        step.checks.insert("up".to_owned(), Outcome { passed: false, message: "no container runs".to_owned(), undone: false });
        step.answers.insert("q".to_owned(), Answered { answer: "x".to_owned(), right: false, feedback: String::new() });
        assert_eq!(
            kinds(&before, &after),
            [("visited", String::new()), ("tried", "no container runs".to_owned()), ("wrong", "q".to_owned())]
        );
        let mut later = after.clone();
        let step = later.steps.entry("run".to_owned()).or_default();
        step.hints = 1;
        step.solution = true;
        step.passed_at = Some(5);
        assert_eq!(kinds(&after, &later).iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), ["hint", "solution", "passed"]);
    }
}
