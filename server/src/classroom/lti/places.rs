//! The places of learners whom a platform sends: whose each is follows from the platform and its number for them; a name is
//! only shown, and one that is somebody's already gets a number.

use app::model::ClassState;
use sqlx::Row as _;

use super::arrive::Arriving;
use crate::{
    classroom::{
        ClassError, ClassRow, Classroom, Event, codes,
        limits::{MAX_NAME, MAX_PLACES},
        names::{self, Names},
        places::names_in,
        rights::alone_with,
        seats,
    },
    clock::now,
    learner::LearnerId,
};

impl Classroom {
    /// Their place in the class, made where they have none. Returns whose it is.
    pub(super) async fn place_for(&self, arriving: &Arriving, class: &ClassRow) -> Result<LearnerId, ClassError> {
        let at = now();
        let mut transaction = alone_with(&self.pool, &class.id).await?;
        let row = sqlx::query(
            "SELECT e.id, e.learner FROM lti_places p JOIN enrolments e ON e.id = p.place WHERE p.class = $1 AND p.platform = $2 AND p.sub = $3",
        )
        .bind(&class.id)
        .bind(&arriving.platform)
        .bind(&arriving.sub)
        .fetch_optional(&mut *transaction)
        .await?;
        let place: Option<(String, Option<String>)> = match row {
            Some(row) => Some((row.try_get(0)?, row.try_get(1)?)),
            None => None,
        };
        if let Some((_, Some(learner))) = place {
            return Ok(LearnerId::from_stored(learner));
        }
        match class.state() {
            ClassState::Open => {}
            ClassState::Planned => return ClassError::refused("Your class has not opened yet. Come back when it does."),
            ClassState::Closed => return ClassError::refused("Your class is over; nobody joins it any more. Ask your instructor."),
        }
        let learner: String = sqlx::query_scalar(
            "INSERT INTO lti_users (platform, sub, learner, instructor) VALUES ($1, $2, $3, NULL) \
             ON CONFLICT (platform, sub) DO UPDATE SET learner = COALESCE(lti_users.learner, excluded.learner) RETURNING learner",
        )
        .bind(&arriving.platform)
        .bind(&arriving.sub)
        .bind(LearnerId::random().as_str())
        .fetch_one(&mut *transaction)
        .await?;
        let learner = LearnerId::from_stored(learner);
        seats::known(&mut transaction, &learner, at).await?;
        if let Some((place, None)) = place {
            sqlx::query("UPDATE enrolments SET learner = $1, joined_at = $2 WHERE id = $3")
                .bind(learner.as_str())
                .bind(at)
                .bind(place)
                .execute(&mut *transaction)
                .await?;
        } else {
            seats::check_seats(&mut transaction, &learner).await?;
            let person = Person { platform: &arriving.platform, sub: &arriving.sub, name: &arriving.name };
            let mut taken = Taken::of(&mut transaction, &class.id).await?;
            if !add_place(&mut transaction, &class.id, &mut taken, &person, Some(&learner), at).await? {
                return ClassError::refused(format!("This class is full: it has {MAX_PLACES} places. Tell your instructor."));
            }
        }
        transaction.commit().await?;
        self.hub.tell(Event::People(class.id.clone()));
        self.hub.tell(Event::Seat(learner.clone()));
        Ok(learner)
    }

    /// Where a learner goes: to the page that the link names, where the class has it; to its lesson, or to all of them.
    pub(super) async fn way_to(&self, arriving: &Arriving, class: &ClassRow) -> Result<String, ClassError> {
        let lessons = self.lessons_of(&class.id).await?;
        let named = arriving.target.strip_prefix("/lessons/").and_then(|rest| rest.split('/').next());
        if named.is_some_and(|named| lessons.iter().any(|lesson| lesson == named)) {
            return Ok(arriving.target.clone());
        }
        if let Some(led) = class.led_now() {
            return Ok(format!("/lessons/{}/{}", led.lesson, led.step));
        }
        Ok(match &lessons[..] {
            [only] => format!("/lessons/{only}"),
            _ => "/".to_owned(),
        })
    }
}

/// Somebody of a platform's.
pub(super) struct Person<'a> {
    pub(super) platform: &'a str,
    pub(super) sub: &'a str,
    pub(super) name: &'a str,
}

/// The places of a class that a transaction is alone with, as far as a new one must know of them.
pub(super) struct Taken {
    names: Names,
    count: usize,
}

impl Taken {
    pub(super) async fn of(connection: &mut sqlx::AnyConnection, class: &str) -> Result<Self, sqlx::Error> {
        let names = names_in(connection, class).await?;
        Ok(Self { count: names.len(), names: names.into_iter().collect() })
    }

    /// Takes that name, or with the first number that makes it one that can't be taken for another's there.
    fn take(&mut self, name: &str) -> String {
        // It ends: there are more numbers than places.
        let name = (1..).map(|count| numbered(name, count)).find(|name| !self.names.has(name)).unwrap_or_default();
        self.names.add(&name);
        name
    }

    /// The same for who has the name `now` there already.
    pub(super) fn take_instead(&mut self, now: &str, name: &str) -> String {
        self.names.remove(now);
        self.take(name)
    }
}

/// Gives somebody a place in a class that the transaction is alone with, under a name that nobody else has there.
/// `false`: the class is full.
pub(super) async fn add_place(
    transaction: &mut sqlx::Transaction<'_, sqlx::Any>,
    class: &str,
    taken: &mut Taken,
    person: &Person<'_>,
    learner: Option<&LearnerId>,
    at: i64,
) -> Result<bool, ClassError> {
    if i64::try_from(taken.count).unwrap_or(i64::MAX) >= MAX_PLACES {
        return Ok(false);
    }
    let place = codes::id();
    let name = taken.take(&shown_name(person.name, "Learner"));
    taken.count += 1;
    sqlx::query(
        "INSERT INTO enrolments (id, class, name, name_key, learner, way_back, made_at, joined_at, hand_at) \
         VALUES ($1, $2, $3, $4, $5, NULL, $6, $7, 0)",
    )
    .bind(&place)
    .bind(class)
    .bind(&name)
    .bind(names::key(&name))
    .bind(learner.map(LearnerId::as_str))
    .bind(at)
    .bind(if learner.is_some() { at } else { 0 })
    .execute(&mut **transaction)
    .await?;
    sqlx::query("INSERT INTO lti_places (place, class, platform, sub) VALUES ($1, $2, $3, $4)")
        .bind(&place)
        .bind(class)
        .bind(person.platform)
        .bind(person.sub)
        .execute(&mut **transaction)
        .await?;
    Ok(true)
}

/// A name as it can be shown, whatever the platform says; `otherwise`: where it says none.
pub(super) fn shown_name(name: &str, otherwise: &str) -> String {
    // With room for a number.
    let short = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(MAX_NAME - 6).collect::<String>();
    let plain: String =
        name.chars().filter(|letter| letter.is_alphanumeric() || letter.is_whitespace() || "-.'’".contains(*letter)).collect();
    [short(name), short(&plain)].iter().find_map(|name| names::person(name).ok()).unwrap_or_else(|| otherwise.to_owned())
}

/// The second of a name is "Ada (2)".
pub(super) fn numbered(name: &str, count: usize) -> String {
    if count == 1 { name.to_owned() } else { format!("{name} ({count})") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_platform_calls_somebody_can_be_shown() {
        assert_eq!(shown_name("  Ada   Lovelace ", "Learner"), "Ada Lovelace");
        assert_eq!(shown_name("Ada\u{202e}\u{7}", "Learner"), "Ada");
        assert_eq!(shown_name("\u{200b}", "Learner"), "Learner");
        assert_eq!(shown_name("", "Teacher"), "Teacher");
        assert!(names::person(&numbered(&shown_name(&"x".repeat(500), ""), 999)).is_ok());
        assert_eq!(numbered("Ada", 2), "Ada (2)");
    }

    #[test]
    fn names_that_look_alike_are_numbered_and_who_is_renamed_is_not_in_their_own_way() {
        let mut taken = Taken { names: ["Ada"].into_iter().collect(), count: 1 };
        let cyrillic = "Ad\u{430}";
        assert_eq!(taken.take(cyrillic), format!("{cyrillic} (2)"));
        assert_eq!(taken.take("Ada"), "Ada (3)", "the second can't be told from it");
        assert_eq!(taken.take_instead("Ada (3)", "Ada"), "Ada (3)");
        assert_eq!(taken.take_instead("Ada", "ADA"), "ADA");
        assert_eq!(taken.take_instead("ADA", "Grace"), "Grace");
        assert_eq!(taken.take_instead("Ada (3)", "Ada"), "Ada", "which is free now");
    }
}
