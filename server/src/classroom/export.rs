//! A class's progress to be taken away, one lesson after the other: CSV (RFC 4180) and JSON. The columns are
//! documented in docs/classroom.md.

use serde::Serialize;
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
    /// `never here`, `not begun`, `begun` or `passed`.
    pub state: &'static str,
    /// RFC 3339, in UTC; empty: not yet.
    pub first_seen_at: String,
    pub passed_at: String,
    /// From the first look at the step until it was passed; empty: not yet, or it was done before it was looked at.
    pub seconds: String,
    pub tries: u32,
    pub wrong: u32,
    pub hints: u32,
    /// 1: the solution was shown.
    pub solution: u32,
    /// 1: it was passed while an instructor typed in their terminal.
    pub with_help: u32,
    /// What the learner was told when they were wrong last.
    pub last_wrong: String,
}

/// Names of the columns, in order.
pub const COLUMNS: [&str; 16] = [
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
    "with_help",
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
        let never_here: Vec<Facts> = self.never_here(class).await?.into_iter().map(|name| Facts { name, ..Facts::default() }).collect();
        let mut people: Vec<&Facts> = facts.values().chain(&never_here).collect();
        people.sort_by_key(|facts| facts.name.to_lowercase());
        Ok(people.into_iter().flat_map(|facts| lines(&lesson, facts)).collect())
    }

    /// Names that are on the class's list, of whom nobody has come.
    ///
    /// # Errors
    /// Where the database fails.
    pub(super) async fn never_here(&self, class: &ClassRow) -> Result<Vec<String>, ClassError> {
        let names = sqlx::query_scalar("SELECT name FROM enrolments WHERE class = $1 AND learner IS NULL ORDER BY name_key");
        Ok(names.bind(&class.id).fetch_all(&self.pool).await?)
    }
}

fn lines(lesson: &Lesson, facts: &Facts) -> Vec<Line> {
    let none = StepFacts::default();
    let line = |(index, step): (usize, &crate::lessons::Step)| {
        let known = facts.steps.get(&index).unwrap_or(&none);
        Line {
            learner: facts.name.clone(),
            lesson: lesson.slug.clone(),
            lesson_title: lesson.title.clone(),
            position: index + 1,
            step: step.id.clone(),
            step_title: step.title.clone(),
            state: match (known.is_passed(), facts.steps.contains_key(&index)) {
                _ if facts.learner.is_none() => "never here",
                (true, _) => "passed",
                (false, true) => "begun",
                (false, false) => "not begun",
            },
            first_seen_at: instant(known.first_at),
            passed_at: instant(known.passed_at),
            seconds: known.took().map(|ms| (ms / 1000).to_string()).unwrap_or_default(),
            tries: known.tries,
            wrong: known.wrong.values().sum(),
            hints: known.hints,
            solution: u32::from(known.solution),
            with_help: u32::from(known.helped),
            last_wrong: known.last_wrong.clone(),
        }
    };
    lesson.steps.iter().enumerate().filter(|(_, step)| step.is_checked()).map(line).collect()
}

/// What Excel knows UTF-8 by; without it "Zoë" is "ZoÃ«" there. Who reads CSV by program leaves it out, or asks for JSON.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Lines as CSV; `header`: the beginning of the file, with the names of the columns.
pub fn csv(lines: &[Line], header: bool) -> Vec<u8> {
    let mut file = Vec::new();
    if header {
        file.extend(BYTE_ORDER_MARK.as_bytes());
    }
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(file);
    // Memory takes it all; a record is always of the same length.
    if header {
        let _ = writer.write_record(COLUMNS);
    }
    for line in lines {
        let numbers = [line.tries, line.wrong, line.hints, line.solution, line.with_help].map(|number| number.to_string());
        let [tries, wrong, hints, solution, with_help] = &numbers;
        let position = line.position.to_string();
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
            tries,
            wrong,
            hints,
            solution,
            with_help,
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
pub(super) fn instant(ms: i64) -> String {
    if ms <= 0 {
        return String::new();
    }
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000).ok();
    at.and_then(|at| at.format(&Rfc3339).ok()).unwrap_or_default()
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
            with_help: 0,
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
        assert_eq!(&record[15], "say \"hi\",\nplease");
        assert!(text.starts_with("\u{feff}learner,") && text.ends_with("\r\n"));
        for odd in ["+1", "-1", "@x", "\tx", "\rx"] {
            assert!(harmless(odd).starts_with('\''), "{odd:?}");
        }
    }
}
