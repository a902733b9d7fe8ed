//! What the app may ask of the server, bound to the learner who asks.

use std::{sync::Arc, time::Instant};

use app::{
    backend::{Backend, BackendError, BackendFuture},
    model::{self, Certificate, ClassCard, Joined, LessonSummary, PersonalLink, PlaceCard, Progress, SandboxStatus, Seat},
};
use gateway::Egress;
use tower_sessions::session::Id;

use super::{
    asker::Asker,
    pace, session,
    stream::{minutes, sandbox_status},
};
use crate::{
    checker::CheckError,
    classroom::Arrival,
    lessons::{Lesson, Step},
    sandboxes::{SandboxError, Status},
};

/// One learner's way to the server, for one request.
pub struct LearnerBackend(pub Asker);

impl std::ops::Deref for LearnerBackend {
    type Target = Asker;

    fn deref(&self) -> &Asker {
        &self.0
    }
}

impl LearnerBackend {
    fn lesson(&self, slug: &str) -> Result<Arc<Lesson>, BackendError> {
        self.state.shelf.lesson(slug).ok_or(BackendError::NotFound)
    }

    fn check_error(&self, error: CheckError) -> BackendError {
        match error {
            CheckError::Refused(message) => BackendError::Refused(message.to_owned()),
            CheckError::Database(error) => self.internal(&error),
        }
    }

    fn status(&self) -> SandboxStatus {
        sandbox_status(self.state.sandboxes.status(&self.learner), minutes(&self.state.sandboxes))
    }

    /// Everything that is written for the learner is counted, lest a page that calls in a loop keeps the database busy.
    fn may_write(&self) -> Result<(), BackendError> {
        self.state.pace.write(&self.learner, Instant::now()).map_err(|wait| BackendError::Refused(pace::too_quick(wait)))
    }

    /// A check is written, too, and looks into containers before.
    fn may_check(&self) -> Result<(), BackendError> {
        self.may_write()?;
        self.state.pace.check(&self.learner, Instant::now()).map_err(|wait| BackendError::Refused(pace::too_quick(wait)))
    }

    /// Making a sandbox is work for the engine: not more often than a person, or a class, would.
    fn may_start(&self) -> Result<(), BackendError> {
        let now = Instant::now();
        self.state.pace.costly(self.client, now).map_err(|wait| BackendError::Refused(pace::too_much(wait)))?;
        self.state.pace.start(&self.learner, now).map_err(|wait| {
            let minutes = wait.as_secs().div_ceil(60);
            BackendError::Refused(format!(
                "That were many fresh sandboxes in a short time. Go on with the one you have, or try again in {minutes} min."
            ))
        })
    }

    /// Anybody can make up learners without end: those of whom nothing is stored yet are counted.
    async fn may_be_stored(&self) -> Result<(), BackendError> {
        if self.state.store.is_known(&self.learner).await.map_err(|error| self.internal(&error))? {
            return Ok(());
        }
        self.state.pace.costly(self.client, Instant::now()).map_err(|wait| BackendError::Refused(pace::too_much(wait)))
    }

    /// Each is a new learner, and a place of the class is gone: of one browser, not more than share a computer.
    fn may_be_someone_else(&self) -> Result<Id, BackendError> {
        let (now, session) = (Instant::now(), self.session()?.id().ok_or(BackendError::NotSignedIn)?);
        self.state.pace.costly(self.client, now).map_err(|wait| BackendError::Refused(pace::too_much(wait)))?;
        self.state.pace.someone_else(session, now).map_err(|wait| {
            let minutes = wait.as_secs().div_ceil(60);
            BackendError::Refused(format!(
                "Very many people have joined from this browser. Use another one, or try again in {minutes} min."
            ))
        })?;
        Ok(session)
    }

    /// The browser is that learner's from now on.
    async fn arrived(&self, arrival: Arrival) -> Result<Joined, BackendError> {
        if arrival.learner != self.learner {
            let session = self.session()?;
            let before = session.id();
            session::becomes(session, &arrival.learner).await.map_err(|error| self.internal(&error))?;
            if let (Some(before), Some(after)) = (before, session.id()) {
                self.state.pace.same_browser(&before, after);
            }
        }
        let seat = self.state.classroom.arrived(&arrival).await.map_err(|error| self.class_error(error))?;
        Ok(Joined { seat, way_back: arrival.way_back })
    }

    /// A sandbox that can't be had is a state of the page, not an error of the request.
    fn started(&self, started: Result<gateway::SandboxId, SandboxError>) -> SandboxStatus {
        match started {
            Ok(id) => sandbox_status(Status::Ready { id }, minutes(&self.state.sandboxes)),
            Err(error) => SandboxStatus::Failed { message: error.message },
        }
    }
}

fn step<'a>(lesson: &'a Lesson, id: &str) -> Result<&'a Step, BackendError> {
    lesson.step(id).ok_or(BackendError::NotFound)
}

impl Backend for LearnerBackend {
    fn has_internet(&self) -> bool {
        self.state.egress == Egress::On
    }

    // What only reads is paced by address, with all other requests (`Pace::request`).

    fn lessons(&self) -> BackendFuture<'_, Vec<LessonSummary>> {
        Box::pin(async move {
            let passed = self.state.store.passed(&self.learner).await.map_err(|error| self.internal(&error))?;
            let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
            let summary = |lesson: Arc<Lesson>| {
                let steps = passed.get(&lesson.slug);
                let checked: Vec<_> = lesson.steps.iter().filter(|step| step.is_checked()).collect();
                LessonSummary {
                    slug: lesson.slug.clone(),
                    title: lesson.title.clone(),
                    summary: lesson.summary.clone(),
                    minutes: lesson.minutes,
                    steps: count(lesson.steps.len()),
                    passed: count(checked.iter().filter(|step| steps.is_some_and(|passed| passed.contains(&step.id))).count()),
                    checked_steps: count(checked.len()),
                }
            };
            Ok(self.state.shelf.lessons().into_iter().map(summary).collect())
        })
    }

    fn lesson<'a>(&'a self, slug: &'a str) -> BackendFuture<'a, model::Lesson> {
        Box::pin(async move { Ok(self.lesson(slug)?.view()) })
    }

    fn progress<'a>(&'a self, lesson: &'a str) -> BackendFuture<'a, Progress> {
        Box::pin(async move {
            let lesson = self.lesson(lesson)?;
            self.state.checker.progress(&self.learner, &lesson).await.map_err(|error| self.check_error(error))
        })
    }

    fn sandbox(&self) -> BackendFuture<'_, SandboxStatus> {
        Box::pin(async move { Ok(self.status()) })
    }

    fn start_sandbox(&self) -> BackendFuture<'_, SandboxStatus> {
        Box::pin(async move {
            // A second tab that asks for the one that is there costs nothing, unless its workstation has ended.
            self.may_write()?;
            if !matches!(self.state.sandboxes.status(&self.learner), Status::Ready { .. } | Status::Starting) {
                self.may_start()?;
            }
            Ok(self.started(self.state.sandboxes.start(&self.learner).await))
        })
    }

    fn reset_sandbox(&self) -> BackendFuture<'_, SandboxStatus> {
        Box::pin(async move {
            // Its own pace is far below that of all else.
            self.may_start()?;
            Ok(self.started(self.state.sandboxes.reset(&self.learner).await))
        })
    }

    fn visit_step<'a>(&'a self, lesson: &'a str, step_id: &'a str) -> BackendFuture<'a, ()> {
        Box::pin(async move {
            let lesson = self.lesson(lesson)?;
            let step = step(&lesson, step_id)?;
            self.may_write()?;
            self.may_be_stored().await?;
            self.state.sandboxes.touch(&self.learner);
            self.state.checker.visit(&self.learner, &lesson, step).await.map_err(|error| self.check_error(error))
        })
    }

    fn check_step<'a>(&'a self, lesson: &'a str, step_id: &'a str) -> BackendFuture<'a, Progress> {
        Box::pin(async move {
            let lesson = self.lesson(lesson)?;
            let step = step(&lesson, step_id)?;
            self.may_check()?;
            self.may_be_stored().await?;
            self.state.sandboxes.touch(&self.learner);
            self.state.checker.check(&self.learner, &lesson, step).await.map_err(|error| self.check_error(error))
        })
    }

    fn answer<'a>(&'a self, lesson: &'a str, step_id: &'a str, question: &'a str, answer: &'a str) -> BackendFuture<'a, Progress> {
        Box::pin(async move {
            let lesson = self.lesson(lesson)?;
            let step = step(&lesson, step_id)?;
            let question = step.question(question).ok_or(BackendError::NotFound)?;
            self.may_write()?;
            self.may_be_stored().await?;
            self.state.sandboxes.touch(&self.learner);
            self.state.checker.answer(&self.learner, &lesson, step, question, answer).await.map_err(|error| self.check_error(error))
        })
    }

    fn hint<'a>(&'a self, lesson: &'a str, step_id: &'a str) -> BackendFuture<'a, Progress> {
        Box::pin(async move {
            let lesson = self.lesson(lesson)?;
            let step = step(&lesson, step_id)?;
            self.may_write()?;
            self.may_be_stored().await?;
            self.state.checker.hint(&self.learner, &lesson, step).await.map_err(|error| self.check_error(error))
        })
    }

    fn solution<'a>(&'a self, lesson: &'a str, step_id: &'a str) -> BackendFuture<'a, Progress> {
        Box::pin(async move {
            let lesson = self.lesson(lesson)?;
            let step = step(&lesson, step_id)?;
            self.may_write()?;
            self.may_be_stored().await?;
            self.state.checker.solution(&self.learner, &lesson, step).await.map_err(|error| self.check_error(error))
        })
    }

    fn seat<'a>(&'a self, lesson: &'a str) -> BackendFuture<'a, Option<Seat>> {
        Box::pin(async move {
            let seat = self.state.classroom.seat(&self.learner, lesson).await.map_err(|error| self.class_error(error))?;
            Ok(seat.map(|seated| seated.seat))
        })
    }

    fn seats(&self) -> BackendFuture<'_, Vec<Seat>> {
        Box::pin(async move { self.state.classroom.seats(&self.learner).await.map_err(|error| self.class_error(error)) })
    }

    fn find_class<'a>(&'a self, code: &'a str) -> BackendFuture<'a, ClassCard> {
        Box::pin(async move {
            self.may_look_codes_up()?;
            let found = self.state.classroom.find_class(&self.learner, code).await.map_err(|error| self.class_error(error))?;
            self.code_was_right();
            Ok(found)
        })
    }

    fn join_class<'a>(&'a self, code: &'a str, name: &'a str, someone_else: bool) -> BackendFuture<'a, Joined> {
        Box::pin(async move {
            // A code that is right costs nothing, and coming in writes.
            self.may_write()?;
            // First what is the browser's own: it must not use up the codes of its neighbours.
            let another = if someone_else { Some(self.may_be_someone_else()?) } else { None };
            self.may_look_codes_up()?;
            if another.is_none() {
                self.may_be_stored().await?;
            }
            let joined = self.state.classroom.join(&self.learner, code, name, someone_else, &self.base).await;
            if let (Some(session), Err(_)) = (another, &joined) {
                self.state.pace.nobody_else(session);
            }
            // A name that is taken counts: else names could be tried as fast as one likes.
            let joined = joined.map_err(|error| self.class_error(error))?;
            self.code_was_right();
            self.arrived(joined).await
        })
    }

    fn find_place<'a>(&'a self, personal_code: &'a str) -> BackendFuture<'a, PlaceCard> {
        Box::pin(async move {
            self.may_look_codes_up()?;
            let found = self.state.classroom.find_place(personal_code).await.map_err(|error| self.class_error(error))?;
            self.code_was_right();
            Ok(found)
        })
    }

    fn come_back<'a>(&'a self, personal_code: &'a str) -> BackendFuture<'a, Joined> {
        Box::pin(async move {
            self.may_write()?;
            self.may_look_codes_up()?;
            let back = self.state.classroom.come_back(&self.learner, personal_code).await.map_err(|error| self.class_error(error))?;
            self.code_was_right();
            self.arrived(back).await
        })
    }

    fn new_way_back<'a>(&'a self, seat: &'a str) -> BackendFuture<'a, PersonalLink> {
        Box::pin(async move {
            self.may_write()?;
            self.state.classroom.new_way_back(&self.learner, seat, &self.base).await.map_err(|error| self.class_error(error))
        })
    }

    fn raise_hand<'a>(&'a self, seat: &'a str, up: bool) -> BackendFuture<'a, ()> {
        Box::pin(async move {
            self.may_write()?;
            self.state.classroom.raise_hand(&self.learner, seat, up).await.map_err(|error| self.class_error(error))
        })
    }

    fn put_note_away<'a>(&'a self, seat: &'a str, note: &'a str) -> BackendFuture<'a, ()> {
        Box::pin(async move {
            self.may_write()?;
            self.state.classroom.put_note_away(&self.learner, seat, note).await.map_err(|error| self.class_error(error))
        })
    }

    fn allow_assist<'a>(&'a self, seat: &'a str, who: &'a str, allow: bool) -> BackendFuture<'a, ()> {
        Box::pin(async move {
            self.may_write()?;
            self.state.classroom.allow_assist(&self.learner, seat, who, allow).await.map_err(|error| self.class_error(error))
        })
    }

    fn make_certificate<'a>(&'a self, lesson: &'a str, name: &'a str) -> BackendFuture<'a, Certificate> {
        Box::pin(async move {
            self.may_write()?;
            let lesson = self.lesson(lesson)?;
            self.state.classroom.make_certificate(&self.learner, &lesson, name).await.map_err(|error| self.class_error(error))
        })
    }

    fn rename_certificate<'a>(&'a self, lesson: &'a str, name: &'a str) -> BackendFuture<'a, Certificate> {
        Box::pin(async move {
            self.may_write()?;
            self.state.classroom.rename_certificate(&self.learner, lesson, name).await.map_err(|error| self.class_error(error))
        })
    }

    fn certificate<'a>(&'a self, id: &'a str) -> BackendFuture<'a, Certificate> {
        Box::pin(async move {
            self.state.pace.certificate(self.client, Instant::now()).map_err(|wait| BackendError::Refused(pace::too_much(wait)))?;
            self.state.classroom.certificate(&self.learner, id).await.map_err(|error| self.class_error(error))
        })
    }
}
