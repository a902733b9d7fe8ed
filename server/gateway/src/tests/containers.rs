//! Containers as a learner's `docker` sees them, against the real engine.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may fail")]

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};

use super::support::{Printed, Sandbox, TestHost, bare, until};
use crate::{ActivityKind, SandboxLimits, host::ContainerState};

/// A host whose sandboxes have busybox.
async fn host(sandboxes: usize) -> TestHost {
    let host = TestHost::start(sandboxes).await;
    for sandbox in &host.sandboxes {
        sandbox.run("pull -q busybox").await.ok();
    }
    host
}

/// The container as the bare engine has it.
async fn on_engine(id: &str) -> Value {
    let text = bare(&["inspect", id.trim()]).await.ok();
    serde_json::from_str::<Value>(&text).unwrap()[0].clone()
}

async fn inspect(sandbox: &Sandbox, name: &str, format: &str) -> String {
    sandbox.docker(&["inspect", "--format", format, name]).await.ok().trim().to_owned()
}

async fn names(sandbox: &Sandbox, arguments: &str) -> Vec<String> {
    let printed = sandbox.run(&format!("ps --format {{{{.Names}}}} {arguments}")).await.ok();
    printed.lines().map(str::to_owned).collect()
}

#[track_caller]
fn refused(printed: Printed, words: &str) {
    let err = printed.fails();
    assert!(err.contains(words), "{words:?} is not in {err}");
    for taken_for_an_exit_code in ["permission denied", "no such file or directory", "executable file not found"] {
        assert!(!err.to_lowercase().contains(taken_for_an_exit_code), "{err}");
    }
}

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

#[tokio::test(flavor = "multi_thread")]
async fn both_sandboxes_publish_the_same_port() {
    let host = host(2).await;
    let serve = ["sh", "-c", "hostname > /index.html; exec httpd -f -p 80 -h /"];
    for (index, sandbox) in host.sandboxes.iter().enumerate() {
        let hostname = format!("host{index}");
        sandbox
            .docker(&[&["run", "-d", "--name", "web", "-p", "8080:80", "--hostname", &hostname, "busybox"], &serve[..]].concat())
            .await
            .ok();
        assert_eq!(sandbox.run("port web").await.ok(), "80/tcp -> 0.0.0.0:8080\n80/tcp -> [::]:8080\n");
        let ports = sandbox.docker(&["ps", "--format", "{{.Ports}}"]).await.ok();
        assert!(ports.contains("0.0.0.0:8080->80/tcp") && ports.contains("8080->80/tcp"), "{ports}");
    }
    for (index, sandbox) in host.sandboxes.iter().enumerate() {
        let hostname = format!("host{index}");
        until("an answer by HTTP", || async {
            let Ok(mut stream) = sandbox.gateway.dial(&sandbox.id, 8080).await else { return false };
            stream.write_all(b"GET /index.html HTTP/1.0\r\n\r\n").await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.is_ok() && answer.contains(&hostname)
        })
        .await;
    }
    let a = &host.sandboxes[0];
    // The real host has nothing of it.
    assert!(tokio::net::TcpStream::connect(("127.0.0.1", 8080)).await.is_err());
    let id = inspect(a, "web", "{{.Id}}").await;
    assert_eq!(on_engine(&id).await["HostConfig"]["PortBindings"], Value::Null);

    let taken = a.run("run -d --name web2 -p 8080:80 busybox sleep 1000").await;
    assert_eq!(taken.code, 125);
    assert!(taken.err.contains("driver failed programming external connectivity on endpoint web2 ("), "{taken:?}");
    assert!(taken.err.contains("Bind for 0.0.0.0:8080 failed: port is already allocated"), "{taken:?}");
    // Free with its container.
    a.run("stop -t 0 web").await.ok();
    a.run("start web2").await.ok();
    assert!(a.run("port web2").await.ok().contains("0.0.0.0:8080"));
    a.run("rm -f web2").await.ok();
    assert!(a.gateway.dial(&a.id, 8080).await.is_err());
    a.run("start web").await.ok();
    let state = a.gateway.host_state(&a.id).await.unwrap();
    assert_eq!(state.containers[0].state, ContainerState::Running);
    assert_eq!((state.containers[0].ports[0].host_port, state.containers[0].ports[0].container_port), (8080, 80));
}

#[tokio::test(flavor = "multi_thread")]
async fn ports_are_given_where_none_are_asked_for() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    a.run("run -d --name any -p 80 --expose 81 -P busybox sleep 1000").await.ok();
    let ports = a.run("port any").await.ok();
    assert!(ports.contains("80/tcp -> 0.0.0.0:32768") && ports.contains("81/tcp -> 0.0.0.0:32769"), "{ports}");
    a.run("run -d --name local -p 127.0.0.1:9000:80 busybox sleep 1000").await.ok();
    assert_eq!(a.run("port local").await.ok(), "80/tcp -> 127.0.0.1:9000\n");
    a.run("restart -t 0 local").await.ok();
    assert_eq!(a.run("port local").await.ok(), "80/tcp -> 127.0.0.1:9000\n");
    // One that ends by itself frees its ports.
    a.run("run --name brief -p 9001:80 busybox true").await.ok();
    a.run("run --rm -p 9001:80 busybox true").await.ok();
    a.run("run -d --name back -p 9001:80 busybox sleep 1000").await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn containers_run_and_keep_their_ports_when_the_gateway_is_started_anew() {
    let mut host = host(1).await;
    host.sandboxes[0].run("run -d --name web -p 8080:80 busybox sleep 1000").await.ok();
    host.restart().await;
    let a = &host.sandboxes[0];
    assert_eq!(names(a, "").await, ["web"]);
    assert!(a.run("port web").await.ok().contains("8080"));
    a.run("rm -f web").await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_reach_the_shared_host_is_refused_with_a_reason() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    for (flags, words) in [
        ("--privileged", "lunchbox: privileged mode is switched off in this classroom"),
        ("--cap-add SYS_ADMIN", "the capability SYS_ADMIN is switched off"),
        ("--cap-add all", "the capability ALL is switched off"),
        ("--cap-add cap_net_raw", "the capability NET_RAW is switched off"),
        ("--security-opt seccomp=unconfined", "the security option seccomp=unconfined is switched off"),
        ("--security-opt systempaths=unconfined", "switched off"),
        ("--device /dev/null", "--device is switched off"),
        ("--device-cgroup-rule c_1:3_rwm", ""),
        ("--network host", "the host's network is switched off"),
        ("--pid host", "sharing the host's PID namespace is switched off"),
        ("--ipc host", "sharing the host's IPC namespace is switched off"),
        ("--uts host", "sharing the host's UTS namespace is switched off"),
        ("--userns host", "sharing the host's user namespace is switched off"),
        ("--cgroupns host", "sharing the host's cgroup namespace is switched off"),
        ("-v /etc:/x", "only folders under /root (your home) can be mounted, not /etc"),
        ("-v /root/../etc:/x", "can be mounted, not /etc"),
        ("-v /:/x", "can be mounted, not /."),
        ("--mount type=bind,src=/var/lib/docker,dst=/x", "can be mounted, not /var/lib/docker"),
        ("-v /var/run/docker.sock:/var/run/docker.sock", "has the whole host"),
        ("-v data:/proc/x", "nothing can be mounted at /proc/x"),
        (
            "--mount type=volume,dst=/x,volume-driver=local,volume-opt=type=none,volume-opt=o=bind,volume-opt=device=/",
            "volume driver options",
        ),
        ("-v data:/x:rshared", "mount propagation is switched off"),
        ("--volume-driver nfs -v data:/x", "--volume-driver is switched off"),
        ("--sysctl net.core.somaxconn=1", "--sysctl is switched off"),
        ("--runtime evil", "--runtime is switched off"),
        ("--cgroup-parent /", "--cgroup-parent is switched off"),
        ("--storage-opt size=1g", "--storage-opt is switched off"),
        ("--cpuset-cpus 0", "--cpuset-cpus is switched off"),
        ("--blkio-weight 10", "--blkio-weight is switched off"),
        ("--log-driver syslog", "the log driver syslog is switched off"),
        ("--oom-kill-disable", "out-of-memory killer is switched off"),
        ("--oom-score-adj -1000", "out-of-memory killer is switched off"),
        ("--group-add 0", "joining the group 0 is switched off"),
        ("--ulimit rtprio=99", "the ulimit rtprio is switched off"),
        ("--dns 169.254.169.254", "the name server 169.254.169.254 is switched off"),
        ("--add-host x:host-gateway", "host-gateway is switched off"),
        ("--mac-address 02:00:00:00:00:01", "choosing a MAC address is switched off"),
        ("--link other:x", ""),
        ("-p 169.254.1.1:80:80", "publishing on the address 169.254.1.1 is switched off"),
        ("-l io.lunchbox.sandbox=x", "labels that begin with io.lunchbox. are the classroom's own"),
    ] {
        let printed = a.run(&format!("run --rm {flags} busybox true")).await;
        assert_eq!(printed.code, 125, "{flags}: {printed:?}");
        refused(printed, words);
    }
    a.run("run -d --name box busybox sleep 1000").await.ok();
    refused(a.run("exec --privileged box true").await, "privileged mode is switched off");
    refused(a.run("top box -o pid,environ").await, "ps runs on the shared host");
    assert_eq!(names(a, "-a").await, ["box"]);
    let refusals = a.activity().await.iter().filter(|activity| matches!(&activity.kind, ActivityKind::Refused { .. })).count();
    assert!(refusals >= 35, "{refusals}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_could_be_read_in_two_ways_is_refused() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    for body in [
        r#"{"Image":"busybox","hostconfig":{"Privileged":true}}"#,
        r#"{"Image":"busybox","HostConfig":{},"HostConfig":{"Privileged":true}}"#,
        r#"{"Image":"busybox","Ho\u017ftConfig":{"Privileged":true}}"#,
        r#"{"Image":"busybox","Privileged":true,"Binds":["/:/h"]}"#,
        r#"{"Image":"busybox","HostConfig":{"MaskedPaths":[]}}"#,
        r#"{"Image":"busybox","HostConfig":{"\u0050rivileged":true}}"#,
        r#"{"Image":"busybox","HostConfig":{"Cgroup":"container:x"}}"#,
        r#"{"Image":"busybox","HostConfig":{"NetworkMode":"ns:/proc/1/ns/net"}}"#,
        r#"{"Image":"busybox","HostConfig":{"Annotations":{"a":"b"}}}"#,
        r#"{"Image":"busybox","HostConfig":{"Mounts":[{"Type":"cluster","Source":"x","Target":"/x"}]}}"#,
        r#"{"Image":"busybox","NetworkingConfig":{"EndpointsConfig":{"bridge":{"DriverOpts":{"a":"b"}}}}}"#,
        r#"{"Image":"busybox","HostConfig":{"FieldOfTheFuture":7}}"#,
    ] {
        let (status, answer) = a.http("POST", "/v1.45/containers/create", body).await;
        assert!(status == 400 || status == 403, "{body}: {status} {answer}");
        assert!(answer.contains("lunchbox:"), "{body}: {answer}");
    }
    assert_eq!(names(a, "-a").await, Vec::<String>::new());
    // What clients send without meaning anything by it is let go, and one word is a command too.
    let body = r#"{"Image":"busybox","Cmd":"true","HostConfig":{"FieldOfTheFuture":0,"Privileged":false,"Binds":null},"Volumes":null,"Hostname":null}"#;
    let (status, answer) = a.http("POST", "/v1.41/containers/create?name=plain", body).await;
    assert_eq!(status, 201, "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_are_set_on_the_engine_whatever_is_asked() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    let id = a.run("run -d --name plain --health-cmd true --health-interval 1ms busybox sleep 1000").await.ok();
    let engine = on_engine(&id).await;
    let limits = SandboxLimits::default();
    let set = &engine["HostConfig"];
    assert_eq!(set["Memory"], limits.memory_default_bytes);
    assert_eq!(set["MemorySwap"], limits.memory_default_bytes);
    assert_eq!(set["NanoCpus"], limits.nano_cpus_default);
    assert_eq!(set["PidsLimit"], limits.pids_max);
    assert_eq!(set["OomScoreAdj"], 500);
    assert_eq!(set["SecurityOpt"], json!(["no-new-privileges"]));
    assert_eq!(set["CapDrop"], json!(["NET_RAW", "MKNOD", "AUDIT_WRITE"]));
    assert_eq!(set["LogConfig"], json!({ "Type": "json-file", "Config": { "max-file": "1", "max-size": "5m" } }));
    assert_eq!(set["CgroupnsMode"], "private");
    assert_eq!(engine["Config"]["Healthcheck"]["Interval"], 5_000_000_000_i64);
    assert_eq!(engine["Name"].as_str().unwrap(), format!("/lb-{}-{}-plain", host.config.instance, a.id));
    assert_eq!(engine["Config"]["Labels"]["io.lunchbox.sandbox"], a.id.as_str());
    let status = a.run("exec plain cat /proc/self/status").await.ok();
    assert!(status.contains("NoNewPrivs:\t1") && status.contains("Seccomp:\t2"), "{status}");

    let id = a.run("run -d --name greedy --memory 100g --cpus 2 --pids-limit -1 --shm-size 10g --ulimit nofile=512 --tmpfs /t:size=9g --restart on-failure:99 --stop-timeout 9999 busybox sleep 1000").await.ok();
    let engine = on_engine(&id).await;
    let set = &engine["HostConfig"];
    assert_eq!(set["Memory"], limits.memory_max_bytes);
    assert_eq!(set["PidsLimit"], limits.pids_max);
    assert_eq!(set["ShmSize"], 64 * 1024 * 1024);
    assert_eq!(set["Ulimits"][0]["Hard"], 512);
    assert_eq!(set["Tmpfs"]["/t"], "size=67108864");
    assert_eq!(set["RestartPolicy"]["MaximumRetryCount"], 5);
    assert_eq!(engine["Config"]["StopTimeout"], 30);
    // The learner reads what they asked for.
    assert_eq!(inspect(a, "greedy", "{{.HostConfig.Memory}} {{.HostConfig.RestartPolicy.MaximumRetryCount}}").await, "107374182400 99");

    a.run("update --pids-limit -1 --memory 100g --cpus 64 greedy").await.ok();
    let engine = on_engine(&id).await;
    let set = &engine["HostConfig"];
    assert_eq!((set["PidsLimit"].as_i64(), set["Memory"].as_i64()), (Some(limits.pids_max), Some(limits.memory_max_bytes)));
    assert_eq!(set["NanoCpus"], limits.nano_cpus_max);
    a.run("update --memory 32m greedy").await.ok();
    assert_eq!(on_engine(&id).await["HostConfig"]["Memory"], 32 * 1024 * 1024);
    refused(a.run("update --cpuset-cpus 0 greedy").await, "--cpuset-cpus is switched off");
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
    refused(a.run("run -d --name three busybox sleep 1000").await, "this host may have 2 running containers");
    refused(a.run("create --name four busybox true").await, "this host may have 3 containers");
    let _held = a.spawn(&["exec", "one", "sleep", "1000"]);
    until("the first exec", || async { inspect(a, "one", "{{len .ExecIDs}}").await == "1" }).await;
    refused(a.run("exec one true").await, "1 commands may run by `docker exec` at once");
    a.run("rm three").await.ok();
    a.run("create --name four busybox true").await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_there_once() {
    let host = host(2).await;
    let (a, b) = (&host.sandboxes[0], &host.sandboxes[1]);
    let id = a.run("create --name web busybox true").await.ok();
    let taken = a.run("create --name web busybox true").await.fails();
    let words = format!(
        "Conflict. The container name \"/web\" is already in use by container \"{}\". You have to remove (or rename) that container to be able to reuse that name.",
        id.trim()
    );
    assert!(taken.contains(&words), "{taken}");
    b.run("create --name web busybox true").await.ok();
    a.run("create --name other busybox true").await.ok();
    assert!(a.run("rename other web").await.fails().contains("is already in use by container"));
    for bad in ["-x", "a/b", "a:b", "web.ws/", &"x".repeat(64)] {
        let (status, _) =
            a.http("POST", &format!("/v1.45/containers/create?name={}", bad.replace('/', "%2F")), r#"{"Image":"busybox"}"#).await;
        assert_eq!(status, 400, "{bad}");
    }
    // Of two at once, one.
    let (first, second) = tokio::join!(a.run("create --name race busybox true"), a.run("create --name race busybox true"));
    assert_eq!([first.code, second.code].iter().filter(|code| **code == 0).count(), 1, "{first:?} {second:?}");
    let made_up = a.run("create busybox true").await.ok();
    let name = inspect(a, made_up.trim(), "{{.Name}}").await;
    assert!(name.starts_with('/') && name.contains('_'), "{name}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_absent_image_is_told_as_docker_tells_it() {
    let host = TestHost::start(1).await;
    let (status, answer) = host.sandboxes[0].http("POST", "/v1.45/containers/create", r#"{"Image":"busybox"}"#).await;
    assert_eq!(status, 404);
    assert!(answer.contains("No such image: busybox:latest"), "{answer}");
    // The CLI pulls on exactly this.
    let printed = host.sandboxes[0].run("run --rm busybox echo pulled").await;
    assert_eq!(printed.out, "pulled\n", "{printed:?}");
    assert!(printed.err.contains("Unable to find image 'busybox:latest' locally"), "{printed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn inspect_shows_the_learners_own_names_and_nothing_of_ours() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    a.run("network create app").await.ok();
    a.run("run -d --name web --network app --network-alias www -v data:/data -v /anonymous -l mine=1 -p 8080:80 busybox sleep 1000")
        .await
        .ok();
    let text = a.run("inspect web").await.ok();
    let list = a.http("GET", "/v1.45/containers/json?all=1&size=1", "").await.1;
    for ours in ["lb-", "io.lunchbox", host.config.instance.as_str(), "5055", "overlay2/"] {
        assert!(!text.contains(ours), "{ours} is in {text}");
        assert!(!list.contains(ours), "{ours} is in {list}");
    }
    let shown: Value = serde_json::from_str::<Value>(&text).unwrap()[0].clone();
    assert_eq!(shown["Name"], "/web");
    assert_eq!(shown["Config"]["Image"], "busybox");
    assert_eq!(shown["Config"]["Labels"]["mine"], "1");
    assert_eq!(shown["HostConfig"]["NetworkMode"], "app");
    assert_eq!(shown["HostConfig"]["Binds"], json!(["data:/data"]));
    assert_eq!(shown["HostConfig"]["PortBindings"]["80/tcp"][0]["HostPort"], "8080");
    assert_eq!(shown["HostConfig"]["SecurityOpt"], Value::Null);
    assert_eq!(shown["HostConfig"]["Memory"], 0);
    assert_eq!(shown["NetworkSettings"]["Ports"]["80/tcp"][0], json!({ "HostIp": "0.0.0.0", "HostPort": "8080" }));
    assert_eq!(shown["NetworkSettings"]["Networks"]["app"]["Aliases"], json!(["www"]));
    let mounts = shown["Mounts"].as_array().unwrap();
    let data = mounts.iter().find(|mount| mount["Destination"] == "/data").unwrap();
    assert_eq!((data["Name"].as_str(), data["Source"].as_str()), (Some("data"), Some("/var/lib/docker/volumes/data/_data")));
    let anonymous = mounts.iter().find(|mount| mount["Destination"] == "/anonymous").unwrap();
    assert_eq!(anonymous["Name"].as_str().unwrap().len(), 64);
    // By its name and by its alias.
    for name in ["web", "www"] {
        assert_eq!(a.docker(&["run", "--rm", "--network", "app", "busybox", "nslookup", name]).await.code, 0, "{name}");
    }
    a.run("rename web site").await.ok();
    assert_eq!(a.run("run --rm --network app busybox nslookup site").await.code, 0);
    assert_eq!(a.run("run --rm --network none busybox ip addr show lo").await.code, 0);
    assert_eq!(a.run("run --rm --network container:site busybox true").await.code, 0);

    let volumes = a.run("volume ls -q").await.ok();
    assert_eq!(volumes.lines().count(), 2, "{volumes}");
    a.run("rm -fv site").await.ok();
    assert_eq!(a.run("volume ls -q").await.ok(), "data\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_a_volume_outlives_its_container() {
    let host = host(2).await;
    let (a, b) = (&host.sandboxes[0], &host.sandboxes[1]);
    a.docker(&["run", "--rm", "-v", "data:/x", "busybox", "sh", "-c", "echo kept > /x/f"]).await.ok();
    assert_eq!(a.run("run --rm --mount type=volume,src=data,dst=/y,readonly busybox cat /y/f").await.ok(), "kept\n");
    a.run("create --name holder -v data:/x busybox true").await.ok();
    assert_eq!(a.run("run --rm --volumes-from holder:ro busybox cat /x/f").await.ok(), "kept\n");
    assert_eq!(b.run("run --rm -v data:/x busybox ls /x").await.ok(), "");
}

/// A folder of the home, as the server makes it for a workstation.
#[tokio::test(flavor = "multi_thread")]
async fn folders_of_the_home_can_be_mounted_and_no_way_leads_out() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    refused(a.run("run --rm -v /root/site:/x busybox true").await, "this host has no /root");
    let home = format!("lb-{}-{}.home", host.config.instance, a.id);
    let labels: Vec<String> = a.handle.labels.iter().map(|(key, value)| format!("--label={key}={value}")).collect();
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    bare(&[&["volume", "create"], &labels[..], &[home.as_str()]].concat()).await.ok();
    let fill = "mkdir -p /h/site; echo hello > /h/site/index.html; echo conf > /h/file; ln -s /etc /h/way-out";
    bare(&["run", "--rm", "-v", &format!("{home}:/h"), "127.0.0.1:5055/library/busybox", "sh", "-c", fill]).await.ok();
    assert_eq!(a.run("run --rm -v /root/site:/x:ro busybox cat /x/index.html").await.ok(), "hello\n");
    assert_eq!(a.run("run --rm -v /root/file:/etc/conf busybox cat /etc/conf").await.ok(), "conf\n");
    assert_eq!(a.run("run --rm --mount type=bind,src=/root,dst=/x busybox cat /x/site/index.html").await.ok(), "hello\n");
    refused(a.run("run --rm -v /root/absent:/x busybox true").await, "should be mounted is not there");
    refused(a.run("run --rm -v /root/way-out:/x busybox true").await, "leads out of your home");
    a.run("create --name web -v /root/site:/x:ro busybox true").await.ok();
    assert_eq!(
        inspect(a, "web", "{{range .Mounts}}{{.Type}} {{.Source}} {{.Destination}} {{.RW}}{{end}}").await,
        "bind /root/site /x false"
    );
    assert_eq!(inspect(a, "web", "{{.HostConfig.Binds}}").await, "[/root/site:/x:ro]");
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_find_what_is_the_learners_own() {
    let host = host(2).await;
    let (a, b) = (&host.sandboxes[0], &host.sandboxes[1]);
    let theirs = b.run("create --name theirs -l secret=1 -v canary:/x busybox true").await.ok();
    a.run("run -d --name one -l tier=front -p 8080:80 -v data:/x busybox sleep 1000").await.ok();
    a.docker(&["run", "--name", "two", "-l", "tier=back", "busybox", "sh", "-c", "exit 3"]).await;
    for (arguments, expected) in [
        ("-a", vec!["two", "one"]),
        ("", vec!["one"]),
        ("-l", vec!["two"]),
        ("-n 2", vec!["two", "one"]),
        ("-a --filter name=on", vec!["one"]),
        ("-a --filter name=^two$", vec!["two"]),
        ("-a --filter label=tier", vec!["two", "one"]),
        ("-a --filter label=tier=front", vec!["one"]),
        ("--filter status=exited", vec!["two"]),
        ("-a --filter exited=3", vec!["two"]),
        ("-a --filter exited=0", vec![]),
        ("-a --filter ancestor=busybox", vec!["two", "one"]),
        ("-a --filter ancestor=nothing", vec![]),
        ("-a --filter volume=data", vec!["one"]),
        ("-a --filter volume=canary", vec![]),
        ("-a --filter network=bridge", vec!["two", "one"]),
        ("-a --filter publish=8080", vec!["one"]),
        ("-a --filter health=none", vec!["two", "one"]),
        ("-a --filter label=secret", vec![]),
        ("-a --filter label=io.lunchbox.role", vec![]),
        ("-a --filter since=one", vec!["two"]),
        ("-a --filter before=two", vec!["one"]),
    ] {
        assert_eq!(names(a, arguments).await, expected, "{arguments}");
    }
    // To ask about another's is to ask about nothing.
    for key in ["before", "since"] {
        let of = |id: String| async move { a.run(&format!("ps -a --filter {key}={id}")).await.fails().replace(&id, "ID") };
        assert_eq!(of(theirs.trim().to_owned()).await, of("f".repeat(64)).await);
    }
    assert!(a.run("ps --filter nonsense=1").await.fails().contains("invalid filter 'nonsense'"));
    assert!(a.run("container prune -f").await.ok().contains("Total reclaimed space"));
    assert_eq!(names(a, "-a").await, ["one"]);
    assert_eq!(names(b, "-a").await, ["theirs"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn anothers_container_looks_just_like_none() {
    let host = host(2).await;
    let (a, b) = (&host.sandboxes[0], &host.sandboxes[1]);
    a.run("create --name own busybox true").await.ok();
    let id = b.run("run -d --name victim busybox sleep 1000").await.ok().trim().to_owned();
    let exec: Value = serde_json::from_str(&b.http("POST", "/v1.45/containers/victim/exec", r#"{"Cmd":["true"]}"#).await.1).unwrap();
    let exec = exec["Id"].as_str().unwrap().to_owned();
    let random: String = (0..64).map(|_| char::from(b"0123456789abcdef"[rand::random_range(0..16)])).collect();
    let full = format!("lb-{}-{}-victim", host.config.instance, b.id);
    let rows = [
        ("GET", "/containers/{}/json", ""),
        ("GET", "/containers/{}/top", ""),
        ("GET", "/containers/{}/logs?stdout=1", ""),
        ("GET", "/containers/{}/changes", ""),
        ("GET", "/containers/{}/export", ""),
        ("GET", "/containers/{}/stats?stream=0", ""),
        ("POST", "/containers/{}/resize?h=1&w=1", ""),
        ("POST", "/containers/{}/start", ""),
        ("POST", "/containers/{}/stop", ""),
        ("POST", "/containers/{}/restart", ""),
        ("POST", "/containers/{}/kill", ""),
        ("POST", "/containers/{}/update", "{}"),
        ("POST", "/containers/{}/rename?name=x", ""),
        ("POST", "/containers/{}/pause", ""),
        ("POST", "/containers/{}/unpause", ""),
        ("POST", "/containers/{}/attach?stream=1", ""),
        ("POST", "/containers/{}/wait", ""),
        ("DELETE", "/containers/{}?force=1", ""),
        ("GET", "/containers/{}/archive?path=/", ""),
        ("PUT", "/containers/{}/archive?path=/", ""),
        ("POST", "/containers/{}/exec", r#"{"Cmd":["true"]}"#),
    ];
    for (method, path, body) in rows {
        for foreign in [id.as_str(), &id[..12], &id[..3], "victim", full.as_str()] {
            // As long as the foreign one, so that the answers can be compared letter by letter.
            let absent = if foreign.len() > 64 { "z".repeat(foreign.len()) } else { random[..foreign.len()].to_owned() };
            let of = |name: String| async move {
                let (status, answer) = a.http(method, &format!("/v1.45{}", path.replace("{}", &name)), body).await;
                (status, answer.replace(&name, "NAME"))
            };
            let (theirs, none) = (of(foreign.to_owned()).await, of(absent).await);
            assert_eq!(theirs, none, "{method} {path} {foreign}");
            assert_eq!(theirs.0, 404, "{method} {path} {foreign}");
        }
    }
    for (method, path, body) in [("GET", "/exec/{}/json", ""), ("POST", "/exec/{}/start", "{}"), ("POST", "/exec/{}/resize?h=1&w=1", "")] {
        let of = |name: String| async move {
            let (status, answer) = a.http(method, &format!("/v1.45{}", path.replace("{}", &name)), body).await;
            (status, answer.replace(&name, "NAME"))
        };
        assert_eq!(of(exec.clone()).await, of(random.clone()).await, "{method} {path}");
    }
    for flags in ["--volumes-from", "--network container:", "--pid container:", "--ipc container:"] {
        let line = |name: &str| format!("run --rm {flags}{}{name} busybox true", if flags.ends_with(':') { "" } else { " " });
        let theirs = a.run(&line(&id)).await.fails().replace(&id, "NAME");
        assert_eq!(theirs, a.run(&line(&random)).await.fails().replace(&random, "NAME"), "{flags}");
    }
    // And it's still there.
    assert_eq!(names(b, "").await, ["victim"]);
    assert_eq!(inspect(b, "victim", "{{.State.Running}} {{.State.Paused}}").await, "true false");
}
