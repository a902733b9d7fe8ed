//! What instructors write to one learner or to all, and hands that they lower.

use app::model::{ClassState, Note};
use sqlx::Row as _;

use super::{
    Account, ClassError, Classroom, Event, codes,
    limits::{MAX_NOTE, MAX_NOTES, MAX_NOTES_SHOWN},
};
use crate::{clock::now, learner::LearnerId};

impl Classroom {
    /// To one place, or to all where `place` is empty.
    ///
    /// # Errors
    /// Where class or place isn't theirs, the text is no good, the class is over, or the database fails.
    pub async fn send_note(&self, who: &Account, class: &str, place: &str, text: &str) -> Result<(), ClassError> {
        let class = self.class_of(who, class).await?;
        let text = text.trim();
        let count = text.chars().count();
        if count == 0 {
            return ClassError::refused("There is nothing in the note. Write a sentence first.");
        }
        if count > MAX_NOTE {
            return ClassError::refused(format!(
                "The note is too long: {count} characters, and {MAX_NOTE} are the most. Nothing was sent."
            ));
        }
        if class.state() == ClassState::Closed {
            return ClassError::refused("This class is over: nobody would see the note. Nothing was sent.");
        }
        let to = if place.is_empty() {
            None
        } else {
            let place = self.place_of(who, place).await?;
            if place.class.id != class.id {
                return Err(ClassError::NotFound);
            }
            Some(place)
        };
        // The time first, so that the newest is the last by ID too.
        let (at, id) = (now(), codes::id());
        let mut transaction = self.pool.begin().await?;
        sqlx::query("INSERT INTO notes (id, class, enrolment, author, text, sent_at) VALUES ($1, $2, $3, $4, $5, $6)")
            .bind(format!("{at:012x}{}", &id[..8]))
            .bind(&class.id)
            .bind(to.as_ref().map_or("", |place| &place.id))
            .bind(&who.name)
            .bind(text)
            .bind(at)
            .execute(&mut *transaction)
            .await?;
        sqlx::query("DELETE FROM notes WHERE class = $1 AND id NOT IN (SELECT id FROM notes WHERE class = $1 ORDER BY id DESC LIMIT $2)")
            .bind(&class.id)
            .bind(MAX_NOTES)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        match to {
            Some(place) => place.learner.into_iter().for_each(|learner| self.hub.tell(Event::Seat(learner))),
            None => self.hub.tell(Event::Class(class.id)),
        }
        Ok(())
    }

    /// Those that were sent since the learner came and not put away, oldest first.
    pub(super) async fn notes_for(&self, class: &str, place: &str) -> Result<Vec<Note>, ClassError> {
        let rows = sqlx::query(
            "SELECT n.id, n.author, n.text, n.sent_at, n.enrolment FROM notes n WHERE n.class = $1 AND (n.enrolment = '' OR n.enrolment = $2) \
             AND NOT EXISTS (SELECT 1 FROM notes_put_away a WHERE a.enrolment = $2 AND a.note = n.id) ORDER BY n.id DESC LIMIT $3",
        )
        .bind(class)
        .bind(place)
        .bind(i64::try_from(MAX_NOTES_SHOWN).unwrap_or(i64::MAX))
        .fetch_all(&self.pool)
        .await?;
        let note = |row: &sqlx::any::AnyRow| {
            let to: String = row.try_get(4)?;
            Ok(Note { id: row.try_get(0)?, from: row.try_get(1)?, text: row.try_get(2)?, at: row.try_get(3)?, to_all: to.is_empty() })
        };
        rows.iter().rev().map(note).collect::<Result<_, sqlx::Error>>().map_err(Into::into)
    }

    /// # Errors
    /// Where the place isn't theirs, there is no such note for it, or the database fails.
    pub async fn put_note_away(&self, learner: &LearnerId, seat: &str, note: &str) -> Result<(), ClassError> {
        let (class, _) = self.seat_row(learner, seat).await?;
        let put = sqlx::query(
            "INSERT INTO notes_put_away (enrolment, note) SELECT $1, n.id FROM notes n \
             WHERE n.id = $2 AND n.class = $3 AND (n.enrolment = '' OR n.enrolment = $1) \
             ON CONFLICT (enrolment, note) DO NOTHING",
        )
        .bind(seat)
        .bind(note)
        .bind(&class.id)
        .execute(&self.pool)
        .await?;
        if put.rows_affected() > 0 {
            self.hub.tell(Event::Seat(learner.clone()));
        }
        Ok(())
    }

    /// # Errors
    /// Where the place isn't theirs to see, or the database fails.
    pub async fn lower_hand(&self, who: &Account, place: &str) -> Result<(), ClassError> {
        let place = self.place_of(who, place).await?;
        self.set_hand(&place.id, false).await?;
        place.learner.into_iter().for_each(|learner| self.hub.tell(Event::Seat(learner)));
        Ok(())
    }
}
