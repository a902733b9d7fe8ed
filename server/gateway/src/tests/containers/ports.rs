//! Ports of the sandbox's host.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may fail")]

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{host, inspect, names, on_engine};
use crate::{host::ContainerState, tests::support::until};

#[tokio::test(flavor = "multi_thread")]
async fn both_sandboxes_publish_the_same_port() {
    let host = host(2).await;
    let serve = ["sh", "-c", "hostname > /index.html; exec httpd -f -p 80 -h /"];
    for (index, sandbox) in host.sandboxes.iter().enumerate() {
        let hostname = format!("host{index}");
        sandbox
            .docker(&[&["run", "-d", "--name", "web", "-p", "8080:80", "--hostname", &hostname, "busybox"], &serve[..]].concat())
            .await
            .ok();
        assert_eq!(sandbox.run("port web").await.ok(), "80/tcp -> 0.0.0.0:8080\n80/tcp -> [::]:8080\n");
        let ports = sandbox.docker(&["ps", "--format", "{{.Ports}}"]).await.ok();
        assert!(ports.contains("0.0.0.0:8080->80/tcp") && ports.contains("8080->80/tcp"), "{ports}");
    }
    for (index, sandbox) in host.sandboxes.iter().enumerate() {
        let hostname = format!("host{index}");
        until("an answer by HTTP", || async {
            let Ok(mut stream) = sandbox.gateway.dial(&sandbox.id, 8080).await else { return false };
            stream.write_all(b"GET /index.html HTTP/1.0\r\n\r\n").await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.is_ok() && answer.contains(&hostname)
        })
        .await;
    }
    let a = &host.sandboxes[0];
    // The real host has nothing of it.
    assert!(tokio::net::TcpStream::connect(("127.0.0.1", 8080)).await.is_err());
    let id = inspect(a, "web", "{{.Id}}").await;
    assert_eq!(on_engine(&id).await["HostConfig"]["PortBindings"], Value::Null);

    let taken = a.run("run -d --name web2 -p 8080:80 busybox sleep 1000").await;
    assert_eq!(taken.code, 125);
    assert!(taken.err.contains("driver failed programming external connectivity on endpoint web2 ("), "{taken:?}");
    assert!(taken.err.contains("Bind for 0.0.0.0:8080 failed: port is already allocated"), "{taken:?}");
    // Who waits for the removal of one that never started doesn't wait for ever.
    let brief = a.run("run --rm --name brief -p 8080:80 busybox true").await;
    assert_eq!(brief.code, 125, "{brief:?}");
    assert!(brief.err.contains("port is already allocated"), "{brief:?}");
    assert!(!names(a, "-a").await.contains(&"brief".to_owned()));
    // Free with its container.
    a.run("stop -t 0 web").await.ok();
    a.run("start web2").await.ok();
    assert!(a.run("port web2").await.ok().contains("0.0.0.0:8080"));
    a.run("rm -f web2").await.ok();
    assert!(a.gateway.dial(&a.id, 8080).await.is_err());
    a.run("start web").await.ok();
    let state = a.gateway.host_state(&a.id).await.unwrap();
    assert_eq!(state.containers[0].state, ContainerState::Running);
    assert_eq!((state.containers[0].ports[0].host_port, state.containers[0].ports[0].container_port), (8080, 80));
}

#[tokio::test(flavor = "multi_thread")]
async fn ports_are_given_where_none_are_asked_for() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    a.run("run -d --name any -p 80 --expose 81 -P busybox sleep 1000").await.ok();
    let ports = a.run("port any").await.ok();
    assert!(ports.contains("80/tcp -> 0.0.0.0:32768") && ports.contains("81/tcp -> 0.0.0.0:32769"), "{ports}");
    a.run("run -d --name local -p 127.0.0.1:9000:80 busybox sleep 1000").await.ok();
    assert_eq!(a.run("port local").await.ok(), "80/tcp -> 127.0.0.1:9000\n");
    a.run("restart -t 0 local").await.ok();
    assert_eq!(a.run("port local").await.ok(), "80/tcp -> 127.0.0.1:9000\n");
    // One that ends by itself frees its ports.
    a.run("run --name brief -p 9001:80 busybox true").await.ok();
    a.run("run --rm -p 9001:80 busybox true").await.ok();
    a.run("run -d --name back -p 9001:80 busybox sleep 1000").await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn containers_run_and_keep_their_ports_when_the_gateway_is_started_anew() {
    let mut host = host(1).await;
    host.sandboxes[0].run("run -d --name web -p 8080:80 busybox sleep 1000").await.ok();
    host.restart().await;
    let a = &host.sandboxes[0];
    assert_eq!(names(a, "").await, ["web"]);
    assert!(a.run("port web").await.ok().contains("8080"));
    a.run("rm -f web").await.ok();
}
