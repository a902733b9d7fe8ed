//! What admins see and do: instructors, the machine, sandboxes.

use app::model::{Deleted, Instructor, InvitationKind, Machine, OpenSandbox};
use gateway::SandboxId;
use sqlx::Row as _;

use super::{Account, ClassError, Classroom, Event, invitations::Invited, lti, machine};
use crate::learner::LearnerId;

impl Classroom {
    /// Every account, by name.
    ///
    /// # Errors
    /// Where who asks is no admin, or the database fails.
    pub async fn instructors(&self, who: &Account) -> Result<Vec<Instructor>, ClassError> {
        Self::admin(who)?;
        let rows = sqlx::query(
            "SELECT i.id, i.name, i.is_admin, i.made_at, (SELECT COUNT(*) FROM classes c WHERE c.owner = i.id) AS classes \
             FROM instructors i ORDER BY i.name_key",
        )
        .fetch_all(&self.pool)
        .await?;
        let instructor = |row: &sqlx::any::AnyRow| {
            let id: String = row.try_get(0)?;
            Ok(Instructor {
                is_me: id == who.id,
                id,
                name: row.try_get(1)?,
                is_admin: row.try_get::<i64, _>(2)? > 0,
                made_at: row.try_get(3)?,
                classes: u32::try_from(row.try_get::<i64, _>(4)?).unwrap_or_default(),
            })
        };
        rows.iter().map(instructor).collect::<Result<_, sqlx::Error>>().map_err(Into::into)
    }

    /// A link for one more instructor.
    ///
    /// # Errors
    /// Where who asks is no admin, or the database fails.
    pub async fn invite(&self, who: &Account) -> Result<Invited, ClassError> {
        Self::admin(who)?;
        self.invited(InvitationKind::Instructor, "").await
    }

    /// A link to set a new password.
    ///
    /// # Errors
    /// Where who asks is no admin, there is no such account, or the database fails.
    pub async fn reset_password(&self, who: &Account, instructor: &str) -> Result<Invited, ClassError> {
        Self::admin(who)?;
        self.known_instructor(instructor).await?;
        self.invited(InvitationKind::Password, instructor).await
    }

    /// Removes an account. Its classes become those of who asks.
    ///
    /// # Errors
    /// Where who asks is no admin, it is their own, there is no such account, or the database fails.
    pub async fn remove_instructor(&self, who: &Account, instructor: &str) -> Result<Deleted, ClassError> {
        Self::admin(who)?;
        if instructor == who.id {
            return ClassError::refused("That is your own account. Another admin can remove it.");
        }
        let mut transaction = self.pool.begin().await?;
        // Two admins who remove each other take turns: the second has no account any more. It writes first, so that
        // nobody is locked out by a look that is too old.
        sqlx::query("UPDATE instructors SET is_admin = is_admin WHERE is_admin = 1").execute(&mut *transaction).await?;
        let is_admin: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM instructors WHERE id = $1 AND is_admin = 1")
            .bind(&who.id)
            .fetch_one(&mut *transaction)
            .await?;
        let removed = sqlx::query("DELETE FROM instructors WHERE id = $1").bind(instructor).execute(&mut *transaction).await?;
        if is_admin == 0 || removed.rows_affected() == 0 {
            return Err(ClassError::NotFound);
        }
        // What they shared among themselves goes; what is handed on is the new owner's alone.
        sqlx::query("DELETE FROM class_instructors WHERE instructor = $1 OR (instructor = $2 AND class IN (SELECT id FROM classes WHERE owner = $1))")
            .bind(instructor)
            .bind(&who.id)
            .execute(&mut *transaction)
            .await?;
        let classes = sqlx::query("UPDATE classes SET owner = $1 WHERE owner = $2")
            .bind(&who.id)
            .bind(instructor)
            .execute(&mut *transaction)
            .await?
            .rows_affected();
        sqlx::query("DELETE FROM invitations WHERE instructor = $1").bind(instructor).execute(&mut *transaction).await?;
        lti::forget_instructor(&mut transaction, instructor).await?;
        transaction.commit().await?;
        self.hub.account_ended(instructor);
        Ok(Deleted { counts: vec![("accounts".to_owned(), 1), ("classes that are yours now".to_owned(), classes)] })
    }

    async fn known_instructor(&self, instructor: &str) -> Result<(), ClassError> {
        let known: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM instructors WHERE id = $1").bind(instructor).fetch_one(&self.pool).await?;
        if known > 0 { Ok(()) } else { Err(ClassError::NotFound) }
    }

    /// How the machine stands, and how many more learners fit.
    ///
    /// # Errors
    /// Where who asks is no admin, or the database fails.
    pub async fn machine(&self, who: &Account) -> Result<Machine, ClassError> {
        Self::admin(who)?;
        let mut open = Vec::new();
        let costs = self.sandboxes.gateway().costs();
        let rows =
            sqlx::query("SELECT id, learner, given_at, used_at FROM learner_sandboxes WHERE learner IS NOT NULL ORDER BY given_at, id")
                .fetch_all(&self.pool)
                .await?;
        for row in rows {
            let learner: String = row.try_get(1)?;
            let seat = sqlx::query(
                "SELECT e.name, c.name FROM enrolments e JOIN classes c ON c.id = e.class WHERE e.learner = $1 ORDER BY e.joined_at DESC LIMIT 1",
            )
            .bind(learner)
            .fetch_optional(&self.pool)
            .await?;
            let (name, class) = match seat {
                Some(seat) => (seat.try_get(0)?, seat.try_get(1)?),
                None => Default::default(),
            };
            let id: String = row.try_get(0)?;
            let cost = SandboxId::parse(&id).and_then(|id| costs.get(&id).copied());
            open.push(OpenSandbox {
                id,
                name,
                class,
                given_at: row.try_get(2)?,
                used_at: row.try_get(3)?,
                disk_bytes: cost.map(|cost| cost.disk_bytes),
                memory_bytes: cost.and_then(|cost| cost.memory_bytes),
            });
        }
        let warm: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM learner_sandboxes WHERE state = 'warm'").fetch_one(&self.pool).await?;
        let places = self.sandboxes.places();
        Ok(machine::look(open, u32::try_from(warm).unwrap_or_default(), places).await)
    }

    /// Removes somebody's sandbox. Their progress stays.
    ///
    /// # Errors
    /// Where who asks is no admin, there is no such sandbox, or the database fails.
    pub async fn close_sandbox(&self, who: &Account, sandbox: &str) -> Result<(), ClassError> {
        Self::admin(who)?;
        let learner: Option<Option<String>> =
            sqlx::query_scalar("SELECT learner FROM learner_sandboxes WHERE id = $1").bind(sandbox).fetch_optional(&self.pool).await?;
        let learner = LearnerId::from_stored(learner.flatten().ok_or(ClassError::NotFound)?);
        if !self.sandboxes.close(&learner).await {
            return Err(ClassError::NotFound);
        }
        self.hub.tell(Event::Seat(learner));
        Ok(())
    }
}
