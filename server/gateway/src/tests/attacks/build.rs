//! Builds that reach for more than their own. 44 to 57.

use super::{
    super::{
        containers::{host, inspect},
        support::{Printed, Sandbox, bare},
    },
    send, status, tar,
};

async fn build(sandbox: &Sandbox, text: &str, arguments: &[&str]) -> Printed {
    sandbox.docker_in(&[&["build"], arguments, &["-"]].concat(), text.as_bytes()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_44_a_committed_step_is_in_nobodys_cache() {
    let host = host(2).await;
    let (a, b) = (&host.sandboxes[0], &host.sandboxes[1]);
    // What B's step would run, with something planted, committed as if it were that step's outcome.
    let step = "echo hello > /hello";
    for (n, command) in [format!("/bin/sh -c {step}"), step.to_owned()].into_iter().enumerate() {
        let name = format!("poison-{n}");
        let words: Vec<&str> = if n == 0 { vec!["/bin/sh", "-c", step] } else { vec!["sh", "-c", step] };
        a.docker(&[&["run", "--name", &name, "busybox"][..], &words].concat()).await.ok();
        a.docker_in(&["cp", "-", &format!("{name}:/")], &tar(&[(b"backdoor", tar::EntryType::Regular, b"backdoor")])).await.ok();
        a.docker(&["commit", "-m", &command, &name]).await.ok();
    }
    let text = format!("FROM busybox\nRUN {step}\nRUN ls /\n");
    let built = build(b, &text, &["-t", "app"]).await.ok();
    assert!(!built.contains("Using cache") && !built.contains("backdoor"), "{built}");
    let theirs = b.run("run --rm app ls /").await.ok();
    assert!(theirs.contains("hello") && !theirs.contains("backdoor"), "{theirs}");
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_45_56_a_context_holds_what_was_judged_and_nothing_beside() {
    use tar::EntryType as E;
    let host = host(1).await;
    let a = &host.sandboxes[0];
    let good: (&[u8], E, &[u8]) = (b"Dockerfile", E::Regular, b"FROM busybox\nRUN echo judged\n");
    let evil: &[u8] = b"FROM busybox\nRUN echo evil-was-built\n";
    for (what, second) in [
        ("the same once more", b"Dockerfile".to_vec()),
        ("with a dot", b"./Dockerfile".to_vec()),
        ("from the root", b"/Dockerfile".to_vec()),
        ("from above", b"x/../Dockerfile".to_vec()),
        ("with two slashes", b".//Dockerfile".to_vec()),
        ("ours", b".lunchbox.dockerfile".to_vec()),
        ("ours, with a dot", b"./.lunchbox.dockerfile".to_vec()),
        ("in small letters", b"dockerfile".to_vec()),
        ("with a slash behind", b"Dockerfile/".to_vec()),
    ] {
        for entries in [vec![good, (&second, E::Regular, evil)], vec![(&second, E::Regular, evil), good]] {
            let answer = send(a, "POST /v1.45/build?version=1", "application/x-tar", &tar(&entries)).await;
            assert!(!answer.contains("evil-was-built"), "{what}: {answer}");
        }
    }
    for (what, entries) in [
        ("a link in its place", vec![(&b"real"[..], E::Regular, evil), (b"Dockerfile", E::Symlink, b"real")]),
        ("a folder in its place", vec![(&b"Dockerfile"[..], E::Directory, b""), (b"Dockerfile/x", E::Regular, evil)]),
        ("a device", vec![good, (b"x", E::Block, b"")]),
        ("a name above", vec![good, (b"../../tmp/x", E::Regular, b"x")]),
        ("a hard link above", vec![good, (b"x", E::Link, b"../../../etc/passwd")]),
    ] {
        let answer = send(a, "POST /v1.45/build?version=1", "application/x-tar", &tar(&entries)).await;
        assert!(matches!(status(&answer), 400..=413), "{what}: {answer}");
    }
    // A size that lies, in the way of PAX, and of GNU's sparse files.
    let pax = |record: &str| {
        let line = format!(" {record}\n");
        let length = (line.len()..line.len() + 4).find(|length| length.to_string().len() + line.len() == *length).unwrap();
        let content = format!("{length}{line}");
        tar(&[(b"pax", E::XHeader, content.as_bytes()), (b"Dockerfile", E::Regular, good.2), (b"x", E::Regular, &[b'y'; 1500])])
    };
    for record in [
        "size=3",
        "size=99999999999",
        "size=-1",
        "path=../../x",
        "path=/etc/x",
        "linkpath=../x",
        "GNU.sparse.major=1",
        "GNU.sparse.realsize=999999999999",
        "size=18446744073709551615",
    ] {
        let answer = send(a, "POST /v1.45/build?version=1", "application/x-tar", &pax(record)).await;
        assert!(!answer.is_empty() && !answer.contains("Internal"), "{record}: {answer}");
    }
    // A link that leads out within the context copies nothing of the host's.
    let text = b"FROM busybox\nCOPY way/passwd /x\nRUN cat /x\n";
    let answer = send(
        a,
        "POST /v1.45/build?version=1",
        "application/x-tar",
        &tar(&[(b"Dockerfile", E::Regular, text), (b"way", E::Symlink, b"/etc")]),
    )
    .await;
    assert!(!answer.contains("root:"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_46_47_48_49_54_no_instruction_reaches_beyond_however_it_is_written() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let url = format!("http://{at}/x");
    for text in [
        format!("FROM busybox\nADD {url} /x\n"),
        format!("FROM busybox\nadd {url} /x\n"),
        format!("FROM busybox\naDd [\"{url}\", \"/x\"]\n"),
        format!("FROM busybox\nADD [ \"{url}\" , \"/x\" ]\n"),
        format!("FROM busybox\nADD --chown=0:0 {url} /x\n"),
        format!("FROM busybox\nENV U={url}\nADD ${{U}} /x\n"),
        format!("FROM busybox\nENV A=http: B=//{at}/x\nADD $A$B /x\n"),
        format!("FROM busybox\nARG U={url}\nADD $U /x\n"),
        format!("FROM busybox\nARG U\nADD ${{U:-{url}}} /x\n"),
        format!("FROM busybox\nADD ht\"tp\"://{at}/x /x\n"),
        format!("FROM busybox\nADD 'http'://{at}/x /x\n"),
        format!("FROM busybox\nADD h\\ttp://{at}/x /x\n"),
        format!("# escape=`\nFROM busybox\nADD http:`\n//{at}/x /x\n"),
        format!("# escape=`\nFROM busybox\nADD h`ttp://{at}/x /x\n"),
        format!("FROM busybox\nADD http:\\\n//{at}/x /x\n"),
        format!("FROM busybox\nADD \\\n# comment\n{url} /x\n"),
        format!("FROM busybox\nADD HTTP://{at}/x /x\n"),
        format!("FROM busybox\nADD git://{at}/x.git /x\n"),
        format!("FROM busybox\nADD git@{at}:x.git /x\n"),
        format!("FROM busybox\nONBUILD ADD {url} /x\n"),
        format!("FROM busybox\nONBUILD ONBUILD ADD {url} /x\n"),
        format!("FROM busybox\nonbuild add {url} /x\n"),
        "FROM busybox\nONBUILD COPY --from=busybox / /\n".to_owned(),
        "FROM busybox\nONBUILD FROM busybox\n".to_owned(),
        format!("FROM {at}/x\n"),
        format!("ARG X={at}/x\nFROM $X\n"),
        format!("ARG X\nFROM ${{X:-{at}/x}}\n"),
        format!("FROM busybox\nCOPY --from={at}/x:1 / /\n"),
        format!("FROM busybox\nCOPY --FROM={at}/x:1 / /\n"),
        format!("FROM busybox\nCOPY --from \\\n={at}/x / /\n"),
        "FROM --platform=linux/s390x busybox\nRUN true\n".to_owned(),
        format!("# syntax={at}/evil/frontend:1\nFROM {at}/x\n"),
        "FROM busybox\nRUN --mount=type=bind,source=/,target=/x cat /x/etc/shadow\n".to_owned(),
        "FROM busybox\nRUN --security=insecure true\n".to_owned(),
        "FROM busybox\nRUN --network=host true\n".to_owned(),
    ] {
        let built = build(a, &text, &[]).await;
        assert!(built.code != 0, "{text}: {built:?}");
        assert!(!format!("{}{}", built.out, built.err).contains("root:"), "{text}: {built:?}");
    }
    for (argument, text) in [
        (format!("U={url}"), "FROM busybox\nARG U\nADD $U /x\n"),
        (format!("U={at}/x"), "ARG U\nFROM $U\n"),
        (format!("HTTP_PROXY={url}"), "FROM busybox\nADD $HTTP_PROXY /x\n"),
    ] {
        build(a, text, &["--build-arg", &argument]).await.fails();
    }
    // Every one was told so before anything was fetched.
    assert!(tokio::time::timeout(std::time::Duration::from_millis(50), listener.accept()).await.is_err());
    assert_eq!(a.run("images -q").await.ok().lines().count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_51_what_the_query_of_a_build_asks_for_is_forced() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    let context = tar(&[(
        b"Dockerfile",
        tar::EntryType::Regular,
        b"FROM busybox\nRUN cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null; ls /sys/class/net\n",
    )]);
    for query in ["memory=0", "memory=-1", "memswap=-1", "memory=999999999999", "cpuquota=0", "shmsize=99999999999"] {
        let answer = send(a, &format!("POST /v1.45/build?version=1&nocache=1&{query}"), "application/x-tar", &context).await;
        let most = host.config.limits.memory_max_bytes;
        // `{"stream":"536870912\n"}`
        let limits: Vec<i64> = answer.split("\"stream\":\"").filter_map(|rest| rest.split_once("\\n")?.0.parse().ok()).collect();
        assert!(status(&answer) >= 400 || (!limits.is_empty() && limits.iter().all(|bytes| *bytes <= most)), "{query}: {most} {answer}");
        assert!(!answer.contains("max\\n"), "{query}: {answer}");
    }
    for query in [
        "version=2",
        "outputs=%5B%5D&version=2",
        "t=a&t=lb-x/y:1&networkmode=none&networkmode=host",
        "T=busybox",
        "squash=1",
        "cpusetcpus=0-3",
        "isolation=hyperv",
        "platform=windows",
        "target=none",
        "buildargs=%5B",
        "labels=x",
        "remote=git%3A%2F%2Fx",
        "session=x",
        "cgroupparent=x",
        "securityopt=%5B%22seccomp%3Dunconfined%22%5D",
        "extrahosts=x%3Ahost-gateway",
    ] {
        let answer = send(
            a,
            &format!("POST /v1.45/build?{}{query}", if query.contains("version") { "" } else { "version=1&" }),
            "application/x-tar",
            &context,
        )
        .await;
        assert!(status(&answer) >= 400 || answer.contains("error"), "{query}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_55_63_a_health_check_is_slow_wherever_it_comes_from() {
    let host = host(2).await;
    let (a, b) = (&host.sandboxes[0], &host.sandboxes[1]);
    let text =
        "FROM busybox\nHEALTHCHECK --interval=1ms --timeout=1ms --start-period=1ms --retries=1000 CMD true\nCMD [\"sleep\",\"1000\"]\n";
    build(a, text, &["-t", "healthy"]).await.ok();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("saved.tar");
    let file = file.to_str().unwrap();
    a.docker(&["save", "-o", file, "healthy"]).await.ok();
    b.docker(&["load", "-i", file]).await.ok();
    for (sandbox, line) in [
        (a, "run -d --name box healthy"),
        (b, "run -d --name box healthy"),
        (b, "run -d --name quick --health-cmd true --health-interval 1ms --health-start-interval 1ms healthy"),
    ] {
        let id = sandbox.run(line).await.ok();
        let set = bare(&["inspect", "--format", "{{json .Config.Healthcheck}}", id.trim()]).await.ok();
        let set: serde_json::Value = serde_json::from_str(&set).unwrap();
        assert!(set["Interval"].as_i64().unwrap() >= 5_000_000_000, "{line}: {set}");
        assert!(set["StartInterval"].as_i64().is_none_or(|nanoseconds| nanoseconds == 0 || nanoseconds >= 5_000_000_000), "{line}: {set}");
        assert!(set["Retries"].as_i64().is_none_or(|retries| retries <= 1000), "{line}: {set}");
    }
    assert!(!inspect(a, "box", "{{.State.Health.Status}}").await.is_empty());
}
