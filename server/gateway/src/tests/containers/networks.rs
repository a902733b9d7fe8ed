//! Networks that a learner gives addresses to, links between containers, and what the registry says of an image.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may fail")]

use serde_json::Value;

use super::{host, inspect, refused};
use crate::tests::support::Sandbox;

#[tokio::test(flavor = "multi_thread")]
async fn a_linked_container_is_found_under_its_alias_by_the_one_that_links_it() {
    let host = host(2).await;
    let (a, b) = (&host.sandboxes[0], &host.sandboxes[1]);
    a.run("network create app").await.ok();
    a.run("run -d --name db busybox sleep 1000").await.ok();
    a.run("run -d --name other --network app busybox sleep 1000").await.ok();
    a.run("run -d --name web --link db:database busybox sleep 1000").await.ok();
    let finds = |name: &'static str, what: &'static str| async move { a.run(&format!("exec {name} nslookup {what}")).await.code == 0 };
    assert!(finds("web", "database").await && finds("web", "db").await);
    a.run("run -d --name alone busybox sleep 1000").await.ok();
    assert!(!finds("alone", "database").await);
    assert_eq!(inspect(a, "web", "{{json .HostConfig.Links}}").await, r#"["/db:/web/database"]"#);
    // On a network of one's own, too, and for one that joins later.
    a.run("run -d --name joins --network app --link other:friend busybox sleep 1000").await.ok();
    assert!(finds("joins", "friend").await);
    a.run("network connect --link other:late app alone").await.ok();
    assert!(finds("alone", "late").await);
    // Its link outlives another name of its own.
    a.run("rename joins joined").await.ok();
    assert!(finds("joined", "friend").await);
    let words = "could not get container for db: No such container: db";
    let foreign = b.run("run --link db busybox true").await;
    assert!(foreign.err.contains(words) && !foreign.err.contains("Unable to find"), "{foreign:?}");
}

/// What a network's and a container's addresses are.
async fn addresses(sandbox: &Sandbox, network: &str) -> String {
    let format = "{{range .IPAM.Config}}{{.Subnet}} {{.IPRange}} {{.Gateway}}{{end}}";
    sandbox.docker(&["network", "inspect", "--format", format, network]).await.ok().trim().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_has_the_addresses_that_its_learner_chose_where_they_are_free() {
    let host = host(2).await;
    let (a, b) = (&host.sandboxes[0], &host.sandboxes[1]);
    let net = format!("172.29.{}", rand::random_range(0..256));
    let make = format!("network create --subnet {net}.0/24 --gateway {net}.200 --ip-range {net}.64/26 own");
    a.run(&make).await.ok();
    assert_eq!(addresses(a, "own").await, format!("{net}.0/24 {net}.64/26 {net}.200"));
    // Whoever comes second is told, whatever part of it they want.
    for subnet in [format!("{net}.0/24"), format!("{net}.128/25"), "172.29.0.0/16".to_owned()] {
        let told = b.run(&format!("network create --subnet {subnet} mine")).await.fails();
        assert!(told.contains("in use on this machine") && !told.contains("lb-"), "{told}");
    }
    assert!(a.run("network create --subnet 10.213.0.0/24 pool").await.fails().contains("within 172.16.0.0/12 or 192.168.0.0/16"));
    // Nobody has all that can be chosen.
    for (number, ends) in [(1, true), (2, false)] {
        let told = a.run(&format!("network create --subnet 172.{}.0.0/16 large-{number}", 20 + number)).await;
        assert_eq!(told.err.contains("131072 addresses together"), !ends, "{told:?}");
    }
    a.run("network rm large-1").await.ok();
    assert!(b.run("network ls").await.ok().lines().count() == 4, "nothing is left of them");

    a.run(&format!("run -d --name fixed --network own --ip {net}.7 busybox sleep 1000")).await.ok();
    assert_eq!(
        inspect(a, "fixed", "{{.NetworkSettings.Networks.own.IPAddress}} {{.NetworkSettings.Networks.own.IPAMConfig.IPv4Address}}").await,
        format!("{net}.7 {net}.7")
    );
    assert_eq!(a.docker(&["exec", "fixed", "hostname", "-i"]).await.ok().trim(), format!("{net}.7"));
    a.run("run -d --name free --network own busybox sleep 1000").await.ok();
    assert!(inspect(a, "free", "{{.NetworkSettings.Networks.own.IPAddress}}").await.starts_with(&format!("{net}.6")));
    a.run("rename fixed renamed").await.ok();
    assert_eq!(inspect(a, "renamed", "{{.NetworkSettings.Networks.own.IPAddress}}").await, format!("{net}.7"));
    a.run("network create given").await.ok();
    for (network, ip, words) in [
        ("own", "10.0.0.9", "no configured subnet or ip-range contain the IP address 10.0.0.9"),
        ("given", "10.0.0.9", "supported only when connecting to networks with user configured subnets"),
        ("given", "nonsense", "* invalid IPv4 address: nonsense"),
        ("bridge", "10.0.0.9", "* user specified IP address is supported on user defined networks only"),
    ] {
        let told = a.run(&format!("run --rm --network {network} --ip {ip} busybox true")).await.fails();
        assert!(
            told.contains(&format!("invalid config for network {network}: invalid endpoint settings:")) && told.contains(words),
            "{told}"
        );
    }
    a.run(&format!("network connect --ip {net}.9 own renamed")).await.fails();
    a.run("run -d --name joins --network given busybox sleep 1000").await.ok();
    a.run(&format!("network connect --ip {net}.9 own joins")).await.ok();
    assert_eq!(inspect(a, "joins", "{{.NetworkSettings.Networks.own.IPAddress}}").await, format!("{net}.9"));

    // Free with the network.
    a.run("rm -f renamed free joins").await.ok();
    a.run("network rm own").await.ok();
    b.run(&make).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_network_and_a_container_that_are_not_there_the_container_is_told() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    a.run("network create app").await.ok();
    a.run("create --name web busybox true").await.ok();
    for (line, words) in [
        ("network connect nosuch nosuch", "No such container: nosuch"),
        ("network connect app nosuch", "No such container: nosuch"),
        ("network connect nosuch web", "network nosuch not found"),
        ("network disconnect nosuch nosuch", "No such container: nosuch"),
        ("network disconnect --force nosuch nosuch", "network nosuch not found"),
        ("network disconnect --force app nosuch", "endpoint nosuch not found"),
        ("network connect --link-local-ip 169.254.1.1 app web", "choosing link-local addresses (--link-local-ip)"),
        ("network connect --ip6 fd00::1 app web", "choosing an IPv6 address (--ip6)"),
    ] {
        let said = a.run(line).await.fails();
        assert!(said.contains(words), "{line}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_registry_tells_what_an_image_is_and_nothing_of_others() {
    let host = host(2).await;
    let (a, b) = (&host.sandboxes[0], &host.sandboxes[1]);
    let told = |sandbox: &Sandbox, name: &'static str| {
        let sandbox = sandbox.clone();
        async move {
            let (status, said) = sandbox.http("GET", &format!("/v1.45/distribution/{name}/json"), "").await;
            (status, serde_json::from_str::<Value>(&said).unwrap_or_default())
        }
    };
    let digest = inspect(a, "busybox", "{{index .RepoDigests 0}}").await;
    let (status, said) = told(a, "busybox").await;
    assert_eq!(status, 200, "{said}");
    assert_eq!(Some(format!("busybox@{}", said["Descriptor"]["digest"].as_str().unwrap())), Some(digest.clone()));
    assert_eq!(said["Platforms"][0]["os"], "linux");
    assert!(said["Descriptor"]["size"].as_u64().unwrap() > 100 && said["Descriptor"]["mediaType"].as_str().unwrap().contains("manifest"));
    a.run("tag busybox registry.lunchbox/mine").await.ok();
    a.run("push registry.lunchbox/mine").await.ok();
    assert_eq!(told(a, "registry.lunchbox/mine").await.0, 200);
    assert_eq!(told(b, "registry.lunchbox/mine").await.0, 404);
    // And by its digest it is pulled as a bare engine pulls it.
    let pulled = a.run(&format!("pull {digest}")).await.ok();
    assert!(pulled.starts_with(&format!("docker.io/library/{digest}: Pulling from library/busybox\n")), "{pulled}");
    let all = a.run("pull --all-tags busybox").await.ok();
    assert!(all.contains("latest: Pulling from library/busybox") && all.contains("for busybox"), "{all}");
}

#[tokio::test(flavor = "multi_thread")]
async fn how_large_packets_are_can_be_chosen_and_nothing_else_of_a_bridge() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    a.run("pull busybox").await.ok();
    a.run("network create --opt com.docker.network.driver.mtu=1400 slim").await.ok();
    assert_eq!(a.run("run --rm --network slim busybox cat /sys/class/net/eth0/mtu").await.ok(), "1400\n");
    let shown = a.docker(&["network", "inspect", "--format", "{{json .Options}}", "slim"]).await.ok();
    assert_eq!(shown, "{\"com.docker.network.driver.mtu\":\"1400\"}\n");
    refused(a.run("network create --opt com.docker.network.driver.mtu=9000 wide").await, "a number from 576 to 1500");
    for option in ["com.docker.network.bridge.name=docker0", "com.docker.network.bridge.enable_icc=false", "parent=eth0"] {
        refused(a.run(&format!("network create --opt {option} other")).await, "can't be had here");
    }
    assert_eq!(a.docker(&["network", "ls", "--format", "{{.Name}}", "--filter", "type=custom"]).await.ok(), "slim\n");
}
