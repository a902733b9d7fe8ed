//! One-time links: the first account, further instructors, forgotten passwords.

use app::model::{Invitation, InvitationKind};
use sqlx::{AnyPool, Row as _};

use super::{Account, ClassError, Classroom, accounts::fit_password, codes, limits::INVITATION_HOLDS, names};
use crate::clock::now;

const PURPOSE: &str = "invitation";
const NO_MORE: &str = "This link has been used, or is too old, or there is a newer one. Ask for another; for the very first account, start the server again and take the link that it prints.";

/// The secret of a one-time link, and until when it holds in unix milliseconds.
#[derive(Debug, Clone)]
pub struct Invited {
    pub token: String,
    pub expires_at: i64,
}

impl Classroom {
    /// The link to the first account, where there is none. The one before does not hold any more.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn first_invitation(&self) -> Result<Option<Invited>, ClassError> {
        let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM instructors").fetch_one(&self.pool).await?;
        if count > 0 {
            return Ok(None);
        }
        sqlx::query("DELETE FROM invitations WHERE kind = 'first'").execute(&self.pool).await?;
        self.invited(InvitationKind::First, "").await.map(Some)
    }

    pub(super) async fn invited(&self, kind: InvitationKind, instructor: &str) -> Result<Invited, ClassError> {
        invited(&self.pool, kind, instructor).await
    }

    /// Looks at a link without using it.
    ///
    /// # Errors
    /// Where it doesn't hold, or the database fails.
    pub async fn invitation(&self, token: &str) -> Result<Invitation, ClassError> {
        let row = sqlx::query(
            "SELECT kind, expires_at, COALESCE((SELECT name FROM instructors WHERE instructors.id = invitations.instructor), '') AS name \
             FROM invitations WHERE token = $1 AND expires_at >= $2",
        )
        .bind(codes::hashed(PURPOSE, token))
        .bind(now())
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return ClassError::refused(NO_MORE) };
        let kind: String = row.try_get("kind")?;
        Ok(Invitation { kind: read(&kind), name: row.try_get("name")?, expires_at: row.try_get("expires_at")? })
    }

    /// Uses the link up: makes the account, or sets its password. Returns the account and from when on its
    /// sessions hold.
    ///
    /// # Errors
    /// Where it doesn't hold, name or password are no good, or the database fails.
    pub async fn accept_invitation(&self, token: &str, name: &str, password: &str) -> Result<(Account, i64), ClassError> {
        let invitation = self.invitation(token).await?;
        // What can be told beforehand must not cost the link.
        fit_password(password, &[name, invitation.name.as_str()]).await?;
        if invitation.kind == InvitationKind::Password {
            let hashed = codes::hashed(PURPOSE, token);
            let instructor: Option<String> =
                sqlx::query_scalar("SELECT instructor FROM invitations WHERE token = $1").bind(&hashed).fetch_optional(&self.pool).await?;
            let Some(instructor) = instructor else { return ClassError::refused(NO_MORE) };
            self.use_up(token).await?;
            let from = self.set_password(&instructor, password).await?;
            let account = self.account(&instructor, from).await?.ok_or(ClassError::NotFound)?;
            return Ok((account, from));
        }
        // Where two take it at once, only one may get an account: it is taken first, and given back where
        // the account can't be made.
        let taken = self.use_up(token).await?;
        match self.make_account(name, password, invitation.kind == InvitationKind::First).await {
            Ok(account) => Ok((account, now())),
            Err(error) => {
                self.give_back(token, invitation.kind, taken).await?;
                Err(error)
            }
        }
    }

    async fn use_up(&self, token: &str) -> Result<i64, ClassError> {
        let expires_at: Option<i64> = sqlx::query_scalar("DELETE FROM invitations WHERE token = $1 RETURNING expires_at")
            .bind(codes::hashed(PURPOSE, token))
            .fetch_optional(&self.pool)
            .await?;
        expires_at.ok_or_else(|| ClassError::Refused(NO_MORE.to_owned()))
    }

    async fn give_back(&self, token: &str, kind: InvitationKind, expires_at: i64) -> Result<(), ClassError> {
        sqlx::query("INSERT INTO invitations (token, kind, instructor, made_at, expires_at) VALUES ($1, $2, '', $3, $4)")
            .bind(codes::hashed(PURPOSE, token))
            .bind(stored(kind))
            .bind(now())
            .bind(expires_at)
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}

async fn invited(pool: &AnyPool, kind: InvitationKind, instructor: &str) -> Result<Invited, ClassError> {
    let (token, at) = (codes::secret(), now());
    let expires_at = at.saturating_add(i64::try_from(INVITATION_HOLDS.as_millis()).unwrap_or(i64::MAX));
    sqlx::query("DELETE FROM invitations WHERE expires_at < $1 OR (kind = 'password' AND instructor = $2 AND instructor <> '')")
        .bind(at)
        .bind(instructor)
        .execute(pool)
        .await?;
    sqlx::query("INSERT INTO invitations (token, kind, instructor, made_at, expires_at) VALUES ($1, $2, $3, $4, $5)")
        .bind(codes::hashed(PURPOSE, &token))
        .bind(stored(kind))
        .bind(instructor)
        .bind(at)
        .bind(expires_at)
        .execute(pool)
        .await?;
    Ok(Invited { token, expires_at })
}

/// A link that makes an admin's account, for who runs the machine.
///
/// # Errors
/// Where the database fails.
pub async fn admin_link(pool: &AnyPool) -> Result<Invited, ClassError> {
    invited(pool, InvitationKind::First, "").await
}

/// A link that makes an instructor's account.
///
/// # Errors
/// Where the database fails.
#[cfg(test)]
pub async fn instructor_link(pool: &AnyPool) -> Result<Invited, ClassError> {
    invited(pool, InvitationKind::Instructor, "").await
}

/// A link with which that instructor sets a new password, for who runs the machine. `None`: there is none of
/// that name.
///
/// # Errors
/// Where the database fails.
pub async fn password_link(pool: &AnyPool, name: &str) -> Result<Option<Invited>, ClassError> {
    let id: Option<String> =
        sqlx::query_scalar("SELECT id FROM instructors WHERE name_key = $1").bind(names::key(name)).fetch_optional(pool).await?;
    match id {
        Some(id) => invited(pool, InvitationKind::Password, &id).await.map(Some),
        None => Ok(None),
    }
}

fn stored(kind: InvitationKind) -> &'static str {
    match kind {
        InvitationKind::First => "first",
        InvitationKind::Instructor => "instructor",
        InvitationKind::Password => "password",
    }
}

fn read(kind: &str) -> InvitationKind {
    match kind {
        "first" => InvitationKind::First,
        "password" => InvitationKind::Password,
        _ => InvitationKind::Instructor,
    }
}
