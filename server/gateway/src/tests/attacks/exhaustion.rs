//! More of everything than there is. 58 to 68, and what came since.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
    sync::Semaphore,
};

use super::{
    super::{
        containers::{host, inspect},
        support::{PATIENCE, Sandbox, TestHost, bare, until},
    },
    answers_soon, memory, status,
};
use crate::{SandboxLimits, limits, registry::Registry};

#[tokio::test(flavor = "multi_thread")]
async fn attack_58_a_fork_bomb_is_as_large_as_a_container_may_be() {
    let limits = SandboxLimits { pids_max: 64, nano_cpus_default: 300_000_000, ..SandboxLimits::default() };
    let host = TestHost::with(2, limits).await;
    let (a, b) = (&host.sandboxes[0], &host.sandboxes[1]);
    a.run("pull -q busybox").await.ok();
    let bomb = "(for n in 1 2 3 4 5 6 7 8 9; do sh -c 'f() { f | f & }; f; sleep 3'; done) & wait; exec sleep 1000";
    let id = a.docker(&["run", "-d", "--name", "bomb", "busybox", "sh", "-c", bomb]).await.ok();
    until("the end of what may be", || async { bare(&["logs", id.trim()]).await.err.contains("can't fork") }).await;
    answers_soon(b, "a fork bomb").await;
    assert!(bare(&["top", id.trim()]).await.out.lines().count() <= 65);
    a.run("rm -f bomb").await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_59_memory_ends_where_the_limit_is_and_takes_nobody_along() {
    let host = host(2).await;
    let (a, b) = (&host.sandboxes[0], &host.sandboxes[1]);
    b.run("run -d --name there busybox sleep 1000").await.ok();
    let eaten = a.docker(&["run", "--name", "eater", "--memory", "32m", "busybox", "sh", "-c", "tail /dev/zero"]).await;
    assert_eq!(eaten.code, 137, "{eaten:?}");
    assert_eq!(inspect(a, "eater", "{{.State.OOMKilled}}").await, "true");
    // What is kept in memory as files counts, and has a size.
    for (flags, at) in [
        ("--tmpfs /t", "/t"),
        ("--tmpfs /t:size=100g", "/t"),
        ("--shm-size 100g", "/dev/shm"),
        ("--mount type=tmpfs,dst=/t,tmpfs-size=107374182400", "/t"),
    ] {
        let wrote = a.run(&format!("run --rm {flags} busybox dd if=/dev/zero of={at}/x bs=1M count=100")).await;
        assert!(wrote.code != 0, "{flags}: {wrote:?}");
    }
    for greedy in
        ["--memory 100g", "--memory-reservation 100g", "--memory-swap -1", "--memory 64m --memory-swap 100g", "--memory-swappiness 100"]
    {
        let id = a.run(&format!("create {greedy} busybox true")).await;
        if id.code == 0 {
            let set = bare(&["inspect", "--format", "{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}}", id.out.trim()]).await.ok();
            let most = host.config.limits.memory_max_bytes;
            assert!(set.split_whitespace().all(|bytes| (1..=most).contains(&bytes.parse::<i64>().unwrap())), "{greedy}: {set}");
        }
    }
    assert_eq!(inspect(b, "there", "{{.State.Running}}").await, "true");
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_60_119_a_loud_container_fills_no_disk_with_its_logs() {
    let host = host(2).await;
    let (a, b) = (&host.sandboxes[0], &host.sandboxes[1]);
    // 40 MB of lines, and one line of 5 MB.
    let id = a
        .docker(&[
            "run",
            "-d",
            "--name",
            "loud",
            "busybox",
            "sh",
            "-c",
            "yes 0123456789 | head -c 40000000; head -c 5000000 /dev/zero | tr '\\0' x",
        ])
        .await
        .ok();
    answers_soon(b, "a loud container").await;
    assert_eq!(a.run("wait loud").await.ok().trim(), "0");
    let path = bare(&["inspect", "--format", "{{.LogPath}}", id.trim()]).await.ok();
    let folder = std::path::Path::new(path.trim()).parent().unwrap();
    let bytes: u64 = std::fs::read_dir(folder)
        .unwrap()
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().contains("json.log"))
        .map(|entry| entry.metadata().unwrap().len())
        .sum();
    assert!((1..6 << 20).contains(&bytes), "{bytes} bytes of logs are kept");
    let before = memory();
    assert!(a.run("logs --tail 2 loud").await.ok().len() > 1000);
    assert!(memory().saturating_sub(before) < 100 << 20);
    // No core dumps, however large one asks for them to be.
    let set = a.docker(&["run", "--rm", "--ulimit", "core=-1", "busybox", "sh", "-c", "ulimit -c"]).await;
    assert!(set.out.trim() == "0" || set.code != 0, "{set:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_61_117_a_loop_of_making_ends_at_the_limit() {
    let limits = SandboxLimits { containers: 4, volumes: 4, networks: 2, execs: 4, own_images: 4, ..SandboxLimits::default() };
    let host = TestHost::with(2, limits).await;
    let (a, b) = (&host.sandboxes[0], &host.sandboxes[1]);
    a.run("pull -q busybox").await.ok();
    a.run("run -d --name box busybox sleep 1000").await.ok();
    let before = memory();
    let mut made = [0; 6];
    for n in 0..300 {
        let asks = [
            ("/containers/create".to_owned(), r#"{"Image":"busybox"}"#.to_owned()),
            ("/volumes/create".to_owned(), "{}".to_owned()),
            ("/networks/create".to_owned(), format!(r#"{{"Name":"n{n}"}}"#)),
            ("/containers/box/exec".to_owned(), r#"{"Cmd":["true"]}"#.to_owned()),
            (format!("/commit?container=box&pause=0&repo=own{n}"), String::new()),
            (format!("/images/busybox/tag?repo=name{n}"), String::new()),
        ];
        for (count, (path, body)) in made.iter_mut().zip(asks) {
            let (status, answer) = a.http("POST", &format!("/v1.45{path}"), &body).await;
            assert!(
                status == 201
                    || (status == 403 && answer.contains("limit reached"))
                    || (status == 403 && answer.contains("commands may run")),
                "{path}: {status} {answer}"
            );
            *count += usize::from(status == 201);
        }
    }
    assert_eq!((made[0], made[1], made[2], made[3], made[4]), (3, 4, 2, 4, 4));
    assert!(made[5] <= 200, "{made:?} names of images");
    assert!(memory().saturating_sub(before) < 100 << 20);
    answers_soon(b, "a loop of making").await;
    // There are addresses left for everybody.
    b.run("network create own").await.ok();
}

/// A stream that is asked for and not read.
async fn deaf(sandbox: &Sandbox, request: &str) -> UnixStream {
    let mut stream = UnixStream::connect(&sandbox.socket).await.unwrap();
    stream.write_all(format!("{request} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).await.unwrap();
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_62_118_120_streams_and_connections_are_counted_and_nobody_else_waits() {
    let host = host(2).await;
    let (a, b) = (&host.sandboxes[0], &host.sandboxes[1]);
    a.run("run -d --name box busybox sleep 1000").await.ok();
    let mut open = Vec::new();
    let mut refused = 0;
    for n in 0..100 {
        let request = [
            "GET /v1.45/events",
            "GET /v1.45/containers/box/logs?follow=1&stdout=1",
            "GET /v1.45/containers/box/stats",
            "POST /v1.45/containers/box/wait",
        ][n % 4];
        let mut stream = deaf(a, request).await;
        let mut head = vec![0; 64];
        let read = tokio::time::timeout(PATIENCE, stream.read(&mut head)).await.unwrap().unwrap();
        refused += usize::from(String::from_utf8_lossy(&head[..read]).contains(" 429 "));
        open.push(stream);
    }
    let most = host.config.limits.streams as usize;
    assert!(refused >= 100 - most, "{refused} of 100 were refused");
    answers_soon(b, "100 streams").await;
    // Events that nobody reads: what happens goes on happening.
    join_all((0..40).map(|n| async move { a.http("POST", "/v1.45/volumes/create", &format!(r#"{{"Name":"v{}"}}"#, n % 4)).await })).await;
    drop(open);
    until("room for a stream", || async { a.run("stats --no-stream box").await.code == 0 }).await;
    // A flood of connections that say nothing.
    let flood =
        join_all((0..1_000).map(|_| async { tokio::time::timeout(Duration::from_millis(200), UnixStream::connect(&a.socket)).await }))
            .await;
    answers_soon(b, "1,000 connections").await;
    drop(flood);
    until("a place after the flood", || async { a.run("ps").await.code == 0 }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_64_a_container_that_always_ends_is_started_ever_more_seldom() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    a.docker(&["run", "-d", "--name", "loop", "--restart", "always", "busybox", "false"]).await.ok();
    a.docker(&["run", "-d", "--name", "some", "--restart", "on-failure:999", "busybox", "false"]).await.ok();
    let count = |name: &'static str| async move { inspect(a, name, "{{.RestartCount}}").await.parse::<u32>().unwrap() };
    until("a second restart", || async { count("loop").await >= 2 }).await;
    let (before, began) = (count("loop").await, Instant::now());
    until("the end of those that are counted", || async { inspect(a, "some", "{{.State.Status}} {{.RestartCount}}").await == "exited 5" })
        .await;
    let in_a_second = f64::from(count("loop").await - before) / began.elapsed().as_secs_f64().max(1.0);
    assert!(in_a_second < 5.0, "{in_a_second} starts a second");
    host.gateway.close(&a.id).await.unwrap();
    assert_eq!(bare(&["ps", "-aq", "--filter", &format!("label=io.lunchbox.sandbox={}", a.id)]).await.ok(), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_66_122_pulls_in_a_loop_run_two_at_a_time() {
    let host = TestHost::start(2).await;
    let (a, b) = (&host.sandboxes[0], &host.sandboxes[1]);
    let pulls = (0..24).map(|n| async move {
        let image = ["nginx", "redis", "python", "alpine", "ubuntu", "hello-world"][n % 6];
        let pulled = a.http("POST", &format!("/v1.45/images/create?fromImage={image}&tag=latest"), "").await.0;
        a.http("DELETE", &format!("/v1.45/images/{image}?force=1"), "").await;
        pulled
    });
    let looking = async {
        let mut most = 0;
        for _ in 0..20 {
            most = most.max(a.gateway.host_state(&a.id).await.unwrap().transfers.len());
            answers_soon(b, "24 pulls").await;
        }
        most
    };
    let (pulled, most) = tokio::join!(join_all(pulls), looking);
    assert!(pulled.iter().all(|status| *status == 200), "{pulled:?}");
    assert!(most <= crate::limits::MAX_TRANSFERS, "{most} at once");
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_68_files_that_nobody_reads_are_not_kept_for_them() {
    let host = TestHost::start(1).await;
    let a = &host.sandboxes[0];
    a.run("pull -q ubuntu").await.ok();
    let mut requests = vec!["/images/ubuntu/get".to_owned(), "/images/get?names=ubuntu".to_owned()];
    // Each of its own container: the engine lets one read a container's files at a time.
    for (n, what) in ["export", "export", "archive?path=/usr", "archive?path=/"].into_iter().enumerate() {
        a.run(&format!("create --name box{n} ubuntu true")).await.ok();
        requests.push(format!("/containers/box{n}/{what}"));
    }
    let before = memory();
    let mut streams = Vec::new();
    for request in requests {
        let mut stream = deaf(a, &format!("GET /v1.45{request}")).await;
        let mut head = [0; 512];
        let read = tokio::time::timeout(PATIENCE * 3, stream.read(&mut head)).await;
        assert!(read.is_ok_and(|read| read.is_ok_and(|read| read > 0)), "{request} begins with nothing");
        streams.push(stream);
    }
    // It comes to stand still.
    let last = std::sync::atomic::AtomicU64::new(0);
    until("the end of what is kept", || async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let now = memory();
        now.abs_diff(last.swap(now, std::sync::atomic::Ordering::Relaxed)) < 1 << 20
    })
    .await;
    let grown = memory().saturating_sub(before);
    assert!(grown < 100 << 20, "{grown} bytes are kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_111_113_ports_labels_and_words_have_a_sum() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    let ports: serde_json::Map<String, serde_json::Value> = (1..=400).map(|port| (format!("{port}/tcp"), serde_json::json!({}))).collect();
    let long = "x".repeat(300_000);
    for body in [
        serde_json::json!({ "Image": "busybox", "ExposedPorts": ports, "HostConfig": { "PublishAllPorts": true } }),
        serde_json::json!({ "Image": "busybox", "Labels": { "a": long } }),
        serde_json::json!({ "Image": "busybox", "Env": vec![format!("A={}", "x".repeat(1000)); 400] }),
        serde_json::json!({ "Image": "busybox", "Cmd": [long] }),
        // Words that are nothing each, and bytes that JSON writes with six.
        serde_json::json!({ "Image": "busybox", "Cmd": vec![""; 300_000] }),
        serde_json::json!({ "Image": "busybox", "Cmd": ["\u{1}".repeat(60_000)] }),
        serde_json::json!({ "Image": "busybox", "Env": vec!["a"; 150_000] }),
        serde_json::json!({ "Image": "busybox", "Healthcheck": { "Test": vec!["x"; 150_000] } }),
        serde_json::json!({ "Image": "busybox", "User": long }),
        serde_json::json!({ "Image": "busybox", "HostConfig": { "Dns": vec!["10.0.0.1"; 40_000] } }),
        serde_json::json!({ "Image": "busybox", "HostConfig": { "Ulimits": vec![serde_json::json!({ "Name": "nofile", "Soft": 9, "Hard": 9 }); 10_000] } }),
        serde_json::json!({ "Image": "busybox", "Hostname": "x".repeat(70) }),
        serde_json::json!({ "Image": "busybox", "HostConfig": { "Binds": (0..40).map(|n| format!("v{n}:/x{n}")).collect::<Vec<_>>() } }),
        serde_json::json!({ "Image": "busybox", "HostConfig": { "ExtraHosts": (0..100).map(|n| format!("h{n}:10.0.0.1")).collect::<Vec<_>>() } }),
        serde_json::json!({ "Image": "busybox", "HostConfig": { "PortBindings": (1..=400).map(|port| (format!("{port}/tcp"), serde_json::json!([{ "HostPort": "" }]))).collect::<serde_json::Map<_, _>>() } }),
    ] {
        let (code, answer) = a.http("POST", "/v1.45/containers/create", &body.to_string()).await;
        if code == 201 {
            // Made, but never run with so many.
            let made: serde_json::Value = serde_json::from_str(&answer).unwrap();
            let (code, answer) = a.http("POST", &format!("/v1.45/containers/{}/start", made["Id"].as_str().unwrap()), "").await;
            assert!(matches!(code, 400 | 403), "{code} {answer}");
        } else {
            assert!(matches!(code, 400 | 403), "{code} {answer}");
        }
    }
    a.run("run -d --name up busybox sleep 600").await.ok();
    for body in [serde_json::json!({ "Cmd": vec![""; 300_000] }), serde_json::json!({ "Cmd": ["true"], "User": "x".repeat(300_000) })] {
        let (code, answer) = a.http("POST", "/v1.45/containers/up/exec", &body.to_string()).await;
        assert!(code == 400 && answer.contains("larger than 128 KiB"), "{code} {answer}");
    }
    // What an image brings counts as what is asked for.
    let labelled = (0..5).fold("FROM busybox\n".to_owned(), |text, n| format!("{text}LABEL l{n}=\"{}\"\n", "\u{1}".repeat(9_000)));
    a.docker_in(&["build", "-q", "-t", "labelled", "-"], labelled.as_bytes()).await;
    let run = a.run("run labelled true").await;
    assert!(run.code != 0, "{run:?}");
    let exposing = (1..=300).fold("FROM busybox\n".to_owned(), |text, port| format!("{text}EXPOSE {port}\n"));
    a.docker_in(&["build", "-q", "-t", "many", "-"], exposing.as_bytes()).await;
    let run = a.run("run -P many true").await;
    assert!(run.code != 0, "{run:?}");
    // Of volumes and networks a body's worth, of each of the few that there may be.
    for path in ["volumes", "networks"] {
        let body = serde_json::json!({ "Name": "labelled", "Labels": { "a": "x".repeat(1_100_000) } }).to_string();
        assert_eq!(a.http("POST", &format!("/v1.45/{path}/create"), &body).await.0, 413, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_136_large_bodies_are_read_a_few_at_once_and_small_ones_between_them() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    let body = json!({ "Image": "busybox", "Labels": { "large": "x".repeat(1_000_000) } }).to_string();
    let (all_but_one, last) = body.as_bytes().split_at(body.len() - 1);
    let read = AtomicUsize::new(0);
    let go_on = Semaphore::new(0);
    let slow = async || {
        let mut stream = UnixStream::connect(&a.socket).await.unwrap();
        let head = format!(
            "POST /v1.45/containers/create HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(all_but_one).await.unwrap();
        if read.fetch_add(1, Ordering::Relaxed) < limits::MAX_LARGE_BODIES {
            go_on.acquire().await.unwrap().forget();
        }
        stream.write_all(last).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    };
    let meanwhile = async {
        until("as many are read as may be", async || read.load(Ordering::Relaxed) >= limits::MAX_LARGE_BODIES).await;
        for name in ["one", "two", "three"] {
            a.run(&format!("create --name {name} busybox true")).await.ok();
        }
        assert_eq!(read.load(Ordering::Relaxed), limits::MAX_LARGE_BODIES, "the rest is with its clients");
        go_on.add_permits(limits::MAX_LARGE_BODIES);
    };
    let (answers, ()) = tokio::join!(join_all((0..12).map(|_| slow())), meanwhile);
    for answer in answers {
        assert!(status(&answer) == 400 && answer.contains("larger than 64 KiB together"), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_144_pushes_of_one_name_without_end_end_where_the_limit_is_and_go_with_the_host() {
    let host = TestHost::with(1, SandboxLimits { disk_max_bytes: 30_000_000, ..SandboxLimits::default() }).await;
    let a = &host.sandboxes[0];
    a.run("pull -q busybox").await.ok();
    let name = "registry.lunchbox/app";
    let push = async |round: u32| {
        let dockerfile = format!("FROM busybox\nRUN head -c 12000000 /dev/urandom > /{round}\n");
        a.docker_in(&["build", "-q", "-t", name, "-"], dockerfile.as_bytes()).await.ok();
        let pushed = a.run(&format!("push {name}")).await;
        let digests = a.docker(&["image", "inspect", "--format", "{{join .RepoDigests \" \"}}", name]).await.ok();
        a.run(&format!("rmi {name}")).await.ok();
        a.run("builder prune -af").await.ok();
        (pushed, digests.trim().to_owned())
    };
    let mut digests = Vec::new();
    for round in 0..3 {
        let (pushed, digest) = push(round).await;
        pushed.ok();
        digests.push(digest);
    }
    let refused = push(3).await.0.fails();
    assert!(refused.contains("this host has pushed 36 MB of layers to the registry, and 30 MB are the most"), "{refused}");
    // What the name stood for before can still be had, as from any registry; until the host goes.
    let on_engine =
        || async { bare(&["images", "-q", "--filter", &format!("reference={}/learners/{}/*", host.config.registry, a.id)]).await.ok() };
    a.run(&format!("pull -q {}", digests[0])).await.ok();
    assert_eq!(on_engine().await, "", "not by the registry's own name");
    a.run(&format!("image inspect {}", digests[0])).await.ok();
    host.gateway.close(&a.id).await.unwrap();
    let registry = Registry::new(&host.config.registry);
    for digest in digests {
        let (_, digest) = digest.split_once('@').unwrap();
        assert_eq!(registry.digest(&format!("learners/{}/app", a.id), digest).await.unwrap(), None);
    }
    assert_eq!(on_engine().await, "");
}
