//! What is typed, printed and copied.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may fail")]

use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};

use super::{host, inspect, refused};
use crate::{
    ActivityKind, SandboxLimits,
    plain_tar::tests::MAGICS,
    tests::support::{Sandbox, TestHost, until},
};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_reaches_the_process_and_its_end_too() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    assert_eq!(a.docker_in(&["run", "-i", "--rm", "busybox", "cat"], b"hi\n").await.ok(), "hi\n");
    let much = vec![b'x'; 3_000_000];
    assert_eq!(a.docker_in(&["run", "-i", "--rm", "busybox", "wc", "-c"], &much).await.ok().trim(), "3000000");
    a.run("run -d --name shell busybox sleep 1000").await.ok();
    assert_eq!(a.docker_in(&["exec", "-i", "shell", "cat"], b"again\n").await.ok(), "again\n");
    assert_eq!(a.docker(&["exec", "shell", "sh", "-c", "exit 3"]).await.code, 3);
    let exec = a.docker(&["exec", "-d", "shell", "touch", "/done"]).await;
    exec.ok();
    until("what ran aside", || async { a.run("exec shell ls /done").await.code == 0 }).await;
}

/// `script` gives the docker command the terminal that it asks for.
async fn in_a_terminal(sandbox: &Sandbox, line: &str, input: &str) -> String {
    let mut child = tokio::process::Command::new("script")
        .args(["-qec", line, "/dev/null"])
        .env("DOCKER_HOST", format!("unix://{}", sandbox.socket.display()))
        .env("TERM", "xterm")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let mut seen = Vec::new();
    let mut typed = false;
    let mut buffer = [0; 4096];
    let end = tokio::time::Instant::now() + Duration::from_secs(60);
    while let Ok(Ok(read)) = tokio::time::timeout_at(end, stdout.read(&mut buffer)).await {
        if read == 0 {
            break;
        }
        seen.extend_from_slice(&buffer[..read]);
        // At the prompt, not before: what comes earlier the terminal may throw away.
        if !typed && String::from_utf8_lossy(&seen).contains("# ") {
            typed = true;
            stdin.write_all(input.as_bytes()).await.unwrap();
            stdin.flush().await.unwrap();
        }
    }
    String::from_utf8_lossy(&seen).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shell_in_a_terminal_answers() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    let seen = in_a_terminal(a, "docker run -it --name box busybox sh", "echo $((40+2)); tty; exit 5\n").await;
    assert!(seen.contains("42") && seen.contains("/dev/"), "{seen}");
    assert_eq!(inspect(a, "box", "{{.State.ExitCode}}").await, "5");
    a.run("start box").await.ok();
    let seen = in_a_terminal(a, "docker exec -it box sh", "echo $((50+5)); exit\n").await;
    assert!(seen.contains("55"), "{seen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_are_followed_until_the_end() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    a.docker(&["run", "-d", "--name", "count", "busybox", "sh", "-c", "echo one; read x < /go; echo two"]).await.ok();
    // The pipe that holds it back isn't there: it ends at once, and so do the logs.
    let followed = a.run("logs -f count").await;
    assert!(followed.out.contains("one"), "{followed:?}");
    a.docker(&["run", "-d", "--name", "tick", "busybox", "sh", "-c", "echo first; while [ ! -e /go ]; do sleep 0.05; done; echo last"])
        .await
        .ok();
    let mut child = a.spawn(&["logs", "-f", "tick"]);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(lines.next_line().await.unwrap().unwrap(), "first");
    a.run("exec tick touch /go").await.ok();
    assert_eq!(lines.next_line().await.unwrap().unwrap(), "last");
    assert!(child.wait().await.unwrap().success());
    assert_eq!(a.run("logs --tail 1 tick").await.ok(), "last\n");
    assert!(a.run("logs -t tick").await.ok().starts_with("20"));
}

#[tokio::test(flavor = "multi_thread")]
async fn attach_sees_what_comes_and_wait_tells_the_code() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    a.docker(&["run", "-di", "--name", "echo", "busybox", "sh", "-c", "read x; echo got $x; exit 4"]).await.ok();
    let waiting = a.spawn(&["wait", "echo"]);
    let attached = a.docker_in(&["attach", "echo"], b"word\n").await;
    // Where its input has ended the CLI doesn't wait for output, here as anywhere.
    assert_eq!(attached.code, 4, "{attached:?}");
    assert_eq!(a.run("logs echo").await.ok(), "got word\n");
    assert_eq!(String::from_utf8(waiting.wait_with_output().await.unwrap().stdout).unwrap(), "4\n");
    a.saw("the attach", |kind| matches!(kind, ActivityKind::ContainerAttached { name, .. } if name == "echo")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_copied_in_and_out() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    std::fs::create_dir(here.join("site")).unwrap();
    std::fs::write(here.join("site/index.html"), "<h1>Hello</h1>").unwrap();
    std::fs::write(here.join("big"), vec![7; 3_000_000]).unwrap();
    a.run("run -d --name box busybox sleep 1000").await.ok();
    a.run(&format!("cp {}/site box:/tmp/", here.display())).await.ok();
    a.run(&format!("cp {}/big box:/tmp/big", here.display())).await.ok();
    assert_eq!(a.run("exec box cat /tmp/site/index.html").await.ok(), "<h1>Hello</h1>");
    assert_eq!(a.run("exec box wc -c /tmp/big").await.ok().trim(), "3000000 /tmp/big");
    a.run(&format!("cp box:/tmp/site {}/back", here.display())).await.ok();
    assert_eq!(std::fs::read_to_string(here.join("back/index.html")).unwrap(), "<h1>Hello</h1>");
    let absent = a.run(&format!("cp box:/nothing {}", here.display())).await.fails();
    assert!(absent.contains("Could not find the file /nothing in container box"), "{absent}");
    a.saw("the copy in", |kind| matches!(kind, ActivityKind::ContainerFilesCopied { into_container: true, name, .. } if name == "box"))
        .await;
    a.saw("the copy out", |kind| matches!(kind, ActivityKind::ContainerFilesCopied { into_container: false, .. })).await;
    // What the engine would unpack with the container's own programs doesn't reach it.
    let answer = a.raw(b"PUT /v1.45/containers/box/archive?path=/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/x-tar\r\nContent-Length: 8\r\n\r\n\xfd7zXZ\0ab").await;
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("plain tar or gzip"), "{answer}");
    assert!(!a.run("export box").await.ok().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_beyond_the_limit_is_told_so() {
    let host = TestHost::with(1, SandboxLimits { upload_max_bytes: 1_000_000, ..SandboxLimits::default() }).await;
    let a = &host.sandboxes[0];
    a.run("pull -q busybox").await.ok();
    a.run("create --name box busybox true").await.ok();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("big"), vec![7; 3_000_000]).unwrap();
    refused(a.run(&format!("cp {}/big box:/big", folder.path().display())).await, "the upload is larger than 1 MB");
}

/// A tar of one file for each name, as raw as they come.
fn tar_of(names: &[&[u8]], content: &[u8]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for name in names {
        let mut header = tar::Header::new_gnu();
        header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name);
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        header.set_size(content.len() as u64);
        header.set_cksum();
        builder.append(&header, content).unwrap();
    }
    builder.into_inner().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_begins_like_a_compression_is_a_name() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    a.run("run -d --name box busybox sleep 1000").await.ok();
    for (n, magic) in MAGICS.iter().enumerate() {
        // Behind a dot or a slash we don't take it for a packed archive, and neither must the engine.
        for before in ["./", "/"] {
            a.run(&format!("exec box mkdir -p /into{n}")).await.ok();
            let tar = tar_of(&[&[before.as_bytes(), magic, b"-name"].concat()], b"as it was sent");
            let mut request = format!("PUT /v1.45/containers/box/archive?path=/into{n} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/x-tar\r\nContent-Length: {}\r\n\r\n", tar.len()).into_bytes();
            request.extend_from_slice(&tar);
            let answer = a.raw(&request).await;
            assert!(answer.starts_with("HTTP/1.1 200"), "{magic:x?}: {answer}");
            let found =
                a.docker(&["exec", "box", "sh", "-c", &format!("find /into{n} -type f -exec cat {{}} +; rm -r /into{n}")]).await.ok();
            assert_eq!(found, "as it was sent", "{magic:x?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_output_of_a_short_command_is_never_lost() {
    let host = TestHost::start(1).await;
    let a = &host.sandboxes[0];
    a.run("pull busybox").await.ok();
    for _ in 0..25 {
        let runs = (0..4).map(|_| a.run("run --rm busybox echo here"));
        for printed in futures_util::future::join_all(runs).await {
            assert_eq!(printed.ok(), "here\n");
        }
    }
}
