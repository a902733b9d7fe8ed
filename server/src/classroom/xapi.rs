//! What happened in a class, as statements of the Experience API (xAPI 1.0.3), for a learning record store.
//! Read some learners at a time, so that no class is too large for it.

use std::{collections::HashMap, sync::Arc};

use serde::Serialize;
use sha2::{Digest as _, Sha256};
use sqlx::Row as _;

use super::{ClassError, ClassRow, Classroom, export::instant, limits::LEARNERS_AT_ONCE};
use crate::{hex::hex, learner::LearnerId};

/// Learners that are read together: the first and the last of their names, as they are compared.
#[derive(Debug, Clone)]
pub struct Learners {
    first: String,
    last: String,
}

/// Who did what, and what came of it. What many have in common is there once.
#[derive(Debug, Serialize)]
pub struct Statement {
    id: String,
    timestamp: String,
    actor: Arc<Actor>,
    verb: Verb,
    object: Arc<Object>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<Outcome>,
    context: Arc<Context>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Actor {
    object_type: &'static str,
    name: String,
    account: Account,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Account {
    home_page: String,
    name: String,
}

#[derive(Debug, Serialize)]
struct Verb {
    id: &'static str,
    display: English<&'static str>,
}

#[derive(Debug, Serialize)]
struct English<T> {
    en: T,
}

#[derive(Debug, Serialize)]
struct Object {
    id: String,
    definition: Definition,
}

#[derive(Debug, Serialize)]
struct Definition {
    name: English<String>,
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(Debug, PartialEq, Serialize)]
struct Outcome {
    success: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    completion: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Context {
    context_activities: Activities,
    platform: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    extensions: Option<HashMap<String, bool>>,
}

#[derive(Debug, Serialize)]
struct Activities {
    parent: [Activity; 1],
    grouping: [Activity; 1],
}

#[derive(Debug, Serialize)]
struct Activity {
    id: String,
}

impl Classroom {
    /// Everybody who has joined, as they are to be asked for.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn learners_in_turn(&self, class: &ClassRow) -> Result<Vec<Learners>, ClassError> {
        let names: Vec<String> =
            sqlx::query_scalar("SELECT name_key FROM enrolments WHERE class = $1 AND learner IS NOT NULL ORDER BY name_key")
                .bind(&class.id)
                .fetch_all(&self.pool)
                .await?;
        let ends = |some: &[String]| Some(Learners { first: some.first()?.clone(), last: some.last()?.clone() });
        Ok(names.chunks(LEARNERS_AT_ONCE).filter_map(ends).collect())
    }

    /// What happened in a lesson, by learner, oldest first. `base`: where this server is found.
    ///
    /// # Errors
    /// Where the class has no such lesson, or the database fails.
    pub async fn statements(&self, class: &ClassRow, lesson: &str, learners: &Learners, base: &str) -> Result<Vec<Statement>, ClassError> {
        let lesson = self.shelf.lesson(lesson).ok_or(ClassError::NotFound)?;
        // A row for each learner: with one for each event, most of the time goes into handing them over.
        let rows = sqlx::query(
            "SELECT e.id, e.name, e.learner, string_agg(p.id || ' ' || p.step || ' ' || p.at || ' ' || p.kind || ' ' \
             || octet_length(p.detail) || ' ' || p.detail, '' ORDER BY p.id) FROM enrolments e \
             JOIN progress_events p ON p.learner = e.learner AND p.lesson = $2 \
             WHERE e.class = $1 AND e.name_key >= $3 AND e.name_key <= $4 GROUP BY e.id, e.name, e.learner, e.name_key ORDER BY e.name_key",
        )
        .bind(&class.id)
        .bind(&lesson.slug)
        .bind(&learners.first)
        .bind(&learners.last)
        .fetch_all(&self.pool)
        .await?;
        let activity = |path: String| [Activity { id: format!("{base}{path}") }];
        let context = |extensions| {
            Arc::new(Context {
                context_activities: Activities {
                    parent: activity(format!("/lessons/{}", lesson.slug)),
                    grouping: activity(format!("/teach/classes/{}", class.id)),
                },
                platform: "Lunchbox",
                extensions,
            })
        };
        // An instructor typed in their terminal meanwhile.
        let helped = context(Some(HashMap::from([(format!("{base}/xapi/with-help"), true)])));
        let alone = context(None);
        let assists = self.assists_in(&class.id).await?;
        let object = |step: &str| {
            Arc::new(Object {
                id: format!("{base}/lessons/{}/{step}", lesson.slug),
                definition: Definition {
                    name: English { en: lesson.step(step).map_or(step, |step| &step.title).to_owned() },
                    kind: "http://adlnet.gov/expapi/activities/interaction",
                },
            })
        };
        let mut objects = HashMap::new();
        let mut statements = Vec::new();
        for row in &rows {
            let (place, learner, mut events): (&str, String, &str) = (row.try_get(0)?, row.try_get(2)?, row.try_get(3)?);
            let learner = LearnerId::from_stored(learner);
            let actor = Arc::new(Actor {
                object_type: "Agent",
                name: row.try_get(1)?,
                account: Account { home_page: base.to_owned(), name: place.to_owned() },
            });
            while !events.is_empty() {
                let event = Event::take(&mut events).ok_or_else(|| sqlx::Error::Decode("an event is not as it was written".into()))?;
                let Some((verb, result)) = told(event.kind, event.detail) else { continue };
                let object = objects.entry(event.step).or_insert_with(|| object(event.step));
                statements.push(Statement {
                    id: uuid(&format!("{place} {}", event.id)),
                    timestamp: instant(event.at),
                    actor: actor.clone(),
                    verb,
                    object: object.clone(),
                    result,
                    context: if assists.helped(Some(&learner), event.at) { helped.clone() } else { alone.clone() },
                });
            }
        }
        Ok(statements)
    }
}

/// A stored event, as the database writes a learner's in a row: words with a space after each; the last is free
/// text, and how many bytes it has stands before it.
#[derive(Debug, PartialEq)]
struct Event<'a> {
    id: &'a str,
    step: &'a str,
    /// Unix milliseconds.
    at: i64,
    kind: &'a str,
    detail: &'a str,
}

impl<'a> Event<'a> {
    /// The first of them, and what comes after it.
    fn take(events: &mut &'a str) -> Option<Self> {
        let mut words = events.splitn(6, ' ');
        let mut word = || words.next();
        let (id, step, at, kind, bytes, rest) = (word()?, word()?, word()?, word()?, word()?, word()?);
        let (detail, rest) = rest.split_at_checked(bytes.parse().ok()?)?;
        *events = rest;
        Some(Self { id, step, at: at.parse().ok()?, kind, detail })
    }
}

/// A stored event in ADL's vocabulary, and what came of it.
fn told(kind: &str, detail: &str) -> Option<(Verb, Option<Outcome>)> {
    let verb = |id, en| Verb { id, display: English { en } };
    let response = |success| Some(Outcome { success, completion: None, response: Some(detail.to_owned()) });
    Some(match kind {
        "visited" => (verb("http://adlnet.gov/expapi/verbs/experienced", "experienced"), None),
        "tried" => (verb("http://adlnet.gov/expapi/verbs/attempted", "attempted"), response(detail.is_empty())),
        "right" => (verb("http://adlnet.gov/expapi/verbs/answered", "answered"), response(true)),
        "wrong" => (verb("http://adlnet.gov/expapi/verbs/answered", "answered"), response(false)),
        "hint" => (verb("http://adlnet.gov/expapi/verbs/asked", "asked for a hint"), None),
        "solution" => (verb("http://adlnet.gov/expapi/verbs/asked", "asked for the solution"), None),
        "passed" => (
            verb("http://adlnet.gov/expapi/verbs/passed", "passed"),
            Some(Outcome { success: true, completion: Some(true), response: None }),
        ),
        _ => return None,
    })
}

/// The same for the same, as xAPI wants it: who takes a statement twice keeps one (RFC 9562, version 8).
fn uuid(of: &str) -> String {
    let mut bytes: [u8; 32] = Sha256::digest(of).into();
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = hex(&bytes[..16]);
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_as_they_are_written_whatever_is_said_in_them() {
        let mut events = "e1 pull 17 tried 12 Püt it on\n!e2 pull 18 hint 0 e3 run 19 wrong 9 e4 a 1 b ";
        let taken: Vec<Event<'_>> = std::iter::from_fn(|| Event::take(&mut events)).collect();
        let event = |id, step, at, kind, detail| Event { id, step, at, kind, detail };
        let all = [
            event("e1", "pull", 17, "tried", "Püt it on\n!"),
            event("e2", "pull", 18, "hint", ""),
            event("e3", "run", 19, "wrong", "e4 a 1 b "),
        ];
        assert_eq!(taken, all);
        assert_eq!(events, "");
    }

    #[test]
    fn an_event_that_is_cut_short_is_none() {
        for mut cut in ["", "e1 pull 17 tried", "e1 pull 17 tried 3 ab", "e1 pull soon tried 0 ", "e1 pull 17 tried 1 ü"] {
            assert_eq!(Event::take(&mut cut), None, "{cut:?}");
        }
    }

    #[test]
    fn a_statement_has_the_same_id_each_time() {
        assert_eq!(uuid("a"), uuid("a"));
        assert_ne!(uuid("a"), uuid("b"));
        assert_eq!(uuid("a").len(), 36);
        assert_eq!(&uuid("a")[14..15], "8");
    }

    #[test]
    fn what_failed_says_so_and_what_nobody_asked_has_no_result() {
        let outcome = |kind, detail| told(kind, detail).map(|(_, outcome)| outcome);
        let failed = Outcome { success: false, completion: None, response: Some("Port 8080 is free.".to_owned()) };
        assert_eq!(outcome("tried", "Port 8080 is free."), Some(Some(failed)));
        assert_eq!(outcome("visited", ""), Some(None));
        assert_eq!(outcome("something new", ""), None);
    }
}
