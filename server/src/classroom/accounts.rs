//! Instructors' accounts and passwords.

use app::model::SignedOut;
use sqlx::Row as _;

use super::{
    ClassError, Classroom, codes,
    limits::{JUDGED_CHARACTERS, MAX_INSTRUCTORS, MAX_PASSWORD, MIN_GUESSES, MIN_PASSWORD, SIGNED_IN_HOLDS},
    lti, names, signed_in_until,
};
use crate::clock::now;

/// Stored instead of a hash: nobody signs in to it by a password, until a link has set one.
const NO_PASSWORD: &str = "";

/// Who is signed in. Had only from a session that holds, or from a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub id: String,
    pub name: String,
    pub is_admin: bool,
}

/// `names`: of whom it is to be, as far as they are known.
///
/// # Errors
/// Where it is too short, too long, or easily guessed.
pub(super) async fn fit_password(password: &str, names: &[&str]) -> Result<(), ClassError> {
    match password.chars().count() {
        count if count < MIN_PASSWORD => {
            ClassError::refused(format!("The password is too short: {MIN_PASSWORD} characters are the least. A few words are good."))
        }
        count if count > MAX_PASSWORD => ClassError::refused(format!("The password is too long: {MAX_PASSWORD} characters are the most.")),
        _ if is_guessed(password, names).await => ClassError::refused(
            "That password is too easy to guess: a common one, or little more than common words, a name or rows of keys. Take some words \
             that have nothing to do with each other, or let a password manager make one.",
        ),
        _ => Ok(()),
    }
}

/// Whether lists of common passwords, names and words, rows of keys, dates, and what is usually done to them lead to it soon.
async fn is_guessed(password: &str, names: &[&str]) -> bool {
    // What whoever guesses here tries first.
    const OF_THIS_PLACE: [&str; 4] = ["lunchbox", "docker", "instructor", "teacher"];
    let judged: String = password.chars().take(JUDGED_CHARACTERS).collect();
    let parts = names.iter().flat_map(|name| name.split_whitespace());
    let known: Vec<String> = names.iter().copied().chain(parts).chain(OF_THIS_PLACE).map(str::to_owned).collect();
    // One that is made to be hard to judge takes a fifth of a second of a core: nobody's request waits behind it.
    let judge = move || zxcvbn::zxcvbn(&judged, &known.iter().map(String::as_str).collect::<Vec<_>>()).guesses() < MIN_GUESSES;
    // It doesn't panic; if it did, the password would not be judged, and not be taken.
    tokio::task::spawn_blocking(judge).await.unwrap_or(true)
}

impl Classroom {
    /// The account with that name and password. `None`: one of them is wrong, and which isn't said.
    ///
    /// # Errors
    /// Where too many sign in at once, or the database fails.
    pub async fn sign_in(&self, name: &str, password: &str) -> Result<Option<Account>, ClassError> {
        if password.chars().count() > MAX_PASSWORD {
            return Ok(None);
        }
        let row = sqlx::query("SELECT id, name, is_admin, password FROM instructors WHERE name_key = $1")
            .bind(names::typed_key(name))
            .fetch_optional(&self.pool)
            .await?;
        let stored = row.as_ref().map(|row| row.try_get("password")).transpose()?;
        let stored = stored.filter(|stored: &String| stored != NO_PASSWORD);
        let is_right = self.passwords.is_right(password, stored).await?;
        match row {
            Some(row) if is_right => Ok(Some(account(&row)?)),
            _ => Ok(None),
        }
    }

    /// The account of a session that began then. `None`: it was ended since, or is too old.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn account(&self, id: &str, signed_in_at: i64) -> Result<Option<Account>, ClassError> {
        let holds = i64::try_from(SIGNED_IN_HOLDS.as_millis()).unwrap_or(i64::MAX);
        if now().saturating_sub(signed_in_at) > holds {
            return Ok(None);
        }
        let row = sqlx::query("SELECT id, name, is_admin FROM instructors WHERE id = $1 AND signed_out_at < $2")
            .bind(id)
            .bind(signed_in_at)
            .fetch_optional(&self.pool)
            .await?;
        row.map(|row| account(&row)).transpose()
    }

    /// Why an account is no longer signed in that was since `signed_in_at`; `None`: it is.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn why_out(&self, id: &str, signed_in_at: i64) -> Result<Option<SignedOut>, ClassError> {
        let ended_at: Option<i64> =
            sqlx::query_scalar("SELECT signed_out_at FROM instructors WHERE id = $1").bind(id).fetch_optional(&self.pool).await?;
        Ok(match ended_at {
            None => Some(SignedOut::NoAccount),
            Some(ended_at) if ended_at >= signed_in_at => Some(SignedOut::Everywhere),
            Some(_) if now() > signed_in_until(signed_in_at) => Some(SignedOut::TooLong),
            Some(_) => None,
        })
    }

    /// Ends every session that began before now, and every other way in but the password. Returns from when on new ones
    /// hold.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn sign_out_everywhere(&self, who: &Account) -> Result<i64, ClassError> {
        let at = now();
        let mut transaction = self.pool.begin().await?;
        end_ways_in(&mut transaction, &who.id, at).await?;
        transaction.commit().await?;
        self.hub.account_ended(&who.id);
        Ok(at + 1)
    }

    /// Sets another password and ends every session. Returns from when on new ones hold.
    ///
    /// # Errors
    /// Where the old one is wrong, the new one is no good, or the database fails.
    pub async fn change_password(&self, who: &Account, old: &str, new: &str) -> Result<i64, ClassError> {
        fit_password(new, &[&who.name]).await?;
        if self.sign_in(&who.name, old).await?.as_ref() != Some(who) {
            return ClassError::refused("That is not your password. Nothing was changed.");
        }
        self.set_password(&who.id, new).await
    }

    pub(super) async fn set_password(&self, id: &str, new: &str) -> Result<i64, ClassError> {
        fit_password(new, &[]).await?;
        let (hashed, at) = (self.passwords.hash(new).await?, now());
        let mut transaction = self.pool.begin().await?;
        end_ways_in(&mut transaction, id, at).await?;
        sqlx::query("UPDATE instructors SET password = $1 WHERE id = $2").bind(hashed).bind(id).execute(&mut *transaction).await?;
        transaction.commit().await?;
        self.hub.account_ended(id);
        Ok(at + 1)
    }

    /// Makes an account with a password.
    pub(super) async fn make_account(&self, name: &str, password: &str, is_admin: bool) -> Result<Account, ClassError> {
        fit_password(password, &[name]).await?;
        match self.add_account(name, Some(password), is_admin).await? {
            Some(account) => Ok(account),
            None => ClassError::refused("There is an instructor of that name already. Choose another, or add a letter."),
        }
    }

    /// `password`: `None` for one that nobody signs in to by a password. `None`: the name is somebody's already.
    pub(super) async fn add_account(&self, name: &str, password: Option<&str>, is_admin: bool) -> Result<Option<Account>, ClassError> {
        let name = names::person(name)?;
        let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM instructors").fetch_one(&self.pool).await?;
        if count >= MAX_INSTRUCTORS {
            return ClassError::refused(format!("There are {MAX_INSTRUCTORS} instructors already. An admin must remove one first."));
        }
        let hashed = match password {
            Some(password) => self.passwords.hash(password).await?,
            None => NO_PASSWORD.to_owned(),
        };
        let account = Account { id: codes::id(), name, is_admin };
        let made = sqlx::query(
            "INSERT INTO instructors (id, name, name_key, password, is_admin, made_at, signed_out_at) VALUES ($1, $2, $3, $4, $5, $6, 0) \
             ON CONFLICT (name_key) DO NOTHING",
        )
        .bind(&account.id)
        .bind(&account.name)
        .bind(names::key(&account.name))
        .bind(hashed)
        .bind(i64::from(is_admin))
        .bind(now())
        .execute(&self.pool)
        .await?;
        Ok((made.rows_affected() == 1).then_some(account))
    }
}

/// Ends sessions, and the ties by which platforms sign somebody in: whoever tied themselves to the account is out, too.
/// An account without a password keeps them, since they are its one way in.
async fn end_ways_in(transaction: &mut sqlx::Transaction<'_, sqlx::Any>, id: &str, at: i64) -> Result<(), sqlx::Error> {
    let password: Option<String> = sqlx::query_scalar("UPDATE instructors SET signed_out_at = $1 WHERE id = $2 RETURNING password")
        .bind(at)
        .bind(id)
        .fetch_optional(&mut **transaction)
        .await?;
    if password.is_some_and(|password| password != NO_PASSWORD) {
        lti::untie_instructor(transaction, id).await?;
    }
    Ok(())
}

/// From a row with `id`, `name` and `is_admin`.
pub(super) fn account(row: &sqlx::any::AnyRow) -> Result<Account, ClassError> {
    Ok(Account { id: row.try_get("id")?, name: row.try_get("name")?, is_admin: row.try_get::<i64, _>("is_admin")? > 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_that_is_tried_early_is_none_however_it_is_dressed_up() {
        let fits = async |password: &str| fit_password(password, &["Grace Hopper"]).await.is_ok();
        for good in
            ["correct horse battery staple", "a ship in harbour is safe", "tN4!qzR8w_", "rote Katze am Fenster", "грибы в лесу осенью"]
        {
            assert!(fits(good).await, "{good}");
        }
        for bad in [
            "password123",
            "Password123!",
            "1234567890",
            "qwertyuiop",
            "passwordpassword",
            "1q2w3e4r5t",
            "aaaaaaaaaaaaaaaa",
            "lunchbox2026",
            "docker12345",
            "gracehopper",
            "hopper2026",
            "short",
        ] {
            assert!(!fits(bad).await, "{bad}");
        }
    }

    #[tokio::test]
    async fn a_password_that_is_hard_to_judge_holds_nobody_up() {
        let began = std::time::Instant::now();
        for long in ["P@ssw0rd".repeat(25), "4@8({[<69!1|703$5+".repeat(11), "1q2w3e4r5t".repeat(20)] {
            let _ = fit_password(&long, &[]).await;
        }
        assert!(began.elapsed() < std::time::Duration::from_secs(20), "{:?}", began.elapsed());
    }
}
