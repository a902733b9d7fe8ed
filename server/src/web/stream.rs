//! `/api/stream?lesson=slug`: the learner's sandbox, host and progress, whole at first and then
//! whenever they change, as server-sent events. What is sent is always the newest state; a slow
//! reader misses states in between and nothing else.

use std::{convert::Infallible, sync::Arc, time::Duration};

use app::model::{HostView, LastDone, RegistryImage, SandboxStatus, StreamMessage, TimelineEntry};
use axum::{
    Extension,
    extract::{Query, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{
        IntoResponse as _, Response, Sse,
        sse::{Event, KeepAlive},
    },
};
use futures_util::Stream;
use serde::Deserialize;
use tokio::{
    sync::{broadcast, watch},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use super::host_view;
use crate::{
    app_state::AppState,
    checker::{Following, Picture},
    classroom::{self, ClassRow, Seated, Seen},
    clock::now,
    learner::LearnerId,
    lessons::Lesson,
    sandboxes::{Sandboxes, Status},
};

/// Between two signs of life; shorter than a proxy's patience.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How long the first picture of a host may keep the rest waiting.
const FIRST_LOOK: Duration = Duration::from_secs(1);
/// After the database failed, in milliseconds.
const AGAIN_MS: i64 = 5_000;

#[derive(Deserialize)]
pub struct StreamQuery {
    lesson: String,
}

/// The handler of `GET /api/stream`.
pub async fn stream(
    State(state): State<AppState>,
    Extension(learner): Extension<LearnerId>,
    Query(query): Query<StreamQuery>,
    headers: HeaderMap,
) -> Response {
    let Some(lesson) = state.shelf.lesson(&query.lesson) else {
        return (StatusCode::NOT_FOUND, "There is no such lesson.\n").into_response();
    };
    let Some(following) = state.checker.follow(&learner, &lesson) else {
        return (StatusCode::TOO_MANY_REQUESTS, "This lesson is open in too many tabs. Close one of them.\n").into_response();
    };
    let watched = Watched::new(&state, &learner, following, &headers);
    sse(events(state, learner, lesson, watched, For::Learner))
}

/// A stream as an answer.
pub(super) fn sse(events: impl Stream<Item = Result<Event, Infallible>> + Send + 'static) -> Response {
    let mut response = Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT)).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // nginx would hold it back.
    response.headers_mut().insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    response
}

/// For whom a stream is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum For {
    /// The learner: hears of their place in a class.
    Learner,
    /// Who looks at a learner: hears of what they do, line by line.
    Instructor,
}

/// All that a stream about a learner looks at.
pub(super) struct Watched {
    status: watch::Receiver<Status>,
    registry: watch::Receiver<Arc<Vec<RegistryImage>>>,
    following: Following,
    view: View,
    news: broadcast::Receiver<classroom::Event>,
    end: CancellationToken,
    /// Of which class somebody looks on, and up to where they have been told what is done in its lessons.
    looked_on: Option<(ClassRow, Seen)>,
}

impl Watched {
    pub(super) fn new(state: &AppState, learner: &LearnerId, following: Following, headers: &HeaderMap) -> Self {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).map(ToOwned::to_owned);
        Self {
            status: state.sandboxes.watch(learner),
            registry: state.registry.images(),
            view: View { sandboxes: state.sandboxes.clone(), host },
            following,
            news: state.classroom.hub().listen(),
            end: state.end.clone(),
            looked_on: None,
        }
    }

    /// For who looks on, in that class.
    pub(super) fn of(self, class: ClassRow) -> Self {
        Self { looked_on: Some((class, Seen::until_now())), ..self }
    }
}

/// How a picture becomes what this browser is sent.
struct View {
    sandboxes: Sandboxes,
    /// Under which name the browser asked.
    host: Option<String>,
}

impl View {
    fn of(&self, picture: &Picture, registry: &[RegistryImage]) -> HostView {
        host_view::view(picture, registry, |port| match &picture.sandbox {
            Some(id) => self.sandboxes.preview_url(id, port, self.host.as_deref()),
            None => String::new(),
        })
    }
}

pub(super) fn events(
    state: AppState,
    learner: LearnerId,
    lesson: Arc<Lesson>,
    watched: Watched,
    reader: For,
) -> impl Stream<Item = Result<Event, Infallible>> {
    let idle_minutes = minutes(&state.sandboxes);
    async_stream::stream! {
        // Whole: a block that names only some of its fields would drop the others, and whoever
        // counts followers would find none.
        let mut watched = watched;
        let status = watched.status.borrow_and_update().clone();
        let ready = match &status {
            Status::Ready { id } => Some(id.clone()),
            Status::None { .. } | Status::Starting | Status::Failed { .. } => None,
        };
        yield event(&StreamMessage::Sandbox { status: sandbox_status(status, idle_minutes) });
        match state.checker.progress(&learner, &lesson).await {
            Ok(progress) => yield event(&StreamMessage::Progress { progress }),
            // The browser opens the stream again by itself.
            Err(error) => {
                tracing::error!(%error, "A stream ends: progress could not be read.");
                return;
            }
        }
        let mut seat = None;
        let mut done: Option<LastDone> = state.classroom.hub().doing(&learner).last;
        if reader == For::Learner {
            match state.classroom.seat(&learner, &lesson.slug).await {
                Ok(found) => seat = found,
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "A stream ends: the learner's place could not be read.");
                    return;
                }
            }
            // That there is none, too: there may have been one when the page was made.
            yield place(&seat);
        }
        let _ = timeout(FIRST_LOOK, watched.following.picture.wait_for(|picture| picture.sandbox == ready)).await;
        loop {
            let picture = Arc::clone(&watched.following.picture.borrow_and_update());
            let registry = Arc::clone(&watched.registry.borrow_and_update());
            yield event(&StreamMessage::Host { host: watched.view.of(&picture, &registry) });
            // Until the host has changed again.
            loop {
                tokio::select! {
                    () = watched.end.cancelled() => return,
                    changed = watched.following.picture.changed() => if changed.is_ok() { break } else { return },
                    changed = watched.registry.changed() => if changed.is_ok() { break } else { return },
                    changed = watched.status.changed() => {
                        if changed.is_err() {
                            return;
                        }
                        let status = watched.status.borrow_and_update().clone();
                        yield event(&StreamMessage::Sandbox { status: sandbox_status(status, idle_minutes) });
                    }
                    news = watched.news.recv() => match (news, reader) {
                        (Ok(classroom::Event::Learner(who)), For::Instructor) if who == learner => {
                            let last = state.classroom.hub().doing(&learner).last;
                            if last != done && let Some(last) = &last {
                                yield timeline(&classroom::did_entry(last.clone()));
                            }
                            done = last;
                            if let Some((class, seen)) = &mut watched.looked_on {
                                match state.classroom.lesson_news(class, &learner, seen).await {
                                    Ok(news) => for entry in news {
                                        yield timeline(&entry);
                                    },
                                    // With the next news they are told.
                                    Err(error) => tracing::error!(error = &error as &dyn std::error::Error, "What a learner did in a lesson could not be read."),
                                }
                            }
                        }
                        (news, For::Learner)
                            if concerns(&news, &learner, &seat) && is_new(&state, &learner, &lesson.slug, &mut seat).await =>
                        {
                            yield place(&seat);
                            // What was stored of who is in no class any more is deleted with their place.
                            if seat.is_none() && let Ok(progress) = state.checker.progress(&learner, &lesson).await {
                                yield event(&StreamMessage::Progress { progress });
                            }
                        }
                        (Err(broadcast::error::RecvError::Closed), _) => return,
                        _ => {}
                    },
                    // Nobody tells that a class opens or closes by the clock.
                    () = turn(&seat) => if is_new(&state, &learner, &lesson.slug, &mut seat).await {
                        yield place(&seat);
                    },
                    progress = watched.following.progress.changed() => match progress {
                        Ok(Some(progress)) => yield event(&StreamMessage::Progress { progress: (*progress).clone() }),
                        Ok(None) => {}
                        Err(_) => return,
                    },
                }
            }
        }
    }
}

fn place(seated: &Option<Seated>) -> Result<Event, Infallible> {
    event(&StreamMessage::Seat { seat: seated.as_ref().map(|seated| seated.seat.clone()) })
}

/// Looks at the learner's place again; whether it looks different.
async fn is_new(state: &AppState, learner: &LearnerId, lesson: &str, known: &mut Option<Seated>) -> bool {
    match state.classroom.seat(learner, lesson).await {
        Ok(newest) => {
            let is_new = newest.as_ref().map(|seated| &seated.seat) != known.as_ref().map(|seated| &seated.seat);
            *known = newest;
            is_new
        }
        Err(error) => {
            // The next news asks again, or a moment that has come already, a little later.
            if let Some(seated) = known {
                seated.turns_at = seated.turns_at.map(|at| at.max(now() + AGAIN_MS));
            }
            tracing::error!(error = &error as &dyn std::error::Error, "A learner's place could not be looked up.");
            false
        }
    }
}

/// Waits until the class opens or closes by the clock; for ever where it doesn't.
async fn turn(seated: &Option<Seated>) {
    match seated.as_ref().and_then(|seated| seated.turns_at) {
        Some(at) => tokio::time::sleep(Duration::from_millis(u64::try_from(at.saturating_sub(now())).unwrap_or_default())).await,
        None => std::future::pending().await,
    }
}

/// Whether the learner's place may look different now.
fn concerns(news: &Result<classroom::Event, broadcast::error::RecvError>, learner: &LearnerId, seat: &Option<Seated>) -> bool {
    match news {
        Ok(classroom::Event::Seat(who)) => who == learner,
        Ok(classroom::Event::Class(class)) => seat.as_ref().is_some_and(|known| known.class == *class),
        Ok(classroom::Event::Learner(_) | classroom::Event::People(_)) | Err(broadcast::error::RecvError::Closed) => false,
        Err(broadcast::error::RecvError::Lagged(_)) => seat.is_some(),
    }
}

fn timeline(entry: &TimelineEntry) -> Result<Event, Infallible> {
    Ok(Event::default().event("timeline").json_data(entry).unwrap_or_default())
}

pub(super) fn event(message: &impl serde::Serialize) -> Result<Event, Infallible> {
    // Plain data with text keys: it can always be written.
    Ok(Event::default().json_data(message).unwrap_or_default())
}

/// After how many minutes without use a sandbox is removed.
pub(super) fn minutes(sandboxes: &Sandboxes) -> u32 {
    u32::try_from(sandboxes.idle_limit().as_secs() / 60).unwrap_or(u32::MAX)
}

pub(super) fn sandbox_status(status: Status, idle_minutes: u32) -> SandboxStatus {
    match status {
        Status::None { removed_idle } => SandboxStatus::None { removed_idle },
        Status::Starting => SandboxStatus::Starting,
        Status::Ready { id } => SandboxStatus::Ready { id: id.to_string(), idle_minutes },
        Status::Failed { message } => SandboxStatus::Failed { message },
    }
}
