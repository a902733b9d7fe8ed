//! Requests that nobody waits for any more, and questions that they put. 128, 129 and 132.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::future::join_all;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
};

use super::{
    super::support::{PATIENCE, Sandbox, TestHost, until},
    answers_soon,
    fake::{FakeHost, Reply, Then},
};
use crate::{
    ActivityKind,
    limits::{MAX_CONNECTIONS, MAX_QUESTIONS},
};

/// A request that has been sent, and whose client still is there.
async fn asked(sandbox: &Sandbox, request: &str) -> UnixStream {
    let mut stream = UnixStream::connect(&sandbox.socket).await.unwrap();
    stream.write_all(format!("{request} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n").as_bytes()).await.unwrap();
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_128_abandoned_requests_keep_their_places_until_they_have_ended() {
    let host = FakeHost::new().await;
    let (a, b) = (&host.a, &host.b);
    let stops = Arc::new(AtomicUsize::new(0));
    let seen = stops.clone();
    // A container that doesn't heed the signal.
    host.answers(move |asked| {
        asked.path().ends_with("/stop").then(|| {
            seen.fetch_add(1, Ordering::Relaxed);
            Reply::raw(b"HTTP/1.1 204 X\r\n\r\n", Then::Held)
        })
    });
    for _ in 0..3 * MAX_CONNECTIONS {
        let stream = asked(a, "POST /v1.45/containers/web/stop?t=30").await;
        // Long enough that it is read: what is hung up before that isn't begun.
        tokio::time::sleep(Duration::from_millis(3)).await;
        drop(stream);
    }
    until("as many as may be under way", || async { stops.load(Ordering::Relaxed) >= MAX_CONNECTIONS - 1 }).await;
    answers_soon(b, "abandoned stops").await;
    let more = until("one more", || async { stops.load(Ordering::Relaxed) > MAX_CONNECTIONS });
    assert!(
        tokio::time::timeout(Duration::from_secs(1), more).await.is_err(),
        "{} stops are under way, and more than {MAX_CONNECTIONS} may not be",
        stops.load(Ordering::Relaxed)
    );
    // When they have ended there is room for as many as before, all at once.
    host.let_go();
    let open = join_all((0..MAX_CONNECTIONS).map(|_| async {
        let mut stream = asked(a, "GET /v1.45/_ping").await;
        let mut head = [0; 12];
        let read = tokio::time::timeout(PATIENCE, stream.read_exact(&mut head)).await;
        assert!(read.is_ok_and(|read| read.is_ok()), "a place did not come back");
        assert_eq!(&head, b"HTTP/1.1 200");
        stream
    }))
    .await;
    assert_eq!(open.len(), MAX_CONNECTIONS);
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_129_hanging_up_while_a_refusal_is_recorded_ends_no_record() {
    let host = TestHost::start(1).await;
    let a = &host.sandboxes[0];
    for n in 0..400 {
        let stream = asked(a, &format!("DELETE /v1.45/volumes/nosuch{n}")).await;
        // At another moment each time: this is the attack.
        tokio::time::sleep(Duration::from_micros(500 * (n % 12))).await;
        drop(stream);
    }
    a.run("pull -q busybox").await.ok();
    a.saw("the pull", |kind| matches!(kind, ActivityKind::ImagePulled { .. })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_132_what_one_learner_asks_the_engine_at_once_is_counted_and_the_rest_waits_its_turn() {
    let host = FakeHost::new().await;
    let (a, b) = (&host.a, &host.b);
    let questions = Arc::new(AtomicUsize::new(0));
    let seen = questions.clone();
    // An engine that is slow to say what a container is.
    host.answers(move |asked| {
        let top = serde_json::json!({ "Titles": ["PID"], "Processes": [["1"]] });
        asked.path().ends_with("/top").then(|| {
            seen.fetch_add(1, Ordering::Relaxed);
            Reply { then: Then::Held, ..Reply::json(200, &top) }
        })
    });
    let mut streams = Vec::new();
    for _ in 0..100 {
        streams.push(asked(a, "GET /v1.45/containers/web/top").await);
    }
    until("as many questions as may be open", || async { questions.load(Ordering::Relaxed) >= MAX_QUESTIONS }).await;
    answers_soon(b, "100 questions").await;
    let more = until("one more", || async { questions.load(Ordering::Relaxed) > MAX_QUESTIONS });
    assert!(tokio::time::timeout(Duration::from_secs(1), more).await.is_err(), "{} are open", questions.load(Ordering::Relaxed));
    host.let_go();
    for mut stream in streams {
        let mut head = [0; 12];
        let read = tokio::time::timeout(PATIENCE, stream.read_exact(&mut head)).await;
        assert!(read.is_ok_and(|read| read.is_ok()), "a question was never put");
        assert_eq!(&head, b"HTTP/1.1 200");
    }
}
