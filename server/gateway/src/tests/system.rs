//! The host itself, networks, volumes, events, and a sandbox's end.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::io::Write as _;

use crate::{
    ActivityKind,
    networks::bridge_name,
    tests::support::{PATIENCE, Sandbox, TestHost, bare},
};

#[tokio::test(flavor = "multi_thread")]
async fn version_and_info_tell_of_a_host_of_ones_own() {
    let host = TestHost::start(1).await;
    let sandbox = &host.sandboxes[0];
    assert!(sandbox.run("version --format {{.Server.APIVersion}}").await.ok().starts_with("1.53"));
    let info = sandbox.run("info").await.ok();
    assert!(info.contains("Containers: 0") && info.contains("Images: 0") && info.contains("Name: lunchbox"), "{info}");
    assert!(!info.contains(&host.config.instance), "{info}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_host_has_the_three_networks_of_any_host() {
    let host = TestHost::start(1).await;
    let listed = host.sandboxes[0].docker(&["network", "ls", "--format", "{{.Name}} {{.Driver}}"]).await.ok();
    let mut names: Vec<&str> = listed.lines().collect();
    names.sort_unstable();
    assert_eq!(names, ["bridge bridge", "host host", "none null"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn networks_are_made_listed_inspected_and_removed_by_their_own_names() {
    let host = TestHost::start(2).await;
    let (alice, bob) = (&host.sandboxes[0], &host.sandboxes[1]);
    alice.run("network create --label a=b front").await.ok();
    // Both may use the same name.
    bob.run("network create front").await.ok();
    let inspected = alice.run("network inspect front").await.ok();
    assert!(inspected.contains("\"Name\": \"front\"") && inspected.contains("\"a\": \"b\""), "{inspected}");
    assert!(!inspected.contains("io.lunchbox") && !inspected.contains(&host.config.instance), "{inspected}");
    assert!(alice.run("network create front").await.fails().contains("network with name front already exists"));
    let id = alice.run("network inspect --format {{.Id}} front").await.ok();
    let id = id.trim();
    let random = "0".repeat(64);
    for asked in [id, &id[..12]] {
        let foreign = bob.docker(&["network", "inspect", asked]).await.fails();
        let absent = bob.docker(&["network", "inspect", &random[..asked.len()]]).await.fails();
        assert_eq!(foreign.replace(asked, "X"), absent.replace(&random[..asked.len()], "X"));
    }
    assert!(alice.run("network rm bridge").await.fails().contains("pre-defined network and cannot be removed"));
    alice.run("network rm front").await.ok();
    assert!(bob.run("network inspect front").await.code == 0, "bob's own stays");
    alice.saw("the removal", |kind| *kind == ActivityKind::NetworkRemoved { name: "front".to_owned() }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_network_has_a_bridge_that_a_firewall_knows_by_its_name() {
    let host = TestHost::start(1).await;
    let a = &host.sandboxes[0];
    // Somebody else has the bridge that would be the network's.
    let scope = crate::scope::Scope::new(a.id.clone(), &host.config, host.ledger());
    let first_choice = bridge_name(&scope.engine_name("taken"), true, 0);
    let (option, other) = (format!("com.docker.network.bridge.name={first_choice}"), format!("lb-{}-other", host.config.instance));
    let label = format!("io.lunchbox.instance={}", host.config.instance);
    bare(&["network", "create", "--internal", "--label", &label, "-o", &option, &other]).await.ok();
    for name in ["front", "taken"] {
        a.run(&format!("network create {name}")).await.ok();
    }
    let mut seen = vec![first_choice];
    for name in ["bridge", "front", "taken"] {
        let id = a.docker(&["network", "inspect", "--format", "{{.Id}}", name]).await.ok();
        let bridge =
            bare(&["network", "inspect", "--format", "{{index .Options \"com.docker.network.bridge.name\"}}", id.trim()]).await.ok();
        let bridge = bridge.trim().to_owned();
        let hex = bridge.strip_prefix("lbi").unwrap_or_default();
        assert!(hex.len() == 10 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')), "{name}: {bridge}");
        assert!(std::path::Path::new("/sys/class/net").join(&bridge).exists(), "{name}: {bridge}");
        // It's no learner's business.
        let shown = a.docker(&["network", "inspect", name]).await.ok();
        assert!(!shown.contains(&bridge) && !shown.contains(&bridge[2..]), "{shown}");
        assert!(!seen.contains(&bridge), "{name}: {bridge}");
        seen.push(bridge);
    }
    assert_eq!(a.docker(&["network", "inspect", "--format", "{{json .Options}}", "front"]).await.ok().trim(), "{}");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_plain_networks_can_be_made() {
    let host = TestHost::start(1).await;
    let sandbox = &host.sandboxes[0];
    for (line, words) in [
        ("network create -d macvlan x", "the driver macvlan"),
        ("network create -d overlay x", "the driver overlay"),
        ("network create --subnet 8.8.8.0/24 x", "Choose one from /16 to /29 within"),
        ("network create --ipv6 x", "(asked for IPv6)"),
        ("network create -o com.docker.network.bridge.name=docker0 x", "the driver option com.docker.network.bridge.name"),
        ("network create --ingress x", "--ingress"),
        ("network create --config-only x", "--config-only"),
        ("network create --config-from y x", "--config-from"),
        ("network create --label io.lunchbox.sandbox=other x", "label"),
    ] {
        let said = sandbox.run(line).await.fails();
        assert!(said.contains("lunchbox:") && said.contains(words), "{line}: {said}");
    }
    // Command lines newer than the one here have a flag for it.
    let (code, said) = sandbox.http("POST", "/v1.48/networks/create", r#"{"Name":"x","EnableIPv4":false}"#).await;
    assert!(code == 403 && said.contains("(asked for no IPv4, --ipv4=false)"), "{code} {said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn volumes_are_made_listed_inspected_and_removed_by_their_own_names() {
    let host = TestHost::start(2).await;
    let (alice, bob) = (&host.sandboxes[0], &host.sandboxes[1]);
    assert_eq!(alice.run("volume create --label a=b data").await.ok(), "data\n");
    bob.run("volume create data").await.ok();
    assert_eq!(alice.run("volume ls -q").await.ok(), "data\n");
    let inspected = alice.run("volume inspect data").await.ok();
    assert!(inspected.contains("/var/lib/docker/volumes/data/_data") && inspected.contains("\"a\": \"b\""), "{inspected}");
    assert!(!inspected.contains(&host.config.instance), "{inspected}");
    let anonymous = alice.run("volume create").await.ok();
    assert_eq!(anonymous.trim().len(), 64);
    assert_eq!(alice.run("volume prune -f").await.ok().lines().filter(|line| line.len() == 64).count(), 1);
    alice.run("volume rm data").await.ok();
    assert!(alice.run("volume rm data").await.fails().contains("no such volume"));
    assert_eq!(bob.run("volume ls -q").await.ok(), "data\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_volume_is_never_a_folder_of_the_real_host() {
    let host = TestHost::start(1).await;
    let sandbox = &host.sandboxes[0];
    for (line, words) in [
        ("volume create -o type=none -o o=bind -o device=/ v", "any folder of the shared host"),
        ("volume create -o type=nfs -o o=addr=169.254.169.254 -o device=:/ v", "any folder of the shared host"),
        ("volume create -o type=tmpfs -o device=tmpfs v", "any folder of the shared host"),
        ("volume create -d other v", "driver"),
        ("volume create --availability active v", "this host is no swarm"),
    ] {
        let said = sandbox.run(line).await.fails();
        assert!(said.contains("lunchbox:") && said.contains(words), "{line}: {said}");
    }
    assert_eq!(sandbox.run("volume ls -q").await.ok(), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_show_ones_own_and_nobody_elses() {
    let host = TestHost::start(2).await;
    let (alice, bob) = (&host.sandboxes[0], &host.sandboxes[1]);
    bob.run("volume create secret-of-bob").await.ok();
    alice.run("volume create mine").await.ok();
    let until = (crate::ledger::now_ms() / 1000 + 1).to_string();
    let printed = alice.docker(&["events", "--since", "0", "--until", &until]).await.ok();
    assert!(printed.contains("volume create mine"), "{printed}");
    assert!(!printed.contains("secret-of-bob"), "{printed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prune_takes_what_fits_its_filters_and_nothing_of_anothers() {
    let host = TestHost::start(2).await;
    let (alice, bob) = (&host.sandboxes[0], &host.sandboxes[1]);
    for sandbox in [alice, bob] {
        sandbox.run("network create --label of=work work").await.ok();
        sandbox.run("network create plain").await.ok();
    }
    let networks = async |sandbox: &Sandbox| sandbox.run("network ls --filter type=custom --format {{.Name}}").await.ok();
    assert_eq!(alice.run("network prune --force --filter until=1h").await.ok(), "");
    assert!(alice.run("network prune --force --filter until=soon").await.fails().contains("failed to parse value as time or duration"));
    assert_eq!(alice.run("network prune --force --filter label!=of=work").await.ok(), "Deleted Networks:\nplain\n\n");
    assert_eq!(networks(alice).await, "work\n");
    alice.run("system prune --force --filter label=of=play").await.ok();
    assert_eq!(networks(alice).await, "work\n");
    assert_eq!(alice.run("network prune --force --filter label=of=work").await.ok(), "Deleted Networks:\nwork\n\n");
    assert_eq!(networks(bob).await, "plain\nwork\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_into_a_volume_a_moment_ago_is_told_when_it_is_pruned() {
    let host = TestHost::start(1).await;
    let sandbox = &host.sandboxes[0];
    sandbox.run("pull -q busybox").await.ok();
    sandbox.run("create --name writer -v notes:/notes busybox true").await.ok();
    assert!(sandbox.run("system df").await.ok().contains("Local Volumes"));
    let mut note = tempfile::NamedTempFile::new().unwrap();
    note.write_all(b"kept").unwrap();
    sandbox.docker(&["cp", note.path().to_str().unwrap(), "writer:/notes/note"]).await.ok();
    sandbox.run("rm writer").await.ok();
    assert_eq!(sandbox.run("volume prune --force --all").await.ok(), "Deleted Volumes:\nnotes\n\nTotal reclaimed space: 4B\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_is_made_is_told_with_its_labels_to_those_who_know_of_it() {
    let host = TestHost::start(1).await;
    let alice = &host.sandboxes[0];
    alice.run("pull -q busybox").await.ok();
    alice.run("create --name box busybox true").await.ok();
    let id = alice.docker(&["commit", "--change", "LABEL of=alice", "box", "made"]).await.ok();
    alice.run("container prune --force").await.ok();
    let until = (crate::ledger::now_ms() / 1000 + 1).to_string();
    let told = async |version: &str, filters: &str| {
        let path = format!("/v{version}/events?since=0&until={until}&filters={filters}");
        let (status, lines) = alice.http("GET", &path, "").await;
        assert_eq!(status, 200, "{lines}");
        let lines =
            lines.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok()).filter(serde_json::Value::is_object);
        lines.map(|event| (event["Action"].as_str().unwrap().to_owned(), event["Actor"].clone())).collect::<Vec<_>>()
    };
    let of_alice = "%7B%22type%22:%5B%22image%22%5D,%22label%22:%5B%22of=alice%22%5D%7D";
    let actions = |told: Vec<(String, serde_json::Value)>| told.into_iter().map(|(action, _)| action).collect::<Vec<_>>();
    assert_eq!(actions(told("1.46", of_alice).await), ["create", "tag"]);
    assert_eq!(actions(told("1.45", of_alice).await), ["tag"]);
    let (_, actor) = told("1.46", of_alice).await.remove(0);
    assert_eq!((actor["ID"].as_str().unwrap(), &actor["Attributes"]["name"]), (id.trim(), &actor["ID"]));
    let pruned = told("1.46", "%7B%22event%22:%5B%22prune%22%5D%7D").await;
    assert!(pruned.len() == 1 && pruned[0].1["Attributes"]["reclaimed"] == "0", "{pruned:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_to_be_had_is_refused_with_a_reason() {
    let host = TestHost::start(1).await;
    let sandbox = &host.sandboxes[0];
    for (method, path) in [
        ("POST", "/v1.45/swarm/init"),
        ("POST", "/v1.45/services/create"),
        ("POST", "/v1.45/plugins/pull?remote=x"),
        ("GET", "/v1.45/containers/x/attach/ws"),
    ] {
        let (status, body) = sandbox.http(method, path, "").await;
        assert_eq!(status, 403, "{method} {path}: {body}");
        assert!(body.contains("lunchbox: "), "{body}");
    }
    for path in ["/debug/pprof/cmdline", "/v1.45/debug/vars", "/metrics", "/v1.45/libpod/info"] {
        assert_eq!(sandbox.http("GET", path, "").await.0, 404, "{path}");
    }
    for path in [
        "//containers/json",
        "/v1.45/containers%2Fjson",
        "/v1.45/../containers/json",
        "/v1.23/containers/json",
        "/v1.45./info",
        "/v1%2e41/info",
        "/%76%31.41/info",
    ] {
        let status = sandbox.http("GET", path, "").await.0;
        assert!(status == 400 || status == 404, "{path}: {status}");
    }
    assert!(sandbox.run("login -u a -p b 10.0.0.1").await.fails().contains("registry.lunchbox"));
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_a_sandbox_leaves_nothing_on_the_engine() {
    let host = TestHost::start(1).await;
    let sandbox = &host.sandboxes[0];
    sandbox.run("volume create data").await.ok();
    sandbox.run("network create front").await.ok();
    host.gateway.close(&sandbox.id).await.unwrap();
    let label = format!("label=io.lunchbox.instance={}", host.config.instance);
    for list in [["volume", "ls"], ["network", "ls"]] {
        assert_eq!(bare(&[list[0], list[1], "-q", "--filter", &label]).await.ok(), "");
    }
    assert!(!sandbox.socket.exists());
    // Once more, as after a crash in the middle.
    host.gateway.close(&sandbox.id).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn reconciling_removes_strays_and_spares_the_living() {
    let mut host = TestHost::start(1).await;
    let sandbox = host.sandboxes[0].clone();
    sandbox.run("volume create data").await.ok();
    let (instance, stray) = (format!("io.lunchbox.instance={}", host.config.instance), crate::SandboxId::random());
    let owner = format!("io.lunchbox.sandbox={stray}");
    bare(&["volume", "create", "--label", &instance, "--label", &owner, &format!("lb-{}-{stray}-x", host.config.instance)]).await.ok();
    host.restart().await;
    assert_eq!(host.gateway.reconcile().await.unwrap(), 1);
    assert_eq!(host.sandboxes[0].run("volume ls -q").await.ok(), "data\n");
    assert_eq!(host.gateway.open_sandboxes().await.unwrap(), [sandbox.id]);
}

#[tokio::test(flavor = "multi_thread")]
async fn activity_is_told_in_order_and_kept() {
    let mut host = TestHost::start(1).await;
    let sandbox = host.sandboxes[0].clone();
    let mut live = host.gateway.subscribe(&sandbox.id).unwrap();
    sandbox.run("volume create one").await.ok();
    sandbox.run("volume rm one").await.ok();
    let first = tokio::time::timeout(PATIENCE, live.recv()).await.unwrap().unwrap();
    assert_eq!(first.kind, ActivityKind::VolumeCreated { name: "one".to_owned() });
    host.restart().await;
    let kept = host.gateway.activity_since(&sandbox.id, 0, 10).await.unwrap();
    assert_eq!(kept.iter().map(|activity| activity.seq).collect::<Vec<_>>(), [1, 2]);
    host.sandboxes[0].run("volume create two").await.ok();
    assert_eq!(host.gateway.activity_since(&sandbox.id, 2, 10).await.unwrap()[0].seq, 3);
}
