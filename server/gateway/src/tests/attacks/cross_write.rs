//! Changing or removing what is another learner's, or everybody's. 37 to 43.

use futures_util::future::join_all;

use super::{
    super::{
        containers::{host, inspect},
        support::{PATIENCE, Sandbox, TestHost, bare, until},
    },
    CANARY, Pair, gzip, tar,
};

/// An archive as `docker save` writes it: one layer, these names.
fn saved(names: &[&str], manifest_name: &[u8], more: &[(&[u8], &[u8])]) -> Vec<u8> {
    let layer = tar(&[(b"trojan", tar::EntryType::Regular, b"trojan")]);
    let diff = format!("sha256:{:x}", <sha2::Sha256 as sha2::Digest>::digest(&layer));
    let config = serde_json::json!({
        "architecture": crate::registry::architecture(), "os": "linux", "config": { "Cmd": ["trojan"] },
        "rootfs": { "type": "layers", "diff_ids": [diff] },
    })
    .to_string();
    let manifest = serde_json::json!([{ "Config": "c.json", "RepoTags": names, "Layers": ["l.tar"] }]).to_string();
    let mut entries: Vec<(&[u8], tar::EntryType, &[u8])> = vec![
        (b"c.json", tar::EntryType::Regular, config.as_bytes()),
        (b"l.tar", tar::EntryType::Regular, &layer),
        (manifest_name, tar::EntryType::Regular, manifest.as_bytes()),
    ];
    entries.extend(more.iter().map(|(name, content)| (*name, tar::EntryType::Regular, *content)));
    tar(&entries)
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_38_a_shared_name_is_overwritten_for_nobody_else() {
    let pair = Pair::new().await;
    let (a, b) = (&pair.a, &pair.b);
    let busybox = inspect(b, "busybox", "{{.Id}}").await;
    let held = format!("lb-{}/{}:{}", pair.host.config.instance, b.id, &pair.victim.image["sha256:".len()..][..12]);
    let course = "127.0.0.1:5055/library/busybox:latest";
    let shared = bare(&["image", "inspect", "--format", "{{.Id}}", course]).await.ok();
    let mut overwritten = 0;
    let names = ["busybox:latest", "canary-of-b-image:1", held.as_str(), course, "docker.io/library/busybox:latest"];
    let legacy = serde_json::json!({ "busybox": { "latest": "0".repeat(64) } }).to_string();
    let evil = serde_json::json!([{ "Config": "c.json", "RepoTags": [course], "Layers": ["l.tar"] }]).to_string();
    for archive in [
        saved(&names[..2], b"manifest.json", &[]),
        saved(&names[2..3], b"manifest.json", &[]),
        saved(&names[3..4], b"manifest.json", &[]),
        saved(&names[4..], b"manifest.json", &[]),
        saved(&["busybox:latest"], b"./manifest.json", &[]),
        saved(&["busybox:latest"], b"manifest.json", &[(b"manifest.json", evil.as_bytes())]),
        saved(&["mine:1"], b"manifest.json", &[(b"./manifest.json", evil.as_bytes())]),
        saved(&["busybox:latest"], b"manifest.json", &[(b"repositories", legacy.as_bytes())]),
        saved(&[], b"nothing", &[(b"repositories", legacy.as_bytes())]),
        saved(&["busybox:latest"], b"manifest.json", &[(b"index.json", br#"{"schemaVersion":2,"manifests":[]}"#), (b"oci-layout", b"{}")]),
        gzip(&saved(&names[..1], b"manifest.json", &[])),
        [b"\xfd7zXZ\0", &saved(&names[..1], b"manifest.json", &[])[..]].concat(),
        [b"\x28\xb5\x2f\xfd", &saved(&names[..1], b"manifest.json", &[])[..]].concat(),
    ] {
        overwritten += usize::from(a.docker_in(&["load"], &archive).await.code == 0);
    }
    // Some are honest enough to be taken, and change A's names.
    assert!(overwritten >= 2, "{overwritten}");
    a.docker_in(&["import", "-", "busybox:latest"], &tar(&[(b"x", tar::EntryType::Regular, b"x")])).await.ok();
    a.docker_in(&["build", "-q", "-t", "busybox", "-t", "canary-of-b-image:1", "-"], b"FROM scratch\nLABEL a=b\n").await.ok();
    a.docker(&["tag", "busybox", course]).await;
    a.docker(&["tag", "busybox", &held]).await;
    a.docker(&["tag", "busybox", "docker.io/library/alpine"]).await.ok();
    a.run("rmi -f busybox").await.ok();
    a.run("pull -q busybox").await.ok();
    a.run("create --name box busybox true").await.ok();
    a.run("commit box busybox:latest").await.ok();
    a.run("commit box nginx:latest").await.ok();
    assert_ne!(inspect(a, "busybox", "{{.Id}}").await, busybox);
    // Nobody else's, and not the engine's.
    assert_eq!(inspect(b, "busybox", "{{.Id}}").await, busybox);
    assert_eq!(bare(&["image", "inspect", "--format", "{{.Id}}", course]).await.ok(), shared);
    assert_eq!(bare(&["image", "inspect", "--format", "{{.Id}}", &held]).await.ok().trim(), pair.victim.image);
    pair.b_is_unharmed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_39_what_clears_away_clears_ones_own_away() {
    let pair = Pair::new().await;
    let a = &pair.a;
    let shared = "127.0.0.1:5055/library/busybox:latest";
    let id = bare(&["image", "inspect", "--format", "{{.Id}}", shared]).await.ok();
    a.run("create --name own busybox true").await.ok();
    for line in [
        "rmi -f busybox",
        "container prune -f",
        "image prune -af",
        "volume prune -af",
        "network prune -f",
        "builder prune -af",
        "system prune -af --volumes",
        "container prune -f --filter until=0s",
        "volume prune -f --filter all=1",
        "image prune -af --filter until=0s",
        "volume prune -f --filter label!=nobody",
        "network prune -f --filter label!=nobody",
    ] {
        a.run(line).await;
    }
    for path in ["/containers/prune", "/images/prune", "/volumes/prune", "/networks/prune", "/build/prune"] {
        for filters in [
            r"",
            r"{}",
            r#"{"dangling":["false"]}"#,
            r#"{"dangling":["false"],"dangling":["true"]}"#,
            r#"{"label":["io.lunchbox.sandbox"]}"#,
            r#"{"label":{"canary=canary-of-b":true}}"#,
            r#"{"until":["9999h"],"all":["true"]}"#,
            r#"{"Dangling":["false"]}"#,
            r#"{"id":["b"]}"#,
            r"[]",
            r#"{"all":["1"]}"#,
            r#"{"label!":["x"]}"#,
        ] {
            let filters = percent_encoding::utf8_percent_encode(filters, percent_encoding::NON_ALPHANUMERIC).to_string();
            a.http("POST", &format!("/v1.45{path}?filters={filters}&all=1"), "").await;
        }
    }
    assert_eq!(a.run("ps -aq").await.ok() + &a.run("images -q").await.ok(), "");
    assert_eq!(bare(&["image", "inspect", "--format", "{{.Id}}", shared]).await.ok(), id);
    pair.b_is_unharmed().await;
    assert!(pair.b.run("exec canary-of-b-web cat /data/canary").await.ok().contains(CANARY));
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_40_a_storm_of_removals_spares_what_is_made_beside_it() {
    let host = host(2).await;
    let (a, b) = (&host.sandboxes[0], &host.sandboxes[1]);
    let made = async {
        let mut made = Vec::new();
        for n in 0..10 {
            made.push(b.run(&format!("create --name made-{n} busybox true")).await.ok().trim().to_owned());
        }
        made
    };
    let storm = async {
        for n in 0..25 {
            // By every beginning of an ID that there can be, and by B's names.
            let line = |name: String| async move { a.http("DELETE", &format!("/v1.45/containers/{name}?force=1&v=1"), "").await };
            join_all((0..16).map(|digit| line(format!("{digit:x}"))).chain((0..4).map(|k| line(format!("made-{}", (n + k) % 10))))).await;
        }
    };
    let (made, ()) = tokio::join!(made, storm);
    let left = b.run("ps -aq --no-trunc").await.ok();
    assert_eq!(left.lines().count(), 10);
    assert!(made.iter().all(|id| left.contains(id.as_str())), "{left}");
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_41_71_the_registry_is_written_to_and_read_in_ones_own_corner_alone() {
    let pair = Pair::new().await;
    let (a, b) = (&pair.a, &pair.b);
    b.run("tag canary-of-b-image:1 registry.lunchbox/theirs:1").await.ok();
    b.run("push -q registry.lunchbox/theirs:1").await.ok();
    let digest = b.docker(&["image", "inspect", "--format", "{{index .RepoDigests 0}}", "registry.lunchbox/theirs:1"]).await.ok();
    let digest = digest.trim().rsplit_once('@').unwrap().1.to_owned();
    a.docker_in(&["build", "-q", "-t", "evil", "-"], b"FROM scratch\nLABEL evil=1\n").await.ok();
    let corner = format!("registry.lunchbox/learners/{}/theirs:1", b.id);
    let there = |name: String| async move {
        let mut stream = tokio::net::TcpStream::connect("127.0.0.1:5055").await.unwrap();
        let head = format!(
            "GET {name} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAccept: application/vnd.docker.distribution.manifest.v2+json\r\n\r\n"
        );
        tokio::io::AsyncWriteExt::write_all(&mut stream, head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        tokio::io::AsyncReadExt::read_to_string(&mut stream, &mut answer).await.unwrap();
        answer.lines().filter(|line| line.to_lowercase().starts_with("docker-content-digest")).collect::<String>()
    };
    let theirs = format!("/v2/learners/{}/theirs/manifests/1", b.id);
    let before = (there(theirs.clone()).await, there("/v2/library/busybox/manifests/latest".to_owned()).await);
    assert!(!before.0.is_empty() && !before.1.is_empty());
    for name in [
        corner.as_str(),
        "registry.lunchbox/theirs:1",
        "registry.lunchbox/library/busybox:latest",
        "busybox:latest",
        "docker.io/library/busybox:latest",
        "library/busybox",
        "127.0.0.1:5055/library/busybox:latest",
    ] {
        if a.docker(&["tag", "evil", name]).await.code == 0 {
            a.docker(&["push", "-q", name]).await;
        }
        // With credentials that the engine would take along.
        let auth = "eyJ1c2VybmFtZSI6ImIiLCJwYXNzd29yZCI6ImIifQ==";
        let (repository, tag) = name.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')).unwrap_or((name, "latest"));
        let request = format!(
            "POST /v1.45/images/{repository}/push?tag={tag} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Registry-Auth: {auth}\r\nContent-Length: 0\r\n\r\n"
        );
        a.raw(request.as_bytes()).await;
    }
    assert_eq!((there(theirs).await, there("/v2/library/busybox/manifests/latest".to_owned()).await), before);
    // Nor is it read: by name, by digest, by the corner's own path.
    for name in [
        corner,
        format!("registry.lunchbox/learners/{}/theirs@{digest}", b.id),
        format!("registry.lunchbox/theirs@{digest}"),
        format!("learners/{}/theirs:1", b.id),
        format!("busybox@{digest}"),
        format!("registry.lunchbox/../{}/theirs:1", b.id),
    ] {
        let said = a.docker(&["pull", &name]).await;
        // One's own corner has room for a path of any name: what lies there is what A has pushed.
        assert!(!said.out.contains(&digest), "{name}: {said:?}");
        let (code, answer) = a.http("GET", &format!("/v1.45/distribution/{name}/json"), "").await;
        assert!(code >= 400 || !answer.contains(&digest), "{name}: {code} {answer}");
    }
    for server in ["127.0.0.1:5055", "https://index.docker.io/v1/", "10.0.0.1", ""] {
        let body = serde_json::json!({ "username": b.id.as_str(), "password": b.id.as_str(), "serveraddress": server }).to_string();
        let (code, answer) = a.http("POST", "/v1.45/auth", &body).await;
        assert!(!answer.contains(b.id.as_str()), "{server}: {code} {answer}");
    }
    pair.b.run("rmi registry.lunchbox/theirs:1").await.ok();
    pair.b_is_unharmed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_42_what_was_half_made_when_the_gateway_died_is_cleared_away() {
    let mut host = host(1).await;
    let a = host.sandboxes[0].clone();
    // In the ledger and not on the engine, and the other way round.
    let ghost = a.run("create --name ghost busybox true").await.ok();
    bare(&["rm", "-f", ghost.trim()]).await.ok();
    let labels: Vec<String> = a
        .handle
        .labels
        .iter()
        .map(|(key, value)| format!("--label={key}={}", if key.ends_with("role") { "learner" } else { value }))
        .collect();
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    let half = format!("{}half", a.handle.name_prefix);
    bare(&[&["create", "--name", &half][..], &labels, &["127.0.0.1:5055/library/busybox", "true"]].concat()).await.ok();
    host.restart().await;
    host.gateway.reconcile().await.unwrap();
    let a: &Sandbox = &host.sandboxes[0];
    // What was half made isn't shown, nor is what is gone.
    assert_eq!(a.run("ps -a --format {{.Names}}").await.ok(), "");
    // The names are free, and with them goes what the engine had.
    for name in ["ghost", "half"] {
        a.run(&format!("create --name {name} busybox true")).await.ok();
    }
    let on_engine = bare(&["ps", "-a", "--filter", &format!("label=io.lunchbox.sandbox={}", a.id), "--format", "{{.Names}}"]).await.ok();
    assert_eq!(on_engine.lines().count(), 2, "{on_engine}");
    host.gateway.close(&a.id).await.unwrap();
    assert_eq!(bare(&["ps", "-aq", "--filter", &format!("label=io.lunchbox.sandbox={}", a.id)]).await.ok(), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_115_renaming_and_removing_at_once_leaves_the_ledger_and_the_engine_as_one() {
    let host: TestHost = host(1).await;
    let a = &host.sandboxes[0];
    for round in 0..6 {
        // A name comes free a moment after its container has gone, and not never.
        for name in ["xx", "yy"] {
            let create = format!("create --name {name} busybox true");
            until("the name is free", || async { a.run(&create).await.code == 0 }).await;
        }
        join_all([
            a.http("POST", "/v1.45/containers/xx/rename?name=zz", ""),
            a.http("POST", "/v1.45/containers/yy/rename?name=xx", ""),
            a.http("DELETE", "/v1.45/containers/xx?force=1", ""),
            a.http("POST", "/v1.45/containers/create?name=xx", r#"{"Image":"busybox"}"#),
            a.http("DELETE", "/v1.45/containers/yy?force=1", ""),
            a.http("POST", "/v1.45/containers/zz/rename?name=yy", ""),
        ])
        .await;
        let mut names: Vec<String> = a.run("ps -a --format {{.Names}}").await.ok().lines().map(str::to_owned).collect();
        let engine = bare(&["ps", "-a", "--filter", &format!("label=io.lunchbox.sandbox={}", a.id), "--format", "{{.Names}}"]).await.ok();
        let mut engine: Vec<String> = engine.lines().map(|name| name.strip_prefix(&a.handle.name_prefix).unwrap().to_owned()).collect();
        names.sort();
        engine.sort();
        assert_eq!(names, engine, "round {round}");
        let all = a.run("ps -aq").await.ok();
        let ids: Vec<&str> = all.split_whitespace().collect();
        if !ids.is_empty() {
            tokio::time::timeout(PATIENCE, a.docker(&[&["rm", "-f"], &ids[..]].concat())).await.unwrap().ok();
        }
    }
}
