//! What is refused, and what is limited.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may fail")]

use serde_json::json;

use super::{host, inspect, names, on_engine, refused};
use crate::{ActivityKind, SandboxLimits, tests::support::TestHost};

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
        ("-w /proc/self/fd/8", "can't be a working directory"),
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
        ("--group-add 0x0", "joining the group 0x0 is switched off"),
        ("--group-add +0", "joining the group +0 is switched off"),
        ("--group-add 010", "joining the group 010 is switched off"),
        ("--group-add 2147483648", "joining the group 2147483648 is switched off"),
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
    let published = "169.254.1.1:80:80";
    a.saw("what was asked for and refused", |kind| {
        matches!(kind, ActivityKind::Refused { container: Some(container), .. }
            if container.image == "busybox" && container.asked.auto_remove && container.asked.ports == [published])
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_are_joined_by_number_and_give_no_more_than_a_user_of_that_group_has() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    a.run("pull busybox").await.ok();
    assert_eq!(a.run("run --rm -u 1000:1000 --group-add 10 --group-add 2147483647 busybox id -G").await.ok(), "1000 10 2147483647\n");
    // What was to be had before, in other words.
    assert_eq!(a.run("run --rm -u 1000:10 busybox id -G").await.ok(), "10\n");
    let groups = |flags: &'static str| async move {
        a.run(&format!("run --rm -u 1000:1000 {flags} busybox grep -E ^Cap(Eff|Prm|Bnd) /proc/self/status")).await.ok()
    };
    assert_eq!(groups("--group-add 0 --group-add 999").await, groups("").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_cut_down_is_told_in_a_line_of_its_own() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    a.run("pull busybox").await.ok();
    let rows = [
        ("--memory 4g", "--memory 512m instead of 4g"),
        ("--memory 64m --memory-swap -1", "no swap, though --memory-swap asks for some"),
        ("--memory 64m --memory-swap 1g", "no swap, though --memory-swap asks for some"),
        ("--memory-reservation 400m", "--memory-reservation 256m instead of 400m"),
        ("--cpu-quota 450000 --cpu-period 100000", "--cpus 2 instead of 4.5"),
        ("--cpu-shares 4096", "--cpu-shares 1024 instead of 4096"),
        ("--pids-limit 1000", "--pids-limit 256 instead of 1000"),
        ("--pids-limit -1", "--pids-limit 256 instead of unlimited"),
        ("--shm-size 1g", "--shm-size 64m instead of 1g"),
        ("--tmpfs /t:size=1g", "a tmpfs of 64m instead of 1g"),
        ("--mount type=tmpfs,dst=/t,tmpfs-size=1073741824", "a tmpfs of 64m instead of 1g"),
        ("--ulimit nofile=100000:200000", "--ulimit nofile=65536:65536 instead of nofile=100000:200000"),
        ("--ulimit core=-1", "--ulimit core=0:0 instead of core=-1:-1"),
        ("--ulimit nproc=100", "no --ulimit nproc"),
        ("--restart on-failure:99", "--restart on-failure:5 instead of on-failure:99"),
        ("--stop-timeout 90", "--stop-timeout 30 instead of 90"),
        ("--log-opt max-size=10m", "--log-opt max-size=5m instead of max-size=10m"),
        ("--log-opt max-file=3", "--log-opt max-file=1 instead of max-file=3"),
        ("--health-cmd true --health-interval 1s", "--health-interval 5s instead of 1s"),
        ("--health-cmd true --health-timeout 1m", "--health-timeout 30s instead of 60s"),
        ("--health-cmd true --health-retries 50", "--health-retries 10 instead of 50"),
        ("--oom-score-adj 100", "--oom-score-adj 500 instead of 100"),
    ];
    for (flags, words) in rows {
        let printed = a.run(&format!("create --name cut {flags} busybox true")).await;
        let warned = format!("WARNING: lunchbox: the container runs with {words}");
        assert_eq!(printed.err.lines().filter(|line| line.starts_with(&warned)).count(), 1, "{flags}: {printed:?}");
        assert_eq!(printed.err.lines().count(), 1, "{flags}: {printed:?}");
        printed.ok();
        a.run("rm cut").await.ok();
    }
    // What is within the limits, or isn't asked for, is told to nobody.
    let within = "--memory 512m --memory-swap 512m --memory-reservation 64m --cpus 2 --cpu-shares 512 --pids-limit 256 --shm-size 64m --tmpfs /t:size=64m --ulimit nofile=1024:2048 --restart on-failure --stop-timeout 30 --log-opt max-size=5m --log-opt max-file=1 --health-cmd true --health-interval 5s";
    assert_eq!(a.run(&format!("create --name within {within} busybox true")).await.err, "");

    let updated =
        rows.iter().filter(|(flags, _)| ["--memory ", "--cpu", "--pids-limit", "--restart"].iter().any(|flag| flags.starts_with(flag)));
    for (flags, words) in updated {
        let printed = a.run(&format!("update {flags} within")).await;
        assert!(printed.out.contains(&format!("lunchbox: the container runs with {words}")), "{flags}: {printed:?}");
    }
    assert!(!a.run("update --memory 256m --memory-swap 256m within").await.ok().contains("lunchbox"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_score_that_is_raised_is_told() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    a.run("pull busybox").await.ok();
    for (score, runs_with, warns) in [("0", "500", false), ("100", "500", true), ("500", "500", false), ("700", "700", false)] {
        let printed = a.run(&format!("run --rm --oom-score-adj {score} busybox cat /proc/self/oom_score_adj")).await;
        assert_eq!(printed.err.contains("runs with --oom-score-adj 500"), warns, "{score}: {printed:?}");
        assert_eq!(printed.ok().trim(), runs_with, "{score}");
    }
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

    a.run("update --pids-limit -1 --memory 100g --cpus 2 greedy").await.ok();
    let engine = on_engine(&id).await;
    let set = &engine["HostConfig"];
    assert_eq!((set["PidsLimit"].as_i64(), set["Memory"].as_i64()), (Some(limits.pids_max), Some(limits.memory_max_bytes)));
    assert_eq!(set["NanoCpus"], limits.nano_cpus_max);
    a.run("update --memory 32m greedy").await.ok();
    assert_eq!(on_engine(&id).await["HostConfig"]["Memory"], 32 * 1024 * 1024);
    refused(a.run("update --cpuset-cpus 0 greedy").await, "--cpuset-cpus is switched off");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operators_runtime_runs_every_container_and_learners_see_the_usual_one() {
    let mut host = TestHost::start(0).await;
    // The default one's other name: with which the engine starts it is seen, without another being installed.
    host.config.runtime = Some("io.containerd.runc.v2".to_owned());
    host.restart().await;
    let a = host.open().await;
    a.run("pull busybox").await.ok();
    let id = a.run("run -d --name plain busybox sleep 1000").await.ok();
    assert_eq!(on_engine(&id).await["HostConfig"]["Runtime"], "io.containerd.runc.v2");
    assert_eq!(inspect(&a, "plain", "{{.HostConfig.Runtime}}").await, "runc");
    // By the name that learners read it is the operator's, too; by its own it can't be asked for.
    let id = a.run("create --runtime runc busybox true").await.ok();
    assert_eq!(on_engine(&id).await["HostConfig"]["Runtime"], "io.containerd.runc.v2");
    refused(a.run("run --rm --runtime io.containerd.runc.v2 busybox true").await, "--runtime is switched off");
}
