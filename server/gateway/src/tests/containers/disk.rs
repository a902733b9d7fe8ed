//! The most that one sandbox may take of the disk that all share.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may fail")]

use super::{inspect, refused};
use crate::{
    ActivityKind, SandboxId, SandboxLimits,
    tests::support::{TestHost, bare, until},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_takes_nothing_more_until_there_is_room() {
    let host = TestHost::with(2, SandboxLimits { disk_max_bytes: 3_000_000, ..SandboxLimits::default() }).await;
    let (a, b) = (&host.sandboxes[0], &host.sandboxes[1]);
    for sandbox in [a, b] {
        sandbox.run("pull -q busybox").await.ok();
    }
    // The course's images are nobody's share, however large.
    assert!(!a.run("info").await.ok().contains("of this host's disk"));
    a.docker(&[
        "run",
        "--name",
        "box",
        "-v",
        "data:/data",
        "busybox",
        "sh",
        "-c",
        "head -c 1500000 /dev/zero > /data/file; head -c 1000000 /dev/zero > /file",
    ])
    .await
    .ok();
    until("the warning", || async { a.run("info").await.err.contains("83 % of this host's disk is taken (3 MB of 3 MB)") }).await;
    // The shell shows it too, with what would help.
    let notice = a.handle.socket_dir.join("notice");
    let said = std::fs::read_to_string(&notice).unwrap();
    assert!(said.contains("83 % of this host's disk is taken (3 MB of 3 MB). `docker image prune` would free 0 MB"), "{said}");
    // What is looked at is some seconds old.
    a.docker(&["run", "-v", "data:/data", "busybox", "sh", "-c", "head -c 1000000 /dev/zero > /data/more"]).await.ok();
    let full = "images, containers and volumes of this host take 4 MB, and 3 MB are the most";
    until("the limit", || async { a.run("create busybox").await.err.contains(full) }).await;
    refused(a.run("commit box image").await, full);
    refused(a.docker_in(&["load"], b"").await, full);
    refused(a.docker_in(&["build", "-"], b"FROM busybox\nRUN true\n").await, full);
    refused(a.docker_in(&["cp", "-", "box:/"], b"").await, full);
    // The neighbour has a disk of its own.
    b.run("create busybox").await.ok();
    a.run("container prune -f").await.ok();
    a.run("volume prune -af").await.ok();
    until("room", || async { a.run("create busybox").await.code == 0 }).await;
    until("nothing to be said", || async {
        a.run("info").await.ok();
        !notice.exists()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_fills_the_disk_is_stopped_and_nobody_else() {
    let host = TestHost::with(2, SandboxLimits { disk_max_bytes: 20_000_000, ..SandboxLimits::default() }).await;
    let (a, b) = (&host.sandboxes[0], &host.sandboxes[1]);
    for sandbox in [a, b] {
        sandbox.run("pull -q busybox").await.ok();
        sandbox.run("run -d --name quiet busybox sleep 1000").await.ok();
    }
    // One into its own layer, one into a volume: each alone is within the limit. Not without end, so that a failing
    // test fills no disk.
    let fill = |file: &str| {
        format!("i=0; while [ $i -lt 150 ]; do head -c 100000 /dev/zero >> {file}; i=$((i + 1)); sleep 0.02; done; sleep 1000")
    };
    a.docker(&["run", "-d", "--name", "layer", "busybox", "sh", "-c", &fill("/file")]).await.ok();
    a.docker(&["run", "-d", "--name", "volume", "-v", "data:/data", "busybox", "sh", "-c", &fill("/data/file")]).await.ok();
    for name in ["layer", "volume", "quiet"] {
        let state = "{{.State.Status}} {{.State.ExitCode}}";
        until("it is stopped", || async { inspect(a, name, state).await == "exited 137" }).await;
    }
    a.saw("why", |kind| matches!(kind, ActivityKind::Refused { status: 507, message, .. } if message.contains("disk is full"))).await;
    assert_eq!(inspect(b, "quiet", "{{.State.Status}}").await, "running", "another's goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_fills_the_disk_from_the_workstation_is_stopped_there_and_no_container_is() {
    let host = TestHost::with(1, SandboxLimits { disk_max_bytes: 20_000_000, ..SandboxLimits::default() }).await;
    let a = &host.sandboxes[0];
    a.run("pull -q busybox").await.ok();
    a.run("run -d --name quiet busybox sleep 1000").await.ok();
    // Its init lives on, whatever is ended beside it.
    let fill = "filling() { i=0; while [ $i -lt 600 ]; do head -c 100000 /dev/zero >> /root/file; i=$((i + 1)); sleep 0.02; done; }; \
                (filling; sleep 1000) & while :; do sleep 1; done";
    let workstation = host.workstation(a, fill).await;
    a.saw("why", |kind| matches!(kind, ActivityKind::Refused { status: 507, message, .. } if message.contains("your files"))).await;
    let left =
        || async { bare(&["top", &workstation, "-eo", "pid,args"]).await.ok().lines().filter(|line| line.contains("filling")).count() };
    until("only its init is left", || async { left().await == 1 }).await;
    assert_eq!(inspect(a, "quiet", "{{.State.Status}}").await, "running");
    // It is full still, and nobody who leaves it so, or tidies up, is stopped again.
    bare(&["exec", "-d", &workstation, "sh", "-c", "sleep 900; echo tidying"]).await.ok();
    // Long enough for several looks.
    bare(&["exec", &workstation, "sh", "-c", "sleep 4"]).await.ok();
    assert!(bare(&["top", &workstation, "-eo", "pid,args"]).await.ok().contains("tidying"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workstation_that_fills_the_disk_on_and_on_is_stopped_itself() {
    let host = TestHost::with(1, SandboxLimits { disk_max_bytes: 20_000_000, ..SandboxLimits::default() }).await;
    let a = &host.sandboxes[0];
    a.run("pull -q busybox").await.ok();
    a.run("run -d --name quiet busybox sleep 1000").await.ok();
    // It fills as the workstation's first process, which nothing that is ended in there takes along. Not without end,
    // so that a failing test fills no disk.
    let fill = "i=0; while [ $i -lt 600 ]; do head -c 500000 /dev/zero >> /root/file; i=$((i + 1)); sleep 0.1; done; sleep 1000";
    let workstation = host.workstation(a, fill).await;
    let state = || async { bare(&["inspect", "--format", "{{.State.Status}} {{.State.ExitCode}}", &workstation]).await.ok() };
    until("the workstation is stopped", || async { state().await.trim() == "exited 137" }).await;
    let is_told =
        |kind: &ActivityKind| matches!(kind, ActivityKind::Refused { status: 507, message, .. } if message.contains("your files"));
    let told = a.activity().await.iter().filter(|activity| is_told(&activity.kind)).count();
    assert!(told >= 3, "what runs in it was stopped several times before, and not {told} times");
    assert_eq!(inspect(a, "quiet", "{{.State.Status}}").await, "running", "no container is stopped for it");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_each_sandbox_takes_of_disk_and_memory_is_told() {
    let host = TestHost::start(2).await;
    let (a, b) = (&host.sandboxes[0], &host.sandboxes[1]);
    for sandbox in [a, b] {
        sandbox.run("pull -q busybox").await.ok();
    }
    // Into a volume, its own layer, memory; then one that has ended, and an image.
    let takes = "head -c 3000000 /dev/zero > /data/file; head -c 2000000 /dev/zero > /file; x=$(head -c 30000000 /dev/zero | tr '\\0' x); sleep 1000; true";
    a.docker(&["run", "-d", "--name", "box", "-v", "data:/data", "busybox", "sh", "-c", takes]).await.ok();
    a.docker(&["run", "--name", "ended", "busybox", "sh", "-c", "head -c 4000000 /dev/zero > /file"]).await.ok();
    a.run("commit ended image").await.ok();
    assert!(host.gateway.costs().is_empty(), "nobody waits for the first measurement");
    let cost = |sandbox: &SandboxId| host.gateway.costs().get(sandbox).copied();
    until("the disk", || async { cost(&a.id).is_some_and(|cost| (13_000_000..15_000_000).contains(&cost.disk_bytes)) }).await;
    until("the memory", || async { cost(&a.id).is_some_and(|cost| cost.memory_bytes.is_some_and(|bytes| bytes > 30_000_000)) }).await;
    let neighbour = cost(&b.id).expect("it is measured with all others");
    assert!(neighbour.disk_bytes < 1_000_000 && neighbour.memory_bytes.is_none(), "{neighbour:?}");
}
