//! The instructor's board: reads the stream, knows each row as it is now, and counts bytes.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use serde_json::Value;
use tokio::sync::watch;

/// How long a change may take to be seen before it counts as missing.
const SEEN_LIMIT: Duration = Duration::from_secs(15);

#[derive(Clone)]
pub(crate) struct Board {
    rows: Arc<Mutex<HashMap<String, Value>>>,
    changed: watch::Receiver<u64>,
    bytes: Arc<Mutex<Vec<(Instant, usize)>>>,
}

impl Board {
    /// Reads the stream from now on.
    pub(crate) fn read(mut body: Incoming) -> Self {
        let (sender, changed) = watch::channel(0);
        let board = Self { rows: Arc::default(), changed, bytes: Arc::default() };
        let (rows, bytes) = (Arc::clone(&board.rows), Arc::clone(&board.bytes));
        tokio::spawn(async move {
            let mut text = String::new();
            while let Some(Ok(frame)) = body.frame().await {
                let Ok(data) = frame.into_data() else { continue };
                bytes.lock().unwrap_or_else(PoisonError::into_inner).push((Instant::now(), data.len()));
                text.push_str(&String::from_utf8_lossy(&data));
                while let Some((event, rest)) = text.split_once("\n\n") {
                    let message: Option<Value> = event.strip_prefix("data: ").and_then(|data| serde_json::from_str(data).ok());
                    text = rest.to_owned();
                    let Some(message) = message else { continue };
                    let mut rows = rows.lock().unwrap_or_else(PoisonError::into_inner);
                    for row in [&message["whole"]["rows"], &message["rows"]].into_iter().filter_map(Value::as_array).flatten() {
                        rows.insert(row["id"].as_str().unwrap_or_default().to_owned(), row.clone());
                    }
                    drop(rows);
                    sender.send_modify(|count| *count += 1);
                }
            }
        });
        board
    }

    pub(crate) fn row(&self, place: &str) -> Value {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner).get(place).cloned().unwrap_or_default()
    }

    /// Waits until the row is so. `None`: it was not in time.
    pub(crate) async fn until(&self, place: &str, is_so: impl Fn(&Value) -> bool) -> Option<Instant> {
        let mut changed = self.changed.clone();
        let seen = async {
            loop {
                changed.borrow_and_update();
                if is_so(&self.row(place)) {
                    return Some(Instant::now());
                }
                if changed.changed().await.is_err() {
                    return None;
                }
            }
        };
        tokio::time::timeout(SEEN_LIMIT, seen).await.ok().flatten()
    }

    /// Bytes a second since then on average, and of the busiest second.
    pub(crate) fn cost(&self, since: Instant) -> (f64, usize) {
        let bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        let mut seconds: HashMap<u64, usize> = HashMap::new();
        let mut total = 0;
        for (at, count) in bytes.iter().filter(|(at, _)| *at >= since) {
            total += count;
            *seconds.entry(at.duration_since(since).as_secs()).or_default() += count;
        }
        (total as f64 / since.elapsed().as_secs_f64(), seconds.into_values().max().unwrap_or(0))
    }
}
