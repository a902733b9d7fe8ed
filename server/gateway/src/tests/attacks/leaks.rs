//! What names, labels and error texts give away. 28 to 32.

use super::{
    super::{containers::host, support::Printed},
    CANARY, Pair, tar,
};

/// Everything that a command printed.
fn all(printed: &Printed) -> String {
    format!("{}{}", printed.out, printed.err)
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_28_a_name_that_looks_like_the_engines_is_a_name() {
    let pair = Pair::new().await;
    let a = &pair.a;
    let (instance, b) = (pair.host.config.instance.clone(), pair.b.id.clone());
    let like = [
        format!("lb-{instance}-{b}-x"),
        format!("lb-{instance}-{b}.ws"),
        format!("lb-{instance}-{}-x", a.id),
        format!("lb-{instance}-{b}.net"),
        "x".repeat(63),
        "lb-".to_owned(),
    ];
    for name in &like {
        let id = a.docker(&["create", "--name", name, "busybox", "true"]).await.ok();
        assert_eq!(a.docker(&["inspect", "--format", "{{.Name}}", id.trim()]).await.ok().trim(), format!("/{name}"));
        let engine = super::bare(&["inspect", "--format", "{{.Name}}", id.trim()]).await.ok();
        assert_eq!(engine.trim(), format!("/lb-{instance}-{}-{name}", a.id));
        a.docker(&["rm", name]).await.ok();
        a.docker(&["volume", "create", name]).await.ok();
        a.docker(&["volume", "rm", name]).await.ok();
        a.docker(&["network", "create", name]).await.ok();
        a.docker(&["network", "rm", name]).await.ok();
    }
    for name in ["../x", "..", ".", "%2e%2e", "a/b", "\u{43b}b-x", "a\u{200b}b", "x y", "", "-x", "_x", &"x".repeat(64), "a\u{0}b", "a\nb"]
    {
        let encoded = percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC).to_string();
        let (code, _) = a.http("POST", &format!("/v1.45/containers/create?name={encoded}"), r#"{"Image":"busybox"}"#).await;
        assert!(code == 400 || (name.is_empty() && code == 201), "{name:?}: {code}");
        for path in ["volumes", "networks"] {
            let body = serde_json::json!({ "Name": name }).to_string();
            let (code, answer) = a.http("POST", &format!("/v1.45/{path}/create"), &body).await;
            assert!(code == 400 || (name.is_empty() && code == 201), "{path} {name:?}: {code} {answer}");
        }
    }
    pair.b_is_unharmed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_29_a_label_of_ours_in_an_image_gives_it_to_nobody() {
    let pair = Pair::new().await;
    let (a, b) = (&pair.a, &pair.b);
    // As B's, as a workstation, as an own one's network: by an archive, where no Dockerfile was judged.
    let layer = tar(&[(b"x", tar::EntryType::Regular, b"x")]);
    let diff = format!("sha256:{:x}", <sha2::Sha256 as sha2::Digest>::digest(&layer));
    let config = serde_json::json!({
        "architecture": crate::registry::architecture(), "os": "linux",
        "config": { "Cmd": ["sh"], "Labels": { "io.lunchbox.sandbox": b.id.as_str(), "io.lunchbox.instance": pair.host.config.instance, "io.lunchbox.role": "workstation" } },
        "rootfs": { "type": "layers", "diff_ids": [diff] },
    });
    let manifest = serde_json::json!([{ "Config": "c.json", "RepoTags": ["forged:1"], "Layers": ["l.tar"] }]);
    let archive = tar(&[
        (b"c.json", tar::EntryType::Regular, config.to_string().as_bytes()),
        (b"l.tar", tar::EntryType::Regular, &layer),
        (b"manifest.json", tar::EntryType::Regular, manifest.to_string().as_bytes()),
    ]);
    let loaded = a.docker_in(&["load"], &archive).await;
    if loaded.code == 0 {
        let id = a.run("create --name forged forged:1").await.ok();
        let labels = super::bare(&["inspect", "--format", "{{index .Config.Labels \"io.lunchbox.sandbox\"}}", id.trim()]).await.ok();
        assert_eq!(labels.trim(), a.id.as_str());
        assert!(a.run("inspect forged").await.ok().contains("forged") && !a.run("inspect forged").await.ok().contains("io.lunchbox"));
    }
    for line in ["ps -a", "images -a"] {
        assert!(!b.run(line).await.ok().contains("forged"));
    }
    for label in [format!("io.lunchbox.sandbox={}", b.id), "io.lunchbox.role=workstation".to_owned()] {
        for create in [
            vec!["create", "--label", &label, "busybox"],
            vec!["volume", "create", "--label", &label, "v"],
            vec!["network", "create", "--label", &label, "n"],
        ] {
            a.docker(&create).await.fails();
        }
        assert_eq!(a.docker(&["ps", "-aq", "--filter", &format!("label={label}")]).await.ok(), "");
    }
    pair.b_is_unharmed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_31_a_name_that_came_free_is_whoever_has_it_now() {
    let host = host(2).await;
    let (a, b) = (&host.sandboxes[0], &host.sandboxes[1]);
    for round in 0..4 {
        let word = format!("of-b-{round}");
        b.docker(&["run", "-d", "--name", "web", "busybox", "echo", &word]).await.ok();
        let theirs = b.run("inspect --format {{.Id}} web").await.ok();
        assert!(a.run("logs web").await.fails().contains("No such container"));
        b.run("rm -f web").await.ok();
        let own = format!("of-a-{round}");
        a.docker(&["run", "--name", "web", "busybox", "echo", &own]).await.ok();
        assert_eq!(a.run("logs web").await.ok().trim(), own);
        for who in [a, b] {
            assert!(who.docker(&["logs", theirs.trim()]).await.fails().contains("No such container"));
        }
        assert!(b.run("logs web").await.fails().contains("No such container"));
        a.run("rm web").await.ok();
        assert!(a.run("logs web").await.fails().contains("No such container"));
        // The same of an image's name, from one ID to another.
        a.docker_in(&["build", "-q", "-t", "same", "-"], format!("FROM busybox\nCMD [\"echo\",\"{own}\"]\n").as_bytes()).await.ok();
        assert_eq!(a.run("run --rm same").await.ok().trim(), own);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_32_no_error_tells_of_the_engines_names() {
    let pair = Pair::new().await;
    let a = &pair.a;
    a.run("run -d --name own -p 8080:80 -v data:/data busybox sleep 1000").await.ok();
    a.run("create --name other busybox true").await.ok();
    a.run("network create net").await.ok();
    a.run("network connect net own").await.ok();
    let mut said = String::new();
    for line in [
        "run --name own busybox",
        "run -p 8080:80 busybox true",
        "run --rm busybox no-such-program",
        "run --rm -w /x/../\u{1} busybox true",
        "run --rm -u nobody:nogroup busybox true",
        "run --rm -v data:/data:nope busybox true",
        "run --rm --mount type=volume,src=data,dst=/x,volume-subpath=none busybox true",
        "run --rm --network none --network-alias x busybox true",
        "rename other own",
        "rm own",
        "rmi busybox",
        "volume rm data",
        "network rm net",
        "network rm bridge",
        "network connect net own",
        "network disconnect net other",
        "start nobody",
        "exec other true",
        "exec own no-such-program",
        "attach other",
        "cp own:/none -",
        "pause other",
        "unpause own",
        "kill other",
        "kill -s NOPE own",
        "update --memory 1 own",
        "commit nobody x",
        "pull nothing",
        "pull registry.lunchbox/nothing",
        "push busybox",
        "push registry.lunchbox/none",
        "tag none x",
        "save none",
        "top other",
        "stats --no-stream nobody",
        "port nobody",
        "run --rm --entrypoint /data busybox",
        "run --rm --user 99999999999 busybox true",
        "run --rm --hostname -x busybox true",
        "run --rm --ulimit nofile=5:1 busybox true",
        "run --rm --memory 1m busybox true",
        "run --rm --tmpfs /x:size=1 -v data:/x busybox true",
    ] {
        said.push_str(&format!("$ {line}\n{}\n", all(&a.run(line).await)));
    }
    for text in [
        "FROM busybox\nCOPY none /\n",
        "FROM busybox\nRUN exit 9\n",
        "FROM none\n",
        "FROM busybox\nUSER none\nRUN true\n",
        "FROM busybox\nWORKDIR /bin/sh\nRUN true\n",
        "FROM busybox\nADD none.tar /\n",
    ] {
        said.push_str(&format!("$ build {text}\n{}\n", all(&a.docker_in(&["build", "-"], text.as_bytes()).await)));
    }
    for secret in [
        "lb-",
        pair.host.config.instance.as_str(),
        a.id.as_str(),
        pair.b.id.as_str(),
        CANARY,
        "5055",
        "/var/lib/docker/overlay2",
        "/var/lib/docker/containers",
        "io.lunchbox.sandbox",
        "learners/",
        "/run/docker",
    ] {
        let found: Vec<&str> = said.lines().filter(|line| line.contains(secret)).collect();
        assert!(found.is_empty(), "{secret} is in {found:#?}");
    }
}
