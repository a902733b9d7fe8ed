//! From `docker run` to `docker rm`.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may fail")]

use super::{host, inspect, names};
use crate::{ActivityKind, tests::support::until};

#[tokio::test(flavor = "multi_thread")]
async fn a_container_lives_from_run_to_rm() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    let id = a.docker(&["run", "-d", "--name", "web", "busybox", "sh", "-c", "echo ready; sleep 1000"]).await.ok().trim().to_owned();
    assert_eq!(id.len(), 64);
    assert_eq!(names(a, "").await, ["web"]);
    until("the log's first line", || async { a.run("logs web").await.ok() == "ready\n" }).await;
    assert_eq!(a.run("exec web echo inside").await.ok(), "inside\n");
    assert!(a.run("top web").await.ok().contains("sleep 1000"));
    a.run("rename web site").await.ok();
    assert_eq!(names(a, "").await, ["site"]);
    a.run("pause site").await.ok();
    assert_eq!(inspect(a, "site", "{{.State.Status}}").await, "paused");
    a.run("unpause site").await.ok();
    a.run("exec site touch /new").await.ok();
    assert!(a.run("diff site").await.ok().contains("A /new"));
    assert!(a.run("stats --no-stream --format {{.Name}} site").await.ok().contains("site"));
    assert!(a.run("rm site").await.fails().contains("cannot remove container \"/site\": container is running"));
    a.run("stop -t 0 site").await.ok();
    assert_eq!(names(a, "").await, Vec::<String>::new());
    assert_eq!(names(a, "-a").await, ["site"]);
    assert_eq!(a.run("wait site").await.ok(), "137\n");
    a.run("start site").await.ok();
    a.run("restart -t 0 site").await.ok();
    a.run("kill site").await.ok();
    until("the end", || async { inspect(a, "site", "{{.State.Running}}").await == "false" }).await;
    a.run("rm site").await.ok();
    assert_eq!(names(a, "-a").await, Vec::<String>::new());
    assert!(a.run("inspect site").await.fails().contains("No such object: site"));

    let kinds: Vec<String> = a
        .activity()
        .await
        .iter()
        .map(|activity| serde_json::to_value(&activity.kind).unwrap()["kind"].as_str().unwrap().to_owned())
        .collect();
    for kind in [
        "container_created",
        "container_started",
        "container_logs_read",
        "container_exec",
        "container_renamed",
        "container_paused",
        "container_unpaused",
        "container_diffed",
        "container_stop_asked",
        "container_inspected",
        "containers_listed",
        "container_removed",
    ] {
        assert!(kinds.contains(&kind.to_owned()), "{kind} is not in {kinds:?}");
    }
    a.saw("the start's time", |kind| matches!(kind, ActivityKind::ContainerStarted { start_ms, .. } if *start_ms > 0)).await;
    a.saw("the end", |kind| matches!(kind, ActivityKind::ContainerDied { exit_code: 137, .. })).await;
    a.saw(
        "the command",
        |kind| matches!(kind, ActivityKind::ContainerExec { command, name, .. } if command == &["echo", "inside"] && name == "web"),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn run_in_the_foreground_prints_and_ends_with_the_exit_code() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    assert_eq!(a.run("run --rm busybox echo hello").await.ok(), "hello\n");
    // The name is free again at once, again and again.
    for _ in 0..3 {
        assert_eq!(a.run("run --rm --name once busybox echo hello").await.ok(), "hello\n");
    }
    assert_eq!(names(a, "-a").await, Vec::<String>::new());
    assert_eq!(a.docker(&["run", "--rm", "busybox", "sh", "-c", "exit 7"]).await.code, 7);
    assert_eq!(a.run("run --rm busybox nosuchcommand").await.code, 127);
    assert_eq!(a.run("run --rm busybox /etc").await.code, 126);
    assert_eq!(a.run("run --rm --privileged busybox true").await.code, 125);
    let both = a.docker(&["run", "--rm", "busybox", "sh", "-c", "echo out; echo err >&2"]).await;
    assert_eq!((both.out.as_str(), both.err.as_str()), ("out\n", "err\n"));
}
