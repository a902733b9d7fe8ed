//! Images that would stay on the engine though their learner has removed them, or count for nothing. 147 to 149.

use futures_util::future::join_all;
use sha2::{Digest, Sha256};

use super::{
    super::{
        containers::host,
        support::{Sandbox, TestHost, bare},
        transfer::diff_id,
    },
    half_way::{all_is_known, held, quiet},
    tar,
};
use crate::{SandboxLimits, registry};

const MEGABYTE: usize = 1024 * 1024;

/// An archive of an image with these layers, and what its history says: whether a line made a layer, and how.
fn archive(name: &str, layers: &[Vec<u8>], history: &[(bool, &str)]) -> Vec<u8> {
    let diff_ids: Vec<String> = layers.iter().map(|layer| diff_id(layer)).collect();
    let history: Vec<_> = history.iter().map(|(made, by)| serde_json::json!({ "created_by": by, "empty_layer": !made })).collect();
    let mut config = serde_json::json!({
        "architecture": registry::architecture(), "os": "linux", "config": { "Cmd": ["/x"] },
        "rootfs": { "type": "layers", "diff_ids": diff_ids },
    });
    if !history.is_empty() {
        config["history"] = history.into();
    }
    let config = config.to_string();
    let config_name = format!("{:x}.json", Sha256::digest(&config));
    let names: Vec<String> = (0..layers.len()).map(|number| format!("{number}/layer.tar")).collect();
    let manifest = serde_json::json!([{ "Config": config_name, "RepoTags": [name], "Layers": names }]).to_string();
    let mut files: Vec<(&[u8], tar::EntryType, &[u8])> = vec![
        (config_name.as_bytes(), tar::EntryType::Regular, config.as_bytes()),
        (b"manifest.json", tar::EntryType::Regular, manifest.as_bytes()),
    ];
    files.extend(names.iter().zip(layers).map(|(name, layer)| (name.as_bytes(), tar::EntryType::Regular, layer.as_slice())));
    tar(&files)
}

/// A layer of one file; none is like another.
fn layer(megabytes: usize) -> Vec<u8> {
    let mut data = vec![0; megabytes * MEGABYTE];
    data[..16].copy_from_slice(&rand::random::<[u8; 16]>());
    let name = format!("f{}", rand::random::<u64>());
    tar(&[(name.as_bytes(), tar::EntryType::Regular, &data)])
}

/// Megabytes of images, as `docker system df` tells.
async fn megabytes(sandbox: &Sandbox) -> f64 {
    let told = sandbox.run("system df --format {{.Type}}={{.Size}}").await.ok();
    let size = told.lines().find_map(|line| line.strip_prefix("Images=")).unwrap();
    size.strip_suffix("MB").map_or(0.0, |number| number.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_147_an_image_counts_whatever_its_history_says() {
    let host = TestHost::with(1, SandboxLimits { disk_max_bytes: 30_000_000, ..SandboxLimits::default() }).await;
    let a = &host.sandboxes[0];
    for number in 0..2 {
        a.docker_in(&["load"], &archive(&format!("none:{number}"), &[layer(8)], &[])).await.ok();
    }
    let counted = megabytes(a).await;
    assert!((16.0..18.0).contains(&counted), "without a history: {counted} MB");
    // One line for two layers.
    a.docker_in(&["load"], &archive("fewer:1", &[layer(1), layer(7)], &[(true, "RUN x")])).await.ok();
    let counted = megabytes(a).await;
    assert!((24.0..27.0).contains(&counted), "with too short a history: {counted} MB");
    // Lines that put what is in the highest layer into one that many have, which counts once.
    let lying = [(true, "RUN low"), (true, "CMD nothing"), (true, "RUN high"), (false, "RUN nothing")];
    let said = a.docker_in(&["load"], &archive("lying:1", &[layer(1), tar(&[]), layer(1)], &lying)).await.fails();
    assert!(said.contains("history"), "{said}");
    // And what counts has an end.
    let mut refused = None;
    for number in 0..20 {
        let said = a.docker_in(&["load"], &archive(&format!("more:{number}"), &[layer(4)], &[])).await;
        if said.code != 0 {
            refused = Some((number, said.err));
            break;
        }
    }
    assert!(refused.as_ref().is_some_and(|(_, said)| said.contains("30 MB are the most")), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_148_what_is_pulled_back_counts_and_goes_when_it_is_removed() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    let name = "registry.lunchbox/back:1";
    a.docker_in(&["load"], &archive(name, &[layer(5)], &[])).await.ok();
    for remove in ["rmi registry.lunchbox/back:1", "image prune -af"] {
        a.run(&format!("push -q {name}")).await.ok();
        a.run(&format!("rmi {name}")).await.ok();
        a.run("builder prune -af").await.ok();
        assert!(held(&host, a).await.is_empty());
        a.run(&format!("pull -q {name}")).await.ok();
        assert_eq!(held(&host, a).await.len(), 1);
        all_is_known(&host, a, "pulled back").await;
        assert!(megabytes(a).await > 5.0);
        a.run(remove).await.ok();
        assert!(held(&host, a).await.is_empty(), "{remove}: it stays");
        if remove.starts_with("rmi") {
            a.run(&format!("pull -q {name}")).await.ok();
        }
    }
    // What is the course's stays the course's, and nothing of it the learner's.
    a.run("pull -q alpine").await.ok();
    a.run("tag alpine registry.lunchbox/alpine:1").await.ok();
    a.run("push -q registry.lunchbox/alpine:1").await.ok();
    a.run("rmi alpine registry.lunchbox/alpine:1").await.ok();
    assert!(held(&host, a).await.is_empty(), "what was pushed");
    a.run("pull -q registry.lunchbox/alpine:1").await.ok();
    a.run("rmi registry.lunchbox/alpine:1").await.ok();
    assert!(held(&host, a).await.is_empty(), "what was pulled back");
    a.run("pull -q alpine").await.ok();
    a.run("run --rm alpine true").await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_149_pushes_of_one_name_at_once_leave_no_name_on_the_engine() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    let name = "registry.lunchbox/twice:1";
    for round in 0..5 {
        a.docker_in(&["load"], &archive(name, &[layer(3)], &[])).await.ok();
        let (push, pull) = (format!("push -q {name}"), format!("pull -q {name}"));
        a.run(&push).await.ok();
        for said in join_all([a.run(&push), a.run(&push), a.run(&pull)]).await {
            said.ok();
        }
        a.run(&format!("rmi -f {name}")).await.ok();
        a.run("image prune -af").await.ok();
        quiet(a).await;
        let corner = format!("{}/learners/{}/twice", host.config.registry, a.id);
        let left =
            bare(&["images", "--digests", "--filter", &format!("reference={corner}"), "--format", "{{.Tag}} {{.Digest}}"]).await.ok();
        assert_eq!((left.as_str(), held(&host, a).await.len()), ("", 0), "round {round}");
    }
}
