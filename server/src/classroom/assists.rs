//! When an instructor typed in a learner's terminal: from the first key until the learner's leave ended. What was
//! done meanwhile was done with help. Which of two who type wrote a command, nobody can tell, so nobody is said to.

use std::collections::HashMap;

use sqlx::Row as _;

use super::{ClassError, Classroom, codes};
use crate::{clock::now, learner::LearnerId};

/// A learner's, in no order: began and ended, in unix milliseconds; an end of 0 is still to come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Assists(Vec<(i64, i64)>);

impl Assists {
    pub(super) fn one(began: i64, ended: i64) -> Self {
        Self(vec![(began, ended)])
    }

    /// Whether an instructor typed around that time (unix milliseconds).
    pub(super) fn helped(&self, at: i64) -> bool {
        self.0.iter().any(|(began, ended)| *began <= at && (*ended == 0 || at <= *ended))
    }
}

/// Those of all learners in a class who were helped.
#[derive(Debug, Default)]
pub(super) struct ClassAssists(HashMap<LearnerId, Assists>);

impl ClassAssists {
    /// Whether an instructor typed in that learner's terminal around that time (unix milliseconds).
    pub(super) fn helped(&self, learner: Option<&LearnerId>, at: i64) -> bool {
        learner.and_then(|learner| self.0.get(learner)).is_some_and(|assists| assists.helped(at))
    }
}

impl Classroom {
    /// An instructor types from now on. Returns what [`Classroom::assist_ended`] wants.
    ///
    /// # Errors
    /// Where the database fails: nothing may be typed then.
    pub async fn assist_began(&self, learner: &LearnerId) -> Result<String, ClassError> {
        let id = codes::id();
        sqlx::query("INSERT INTO assists (id, learner, began_at) VALUES ($1, $2, $3)")
            .bind(&id)
            .bind(learner.as_str())
            .bind(now())
            .execute(&self.pool)
            .await?;
        Ok(id)
    }

    /// They type no more.
    pub async fn assist_ended(&self, id: &str) {
        let ended = sqlx::query("UPDATE assists SET ended_at = $2 WHERE id = $1").bind(id).bind(now()).execute(&self.pool).await;
        if let Err(error) = ended {
            tracing::error!(%error, "It could not be written down that an instructor stopped typing: it will be when the server starts.");
        }
    }

    /// At the server's start: nobody types across it.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn end_assists_before(&self) -> Result<(), ClassError> {
        sqlx::query("UPDATE assists SET ended_at = $1 WHERE ended_at = 0").bind(now()).execute(&self.pool).await?;
        Ok(())
    }

    pub(super) async fn assists_of(&self, learner: &LearnerId) -> Result<Assists, ClassError> {
        let rows =
            sqlx::query("SELECT began_at, ended_at FROM assists WHERE learner = $1").bind(learner.as_str()).fetch_all(&self.pool).await?;
        let spans = rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect::<Result<_, sqlx::Error>>()?;
        Ok(Assists(spans))
    }

    pub(super) async fn assists_in(&self, class: &str) -> Result<ClassAssists, ClassError> {
        let rows = sqlx::query(
            "SELECT a.learner, a.began_at, a.ended_at FROM assists a JOIN enrolments e ON e.learner = a.learner WHERE e.class = $1",
        )
        .bind(class)
        .fetch_all(&self.pool)
        .await?;
        let mut all = ClassAssists::default();
        for row in rows {
            all.0.entry(LearnerId::from_stored(row.try_get(0)?)).or_default().0.push((row.try_get(1)?, row.try_get(2)?));
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_lasts_from_the_first_key_to_the_end_of_the_leave() {
        let assists = Assists(vec![(100, 200), (500, 0)]);
        for (at, helped) in [(99, false), (100, true), (200, true), (201, false), (499, false), (500, true), (i64::MAX, true)] {
            assert_eq!(assists.helped(at), helped, "{at}");
        }
        assert!(!Assists::default().helped(0));
    }
}
