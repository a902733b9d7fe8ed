//! A learner's side of classes: in, back in, and what their page shows of a class.

use app::model::{Assist, ClassCard, ClassState, PersonalLink, PlaceCard, Seat};
use sqlx::{Row as _, any::AnyRow};

use super::{
    ClassError, ClassRow, Classroom, Event, codes,
    limits::{MAX_PLACES, MAX_SEATS},
    names::{self, Names},
    places::{WAY_BACK, names_in},
    rights::{CLASS_COLUMNS, alone_with},
};
use crate::{clock::now, learner::LearnerId};

const NO_CLASS: &str = "There is no class with that code. Look at it again: six letters and digits, as your instructor shows them.";
const NO_PLACE: &str =
    "No place in a class has that personal code. Look at it again; a newer one may have replaced it. Your instructor can give you another.";

/// Of whom the note is that somebody came back: no instructor wrote it.
const CAME_BACK_FROM: &str = "Lunchbox";
const CAME_BACK: &str = "Somebody came back as you from another browser just now, by your personal code. If it was not you, tell your \
                         instructor, and make a new way back.";

/// Somebody came in.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// Who they are from now on.
    pub learner: LearnerId,
    /// Of the place.
    pub seat: String,
    pub way_back: Option<PersonalLink>,
}

/// A learner's place, as their page follows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Seated {
    /// The class's ID: who is in it sees on every page who looks on.
    pub class: String,
    pub seat: Seat,
    /// When the class opens or closes next by the clock, in unix milliseconds: nobody tells of it then.
    pub turns_at: Option<i64>,
}

struct Row {
    id: String,
    name: String,
    hand_at: i64,
    instructor: String,
    joined_at: i64,
    class: ClassRow,
}

impl Row {
    fn read(row: &AnyRow) -> Result<Self, sqlx::Error> {
        let class = ClassRow::read(row)?;
        Ok(Self {
            id: row.try_get(10)?,
            name: row.try_get(11)?,
            hand_at: row.try_get(12)?,
            instructor: row.try_get(13)?,
            joined_at: row.try_get(14)?,
            class,
        })
    }
}

/// Of places `e` in classes `c`.
fn seats_sql(rest: &str) -> String {
    format!(
        "SELECT {CLASS_COLUMNS}, e.id AS place, e.name AS person, e.hand_at, \
         COALESCE((SELECT i.name FROM instructors i WHERE i.id = c.owner), '') AS instructor, e.joined_at \
         FROM enrolments e JOIN classes c ON c.id = e.class {rest}"
    )
}

impl Classroom {
    /// The learner's newest place in a class that has this lesson, or else their newest place.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn seat(&self, learner: &LearnerId, lesson: &str) -> Result<Option<Seated>, ClassError> {
        let sql = seats_sql(
            "WHERE e.learner = $1 ORDER BY \
             CASE WHEN EXISTS (SELECT 1 FROM class_lessons l WHERE l.class = c.id AND l.lesson = $2) THEN 0 ELSE 1 END, \
             e.joined_at DESC, e.id LIMIT 1",
        );
        let row = sqlx::query(&sql).bind(learner.as_str()).bind(lesson).fetch_optional(&self.pool).await?;
        match row {
            Some(row) => {
                let row = Row::read(&row)?;
                let (class, turns_at) = (row.class.id.clone(), row.class.turns_at());
                Ok(Some(Seated { class, turns_at, seat: self.seat_of(learner, row).await? }))
            }
            None => Ok(None),
        }
    }

    /// All places of the learner, newest first.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn seats(&self, learner: &LearnerId) -> Result<Vec<Seat>, ClassError> {
        let sql = seats_sql("WHERE e.learner = $1 ORDER BY e.joined_at DESC, e.id");
        let mut seats = Vec::new();
        for row in sqlx::query(&sql).bind(learner.as_str()).fetch_all(&self.pool).await? {
            seats.push(self.seat_of(learner, Row::read(&row)?).await?);
        }
        Ok(seats)
    }

    /// Who looks and who types is said in each place, in whichever it is.
    async fn seat_of(&self, learner: &LearnerId, row: Row) -> Result<Seat, ClassError> {
        let lessons = self.lessons_of(&row.class.id).await?;
        let is_over = row.class.state() == ClassState::Closed;
        Ok(Seat {
            notes: if is_over { Vec::new() } else { self.notes_for(&row.class.id, &row.id, row.joined_at).await? },
            assist: self.hub.assist(learner).map(|assist| Assist { who: assist.name, granted: assist.granted }),
            watched_by: self.hub.watched_by(learner),
            id: row.id,
            name: row.name,
            instructor: row.instructor,
            state: row.class.state(),
            lessons: lessons.into_iter().map(|slug| (slug.clone(), self.title(&slug))).collect(),
            pace: row.class.pace,
            led: row.class.led_now(),
            hand: row.hand_at > 0 && !is_over,
            class: row.class.name,
        })
    }

    /// The learner's own place.
    pub(super) async fn seat_row(&self, learner: &LearnerId, seat: &str) -> Result<(ClassRow, String), ClassError> {
        let row = sqlx::query(&seats_sql("WHERE e.learner = $1 AND e.id = $2"))
            .bind(learner.as_str())
            .bind(seat)
            .fetch_optional(&self.pool)
            .await?;
        let row = Row::read(&row.ok_or(ClassError::NotFound)?)?;
        Ok((row.class, row.name))
    }

    /// The class with that join code.
    ///
    /// # Errors
    /// Where there is none, or the database fails.
    pub async fn find_class(&self, learner: &LearnerId, code: &str) -> Result<ClassCard, ClassError> {
        let class = self.class_by_code(code).await?;
        let instructor: Option<String> =
            sqlx::query_scalar("SELECT name FROM instructors WHERE id = $1").bind(&class.owner).fetch_optional(&self.pool).await?;
        let mine = self.name_in(learner, &class.id).await?;
        Ok(ClassCard {
            state: class.state(),
            opens_at: class.opens_at,
            closes_at: class.closes_at,
            code: codes::grouped(&class.code),
            name: class.name,
            instructor: instructor.unwrap_or_default(),
            mine,
        })
    }

    async fn class_by_code(&self, code: &str) -> Result<ClassRow, ClassError> {
        let Some(code) = codes::typed_join(code) else { return ClassError::refused(NO_CLASS) };
        let row =
            sqlx::query(&format!("SELECT {CLASS_COLUMNS} FROM classes c WHERE c.code = $1")).bind(code).fetch_optional(&self.pool).await?;
        match row {
            Some(row) => Ok(ClassRow::read(&row)?),
            None => ClassError::refused(NO_CLASS),
        }
    }

    async fn name_in(&self, learner: &LearnerId, class: &str) -> Result<Option<String>, ClassError> {
        Ok(sqlx::query_scalar("SELECT name FROM enrolments WHERE learner = $1 AND class = $2")
            .bind(learner.as_str())
            .bind(class)
            .fetch_optional(&self.pool)
            .await?)
    }

    /// Gives the learner a place in the class with that code; who is in it already comes back to theirs.
    ///
    /// # Errors
    /// Where there is no such class, it isn't open, the name is no good or taken, or the database fails.
    pub async fn join(&self, learner: &LearnerId, code: &str, name: &str, someone_else: bool, base: &str) -> Result<Arrival, ClassError> {
        let class = self.class_by_code(code).await?;
        if !someone_else && let Some(seat) = place_in(&mut *self.pool.acquire().await?, learner, &class.id).await? {
            return Ok(Arrival { learner: learner.clone(), seat, way_back: None });
        }
        match class.state() {
            ClassState::Open => {}
            ClassState::Planned => return ClassError::refused("This class has not opened yet. Come back when it does."),
            ClassState::Closed => return ClassError::refused("This class is over; nobody joins it any more. Ask your instructor."),
        }
        let name = names::person(name)?;
        // The work of whoever used this browser before is not the next one's.
        let learner = if someone_else { LearnerId::random() } else { learner.clone() };
        let (seat, code) = (codes::id(), codes::personal());
        let at = now();
        let mut transaction = match alone_with(&self.pool, &class.id).await {
            Err(ClassError::NotFound) => return ClassError::refused(NO_CLASS),
            begun => begun?,
        };
        // The same browser twice at once, as two tabs or two clicks: the other was first.
        if let Some(seat) = place_in(&mut transaction, &learner, &class.id).await? {
            return Ok(Arrival { learner, seat, way_back: None });
        }
        // Before anything is counted: a class of theirs that is being deleted meanwhile waits for it.
        known(&mut transaction, &learner, at).await?;
        let places: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM enrolments WHERE class = $1").bind(&class.id).fetch_one(&mut *transaction).await?;
        if places >= MAX_PLACES {
            return ClassError::refused(format!("This class is full: it has {MAX_PLACES} places. Tell your instructor."));
        }
        check_seats(&mut transaction, &learner).await?;
        let there: Names = names_in(&mut transaction, &class.id).await?.into_iter().collect();
        if there.has(&name) {
            return ClassError::refused(is_there(&name));
        }
        sqlx::query(
            "INSERT INTO enrolments (id, class, name, name_key, learner, way_back, made_at, joined_at, hand_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $7, 0)",
        )
        .bind(&seat)
        .bind(&class.id)
        .bind(&name)
        .bind(names::key(&name))
        .bind(learner.as_str())
        .bind(codes::hashed(WAY_BACK, &code))
        .bind(at)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        self.hub.tell(Event::People(class.id));
        self.hub.tell(Event::Seat(learner.clone()));
        Ok(Arrival { learner, seat, way_back: Some(super::places::personal_link(base, &name, &code)) })
    }

    /// The place with that personal code.
    ///
    /// # Errors
    /// Where there is none, or the database fails.
    pub async fn find_place(&self, code: &str) -> Result<PlaceCard, ClassError> {
        let row = self.place_by_code(code).await?;
        Ok(PlaceCard { class: row.try_get("class_name")?, name: row.try_get("name")? })
    }

    async fn place_by_code(&self, code: &str) -> Result<AnyRow, ClassError> {
        let Some(code) = codes::typed_personal(code) else { return ClassError::refused(NO_PLACE) };
        let row = sqlx::query(
            "SELECT e.id, e.name, e.learner, e.class, c.name AS class_name FROM enrolments e JOIN classes c ON c.id = e.class \
             WHERE e.way_back = $1",
        )
        .bind(codes::hashed(WAY_BACK, &code))
        .fetch_optional(&self.pool)
        .await?;
        row.map_or_else(|| ClassError::refused(NO_PLACE), Ok)
    }

    /// Comes back to a place by its personal code. Who is on the roster and comes for the first time keeps
    /// what this browser has done so far, unless it was somebody else's.
    ///
    /// # Errors
    /// Where there is no such place, or the database fails.
    pub async fn come_back(&self, browser: &LearnerId, code: &str) -> Result<Arrival, ClassError> {
        let row = self.place_by_code(code).await?;
        let (seat, class): (String, String) = (row.try_get("id")?, row.try_get("class")?);
        let learner: Option<String> = row.try_get("learner")?;
        if let Some(learner) = learner.map(LearnerId::from_stored) {
            // Who has a page open elsewhere did not expect it, or did it themselves.
            if learner != *browser && self.hub.is_present(&learner) {
                self.tell_everywhere(&learner, CAME_BACK_FROM, CAME_BACK).await?;
            }
            return Ok(Arrival { learner, seat, way_back: None });
        }
        let at = now();
        let mut transaction = match alone_with(&self.pool, &class).await {
            Err(ClassError::NotFound) => return ClassError::refused(NO_PLACE),
            begun => begun?,
        };
        let others: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM enrolments WHERE learner = $1")
            .bind(browser.as_str())
            .fetch_one(&mut *transaction)
            .await?;
        let learner = if others > 0 { LearnerId::random() } else { browser.clone() };
        known(&mut transaction, &learner, at).await?;
        let taken = sqlx::query("UPDATE enrolments SET learner = $1, joined_at = $2 WHERE id = $3 AND learner IS NULL")
            .bind(learner.as_str())
            .bind(at)
            .bind(&seat)
            .execute(&mut *transaction)
            .await?;
        if taken.rows_affected() == 0 {
            // Two tabs at once: the other one was first.
            let first: Option<Option<String>> =
                sqlx::query_scalar("SELECT learner FROM enrolments WHERE id = $1").bind(&seat).fetch_optional(&mut *transaction).await?;
            let Some(learner) = first.flatten().map(LearnerId::from_stored) else { return ClassError::refused(NO_PLACE) };
            return Ok(Arrival { learner, seat, way_back: None });
        }
        transaction.commit().await?;
        self.hub.tell(Event::People(class));
        self.hub.tell(Event::Seat(learner.clone()));
        Ok(Arrival { learner, seat, way_back: None })
    }

    /// A seat by its ID, as who has just arrived sees it.
    ///
    /// # Errors
    /// Where it isn't theirs, or the database fails.
    pub async fn arrived(&self, arrival: &Arrival) -> Result<Seat, ClassError> {
        let row = sqlx::query(&seats_sql("WHERE e.learner = $1 AND e.id = $2"))
            .bind(arrival.learner.as_str())
            .bind(&arrival.seat)
            .fetch_optional(&self.pool)
            .await?;
        self.seat_of(&arrival.learner, Row::read(&row.ok_or(ClassError::NotFound)?)?).await
    }

    /// A new personal link of one's own; the old one ends.
    ///
    /// # Errors
    /// Where the place isn't theirs, or the database fails.
    pub async fn new_way_back(&self, learner: &LearnerId, seat: &str, base: &str) -> Result<PersonalLink, ClassError> {
        let (_, name) = self.seat_row(learner, seat).await?;
        self.give_way_back(seat, &name, base).await
    }
}

/// Said to who types a name that is there already: the same whether its owner is in the class, is on its list and
/// has not come yet, or is called something that looks the same. Who is told these apart could ask by the code, which is
/// on the wall, who is on a list and hasn't come; that there is such a name has to be said, and is all that is.
fn is_there(name: &str) -> String {
    format!(
        "There is a {name} in this class or on its list already. If that is you, use your personal link, or come back with your personal \
         code; ask your instructor for a new one if you lost it. If it is somebody else, add a letter to your name."
    )
}

/// The learner's place in that class.
async fn place_in(connection: &mut sqlx::AnyConnection, learner: &LearnerId, class: &str) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar("SELECT id FROM enrolments WHERE learner = $1 AND class = $2")
        .bind(learner.as_str())
        .bind(class)
        .fetch_optional(connection)
        .await
}

/// Refuses another place to who has as many as one may have.
pub(super) async fn check_seats(transaction: &mut sqlx::Transaction<'_, sqlx::Any>, learner: &LearnerId) -> Result<(), ClassError> {
    let seats: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM enrolments WHERE learner = $1")
        .bind(learner.as_str())
        .fetch_one(&mut **transaction)
        .await?;
    if seats >= MAX_SEATS {
        return ClassError::refused(format!("You are in {MAX_SEATS} classes, which is the most. Ask to be removed from one that is over."));
    }
    Ok(())
}

/// Something is stored of them from now on. Who is known already is held until the end of the transaction.
pub(super) async fn known(transaction: &mut sqlx::Transaction<'_, sqlx::Any>, learner: &LearnerId, at: i64) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO learners (id, made_at) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET made_at = learners.made_at")
        .bind(learner.as_str())
        .bind(at)
        .execute(&mut **transaction)
        .await?;
    Ok(())
}
