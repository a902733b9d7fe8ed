//! Builds one right after another, and several at once.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may fail")]

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{folder, shell};
use crate::tests::support::TestHost;

#[tokio::test(flavor = "multi_thread")]
async fn builds_can_follow_each_other_without_a_pause() {
    let host = TestHost::start(1).await;
    let a = &host.sandboxes[0];
    a.run("pull alpine").await.ok();
    let files = folder(&[("Dockerfile", "FROM alpine\nRUN true\n")]);
    let built = shell(a, files.path(), "for i in 1 2 3 4 5 6 7 8; do docker build -q -t quick:$i . || exit; done").await.ok();
    assert_eq!(built.lines().filter(|line| line.starts_with("sha256:")).count(), 8, "{built}");
}

/// Targets for `docker buildx bake`, each with a step that takes a while: as many as a large `compose.yaml` has services.
const BAKED: usize = 12;

#[tokio::test(flavor = "multi_thread")]
async fn builds_that_are_asked_for_at_once_wait_for_each_other() {
    let host = TestHost::start(1).await;
    let a = &host.sandboxes[0];
    a.run("pull alpine").await.ok();
    let (mut text, mut targets) = (String::new(), serde_json::Map::new());
    for number in 0..BAKED {
        text.push_str(&format!("FROM alpine AS t{number}\nRUN sleep 0.3 && echo {number} >/x\n"));
        let target = serde_json::json!({ "target": format!("t{number}"), "tags": [format!("baked:{number}")] });
        targets.insert(format!("t{number}"), target);
    }
    let names: Vec<&String> = targets.keys().collect();
    let bake = serde_json::json!({ "group": { "default": { "targets": names } }, "target": targets }).to_string();
    let files = folder(&[("Dockerfile", &text), ("docker-bake.json", &bake)]);
    let built = shell(a, files.path(), "docker buildx bake").await.ok();
    assert!(built.contains("internal] wait for another build of this host"), "{built}");
    for number in 0..BAKED {
        assert_eq!(a.run(&format!("run --rm baked:{number} cat /x")).await.ok(), format!("{number}\n"), "{built}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_has_a_name_of_its_own() {
    let host = TestHost::start(1).await;
    let a = &host.sandboxes[0];
    for (name, status) in [("", "400"), ("not a name", "400"), ("abc", "101")] {
        let mut stream = tokio::net::UnixStream::connect(&a.socket).await.unwrap();
        let request = format!(
            "POST /session HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nX-Docker-Expose-Session-Uuid: {name}\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = [0; 12];
        stream.read_exact(&mut head).await.unwrap();
        assert_eq!(std::str::from_utf8(&head).unwrap(), format!("HTTP/1.1 {status}"), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_that_waits_ends_with_its_client() {
    let host = TestHost::start(1).await;
    let a = &host.sandboxes[0];
    a.run("pull alpine").await.ok();
    let files = folder(&[("Dockerfile", "FROM alpine AS slow\nRUN sleep 300\nFROM alpine AS quick\nRUN true\n")]);
    // The second would never end either: the last has its turn only if a client that goes keeps none.
    let line = "slow() { docker build --no-cache --target slow . >$1 2>&1 & }
        until_in() { timeout 60 bash -c \"until grep -q \\\"$2\\\" $1; do sleep 0.1; done\"; }
        slow first; first=$!; until_in first 'RUN sleep' || exit 1
        slow second; second=$!; until_in second 'wait for another build' || exit 2
        kill -KILL $second; kill -KILL $first
        timeout 60 docker build --target quick -t quick .";
    shell(a, files.path(), line).await.ok();
    a.run("run --rm quick").await.ok();
}
