//! A sandbox has as many of each thing as it may have, and no more, however it asks.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may fail")]

use std::time::Duration;

use futures_util::future::join_all;
use tokio::{io::AsyncWriteExt, net::UnixStream};

use super::{
    containers::{inspect, refused},
    support::{Sandbox, TestHost, bare, until},
};
use crate::SandboxLimits;

/// More than any limit.
const MANY: usize = 40;

/// One sandbox, which has busybox.
async fn limited(limits: SandboxLimits) -> TestHost {
    let host = TestHost::with(1, limits).await;
    host.sandboxes[0].run("pull -q busybox").await.ok();
    host
}

/// Asks for many at once, each by its number. How many were granted; all others were told of the limit.
async fn granted<F: Future<Output = (u16, String)>>(ask: impl Fn(usize) -> F) -> usize {
    let answers = join_all((0..MANY).map(ask)).await;
    let granted = answers.iter().filter(|(status, _)| (200..300).contains(status)).count();
    for (status, said) in answers.iter().filter(|(status, _)| *status >= 300) {
        assert!(*status == 403 && said.contains("limit reached"), "{status} {said}");
    }
    granted
}

/// How many lines a command prints.
async fn lines(sandbox: &Sandbox, line: &str) -> usize {
    sandbox.run(line).await.ok().lines().count()
}

/// How many the engine itself has.
async fn on_engine(sandbox: &Sandbox, list: &[&str]) -> usize {
    let label = format!("label=io.lunchbox.sandbox={}", sandbox.id);
    bare(&[list, &["-q", "--filter", &label]].concat()).await.ok().lines().count()
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_are_limited() {
    let limits = SandboxLimits { containers: 3, running_containers: 2, execs: 1, ..SandboxLimits::default() };
    let host = TestHost::with(1, limits).await;
    let a = &host.sandboxes[0];
    a.run("pull -q busybox").await.ok();
    for name in ["one", "two"] {
        a.run(&format!("run -d --name {name} busybox sleep 1000")).await.ok();
    }
    refused(a.run("run --rm --name brief busybox true").await, "this host may have 2 running containers");
    refused(a.run("run -d --name three busybox sleep 1000").await, "this host may have 2 running containers");
    refused(a.run("create --name four busybox true").await, "this host may have 3 containers");
    let _held = a.spawn(&["exec", "one", "sleep", "1000"]);
    until("the first exec", || async { inspect(a, "one", "{{len .ExecIDs}}").await == "1" }).await;
    refused(a.run("exec one true").await, "1 commands may run by `docker exec` at once");
    a.run("rm three").await.ok();
    a.run("create --name four busybox true").await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_containers_at_once_as_many_are_made_as_may_be() {
    let host = limited(SandboxLimits { containers: 5, ..SandboxLimits::default() }).await;
    let a = &host.sandboxes[0];
    let body = r#"{"Image":"busybox","Cmd":["true"]}"#;
    let made = granted(|n| async move { a.http("POST", &format!("/v1.45/containers/create?name=c{n}"), body).await }).await;
    assert_eq!(made, 5);
    assert_eq!((lines(a, "ps -aq").await, on_engine(a, &["ps", "-a"]).await), (5, 5));
    // Nameless ones too.
    a.run("rm c0 c1 c2 c3 c4").await;
    let left = lines(a, "ps -aq").await;
    let made = granted(|_| async move { a.http("POST", "/v1.45/containers/create", body).await }).await;
    assert_eq!((made + left, on_engine(a, &["ps", "-a"]).await), (5, 5));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_starts_at_once_as_many_run_as_may() {
    let host = limited(SandboxLimits { containers: MANY as u32, running_containers: 3, ..SandboxLimits::default() }).await;
    let a = &host.sandboxes[0];
    let body = r#"{"Image":"busybox","Cmd":["sleep","1000"]}"#;
    assert_eq!(granted(|n| async move { a.http("POST", &format!("/v1.45/containers/create?name=c{n}"), body).await }).await, MANY);
    // Restarting is a way to start, too.
    let how = |n: usize| if n.is_multiple_of(2) { "start" } else { "restart" };
    let running = granted(|n| async move { a.http("POST", &format!("/v1.45/containers/c{n}/{}", how(n)), "").await }).await;
    assert_eq!((running, lines(a, "ps -q").await, on_engine(a, &["ps"]).await), (3, 3, 3));
    // Each of those that run may be started again, and one more when one has ended.
    let names = a.run("ps --format {{.Names}}").await.ok();
    let first = names.lines().next().unwrap();
    a.run(&format!("restart -t 0 {first}")).await.ok();
    a.run(&format!("stop -t 0 {first}")).await.ok();
    a.run(&format!("start {first}")).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_networks_at_once_as_many_are_made_as_may_be() {
    let host = limited(SandboxLimits { networks: 2, ..SandboxLimits::default() }).await;
    let a = &host.sandboxes[0];
    let made = granted(|n| async move { a.http("POST", "/v1.45/networks/create", &format!(r#"{{"Name":"n{n}"}}"#)).await }).await;
    // The default one, host and none are there besides.
    assert_eq!((made, lines(a, "network ls -q").await, on_engine(a, &["network", "ls"]).await), (2, 5, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_volumes_at_once_as_many_are_made_as_may_be_in_whatever_way() {
    let host = limited(SandboxLimits { volumes: 4, containers: MANY as u32, ..SandboxLimits::default() }).await;
    let a = &host.sandboxes[0];
    let made = granted(|n| async move {
        let create = "/v1.45/containers/create";
        match n % 4 {
            0 => a.http("POST", "/v1.45/volumes/create", &format!(r#"{{"Name":"v{n}"}}"#)).await,
            1 => a.http("POST", "/v1.45/volumes/create", "{}").await,
            2 => a.http("POST", create, &format!(r#"{{"Image":"busybox","HostConfig":{{"Binds":["v{n}:/x"]}}}}"#)).await,
            _ => a.http("POST", create, r#"{"Image":"busybox","Volumes":{"/x":{}}}"#).await,
        }
    })
    .await;
    assert_eq!((made, lines(a, "volume ls -q").await), (4, 4));
    assert_eq!(on_engine(a, &["ps", "-a"]).await, lines(a, "ps -aq").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_execs_at_once_as_many_are_made_as_may_be() {
    let host = limited(SandboxLimits { execs: 3, ..SandboxLimits::default() }).await;
    let a = &host.sandboxes[0];
    for name in ["one", "two"] {
        a.run(&format!("run -d --name {name} busybox sleep 1000")).await.ok();
    }
    let made = granted(|n| async move {
        let name = if n.is_multiple_of(2) { "one" } else { "two" };
        a.http("POST", &format!("/v1.45/containers/{name}/exec"), r#"{"Cmd":["sleep","1000"]}"#).await
    })
    .await;
    assert_eq!(made, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_commits_at_once_as_many_images_are_made_as_may_be() {
    let host = limited(SandboxLimits { own_images: 3, ..SandboxLimits::default() }).await;
    let a = &host.sandboxes[0];
    a.run("create --name box busybox true").await.ok();
    let made = granted(|n| async move { a.http("POST", &format!("/v1.45/commit?container=box&repo=own{n}"), "").await }).await;
    let held = format!("reference=lb-{}/{}", host.config.instance, a.id);
    let on_engine = bare(&["images", "-q", "--filter", &held]).await.ok().lines().count();
    assert_eq!((made, lines(a, "images -q --filter reference=own*").await, on_engine), (3, 3, 3));
    // What was pushed and let go counts again when it is pulled back.
    let first = a.docker(&["images", "--format", "{{.Repository}}", "--filter", "reference=own*"]).await.ok();
    let first = first.lines().next().unwrap();
    a.run(&format!("tag {first} registry.lunchbox/mine")).await.ok();
    a.run("push -q registry.lunchbox/mine").await.ok();
    a.run(&format!("rmi {first} registry.lunchbox/mine")).await.ok();
    a.run("commit box another").await.ok();
    refused(a.run("pull registry.lunchbox/mine").await, "this host may have 3 images of its own");
    refused(a.run("commit box more").await, "this host may have 3 images of its own");
    a.run("rmi another").await.ok();
    a.run("pull -q registry.lunchbox/mine").await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_asked_by_a_client_that_went_counts_as_well() {
    let host = limited(SandboxLimits { containers: 3, volumes: 3, ..SandboxLimits::default() }).await;
    let a = &host.sandboxes[0];
    // Gone at every moment from before the request is read until after it is answered.
    join_all((0..MANY as u64).map(|n| async move {
        let (path, body) = match n % 2 {
            0 => (format!("/v1.45/containers/create?name=c{n}"), r#"{"Image":"busybox"}"#.to_owned()),
            _ => ("/v1.45/volumes/create".to_owned(), format!(r#"{{"Name":"v{n}"}}"#)),
        };
        let request =
            format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        let mut stream = UnixStream::connect(&a.socket).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(n * 4)).await;
    }))
    .await;
    // Whatever is still being made comes before these.
    refused(a.run("create --name last busybox").await, "this host may have 3 containers");
    refused(a.run("volume create last").await, "this host may have 3 volumes");
    assert_eq!((lines(a, "ps -aq").await, on_engine(a, &["ps", "-a"]).await), (3, 3));
    assert_eq!((lines(a, "volume ls -q").await, on_engine(a, &["volume", "ls"]).await), (3, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn names_in_the_registry_are_limited_too() {
    let host = limited(SandboxLimits::default()).await;
    let a = &host.sandboxes[0];
    a.run("tag busybox registry.lunchbox/known").await.ok();
    a.run("tag busybox registry.lunchbox/more").await.ok();
    a.run("push -q registry.lunchbox/known").await.ok();
    let ledger = host.ledger();
    for n in 1..200 {
        ledger.set_pushed(&a.id, &format!("registry.lunchbox/n{n}:latest"), "sha256:0").await.unwrap();
    }
    refused(a.run("push -q registry.lunchbox/more").await, "this host may have 200 names in the registry");
    a.run("push -q registry.lunchbox/known").await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn labels_of_any_thing_are_bounded_and_never_the_classrooms() {
    let host = TestHost::start(1).await;
    let a = &host.sandboxes[0];
    a.run("pull -q busybox").await.ok();
    for (path, rest) in
        [("/volumes/create", r#""Name":"data""#), ("/networks/create", r#""Name":"net""#), ("/containers/create", r#""Image":"busybox""#)]
    {
        let labelled = |key: &str, value: &str| format!(r#"{{{rest},"Labels":{{"{key}":"{value}"}}}}"#);
        let (status, answer) = a.http("POST", &format!("/v1.45{path}"), &labelled("big", &"x".repeat(64 * 1024))).await;
        assert_eq!(status, 400, "{path}: {answer}");
        assert!(answer.to_string().contains("the labels are larger than 64 KiB together"), "{path}: {answer}");
        let (status, answer) = a.http("POST", &format!("/v1.45{path}"), &labelled("io.lunchbox.role", "workstation")).await;
        assert_eq!(status, 400, "{path}: {answer}");
        assert!(answer.to_string().contains("the classroom's own"), "{path}: {answer}");
        let (status, answer) = a.http("POST", &format!("/v1.45{path}"), &labelled("com.example.colour", "green")).await;
        assert_eq!(status, 201, "{path}: {answer}");
    }
}
