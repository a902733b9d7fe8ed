//! The real binary, asked by HTTP as pages ask it, and killed (SIGKILL) at moments that nobody chose: what a
//! learner was told to be stored is there when the next server starts. On SQLite, or on PostgreSQL where
//! `LUNCHBOX_TEST_POSTGRES` names one. Needs the engine and the registry of `./lunchbox setup`.
#![allow(clippy::unwrap_used, reason = "a test that can't go on ends")]

#[path = "durability/learner.rs"]
mod learner;
#[path = "durability/server.rs"]
mod server;

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use learner::Learner;
use server::Lunchbox;
use tokio::sync::Notify;

const LEARNERS: usize = 8;
const ROUNDS: usize = 8;
/// Changes that are acknowledged before a kill: between these.
const CHANGES: std::ops::Range<usize> = 20..250;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_was_acknowledged_is_lost_when_the_server_is_killed_at_any_moment() {
    let mut lunchbox = Lunchbox::new().await;
    lunchbox.start().await;
    let mut learners = Vec::new();
    for number in 0..LEARNERS {
        learners.push(Learner::arrive(number, lunchbox.url()).await);
    }
    let mut in_flight = 0;
    for round in 0..ROUNDS {
        let (acknowledged, enough) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        let wanted = rand::random_range(CHANGES);
        let busy: Vec<_> = learners
            .drain(..)
            .map(|mut learner| {
                let (acknowledged, enough) = (Arc::clone(&acknowledged), Arc::clone(&enough));
                tokio::spawn(async move {
                    while learner.change().await {
                        if acknowledged.fetch_add(1, Ordering::SeqCst) + 1 == wanted {
                            enough.notify_one();
                        }
                    }
                    learner
                })
            })
            .collect();
        enough.notified().await;
        lunchbox.kill().await;
        for learner in busy {
            learners.push(learner.await.unwrap());
        }
        lunchbox.start().await;
        for learner in &mut learners {
            in_flight += usize::from(learner.compare(round).await);
        }
    }
    // Or it was never killed in the middle of anything, and shows nothing.
    assert!(in_flight > 0, "no kill has met a change under way");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_server_is_backed_up_and_a_killed_one_is_restored() {
    let mut lunchbox = Lunchbox::new().await;
    lunchbox.start().await;
    let mut learner = Learner::arrive(0, lunchbox.url()).await;
    learner.answer("at noon").await;
    let file = lunchbox.folder().join("noon.backup");
    let file = file.to_str().unwrap();
    let said = lunchbox.command(&["backup", file]).await.unwrap();
    assert!(said.contains("1 learner") && said.contains("lunchbox restore"), "{said}");
    learner.answer("in the evening").await;

    let said = lunchbox.command(&["backup", file]).await.unwrap_err();
    assert!(said.contains("never overwrites"), "{said}");
    let said = lunchbox.command(&["restore", file]).await.unwrap_err();
    assert!(said.contains("in use") && said.contains("Nothing was changed"), "{said}");
    assert_eq!(learner.answered().await.as_deref(), Some("in the evening"));

    lunchbox.kill().await;
    let said = lunchbox.command(&["restore", file]).await.unwrap();
    assert!(said.contains("1 learner") && said.contains("What was there is kept in"), "{said}");
    lunchbox.start().await;
    assert_eq!(learner.answered().await.as_deref(), Some("at noon"));
}
