//! Who may what: the one place where a class or a place is looked up for an instructor.

use app::model::{ClassState, Pace, StepRef};
use sqlx::{AnyPool, Row as _, any::AnyRow};

use super::{Account, ClassError, Classroom, limits::SIGNED_IN_HOLDS};
use crate::{clock::now, learner::LearnerId};

/// A class, as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassRow {
    pub id: String,
    pub name: String,
    /// An instructor's ID.
    pub owner: String,
    pub code: String,
    pub pace: Pace,
    pub led: Option<StepRef>,
    /// Unix milliseconds; 0: at once.
    pub opens_at: i64,
    /// Unix milliseconds; 0: never.
    pub closes_at: i64,
    pub made_at: i64,
}

/// A place with its class.
#[derive(Debug, Clone, PartialEq)]
pub struct PlaceRow {
    pub id: String,
    pub name: String,
    /// `None`: not yet here.
    pub learner: Option<LearnerId>,
    pub class: ClassRow,
}

pub(super) const CLASS_COLUMNS: &str =
    "c.id, c.name, c.owner, c.code, c.pace, c.led_lesson, c.led_step, c.opens_at, c.closes_at, c.made_at";

/// For whom `$1` is the account's ID and `$2` is 1 for an admin.
pub(super) const THEIRS: &str =
    "(c.owner = $1 OR $2 = 1 OR EXISTS (SELECT 1 FROM class_instructors s WHERE s.class = c.id AND s.instructor = $1))";

/// Begins a transaction in which nobody else changes who is in the class. It writes first: SQLite would fail one
/// that has read before it writes, where another has written meanwhile (`SQLITE_BUSY_SNAPSHOT`).
///
/// # Errors
/// [`ClassError::NotFound`] where the class has been deleted meanwhile.
pub(super) async fn alone_with<'a>(pool: &AnyPool, class: &str) -> Result<sqlx::Transaction<'a, sqlx::Any>, ClassError> {
    let mut transaction = pool.begin().await?;
    let there = sqlx::query("UPDATE classes SET made_at = made_at WHERE id = $1").bind(class).execute(&mut *transaction).await?;
    if there.rows_affected() == 0 {
        return Err(ClassError::NotFound);
    }
    Ok(transaction)
}

/// Until when somebody stays signed in who did at `at`, in unix milliseconds.
pub fn signed_in_until(at: i64) -> i64 {
    at.saturating_add(i64::try_from(SIGNED_IN_HOLDS.as_millis()).unwrap_or(i64::MAX))
}

impl ClassRow {
    pub(super) fn read(row: &AnyRow) -> Result<Self, sqlx::Error> {
        let pace: String = row.try_get(4)?;
        let led = StepRef { lesson: row.try_get(5)?, step: row.try_get(6)? };
        Ok(Self {
            id: row.try_get(0)?,
            name: row.try_get(1)?,
            owner: row.try_get(2)?,
            code: row.try_get(3)?,
            pace: if pace == "led" { Pace::Led } else { Pace::Free },
            led: (!led.step.is_empty()).then_some(led),
            opens_at: row.try_get(7)?,
            closes_at: row.try_get(8)?,
            made_at: row.try_get(9)?,
        })
    }

    pub fn state(&self) -> ClassState {
        let at = now();
        if self.closes_at > 0 && at >= self.closes_at {
            ClassState::Closed
        } else if at < self.opens_at {
            ClassState::Planned
        } else {
            ClassState::Open
        }
    }

    /// When it opens or closes next by the clock, in unix milliseconds.
    pub fn turns_at(&self) -> Option<i64> {
        match self.state() {
            ClassState::Planned => Some(self.opens_at),
            ClassState::Open => Some(self.closes_at).filter(|at| *at > 0),
            ClassState::Closed => None,
        }
    }

    /// Where the class is led to, where it is led at all.
    pub fn led_now(&self) -> Option<StepRef> {
        self.led.clone().filter(|_| self.pace == Pace::Led)
    }
}

impl Classroom {
    /// The class, for who has found out already that it concerns whoever asks. `None`: it has been deleted.
    pub(super) async fn class_by_id(&self, class: &str) -> Result<Option<ClassRow>, ClassError> {
        let row =
            sqlx::query(&format!("SELECT {CLASS_COLUMNS} FROM classes c WHERE c.id = $1")).bind(class).fetch_optional(&self.pool).await?;
        Ok(row.map(|row| ClassRow::read(&row)).transpose()?)
    }

    /// The class, where it is theirs, shared with them, or they are an admin.
    ///
    /// # Errors
    /// [`ClassError::NotFound`] where it isn't or there is none.
    pub async fn class_of(&self, who: &Account, class: &str) -> Result<ClassRow, ClassError> {
        let row = sqlx::query(&format!("SELECT {CLASS_COLUMNS} FROM classes c WHERE {THEIRS} AND c.id = $3"))
            .bind(&who.id)
            .bind(i64::from(who.is_admin))
            .bind(class)
            .fetch_optional(&self.pool)
            .await?;
        Ok(ClassRow::read(&row.ok_or(ClassError::NotFound)?)?)
    }

    /// As [`Classroom::class_of`], for what only its owner or an admin may do. With whom a class is shared
    /// knows that it is there, and is told why not.
    ///
    /// # Errors
    /// Where it isn't theirs.
    pub async fn class_owned_by(&self, who: &Account, class: &str) -> Result<ClassRow, ClassError> {
        let class = self.class_of(who, class).await?;
        if class.owner == who.id || who.is_admin {
            return Ok(class);
        }
        ClassError::refused("This class is shared with you. Only who made it, or an admin, can do that.")
    }

    /// The place, where its class is theirs.
    ///
    /// # Errors
    /// [`ClassError::NotFound`] where it isn't or there is none.
    pub async fn place_of(&self, who: &Account, place: &str) -> Result<PlaceRow, ClassError> {
        let row = sqlx::query(&format!(
            "SELECT {CLASS_COLUMNS}, e.id AS place, e.name AS person, e.learner FROM enrolments e JOIN classes c ON c.id = e.class \
             WHERE {THEIRS} AND e.id = $3"
        ))
        .bind(&who.id)
        .bind(i64::from(who.is_admin))
        .bind(place)
        .fetch_optional(&self.pool)
        .await?;
        let row = row.ok_or(ClassError::NotFound)?;
        let learner: Option<String> = row.try_get(12)?;
        Ok(PlaceRow {
            id: row.try_get(10)?,
            name: row.try_get(11)?,
            learner: learner.map(LearnerId::from_stored),
            class: ClassRow::read(&row)?,
        })
    }

    /// # Errors
    /// Where they aren't.
    pub fn admin(who: &Account) -> Result<(), ClassError> {
        // Who isn't one does not learn what there is.
        if who.is_admin { Ok(()) } else { Err(ClassError::NotFound) }
    }
}
