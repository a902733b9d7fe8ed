//! Grades, told to the platforms that learners come from (LTI Assignment and Grade Services 2.0, section 3.4): how many
//! of a class's steps somebody has passed.
//!
//! What was passed is the truth; a table holds what a platform is still to be told of it, one grade a learner and link,
//! the newest. A task fills it after news and at the start, and sends from it, again and again with longer and longer
//! pauses where it goes wrong.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use futures_util::future::join_all;
use http::{Request, StatusCode, header};
use http_body_util::Full;
use serde_json::json;
use sqlx::{Row as _, any::AnyRow};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::{
    sync::broadcast::error::{RecvError, TryRecvError},
    time::{sleep, timeout},
};
use url::Url;

use super::{
    access::ServiceError,
    http::PlatformError,
    limits::{MAX_SCORE_TRIES, SCORE_GATHER, SCORE_LOOK, SCORE_PAUSE, SCORE_PAUSE_AT_MOST, SCORES_AT_ONCE},
};
use crate::{
    classroom::{ClassError, Classroom, Event},
    clock::now,
    learner::LearnerId,
};

pub(super) const SCOPE: &str = "https://purl.imsglobal.org/spec/lti-ags/scope/score";

/// One that is to be sent.
struct Due {
    link: String,
    platform: String,
    sub: String,
    given: i64,
    total: i64,
    tries: i64,
    url: String,
}

/// Of whom there are news.
enum Whose {
    All,
    Some(BTreeSet<LearnerId>),
}

impl Whose {
    /// `None`: news were missed.
    fn add(&mut self, event: Option<Event>) {
        match (&mut *self, event) {
            (Self::All, _) | (_, Some(Event::Seat(_))) => {}
            (Self::Some(learners), Some(Event::Learner(learner))) => {
                learners.insert(learner);
            }
            // A class may have other lessons now, or other people.
            (_, Some(Event::Class(_) | Event::People(_)) | None) => *self = Self::All,
        }
    }
}

/// How long to wait after so many tries that went wrong.
fn pause(tries: i64) -> Duration {
    let doubled = u32::try_from(tries.clamp(0, 16)).unwrap_or(16);
    SCORE_PAUSE.saturating_mul(2u32.saturating_pow(doubled)).min(SCORE_PAUSE_AT_MOST)
}

impl Classroom {
    /// Tells platforms for ever; to be run in the background.
    pub async fn tell_platforms(self) {
        let mut news = self.hub.listen();
        // What was passed while nobody listened, first.
        let mut whose = Whose::All;
        loop {
            if let Err(error) = self.told(&whose).await {
                tracing::warn!(%error, "Grades could not be noted or sent; they are later.");
            }
            whose = Whose::Some(BTreeSet::new());
            match timeout(SCORE_LOOK, news.recv()).await {
                Ok(Err(RecvError::Closed)) => return,
                Ok(heard) => whose.add(heard.ok()),
                Err(_) => continue,
            }
            sleep(SCORE_GATHER).await;
            loop {
                match news.try_recv() {
                    Ok(event) => whose.add(Some(event)),
                    Err(TryRecvError::Lagged(_)) => whose = Whose::All,
                    Err(TryRecvError::Empty | TryRecvError::Closed) => break,
                }
            }
        }
    }

    async fn told(&self, whose: &Whose) -> Result<(), ClassError> {
        match whose {
            Whose::All => self.note_scores(None).await?,
            Whose::Some(learners) => {
                for learner in learners {
                    self.note_scores(Some(learner)).await?;
                }
            }
        }
        self.send_scores(now()).await.map(drop)
    }

    /// Notes what platforms are to be told, of one learner or of all; what they have been told isn't noted again.
    ///
    /// # Errors
    /// Where the database fails.
    pub(crate) async fn note_scores(&self, only: Option<&LearnerId>) -> Result<(), ClassError> {
        let one = if only.is_some() { " AND e.learner = $1" } else { " AND e.learner <> $1" };
        let places = format!(
            "SELECT l.id, l.platform, l.class, p.sub, e.learner FROM lti_links l JOIN lti_places p ON p.class = l.class AND p.platform = l.platform \
             JOIN enrolments e ON e.id = p.place WHERE l.grades_url <> '' AND l.class <> '' AND e.learner IS NOT NULL{one}"
        );
        let mut totals: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
        for row in sqlx::query(&places).bind(only.map_or("", LearnerId::as_str)).fetch_all(&self.pool).await? {
            let (link, platform, class): (String, String, String) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            let (sub, learner): (String, String) = (row.try_get(3)?, row.try_get(4)?);
            if !totals.contains_key(&class) {
                totals.insert(class.clone(), self.steps_to_pass(&class).await?);
            }
            let steps = &totals[&class];
            let passed = sqlx::query("SELECT lesson, step FROM progress_steps WHERE learner = $1 AND passed_at > 0")
                .bind(&learner)
                .fetch_all(&self.pool)
                .await?;
            let passed =
                passed.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect::<Result<Vec<(String, String)>, sqlx::Error>>()?;
            let given = i64::try_from(steps.iter().filter(|step| passed.contains(step)).count()).unwrap_or(0);
            let total = i64::try_from(steps.len()).unwrap_or(0);
            // Who has done nothing yet has no grade, and no zero.
            if given == 0 || total == 0 {
                continue;
            }
            sqlx::query(
                "INSERT INTO lti_scores (link, platform, sub, given, total, due_at, tries, problem) VALUES ($1, $2, $3, $4, $5, $6, 0, '') \
                 ON CONFLICT (link, sub) DO UPDATE SET given = excluded.given, total = excluded.total, due_at = excluded.due_at, tries = 0 \
                 WHERE lti_scores.given <> excluded.given OR lti_scores.total <> excluded.total",
            )
            .bind(link)
            .bind(platform)
            .bind(sub)
            .bind(given)
            .bind(total)
            .bind(now())
            .execute(&self.pool)
            .await?;
        }
        Ok(())
    }

    /// Lesson and step of all that has something to pass in the class.
    async fn steps_to_pass(&self, class: &str) -> Result<Vec<(String, String)>, ClassError> {
        let lessons = self.lessons_of(class).await?;
        let lessons = lessons.iter().filter_map(|slug| self.shelf.lesson(slug));
        Ok(lessons
            .flat_map(|lesson| {
                let checked = lesson.steps.iter().filter(|step| step.is_checked());
                checked.map(|step| (lesson.slug.clone(), step.id.clone())).collect::<Vec<_>>()
            })
            .collect())
    }

    /// Sends what is due at `at` (unix milliseconds), to each platform one after another. Returns how many arrived.
    ///
    /// # Errors
    /// Where the database fails.
    pub(crate) async fn send_scores(&self, at: i64) -> Result<usize, ClassError> {
        let rows = sqlx::query(
            "SELECT s.link, s.platform, s.sub, s.given, s.total, s.tries, l.grades_url FROM lti_scores s JOIN lti_links l ON l.id = s.link \
             WHERE s.due_at > 0 AND s.due_at <= $1 AND l.grades_url <> '' ORDER BY s.due_at LIMIT $2",
        )
        .bind(at)
        .bind(SCORES_AT_ONCE)
        .fetch_all(&self.pool)
        .await?;
        let mut by_platform: BTreeMap<String, Vec<Due>> = BTreeMap::new();
        for row in rows {
            let due = read(&row)?;
            by_platform.entry(due.platform.clone()).or_default().push(due);
        }
        let sent = join_all(by_platform.into_values().map(|due| self.send_to_one(due, at))).await;
        sent.into_iter().sum()
    }

    async fn send_to_one(&self, all: Vec<Due>, at: i64) -> Result<usize, ClassError> {
        let mut arrived = 0;
        for due in all {
            match self.send(&due, at).await {
                Ok(()) => {
                    arrived += 1;
                    self.was_sent(&due).await?;
                }
                Err(ServiceError::Class(error)) => return Err(error),
                Err(ServiceError::Platform(error)) => self.went_wrong(&due, &error, at).await?,
            }
        }
        Ok(arrived)
    }

    async fn send(&self, due: &Due, at: i64) -> Result<(), ServiceError> {
        let Some(url) = scores_url(&due.url) else {
            return Err(PlatformError("The platform's address for grades can't be read.".to_owned()).into());
        };
        let token = self.access_token(&due.platform, SCOPE).await?;
        let is_done = due.given >= due.total;
        let when = OffsetDateTime::from_unix_timestamp_nanos(i128::from(at) * 1_000_000).ok().and_then(|when| when.format(&Rfc3339).ok());
        let score = json!({
            "userId": due.sub,
            "scoreGiven": due.given,
            "scoreMaximum": due.total,
            "activityProgress": if is_done { "Completed" } else { "InProgress" },
            // It is what the learner has so far, and nobody is to look at it first.
            "gradingProgress": "FullyGraded",
            "timestamp": when.unwrap_or_default(),
        });
        let request = Request::post(url.as_str())
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, "application/vnd.ims.lis.v1.score+json")
            .body(Full::from(score.to_string()))
            .map_err(|_| PlatformError("The platform's address for grades can't be asked.".to_owned()))?;
        let answer = self.lti.http.ask(request).await?;
        if answer.status.is_success() {
            return Ok(());
        }
        if answer.status == StatusCode::UNAUTHORIZED {
            self.lti.tokens.forget(&due.platform);
        }
        Err(PlatformError(refused(answer.status)).into())
    }

    /// Unless it has changed meanwhile.
    async fn was_sent(&self, due: &Due) -> Result<(), ClassError> {
        sqlx::query("UPDATE lti_scores SET due_at = 0, tries = 0, problem = '' WHERE link = $1 AND sub = $2 AND given = $3 AND total = $4")
            .bind(&due.link)
            .bind(&due.sub)
            .bind(due.given)
            .bind(due.total)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    async fn went_wrong(&self, due: &Due, error: &PlatformError, at: i64) -> Result<(), ClassError> {
        let tries = due.tries + 1;
        let next =
            if tries >= MAX_SCORE_TRIES { 0 } else { at.saturating_add(i64::try_from(pause(due.tries).as_millis()).unwrap_or(i64::MAX)) };
        sqlx::query(
            "UPDATE lti_scores SET due_at = $1, tries = $2, problem = $3 WHERE link = $4 AND sub = $5 AND given = $6 AND total = $7",
        )
        .bind(next)
        .bind(tries)
        .bind(&error.0)
        .bind(&due.link)
        .bind(&due.sub)
        .bind(due.given)
        .bind(due.total)
        .execute(&self.pool)
        .await?;
        self.platform_problem(&due.platform, &format!("Grades don't arrive: {error}")).await
    }
}

fn read(row: &AnyRow) -> Result<Due, sqlx::Error> {
    Ok(Due {
        link: row.try_get(0)?,
        platform: row.try_get(1)?,
        sub: row.try_get(2)?,
        given: row.try_get(3)?,
        total: row.try_get(4)?,
        tries: row.try_get(5)?,
        url: row.try_get(6)?,
    })
}

/// Where a line item's grades go: its own address with one more part, before the query (AGS 2.0, section 3.4.1).
fn scores_url(line_item: &str) -> Option<Url> {
    let mut url = Url::parse(line_item).ok()?;
    url.path_segments_mut().ok()?.pop_if_empty().push("scores");
    Some(url)
}

fn refused(status: StatusCode) -> String {
    let why = match status {
        StatusCode::UNAUTHORIZED => "the platform did not take Lunchbox's leave",
        StatusCode::FORBIDDEN => "Lunchbox may not send grades there: allow it in the tool's settings",
        StatusCode::NOT_FOUND => "the link or its column in the gradebook is not there any more",
        _ => "the platform refused it",
    };
    format!("{why} ({status}).")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grades_go_below_the_line_item_and_its_query_stays() {
        let to = |line_item| scores_url(line_item).map(String::from);
        assert_eq!(
            to("https://m.example/mod/lti/services.php/2/lineitems/3/lineitem?type_id=1").as_deref(),
            Some("https://m.example/mod/lti/services.php/2/lineitems/3/lineitem/scores?type_id=1")
        );
        assert_eq!(to("https://m.example/items/3/").as_deref(), Some("https://m.example/items/3/scores"));
        assert_eq!(to("data:x"), None);
    }

    #[test]
    fn pauses_grow_and_end() {
        assert_eq!(pause(0), SCORE_PAUSE);
        assert_eq!(pause(1), SCORE_PAUSE * 2);
        assert_eq!(pause(i64::MAX), SCORE_PAUSE_AT_MOST);
    }
}
