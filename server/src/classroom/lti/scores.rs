//! Grades, told to the platforms that learners come from (LTI Assignment and Grade Services 2.0, section 3.4): how many
//! of a class's steps somebody has passed.
//!
//! What was passed is the truth; a table holds what a platform is still to be told of it, one grade a learner and link,
//! the newest. A task fills it after news and at the start, and has a task for each platform send from it, again and again
//! with longer and longer pauses where it goes wrong: a platform that is slow or gone keeps nobody waiting but itself.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use http::{Request, StatusCode, header};
use http_body_util::Full;
use serde_json::json;
use sqlx::{Row as _, any::AnyRow};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::{
    sync::broadcast::error::{RecvError, TryRecvError},
    time::{sleep, timeout},
};
use tokio_util::task::AbortOnDropHandle;
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

/// Why a grade was not sent.
enum NotSent {
    /// The platform takes no other now either.
    All(ServiceError),
    /// Another may go well.
    One(PlatformError),
}

impl<Error: Into<ServiceError>> From<Error> for NotSent {
    fn from(error: Error) -> Self {
        Self::All(error.into())
    }
}

/// Of whom there are news.
enum Whose {
    All,
    Some(BTreeSet<LearnerId>),
}

impl Whose {
    /// Of whom it is still to be noted afterwards. Where it went wrong, of all: who of them were noted nobody knows.
    fn left_by(noted: Result<(), ClassError>) -> Self {
        match noted {
            Ok(()) => Self::Some(BTreeSet::new()),
            Err(error) => {
                tracing::warn!(%error, "Grades could not be noted; they are later.");
                Self::All
            }
        }
    }

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
        let mut sending: BTreeMap<String, AbortOnDropHandle<()>> = BTreeMap::new();
        loop {
            whose = self.noted(whose).await;
            sending.retain(|_, task| !task.is_finished());
            match self.platforms_due(now()).await {
                Ok(due) => {
                    for platform in due {
                        let send = || AbortOnDropHandle::new(tokio::spawn(self.clone().send_all(platform.clone())));
                        sending.entry(platform.clone()).or_insert_with(send);
                    }
                }
                Err(error) => tracing::warn!(%error, "Grades could not be sent; they are later."),
            }
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

    /// Notes it; returns of whom it is still to be done.
    async fn noted(&self, whose: Whose) -> Whose {
        let noted = async {
            match &whose {
                Whose::All => self.note_scores(None).await?,
                Whose::Some(learners) => {
                    for learner in learners {
                        self.note_scores(Some(learner)).await?;
                    }
                }
            }
            Ok(())
        };
        Whose::left_by(noted.await)
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

    /// Grades of a platform, and of one of its links where `link` is some, that didn't arrive are due now: what was in their way
    /// may be gone.
    pub(super) async fn send_again(&self, platform: &str, link: Option<&str>) -> Result<(), ClassError> {
        // Of a link those that were given up: who clicks it doesn't mend anything.
        let which = if link.is_some() { "link = $3 AND due_at = 0" } else { "CAST($3 AS TEXT) = ''" };
        sqlx::query(&format!("UPDATE lti_scores SET due_at = $1, tries = 0 WHERE platform = $2 AND problem <> '' AND {which}"))
            .bind(now())
            .bind(platform)
            .bind(link.unwrap_or_default())
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Lesson and step of all that has something to pass in the class. Nothing, where one of its lessons isn't on the shelf
    /// now: of how many there are can't be said then.
    async fn steps_to_pass(&self, class: &str) -> Result<Vec<(String, String)>, ClassError> {
        let slugs = self.lessons_of(class).await?;
        let Some(lessons) = slugs.iter().map(|slug| self.shelf.lesson(slug)).collect::<Option<Vec<_>>>() else {
            return Ok(Vec::new());
        };
        Ok(lessons
            .iter()
            .flat_map(|lesson| {
                let checked = lesson.steps.iter().filter(|step| step.is_checked());
                checked.map(|step| (lesson.slug.clone(), step.id.clone())).collect::<Vec<_>>()
            })
            .collect())
    }

    /// Platforms for which something is due at `at` (unix milliseconds).
    async fn platforms_due(&self, at: i64) -> Result<Vec<String>, ClassError> {
        Ok(sqlx::query_scalar(
            "SELECT DISTINCT s.platform FROM lti_scores s JOIN lti_links l ON l.id = s.link \
             WHERE s.due_at > 0 AND s.due_at <= $1 AND l.grades_url <> ''",
        )
        .bind(at)
        .fetch_all(&self.pool)
        .await?)
    }

    /// Sends a platform all that is due, until there is no more or it takes no more.
    async fn send_all(self, platform: String) {
        loop {
            match self.send_to(&platform, now()).await {
                Ok(Some(_)) => {}
                Ok(None) => return,
                Err(error) => {
                    tracing::warn!(%error, platform, "Grades could not be sent; they are later.");
                    return;
                }
            }
        }
    }

    /// Sends what is due at `at` (unix milliseconds), to each platform one after another. Returns how many arrived.
    ///
    /// # Errors
    /// Where the database fails.
    #[cfg(test)]
    pub(crate) async fn send_scores(&self, at: i64) -> Result<usize, ClassError> {
        let mut arrived = 0;
        for platform in self.platforms_due(at).await? {
            arrived += self.send_to(&platform, at).await?.unwrap_or(0);
        }
        Ok(arrived)
    }

    /// Sends a platform what is due at `at`, one after another and no more than a batch. Returns how many arrived; `None`:
    /// there is nothing, or the platform takes no more now.
    async fn send_to(&self, platform: &str, at: i64) -> Result<Option<usize>, ClassError> {
        let rows = sqlx::query(
            "SELECT s.link, s.platform, s.sub, s.given, s.total, s.tries, l.grades_url FROM lti_scores s JOIN lti_links l ON l.id = s.link \
             WHERE s.platform = $1 AND s.due_at > 0 AND s.due_at <= $2 AND l.grades_url <> '' ORDER BY s.due_at LIMIT $3",
        )
        .bind(platform)
        .bind(at)
        .bind(SCORES_AT_ONCE)
        .fetch_all(&self.pool)
        .await?;
        if rows.is_empty() {
            return Ok(None);
        }
        let mut arrived = 0;
        for row in rows {
            let due = read(&row)?;
            match self.send(&due).await {
                Ok(()) => {
                    arrived += 1;
                    self.keep(&due, 0, 0, "").await?;
                }
                Err(NotSent::One(error)) => self.went_wrong(&due, &error).await?,
                Err(NotSent::All(ServiceError::Class(error))) => return Err(error),
                Err(NotSent::All(ServiceError::Platform(error))) => {
                    self.all_went_wrong(&due, &error, at).await?;
                    return Ok(None);
                }
            }
        }
        Ok(Some(arrived))
    }

    async fn send(&self, due: &Due) -> Result<(), NotSent> {
        let Some(url) = scores_url(&due.url) else {
            return Err(NotSent::One(PlatformError("The platform's address for grades can't be read.".to_owned())));
        };
        // The link was kept when other servers may have been entered.
        if self.service(&due.platform, &due.url).await?.is_empty() {
            let server = url.origin().ascii_serialization();
            return Err(NotSent::One(PlatformError(format!(
                "they would go to {server}, a server that is none of those entered. If it is the platform's, enter it as the server of grades and members."
            ))));
        }
        let token = self.access_token(&due.platform, SCOPE).await?;
        let is_done = due.given >= due.total;
        let when =
            OffsetDateTime::from_unix_timestamp_nanos(i128::from(now()) * 1_000_000).ok().and_then(|when| when.format(&Rfc3339).ok());
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
            .map_err(|_| NotSent::One(PlatformError("The platform's address for grades can't be asked.".to_owned())))?;
        let answer = self.lti.http.ask(request).await?;
        if answer.status.is_success() {
            return Ok(());
        }
        if answer.status == StatusCode::UNAUTHORIZED {
            self.lti.tokens.forget(&due.platform);
        }
        let error = PlatformError(refused(answer.status));
        Err(if is_of_all(answer.status) { error.into() } else { NotSent::One(error) })
    }

    async fn went_wrong(&self, due: &Due, error: &PlatformError) -> Result<(), ClassError> {
        // First of all its admin is told: a grade that waits and nobody knows why would be worse than one that is tried again.
        self.platform_problem(&due.platform, &format!("Grades don't arrive: {error}")).await?;
        self.keep(due, next_try(due.tries), due.tries.saturating_add(1), &error.0).await
    }

    /// How it stands after a try, unless the grade has changed meanwhile.
    async fn keep(&self, due: &Due, due_at: i64, tries: i64, problem: &str) -> Result<(), ClassError> {
        sqlx::query(
            "UPDATE lti_scores SET due_at = $1, tries = $2, problem = $3 WHERE link = $4 AND sub = $5 AND given = $6 AND total = $7",
        )
        .bind(due_at)
        .bind(tries)
        .bind(problem)
        .bind(&due.link)
        .bind(&due.sub)
        .bind(due.given)
        .bind(due.total)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// What the platform didn't take of `due` it would not have taken of the others that were due at `at`: all of them wait,
    /// each as long as if it had been tried itself.
    async fn all_went_wrong(&self, due: &Due, error: &PlatformError, at: i64) -> Result<(), ClassError> {
        self.platform_problem(&due.platform, &format!("Grades don't arrive: {error}")).await?;
        let tries: Vec<i64> = sqlx::query_scalar(
            "SELECT DISTINCT tries FROM lti_scores WHERE platform = $1 AND due_at > 0 AND due_at <= $2 ORDER BY tries DESC",
        )
        .bind(&due.platform)
        .bind(at)
        .fetch_all(&self.pool)
        .await?;
        let mut transaction = self.pool.begin().await?;
        for tries in tries {
            let next = next_try(tries);
            // Where it is this link's fault after all, the others are before it next time.
            let after = if next > 0 { next.saturating_add(1) } else { 0 };
            sqlx::query(
                "UPDATE lti_scores SET due_at = CASE WHEN link = $1 THEN CAST($2 AS BIGINT) ELSE CAST($3 AS BIGINT) END, tries = $4, problem = $5 \
                 WHERE platform = $6 AND due_at > 0 AND due_at <= $7 AND tries = $8",
            )
            .bind(&due.link)
            .bind(after)
            .bind(next)
            // The most first: none is counted twice.
            .bind(tries.saturating_add(1))
            .bind(&error.0)
            .bind(&due.platform)
            .bind(at)
            .bind(tries)
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}

/// When one is tried again that went wrong so often before this time; 0: not any more.
fn next_try(tries: i64) -> i64 {
    if tries.saturating_add(1) >= MAX_SCORE_TRIES {
        return 0;
    }
    now().saturating_add(i64::try_from(pause(tries).as_millis()).unwrap_or(i64::MAX))
}

/// Whether what a platform answers to one grade it would answer to all.
fn is_of_all(status: StatusCode) -> bool {
    status.is_server_error() || matches!(status, StatusCode::UNAUTHORIZED | StatusCode::TOO_MANY_REQUESTS)
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
    fn what_could_not_be_noted_is_noted_of_all_the_next_time() {
        assert!(matches!(Whose::left_by(Err(ClassError::NotFound)), Whose::All));
        assert!(matches!(Whose::left_by(Ok(())), Whose::Some(nobody) if nobody.is_empty()));
    }

    #[test]
    fn what_concerns_the_platform_ends_its_batch() {
        for (status, all) in [(401, true), (429, true), (500, true), (503, true), (400, false), (403, false), (404, false)] {
            assert_eq!(StatusCode::from_u16(status).ok().map(is_of_all), Some(all), "{status}");
        }
    }

    #[test]
    fn pauses_grow_and_end() {
        assert_eq!(pause(0), SCORE_PAUSE);
        assert_eq!(pause(1), SCORE_PAUSE * 2);
        assert_eq!(pause(i64::MAX), SCORE_PAUSE_AT_MOST);
        assert!(next_try(0) > now() && next_try(MAX_SCORE_TRIES - 1) == 0);
    }
}
