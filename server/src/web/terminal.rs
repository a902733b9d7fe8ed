//! `/api/terminal?id=1`: a browser's terminal, over a WebSocket, to a PTY in the workstation.
//!
//! Binary messages are the terminal's bytes, text messages are JSON (ARCHITECTURE.md, "Web"). Both
//! directions wait for the slower side; nothing is buffered beyond one message.

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

use crate::{
    learner::LearnerId,
    sandboxes::{Closed, Sandboxes, Status, Terminal, WorkstationError},
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
    let name = query.id.unwrap_or_else(|| "1".to_owned());
    upgrade
        .max_message_size(MAX_MESSAGE_BYTES)
        .max_frame_size(MAX_MESSAGE_BYTES)
        .on_upgrade(move |socket| async move { serve(socket, &sandboxes, &learner, &name).await })
}

/// What the browser says in text.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Said {
    Resize { cols: u16, rows: u16 },
}

/// What the browser is told in text.
#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase")]
enum Told {
    Closed(&'static str),
    Goodbye(&'static str),
}

type Sink = SplitSink<WebSocket, Message>;

async fn serve(mut socket: WebSocket, sandboxes: &Sandboxes, learner: &LearnerId, name: &str) {
    let opened = open(&mut socket, sandboxes, learner, name).await;
    let (mut sink, stream) = socket.split();
    let told = match opened {
        Ok((id, terminal)) => carry(&mut sink, stream, terminal, sandboxes, &id).await,
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
async fn open(socket: &mut WebSocket, sandboxes: &Sandboxes, learner: &LearnerId, name: &str) -> Result<(SandboxId, Terminal), Closed> {
    if name.is_empty() || name.len() > MAX_NAME || !name.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(Closed::TooManyTerminals);
    }
    let Status::Ready { id } = sandboxes.status(learner) else { return Err(Closed::NoSandbox) };
    let size = match timeout(SIZE_LIMIT, socket.recv()).await {
        Ok(Some(Ok(Message::Text(text)))) => resize(&text).unwrap_or(DEFAULT_SIZE),
        _ => DEFAULT_SIZE,
    };
    sandboxes.used(&id);
    match sandboxes.workstations().terminal(&id, name, size).await {
        Ok(terminal) => return Ok((id, terminal)),
        Err(WorkstationError::Refused(reason)) if reason == "too_many" => return Err(Closed::TooManyTerminals),
        Err(WorkstationError::Refused(reason)) => tracing::warn!(sandbox.id = %id, reason, "A terminal could not be opened."),
        Err(WorkstationError::Away) => tracing::info!(sandbox.id = %id, "A workstation doesn't answer; looking after it."),
    }
    // The learner may have ended it; then it is brought back, home and all.
    let id = sandboxes.start(learner).await.map_err(|_| Closed::WorkstationLost)?;
    let terminal = sandboxes.workstations().terminal(&id, name, size).await.map_err(|_| Closed::WorkstationLost)?;
    Ok((id, terminal))
}

/// Bytes both ways until one side ends. What to tell the browser, where it is still there.
async fn carry(
    sink: &mut Sink,
    mut stream: SplitStream<WebSocket>,
    terminal: Terminal,
    sandboxes: &Sandboxes,
    id: &SandboxId,
) -> Option<Told> {
    let Terminal { stream: pty, line, end } = terminal;
    let (mut output, mut input) = pty.into_split();
    let typing = async {
        let mut resize_at = Instant::now();
        loop {
            // A browser that answers no ping for so long is gone.
            let Ok(Some(Ok(message))) = timeout(SILENCE_LIMIT, stream.next()).await else { return };
            match message {
                Message::Binary(bytes) => {
                    sandboxes.used(id);
                    if input.write_all(&bytes).await.is_err() {
                        // The other direction learns why and says so.
                        return std::future::pending().await;
                    }
                }
                Message::Text(text) => {
                    if let Some((cols, rows)) = resize(&text) {
                        tokio::time::sleep_until(resize_at).await;
                        resize_at = Instant::now() + RESIZE_PAUSE;
                        let _ = line.resize(cols, rows).await;
                    }
                }
                // axum answers pings by itself.
                Message::Ping(_) | Message::Pong(_) => {}
                Message::Close(_) => return,
            }
        }
    };
    let showing = async {
        let mut buffer = vec![0; OUTPUT_BYTES];
        let mut pings = tokio::time::interval(PING_ROUND);
        loop {
            let message = tokio::select! {
                count = output.read(&mut buffer) => match count {
                    Ok(count) if count > 0 => Message::Binary(Bytes::copy_from_slice(&buffer[..count])),
                    _ => return Some(closed(end.why().await)),
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
        () = typing => None,
        told = showing => told,
    }
}

/// Columns and rows, within limits. `None` where the text says something else.
fn resize(text: &str) -> Option<(u16, u16)> {
    let Said::Resize { cols, rows } = serde_json::from_str(text).ok()?;
    Some((cols.clamp(1, MAX_SIDE), rows.clamp(1, MAX_SIDE)))
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
        Closed::TooManyTerminals => "as many terminals as a sandbox has are open",
    })
}

#[cfg(test)]
mod tests;
