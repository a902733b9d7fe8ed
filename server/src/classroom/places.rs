//! Places in classes, as instructors keep them: who is there, personal links.

use app::model::{PersonalLink, Place, QrCode, RosterPreview, RosterResult, WayIn};
use qrcode::{Color, QrCode as Drawn};
use sqlx::Row as _;

use super::{
    Account, ClassError, Classroom, Event, codes,
    limits::MAX_PLACES,
    names::{self, Names},
    rights::alone_with,
    roster,
};
use crate::clock::now;

/// Under which a personal code is hashed.
pub(super) const WAY_BACK: &str = "way back";
/// Light modules around a QR code (ISO/IEC 18004).
const QUIET: usize = 4;

/// How learners come into the class with that code.
pub(super) fn way_in(base: &str, code: &str) -> WayIn {
    let link = format!("{base}/join/{code}");
    WayIn { code: codes::grouped(code), qr: qr(&link), link }
}

/// The personal code, as it is given to whom it belongs.
pub(super) fn personal_link(base: &str, name: &str, code: &str) -> PersonalLink {
    PersonalLink { name: name.to_owned(), link: format!("{base}/join/back/{code}"), code: codes::grouped(code) }
}

fn qr(text: &str) -> QrCode {
    // Only what is too long has none: some 2000 characters.
    let Ok(drawn) = Drawn::new(text) else { return QrCode { side: 0, path: String::new() } };
    let width = drawn.width();
    let mut path = String::new();
    for (index, color) in drawn.to_colors().into_iter().enumerate() {
        if color == Color::Dark {
            path.push_str(&format!("M{},{}h1v1h-1z", index % width + QUIET, index / width + QUIET));
        }
    }
    QrCode { side: u32::try_from(width + 2 * QUIET).unwrap_or_default(), path }
}

impl Classroom {
    /// By name.
    pub(super) async fn places(&self, class: &str) -> Result<Vec<Place>, ClassError> {
        let rows = sqlx::query("SELECT id, name, joined_at FROM enrolments WHERE class = $1 ORDER BY name_key")
            .bind(class)
            .fetch_all(&self.pool)
            .await?;
        let place = |row: &sqlx::any::AnyRow| {
            Ok(Place { id: row.try_get(0)?, name: row.try_get(1)?, joined_at: Some(row.try_get(2)?).filter(|at| *at > 0) })
        };
        rows.iter().map(place).collect::<Result<_, sqlx::Error>>().map_err(Into::into)
    }

    /// What would come of the roster; nothing is stored.
    ///
    /// # Errors
    /// Where the class isn't theirs, the text can't be read, or the database fails.
    pub async fn look_at_roster(&self, who: &Account, class: &str, csv: &str) -> Result<RosterPreview, ClassError> {
        let class = self.class_of(who, class).await?;
        let roster = roster::read(csv)?;
        let there = names_in(&mut *self.pool.acquire().await?, &class.id).await?;
        let Sifted { names, left_out } = sift(roster.lines, there);
        let doubt = roster::with_commas(names.iter().map(|(_, name)| name.as_str())).unwrap_or_default();
        Ok(RosterPreview { how: roster.how, names, left_out, doubt })
    }

    /// Gives each person of the roster a place and a personal link, and says who was left out and why.
    ///
    /// # Errors
    /// Where the class isn't theirs, the text can't be read, or the database fails.
    pub async fn add_roster(&self, who: &Account, class: &str, csv: &str, base: &str) -> Result<RosterResult, ClassError> {
        let class = self.class_of(who, class).await?;
        let roster = roster::read(csv)?;
        let mut transaction = alone_with(&self.pool, &class.id).await?;
        let there = names_in(&mut transaction, &class.id).await?;
        let Sifted { names, left_out } = sift(roster.lines, there);
        let mut added = Vec::with_capacity(names.len());
        for (_, name) in names {
            let code = codes::personal();
            sqlx::query(
                "INSERT INTO enrolments (id, class, name, name_key, learner, way_back, made_at, joined_at, hand_at) \
                 VALUES ($1, $2, $3, $4, NULL, $5, $6, 0, 0)",
            )
            .bind(codes::id())
            .bind(&class.id)
            .bind(&name)
            .bind(names::key(&name))
            .bind(codes::hashed(WAY_BACK, &code))
            .bind(now())
            .execute(&mut *transaction)
            .await?;
            added.push(personal_link(base, &name, &code));
        }
        transaction.commit().await?;
        self.hub.tell(Event::People(class.id));
        Ok(RosterResult { added, left_out })
    }

    /// A new personal link; the old one ends. Who has it comes in as the learner, in other classes too: so the
    /// learner is told, in all of theirs.
    ///
    /// # Errors
    /// Where the place isn't theirs to see, or the database fails.
    pub async fn new_link(&self, who: &Account, place: &str, base: &str) -> Result<PersonalLink, ClassError> {
        let place = self.place_of(who, place).await?;
        if let Some(learner) = &place.learner {
            let text = format!("{} made a new way back for you. If you did not ask for it, tell them.", who.name);
            self.tell_everywhere(learner, &who.name, &text).await?;
        }
        self.give_way_back(&place.id, &place.name, base).await
    }

    pub(super) async fn give_way_back(&self, place: &str, name: &str, base: &str) -> Result<PersonalLink, ClassError> {
        let code = codes::personal();
        sqlx::query("UPDATE enrolments SET way_back = $1 WHERE id = $2")
            .bind(codes::hashed(WAY_BACK, &code))
            .bind(place)
            .execute(&self.pool)
            .await?;
        Ok(personal_link(base, name, &code))
    }
}

/// Names of all places of the class, of who is awaited too.
pub(super) async fn names_in(connection: &mut sqlx::AnyConnection, class: &str) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar("SELECT name FROM enrolments WHERE class = $1").bind(class).fetch_all(connection).await
}

/// Who of a roster finds a place.
struct Sifted {
    names: Vec<(u64, String)>,
    left_out: Vec<String>,
}

/// `there`: names of who has a place already.
fn sift(lines: Vec<roster::Line>, there: Vec<String>) -> Sifted {
    let mut count = i64::try_from(there.len()).unwrap_or(i64::MAX);
    let mut taken: Names = there.iter().collect();
    let mut sifted = Sifted { names: Vec::new(), left_out: Vec::new() };
    for (line, name) in lines {
        let why = match name {
            Err(why) => why,
            Ok(name) if taken.has(&name) => {
                format!("{name} is in this class or further up in the list already, or a name that looks the same.")
            }
            Ok(name) if count >= MAX_PLACES => format!("{name} finds no place, for a class has {MAX_PLACES} at most."),
            Ok(name) => {
                count += 1;
                taken.add(&name);
                sifted.names.push((line, name));
                continue;
            }
        };
        sifted.left_out.push(format!("Line {line}: {why}"));
    }
    sifted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sifted(lines: &[&str], there: usize) -> Sifted {
        let lines = lines.iter().zip(1..).map(|(name, line)| (line, names::person(name).map_err(|error| error.to_string()))).collect();
        sift(lines, (0..there).map(|number| format!("Learner {number}")).collect())
    }

    #[test]
    fn who_is_there_already_is_left_out_however_the_name_is_written_and_by_the_line() {
        let Sifted { names, left_out } = sifted(&["Ada", "ADA", "\u{410}da", "\u{7}", "learner 0", "Grace"], 1);
        assert_eq!(names, [(1, "Ada".to_owned()), (6, "Grace".to_owned())]);
        assert_eq!(left_out.len(), 4);
        for (said, line) in left_out.iter().zip(2..) {
            assert!(said.starts_with(&format!("Line {line}: ")), "{said}");
        }
    }

    #[test]
    fn a_class_takes_no_more_than_it_has_places() {
        let Sifted { names, left_out } = sifted(&["Ada", "Learner 3", "Grace"], 499);
        assert_eq!(names, [(1, "Ada".to_owned())]);
        assert!(left_out[0].contains("already") && left_out[1].contains("no place"), "{left_out:?}");
    }
}
