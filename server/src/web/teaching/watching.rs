//! One learner, as who teaches them sees them beside the board.

use app::{
    backend::{Backend as _, BackendError},
    model::{ClassState, SandboxStatus, Watched},
};

use super::{
    super::{asker::Asker, backend::LearnerBackend},
    InstructorBackend,
};
use crate::learner::LearnerId;

impl InstructorBackend {
    pub(super) async fn look_at_learner(&self, place: &str, lesson: &str) -> Result<Watched, BackendError> {
        let who = self.account().await?;
        let place = self.ask(self.classroom().place_of(&who, place)).await?;
        let lesson = self.ask(self.classroom().lesson_shown(&place.class, lesson)).await?;
        let (mut progress, mut timeline) = Default::default();
        let mut sandbox = SandboxStatus::None { removed_idle: false };
        if let Some(learner) = place.learner {
            timeline = self.ask(self.classroom().timeline(&place.class, &learner, 0)).await?;
            let theirs = self.as_learner(learner);
            progress = theirs.progress(&lesson.slug).await?;
            if place.class.state() != ClassState::Closed {
                sandbox = theirs.sandbox().await?;
            }
        }
        Ok(Watched { id: place.id, name: place.name, class: place.class.id, lesson: lesson.view(), progress, sandbox, timeline })
    }

    /// As the learner's own pages would ask.
    fn as_learner(&self, learner: LearnerId) -> LearnerBackend {
        LearnerBackend(Asker { learner, ..self.0.clone() })
    }
}
