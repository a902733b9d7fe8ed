//! Places in classes, as instructors keep them: who is there, personal links.

use app::model::{PersonalLink, Place, QrCode, RosterResult, WayIn};
use qrcode::{Color, QrCode as Drawn};
use sqlx::Row as _;

use super::{Account, ClassError, Classroom, Event, codes, limits::MAX_PLACES, names, rights::alone_with, roster};
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

    /// Gives each person of the roster a place and a personal link, and says who was left out and why.
    ///
    /// # Errors
    /// Where the class isn't theirs, the text can't be read, or the database fails.
    pub async fn add_roster(&self, who: &Account, class: &str, csv: &str, base: &str) -> Result<RosterResult, ClassError> {
        let class = self.class_of(who, class).await?;
        let mut result = RosterResult::default();
        let mut transaction = alone_with(&self.pool, &class.id).await?;
        let mut count: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM enrolments WHERE class = $1").bind(&class.id).fetch_one(&mut *transaction).await?;
        for (line, name) in roster::names(csv)? {
            let name = match name {
                Ok(name) => name,
                Err(why) => {
                    result.left_out.push(format!("Line {line}: {why}"));
                    continue;
                }
            };
            if count >= MAX_PLACES {
                result.left_out.push(format!("Line {line}: {name} finds no place, for a class has {MAX_PLACES} at most."));
                continue;
            }
            let code = codes::personal();
            let added = sqlx::query(
                "INSERT INTO enrolments (id, class, name, name_key, learner, way_back, made_at, joined_at, hand_at) \
                 VALUES ($1, $2, $3, $4, NULL, $5, $6, 0, 0) ON CONFLICT (class, name_key) DO NOTHING",
            )
            .bind(codes::id())
            .bind(&class.id)
            .bind(&name)
            .bind(names::key(&name))
            .bind(codes::hashed(WAY_BACK, &code))
            .bind(now())
            .execute(&mut *transaction)
            .await?;
            if added.rows_affected() == 0 {
                result.left_out.push(format!("Line {line}: {name} is in this class already."));
            } else {
                count += 1;
                result.added.push(personal_link(base, &name, &code));
            }
        }
        transaction.commit().await?;
        self.hub.tell(Event::People(class.id));
        Ok(result)
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
