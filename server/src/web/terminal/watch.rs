//! `/api/teach/terminal?place=…&id=1`: a learner's terminal, for an instructor who looks: as the learner's
//! own browser is sent it, and typed into only while the learner lets them. It ends with the class.
//!
//! Binary messages are the terminal's bytes. Text is JSON: `{"resize":{"cols":80,"rows":24}}` (as the
//! learner's is), `{"clear":true}` (what follows is to be shown on an empty screen), `{"away":true}` (the
//! learner's terminal is not open just now), `{"assist":"none"|"asked"|"granted"}`, `{"closed":"reason"}`. The
//! browser answers `granted` with `{"typing":true}`: what it sent before that was typed without leave, and
//! goes nowhere, however late it arrives.

use std::sync::Arc;

use app::model::ClassState;
use axum::{
    Extension,
    extract::{
        Query, State,
        ws::{Message, WebSocket, WebSocketUpgrade},
    },
    response::Response,
};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;
use tokio::{sync::broadcast::error::RecvError, time::timeout};
use tower_sessions::Session;

use super::{MAX_MESSAGE_BYTES, MAX_NAME, PING_ROUND, SEND_LIMIT};
use crate::{
    app_state::AppState,
    classroom::{Account, PlaceRow},
    learner::LearnerId,
    sandboxes::{Screen, ScreenPlace, Status},
    web::teach_stream::{self, At, Look},
};

/// What a browser says that has read that it may type.
const TYPING: &str = r#"{"typing":true}"#;

#[derive(Debug, Deserialize)]
pub struct WatchQuery {
    place: String,
    #[serde(default)]
    id: String,
}

/// The handler of `GET /api/teach/terminal`.
pub async fn watch(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    Query(query): Query<WatchQuery>,
    upgrade: WebSocketUpgrade,
) -> Response {
    // Before the first look, so that nothing is missed.
    let mut look = Look::new(&state, session.clone());
    let (who, place) = match teach_stream::place_of(&state, &session, &query.place).await {
        Ok(found) => found,
        Err(answer) => return answer,
    };
    let name = Some(query.id).filter(|id| !id.is_empty() && id.len() <= MAX_NAME).unwrap_or_else(|| "1".to_owned());
    upgrade.max_message_size(MAX_MESSAGE_BYTES).max_frame_size(MAX_MESSAGE_BYTES).on_upgrade(move |socket| async move {
        let mut view = View { state, who, place, name, socket, knows_leave: false, typing: None };
        let why = match view.place.learner.clone() {
            _ if view.place.class.state() == ClassState::Closed => Some("this class is over"),
            Some(learner) => {
                look.at = At::Place { id: view.place.id.clone(), learner: learner.clone(), account: view.who.id.clone(), is_over: false };
                view.serve(learner, look).await
            }
            None => Some("they have not come yet"),
        };
        view.typing_ended().await;
        if let Some(why) = why {
            view.tell(json!({ "closed": why })).await;
        }
        let _ = timeout(SEND_LIMIT, view.socket.send(Message::Close(None))).await;
    })
}

struct View {
    state: AppState,
    who: Account,
    place: PlaceRow,
    name: String,
    socket: WebSocket,
    /// The browser has said that it knows that it may type.
    knows_leave: bool,
    /// They have typed since they may: by which it is written down when that ends.
    typing: Option<String>,
}

/// What ends a look at one screen.
enum Next {
    /// Look for it anew.
    Again,
    /// The view is over; why, where the browser is still there.
    Over(Option<&'static str>),
}

impl View {
    /// Shows until either side ends it. Why, where the browser is still there to be told.
    async fn serve(&mut self, learner: LearnerId, mut look: Look) -> Option<&'static str> {
        let hub = self.state.classroom.hub().clone();
        // Before anything is shown: the learner sees who looks.
        let _watching = hub.watches(&self.place.id, &learner, &self.who.id, &self.who.name);
        let mut news = hub.listen();
        let screens = self.state.sandboxes.workstations().screens().clone();
        let mut status = self.state.sandboxes.watch(&learner);
        let mut came = screens.came();
        let mut pings = tokio::time::interval(PING_ROUND);
        let mut assist = "";
        let mut away = false;
        loop {
            came.borrow_and_update();
            let screen: Option<Arc<Screen>> = match &*status.borrow_and_update() {
                Status::Ready { id } => screens.find(id, &self.name),
                Status::None { .. } | Status::Starting | Status::Failed { .. } => None,
            };
            if screen.is_none() != away {
                away = screen.is_none();
                if !self.tell(json!({ "away": away })).await {
                    return None;
                }
            }
            let mut position = ScreenPlace::default();
            let mut size = (0, 0);
            let mut fresh = screen.as_ref().map(|screen| screen.news());
            if let Some(screen) = &screen
                && !self.show(screen, &mut position, &mut size).await
            {
                return None;
            }
            let next = loop {
                let now = self.assist(&learner);
                if now != assist {
                    assist = now;
                    self.knows_leave = false;
                    self.typing_ended().await;
                    if !self.tell(json!({ "assist": assist })).await {
                        break Next::Over(None);
                    }
                }
                tokio::select! {
                    // All else waits for it, so that no output is missed meanwhile: it is kept.
                    changed = async { match &mut fresh { Some(fresh) => fresh.changed().await, None => std::future::pending().await } } => {
                        let Some(screen) = screen.as_ref().filter(|_| changed.is_ok()) else { break Next::Again };
                        if !self.show(screen, &mut position, &mut size).await {
                            break Next::Over(None);
                        }
                    }
                    message = self.socket.recv() => match message {
                        Some(Ok(Message::Binary(bytes))) => self.typed(&learner, screen.as_deref(), bytes).await,
                        Some(Ok(Message::Text(text))) => self.knows_leave |= assist == "granted" && text.as_str() == TYPING,
                        Some(Ok(Message::Close(_)) | Err(_)) | None => break Next::Over(None),
                        Some(Ok(_)) => {}
                    },
                    // Whatever it is: above is looked how it stands with typing.
                    event = news.recv() => if matches!(event, Err(RecvError::Closed)) { break Next::Over(None) },
                    () = look.is_due() => if !look.may().await { break Next::Over(Some("you may not look any more")) },
                    _ = status.changed() => break Next::Again,
                    _ = came.changed() => {
                        let found = match &*status.borrow() {
                            Status::Ready { id } => screens.find(id, &self.name),
                            _ => None,
                        };
                        let is_same = match (&found, &screen) {
                            (Some(found), Some(screen)) => Arc::ptr_eq(found, screen),
                            (None, None) => true,
                            _ => false,
                        };
                        if !is_same {
                            break Next::Again;
                        }
                    }
                    () = self.state.end.cancelled() => break Next::Over(Some("the server is restarting")),
                    _ = pings.tick() => if !self.send(Message::Ping(Bytes::new())).await { break Next::Over(None) },
                }
            };
            match next {
                Next::Again => {}
                Next::Over(why) => return why,
            }
        }
    }

    /// How it stands with typing.
    fn assist(&self, learner: &LearnerId) -> &'static str {
        let mine = self.state.classroom.hub().assist(learner);
        match mine.filter(|assist| assist.place == self.place.id && assist.account == self.who.id) {
            Some(assist) if assist.granted => "granted",
            Some(_) => "asked",
            None => "none",
        }
    }

    /// What is typed without the learner's leave goes nowhere.
    async fn typed(&mut self, learner: &LearnerId, screen: Option<&Screen>, bytes: Bytes) {
        let classroom = &self.state.classroom;
        let may = self.knows_leave && classroom.hub().may_type(learner, &self.place.id, &self.who.id);
        let Some(screen) = screen.filter(|_| may) else { return };
        // Before anything can come of it: what is done with help is never shown as the learner's own.
        if self.typing.is_none() {
            match classroom.assist_began(learner).await {
                Ok(id) => self.typing = Some(id),
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "An instructor's key went nowhere.");
                    return;
                }
            }
        }
        classroom.hub().typed(learner, &self.place.id, &self.who.id);
        screen.type_in(bytes).await;
    }

    async fn typing_ended(&mut self) {
        if let Some(id) = self.typing.take() {
            self.state.classroom.assist_ended(&id).await;
        }
    }

    async fn show(&mut self, screen: &Screen, position: &mut ScreenPlace, size: &mut (u16, u16)) -> bool {
        let fresh = screen.since(position);
        if fresh.size != *size {
            *size = fresh.size;
            if !self.tell(json!({ "resize": { "cols": size.0, "rows": size.1 } })).await {
                return false;
            }
        }
        if fresh.anew && !self.tell(json!({ "clear": true })).await {
            return false;
        }
        fresh.bytes.is_empty() || self.send(Message::Binary(fresh.bytes)).await
    }

    async fn tell(&mut self, what: serde_json::Value) -> bool {
        self.send(Message::text(what.to_string())).await
    }

    /// `false`: the browser is gone.
    async fn send(&mut self, message: Message) -> bool {
        matches!(timeout(SEND_LIMIT, self.socket.send(message)).await, Ok(Ok(())))
    }
}
