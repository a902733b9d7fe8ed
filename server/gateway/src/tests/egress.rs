//! What a learner's container reaches beyond its machine. With egress on: tried from inside one, against a
//! neighbour of the machine's that has addresses of both kinds.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may fail")]

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{
    making_a_network::MakingANetwork,
    neighbour::{LIKE_THE_INTERNET, NOT_THE_INTERNET, Neighbour},
    support::{Sandbox, TestHost},
};
use crate::Egress;

/// One request at the registry's door, as a container would make it: status line and headers, and the body.
async fn read(sandbox: &Sandbox, request: &str) -> (String, String) {
    let (mut client, server) = tokio::io::duplex(64 * 1024);
    let (gateway, id) = (sandbox.gateway.clone(), sandbox.id.clone());
    let serving = tokio::spawn(async move { gateway.serve_registry(&id, server).await });
    let request = format!("{request} HTTP/1.1\r\nHost: registry.lunchbox\r\nConnection: close\r\n\r\n");
    // Where there is no door it may be shut before all is said.
    _ = client.write_all(request.as_bytes()).await;
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).await.unwrap();
    serving.await.unwrap().unwrap();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    (head.to_ascii_lowercase(), body.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn with_egress_registry_the_course_and_ones_own_pushes_can_be_read_and_nothing_else() {
    let mut host = TestHost::start(0).await;
    host.config.egress = Egress::Registry;
    host.restart().await;
    let (a, b) = (host.open().await, host.open().await);
    a.run("pull -q busybox").await.ok();
    a.run("tag busybox registry.lunchbox/team/app:1").await.ok();
    a.run("push -q registry.lunchbox/team/app:1").await.ok();

    let (head, body) = read(&a, "GET /v2/").await;
    assert!(head.starts_with("http/1.1 200") && head.contains("docker-distribution-api-version: registry/2.0"), "{head}");
    assert_eq!(body.trim(), "{}");
    let (_, list) = read(&a, "GET /v2/_catalog").await;
    assert!(list.contains(r#""team/app""#) && list.contains(r#""library/nginx""#), "{list}");
    assert!(!list.contains("learners") && !list.contains(a.id.as_str()), "{list}");
    assert_eq!(read(&a, "GET /v2/team/app/tags/list").await.1.trim(), r#"{"name":"team/app","tags":["1"]}"#);

    // A whole pull: manifest, configuration, and the digests agree.
    let (head, manifest) = read(&a, "GET /v2/team/app/manifests/1").await;
    assert!(head.contains("docker-content-digest: sha256:"), "{head}");
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    let config = manifest["config"]["digest"].as_str().unwrap();
    let (head, blob) = read(&a, &format!("GET /v2/team/app/blobs/{config}")).await;
    assert!(head.starts_with("http/1.1 200") && blob.contains("rootfs"), "{head} {blob}");
    let (head, nothing) = read(&a, &format!("HEAD /v2/team/app/blobs/{config}")).await;
    assert!(head.starts_with("http/1.1 200") && nothing.is_empty(), "{head}");

    // Another learner's corner has no name, and what isn't the course's isn't there.
    let (_, list) = read(&b, "GET /v2/_catalog").await;
    assert!(!list.contains("team/app") && list.contains("library/nginx"), "{list}");
    let corner = format!("learners/{}/team/app", a.id);
    for path in ["team/app/tags/list", "team/app/manifests/1", &format!("team/app/blobs/{config}"), &format!("{corner}/manifests/1")] {
        let (head, body) = read(&b, &format!("GET /v2/{path}")).await;
        assert!(head.starts_with("http/1.1 404") && !body.contains(a.id.as_str()), "{path}: {head} {body}");
    }
    assert!(read(&b, &format!("GET /v2/library/busybox/blobs/{config}")).await.0.starts_with("http/1.1 200"), "the course's own");
    assert!(read(&b, "GET /v2/library/lunchbox-bench/tags/list").await.0.starts_with("http/1.1 404"));

    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        let (head, body) = read(&a, &format!("{method} /v2/team/app/manifests/1")).await;
        assert!(head.starts_with("http/1.1 405") && body.contains("docker push"), "{method}: {head} {body}");
    }
    assert!(read(&a, "GET /v2/team/app/manifests/1").await.0.starts_with("http/1.1 200"), "nothing was deleted");
}

/// A registry that has `library/busybox` and its tag `latest` alone, at an address; and the paths it was asked for.
async fn registry_of_busybox() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = asked.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            let path = String::from_utf8(head).unwrap().split(' ').nth(1).unwrap().split('?').next().unwrap().to_owned();
            let answer = match path.as_str() {
                "/v2/_catalog" => "200 OK\r\nContent-Length: 36\r\n\r\n{\"repositories\":[\"library/busybox\"]}",
                "/v2/library/busybox/manifests/latest" => "200 OK\r\nContent-Length: 2\r\n\r\n{}",
                _ => "404 Not Found\r\nContent-Length: 0\r\n\r\n",
            };
            seen.lock().unwrap().push(path);
            _ = stream.write_all(format!("HTTP/1.1 {answer}").as_bytes()).await;
        }
    });
    (address, asked)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_catalogue_is_asked_for_only_where_something_is_missing() {
    let (address, asked) = registry_of_busybox().await;
    let mut host = TestHost::start(0).await;
    (host.config.egress, host.config.registry) = (Egress::Registry, address);
    host.restart().await;
    let a = host.open().await;
    asked.lock().unwrap().clear();
    let paths = || std::mem::take(&mut *asked.lock().unwrap());

    let there = "/v2/library/busybox/manifests/latest";
    assert!(read(&a, &format!("GET {there}")).await.0.starts_with("http/1.1 200"));
    assert_eq!(paths(), [there]);
    let missing = "/v2/library/busybox/manifests/1";
    assert!(read(&a, &format!("GET {missing}")).await.1.contains("MANIFEST_UNKNOWN"));
    assert_eq!(paths(), [missing, "/v2/_catalog"]);
    let unknown = format!("/v2/library/nginx/blobs/sha256:{}", "a".repeat(64));
    assert!(read(&a, &format!("GET {unknown}")).await.1.contains("NAME_UNKNOWN"));
    assert_eq!(paths(), [unknown.as_str(), "/v2/_catalog"]);
    // What is Lunchbox's own isn't asked for at all.
    assert!(read(&a, "GET /v2/library/lunchbox-bench/manifests/latest").await.1.contains("NAME_UNKNOWN"));
    assert_eq!(paths(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_egress_off_there_is_no_door() {
    let host = TestHost::start(1).await;
    assert_eq!(read(&host.sandboxes[0], "GET /v2/_catalog").await, (String::new(), String::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn with_egress_on_a_container_reaches_the_internet_and_neither_metadata_nor_the_machines_own_network() {
    let _neighbour = Neighbour::move_in().await;
    let mut host = TestHost::start(0).await;
    host.config.egress = Egress::On;
    host.restart().await;
    let a = host.open().await;
    a.run("pull busybox").await.ok();
    // By way of the default network and of the learner's own.
    a.run("network create own").await.ok();
    for network in ["bridge", "own"] {
        reaches_the_internet_alone(&a, network).await;
    }
    let _moment = MakingANetwork::of(&[&a]).await;
    reaches_the_internet_alone(&a, "own").await;
}

async fn reaches_the_internet_alone(sandbox: &Sandbox, network: &str) {
    let hello = sandbox.run(&format!("run --rm --network {network} busybox nc -w 5 {LIKE_THE_INTERNET} 80")).await;
    assert_eq!(hello.ok(), "hello\n");
    for address in NOT_THE_INTERNET {
        let said = sandbox.run(&format!("run --rm --network {network} busybox nc -w 2 {address} 80")).await;
        assert!(!said.out.contains("hello"), "a container reached {address}: as root, run server/setup/firewall.sh ({said:?})");
        said.fails();
    }
}
