//! What instructors are sent as it happens: `/api/teach/board`, the board of a class, and `/api/teach/watch`,
//! one learner's host and progress as on their own page, while the class is not over. Each looks at every change
//! of rights whether who reads still may.

use std::{convert::Infallible, time::Duration};

use app::model::{ClassState, StreamMessage};
use axum::{
    Extension,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse as _, Response, sse::Event},
};
use futures_util::Stream;
use serde::Deserialize;
use tokio::sync::watch;
use tower_sessions::Session;

use super::{instructor, stream};
use crate::{
    app_state::AppState,
    classroom::{Account, ClassError, ClassRow, PlaceRow, Snapshot},
    clock::now,
    learner::LearnerId,
};

#[derive(Deserialize)]
pub struct BoardQuery {
    class: String,
    #[serde(default)]
    lesson: String,
}

#[derive(Deserialize)]
pub struct WatchQuery {
    place: String,
    #[serde(default)]
    lesson: String,
}

/// Who is signed in, or what to answer.
pub(super) async fn account(state: &AppState, session: &Session) -> Result<Account, Response> {
    match instructor::signed_in(session, &state.classroom).await {
        Ok(Some(account)) => Ok(account),
        Ok(None) => Err((StatusCode::UNAUTHORIZED, "Sign in first.\n").into_response()),
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "It could not be told who is signed in.");
            Err((StatusCode::SERVICE_UNAVAILABLE, "The database doesn't answer. Try again in a moment.\n").into_response())
        }
    }
}

/// A class's error as a plain answer.
pub(super) fn refused(error: ClassError) -> Response {
    match error {
        ClassError::NotFound => (StatusCode::NOT_FOUND, "There is nothing here by that name, or it is not yours.\n").into_response(),
        ClassError::Refused(message) => (StatusCode::CONFLICT, format!("{message}\n")).into_response(),
        ClassError::Database(error) => {
            tracing::error!(%error, "A class could not be looked up.");
            (StatusCode::SERVICE_UNAVAILABLE, "The database doesn't answer. Try again in a moment.\n").into_response()
        }
    }
}

/// The class, for who is signed in and may see it; or what to answer.
pub(super) async fn class_of(state: &AppState, session: &Session, class: &str) -> Result<ClassRow, Response> {
    let who = account(state, session).await?;
    state.classroom.class_of(&who, class).await.map_err(refused)
}

/// Who is signed in and the place, where they may see it; or what to answer.
pub(super) async fn place_of(state: &AppState, session: &Session, place: &str) -> Result<(Account, PlaceRow), Response> {
    let who = account(state, session).await?;
    let place = state.classroom.place_of(&who, place).await.map_err(refused)?;
    Ok((who, place))
}

/// The handler of `GET /api/teach/board`.
pub async fn board(State(state): State<AppState>, Extension(session): Extension<Session>, Query(query): Query<BoardQuery>) -> Response {
    // Before the first look, so that nothing is missed.
    let mut look = Look::new(&state, session.clone());
    let class = match class_of(&state, &session, &query.class).await {
        Ok(class) => class,
        Err(answer) => return answer,
    };
    look.at = At::Class(class.id.clone());
    match state.classroom.follow_board(&class, &query.lesson).await {
        Ok(board) => stream::sse(while_may(look, boards(state, board))),
        Err(error) => refused(error),
    }
}

fn boards(state: AppState, mut board: watch::Receiver<Snapshot>) -> impl Stream<Item = Result<Event, Infallible>> {
    async_stream::stream! {
        let mut shown = board.borrow_and_update().clone();
        let first = app::model::BoardMessage { whole: Some(shown.whole()), at: crate::clock::now(), ..Default::default() };
        yield stream::event(&first);
        loop {
            tokio::select! {
                () = state.end.cancelled() => return,
                changed = board.changed() => if changed.is_err() { return },
            }
            let newest = board.borrow_and_update().clone();
            if let Some(message) = newest.since(&shown) {
                yield stream::event(&message);
            }
            shown = newest;
        }
    }
}

/// The handler of `GET /api/teach/watch`.
pub async fn watch(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    Query(query): Query<WatchQuery>,
    headers: axum::http::HeaderMap,
) -> Response {
    let mut look = Look::new(&state, session.clone());
    let (who, place) = match place_of(&state, &session, &query.place).await {
        Ok(found) => found,
        Err(answer) => return answer,
    };
    let lesson = match state.classroom.lesson_shown(&place.class, &query.lesson).await {
        Ok(lesson) => lesson,
        Err(error) => return refused(error),
    };
    let Some(learner) = place.learner else {
        return (StatusCode::CONFLICT, "They are on the roster and have not come yet: there is nothing to see.\n").into_response();
    };
    let is_over = place.class.state() == ClassState::Closed;
    look.at = At::Place { id: place.id, learner: learner.clone(), account: who.id, is_over };
    if is_over {
        // Their host is their own again. What they did in the class can be read.
        let progress = match state.checker.progress(&learner, &lesson).await {
            Ok(progress) => progress,
            Err(error) => {
                tracing::error!(%error, "A learner's progress could not be read.");
                return (StatusCode::SERVICE_UNAVAILABLE, "The database doesn't answer. Try again in a moment.\n").into_response();
            }
        };
        let progress = stream::event(&StreamMessage::Progress { progress });
        let end = state.end.clone();
        return stream::sse(while_may(
            look,
            async_stream::stream! {
                yield progress;
                end.cancelled().await;
            },
        ));
    }
    let Some(following) = state.checker.watch(&learner, &lesson) else {
        return (StatusCode::TOO_MANY_REQUESTS, "This learner is looked at in too many tabs. Close one of them.\n").into_response();
    };
    let watched = stream::Watched::new(&state, &learner, following, &headers).of(place.class);
    stream::sse(while_may(look, stream::events(state, learner, lesson, watched, stream::For::Instructor)))
}

/// At what somebody looks for as long as they may.
pub(super) enum At {
    /// Nothing yet.
    Nothing,
    /// By its ID; open or over.
    Class(String),
    Place {
        id: String,
        /// Who was there when it began.
        learner: LearnerId,
        /// Who looks.
        account: String,
        /// What may be seen differs.
        is_over: bool,
    },
}

/// A look that goes on: asked again whenever rights change, and when the sign-in or the class ends.
pub(super) struct Look {
    state: AppState,
    session: Session,
    rights: watch::Receiver<u64>,
    pub(super) at: At,
    /// When to ask at the latest, in unix milliseconds; 0: at once.
    until: i64,
}

impl Look {
    pub(super) fn new(state: &AppState, session: Session) -> Self {
        Self { rights: state.classroom.hub().rights(), state: state.clone(), session, at: At::Nothing, until: 0 }
    }

    /// Waits until it is time to ask again. Nothing is lost where it isn't waited for to the end.
    pub(super) async fn is_due(&mut self) {
        let left = Duration::from_millis(u64::try_from(self.until.saturating_sub(now())).unwrap_or_default());
        tokio::select! {
            changed = self.rights.changed() => if changed.is_err() { std::future::pending().await },
            () = tokio::time::sleep(left) => {}
        }
    }

    /// Whether who looks still may: by the session as it is stored now, and the class and the place as they are.
    pub(super) async fn may(&mut self) -> bool {
        let classroom = &self.state.classroom;
        let Ok(Some(who)) = instructor::still_signed_in(&self.session, classroom).await else { return false };
        let Ok(signed_in_until) = instructor::until(&self.session).await else { return false };
        // The last millisecond holds, too.
        self.until = signed_in_until.saturating_add(1);
        match &self.at {
            At::Nothing => false,
            At::Class(class) => classroom.class_of(&who, class).await.is_ok(),
            At::Place { id, learner, account, is_over } => {
                let Ok(place) = classroom.place_of(&who, id).await else { return false };
                if !is_over && place.class.closes_at > 0 {
                    self.until = self.until.min(place.class.closes_at);
                }
                who.id == *account && place.learner.as_ref() == Some(learner) && (place.class.state() == ClassState::Closed) == *is_over
            }
        }
    }
}

/// Passes on for as long as who reads may see it.
fn while_may(
    mut look: Look,
    events: impl Stream<Item = Result<Event, Infallible>> + Send + 'static,
) -> impl Stream<Item = Result<Event, Infallible>> {
    async_stream::stream! {
        let mut events = std::pin::pin!(events);
        loop {
            tokio::select! {
                () = look.is_due() => if !look.may().await { return },
                event = futures_util::StreamExt::next(&mut events) => match event {
                    Some(event) => yield event,
                    None => return,
                },
            }
        }
    }
}
