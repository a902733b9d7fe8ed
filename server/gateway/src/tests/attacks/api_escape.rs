//! Out of the container, by way of the API. 1 to 21.

use std::time::{Duration, Instant};

use super::{
    super::{
        containers::{host, inspect, refused},
        support::{Sandbox, bare},
    },
    send, status, tar,
};

async fn create(sandbox: &Sandbox, body: &str) -> (u16, String) {
    sandbox.http("POST", "/v1.45/containers/create", body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_02_fields_of_the_host_at_the_top_level_are_no_fields() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    // Engines up to 26 would read them there.
    for rest in [
        r#""Privileged":true,"Binds":["/:/h"]"#,
        r#""Privileged":true,"Binds":["/:/h"],"HostConfig":null"#,
        r#""PidMode":"host""#,
        r#""NetworkMode":"host","HostConfig":{}"#,
        r#""CapAdd":["ALL"],"HostConfig":null"#,
        r#""privileged":true,"hostConfig":null"#,
        r#""hostconfig":{"privileged":true}"#,
        r#""HOSTCONFIG":{"Privileged":true},"HostConfig":{}"#,
    ] {
        let (status, answer) = create(a, &format!(r#"{{"Image":"busybox",{rest}}}"#)).await;
        assert!(status == 400 && answer.contains("lunchbox:"), "{rest}: {status} {answer}");
    }
    assert_eq!(a.run("ps -aq").await.ok(), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_04_a_start_takes_no_wishes() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    let id = a.run("create --name own busybox sleep 1000").await.ok();
    let wishes = r#"{"Privileged":true,"Binds":["/:/h"],"PidMode":"host"}"#;
    let (code, answer) = a.http("POST", "/v1.23/containers/own/start", wishes).await;
    assert!(code == 400 && answer.contains("client version 1.23 is too old"), "{answer}");
    for version in ["v1.41", "v1.45"] {
        a.run("stop -t 0 own").await.ok();
        assert_eq!(a.http("POST", &format!("/{version}/containers/own/start"), wishes).await.0, 204);
        let engine = bare(&["inspect", "--format", "{{.HostConfig.Privileged}} {{.HostConfig.Binds}} {{.HostConfig.PidMode}}|", id.trim()])
            .await
            .ok();
        assert_eq!(engine.trim(), "false [] |");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_07_a_folder_that_is_swapped_for_a_link_never_shows_the_host() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    let outside = tempfile::Builder::new().prefix("lbt").tempdir_in("/tmp").unwrap();
    std::fs::create_dir(outside.path().join("inner")).unwrap();
    for folder in ["", "inner/"] {
        std::fs::write(outside.path().join(format!("{folder}of-the-host")), "x").unwrap();
    }
    let out = outside.path().display();
    // The folder itself, and one above it.
    let swap = format!("cd /root; while :; do mkdir -p r p/inner; rm -rf r p; ln -s {out} r; ln -s {out} p; rm r p; done");
    host.workstation(a, &swap).await;
    let mut mounted = 0;
    for _ in 0..12 {
        let folders = ["/root/r", "/root/p/inner", "/root/./r/."];
        let runs = folders
            .map(|folder| async move { a.docker(&["run", "--rm", "-v", &format!("{folder}:/x"), "busybox", "ls", "-a", "/x"]).await });
        for printed in futures_util::future::join_all(runs).await {
            assert!(!printed.out.contains("of-the-host"), "{printed:?}");
            mounted += usize::from(printed.code == 0);
        }
    }
    // A folder that stays is mounted; so it wasn't that nothing ever could be.
    assert_eq!(a.run("run --rm -v /root:/x busybox true").await.code, 0, "{mounted}");
    assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_11_14_15_75_what_reaches_for_the_host_is_refused_in_every_spelling() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    for wish in [
        r#""CapAdd":["cap_sys_ptrace"]"#,
        r#""CapAdd":["Sys_Admin"]"#,
        r#""CapAdd":[" CAP_SYS_ADMIN "]"#,
        r#""CapAdd":["CAP_ALL"]"#,
        r#""CapAdd":["CAP_CAP_SYS_ADMIN"]"#,
        r#""CapAdd":["NET_RAW"]"#,
        r#""DeviceRequests":[{"Count":-1,"Capabilities":[["gpu"]]}]"#,
        r#""Devices":[{"PathOnHost":"/dev/kmsg","PathInContainer":"/k","CgroupPermissions":"rwm"}]"#,
        r#""DeviceCgroupRules":["a *:* rwm"]"#,
        r#""Sysctls":{"kernel.core_pattern":"|/x"}"#,
        r#""Runtime":"/tmp/x""#,
        r#""Runtime":"io.containerd.runc.v2""#,
        r#""CgroupParent":"/""#,
        r#""Annotations":{"a":"b"}"#,
        r#""Isolation":"hyperv""#,
        r#""VolumeDriver":"nfs""#,
        r#""OomScoreAdj":-1000"#,
        r#""OomKillDisable":true"#,
        r#""UsernsMode":"host""#,
        r#""CgroupnsMode":"host""#,
        r#""UTSMode":"host""#,
        r#""IpcMode":"host""#,
        r#""PidMode":"host""#,
        r#""SecurityOpt":["no-new-privileges=false"]"#,
        r#""SecurityOpt":["label=disable"]"#,
        r#""SecurityOpt":["apparmor=unconfined"]"#,
        r#""ReadonlyPaths":[]"#,
        r#""Binds":["/:/x:rshared"]"#,
        r#""Binds":["data:/x:rshared"]"#,
        r#""Mounts":[{"Type":"bind","Source":"/root","Target":"/x","BindOptions":{"Propagation":"rshared"}}]"#,
        r#""Mounts":[{"Type":"bind","Source":"/var/run/docker.sock","Target":"/x"}]"#,
        r#""Mounts":[{"Type":"npipe","Source":"x","Target":"/x"}]"#,
        r#""LogConfig":{"Type":"syslog","Config":{"syslog-address":"tcp://10.0.0.1:22"}}"#,
        r#""LogConfig":{"Type":"fluentd","Config":{"fluentd-address":"unix:///var/run/docker.sock"}}"#,
        r#""LogConfig":{"Type":"gelf","Config":{"gelf-address":"udp://10.0.0.1:1"}}"#,
    ] {
        let (status, answer) = create(a, &format!(r#"{{"Image":"busybox","HostConfig":{{{wish}}}}}"#)).await;
        assert!(status == 403 || status == 400, "{wish}: {status} {answer}");
    }
    assert_eq!(a.run("ps -aq").await.ok() + &a.run("volume ls -q").await.ok(), "");
    // Of a log's own settings only ours reach the engine.
    let (code, made) =
        create(a, r#"{"Image":"busybox","HostConfig":{"LogConfig":{"Type":"json-file","Config":{"max-size":"100g","labels":"x"}}}}"#).await;
    assert_eq!(code, 201, "{made}");
    let made: serde_json::Value = serde_json::from_str(&made).unwrap();
    let engine = bare(&["inspect", "--format", "{{json .HostConfig.LogConfig}}", made["Id"].as_str().unwrap()]).await.ok();
    assert!(engine.contains(r#""max-size":"5m""#) && !engine.contains("100g"), "{engine}");
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_12_a_process_has_no_rights_that_the_host_would_feel() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    a.run("run -d --name box busybox sleep 1000").await.ok();
    for arguments in
        [&["run", "--rm", "busybox"][..], &["run", "--rm", "--user", "root", "busybox"], &["exec", "box"], &["exec", "--user", "0", "box"]]
    {
        let said = a.docker(&[arguments, &["cat", "/proc/self/status"]].concat()).await.ok();
        let field = |name: &str| said.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim().to_owned();
        assert_eq!((field("Seccomp:"), field("NoNewPrivs:")), ("2".to_owned(), "1".to_owned()), "{arguments:?}");
        for set in ["CapEff:", "CapPrm:", "CapBnd:", "CapInh:", "CapAmb:"] {
            let has = u64::from_str_radix(&field(set), 16).unwrap();
            // NET_ADMIN, NET_RAW, SYS_MODULE, SYS_RAWIO, SYS_PTRACE, SYS_ADMIN, SYS_BOOT, SYS_TIME, MKNOD, MAC_ADMIN, SYSLOG, BPF.
            for forbidden in [12, 13, 16, 17, 19, 21, 22, 25, 27, 33, 34, 39] {
                assert_eq!(has >> forbidden & 1, 0, "{arguments:?} {set} {has:x} has {forbidden}");
            }
        }
    }
    for covered in ["/proc/kcore", "/proc/keys", "/proc/timer_list"] {
        let read = a.docker(&["exec", "box", "sh", "-c", &format!("[ ! -e {covered} ] || head -c 1 {covered} | wc -c")]).await.ok();
        assert!(matches!(read.trim(), "" | "0"), "{covered}: {read}");
    }
    for written in ["/proc/sysrq-trigger", "/proc/sys/kernel/core_pattern", "/sys/kernel/uevent_helper", "/proc/self/oom_score_adj"] {
        a.docker(&["exec", "box", "sh", "-c", &format!("echo -999 > {written}")]).await.fails();
    }
    a.run("exec box mount -t tmpfs x /mnt").await.fails();
    a.run("exec box mknod /disk b 8 0").await.fails();
    a.run("exec box chroot /proc/1/root true").await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_13_no_command_is_run_with_privileges_however_it_is_spelled() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    a.run("run -d --name box busybox sleep 1000").await.ok();
    for (wish, expected) in [
        (r#""Privileged":true"#, 403),
        (r#""\u0050rivileged":true"#, 403),
        (r#""privileged":true"#, 400),
        (r#""PRIVILEGED":true"#, 400),
        (r#""Privileged":false,"privileged":true"#, 400),
        (r#""Privileged":false,"Privileged":true"#, 400),
        (r#""HostConfig":{"Privileged":true}"#, 400),
    ] {
        let (status, answer) = a.http("POST", "/v1.45/containers/box/exec", &format!(r#"{{"Cmd":["id"],{wish}}}"#)).await;
        assert_eq!(status, expected, "{wish}: {answer}");
    }
    // Nor is it to be had when the command is started.
    let (_, made) = a.http("POST", "/v1.45/containers/box/exec", r#"{"Cmd":["cat","/proc/self/status"],"AttachStdout":true}"#).await;
    let made: serde_json::Value = serde_json::from_str(&made).unwrap();
    let (status, answer) =
        a.http("POST", &format!("/v1.45/exec/{}/start", made["Id"].as_str().unwrap()), r#"{"Detach":false,"Privileged":true}"#).await;
    assert_eq!(status, 400, "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_17_no_program_of_a_containers_unpacks_for_the_engine() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    let tripwire = tempfile::Builder::new().prefix("lbt").tempdir_in("/tmp").unwrap();
    let wire = tripwire.path().join("sprung");
    // Where the engine looks for programs to unpack with.
    let trojan = format!("#!/bin/sh\ntouch {} /sprung\nexec cat\n", wire.display());
    let script = trojan.replace('\n', "\\n");
    let mut text = "FROM busybox\n".to_owned();
    for name in ["xz", "unpigz", "gzip", "bzip2", "zstd", "unzstd"] {
        for folder in ["/usr/bin", "/bin", "/usr/local/bin", "/sbin"] {
            text.push_str(&format!(
                "RUN mkdir -p {folder} && rm -f {folder}/{name} && printf '{script}' > {folder}/{name} && chmod +x {folder}/{name}\n"
            ));
        }
    }
    a.docker_in(&["build", "-q", "-t", "trojan", "-"], text.as_bytes()).await.ok();
    a.run("run -d --name box trojan sleep 1000").await.ok();
    for magic in [&b"\xfd7zXZ\0"[..], b"BZh9", b"\x28\xb5\x2f\xfd", b"\x50\x2a\x4d\x18", b"\x1f\x8b\x08"] {
        for before in [&b""[..], b"./", b"/"] {
            let archive = tar(&[(&[before, magic, b"x"].concat(), tar::EntryType::Regular, b"plain")]);
            let archive = if before.is_empty() { [magic, &[0; 600][..]].concat() } else { archive };
            let answer = send(a, "PUT /v1.45/containers/box/archive?path=/tmp", "application/x-tar", &archive).await;
            assert!(matches!(status(&answer), 200 | 400), "{magic:x?}: {answer}");
        }
    }
    assert!(!wire.exists());
    assert_eq!(a.run("exec box ls /sprung").await.code, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_18_a_mount_that_is_swapped_during_a_copy_reaches_no_path_of_the_host() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    let outside = tempfile::Builder::new().prefix("lbt").tempdir_in("/tmp").unwrap();
    let out = outside.path().display();
    // The engine mounts /p/v/w anew for every copy; the folder above it is now one, now a link to the host's.
    let swap = format!("while :; do mv /p /q && ln -s {out} /p; rm -f /p; mv /q /p; done");
    a.docker(&["run", "-d", "--name", "box", "-v", "data:/p/v/w", "busybox", "sh", "-c", &swap]).await.ok();
    let archive = tar(&[(b"x", tar::EntryType::Regular, b"x")]);
    let until = Instant::now() + Duration::from_secs(8);
    let mut copies = 0;
    while Instant::now() < until {
        let asks = (0..4).map(|n| async move {
            match n % 2 {
                0 => a.http("HEAD", "/v1.45/containers/box/archive?path=/", "").await.0,
                _ => a.http("GET", "/v1.45/containers/box/archive?path=/etc/passwd", "").await.0,
            }
        });
        futures_util::future::join_all(asks).await;
        send(a, "PUT /v1.45/containers/box/archive?path=/tmp", "application/x-tar", &archive).await;
        copies += 5;
    }
    let made: Vec<_> = std::fs::read_dir(outside.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(made.is_empty(), "after {copies} copies the host has {made:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_20_no_image_is_committed_or_imported_with_a_trigger() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    a.run("create --name box busybox true").await.ok();
    for change in [
        "ONBUILD COPY --from=x / /",
        "onbuild ADD http://127.0.0.1:1/x /x",
        "ENV A=b\nONBUILD RUN true",
        "COPY --from=x / /",
        "RUN true",
        "ADD http://127.0.0.1:1/x /",
        "FROM x",
    ] {
        a.docker(&["commit", "--change", change, "box", "trap"]).await.fails();
        a.docker_in(&["import", "--change", change, "-", "trap"], &tar(&[])).await.fails();
    }
    // By the body, where older engines take a whole configuration.
    let (status, answer) = a.http("POST", "/v1.45/commit?container=box&repo=trap", r#"{"OnBuild":["ADD http://127.0.0.1:1/x /x"]}"#).await;
    assert_eq!(status, 400, "{answer}");
    assert_eq!(a.run("images -q trap").await.ok(), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_21_what_is_the_classrooms_own_is_not_there() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    host.workstation(a, "exec sleep 1000").await;
    let filter = format!("label=io.lunchbox.sandbox={}", a.id);
    let workstation = bare(&["ps", "-q", "--no-trunc", "--filter", &filter]).await.ok().trim().to_owned();
    bare(&["rename", &workstation, &format!("lb-{}-{}.ws", host.config.instance, a.id)]).await.ok();
    let registry = bare(&["ps", "-q", "--no-trunc", "--filter", "name=registry"]).await.ok();
    let mut names = vec![format!("lb-{}-{}.ws", host.config.instance, a.id), ".ws".to_owned(), "lunchbox-registry".to_owned()];
    names.extend(
        [workstation.as_str()].into_iter().chain(registry.lines()).flat_map(|id| [id.to_owned(), id[..12].to_owned(), id[..6].to_owned()]),
    );
    for name in &names {
        for line in ["inspect", "logs", "kill", "rm -f", "stop", "exec", "top", "diff", "pause", "export"] {
            let words: Vec<&str> = line.split(' ').chain([name.as_str()]).chain((line == "exec").then_some("true")).collect();
            let printed = a.docker(&words).await;
            // `rm --force` of what isn't there is no failure.
            assert!(printed.code != 0 || line == "rm -f", "{words:?}: {printed:?}");
            assert!(printed.err.to_lowercase().contains("no such"), "{words:?}: {printed:?}");
        }
        for flag in ["--pid", "--network", "--ipc"] {
            a.run(&format!("run --rm {flag} container:{name} busybox true")).await.fails();
        }
        a.run(&format!("run --rm --volumes-from {name} busybox true")).await.fails();
    }
    let home = format!("lb-{}-{}.home", host.config.instance, a.id);
    for volume in [home.as_str(), ".home", "lunchbox-registry"] {
        assert!(a.docker(&["volume", "inspect", volume]).await.fails().contains("no such volume"));
        assert_ne!(a.docker(&["run", "--rm", "-v", &format!("{volume}:/x"), "busybox", "ls", "/x/docker"]).await.code, 0, "{volume}");
    }
    assert_eq!(bare(&["inspect", "--format", "{{.State.Running}}", &workstation]).await.ok().trim(), "true");
    refused(a.run("run --rm -l io.lunchbox.role=workstation busybox true").await, "classroom's own");
    assert_eq!(inspect(a, "busybox", "{{.Id}}").await.len(), 71);
}
