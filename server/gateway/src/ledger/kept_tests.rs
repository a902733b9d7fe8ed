//! What is remembered is what the database has, whatever happens to a change.
#![allow(clippy::unwrap_used, reason = "a test may fail")]
use std::future::pending;

use futures_util::FutureExt as _;
use test_database::TestDatabase;

use super::*;
use crate::{SandboxId, limits};

/// A ledger that remembers a sandbox, and another one of the same database that remembers nothing.
async fn two(database: &TestDatabase) -> (Ledger, Ledger, SandboxId) {
    let pool = database.pool().await;
    let (ledger, other, sandbox) = (Ledger::open(pool.clone()).await.unwrap(), Ledger::open(pool).await.unwrap(), SandboxId::random());
    ledger.keep(&sandbox);
    (ledger, other, sandbox)
}

fn volume(name: &str) -> VolumeRow {
    let engine_name = format!("engine-{name}");
    VolumeRow { name: name.to_owned(), engine_name, anonymous: false, labels: "{}".to_owned(), created_at: 0 }
}

async fn volumes(ledger: &Ledger, sandbox: &SandboxId) -> Vec<String> {
    ledger.volumes(sandbox).await.unwrap().into_iter().map(|row| row.name).collect()
}

/// All that is remembered, as this ledger has it.
async fn everything(ledger: &Ledger, sandbox: &SandboxId) -> String {
    format!(
        "{:?}",
        (
            ledger.containers(sandbox).await.unwrap(),
            ledger.ports(sandbox).await.unwrap(),
            ledger.networks(sandbox).await.unwrap(),
            ledger.volumes(sandbox).await.unwrap(),
            ledger.images(sandbox).await.unwrap(),
            ledger.image_references(sandbox).await.unwrap(),
            ledger.image_digests(sandbox).await.unwrap(),
            ledger.build_steps(sandbox).await.unwrap(),
        )
    )
}

#[tokio::test]
async fn what_was_read_once_is_not_asked_for_again() {
    let database = TestDatabase::new().await;
    let (ledger, other, sandbox) = two(&database).await;
    ledger.add_volume(&sandbox, &volume("a")).await.unwrap();
    assert_eq!(volumes(&ledger, &sandbox).await, ["a"]);
    // Nobody does so but here.
    other.add_volume(&sandbox, &volume("b")).await.unwrap();
    assert_eq!((volumes(&ledger, &sandbox).await.len(), volumes(&other, &sandbox).await.len()), (1, 2));
    ledger.forget_sandbox(&sandbox).await.unwrap();
    assert!(volumes(&ledger, &sandbox).await.is_empty());
}

/// A change that forgot to say which table it changes would be found here.
#[tokio::test]
async fn after_every_change_what_is_remembered_is_what_the_database_has() {
    let database = TestDatabase::new().await;
    let (ledger, other, sandbox) = two(&database).await;
    let (l, s) = (&ledger, &sandbox);
    let text = str::to_owned;
    let container = ContainerRow {
        engine_id: text("c"),
        sandbox: s.clone(),
        name: text("web"),
        image: text("nginx"),
        image_id: text("sha256:0"),
        asked: text("{}"),
        links: String::new(),
        created_at: 1,
        start_ms: 0,
    };
    let port = PortRow { protocol: text("tcp"), host_port: 80, host_ip: text("0.0.0.0"), container: text("c"), container_port: 80 };
    let network = NetworkRow { name: text("front"), engine_id: text("reserved:1"), slot: 1, asked: text("{}"), created_at: 1 };
    let step = BuildStepRow {
        key: text("k"),
        holder: text("h"),
        diff_id: text("d"),
        made_at: text("now"),
        bytes: 1,
        description: text("RUN"),
        used_at: 1,
        uses: 1,
    };
    let (names, used) = ([text("nginx:latest"), text("nginx:1")], [text("k"), text("another")]);
    let data = volume("data");
    let changes: Vec<(&str, futures_util::future::BoxFuture<'_, Result<(), sqlx::Error>>)> = vec![
        ("add_container", l.add_container(&container).boxed()),
        ("rename_container", l.rename_container(s, "c", "web2").boxed()),
        ("set_asked", l.set_asked(s, "c", "{1}").boxed()),
        ("set_links", l.set_links(s, "c", "[]").boxed()),
        ("set_start_ms", l.set_start_ms(s, "c", 5).boxed()),
        ("add_port", l.add_port(s, &port).boxed()),
        ("remove_port", l.remove_port(s, &port).boxed()),
        ("add_port", l.add_port(s, &port).boxed()),
        ("remove_ports", async { l.remove_ports(s, "c").await.map(drop) }.boxed()),
        ("add_port", l.add_port(s, &port).boxed()),
        ("remove_container", async { l.remove_container(s, "c").await.map(drop) }.boxed()),
        ("add_network", l.add_network(s, &network).boxed()),
        ("set_network_engine_id", async { l.set_network_engine_id(s, "front", "n").await.map(drop) }.boxed()),
        ("remove_network", l.remove_network(s, "front").boxed()),
        ("add_volume", l.add_volume(s, &data).boxed()),
        ("remove_volume", l.remove_volume(s, "data").boxed()),
        ("add_image_with", l.add_image_with(s, "sha256:0", ImageOrigin::Pulled, &names[..1], Some(("nginx", "sha256:1"))).boxed()),
        ("add_image_with, another name", l.add_image_with(s, "sha256:0", ImageOrigin::Built, &names, None).boxed()),
        ("add_image_with, a name moves", l.add_image_with(s, "sha256:2", ImageOrigin::Built, &names[1..], None).boxed()),
        ("add_image_with, a digest moves", {
            l.add_image_with(s, "sha256:2", ImageOrigin::Built, &[], Some(("nginx", "sha256:1"))).boxed()
        }),
        ("set_image_reference", l.set_image_reference(s, "mine:1", "sha256:0").boxed()),
        ("set_image_digest", l.set_image_digest(s, "mine", "sha256:3", "sha256:0").boxed()),
        ("remove_image_reference", l.remove_image_reference(s, "mine:1").boxed()),
        ("remove_image_digest", l.remove_image_digest(s, "mine", "sha256:3").boxed()),
        ("remove_image", l.remove_image(s, "sha256:2").boxed()),
        ("set_build_step", l.set_build_step(s, &step).boxed()),
        ("use_build_steps", l.use_build_steps(s, &used).boxed()),
        ("remove_build_step", l.remove_build_step(s, "k").boxed()),
        ("set_build_step", l.set_build_step(s, &step).boxed()),
        ("clear_build_steps", l.clear_build_steps(s).boxed()),
    ];
    let mut before = everything(l, s).await;
    for (what, change) in changes {
        change.await.unwrap();
        let after = everything(l, s).await;
        assert_eq!(after, everything(&other, s).await, "{what}");
        assert_ne!(after, before, "{what} changes something");
        before = after;
    }
    // What is so already needs no change, nor the database.
    l.add_image_with(s, "sha256:0", ImageOrigin::Pulled, &names[..1], None).await.unwrap();
    everything(l, s).await;
    l.pool.close().await;
    l.add_image_with(s, "sha256:0", ImageOrigin::Built, &names[..1], None).await.unwrap();
    l.add_image_with(s, "sha256:0", ImageOrigin::Built, &names, None).await.unwrap_err();
}

#[tokio::test]
async fn while_a_change_is_under_way_nothing_is_remembered() {
    let database = TestDatabase::new().await;
    let (ledger, other, sandbox) = two(&database).await;
    volumes(&ledger, &sandbox).await;
    let (done, wait) = tokio::sync::oneshot::channel();
    let mut change = Box::pin(ledger.change(&sandbox, |kept| vec![&kept.volumes], async move { Ok(wait.await) }));
    assert!(change.as_mut().now_or_never().is_none());
    for name in ["a", "b"] {
        other.add_volume(&sandbox, &volume(name)).await.unwrap();
        assert_eq!(volumes(&ledger, &sandbox).await, volumes(&other, &sandbox).await);
    }
    done.send(()).unwrap();
    _ = change.await;
    volumes(&ledger, &sandbox).await;
    other.add_volume(&sandbox, &volume("c")).await.unwrap();
    assert_eq!(volumes(&ledger, &sandbox).await, ["a", "b"], "and then it is again");
}

/// The rows were read, a change came and went, and only then they'd be remembered.
#[tokio::test]
async fn what_was_read_before_a_change_is_not_remembered_after_it() {
    let database = TestDatabase::new().await;
    let (ledger, other, sandbox) = two(&database).await;
    let overtaken = async {
        let old = other.volumes(&sandbox).await?;
        ledger.add_volume(&sandbox, &volume("a")).await?;
        Ok(old)
    };
    let seen = ledger.look(&sandbox, |kept| &kept.volumes, overtaken, <[_]>::len).await.unwrap();
    assert_eq!((seen, volumes(&ledger, &sandbox).await), (0, vec!["a".to_owned()]));
}

/// It was read before the change had come about, and is there only once that has ended.
#[tokio::test]
async fn what_was_read_during_a_change_is_not_remembered_after_it() {
    let database = TestDatabase::new().await;
    let (ledger, other, sandbox) = two(&database).await;
    let (done, wait) = tokio::sync::oneshot::channel::<()>();
    let change = ledger.change(&sandbox, |kept| vec![&kept.volumes], async {
        _ = wait.await;
        other.add_volume(&sandbox, &volume("a")).await
    });
    let mut change = Box::pin(change);
    assert!(change.as_mut().now_or_never().is_none(), "it is under way");
    let slow = async {
        let old = other.volumes(&sandbox).await?;
        done.send(()).unwrap();
        change.await?;
        Ok(old)
    };
    let seen = ledger.look(&sandbox, |kept| &kept.volumes, slow, <[_]>::len).await.unwrap();
    assert_eq!((seen, volumes(&ledger, &sandbox).await), (0, vec!["a".to_owned()]));
}

/// A statement that was sent may be done after its future is dropped, whenever the database's thread comes to it.
#[tokio::test]
async fn a_table_with_a_change_that_was_given_up_is_read_from_then_on() {
    let database = TestDatabase::new().await;
    let (ledger, other, sandbox) = two(&database).await;
    volumes(&ledger, &sandbox).await;
    ledger.networks(&sandbox).await.unwrap();
    let given_up = ledger.change(&sandbox, |kept| vec![&kept.volumes], pending::<Result<(), sqlx::Error>>());
    assert!(Box::pin(given_up).now_or_never().is_none());
    for name in ["a", "b"] {
        other.add_volume(&sandbox, &volume(name)).await.unwrap();
        assert_eq!(volumes(&ledger, &sandbox).await, volumes(&other, &sandbox).await);
    }
    // As it is with one that failed by who knows what; a taken key is no doubt.
    let network = NetworkRow { name: "n".to_owned(), engine_id: "n".to_owned(), slot: 1, asked: String::new(), created_at: 0 };
    ledger.add_network(&sandbox, &network).await.unwrap();
    assert!(is_taken(&ledger.add_network(&sandbox, &network).await.unwrap_err()));
    let networks = async |ledger: &Ledger| ledger.networks(&sandbox).await.unwrap().len();
    networks(&ledger).await;
    other.remove_network(&sandbox, "n").await.unwrap();
    assert_eq!((networks(&ledger).await, networks(&other).await), (1, 0), "remembered");
    let failed = ledger.change(&sandbox, |kept| vec![&kept.networks], async { Err::<(), _>(sqlx::Error::WorkerCrashed) });
    failed.await.unwrap_err();
    assert_eq!(networks(&ledger).await, 0);
    other.add_network(&sandbox, &network).await.unwrap();
    assert_eq!(networks(&ledger).await, 1, "no longer remembered");
}

#[tokio::test]
async fn rows_beyond_the_limit_are_read_each_time() {
    let database = TestDatabase::new().await;
    let (ledger, other, sandbox) = two(&database).await;
    let large = VolumeRow { labels: "x".repeat(limits::MAX_KEPT_BYTES), ..volume("large") };
    ledger.add_volume(&sandbox, &large).await.unwrap();
    assert_eq!(volumes(&ledger, &sandbox).await, ["large"]);
    other.add_volume(&sandbox, &volume("b")).await.unwrap();
    assert_eq!(volumes(&ledger, &sandbox).await, ["b", "large"]);
}

/// Readers and writers of one table beside each other: from each writer's first look after its own change on, and whenever
/// all rest, what is told is what the database has.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn however_many_read_and_change_at_once_nothing_old_is_told() {
    let database = TestDatabase::new().await;
    let (ledger, other, sandbox) = two(&database).await;
    for round in 0..100 {
        let tasks: Vec<_> = (0..8)
            .map(|task| {
                let (ledger, sandbox) = (ledger.clone(), sandbox.clone());
                tokio::spawn(async move {
                    let name = format!("{round}-{task}");
                    for _ in 0..5 {
                        ledger.add_volume(&sandbox, &volume(&name)).await.unwrap();
                        assert!(volumes(&ledger, &sandbox).await.contains(&name), "its own is there at once");
                        ledger.remove_volume(&sandbox, &name).await.unwrap();
                        assert!(!volumes(&ledger, &sandbox).await.contains(&name), "and has gone at once");
                    }
                })
            })
            .collect();
        let looks = tokio::spawn({
            let (ledger, sandbox) = (ledger.clone(), sandbox.clone());
            async move {
                loop {
                    volumes(&ledger, &sandbox).await;
                    tokio::task::yield_now().await;
                }
            }
        });
        for task in tasks {
            task.await.unwrap();
        }
        looks.abort();
        _ = looks.await;
        assert_eq!(volumes(&ledger, &sandbox).await, volumes(&other, &sandbox).await, "round {round}");
    }
}
