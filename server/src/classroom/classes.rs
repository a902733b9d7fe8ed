//! Classes: made, changed, shared, led.

use std::collections::HashMap;

use app::model::{ClassDetails, ClassDraft, ClassSummary, LessonOutline, Pace, StepOutline, StepRef};
use sqlx::Row as _;

use super::{
    Account, ClassError, ClassRow, Classroom, Event, codes,
    limits::{MAX_CLASS_NAME, MAX_CLASSES, MAX_LESSONS},
    names,
    rights::{CLASS_COLUMNS, THEIRS, alone_with},
};
use crate::{clock::now, learner::LearnerId, lessons::Lesson};

/// How often another join code is thrown where one is taken.
const THROWS: usize = 20;

/// What a list of classes says of one.
#[derive(Default)]
struct Seen {
    learners: u32,
    online: u32,
    hands: u32,
    lessons: Vec<String>,
}

/// A lesson's steps by title.
pub(crate) fn outline(lesson: &Lesson) -> LessonOutline {
    let steps =
        lesson.steps.iter().map(|step| StepOutline { id: step.id.clone(), title: step.title.clone(), is_checked: step.is_checked() });
    LessonOutline { slug: lesson.slug.clone(), title: lesson.title.clone(), minutes: lesson.minutes, steps: steps.collect() }
}

impl Classroom {
    /// Every lesson that a class can have.
    pub fn lessons(&self) -> Vec<LessonOutline> {
        self.shelf.lessons().iter().map(|lesson| outline(lesson)).collect()
    }

    /// Their classes, those shared with them, and for admins all; newest first.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn classes(&self, who: &Account) -> Result<Vec<ClassSummary>, ClassError> {
        let rows = sqlx::query(&format!(
            "SELECT {CLASS_COLUMNS}, COALESCE((SELECT i.name FROM instructors i WHERE i.id = c.owner), '') AS owner_name \
             FROM classes c WHERE {THEIRS} ORDER BY c.made_at DESC, c.id"
        ))
        .bind(&who.id)
        .bind(i64::from(who.is_admin))
        .fetch_all(&self.pool)
        .await?;
        // Of all classes at once: there may be hundreds.
        let mut seen = self.seen(who).await?;
        let mut summaries = Vec::with_capacity(rows.len());
        for row in rows {
            let class = ClassRow::read(&row)?;
            let Seen { learners, online, hands, lessons } = seen.remove(&class.id).unwrap_or_default();
            summaries.push(ClassSummary {
                state: class.state(),
                lessons: lessons.iter().map(|slug| self.title(slug)).collect(),
                learners,
                online,
                hands,
                made_at: class.made_at,
                owner: row.try_get("owner_name")?,
                is_mine: class.owner == who.id,
                id: class.id,
                name: class.name,
            });
        }
        Ok(summaries)
    }

    /// Who is in each of those classes, and which lessons it has; by the class's ID.
    async fn seen(&self, who: &Account) -> Result<HashMap<String, Seen>, ClassError> {
        let mut seen: HashMap<String, Seen> = HashMap::new();
        let places = format!(
            "SELECT e.class, e.learner, e.hand_at FROM classes c JOIN enrolments e ON e.class = c.id \
             WHERE {THEIRS} AND e.learner IS NOT NULL"
        );
        for row in sqlx::query(&places).bind(&who.id).bind(i64::from(who.is_admin)).fetch_all(&self.pool).await? {
            let seen = seen.entry(row.try_get(0)?).or_default();
            seen.learners += 1;
            seen.online += u32::from(self.hub.is_present(&LearnerId::from_stored(row.try_get(1)?)));
            seen.hands += u32::from(row.try_get::<i64, _>(2)? > 0);
        }
        let lessons = format!(
            "SELECT l.class, l.lesson FROM classes c JOIN class_lessons l ON l.class = c.id WHERE {THEIRS} ORDER BY l.class, l.position"
        );
        for row in sqlx::query(&lessons).bind(&who.id).bind(i64::from(who.is_admin)).fetch_all(&self.pool).await? {
            seen.entry(row.try_get(0)?).or_default().lessons.push(row.try_get(1)?);
        }
        Ok(seen)
    }

    /// Makes a class; returns its ID.
    ///
    /// # Errors
    /// Where the draft is no good, there are too many, or the database fails.
    pub async fn make_class(&self, who: &Account, draft: ClassDraft) -> Result<String, ClassError> {
        let draft = self.fit(draft)?;
        let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM classes WHERE owner = $1").bind(&who.id).fetch_one(&self.pool).await?;
        if count >= MAX_CLASSES {
            return ClassError::refused(format!("You have {MAX_CLASSES} classes, which is the most. Delete one that is over first."));
        }
        let id = codes::id();
        for _ in 0..THROWS {
            let mut transaction = self.pool.begin().await?;
            let made = sqlx::query(
                "INSERT INTO classes (id, name, owner, code, pace, led_lesson, led_step, opens_at, closes_at, made_at) \
                 VALUES ($1, $2, $3, $4, $5, '', '', $6, $7, $8) ON CONFLICT (code) DO NOTHING",
            )
            .bind(&id)
            .bind(&draft.name)
            .bind(&who.id)
            .bind(codes::join())
            .bind(stored(draft.pace))
            .bind(draft.opens_at)
            .bind(draft.closes_at)
            .bind(now())
            .execute(&mut *transaction)
            .await?;
            if made.rows_affected() == 1 {
                put_lessons(&mut transaction, &id, &draft.lessons).await?;
                transaction.commit().await?;
                return Ok(id);
            }
            transaction.rollback().await?;
        }
        ClassError::refused("No free join code was found. Try again; delete classes that are over if it stays.")
    }

    /// All about one class. `base`: where learners find this server, such as `https://lunchbox.example.com`.
    ///
    /// # Errors
    /// Where it isn't theirs, or the database fails.
    pub async fn class_details(&self, who: &Account, class: &str, base: &str) -> Result<ClassDetails, ClassError> {
        let class = self.class_of(who, class).await?;
        let slugs = self.lessons_of(&class.id).await?;
        let shared: Vec<String> = sqlx::query_scalar(
            "SELECT i.name FROM class_instructors s JOIN instructors i ON i.id = s.instructor WHERE s.class = $1 ORDER BY i.name_key",
        )
        .bind(&class.id)
        .fetch_all(&self.pool)
        .await?;
        let owner: Option<String> =
            sqlx::query_scalar("SELECT name FROM instructors WHERE id = $1").bind(&class.owner).fetch_optional(&self.pool).await?;
        Ok(ClassDetails {
            lessons: slugs.iter().filter_map(|slug| self.shelf.lesson(slug)).map(|lesson| outline(&lesson)).collect(),
            way_in: super::places::way_in(base, &class.code),
            owner: owner.unwrap_or_default(),
            is_owner: class.owner == who.id || who.is_admin,
            shared_with: shared,
            led: class.led_now(),
            places: self.places(&class.id).await?,
            links: self.links_to(&class.id).await?,
            state: class.state(),
            draft: ClassDraft { name: class.name, lessons: slugs, opens_at: class.opens_at, closes_at: class.closes_at, pace: class.pace },
            id: class.id,
        })
    }

    /// # Errors
    /// Where it isn't theirs, the draft is no good, or the database fails.
    pub async fn change_class(&self, who: &Account, class: &str, draft: ClassDraft) -> Result<(), ClassError> {
        let class = self.class_of(who, class).await?;
        let draft = self.fit(draft)?;
        let mut transaction = alone_with(&self.pool, &class.id).await?;
        sqlx::query("UPDATE classes SET name = $1, pace = $2, opens_at = $3, closes_at = $4 WHERE id = $5")
            .bind(&draft.name)
            .bind(stored(draft.pace))
            .bind(draft.opens_at)
            .bind(draft.closes_at)
            .bind(&class.id)
            .execute(&mut *transaction)
            .await?;
        sqlx::query("DELETE FROM class_lessons WHERE class = $1").bind(&class.id).execute(&mut *transaction).await?;
        put_lessons(&mut transaction, &class.id, &draft.lessons).await?;
        transaction.commit().await?;
        if draft.closes_at != class.closes_at {
            // Until then hosts may be watched.
            self.hub.rights_changed();
        }
        self.hub.tell(Event::Class(class.id));
        Ok(())
    }

    /// Another join code.
    ///
    /// # Errors
    /// Where it isn't theirs, or the database fails.
    pub async fn new_code(&self, who: &Account, class: &str) -> Result<(), ClassError> {
        let class = self.class_of(who, class).await?;
        for _ in 0..THROWS {
            let changed =
                sqlx::query("UPDATE classes SET code = $1 WHERE id = $2 AND NOT EXISTS (SELECT 1 FROM classes o WHERE o.code = $1)")
                    .bind(codes::join())
                    .bind(&class.id)
                    .execute(&self.pool)
                    .await?;
            if changed.rows_affected() == 1 {
                return Ok(());
            }
        }
        ClassError::refused("No free join code was found. Try again.")
    }

    /// # Errors
    /// Where it isn't theirs to share, there is no such instructor, or the database fails.
    pub async fn share_class(&self, who: &Account, class: &str, with: &str) -> Result<(), ClassError> {
        let class = self.class_owned_by(who, class).await?;
        let with = with.split_whitespace().collect::<Vec<_>>().join(" ");
        let other: Option<String> =
            sqlx::query_scalar("SELECT id FROM instructors WHERE name_key = $1").bind(names::key(&with)).fetch_optional(&self.pool).await?;
        let Some(other) = other else {
            return ClassError::refused(format!(
                "There is no instructor named {with:?}. See how they write their name, or ask an admin to invite them."
            ));
        };
        if other == class.owner {
            return ClassError::refused("It is their own class already.");
        }
        let mut transaction = alone_with(&self.pool, &class.id).await?;
        sqlx::query("INSERT INTO class_instructors (class, instructor) VALUES ($1, $2) ON CONFLICT (class, instructor) DO NOTHING")
            .bind(&class.id)
            .bind(other)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// # Errors
    /// Where it isn't theirs, or the database fails.
    pub async fn unshare_class(&self, who: &Account, class: &str, with: &str) -> Result<(), ClassError> {
        let class = self.class_owned_by(who, class).await?;
        let other: Option<String> =
            sqlx::query_scalar("SELECT id FROM instructors WHERE name_key = $1").bind(names::key(with)).fetch_optional(&self.pool).await?;
        let Some(other) = other else { return Err(ClassError::NotFound) };
        sqlx::query("DELETE FROM class_instructors WHERE class = $1 AND instructor = $2")
            .bind(&class.id)
            .bind(&other)
            .execute(&self.pool)
            .await?;
        // They see it no more, streams that are open included.
        self.hub.account_ended(&other);
        Ok(())
    }

    /// Moves a class in led pace to a step.
    ///
    /// # Errors
    /// Where it isn't theirs, isn't led, has no such step, or the database fails.
    pub async fn lead(&self, who: &Account, class: &str, to: StepRef) -> Result<(), ClassError> {
        let class = self.class_of(who, class).await?;
        if class.pace != Pace::Led {
            return ClassError::refused("In this class all go at their own pace. Change it to led first.");
        }
        let lessons = self.lessons_of(&class.id).await?;
        let lesson = self.shelf.lesson(&to.lesson).filter(|_| lessons.contains(&to.lesson)).ok_or(ClassError::NotFound)?;
        lesson.step(&to.step).ok_or(ClassError::NotFound)?;
        sqlx::query("UPDATE classes SET led_lesson = $1, led_step = $2 WHERE id = $3")
            .bind(&to.lesson)
            .bind(&to.step)
            .bind(&class.id)
            .execute(&self.pool)
            .await?;
        self.hub.tell(Event::Class(class.id));
        Ok(())
    }

    /// Slugs, in the class's order.
    pub(super) async fn lessons_of(&self, class: &str) -> Result<Vec<String>, ClassError> {
        Ok(sqlx::query_scalar("SELECT lesson FROM class_lessons WHERE class = $1 ORDER BY position")
            .bind(class)
            .fetch_all(&self.pool)
            .await?)
    }

    pub(super) fn title(&self, slug: &str) -> String {
        self.shelf.lesson(slug).map_or_else(|| slug.to_owned(), |lesson| lesson.title.clone())
    }

    /// The draft as it can be stored.
    fn fit(&self, draft: ClassDraft) -> Result<ClassDraft, ClassError> {
        let name = names::line(&draft.name, "The class's name", MAX_CLASS_NAME)?;
        let mut lessons: Vec<String> = Vec::new();
        for slug in draft.lessons {
            if self.shelf.lesson(&slug).is_none() {
                return ClassError::refused(format!("There is no lesson {slug:?}. Choose from those in the list."));
            }
            if !lessons.contains(&slug) {
                lessons.push(slug);
            }
        }
        if lessons.is_empty() {
            return ClassError::refused("A class needs a lesson. Choose one.");
        }
        if lessons.len() > MAX_LESSONS {
            return ClassError::refused(format!("That are {} lessons, and {MAX_LESSONS} are the most.", lessons.len()));
        }
        let (opens_at, closes_at) = (draft.opens_at.max(0), draft.closes_at.max(0));
        if closes_at > 0 && closes_at <= opens_at {
            return ClassError::refused("The class closes before it opens. Change one of the two times.");
        }
        Ok(ClassDraft { name, lessons, opens_at, closes_at, pace: draft.pace })
    }
}

async fn put_lessons(transaction: &mut sqlx::Transaction<'_, sqlx::Any>, class: &str, lessons: &[String]) -> Result<(), sqlx::Error> {
    for (position, lesson) in (0i64..).zip(lessons) {
        sqlx::query("INSERT INTO class_lessons (class, lesson, position) VALUES ($1, $2, $3)")
            .bind(class)
            .bind(lesson)
            .bind(position)
            .execute(&mut **transaction)
            .await?;
    }
    Ok(())
}

fn stored(pace: Pace) -> &'static str {
    match pace {
        Pace::Free => "free",
        Pace::Led => "led",
    }
}
