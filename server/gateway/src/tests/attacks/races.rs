//! What is removed while it is made, and what is asked for while its sandbox ends. 133 to 135.

use futures_util::future::join_all;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
};

use crate::ledger::NetworkRow;

use super::super::{
    containers::host,
    support::{PATIENCE, Sandbox, bare},
};

/// What the engine has of the sandbox's, by the label that all of it should carry.
async fn on_engine(sandbox: &Sandbox, list: &[&str]) -> Vec<String> {
    let filter = format!("label=io.lunchbox.sandbox={}", sandbox.id);
    lines(&bare(&[list, &["--filter", &filter]].concat()).await.ok())
}

/// Its volumes, by their names: one without a label is still its own.
async fn volumes_on_engine(sandbox: &Sandbox) -> Vec<String> {
    let prefix = &sandbox.handle.name_prefix;
    let all = lines(&bare(&["volume", "ls", "-q"]).await.ok());
    all.into_iter().filter_map(|name| name.strip_prefix(prefix).map(str::to_owned)).collect()
}

fn lines(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

/// Whether anybody is there who answers, whatever they say.
async fn is_answered(sandbox: &Sandbox, line: &str, body: &str) -> bool {
    let Ok(mut stream) = UnixStream::connect(&sandbox.socket).await else { return false };
    let length = body.len();
    let head =
        format!("{line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n");
    _ = stream.write_all((head + body).as_bytes()).await;
    let mut answer = Vec::new();
    _ = stream.read_to_end(&mut answer).await;
    !answer.is_empty()
}

/// Asks again and again, until `work` has ended; gives what came of that.
async fn meanwhile<T: Send + 'static>(sandbox: &Sandbox, delete: &str, work: impl Future<Output = T> + Send + 'static) -> T {
    let work = tokio::spawn(work);
    while !work.is_finished() {
        sandbox.http("DELETE", delete, "").await;
    }
    work.await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_133_a_network_that_is_removed_while_it_is_made_keeps_no_addresses() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    for round in 0..6 {
        let name = format!("n{round}");
        let (maker, body) = (a.clone(), json!({ "Name": name }).to_string());
        let made = async move { maker.http("POST", "/v1.45/networks/create", &body).await };
        let (status, answer) = meanwhile(a, &format!("/v1.45/networks/{name}"), made).await;
        assert_eq!(status, 201, "{answer}");
    }
    let shown = lines(&a.run("network ls -q --no-trunc --filter driver=bridge").await.ok());
    assert_eq!(on_engine(a, &["network", "ls", "-q", "--no-trunc"]).await, shown);
    a.run("network prune -f").await.ok();
    assert_eq!(on_engine(a, &["network", "ls", "-q"]).await.len(), 1, "its default network");
    assert_eq!(host.ledger().networks(&a.id).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_134_a_volume_that_is_removed_while_a_container_is_made_of_it_is_no_volume_without_an_owner() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    for _ in 0..12 {
        let (maker, body) = (a.clone(), json!({ "Image": "busybox", "HostConfig": { "Binds": ["data:/x"] } }).to_string());
        let made = async move { maker.http("POST", "/v1.45/containers/create?name=web", &body).await };
        let (status, answer) = meanwhile(a, "/v1.45/volumes/data", made).await;
        assert_eq!(status, 201, "{answer}");
        assert_eq!(volumes_on_engine(a).await, ["data"]);
        assert_eq!(a.run("volume ls -q").await.ok(), "data\n", "whose it is");
        a.run("rm -f web").await.ok();
    }
    host.gateway.close(&a.id).await.unwrap();
    assert!(volumes_on_engine(a).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_135_a_sandbox_that_is_closed_answers_nobody_and_keeps_nothing() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    let mut kept = UnixStream::connect(&a.socket).await.unwrap();
    let ping = b"GET /v1.45/_ping HTTP/1.1\r\nHost: x\r\n\r\n";
    kept.write_all(ping).await.unwrap();
    let mut head = [0; 12];
    kept.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 200");

    // Until nobody answers any more.
    let asking = join_all((0..6).map(|task| async move {
        let mut number = 0;
        loop {
            number += 1;
            let path = if task % 2 == 0 { "networks" } else { "volumes" };
            let body = json!({ "Name": format!("t{task}-{number}") }).to_string();
            if !is_answered(a, &format!("POST /v1.45/{path}/create"), &body).await {
                return;
            }
        }
    }));
    let closing = async { host.gateway.close(&a.id).await.unwrap() };
    tokio::time::timeout(PATIENCE, futures_util::future::join(asking, closing)).await.expect("the connections are cut");

    _ = kept.write_all(ping).await;
    let mut rest = Vec::new();
    _ = tokio::time::timeout(PATIENCE, kept.read_to_end(&mut rest)).await.expect("this one, too");
    assert!(!String::from_utf8_lossy(&rest).contains("HTTP/1.1 200"), "it was answered: {rest:?}");
    assert!(on_engine(a, &["network", "ls", "-q"]).await.is_empty());
    assert!(on_engine(a, &["ps", "-aq"]).await.is_empty() && volumes_on_engine(a).await.is_empty());
    let (networks, volumes) = (host.ledger().networks(&a.id).await.unwrap(), host.ledger().volumes(&a.id).await.unwrap());
    assert!(networks.is_empty() && volumes.is_empty(), "rows are left: {networks:?} {volumes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_is_none_before_it_is_made_and_what_a_killed_server_left_of_one_can_be_removed() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    let row =
        NetworkRow { name: "net".to_owned(), engine_id: NetworkRow::reservation(249), slot: 249, asked: "{}".to_owned(), created_at: 0 };
    host.ledger().add_network(&a.id, &row).await.unwrap();
    a.run("create --name box busybox true").await.ok();
    for line in ["network connect net box", "network disconnect net box", "network inspect net", "run --network net busybox true"] {
        let said = a.run(line).await.fails();
        assert!(said.contains("network net not found") && !said.contains("reserved"), "{line}: {said}");
    }
    assert!(!a.run("network ls").await.ok().contains("net "));
    a.run("network rm net").await.ok();
    a.run("network create net").await.ok();
}
