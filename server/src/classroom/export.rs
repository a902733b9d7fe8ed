//! A class's progress to be taken away, one lesson after the other: CSV (RFC 4180), JSON, and statements of
//! the Experience API (xAPI 1.0.3). The columns are documented in docs/classroom.md.

use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use sqlx::Row as _;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    ClassError, ClassRow, Classroom,
    board::facts::{self, Facts, StepFacts},
};
use crate::lessons::Lesson;

/// One learner in one step: a line of the CSV, an entry of the JSON.
#[derive(Debug, Clone, Serialize)]
pub struct Line {
    pub learner: String,
    pub lesson: String,
    pub lesson_title: String,
    /// From 1.
    pub position: usize,
    pub step: String,
    pub step_title: String,
    /// `not begun`, `begun` or `passed`.
    pub state: &'static str,
    /// RFC 3339, in UTC; empty: not yet.
    pub first_seen_at: String,
    pub passed_at: String,
    /// From the first look at the step until it was passed; empty: not yet.
    pub seconds: String,
    pub tries: u32,
    pub wrong: u32,
    pub hints: u32,
    /// 1: the solution was shown.
    pub solution: u32,
    /// What the learner was told when they were wrong last.
    pub last_wrong: String,
}

/// Names of the columns, in order.
pub const COLUMNS: [&str; 15] = [
    "learner",
    "lesson",
    "lesson_title",
    "position",
    "step",
    "step_title",
    "state",
    "first_seen_at",
    "passed_at",
    "seconds",
    "tries",
    "wrong",
    "hints",
    "solution",
    "last_wrong",
];

impl Classroom {
    /// Slugs of the class's lessons that are served.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn lessons_to_export(&self, class: &ClassRow) -> Result<Vec<String>, ClassError> {
        Ok(self.lessons_of(&class.id).await?.into_iter().filter(|slug| self.shelf.lesson(slug).is_some()).collect())
    }

    /// Every learner in every step of a lesson that has something to pass; by name, then in the lesson's order.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn progress_lines(&self, class: &ClassRow, lesson: &str) -> Result<Vec<Line>, ClassError> {
        let lesson = self.shelf.lesson(lesson).ok_or(ClassError::NotFound)?;
        let facts = facts::read(&self.pool, &class.id, &lesson, None).await?;
        let mut people: Vec<&Facts> = facts.values().collect();
        people.sort_by_key(|facts| facts.name.to_lowercase());
        Ok(people.into_iter().flat_map(|facts| lines(&lesson, facts)).collect())
    }

    /// What happened in a lesson, as xAPI statements, oldest first by learner.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn statements(&self, class: &ClassRow, lesson: &str, base: &str) -> Result<Vec<Value>, ClassError> {
        let lesson = self.shelf.lesson(lesson).ok_or(ClassError::NotFound)?;
        let rows = sqlx::query(
            "SELECT e.id, e.name, p.id, p.step, p.at, p.kind, p.detail FROM enrolments e \
             JOIN progress_events p ON p.learner = e.learner AND p.lesson = $2 WHERE e.class = $1 ORDER BY e.name_key, p.id",
        )
        .bind(&class.id)
        .bind(&lesson.slug)
        .fetch_all(&self.pool)
        .await?;
        let mut statements = Vec::with_capacity(rows.len());
        for row in rows {
            let (place, name, event, step, kind, detail): (String, String, String, String, String, String) =
                (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?, row.try_get(5)?, row.try_get(6)?);
            let step_title = lesson.step(&step).map_or_else(|| step.clone(), |step| step.title.clone());
            if let Some((verb, display, result)) = verb(&kind, &detail) {
                let mut statement = json!({
                    "id": uuid(&format!("{place} {event}")),
                    "timestamp": instant(row.try_get(4)?),
                    "actor": { "objectType": "Agent", "name": name, "account": { "homePage": base, "name": place } },
                    "verb": { "id": format!("http://adlnet.gov/expapi/verbs/{verb}"), "display": { "en": display } },
                    "object": {
                        "id": format!("{base}/lessons/{}/{step}", lesson.slug),
                        "definition": { "name": { "en": step_title }, "type": "http://adlnet.gov/expapi/activities/interaction" },
                    },
                    "context": {
                        "contextActivities": {
                            "parent": [{ "id": format!("{base}/lessons/{}", lesson.slug) }],
                            "grouping": [{ "id": format!("{base}/teach/classes/{}", class.id) }],
                        },
                        "platform": "Lunchbox",
                    },
                });
                if let Some(result) = result {
                    statement["result"] = result;
                }
                statements.push(statement);
            }
        }
        Ok(statements)
    }
}

/// A verb of ADL's vocabulary, how it reads, and the result.
fn verb(kind: &str, detail: &str) -> Option<(&'static str, &'static str, Option<Value>)> {
    let told = |success: bool| Some(json!({ "success": success, "response": detail }));
    match kind {
        "visited" => Some(("experienced", "experienced", None)),
        "tried" => Some(("attempted", "attempted", told(detail.is_empty()))),
        "right" => Some(("answered", "answered", told(true))),
        "wrong" => Some(("answered", "answered", told(false))),
        "hint" => Some(("asked", "asked for a hint", None)),
        "solution" => Some(("asked", "asked for the solution", None)),
        "passed" => Some(("passed", "passed", Some(json!({ "success": true, "completion": true })))),
        _ => None,
    }
}

fn lines(lesson: &Lesson, facts: &Facts) -> Vec<Line> {
    let none = StepFacts::default();
    let line = |(index, step): (usize, &crate::lessons::Step)| {
        let known = facts.steps.get(&index).unwrap_or(&none);
        let passed = known.passed_at > 0;
        Line {
            learner: facts.name.clone(),
            lesson: lesson.slug.clone(),
            lesson_title: lesson.title.clone(),
            position: index + 1,
            step: step.id.clone(),
            step_title: step.title.clone(),
            state: match (passed, facts.steps.contains_key(&index)) {
                (true, _) => "passed",
                (false, true) => "begun",
                (false, false) => "not begun",
            },
            first_seen_at: instant(known.first_at),
            passed_at: instant(known.passed_at),
            seconds: if passed { ((known.passed_at - known.first_at).max(0) / 1000).to_string() } else { String::new() },
            tries: known.tries,
            wrong: known.wrong.values().sum(),
            hints: known.hints,
            solution: u32::from(known.solution),
            last_wrong: known.last_wrong.clone(),
        }
    };
    lesson.steps.iter().enumerate().filter(|(_, step)| step.is_checked()).map(line).collect()
}

/// Lines as CSV; `header`: the names of the columns come first.
pub fn csv(lines: &[Line], header: bool) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    // Memory takes it all; a record is always of the same length.
    if header {
        let _ = writer.write_record(COLUMNS);
    }
    for line in lines {
        let (position, tries, wrong, hints, solution) =
            (line.position.to_string(), line.tries.to_string(), line.wrong.to_string(), line.hints.to_string(), line.solution.to_string());
        let fields = [
            &line.learner,
            &line.lesson,
            &line.lesson_title,
            &position,
            &line.step,
            &line.step_title,
            line.state,
            &line.first_seen_at,
            &line.passed_at,
            &line.seconds,
            &tries,
            &wrong,
            &hints,
            &solution,
            &line.last_wrong,
        ];
        let _ = writer.write_record(fields.map(harmless));
    }
    writer.into_inner().unwrap_or_default()
}

/// A spreadsheet takes what begins like this for a formula, and runs it; behind an apostrophe it is text.
fn harmless(field: &str) -> String {
    match field.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n') => format!("'{field}"),
        _ => field.to_owned(),
    }
}

/// RFC 3339 in UTC; empty for 0.
fn instant(ms: i64) -> String {
    if ms <= 0 {
        return String::new();
    }
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000).ok();
    at.and_then(|at| at.format(&Rfc3339).ok()).unwrap_or_default()
}

/// The same for the same, as xAPI wants it: who takes a statement twice keeps one (RFC 9562, version 8).
fn uuid(of: &str) -> String {
    let mut bytes: [u8; 32] = Sha256::digest(of).into();
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(learner: &str, last_wrong: &str) -> Line {
        Line {
            learner: learner.to_owned(),
            lesson: "docker-images".to_owned(),
            lesson_title: "Images, containers".to_owned(),
            position: 1,
            step: "pull".to_owned(),
            step_title: "Pull".to_owned(),
            state: "passed",
            first_seen_at: instant(0),
            passed_at: instant(1_700_000_000_000),
            seconds: "7".to_owned(),
            tries: 2,
            wrong: 1,
            hints: 0,
            solution: 0,
            last_wrong: last_wrong.to_owned(),
        }
    }

    #[test]
    fn what_a_spreadsheet_would_run_is_text_and_what_has_commas_is_quoted() {
        let text = String::from_utf8(csv(&[line("=HYPERLINK(\"http://x\")", "say \"hi\",\nplease")], true)).expect("it is text");
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        assert_eq!(reader.headers().expect("a header").iter().collect::<Vec<_>>(), COLUMNS);
        let record = reader.records().next().expect("a line").expect("it can be read");
        assert_eq!(&record[0], "'=HYPERLINK(\"http://x\")");
        assert_eq!(&record[2], "Images, containers");
        assert_eq!(&record[8], "2023-11-14T22:13:20Z");
        assert_eq!(&record[14], "say \"hi\",\nplease");
        assert!(text.ends_with("\r\n"));
        for odd in ["+1", "-1", "@x", "\tx", "\rx"] {
            assert!(harmless(odd).starts_with('\''), "{odd:?}");
        }
    }

    #[test]
    fn a_statement_has_the_same_id_each_time() {
        assert_eq!(uuid("a"), uuid("a"));
        assert_ne!(uuid("a"), uuid("b"));
        assert_eq!(uuid("a").len(), 36);
        assert_eq!(&uuid("a")[14..15], "8");
    }
}
