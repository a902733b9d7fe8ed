//! The links that lead to a class, as its teachers see them.

use app::model::ClassLink;
use sqlx::Row as _;

use crate::classroom::{Account, ClassError, Classroom};

impl Classroom {
    /// Of a class that was looked up already.
    pub(in crate::classroom) async fn links_to(&self, class: &str) -> Result<Vec<ClassLink>, ClassError> {
        let rows = sqlx::query(
            "SELECT l.id, p.name, l.course, l.title, l.grades_url, l.members_url, \
             (SELECT COUNT(*) FROM lti_scores s WHERE s.link = l.id AND s.due_at > 0) AS waiting, \
             COALESCE((SELECT MAX(s.problem) FROM lti_scores s WHERE s.link = l.id), '') AS problem \
             FROM lti_links l JOIN lti_platforms p ON p.id = l.platform WHERE l.class = $1 ORDER BY l.made_at, l.id",
        )
        .bind(class)
        .fetch_all(&self.pool)
        .await?;
        let link = |row: &sqlx::any::AnyRow| {
            Ok(ClassLink {
                id: row.try_get(0)?,
                platform: row.try_get(1)?,
                course: row.try_get(2)?,
                title: row.try_get(3)?,
                takes_grades: !row.try_get::<String, _>(4)?.is_empty(),
                tells_members: !row.try_get::<String, _>(5)?.is_empty(),
                waiting: u32::try_from(row.try_get::<i64, _>(6)?).unwrap_or_default(),
                problem: row.try_get(7)?,
            })
        };
        rows.iter().map(link).collect::<Result<_, sqlx::Error>>().map_err(Into::into)
    }

    /// Names of the platforms whose links lead to a class, each once.
    pub(in crate::classroom) async fn platforms_of(&self, class: &str) -> Result<Vec<String>, sqlx::Error> {
        let mut names: Vec<String> =
            sqlx::query_scalar("SELECT DISTINCT p.name FROM lti_links l JOIN lti_platforms p ON p.id = l.platform WHERE l.class = $1")
                .bind(class)
                .fetch_all(&self.pool)
                .await?;
        names.sort();
        Ok(names)
    }

    /// The link leads nowhere any more: the next teacher who clicks it is asked anew. Returns the class it led to.
    ///
    /// # Errors
    /// Where the class isn't theirs, or the database fails.
    pub async fn unlink(&self, who: &Account, link: &str) -> Result<String, ClassError> {
        let row = sqlx::query("SELECT class, platform FROM lti_links WHERE id = $1").bind(link).fetch_optional(&self.pool).await?;
        let Some(row) = row else { return Err(ClassError::NotFound) };
        let (class, platform): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        let class = self.class_owned_by(who, &class).await?;
        let mut transaction = self.pool.begin().await?;
        sqlx::query("DELETE FROM lti_links WHERE id = $1").bind(link).execute(&mut *transaction).await?;
        sqlx::query("DELETE FROM lti_scores WHERE link = $1").bind(link).execute(&mut *transaction).await?;
        let others: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM lti_links WHERE class = $1 AND platform = $2")
            .bind(&class.id)
            .bind(&platform)
            .fetch_one(&mut *transaction)
            .await?;
        if others == 0 {
            // Whoever had it shared because their course led here.
            sqlx::query(
                "DELETE FROM class_instructors WHERE class = $1 AND instructor IN (SELECT instructor FROM lti_grants WHERE class = $1 AND platform = $2)",
            )
            .bind(&class.id)
            .bind(&platform)
            .execute(&mut *transaction)
            .await?;
            sqlx::query("DELETE FROM lti_grants WHERE class = $1 AND platform = $2")
                .bind(&class.id)
                .bind(&platform)
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        self.hub.rights_changed();
        Ok(class.id)
    }
}
