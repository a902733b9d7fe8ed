//! `/api/terminal?id=1`: a browser's terminal, over a WebSocket, to a PTY in the workstation.
//!
//! Binary messages are the terminal's bytes, text messages are JSON (ARCHITECTURE.md, "Web"). Both
//! directions wait for the slower side: what is typed for the PTY, what is printed until the browser has
//! shown it (`flow`).

mod flow;
pub mod watch;

use std::time::Duration;

use axum::{
    Extension,
    extract::{
        Query, State,
        ws::{Message, WebSocket, WebSocketUpgrade},
    },
    response::Response,
};
use bytes::Bytes;
use futures_util::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use gateway::SandboxId;
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::{Instant, timeout},
};

use self::flow::{STUCK_LIMIT, Shown, Stuck, Window, flow};
use crate::{
    learner::LearnerId,
    sandboxes::{Closed, OnScreen, Sandboxes, Status, Terminal, WorkstationError},
};

/// Bytes of one message from a browser. A paste comes in several.
const MAX_MESSAGE_BYTES: usize = 64 * 1024;
/// Bytes of terminal output in one message.
const OUTPUT_BYTES: usize = 16 * 1024;
/// Columns and rows, each.
const MAX_SIDE: u16 = 500;
/// The size of a terminal whose browser doesn't say.
const DEFAULT_SIZE: (u16, u16) = (80, 24);
/// How long the browser has to say its size before the terminal is shown.
const SIZE_LIMIT: Duration = Duration::from_millis(300);
/// Between two changes of size: a window that is dragged makes a hundred a second.
const RESIZE_PAUSE: Duration = Duration::from_millis(50);
/// Between two fresh shells: nobody asks for one more often by hand.
const RENEW_PAUSE: Duration = Duration::from_secs(1);
/// So often the browser is asked whether it is still there, and so long it may be silent.
const PING_ROUND: Duration = Duration::from_secs(20);
const SILENCE_LIMIT: Duration = Duration::from_secs(70);
/// How long a browser may take to read one message before it is taken for gone.
const SEND_LIMIT: Duration = Duration::from_secs(60);
/// Characters of a terminal's name.
const MAX_NAME: usize = 8;

/// `?id=1`.
#[derive(Debug, Deserialize)]
pub struct TerminalQuery {
    id: Option<String>,
}

/// The handler of `GET /api/terminal`. Mount where the state gives `Sandboxes` (`FromRef`) and a
/// middleware has inserted `Extension<LearnerId>` and looked at `Origin`.
pub async fn terminal(
    State(sandboxes): State<Sandboxes>,
    Extension(learner): Extension<LearnerId>,
    Query(query): Query<TerminalQuery>,
    upgrade: WebSocketUpgrade,
) -> Response {
    answer(sandboxes, learner, Query(query), upgrade, STUCK_LIMIT)
}

fn answer(
    sandboxes: Sandboxes,
    learner: LearnerId,
    Query(query): Query<TerminalQuery>,
    upgrade: WebSocketUpgrade,
    stuck_limit: Duration,
) -> Response {
    let name = query.id.unwrap_or_else(|| "1".to_owned());
    upgrade
        .max_message_size(MAX_MESSAGE_BYTES)
        .max_frame_size(MAX_MESSAGE_BYTES)
        .on_upgrade(move |socket| async move { serve(socket, &sandboxes, &learner, &name, stuck_limit).await })
}

/// What the browser says in text.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Said {
    Resize {
        cols: u16,
        rows: u16,
    },
    /// So many bytes more have been shown.
    Ack(u64),
    /// `true`: a fresh shell, whatever runs in this one.
    Renew(bool),
}

/// What the browser is told in text.
#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase")]
enum Told {
    Closed(&'static str),
    Goodbye(&'static str),
}

type Sink = SplitSink<WebSocket, Message>;

async fn serve(mut socket: WebSocket, sandboxes: &Sandboxes, learner: &LearnerId, name: &str, stuck_limit: Duration) {
    let opened = open(&mut socket, sandboxes, learner, name).await;
    let (mut sink, stream) = socket.split();
    let told = match opened {
        Ok((id, size, terminal)) => {
            let screen = sandboxes.workstations().screens().show(&id, name, size);
            carry(&mut sink, stream, terminal, sandboxes, &id, flow(stuck_limit), screen).await
        }
        Err(why) => Some(closed(why)),
    };
    if let Some(told) = told
        && let Ok(json) = serde_json::to_string(&told)
    {
        let _ = timeout(SEND_LIMIT, sink.send(Message::text(json))).await;
    }
    let _ = timeout(SEND_LIMIT, sink.close()).await;
}

/// Finds the learner's terminal, and gives it the browser's size before its screen is sent.
async fn open(
    socket: &mut WebSocket,
    sandboxes: &Sandboxes,
    learner: &LearnerId,
    name: &str,
) -> Result<(SandboxId, (u16, u16), Terminal), Closed> {
    if name.is_empty() || name.len() > MAX_NAME || !name.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(Closed::TooManyTerminals);
    }
    let Status::Ready { id } = sandboxes.status(learner) else { return Err(Closed::NoSandbox) };
    let size = match timeout(SIZE_LIMIT, socket.recv()).await {
        Ok(Some(Ok(Message::Text(text)))) => match said(&text) {
            Some(Said::Resize { cols, rows }) => (cols, rows),
            _ => DEFAULT_SIZE,
        },
        _ => DEFAULT_SIZE,
    };
    sandboxes.used(&id);
    match sandboxes.workstations().terminal(&id, name, size).await {
        Ok(terminal) => return Ok((id, size, terminal)),
        Err(WorkstationError::Refused(reason)) if reason == "too_many" => return Err(Closed::TooManyTerminals),
        Err(WorkstationError::Refused(reason)) => tracing::warn!(sandbox.id = %id, reason, "A terminal could not be opened."),
        Err(WorkstationError::Away) => tracing::info!(sandbox.id = %id, "A workstation doesn't answer; looking after it."),
    }
    // The learner may have ended it; then it is brought back, home and all.
    let id = sandboxes.start(learner).await.map_err(|_| Closed::WorkstationLost)?;
    let terminal = sandboxes.workstations().terminal(&id, name, size).await.map_err(|_| Closed::WorkstationLost)?;
    Ok((id, size, terminal))
}

/// Bytes both ways until one side ends. What to tell the browser, where it is still there.
async fn carry(
    sink: &mut Sink,
    mut stream: SplitStream<WebSocket>,
    terminal: Terminal,
    sandboxes: &Sandboxes,
    id: &SandboxId,
    (shown, mut window): (Shown, Window),
    mut on_screen: OnScreen,
) -> Option<Told> {
    let screen = on_screen.shown();
    let Terminal { stream: pty, line, end, seat: _seat } = terminal;
    let (mut output, mut input) = pty.into_split();
    let typing = async {
        let mut resize_at = Instant::now();
        let mut renew_at = Instant::now();
        let mut heard_at = Instant::now();
        loop {
            let message = tokio::select! {
                message = stream.next() => match message {
                    Some(Ok(message)) => message,
                    Some(Err(_)) | None => return None,
                },
                // Whom the learner lets type beside them.
                Some(bytes) = on_screen.typed.recv() => {
                    sandboxes.used(id);
                    if input.write_all(&bytes).await.is_err() {
                        return std::future::pending().await;
                    }
                    continue;
                }
                // A browser that answers no ping for so long is gone.
                () = tokio::time::sleep_until(heard_at + SILENCE_LIMIT) => return None,
            };
            heard_at = Instant::now();
            match message {
                Message::Binary(bytes) => {
                    sandboxes.used(id);
                    if input.write_all(&bytes).await.is_err() {
                        // The other direction learns why and says so.
                        return std::future::pending().await;
                    }
                }
                Message::Text(text) => match said(&text) {
                    Some(Said::Resize { cols, rows }) => {
                        tokio::time::sleep_until(resize_at).await;
                        resize_at = Instant::now() + RESIZE_PAUSE;
                        screen.resized((cols, rows));
                        let _ = line.resize(cols, rows).await;
                    }
                    Some(Said::Ack(bytes)) => shown.more(bytes),
                    // The one of a moment ago is fresh.
                    Some(Said::Renew(true)) if Instant::now() >= renew_at => {
                        sandboxes.used(id);
                        if let Err(error) = line.renew().await {
                            tracing::warn!(sandbox.id = %id, reason = %error, "A fresh shell could not be started.");
                            return Some(closed(Closed::NoShell));
                        }
                        renew_at = Instant::now() + RENEW_PAUSE;
                    }
                    Some(Said::Renew(_)) | None => {}
                },
                // axum answers pings by itself.
                Message::Ping(_) | Message::Pong(_) => {}
                Message::Close(_) => return None,
            }
        }
    };
    let showing = async {
        let mut buffer = vec![0; OUTPUT_BYTES];
        let mut pings = tokio::time::interval(PING_ROUND);
        loop {
            let room = window.room();
            let message = tokio::select! {
                count = output.read(&mut buffer[..room.min(OUTPUT_BYTES)]), if room > 0 => match count {
                    Ok(count) if count > 0 => {
                        window.sent(count);
                        screen.output(&buffer[..count]);
                        Message::Binary(Bytes::copy_from_slice(&buffer[..count]))
                    }
                    _ => return Some(closed(end.why().await)),
                },
                more = window.more(), if room == 0 => match more {
                    Ok(()) => continue,
                    Err(Stuck) => return Some(closed(Closed::BrowserStuck)),
                },
                _ = pings.tick() => Message::Ping(Bytes::new()),
                why = line.sandbox_closed() => return Some(closed(why)),
                () = sandboxes.workstations().goodbye() => return Some(Told::Goodbye("server is restarting")),
            };
            if !matches!(timeout(SEND_LIMIT, sink.send(message)).await, Ok(Ok(()))) {
                return None;
            }
        }
    };
    tokio::select! {
        told = typing => told,
        told = showing => told,
    }
}

/// With the size within limits. `None` where the text says something else.
fn said(text: &str) -> Option<Said> {
    Some(match serde_json::from_str(text).ok()? {
        Said::Resize { cols, rows } => Said::Resize { cols: cols.clamp(1, MAX_SIDE), rows: rows.clamp(1, MAX_SIDE) },
        other @ (Said::Ack(_) | Said::Renew(_)) => other,
    })
}

/// The page says "The terminal was closed: …".
fn closed(why: Closed) -> Told {
    Told::Closed(match why {
        Closed::ShellEnded => "the shell has ended",
        Closed::TakenOver => "it was opened in another window",
        Closed::SandboxReset => "the sandbox was reset",
        Closed::SandboxRemoved => "the sandbox was removed",
        Closed::WorkstationLost => "the workstation does not answer",
        Closed::NoSandbox => "you have no sandbox; press Start for one",
        Closed::NoShell => "no new shell could be started",
        Closed::BrowserStuck => "this page has not shown its output for minutes",
        Closed::TooManyTerminals => "as many terminals as a sandbox has are open",
    })
}

#[cfg(test)]
mod tests;
