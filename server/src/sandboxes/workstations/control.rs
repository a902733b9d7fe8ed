//! One control connection: requests out, answers and news in.

use std::collections::HashMap;

use futures_util::StreamExt;
use tokio::{
    io::AsyncWriteExt,
    net::UnixStream,
    sync::{broadcast, mpsc, oneshot},
};
use tokio_util::codec::{FramedRead, LinesCodec};

use super::WorkstationError;
use crate::sandboxes::message::{MAX_LINE_BYTES, Report, Request, Verb};

/// Requests that may wait for their turn.
const QUEUE: usize = 32;

/// A request, and who waits for what comes of it.
pub(super) struct Asked {
    pub(super) verb: Verb,
    pub(super) answer: oneshot::Sender<Result<(), WorkstationError>>,
}

/// The way to a connected workstation.
pub(super) type Control = mpsc::Sender<Asked>;

pub(super) fn channel() -> (Control, mpsc::Receiver<Asked>) {
    mpsc::channel(QUEUE)
}

/// Carries requests and answers until the connection ends. Whoever still waits then finds their
/// answer's sender dropped.
pub(super) async fn run(stream: UnixStream, mut requests: mpsc::Receiver<Asked>, exits: broadcast::Sender<String>) {
    let (reader, mut writer) = stream.into_split();
    let mut lines = FramedRead::new(reader, LinesCodec::new_with_max_length(MAX_LINE_BYTES));
    let mut waiting: HashMap<u64, oneshot::Sender<Result<(), WorkstationError>>> = HashMap::new();
    let mut n = 0;
    loop {
        tokio::select! {
            line = lines.next() => {
                let Some(Ok(line)) = line else { return };
                match serde_json::from_str(&line) {
                    Ok(Report::Ok { ok }) => answer(&mut waiting, ok, Ok(())),
                    Ok(Report::Error { error, reason }) => answer(&mut waiting, error, Err(WorkstationError::Refused(reason))),
                    Ok(Report::Exited { exited }) => drop(exits.send(exited)),
                    Ok(Report::Terminals { terminals }) => tracing::debug!(terminals = terminals.len(), "A workstation is connected."),
                    // A newer init may say more than we know.
                    Err(_) => {}
                }
            }
            asked = requests.recv() => {
                let Some(Asked { verb, answer }) = asked else { return };
                n += 1;
                let Ok(mut line) = serde_json::to_vec(&Request { n, verb: &verb }) else { continue };
                line.push(b'\n');
                waiting.retain(|_, answer| !answer.is_closed());
                waiting.insert(n, answer);
                if writer.write_all(&line).await.is_err() {
                    return;
                }
            }
        }
    }
}

fn answer(waiting: &mut HashMap<u64, oneshot::Sender<Result<(), WorkstationError>>>, n: u64, result: Result<(), WorkstationError>) {
    if let Some(answer) = waiting.remove(&n) {
        // Whoever asked may have given up.
        let _ = answer.send(result);
    }
}
