//! What steps run in, what they leave, and what they never do.

use super::build;
use crate::{
    ActivityKind, SandboxLimits,
    tests::support::{Sandbox, TestHost, bare, until},
};

/// What the engine has of a sandbox's builds: containers, and volumes that aren't caches.
async fn left(sandbox: &Sandbox) -> String {
    let (of, role) = (format!("label=io.lunchbox.sandbox={}", sandbox.id), "label=io.lunchbox.role=build");
    let containers = bare(&["ps", "-aq", "--filter", &of, "--filter", role]).await.ok();
    containers + &bare(&["volume", "ls", "-q", "--filter", &of, "--filter", role]).await.ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_is_held_as_a_learners_container_is() {
    let host = TestHost::start(1).await;
    let a = &host.sandboxes[0];
    let look = "grep -E 'CapBnd|NoNewPrivs' /proc/self/status";
    let text = format!("FROM busybox\nRUN {look}\n");
    let built = build(a, &[("Dockerfile", &text)], &[]).await.ok();
    let run = a.docker(&["run", "--rm", "busybox", "sh", "-c", look]).await.ok();
    assert!(run.contains("NoNewPrivs:\t1") && built.contains(run.trim()), "{run} is not in {built}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_build_without_the_cache_leaves_it_to_the_others() {
    let host = TestHost::start(1).await;
    let a = &host.sandboxes[0];
    let (one, other) = ("FROM busybox\nRUN date +%N >/x\nRUN cat /x\n", "FROM busybox\nRUN echo other >/y\n");
    build(a, &[("Dockerfile", one)], &[]).await.ok();
    build(a, &[("Dockerfile", other)], &[]).await.ok();
    let anew = build(a, &[("Dockerfile", one)], &["--no-cache"]).await.ok();
    assert!(!anew.contains("Using cache"), "{anew}");
    for text in [one, other] {
        let again = build(a, &[("Dockerfile", text)], &[]).await.ok();
        assert!(!again.contains("Running in"), "{again}");
    }
    // What was taken out of the cache by that is gone from the engine too.
    let label = format!("label=io.lunchbox.sandbox={}", a.id);
    assert_eq!(bare(&["images", "-aq", "--no-trunc", "--filter", &label]).await.ok().lines().count(), 2);
    // What was pruned is done anew.
    a.run("builder prune -af").await.ok();
    assert!(build(a, &[("Dockerfile", other)], &[]).await.ok().contains("Running in"));
    a.run("builder prune -af").await.ok();
    assert_eq!(bare(&["images", "-aq", "--filter", &label]).await.ok(), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_says_what_its_dockerfile_says() {
    let host = TestHost::start(1).await;
    let a = &host.sandboxes[0];
    let text = "FROM busybox\nARG SECRET=no\nENV A=b\nRUN echo $SECRET$A >/x\nUSER 5:6\nWORKDIR /w\nEXPOSE 80\nVOLUME /data\nLABEL c=d\nENTRYPOINT [\"cat\"]\nCMD [\"/x\"]\n";
    build(a, &[("Dockerfile", text)], &["-t", "all", "--build-arg", "SECRET=yes", "--label", "e=f"]).await.ok();
    assert_eq!(a.run("run --rm all").await.ok(), "yesb\n");
    let config = a.docker(&["image", "inspect", "--format", "{{json .Config}}", "all"]).await.ok();
    for part in [
        r#""User":"5:6""#,
        r#""WorkingDir":"/w""#,
        r#""80/tcp""#,
        r#""/data""#,
        r#""c":"d""#,
        r#""e":"f""#,
        r#""Entrypoint":["cat"]"#,
        r#""Cmd":["/x"]"#,
    ] {
        assert!(config.contains(part), "{part} is not in {config}");
    }
    assert!(!config.contains("SECRET"), "{config}");
    let history = a.docker(&["history", "--no-trunc", "--format", "{{.CreatedBy}}", "all"]).await.ok();
    let lines: Vec<&str> = history.lines().collect();
    assert_eq!(
        lines[..11],
        [
            "/bin/sh -c #(nop)  LABEL e=f",
            "/bin/sh -c #(nop)  CMD [\"/x\"]",
            "/bin/sh -c #(nop)  ENTRYPOINT [\"cat\"]",
            "/bin/sh -c #(nop)  LABEL c=d",
            "/bin/sh -c #(nop)  VOLUME [/data]",
            "/bin/sh -c #(nop)  EXPOSE 80",
            "/bin/sh -c #(nop) WORKDIR /w",
            "/bin/sh -c #(nop)  USER 5:6",
            "|1 SECRET=yes /bin/sh -c echo $SECRET$A >/x",
            "/bin/sh -c #(nop)  ENV A=b",
            "/bin/sh -c #(nop)  ARG SECRET=no",
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn files_in_a_bases_volume_are_kept_and_triggers_are_done() {
    let host = TestHost::start(1).await;
    let a = &host.sandboxes[0];
    let base = "FROM busybox\nVOLUME /data\nONBUILD RUN echo triggered >/t\nONBUILD ENV T=t\n";
    build(a, &[("Dockerfile", base)], &["-t", "base"]).await.ok();
    let text = "FROM base\nCOPY x /data/\nRUN echo y >/data/y && cat /t\n";
    let built = build(a, &[("Dockerfile", text), ("x", "x\n")], &["-t", "kept"]).await.ok();
    assert!(built.contains("triggered\n"), "{built}");
    assert_eq!(a.run("run --rm kept cat /data/x /data/y").await.ok(), "x\ny\n");
    let config = a.docker(&["image", "inspect", "--format", "{{.Config.OnBuild}} {{.Config.Env}}", "kept"]).await.ok();
    assert!(config.starts_with("[] ") && config.contains("T=t"), "{config}");
    a.run("volume prune -f").await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_builds_keep_is_told_and_pruned() {
    let host = TestHost::start(2).await;
    let (a, b) = (&host.sandboxes[0], &host.sandboxes[1]);
    let (app, failing) = (
        "FROM busybox\nENV A=b\nRUN head -c 3000000 /dev/urandom >/big\nCMD [\"ls\"]\n",
        "FROM busybox\nRUN head -c 2000000 /dev/urandom >/y\nRUN echo no >/z && false\n",
    );
    build(a, &[("Dockerfile", app)], &["-t", "app"]).await.ok();
    build(a, &[("Dockerfile", failing)], &[]).await.fails();
    let told = async |sandbox: &Sandbox| {
        let all = sandbox.docker(&["system", "df", "--format", "{{.Type}} {{.TotalCount}} {{.Size}} {{.Reclaimable}}"]).await.ok();
        all.lines().find_map(|line| line.strip_prefix("Build Cache ")).unwrap_or(&all).to_owned()
    };
    // What an image has too takes no room of its own.
    assert_eq!(told(a).await, "2 2MB 2MB");
    assert_eq!(told(b).await, "0 0B 0B");
    let each =
        a.docker(&["system", "df", "-v", "--format", "{{range .BuildCache}}{{.CacheType}} {{.Size}} {{.Shared}}\n{{end}}"]).await.ok();
    let mut each: Vec<&str> = each.lines().collect();
    each.sort_unstable();
    assert_eq!(each, ["regular 2MB false", "regular 3MB true"]);

    // Nothing is old enough.
    let none = a.run("builder prune -f --filter until=1h").await.ok();
    assert!(none.ends_with("Total reclaimed space: 0B\n") && told(a).await.starts_with("2 "), "{none}");
    let pruned = a.run("builder prune -f").await.ok();
    assert!(pruned.ends_with("Total reclaimed space: 2MB\n"), "{pruned}");
    assert_eq!(told(a).await, "1 0B 0B");
    // What the image was built from is there still.
    let again = build(a, &[("Dockerfile", app)], &[]).await.ok();
    assert!(!again.contains("Running in"), "{again}");
    let uses = async || {
        a.docker(&["system", "df", "-v", "--format", "{{range .BuildCache}}{{if .Shared}}{{.UsageCount}}{{end}}{{end}}"]).await.ok()
    };
    assert_eq!(uses().await.trim(), "2", "by the build that made it, and by the one that found it");
    build(a, &[("Dockerfile", &format!("{app}RUN false\n"))], &[]).await.fails();
    assert_eq!(uses().await.trim(), "3", "a build that fails has used it, too");
    a.run("builder prune -af").await.ok();
    assert_eq!(told(a).await, "0 0B 0B");
    assert!(build(a, &[("Dockerfile", app)], &[]).await.ok().contains("Running in"));
    // Without its image, a step is kept for itself; and what is pruned is gone from the engine.
    a.run("rmi -f app").await.ok();
    a.run("image prune -f").await.ok();
    assert_eq!(told(a).await, "1 3MB 3MB");
    a.run("builder prune -f").await.ok();
    assert_eq!(bare(&["images", "-aq", "--filter", &format!("label=io.lunchbox.sandbox={}", a.id)]).await.ok(), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn caches_of_mounts_are_kept_and_are_nobody_elses() {
    let host = TestHost::start(2).await;
    let (a, b) = (&host.sandboxes[0], &host.sandboxes[1]);
    let text = |word: &str| format!("FROM busybox\nRUN --mount=type=cache,target=/c cat /c/x 2>/dev/null; echo {word} >>/c/x\n");
    build(a, &[("Dockerfile", &text("one"))], &[]).await.ok();
    let second = build(a, &[("Dockerfile", &text("two"))], &["-t", "mine"]).await.ok();
    assert!(second.contains("one\n"), "{second}");
    let others = build(b, &[("Dockerfile", &text("three"))], &[]).await.ok();
    assert!(!others.contains("one\n") && !others.contains("two\n"), "{others}");
    // It may begin with files of a stage, once; and what was triggered has it as well.
    let begun = "FROM busybox AS maker\nRUN mkdir /out && echo first >/out/x\nFROM busybox\nRUN --mount=type=cache,target=/c,from=maker,source=/out cat /c/x; echo WORD >>/c/x\nONBUILD RUN --mount=type=cache,target=/c cat /c/x\n";
    let first = build(a, &[("Dockerfile", &begun.replace("WORD", "second"))], &["-t", "base"]).await.ok();
    assert!(first.contains("first\n"), "{first}");
    let third = build(a, &[("Dockerfile", &begun.replace("WORD", "third"))], &[]).await.ok();
    assert!(third.contains("first\nsecond\n"), "{third}");
    let triggered = build(a, &[("Dockerfile", "FROM base\n")], &[]).await.ok();
    assert!(triggered.contains("one\ntwo\n"), "{triggered}");
    // Neither in the image nor among the volumes.
    a.run("run --rm mine cat /c/x").await.fails();
    assert_eq!(a.run("volume ls -q").await.ok(), "");
    let name = format!("label=io.lunchbox.sandbox={}", a.id);
    let caches = || async { bare(&["volume", "ls", "-q", "--filter", &name]).await.ok() };
    assert_eq!(caches().await.lines().count(), 2);
    let all = caches().await;
    let there = all.lines().next().unwrap_or_default();
    // By the engine's name it is another volume.
    assert_eq!(a.run(&format!("run --rm -v {there}:/x busybox ls /x")).await.ok(), "");
    a.run(&format!("volume rm {there}")).await.ok();
    a.run("builder prune -af").await.ok();
    assert_eq!(caches().await, "");
    let third = build(a, &[("Dockerfile", &text("four"))], &[]).await.ok();
    assert!(!third.contains("two\n"), "{third}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_mounted_for_a_step_goes_with_it() {
    let host = TestHost::start(1).await;
    let a = &host.sandboxes[0];
    let text = r#"FROM busybox AS maker
RUN mkdir /out && echo made >/out/x
FROM busybox
WORKDIR /w
RUN --mount=type=bind,target=.,source=sub cat file && ! touch file
RUN --mount=from=maker,source=/out,target=/m,rw cat /m/x && touch /m/y
RUN --mount=from=maker,source=/out/x,target=/one cat /one
RUN --mount=type=tmpfs,target=/t,size=1m df /t | tail -n 1 && touch /t/x
RUN --network=none ip addr | grep -c eth0 || true
RUN ! test -e file && ! test -e /m/x && ! test -s /one && ! test -e /t/x
"#;
    let built = build(a, &[("Dockerfile", text), ("sub/file", "bound\n")], &[]).await.ok();
    assert!(built.contains("bound\n") && built.matches("made\n").count() == 2 && built.contains("1024 "), "{built}");
    assert!(built.contains("\n0\n"), "{built}");
    until("the end of what was mounted", || async { left(a).await.is_empty() }).await;
    let again = build(a, &[("Dockerfile", text), ("sub/file", "other\n")], &[]).await.ok();
    assert!(again.contains("other\n"), "{again}");
    a.saw("the build", |kind| matches!(kind, ActivityKind::ImageBuilt { .. })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn heredocs_and_hosts_are_there() {
    let host = TestHost::start(1).await;
    let a = &host.sandboxes[0];
    let text = r#"# syntax=docker/dockerfile:1
FROM busybox
ENV WHO=world
RUN <<EOF
echo first
echo second
EOF
RUN <<EOF
#!/bin/busybox cat
a script of its own
EOF
RUN cat <<EOF >/typed && cat /typed
hello $WHO
EOF
COPY <<one <<"two" /files/
hello $WHO
one
hello $WHO
two
RUN cat /files/one /files/two && grep stove /etc/hosts && ls /dev/pipes 2>/dev/null; true
"#;
    let built = build(a, &[("Dockerfile", text)], &["--add-host", "stove:192.0.2.7"]).await.ok();
    for line in ["first\nsecond\n", "a script of its own\n", "hello world\nhello $WHO\n", "192.0.2.7\tstove"] {
        assert!(built.contains(line), "{line:?} is not in {built}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_builds_keep_counts_for_the_disk() {
    let host = TestHost::with(1, SandboxLimits { disk_max_bytes: 3_000_000, ..SandboxLimits::default() }).await;
    let a = &host.sandboxes[0];
    let text = "FROM busybox\nRUN head -c 4000000 /dev/urandom >/x\nRUN exit 3\n";
    build(a, &[("Dockerfile", text)], &[]).await.fails();
    let next = || async { build(a, &[("Dockerfile", "FROM busybox\nRUN true\n")], &[]).await };
    until("the limit", || async { next().await.err.contains("limit reached: images, containers and volumes of this host take 4 MB") })
        .await;
    a.run("builder prune -af").await.ok();
    until("room", || async { next().await.code == 0 }).await;
    let cache = "FROM busybox\nRUN --mount=type=cache,target=/c head -c 4000000 /dev/urandom >/c/x\n";
    build(a, &[("Dockerfile", cache)], &[]).await.ok();
    until("the limit of a cache", || async { next().await.err.contains("limit reached: images, containers and volumes") }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_gateway_leaves_nothing_of_its_builds() {
    let mut host = TestHost::start(1).await;
    let a = host.sandboxes[0].clone();
    let label = |role: &str| ["--label".to_owned(), format!("io.lunchbox.{role}")];
    let labels: Vec<String> =
        [label(&format!("instance={}", host.config.instance)), label(&format!("sandbox={}", a.id)), label("role=build")].concat();
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    build(&a, &[("Dockerfile", "FROM busybox\nRUN echo kept >/x\n")], &[]).await.ok();
    // As it is in the middle of a step: a container that runs, with a volume and a layer of its own.
    let image = bare(&["images", "-q", "--filter", "reference=*/library/busybox:latest"]).await.ok();
    let image = image.lines().next().unwrap();
    bare(&[&["volume", "create"], &labels[..]].concat()).await.ok();
    let started = bare(&[&["run", "-d"], &labels[..], &[image, "sh", "-c", "echo x >/y; sleep 300"]].concat()).await.ok();
    bare(&["commit", started.trim()]).await.ok();
    host.restart().await;
    assert_eq!(left(&a).await, "");
    let of = format!("label=io.lunchbox.sandbox={}", a.id);
    assert_eq!(bare(&["images", "-q", "--filter", &of]).await.ok().lines().count(), 1, "the step that is known is kept");
}
