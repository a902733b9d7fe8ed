//! What is hung up, closed or removed in the middle, so that the engine or the registry has something that is on no list.
//! 137 to 143.

use std::{collections::BTreeSet, time::Duration};

use futures_util::future::join_all;
use sha2::{Digest, Sha256};
use tokio::{io::AsyncWriteExt, net::UnixStream};

use super::{
    super::{
        containers::host,
        support::{PATIENCE, Sandbox, TestHost, bare, until},
    },
    tar,
};
use crate::{registry::Registry, sandbox::Sandbox as Served, scope::SANDBOX_LABEL};

/// Sends a request, and hangs up a moment later.
async fn hang_up(sandbox: &Sandbox, head: &str, body: &[u8], after: Duration) {
    let head = format!(
        "{head} HTTP/1.1\r\nHost: docker\r\nX-Registry-Auth: e30=\r\nContent-Type: application/x-tar\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = UnixStream::connect(&sandbox.socket).await.unwrap();
    stream.write_all(&[head.as_bytes(), body].concat()).await.unwrap();
    tokio::time::sleep(after).await;
}

/// So many moments, so far apart.
pub(super) fn moments(count: u32, apart: Duration) -> impl Iterator<Item = Duration> {
    (0..count).map(move |number| apart * number)
}

/// Nothing of the sandbox's is under way any more, but for connections.
pub(super) async fn quiet(sandbox: &Sandbox) {
    let served = sandbox.gateway.served(&sandbox.id);
    until("the end of what goes on", || async { is_quiet(&served) }).await;
}

fn is_quiet(served: &Served) -> bool {
    served.answering.is_empty() && served.spent.is_empty() && served.building.available_permits() == 1
}

fn lines(text: &str) -> BTreeSet<String> {
    text.lines().map(str::to_owned).collect()
}

/// IDs of the images that the engine keeps for the sandbox by a name.
pub(super) async fn held(host: &TestHost, sandbox: &Sandbox) -> BTreeSet<String> {
    let name = format!("reference=lb-{}/{}", host.config.instance, sandbox.id);
    lines(&bare(&["images", "-q", "--no-trunc", "--filter", &name]).await.ok())
}

/// IDs of those without a name.
async fn nameless(sandbox: &Sandbox) -> BTreeSet<String> {
    let label = format!("label={SANDBOX_LABEL}={}", sandbox.id);
    lines(&bare(&["images", "-q", "--no-trunc", "--filter", "dangling=true", "--filter", &label]).await.ok())
}

/// Fails where the engine has an image for the sandbox that is on none of its lists.
pub(super) async fn all_is_known(host: &TestHost, sandbox: &Sandbox, when: &str) {
    let ledger = host.ledger();
    let rows = ledger.images(&sandbox.id).await.unwrap();
    let own: BTreeSet<String> = rows.iter().filter(|row| row.origin.is_own()).map(|row| row.image_id.clone()).collect();
    assert_eq!(held(host, sandbox).await, own, "{when}: held, and known");
    let steps: BTreeSet<String> = ledger.build_steps(&sandbox.id).await.unwrap().into_iter().map(|row| row.holder).collect();
    let nameless = nameless(sandbox).await;
    assert!(nameless.is_subset(&steps), "{when}: steps {nameless:?}, of which are known {steps:?}");
}

/// What the registry has in the sandbox's corner under these names.
async fn in_registry(host: &TestHost, sandbox: &Sandbox, names: &[String]) -> BTreeSet<String> {
    let registry = Registry::new(&host.config.registry);
    let mut there = BTreeSet::new();
    for name in names {
        if registry.digest(&format!("learners/{}/{name}", sandbox.id), "latest").await.unwrap().is_some() {
            there.insert(name.clone());
        }
    }
    there
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_137_a_push_that_is_hung_up_leaves_nothing_in_the_registry_that_is_on_no_list() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    let names: Vec<String> = (0..16).map(|number| format!("q{number}")).collect();
    for (name, moment) in names.iter().zip(moments(16, Duration::from_millis(4))) {
        a.run(&format!("tag busybox registry.lunchbox/{name}")).await.ok();
        hang_up(a, &format!("POST /v1.45/images/registry.lunchbox/{name}/push?tag=latest"), b"", moment).await;
    }
    quiet(a).await;
    let there = in_registry(&host, a, &names).await;
    let known = host.ledger().pushed(&a.id).await.unwrap();
    let known: BTreeSet<String> =
        known.iter().filter_map(|(name, _)| Some(name.split_once('/')?.1.strip_suffix(":latest")?.to_owned())).collect();
    assert!(!there.is_empty(), "some came through");
    assert_eq!(there, known);
    // And one of which nobody knows what it came to: killed with the server.
    host.ledger().begin_push(&a.id, "registry.lunchbox/killed:latest").await.unwrap();
    let (from, to) = (format!("{}/library/busybox", host.config.registry), format!("{}/learners/{}/killed", host.config.registry, a.id));
    bare(&["tag", &from, &to]).await.ok();
    bare(&["push", "-q", &to]).await.ok();
    bare(&["rmi", &to]).await.ok();
    host.gateway.close(&a.id).await.unwrap();
    let names = [&names[..], &["killed".to_owned()]].concat();
    assert!(in_registry(&host, a, &names).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_138_a_load_that_is_hung_up_leaves_no_image_that_is_on_no_list() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    for (number, moment) in moments(12, Duration::from_millis(15)).enumerate() {
        hang_up(a, "POST /v1.45/images/load", &archive(&format!("load {number}"), 4_000_000), moment).await;
        quiet(a).await;
        all_is_known(&host, a, &format!("{moment:?}")).await;
    }
    assert!(!held(&host, a).await.is_empty(), "some came through");
}

/// An image with one file of so many bytes, as `docker save` writes it.
fn archive(what: &str, bytes: usize) -> Vec<u8> {
    let mut content = what.as_bytes().to_vec();
    content.resize(bytes, b' ');
    let regular = tar::EntryType::Regular;
    let layer = super::tar(&[(b"file", regular, &content)]);
    let diff_id = format!("sha256:{:x}", Sha256::digest(&layer));
    let config = serde_json::json!({
        "architecture": crate::registry::architecture(), "os": "linux", "config": { "Cmd": ["/x"] },
        "rootfs": { "type": "layers", "diff_ids": [diff_id] }, "history": [{ "created_by": "by hand" }],
    })
    .to_string();
    let name = format!("{:x}.json", Sha256::digest(&config));
    let manifest =
        serde_json::json!([{ "Config": name, "RepoTags": [format!("{}:1", what.replace(' ', "-"))], "Layers": ["layer.tar"] }]).to_string();
    super::tar(&[
        (name.as_bytes(), regular, config.as_bytes()),
        (b"layer.tar", regular, &layer),
        (b"manifest.json", regular, manifest.as_bytes()),
    ])
}

/// A build whose step takes the engine a while to write.
fn large_step(megabytes: u32) -> Vec<u8> {
    let dockerfile = format!("FROM busybox\nRUN echo {} && dd if=/dev/urandom of=/large bs=1M count={megabytes}\n", rand::random::<u64>());
    tar(&[(b"Dockerfile", tar::EntryType::Regular, dockerfile.as_bytes())])
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_139_a_build_that_is_hung_up_leaves_nothing_that_is_on_no_list() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    for moment in moments(8, Duration::from_millis(150)) {
        hang_up(a, "POST /v1.45/build?version=1&t=mine", &large_step(80), Duration::from_millis(400) + moment).await;
        quiet(a).await;
        all_is_known(&host, a, &format!("{moment:?}")).await;
    }
    a.run("builder prune -af").await.ok();
    a.run("image prune -af").await.ok();
    assert!(nameless(a).await.is_empty() && held(&host, a).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_140_a_host_that_is_closed_while_it_builds_leaves_nothing() {
    let mut host = host(0).await;
    for moment in moments(3, Duration::from_millis(40)) {
        let a = host.open().await;
        a.run("pull -q busybox").await.ok();
        let (build, served) = (large_step(250), a.gateway.served(&a.id));
        let building = hang_up(&a, "POST /v1.45/build?version=1&t=mine", &build, PATIENCE);
        let step = format!("label={SANDBOX_LABEL}={}", a.id);
        let steps = || async { bare(&["ps", "-aq", "--filter", &step, "--filter", "status=exited"]).await.ok() };
        let closing = async {
            until("a step that has run, and is being written", || async { !steps().await.is_empty() }).await;
            tokio::time::sleep(moment).await;
            host.gateway.close(&a.id).await.unwrap();
        };
        tokio::select! {
            () = building => unreachable!("closing takes less"),
            () = closing => {}
        }
        // What went on all the same would come now.
        until("the end of what goes on", || async { is_quiet(&served) }).await;
        assert!(nameless(&a).await.is_empty(), "{moment:?}");
        assert!(held(&host, &a).await.is_empty(), "{moment:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_141_a_host_that_is_closed_while_the_engine_fills_volumes_leaves_nothing() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    let dockerfile = b"FROM busybox\nRUN mkdir -p /a/b/c/d/e/f && cd /a/b/c/d/e/f && seq 1 1500 | xargs touch\n";
    a.docker_in(&["build", "-q", "-t", "files", "-"], dockerfile).await.ok();
    let mut creating = a.spawn(&[
        "create",
        "-v",
        "v0:/a",
        "-v",
        "v1:/a/b",
        "-v",
        "v2:/a/b/c",
        "-v",
        "v3:/a/b/c/d",
        "-v",
        "v4:/a/b/c/d/e",
        "-v",
        "v5:/a/b/c/d/e/f",
        "files",
    ]);
    let prefix = &a.handle.name_prefix;
    let volumes = || async { bare(&["volume", "ls", "-q"]).await.ok().lines().filter(|name| name.starts_with(prefix)).count() };
    until("volumes that are being filled", || async { volumes().await == 6 }).await;
    host.gateway.close(&a.id).await.unwrap();
    assert_eq!(volumes().await, 0);
    let label = format!("label={SANDBOX_LABEL}={}", a.id);
    assert_eq!(bare(&["ps", "-aq", "--filter", &label]).await.ok(), "");
    assert_eq!(bare(&["network", "ls", "-q", "--filter", &label]).await.ok(), "");
    assert!(held(&host, a).await.is_empty());
    creating.wait().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_142_one_learners_removals_never_fail_anothers_load_of_the_same_archive() {
    let host = host(2).await;
    let archive = archive("the same", 200_000);
    let rounds = async |sandbox: &Sandbox| {
        for round in 0..40 {
            let loaded = super::send(sandbox, "POST /v1.45/images/load", "application/x-tar", &archive).await;
            assert!(loaded.contains("Loaded image: the-same:1") && !loaded.contains("error"), "{round}: {loaded}");
            let (status, removed) = sandbox.http("DELETE", "/v1.45/images/the-same:1", "").await;
            assert_eq!(status, 200, "{round}: {removed}");
        }
    };
    join_all(host.sandboxes.iter().map(rounds)).await;
    for sandbox in &host.sandboxes {
        all_is_known(&host, sandbox, "at the end").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_143_a_name_is_given_to_what_is_there_and_to_nothing_that_is_being_removed() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    a.run("run --name box busybox true").await.ok();
    for round in 0..6 {
        a.run("commit box victim").await.ok();
        // Whoever commits has the turn; who names and who removes come meanwhile.
        let (_, named, removed) = tokio::join!(
            a.http("POST", "/v1.45/commit?container=box&repo=other", "{}"),
            a.http("POST", "/v1.45/images/victim/tag?repo=kept&tag=1", ""),
            a.http("DELETE", "/v1.45/images/victim", ""),
        );
        assert_eq!(removed.0, 200, "{removed:?}");
        let shown = a.run("images kept -q").await.ok();
        assert_eq!(named.0 == 201, !shown.is_empty(), "round {round}: {named:?} {shown:?}");
        let (names, rows) = (host.ledger().image_references(&a.id).await.unwrap(), host.ledger().images(&a.id).await.unwrap());
        assert!(
            names.iter().all(|name| rows.iter().any(|row| row.image_id == name.image_id)),
            "round {round}: a name of nothing: {names:?}"
        );
        a.run("rmi -f kept:1 other").await;
    }
}
