//! What a learner's container reaches beyond its machine with egress on: tried from inside one, against a
//! neighbour of the machine's that has addresses of both kinds.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may fail")]

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

use super::support::TestHost;
use crate::Egress;

/// Of a cloud's metadata, and of a private network: as a learner would try them.
const NOT_THE_INTERNET: [&str; 2] = ["169.254.77.2", "192.168.177.2"];
/// For documentation (RFC 5737): nobody's, and no private one either.
const LIKE_THE_INTERNET: &str = "203.0.113.77";

/// A network namespace that the machine reaches by a cable of its own, with a service at each address.
struct Neighbour {
    name: String,
    service: Child,
}

fn ip(arguments: &str) {
    let done = Command::new("ip").args(arguments.split(' ')).output().expect("`ip` is there (iproute2)");
    assert!(done.status.success(), "ip {arguments}: {}", String::from_utf8_lossy(&done.stderr));
}

impl Neighbour {
    fn move_in() -> Self {
        let tag = rand::random::<u16>();
        // Not `lb…`: so only sandboxes' bridges are called.
        let (name, here, there) = (format!("neighbour{tag:04x}"), format!("nb{tag:04x}a"), format!("nb{tag:04x}b"));
        ip(&format!("netns add {name}"));
        ip(&format!("link add {here} type veth peer name {there} netns {name}"));
        ip(&format!("link set {here} up"));
        ip(&format!("-n {name} link set lo up"));
        ip(&format!("-n {name} link set {there} up"));
        for address in NOT_THE_INTERNET.iter().chain([&LIKE_THE_INTERNET]) {
            ip(&format!("-n {name} addr add {address}/32 dev {there}"));
            ip(&format!("route add {address}/32 dev {here}"));
        }
        // The way back, whoever asks.
        ip(&format!("-n {name} route add default dev {there}"));
        let serve = "use IO::Socket::INET; $| = 1;
            my $listener = IO::Socket::INET->new(Listen => 9, LocalPort => 80, ReuseAddr => 1) or die $!;
            print \"ready\\n\";
            while (my $client = $listener->accept) { print $client \"hello\\n\"; close $client }";
        let mut service =
            Command::new("ip").args(["netns", "exec", &name, "perl", "-e", serve]).stdout(Stdio::piped()).spawn().expect("perl is there");
        let mut ready = String::new();
        BufReader::new(service.stdout.take().unwrap()).read_line(&mut ready).unwrap();
        assert_eq!(ready, "ready\n");
        Self { name, service }
    }
}

impl Drop for Neighbour {
    fn drop(&mut self) {
        _ = self.service.kill();
        _ = self.service.wait();
        // The cable and its routes go with it.
        _ = Command::new("ip").args(["netns", "del", &self.name]).status();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_egress_on_a_container_reaches_the_internet_and_neither_metadata_nor_the_machines_own_network() {
    let _neighbour = tokio::task::spawn_blocking(Neighbour::move_in).await.unwrap();
    let mut host = TestHost::start(0).await;
    host.config.egress = Egress::On;
    host.restart().await;
    let a = host.open().await;
    a.run("pull busybox").await.ok();
    // By way of the default network and of the learner's own.
    a.run("network create own").await.ok();
    for network in ["bridge", "own"] {
        assert_eq!(a.run(&format!("run --rm --network {network} busybox nc -w 5 {LIKE_THE_INTERNET} 80")).await.ok(), "hello\n");
        for address in NOT_THE_INTERNET {
            let said = a.run(&format!("run --rm --network {network} busybox nc -w 5 {address} 80")).await;
            assert!(!said.out.contains("hello"), "a container reached {address}: as root, run server/setup/firewall.sh ({said:?})");
            said.fails();
        }
    }
}
