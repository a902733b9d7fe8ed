//! Hands that are up, and whom a learner lets type in their terminal.

use app::model::ClassState;

use super::{Account, ClassError, Classroom, Event, hub::Assist};
use crate::{clock::now, learner::LearnerId};

impl Classroom {
    /// # Errors
    /// Where the place isn't theirs, the class is over, or the database fails.
    pub async fn raise_hand(&self, learner: &LearnerId, seat: &str, up: bool) -> Result<(), ClassError> {
        let (class, _) = self.seat_row(learner, seat).await?;
        if up && class.state() == ClassState::Closed {
            return ClassError::refused("This class is over: nobody would see your hand.");
        }
        self.set_hand(seat, up).await?;
        self.hub.tell(Event::Seat(learner.clone()));
        Ok(())
    }

    /// A hand that is up stays where it is in the line.
    async fn set_hand(&self, place: &str, up: bool) -> Result<(), ClassError> {
        let sql = if up {
            "UPDATE enrolments SET hand_at = $1 WHERE id = $2 AND hand_at = 0"
        } else {
            "UPDATE enrolments SET hand_at = $1 WHERE id = $2"
        };
        sqlx::query(sql).bind(if up { now() } else { 0 }).bind(place).execute(&self.pool).await?;
        Ok(())
    }

    /// # Errors
    /// Where the place isn't theirs to see, or the database fails.
    pub async fn lower_hand(&self, who: &Account, place: &str) -> Result<(), ClassError> {
        let place = self.place_of(who, place).await?;
        self.set_hand(&place.id, false).await?;
        place.learner.into_iter().for_each(|learner| self.hub.tell(Event::Seat(learner)));
        Ok(())
    }

    /// Asks the learner whether one may type in their terminal.
    ///
    /// # Errors
    /// Where the place isn't theirs to see, the class is over, the learner has no page open, or the database fails.
    pub async fn ask_assist(&self, who: &Account, place: &str) -> Result<(), ClassError> {
        let place = self.place_of(who, place).await?;
        if place.class.state() == ClassState::Closed {
            return ClassError::refused("This class is over: nobody is watched or helped in it any more.");
        }
        let Some(learner) = place.learner.filter(|learner| self.hub.is_present(learner)) else {
            return ClassError::refused(format!("{} has no page open that could be asked. Wait until they are back.", place.name));
        };
        let assist = Assist { place: place.id, account: who.id.clone(), name: who.name.clone(), granted: false, typed: false };
        self.hub.ask_assist(&learner, assist);
        Ok(())
    }

    /// Ends what is asked or typed in that place.
    ///
    /// # Errors
    /// Where the place isn't theirs to see, or the database fails.
    pub async fn end_assist(&self, who: &Account, place: &str) -> Result<(), ClassError> {
        let place = self.place_of(who, place).await?;
        if let Some(learner) = &place.learner {
            self.hub.end_assist(learner, |assist| assist.place == place.id);
        }
        Ok(())
    }

    /// Lets the instructor of that name type in the terminal, in whichever of the learner's classes they ask; or
    /// refuses it, or ends it. Who has asked since is not meant: the page is told of them.
    ///
    /// # Errors
    /// Where the place isn't theirs, that instructor doesn't ask any more, or the database fails.
    pub async fn allow_assist(&self, learner: &LearnerId, seat: &str, name: &str, allow: bool) -> Result<(), ClassError> {
        self.seat_row(learner, seat).await?;
        if !allow {
            self.hub.end_assist(learner, |assist| assist.name == name);
        } else if !self.hub.grant_assist(learner, name) {
            return ClassError::refused(format!("{name} does not ask to type any more."));
        }
        Ok(())
    }
}
