//! What instructors write to one learner or to all, and what a learner is told in all their classes.

use app::model::{ClassState, Note, SentNote, SentNotes};
use sqlx::{Any, Row as _, Transaction};

use super::{
    Account, ClassError, Classroom, Event, codes,
    limits::{MAX_NOTE, MAX_NOTES, MAX_NOTES_LISTED, MAX_NOTES_SHOWN},
    rights::alone_with,
};
use crate::{clock::now, learner::LearnerId};

/// Whose words a note has.
#[derive(Debug, Clone, Copy)]
enum Words {
    /// An instructor wrote them to this class or to somebody in it.
    Sent,
    /// Lunchbox tells a learner something in all their classes.
    Told,
}

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
        let mut transaction = alone_with(&self.pool, &class.id).await?;
        write(&mut transaction, &class.id, to.as_ref().map_or("", |place| &place.id), &who.name, text, Words::Sent).await?;
        transaction.commit().await?;
        match to {
            Some(place) => place.learner.into_iter().for_each(|learner| self.hub.tell(Event::Seat(learner))),
            None => self.hub.tell(Event::Class(class.id)),
        }
        Ok(())
    }

    /// What instructors sent: to everybody and to each, or to one place alone where `place` says which. Newest first.
    /// What Lunchbox told learners by itself is none of it.
    ///
    /// # Errors
    /// Where the class isn't theirs, or the database fails.
    pub async fn sent_notes(&self, who: &Account, class: &str, place: &str) -> Result<SentNotes, ClassError> {
        let class = self.class_of(who, class).await?;
        let rows = sqlx::query(
            "SELECT n.id, n.author, n.text, n.sent_at, e.name FROM notes n LEFT JOIN enrolments e ON e.id = n.enrolment \
             WHERE n.class = $1 AND n.told = 0 AND ($2 = '' OR n.enrolment = $2) AND (n.enrolment = '' OR e.class = $1) \
             ORDER BY n.id DESC LIMIT $3",
        )
        .bind(&class.id)
        .bind(place)
        // One more, to know whether there are older ones.
        .bind(i64::try_from(MAX_NOTES_LISTED + 1).unwrap_or(i64::MAX))
        .fetch_all(&self.pool)
        .await?;
        let note = |row: &sqlx::any::AnyRow| {
            Ok(SentNote { id: row.try_get(0)?, from: row.try_get(1)?, text: row.try_get(2)?, at: row.try_get(3)?, to: row.try_get(4)? })
        };
        let mut notes = rows.iter().map(note).collect::<Result<Vec<_>, sqlx::Error>>()?;
        let has_older = notes.len() > MAX_NOTES_LISTED;
        notes.truncate(MAX_NOTES_LISTED);
        Ok(SentNotes { is_mine_alone: notes.iter().all(|note| note.from == who.name), notes, has_older })
    }

    /// Says the same to a learner in each of their classes. Where it was said before, it is said anew, so that
    /// whoever has it said often drives nobody's notes out.
    ///
    /// # Errors
    /// Where the database fails.
    pub(super) async fn tell_everywhere(&self, learner: &LearnerId, author: &str, text: &str) -> Result<(), ClassError> {
        let places = sqlx::query("SELECT class, id FROM enrolments WHERE learner = $1 ORDER BY class")
            .bind(learner.as_str())
            .fetch_all(&self.pool)
            .await?;
        for row in places {
            let (class, place): (String, String) = (row.try_get(0)?, row.try_get(1)?);
            let mut transaction = match alone_with(&self.pool, &class).await {
                Ok(transaction) => transaction,
                // It was deleted just now.
                Err(ClassError::NotFound) => continue,
                Err(error) => return Err(error),
            };
            sqlx::query("DELETE FROM notes WHERE enrolment = $1 AND author = $2 AND text = $3")
                .bind(&place)
                .bind(author)
                .bind(text)
                .execute(&mut *transaction)
                .await?;
            match write(&mut transaction, &class, &place, author, text, Words::Told).await {
                Ok(()) => transaction.commit().await?,
                Err(ClassError::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
        self.hub.tell(Event::Seat(learner.clone()));
        Ok(())
    }

    /// Those to them, and those to all that were sent since they came; not those that were put away. Oldest first.
    pub(super) async fn notes_for(&self, class: &str, place: &str, came_at: i64) -> Result<Vec<Note>, ClassError> {
        let rows = sqlx::query(
            "SELECT n.id, n.author, n.text, n.sent_at, n.enrolment FROM notes n WHERE n.class = $1 \
             AND (n.enrolment = $2 OR (n.enrolment = '' AND n.sent_at >= $4)) AND NOT EXISTS (SELECT 1 FROM notes_put_away a WHERE a.enrolment = $2 AND a.note = n.id) ORDER BY n.id DESC LIMIT $3",
        )
        .bind(class)
        .bind(place)
        .bind(i64::try_from(MAX_NOTES_SHOWN).unwrap_or(i64::MAX))
        .bind(came_at)
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
        let mut transaction = alone_with(&self.pool, &class.id).await?;
        let put = sqlx::query(
            "INSERT INTO notes_put_away (enrolment, note) SELECT e.id, n.id FROM notes n JOIN enrolments e ON e.class = n.class \
             WHERE e.id = $1 AND n.id = $2 AND n.class = $3 AND (n.enrolment = '' OR n.enrolment = $1) \
             ON CONFLICT (enrolment, note) DO NOTHING",
        )
        .bind(seat)
        .bind(note)
        .bind(&class.id)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        if put.rows_affected() > 0 {
            self.hub.tell(Event::Seat(learner.clone()));
        }
        Ok(())
    }
}

/// Keeps a note in a class that the transaction is alone with.
///
/// # Errors
/// [`ClassError::NotFound`] where the place has been deleted meanwhile.
async fn write(
    transaction: &mut Transaction<'_, Any>,
    class: &str,
    place: &str,
    author: &str,
    text: &str,
    words: Words,
) -> Result<(), ClassError> {
    // The time first, so that the newest is the last by ID too.
    let (at, id) = (now(), codes::id());
    let written = sqlx::query(
        "INSERT INTO notes (id, class, enrolment, author, text, sent_at, told) SELECT $1, c.id, $3, $4, $5, $6, $7 FROM classes c \
         WHERE c.id = $2 AND ($3 = '' OR EXISTS (SELECT 1 FROM enrolments e WHERE e.id = $3 AND e.class = c.id))",
    )
    .bind(format!("{at:012x}{}", &id[..8]))
    .bind(class)
    .bind(place)
    .bind(author)
    .bind(text)
    .bind(at)
    .bind(match words {
        Words::Sent => 0_i64,
        Words::Told => 1,
    })
    .execute(&mut **transaction)
    .await?;
    if written.rows_affected() == 0 {
        return Err(ClassError::NotFound);
    }
    sqlx::query("DELETE FROM notes WHERE class = $1 AND id NOT IN (SELECT id FROM notes WHERE class = $1 ORDER BY id DESC LIMIT $2)")
        .bind(class)
        .bind(MAX_NOTES)
        .execute(&mut **transaction)
        .await?;
    Ok(())
}
