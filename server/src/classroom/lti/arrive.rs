//! Whoever has come by a launch gets to where they were going: a learner into their class, a teacher to their board.
//!
//! Who somebody is follows from the platform and what it calls them by, and from nothing else: a name is only shown.
//! A teacher's rights are those on classes that their course leads to. Nobody becomes an admin, or comes in as one.

use app::model::{ClassDraft, ClassSummary};
use sqlx::{Row as _, any::AnyRow};

use super::{
    launch::TICKET,
    limits::{ARRIVAL_HOLDS, MAX_SAME_NAME},
    login::BROWSER,
    places::{numbered, shown_name},
};
use crate::{
    classroom::{Account, ClassError, ClassRow, Classroom, Event, accounts::account, codes, rights::alone_with},
    clock::now,
    learner::LearnerId,
};

const OVER: &str = "You have arrived already, or took more than half an hour. Go back to your course and click the link again.";

const ANOTHER: &str =
    "Another account than the one that was asked about is signed in here now, or none. Go back to your course and click the link again.";
const WRONG_PASSWORD: &str = "That is not the account's password. Try again; where it has none, because it came from a platform, an admin can make a link to set one.";
/// What is confirmed where the browser goes on as another learner; an account is named by its ID.
const LEARNER_HERE: &str = "learner";

/// A launch that was found good.
#[derive(Debug, Clone)]
pub struct Arriving {
    pub platform: String,
    pub link: String,
    pub sub: String,
    pub name: String,
    pub teaches: bool,
    /// A path here; empty: the class.
    pub target: String,
    /// As the course and the link are called.
    pub course: String,
    pub title: String,
    /// Empty: not chosen yet.
    pub class: String,
    ticket: String,
}

/// What comes next for who arrives.
#[derive(Debug)]
pub enum Next {
    /// They are in the class, as this learner.
    In { learner: LearnerId, to: String },
    /// They are at the board, as this account.
    Board { account: Account, to: String },
    /// Nobody has chosen a class yet: a teacher must come first.
    NotOpened,
    /// Are they the account that is signed in in this browser?
    WhichAccount { signed_in: Account },
    /// The browser is somebody else's until now: shall it be theirs? By their names; `confirms` says what was asked, and
    /// `stay` is where they go on who stay who they are.
    Replaces { here: String, there: String, confirms: String, stay: &'static str },
    /// Which of their classes is the link for, or a new one?
    WhichClass { classes: Vec<ClassSummary>, account: Account },
    /// An admin's account, which a platform signs nobody in to.
    SignInFirst { name: String },
}

/// What a teacher has chosen.
#[derive(Debug)]
pub enum Chosen {
    /// The account with that ID, which is signed in, and its password.
    SignedIn {
        account: String,
        password: String,
    },
    /// One of their own.
    OwnAccount,
    Class(String),
    /// A new class with these lessons.
    NewClass {
        name: String,
        lessons: Vec<String>,
    },
}

enum Asked {
    /// Not before this is answered.
    First(Next),
    /// Nothing; for who teaches, with their account.
    Nothing(Option<Account>),
}

impl Classroom {
    /// The arrival with that ticket, in the browser that it was given to.
    ///
    /// # Errors
    /// Where there is none, or the database fails.
    pub async fn arriving(&self, ticket: &str, browser: &str) -> Result<Arriving, ClassError> {
        let ticket = codes::hashed(TICKET, ticket);
        let row = sqlx::query(
            "SELECT a.platform, a.link, a.sub, a.name, a.teaches, a.target, l.course, l.title, l.class \
             FROM lti_arrivals a JOIN lti_links l ON l.id = a.link WHERE a.ticket = $1 AND a.browser = $2 AND a.expires_at >= $3",
        )
        .bind(&ticket)
        .bind(codes::hashed(BROWSER, browser))
        .bind(now())
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return ClassError::refused(OVER) };
        let read = |row: &AnyRow| -> Result<Arriving, sqlx::Error> {
            Ok(Arriving {
                platform: row.try_get(0)?,
                link: row.try_get(1)?,
                sub: row.try_get(2)?,
                name: row.try_get(3)?,
                teaches: row.try_get::<i64, _>(4)? > 0,
                target: row.try_get(5)?,
                course: row.try_get(6)?,
                title: row.try_get(7)?,
                class: row.try_get(8)?,
                ticket,
            })
        };
        Ok(read(&row)?)
    }

    /// Goes as far as it goes without asking. `learner` and `signed_in`: whose the browser is until now; `confirmed`: what
    /// [`Next::Replaces`] has asked, where the answer was yes.
    ///
    /// # Errors
    /// Where the class is over or full, or the database fails.
    pub async fn arrive(
        &self,
        arriving: &Arriving,
        learner: &LearnerId,
        signed_in: Option<&Account>,
        confirmed: Option<&str>,
    ) -> Result<Next, ClassError> {
        let account = match self.asked(arriving, signed_in).await? {
            Asked::First(question) => return Ok(question),
            Asked::Nothing(account) => account,
        };
        let class = self.class_by_id(&arriving.class).await?.ok_or(ClassError::NotFound)?;
        let replaces = match &account {
            Some(account) => signed_in.filter(|here| here.id != account.id).map(|here| Next::Replaces {
                here: here.name.clone(),
                there: account.name.clone(),
                confirms: here.id.clone(),
                stay: "/teach",
            }),
            None => self.replaces_learner(arriving, learner).await?,
        };
        let is_confirmed = |question: &Next| matches!(question, Next::Replaces { confirms, .. } if confirmed == Some(confirms));
        if let Some(question) = replaces.filter(|question| !is_confirmed(question)) {
            return Ok(question);
        }
        let next = match account {
            Some(account) => {
                self.share_by_course(arriving, &class, &account).await?;
                Next::Board { account, to: format!("/teach/classes/{}", class.id) }
            }
            None => {
                self.no_teacher_any_more(arriving).await?;
                Next::In { learner: self.place_for(arriving, &class).await?, to: self.way_to(arriving, &class).await? }
            }
        };
        sqlx::query("DELETE FROM lti_arrivals WHERE ticket = $1").bind(&arriving.ticket).execute(&self.pool).await?;
        Ok(next)
    }

    /// Does what a teacher has chosen, where it is what they were asked.
    ///
    /// # Errors
    /// Where it isn't theirs to choose, or the database fails.
    pub async fn choose(&self, arriving: &Arriving, signed_in: Option<&Account>, chosen: Chosen) -> Result<(), ClassError> {
        if let Chosen::SignedIn { account, .. } = &chosen
            && signed_in.is_none_or(|here| here.id != *account)
        {
            return ClassError::refused(ANOTHER);
        }
        let Asked::First(question) = self.asked(arriving, signed_in).await? else { return Ok(()) };
        match (question, chosen) {
            (Next::WhichAccount { signed_in: here }, Chosen::SignedIn { password, .. }) => {
                // A browser that is left open is enough for today, and not for every day from now on.
                if self.sign_in(&here.name, &password).await?.is_none_or(|found| found.id != here.id) {
                    return ClassError::refused(WRONG_PASSWORD);
                }
                self.is_account(arriving, &here).await
            }
            (Next::WhichAccount { .. }, Chosen::OwnAccount) => self.make_platform_account(arriving).await.map(drop),
            (Next::WhichClass { account, .. }, Chosen::Class(class)) => {
                let class = self.class_owned_by(&account, &class).await?;
                self.link_leads_to(arriving, &class.id).await.map(drop)
            }
            (Next::WhichClass { account, .. }, Chosen::NewClass { name, lessons }) => {
                let draft = ClassDraft { name, lessons, ..ClassDraft::default() };
                let class = self.make_class(&account, draft).await?;
                if !self.link_leads_to(arriving, &class).await? {
                    self.delete_class(&account, &class).await?;
                }
                Ok(())
            }
            _ => ClassError::refused(OVER),
        }
    }

    /// What must be settled before somebody is there.
    async fn asked(&self, arriving: &Arriving, signed_in: Option<&Account>) -> Result<Asked, ClassError> {
        if !arriving.teaches {
            return Ok(if arriving.class.is_empty() { Asked::First(Next::NotOpened) } else { Asked::Nothing(None) });
        }
        let account = match (self.platform_account(arriving).await?, signed_in) {
            (Some(account), _) => account,
            (None, Some(signed_in)) => return Ok(Asked::First(Next::WhichAccount { signed_in: signed_in.clone() })),
            (None, None) => self.make_platform_account(arriving).await?,
        };
        if account.is_admin && signed_in.is_none_or(|signed_in| signed_in.id != account.id) {
            return Ok(Asked::First(Next::SignInFirst { name: account.name }));
        }
        if arriving.class.is_empty() {
            let mut classes = self.classes(&account).await?;
            classes.retain(|class| class.is_mine);
            return Ok(Asked::First(Next::WhichClass { classes, account }));
        }
        Ok(Asked::Nothing(Some(account)))
    }

    /// Whoever chose first has chosen; `false`: that was another. The class is held, so that no link leads to one that is
    /// deleted meanwhile.
    async fn link_leads_to(&self, arriving: &Arriving, class: &str) -> Result<bool, ClassError> {
        let mut transaction = alone_with(&self.pool, class).await?;
        let led = sqlx::query("UPDATE lti_links SET class = $1 WHERE id = $2 AND class = ''")
            .bind(class)
            .bind(&arriving.link)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        let is_first = led.rows_affected() == 1;
        if is_first {
            self.hub.tell(Event::Class(class.to_owned()));
        }
        Ok(is_first)
    }

    /// The question whether the browser shall be another learner's, where something is stored of the one it has.
    async fn replaces_learner(&self, arriving: &Arriving, learner: &LearnerId) -> Result<Option<Next>, ClassError> {
        let stored: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM learners WHERE id = $1").bind(learner.as_str()).fetch_one(&self.pool).await?;
        if stored == 0 {
            return Ok(None);
        }
        // As `place_for` will find them; empty: a new one.
        let theirs: String = sqlx::query_scalar(
            "SELECT COALESCE((SELECT e.learner FROM lti_places p JOIN enrolments e ON e.id = p.place \
             WHERE p.class = $1 AND p.platform = $2 AND p.sub = $3), \
             (SELECT u.learner FROM lti_users u WHERE u.platform = $2 AND u.sub = $3), '')",
        )
        .bind(&arriving.class)
        .bind(&arriving.platform)
        .bind(&arriving.sub)
        .fetch_one(&self.pool)
        .await?;
        if theirs == learner.as_str() {
            return Ok(None);
        }
        let here: Option<String> = sqlx::query_scalar("SELECT name FROM enrolments WHERE learner = $1 ORDER BY joined_at DESC LIMIT 1")
            .bind(learner.as_str())
            .fetch_optional(&self.pool)
            .await?;
        Ok(Some(Next::Replaces {
            here: here.unwrap_or_else(|| "somebody without a name, who has begun to learn".to_owned()),
            there: shown_name(&arriving.name, "Learner"),
            confirms: LEARNER_HERE.to_owned(),
            stay: "/",
        }))
    }

    /// The account that somebody is, where they have taught before.
    async fn platform_account(&self, arriving: &Arriving) -> Result<Option<Account>, ClassError> {
        let row = sqlx::query(
            "SELECT i.id, i.name, i.is_admin FROM lti_users u JOIN instructors i ON i.id = u.instructor WHERE u.platform = $1 AND u.sub = $2",
        )
        .bind(&arriving.platform)
        .bind(&arriving.sub)
        .fetch_optional(&self.pool)
        .await?;
        row.as_ref().map(account).transpose()
    }

    async fn is_account(&self, arriving: &Arriving, account: &Account) -> Result<(), ClassError> {
        sqlx::query(
            "INSERT INTO lti_users (platform, sub, learner, instructor) VALUES ($1, $2, NULL, $3) \
             ON CONFLICT (platform, sub) DO UPDATE SET instructor = excluded.instructor",
        )
        .bind(&arriving.platform)
        .bind(&arriving.sub)
        .bind(&account.id)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// It has no password: a launch is how one signs in to it, until an admin makes a link for one. Of two who come at once
    /// both are the same account.
    async fn make_platform_account(&self, arriving: &Arriving) -> Result<Account, ClassError> {
        let name = shown_name(&arriving.name, "Teacher");
        for count in 1..=MAX_SAME_NAME {
            let name = numbered(&name, count);
            let Some(account) = self.add_account(&name, None, false).await? else { continue };
            let theirs: String = sqlx::query_scalar(
                "INSERT INTO lti_users (platform, sub, learner, instructor) VALUES ($1, $2, NULL, $3) \
                 ON CONFLICT (platform, sub) DO UPDATE SET instructor = COALESCE(lti_users.instructor, excluded.instructor) \
                 RETURNING instructor",
            )
            .bind(&arriving.platform)
            .bind(&arriving.sub)
            .bind(&account.id)
            .fetch_one(&self.pool)
            .await?;
            if theirs == account.id {
                return Ok(account);
            }
            sqlx::query("DELETE FROM instructors WHERE id = $1").bind(&account.id).execute(&self.pool).await?;
            return self.platform_account(arriving).await?.ok_or(ClassError::NotFound);
        }
        ClassError::refused(format!("There are {MAX_SAME_NAME} instructors of your name already. Ask an admin."))
    }

    /// Who teaches the course that leads to a class has it shared with them.
    async fn share_by_course(&self, arriving: &Arriving, class: &ClassRow, account: &Account) -> Result<(), ClassError> {
        if class.owner == account.id || account.is_admin {
            return Ok(());
        }
        let mut transaction = alone_with(&self.pool, &class.id).await?;
        let shared =
            sqlx::query("INSERT INTO class_instructors (class, instructor) VALUES ($1, $2) ON CONFLICT (class, instructor) DO NOTHING")
                .bind(&class.id)
                .bind(&account.id)
                .execute(&mut *transaction)
                .await?;
        // What its owner has shared isn't ours to end.
        if shared.rows_affected() == 1 {
            sqlx::query(
                "INSERT INTO lti_grants (class, platform, sub, instructor) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (class, platform, sub) DO UPDATE SET instructor = excluded.instructor",
            )
            .bind(&class.id)
            .bind(&arriving.platform)
            .bind(&arriving.sub)
            .bind(&account.id)
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Who taught the course and comes as a learner does not teach it any more.
    async fn no_teacher_any_more(&self, arriving: &Arriving) -> Result<(), ClassError> {
        // Both or neither: a share without its grant would never end.
        let mut transaction = self.pool.begin().await?;
        let granted: Option<String> =
            sqlx::query_scalar("DELETE FROM lti_grants WHERE class = $1 AND platform = $2 AND sub = $3 RETURNING instructor")
                .bind(&arriving.class)
                .bind(&arriving.platform)
                .bind(&arriving.sub)
                .fetch_optional(&mut *transaction)
                .await?;
        if let Some(instructor) = &granted {
            sqlx::query("DELETE FROM class_instructors WHERE class = $1 AND instructor = $2")
                .bind(&arriving.class)
                .bind(instructor)
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        if let Some(instructor) = granted {
            self.hub.account_ended(&instructor);
        }
        Ok(())
    }
}

/// For how long a teacher may think, in minutes.
pub(crate) const ARRIVAL_MINUTES: u64 = ARRIVAL_HOLDS.as_secs() / 60;
