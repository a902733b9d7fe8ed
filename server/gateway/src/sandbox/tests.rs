#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::{
    future::poll_fn,
    pin::pin,
    task::Poll,
    time::{Duration, Instant},
};

use test_database::TestDatabase;

use super::*;

async fn sandbox(store: &TestDatabase) -> (Ledger, Arc<Sandbox>) {
    let ledger = Ledger::open(store.pool().await).await.unwrap();
    let sandbox = Sandbox::new(SandboxId::random(), ledger.clone(), &SandboxLimits::default()).await.unwrap();
    (ledger, sandbox)
}

fn pulled(image: &str) -> ActivityKind {
    ActivityKind::Refused { operation: "Pull".to_owned(), status: 404, message: image.to_owned(), container: None }
}

async fn messages(ledger: &Ledger, sandbox: &Sandbox) -> Vec<String> {
    let stored = ledger.activity_since(&sandbox.id, 0, 1000).await.unwrap();
    stored
        .into_iter()
        .map(|activity| match activity.kind {
            ActivityKind::Refused { message, .. } => message,
            other => panic!("{other:?}"),
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_hangs_up_while_something_is_recorded_loses_neither_it_nor_what_comes_after() {
    let store = TestDatabase::new().await;
    let (ledger, sandbox) = sandbox(&store).await;
    let mut told = sandbox.subscribe();
    let mut expected = Vec::new();
    // Dropped after its first poll, after its second …, until one isn't dropped before its end.
    for most in 1..50 {
        let left = format!("left after {most}");
        let mut polls = 0;
        let ended = {
            let mut recording = pin!(sandbox.record(pulled(&left)));
            poll_fn(|context| {
                polls += 1;
                match recording.as_mut().poll(context) {
                    Poll::Ready(()) => Poll::Ready(true),
                    Poll::Pending if polls == most => Poll::Ready(false),
                    Poll::Pending => Poll::Pending,
                }
            })
            .await
        };
        // What was begun comes to be stored.
        let until = Instant::now() + Duration::from_secs(10);
        while !messages(&ledger, &sandbox).await.contains(&left) {
            assert!(Instant::now() < until, "{left} was lost");
            tokio::task::yield_now().await;
        }
        let next = format!("next after {most}");
        sandbox.record(pulled(&next)).await;
        expected.extend([left, next]);
        assert_eq!(messages(&ledger, &sandbox).await, expected);
        if ended {
            break;
        }
    }
    for n in 1..=expected.len() {
        assert_eq!(told.recv().await.unwrap().seq, i64::try_from(n).unwrap());
    }
}

#[tokio::test]
async fn a_number_that_is_taken_already_is_not_the_end_of_the_record() {
    let store = TestDatabase::new().await;
    let (ledger, sandbox) = sandbox(&store).await;
    ledger.add_activity(&sandbox.id, &Activity { seq: 1, at: now_ms(), kind: pulled("before") }).await.unwrap();
    sandbox.record(pulled("first")).await;
    sandbox.record(pulled("second")).await;
    assert_eq!(messages(&ledger, &sandbox).await, ["before", "first", "second"]);
    assert_eq!(sandbox.last_seq(), 3);
}
