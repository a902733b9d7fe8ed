//! What no honest client sends, and clients that don't do their part.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may fail")]

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
};

use super::{
    containers::host,
    support::{PATIENCE, Sandbox, TestHost, until},
};

/// The first line of an answer, without its version.
fn status(answer: &str) -> &str {
    answer.lines().next().and_then(|line| line.strip_prefix("HTTP/1.1 ")).unwrap_or_default()
}

async fn volumes(sandbox: &Sandbox) -> String {
    sandbox.run("volume ls -q").await.ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_two_parsers_read_differently_is_refused() {
    let host = TestHost::start(1).await;
    let a = &host.sandboxes[0];
    let second = "POST /v1.45/volumes/create HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{\"Name\":\"smuggled\" }";
    for lines in [
        "Content-Length: 2\r\nContent-Length: 200\r\n",
        "Content-Length: 2, 200\r\n",
        "Content-Length: +2\r\n",
        "Content-Length: -1\r\n",
        "Content-Length: 0x2\r\n",
        "Content-Length : 2\r\n",
        "Content-Length:\r\n 2\r\n",
        "X-Folded: a\r\n Content-Length: 2\r\nContent-Length: 2\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding: gzip\r\n",
        "Transfer-Encoding: xchunked\r\nContent-Length: 2\r\n",
        "X-\u{0}: a\r\nContent-Length: 2\r\n",
        "X: a\rContent-Length: 200\r\nContent-Length: 2\r\n",
        "\r\nX: ",
    ] {
        let request =
            format!("POST /v1.45/volumes/create HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{lines}\r\n{{}}{second}");
        let answer = a.raw(request.as_bytes()).await;
        if lines != "\r\nX: " {
            assert!(status(&answer).starts_with("400"), "{lines:?}: {answer}");
            assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{lines:?}: {answer}");
        }
    }
    assert!(!volumes(a).await.contains("smuggled"));
    // Chunked wins over a length, as it must; what comes after the last chunk is the client's next request.
    let both = "POST /v1.45/volumes/create HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\ne\r\n{\"Name\":\"one\"}\r\n0\r\n\r\n";
    let answer = a.raw(format!("{both}{second}").as_bytes()).await;
    assert!(status(&answer).starts_with("201") && answer.contains("\"one\"") && !answer.contains("smuggled"), "{answer}");
    for request in [
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "GET http://docker/v1.45/info HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "GET /v1.45/info\r\n\r\n",
        "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\r\n\r\n",
    ] {
        let answer = a.raw(request.as_bytes()).await;
        assert!(answer.is_empty() || status(&answer).starts_with('4'), "{request:?}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_and_bodies_are_as_large_as_an_honest_clients_at_most() {
    let host = TestHost::start(1).await;
    let a = &host.sandboxes[0];
    let many: String = (0..80).map(|n| format!("X-{n}: a\r\n")).collect();
    let large = format!("X: {}\r\n", "a".repeat(300_000));
    for lines in [many, large] {
        let answer = a.raw(format!("GET /v1.45/info HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{lines}\r\n").as_bytes()).await;
        assert!(answer.is_empty() || status(&answer).starts_with("431"), "{answer}");
    }
    let long = format!("GET /v1.45/info?x={} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "a".repeat(1_000_000));
    let answer = a.raw(long.as_bytes()).await;
    assert!(answer.is_empty() || status(&answer).starts_with('4'), "{answer}");

    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let filters = deep.replace('[', "%5B").replace(']', "%5D");
    let objects = format!("{}1{}", r#"{"a":"#.repeat(10_000), "}".repeat(10_000));
    for (method, path, body) in [
        ("POST", "/v1.45/containers/create".to_owned(), deep.as_str()),
        ("POST", "/v1.45/containers/create".to_owned(), objects.as_str()),
        ("POST", "/v1.45/networks/create".to_owned(), objects.as_str()),
        ("POST", "/v1.45/build?buildargs=".to_owned() + &filters[..9000], ""),
        ("GET", "/v1.45/containers/json?filters=".to_owned() + &filters[..9000], ""),
    ] {
        let (status, answer) = a.http(method, &path, body).await;
        assert_eq!(status, 400, "{answer}");
    }
    a.run("info").await.ok();
}

/// Sends chunks for as long as somebody takes them. How many bytes went, and what came back.
async fn endless(sandbox: &Sandbox, head: &str) -> (usize, String) {
    let stream = UnixStream::connect(&sandbox.socket).await.unwrap();
    let (mut reader, mut writer) = stream.into_split();
    writer
        .write_all(format!("{head}\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n").as_bytes())
        .await
        .unwrap();
    let sending = tokio::spawn(async move {
        let chunk = [b"2000\r\n".as_slice(), &[b' '; 0x2000], b"\r\n"].concat();
        let mut sent = 0;
        while let Ok(Ok(())) = tokio::time::timeout(PATIENCE, writer.write_all(&chunk)).await {
            sent += chunk.len();
        }
        sent
    });
    let mut answer = Vec::new();
    _ = tokio::time::timeout(PATIENCE, reader.read_to_end(&mut answer)).await.expect("the connection stays open");
    drop(reader);
    (sending.await.unwrap(), String::from_utf8_lossy(&answer).into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_without_end_is_ended_here() {
    let host = TestHost::start(1).await;
    let a = &host.sandboxes[0];
    for (head, expected) in [
        ("POST /v1.45/volumes/create HTTP/1.1", "413"),
        ("POST /v1.45/containers/create HTTP/1.1", "413"),
        ("POST /v1.45/auth HTTP/1.1", "413"),
        ("GET /v1.45/info HTTP/1.1", "200"),
        ("POST /v1.45/containers/prune HTTP/1.1", "200"),
        ("GET /nothing HTTP/1.1", "404"),
    ] {
        let (sent, answer) = endless(a, head).await;
        assert!(status(&answer).starts_with(expected), "{head}: {answer}");
        assert!(sent < 8 << 20, "{head}: {sent} bytes were taken");
    }
}

/// Sends a head that promises a body, and a byte of it; then one more byte a tenth of a second, or none.
async fn dawdle(sandbox: &Sandbox, head: &str, trickles: bool) -> (Duration, String) {
    let began = Instant::now();
    let stream = UnixStream::connect(&sandbox.socket).await.unwrap();
    let (mut reader, mut writer) = stream.into_split();
    writer
        .write_all(format!("{head} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{{").as_bytes())
        .await
        .unwrap();
    let sending = tokio::spawn(async move {
        let mut ticks = tokio::time::interval(Duration::from_millis(100));
        loop {
            ticks.tick().await;
            if trickles && writer.write_all(b" ").await.is_err() {
                break;
            }
        }
    });
    let mut answer = Vec::new();
    _ = tokio::time::timeout(2 * PATIENCE, reader.read_to_end(&mut answer)).await.expect("the connection stays open");
    sending.abort();
    (began.elapsed(), String::from_utf8_lossy(&answer).into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_dawdles_over_a_body_keeps_nothing() {
    let host = host(2).await;
    let (a, b) = (&host.sandboxes[0], &host.sandboxes[1]);
    a.run("create --name box busybox true").await.ok();
    let cases = [
        (a, "POST /v1.45/containers/create", false, "408"),
        (a, "POST /v1.45/containers/create", true, "408"),
        (a, "POST /v1.45/build", false, "408"),
        (b, "POST /v1.45/build", true, "408"),
        // Refused at once, and its context read for nothing.
        (a, "POST /v1.45/build?remote=x", true, "403"),
        (a, "PUT /v1.45/containers/box/archive?path=/", false, "408"),
    ];
    join_all(cases.map(|(sandbox, head, trickles, expected)| async move {
        let (took, answer) = dawdle(sandbox, head, trickles).await;
        assert!(status(&answer).starts_with(expected), "{head}: {answer}");
        assert!(took > Duration::from_secs(2), "{head}: {took:?}");
    }))
    .await;
    // Turns and places are free again.
    let (build, copy) = tokio::join!(a.docker_in(&["build", "-"], b"FROM busybox\nRUN true\n"), async {
        // More at once than may go up at once.
        let dawdlers = (0..3).map(|_| dawdle(a, "PUT /v1.45/containers/box/archive?path=/", false));
        join_all(dawdlers).await;
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("x"), "x").unwrap();
        a.run(&format!("cp {}/x box:/x", folder.path().display())).await
    });
    build.ok();
    copy.ok();
}

/// Bytes that a process in a container has written: they come to stand still when nobody takes them.
async fn written(sandbox: &Sandbox, container: &str, process: &str) -> u64 {
    let io = sandbox.docker(&["exec", container, "sh", "-c", &format!("cat /proc/$({process})/io")]).await;
    io.out.lines().find_map(|line| line.strip_prefix("wchar: ")?.parse().ok()).unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn output_that_nobody_reads_is_not_kept_for_them() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    a.run("run -d --name box busybox sleep 1000").await.ok();
    let body = r#"{"AttachStdout":true,"Cmd":["sh","-c","echo $$ > /pid; exec dd if=/dev/zero bs=64k"]}"#;
    let (status, created) = a.http("POST", "/v1.45/containers/box/exec", body).await;
    assert_eq!(status, 201, "{created}");
    let id: serde_json::Value = serde_json::from_str(&created).unwrap();
    let mut deaf = UnixStream::connect(&a.socket).await.unwrap();
    let start = format!(
        "POST /v1.45/exec/{}/start HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}",
        id["Id"].as_str().unwrap()
    );
    deaf.write_all(start.as_bytes()).await.unwrap();
    until("the end of what is taken", || async {
        let before = written(a, "box", "cat /pid").await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        before > 0 && written(a, "box", "cat /pid").await == before
    })
    .await;
    let taken = written(a, "box", "cat /pid").await;
    assert!(taken < 8 << 20, "{taken} bytes were taken");
    drop(deaf);
}

/// Bytes of memory that this process has in use.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_that_nobody_reads_are_not_kept_for_them() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    let word = "x".repeat(4000);
    a.docker(&["run", "-d", "--name", "loud", "busybox", "yes", &word]).await.ok();
    let before = memory();
    let mut deaf = Vec::new();
    for _ in 0..8 {
        let mut stream = UnixStream::connect(&a.socket).await.unwrap();
        stream.write_all(b"GET /v1.45/containers/loud/logs?follow=1&stdout=1 HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        deaf.push(stream);
    }
    until("many logs", || async { written(a, "loud", "echo 1").await > 60 << 20 }).await;
    let grown = memory().saturating_sub(before);
    assert!(grown < 100 << 20, "{grown} bytes are kept");
    drop(deaf);
    a.run("rm -f loud").await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_remembered_of_a_request_is_short() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    a.run("run -d --name box busybox sleep 1000").await.ok();
    let long = "ü".repeat(10_000);
    let (status, _) = a.http("POST", "/v1.45/containers/create", &format!(r#"{{"Image":"busybox","{long}":1}}"#)).await;
    assert_eq!(status, 400);
    let words = vec!["x"; 20_000].join(" ");
    a.docker(&["exec", "box", "echo", &long, &words]).await.ok();
    a.run(&format!("exec box echo {words}")).await.ok();
    let remembered = serde_json::to_string(&a.activity().await).unwrap();
    assert!(remembered.contains("Refused") || remembered.contains("refused"), "{remembered}");
    assert!(remembered.len() < 10_000, "{} bytes", remembered.len());
}
