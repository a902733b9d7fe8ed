//! What is deleted, and all that goes with it: a place, a whole class.

use app::model::Deleted;
use sqlx::{Any, Transaction};

use super::{Account, ClassError, Classroom, Event, lti, rights::alone_with};
use crate::learner::LearnerId;

impl Classroom {
    /// Removes a learner from the class, and what was stored of them where they are in no other.
    ///
    /// # Errors
    /// Where the place isn't theirs to see, or the database fails.
    pub async fn remove_place(&self, who: &Account, place: &str) -> Result<Deleted, ClassError> {
        let place = self.place_of(who, place).await?;
        let ids = [place.id];
        let mut transaction = alone_with(&self.pool, &place.class.id).await?;
        let gone = delete_places(&mut transaction, &place.class.id, &ids).await?;
        transaction.commit().await?;
        let deleted = self.places_gone(&ids, gone).await;
        self.hub.tell(Event::People(place.class.id));
        Ok(deleted)
    }

    /// Deletes the class, the places in it, and what was stored of learners who are in no other. Their
    /// sandboxes are removed.
    ///
    /// # Errors
    /// Where it isn't theirs to delete, or the database fails.
    pub async fn delete_class(&self, who: &Account, class: &str) -> Result<Deleted, ClassError> {
        let class = self.class_owned_by(who, class).await?;
        // All in one, so that nobody comes in between. By learner, so that of two classes with the same learners one
        // waits for the other, and not each for the other.
        let mut transaction = alone_with(&self.pool, &class.id).await?;
        let ids: Vec<String> = sqlx::query_scalar("SELECT id FROM enrolments WHERE class = $1 ORDER BY learner")
            .bind(&class.id)
            .fetch_all(&mut *transaction)
            .await?;
        let gone = delete_places(&mut transaction, &class.id, &ids).await?;
        let notes = sqlx::query("DELETE FROM notes WHERE class = $1").bind(&class.id).execute(&mut *transaction).await?;
        let links = lti::forget_class(&mut transaction, &class.id).await?;
        for table in ["class_lessons", "class_instructors"] {
            sqlx::query(&format!("DELETE FROM {table} WHERE class = $1")).bind(&class.id).execute(&mut *transaction).await?;
        }
        sqlx::query("DELETE FROM classes WHERE id = $1").bind(&class.id).execute(&mut *transaction).await?;
        transaction.commit().await?;
        let mut deleted = self.places_gone(&ids, gone).await;
        deleted.counts.push(("notes".to_owned(), notes.rows_affected()));
        deleted.counts.push(("links from learning platforms".to_owned(), links));
        deleted.counts.insert(0, ("classes".to_owned(), 1));
        self.hub.tell(Event::Class(class.id));
        Ok(deleted)
    }

    /// What is not in the database goes with places that were deleted: help that was given in them, streams, and
    /// the sandboxes of learners who have no other.
    async fn places_gone(&self, places: &[String], gone: Gone) -> Deleted {
        self.hub.places_ended(places);
        for learner in gone.removed {
            self.hub.tell(Event::Seat(learner));
        }
        let mut sandboxes = 0;
        for learner in &gone.forgotten {
            sandboxes += u64::from(self.sandboxes.close(learner).await);
        }
        let mut counts: Vec<(String, u64)> = gone.counts.map(|(what, count)| (what.to_owned(), count)).into();
        counts.push(("sandboxes".to_owned(), sandboxes));
        Deleted { counts }
    }
}

/// What went with places that were deleted.
struct Gone {
    counts: [(&'static str, u64); 9],
    /// Who was in one of them.
    removed: Vec<LearnerId>,
    /// Those of them who are in no class any more: nothing of theirs is left.
    forgotten: Vec<LearnerId>,
}

/// Deletes places of a class that the transaction is alone with, and everything of learners who have no other.
///
/// # Errors
/// Where the database fails.
async fn delete_places(transaction: &mut Transaction<'_, Any>, class: &str, places: &[String]) -> Result<Gone, sqlx::Error> {
    let mut counts = [
        ("places", 0),
        ("learners", 0),
        ("steps", 0),
        ("checks", 0),
        ("answers", 0),
        ("events", 0),
        ("certificates", 0),
        ("personal notes", 0),
        ("ties to a learning platform", 0),
    ];
    let (mut removed, mut forgotten) = (Vec::new(), Vec::new());
    for place in places {
        let learner: Option<Option<String>> = sqlx::query_scalar("DELETE FROM enrolments WHERE id = $1 AND class = $2 RETURNING learner")
            .bind(place)
            .bind(class)
            .fetch_optional(&mut **transaction)
            .await?;
        let Some(learner) = learner else { continue };
        counts[0].1 += 1;
        counts[7].1 += sqlx::query("DELETE FROM notes WHERE enrolment = $1").bind(place).execute(&mut **transaction).await?.rows_affected();
        counts[8].1 += lti::forget_place(transaction, place).await?;
        sqlx::query("DELETE FROM notes_put_away WHERE enrolment = $1").bind(place).execute(&mut **transaction).await?;
        let Some(learner) = learner else { continue };
        removed.push(LearnerId::from_stored(learner.clone()));
        // Another class that they come into or are removed from at the same time waits for it.
        sqlx::query("UPDATE learners SET made_at = made_at WHERE id = $1").bind(&learner).execute(&mut **transaction).await?;
        let others: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM enrolments e JOIN classes c ON c.id = e.class WHERE e.learner = $1")
            .bind(&learner)
            .fetch_one(&mut **transaction)
            .await?;
        if others > 0 {
            continue;
        }
        for (index, table) in [
            (2, "progress_steps"),
            (3, "progress_checks"),
            (4, "progress_answers"),
            (5, "progress_events"),
            (6, "certificates"),
            (usize::MAX, "progress_lessons"),
            (usize::MAX, "assists"),
        ] {
            let gone = sqlx::query(&format!("DELETE FROM {table} WHERE learner = $1")).bind(&learner).execute(&mut **transaction).await?;
            if let Some(count) = counts.get_mut(index) {
                count.1 += gone.rows_affected();
            }
        }
        counts[1].1 += sqlx::query("DELETE FROM learners WHERE id = $1").bind(&learner).execute(&mut **transaction).await?.rows_affected();
        lti::forget_learner(transaction, &learner).await?;
        forgotten.push(LearnerId::from_stored(learner));
    }
    Ok(Gone { counts, removed, forgotten })
}
