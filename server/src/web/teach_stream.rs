//! What instructors are sent as it happens: `/api/teach/board`, the board of a class, and `/api/teach/watch`,
//! one learner's host and progress as on their own page. Each looks at every change of rights whether who
//! reads still may.

use std::convert::Infallible;

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
    let rights = state.classroom.hub().rights();
    let class = match class_of(&state, &session, &query.class).await {
        Ok(class) => class,
        Err(answer) => return answer,
    };
    match state.classroom.follow_board(&class, &query.lesson).await {
        Ok(board) => stream::sse(while_may(state.clone(), session, class.id, rights, boards(state, board))),
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
    let rights = state.classroom.hub().rights();
    let (_, place) = match place_of(&state, &session, &query.place).await {
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
    let Some(following) = state.checker.watch(&learner, &lesson) else {
        return (StatusCode::TOO_MANY_REQUESTS, "This learner is looked at in too many tabs. Close one of them.\n").into_response();
    };
    let watched = stream::Watched::new(&state, &learner, following, &headers);
    let class = place.class.id;
    let events = stream::events(state.clone(), learner, lesson, watched, stream::For::Instructor);
    stream::sse(while_may(state, session, class, rights, events))
}

/// Passes on for as long as who reads may see the class.
fn while_may(
    state: AppState,
    session: Session,
    class: String,
    mut rights: watch::Receiver<u64>,
    events: impl Stream<Item = Result<Event, Infallible>> + Send + 'static,
) -> impl Stream<Item = Result<Event, Infallible>> {
    async_stream::stream! {
        let mut events = std::pin::pin!(events);
        loop {
            tokio::select! {
                event = futures_util::StreamExt::next(&mut events) => match event {
                    Some(event) => yield event,
                    None => return,
                },
                changed = rights.changed() => if changed.is_err() || class_of(&state, &session, &class).await.is_err() { return },
            }
        }
    }
}
