//! What happened in a class, as statements of the Experience API (xAPI 1.0.3), for a learning record store.
//! Read some learners at a time, so that no class is too large for it.

use std::{collections::HashMap, sync::Arc};

use serde::Serialize;
use sha2::{Digest as _, Sha256};
use sqlx::Row as _;

use super::{ClassError, ClassRow, Classroom, export::instant, limits::LEARNERS_AT_ONCE};
use crate::hex::hex;

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
        let rows = sqlx::query(
            "SELECT e.id, e.name, p.id, p.step, p.at, p.kind, p.detail FROM enrolments e \
             JOIN progress_events p ON p.learner = e.learner AND p.lesson = $2 \
             WHERE e.class = $1 AND e.name_key >= $3 AND e.name_key <= $4 ORDER BY e.name_key, p.id",
        )
        .bind(&class.id)
        .bind(&lesson.slug)
        .bind(&learners.first)
        .bind(&learners.last)
        .fetch_all(&self.pool)
        .await?;
        let activity = |path: String| [Activity { id: format!("{base}{path}") }];
        let context = Arc::new(Context {
            context_activities: Activities {
                parent: activity(format!("/lessons/{}", lesson.slug)),
                grouping: activity(format!("/teach/classes/{}", class.id)),
            },
            platform: "Lunchbox",
        });
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
        let mut actor: Option<Arc<Actor>> = None;
        let mut statements = Vec::with_capacity(rows.len());
        for row in rows {
            let (place, event, step): (&str, &str, &str) = (row.try_get(0)?, row.try_get(2)?, row.try_get(3)?);
            let Some((verb, result)) = told(row.try_get(5)?, row.try_get(6)?) else { continue };
            let actor = match &actor {
                Some(actor) if actor.account.name == place => actor,
                _ => actor.insert(Arc::new(Actor {
                    object_type: "Agent",
                    name: row.try_get(1)?,
                    account: Account { home_page: base.to_owned(), name: place.to_owned() },
                })),
            };
            let object = match objects.get(step) {
                Some(object) => object,
                None => objects.entry(step.to_owned()).or_insert_with_key(|step| object(step)),
            };
            statements.push(Statement {
                id: uuid(&format!("{place} {event}")),
                timestamp: instant(row.try_get(4)?),
                actor: actor.clone(),
                verb,
                object: object.clone(),
                result,
                context: context.clone(),
            });
        }
        Ok(statements)
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
