//! What a learner's container can reach on the network, tried from inside one.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may fail")]

use tokio::net::TcpListener;

use super::{
    making_a_network::{MakingANetwork, networks_of},
    support::{Sandbox, TestHost, bare},
};
use crate::Egress;

/// The address that the machine has on a sandbox's network.
async fn gateway_of(sandbox: &Sandbox) -> String {
    let network = networks_of(sandbox).await;
    let format = "{{range .IPAM.Config}}{{.Gateway}}{{end}}";
    let gateway = bare(&["network", "inspect", "--format", format, network.trim()]).await.ok().trim().to_owned();
    if !gateway.is_empty() {
        return gateway;
    }
    // The engine doesn't tell it where nobody chose it: it is the first of the addresses.
    let format = "{{range .IPAM.Config}}{{.Subnet}}{{end}}";
    let subnet: ipnet::Ipv4Net = bare(&["network", "inspect", "--format", format, network.trim()]).await.ok().trim().parse().unwrap();
    subnet.hosts().next().unwrap().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_can_not_reach_the_services_of_the_machine() {
    let host = TestHost::start(1).await;
    let a = &host.sandboxes[0];
    a.run("pull busybox").await.ok();
    let gateway = gateway_of(a).await;
    let listener = TcpListener::bind((gateway.as_str(), 0)).await.expect("the network's bridge is on this machine");
    let port = listener.local_addr().unwrap().port().to_string();
    let reached = tokio::spawn(async move { listener.accept().await.map(drop) });
    let said = a.run(&format!("run --rm busybox nc -w 2 {gateway} {port}")).await;
    assert!(!reached.is_finished(), "a container reached a service of this machine: as root, run server/setup/firewall.sh ({said:?})");
    reached.abort();
    said.fails();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_can_not_reach_another_learners() {
    let host = TestHost::start(2).await;
    let (a, b) = (&host.sandboxes[0], &host.sandboxes[1]);
    a_does_not_reach_b(b, a).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_engine_makes_a_network_a_container_can_not_reach_another_learners_either() {
    let mut host = TestHost::start(0).await;
    host.config.egress = Egress::On;
    host.restart().await;
    let (a, b) = (host.open().await, host.open().await);
    let _moment = MakingANetwork::of(&[&a, &b]).await;
    a_does_not_reach_b(&a, &b).await;
}

/// One learner's containers don't reach another's, which their own do.
async fn a_does_not_reach_b(a: &Sandbox, b: &Sandbox) {
    for sandbox in [a, b] {
        sandbox.run("pull busybox").await.ok();
    }
    b.run("run -d --name web busybox nc -l -p 80 -e echo secret").await.ok();
    let address = b.docker(&["inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", "web"]).await.ok();
    let address = address.trim();
    let said = a.run(&format!("run --rm busybox nc -w 2 {address} 80")).await;
    assert!(!said.out.contains("secret"), "a container reached another learner's: as root, run server/setup/firewall.sh ({said:?})");
    said.fails();
    // It was there to be reached.
    assert_eq!(b.run(&format!("run --rm busybox nc -w 2 {address} 80")).await.ok(), "secret\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_can_not_reach_beyond_its_host_with_egress_off() {
    let host = TestHost::start(1).await;
    let a = &host.sandboxes[0];
    a.run("pull busybox").await.ok();
    for address in ["169.254.169.254", "192.0.2.1", "127.0.0.1"] {
        a.run(&format!("run --rm busybox nc -w 2 {address} 80")).await.fails();
    }
    let routes = a.run("run --rm busybox ip route").await.ok();
    assert!(!routes.contains("default"), "{routes}");
}
