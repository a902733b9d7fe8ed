//! A lesson that was passed, to be shown by link.

use app::model::Certificate;
use serde::{Deserialize, Serialize};
use sqlx::Row as _;

use super::{ClassError, Classroom, codes, names};
use crate::{clock::now, learner::LearnerId, lessons::Lesson};

/// What was passed, as it was called when the certificate was given.
#[derive(Serialize, Deserialize)]
struct Passed {
    title: String,
    steps: Vec<String>,
}

impl Classroom {
    /// Gives the learner a certificate for a lesson all of whose steps they have passed. Who has one gets it
    /// again, under the name that it was given for.
    ///
    /// # Errors
    /// Where something is left to be passed, the name is no good, or the database fails.
    pub async fn make_certificate(&self, learner: &LearnerId, lesson: &Lesson, name: &str) -> Result<Certificate, ClassError> {
        let existing: Option<String> = sqlx::query_scalar("SELECT id FROM certificates WHERE learner = $1 AND lesson = $2")
            .bind(learner.as_str())
            .bind(&lesson.slug)
            .fetch_optional(&self.pool)
            .await?;
        if let Some(id) = existing {
            return self.certificate(learner, &id).await;
        }
        let rows = sqlx::query("SELECT step, passed_at FROM progress_steps WHERE learner = $1 AND lesson = $2 AND passed_at > 0")
            .bind(learner.as_str())
            .bind(&lesson.slug)
            .fetch_all(&self.pool)
            .await?;
        let mut passed = std::collections::HashMap::new();
        for row in rows {
            passed.insert(row.try_get::<String, _>(0)?, row.try_get::<i64, _>(1)?);
        }
        let checked: Vec<_> = lesson.steps.iter().filter(|step| step.is_checked()).collect();
        let left = checked.iter().filter(|step| !passed.contains_key(&step.id)).count();
        if left > 0 || checked.is_empty() {
            return ClassError::refused(format!(
                "{left} of {} steps are left to be passed. The certificate comes with the last one.",
                checked.len()
            ));
        }
        let name = names::person(name)?;
        let id = codes::secret();
        let what = Passed { title: lesson.title.clone(), steps: checked.iter().map(|step| step.title.clone()).collect() };
        let passed_at = checked.iter().filter_map(|step| passed.get(&step.id)).max().copied().unwrap_or_default();
        sqlx::query(
            "INSERT INTO certificates (id, learner, lesson, name, passed, passed_at, issued_at) VALUES ($1, $2, $3, $4, $5, $6, $7) \
             ON CONFLICT (learner, lesson) DO NOTHING",
        )
        .bind(&id)
        .bind(learner.as_str())
        .bind(&lesson.slug)
        .bind(&name)
        .bind(serde_json::to_string(&what).unwrap_or_default())
        .bind(passed_at)
        .bind(now())
        .execute(&self.pool)
        .await?;
        // Two tabs at once: whichever was first.
        let id: String = sqlx::query_scalar("SELECT id FROM certificates WHERE learner = $1 AND lesson = $2")
            .bind(learner.as_str())
            .bind(&lesson.slug)
            .fetch_one(&self.pool)
            .await?;
        self.certificate(learner, &id).await
    }

    /// Writes another name on the learner's own certificate for a lesson. Whoever looks at it is told since when it has
    /// that name: it was another's before, for all that they can know.
    ///
    /// # Errors
    /// Where they have none, the name is no good, or the database fails.
    pub async fn rename_certificate(&self, learner: &LearnerId, lesson: &str, name: &str) -> Result<Certificate, ClassError> {
        let name = names::person(name)?;
        sqlx::query("UPDATE certificates SET name = $1, renamed_at = $2 WHERE learner = $3 AND lesson = $4 AND name <> $1")
            .bind(&name)
            .bind(now())
            .bind(learner.as_str())
            .bind(lesson)
            .execute(&self.pool)
            .await?;
        let id: Option<String> = sqlx::query_scalar("SELECT id FROM certificates WHERE learner = $1 AND lesson = $2")
            .bind(learner.as_str())
            .bind(lesson)
            .fetch_optional(&self.pool)
            .await?;
        self.certificate(learner, &id.ok_or(ClassError::NotFound)?).await
    }

    /// The certificate with that secret, for anybody. `learner`: who asks.
    ///
    /// # Errors
    /// Where there is none, or the database fails.
    pub async fn certificate(&self, learner: &LearnerId, id: &str) -> Result<Certificate, ClassError> {
        let row = sqlx::query("SELECT learner, lesson, name, passed, passed_at, issued_at, renamed_at FROM certificates WHERE id = $1")
            .bind(id)
            .fetch_optional(&self.pool)
            .await?;
        let row = row.ok_or(ClassError::NotFound)?;
        let passed: String = row.try_get("passed")?;
        let passed: Passed = serde_json::from_str(&passed).map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
        let is_theirs = row.try_get::<String, _>("learner")? == learner.as_str();
        Ok(Certificate {
            slug: if is_theirs { row.try_get("lesson")? } else { String::new() },
            path: format!("/certificates/{id}"),
            name: row.try_get("name")?,
            lesson: passed.title,
            passed_at: row.try_get("passed_at")?,
            issued_at: row.try_get("issued_at")?,
            renamed_at: row.try_get("renamed_at")?,
            steps: passed.steps,
        })
    }
}
