//! A neighbour of the machine's, that a container reaches where it may.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may fail")]

use std::{
    fs::File,
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

use tokio::sync::{Mutex, MutexGuard};

/// Of a cloud's metadata, and of a private network: as a learner would try them.
pub(super) const NOT_THE_INTERNET: [&str; 2] = ["169.254.77.2", "192.168.177.2"];
/// For documentation (RFC 5737): nobody's, and no private one either.
pub(super) const LIKE_THE_INTERNET: &str = "203.0.113.77";

/// Of network namespaces; their tag follows.
const NAME: &str = "neighbour";

/// There is one at a time: each has the same addresses.
static ADDRESSES: Mutex<()> = Mutex::const_new(());

/// A network namespace that the machine reaches by a cable of its own, with a service at each address.
pub(super) struct Neighbour {
    name: String,
    /// The machine's end of the cable.
    here: String,
    services: [Child; 3],
    /// Of other test runs on this machine.
    _alone: File,
    _turn: MutexGuard<'static, ()>,
}

/// Waits until no other run has a neighbour. One that was killed has left its own, which has the addresses still.
fn alone() -> File {
    let lock = File::create(std::env::temp_dir().join("lunchbox-test-neighbour.lock")).unwrap();
    lock.lock().unwrap();
    let told = |arguments: &[&str]| {
        let told = Command::new("ip").args(arguments).output().expect("`ip` is there (iproute2)").stdout;
        String::from_utf8(told).unwrap()
    };
    for name in told(&["netns", "list"]).lines().filter_map(|line| line.split(' ').next()).filter(|name| name.starts_with(NAME)) {
        for process in told(&["netns", "pids", name]).lines() {
            _ = Command::new("kill").args(["-9", process]).status();
        }
        _ = Command::new("ip").args(["link", "del", &here(&name[NAME.len()..])]).status();
        ip(&format!("netns del {name}"));
    }
    lock
}

/// The machine's end of the cable. Not `lb…`: so only sandboxes' bridges are called.
fn here(tag: &str) -> String {
    format!("nb{tag}a")
}

fn ip(arguments: &str) {
    let done = Command::new("ip").args(arguments.split(' ')).output().expect("`ip` is there (iproute2)");
    assert!(done.status.success(), "ip {arguments}: {}", String::from_utf8_lossy(&done.stderr));
}

/// Runs a program in Perl that says when it is ready.
fn serve(namespace: &str, script: &str) -> Child {
    let script = format!("use IO::Socket::INET; $| = 1; {script}");
    let perl = ["netns", "exec", namespace, "perl", "-e", &script, LIKE_THE_INTERNET];
    let mut service = Command::new("ip").args(perl).stdout(Stdio::piped()).spawn().expect("perl is there");
    let mut ready = String::new();
    BufReader::new(service.stdout.take().unwrap()).read_line(&mut ready).unwrap();
    assert_eq!(ready, "ready\n");
    service
}

impl Neighbour {
    pub(super) async fn move_in() -> Self {
        let turn = ADDRESSES.lock().await;
        tokio::task::spawn_blocking(move || Self::settle(turn)).await.expect("a neighbour moves in")
    }

    fn settle(turn: MutexGuard<'static, ()>) -> Self {
        let alone = alone();
        let tag = format!("{:04x}", rand::random::<u16>());
        let (name, here, there) = (format!("{NAME}{tag}"), here(&tag), format!("nb{tag}b"));
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
        let greet = r#"my $listener = IO::Socket::INET->new(Listen => 9, LocalPort => 80, ReuseAddr => 1) or die $!;
            print "ready\n";
            while (my $client = $listener->accept) { print $client "hello\n"; close $client }"#;
        // From the address it was asked at: by itself it would be the first of them.
        let answer = r#"my $socket = IO::Socket::INET->new(Proto => "udp", LocalAddr => $ARGV[0], LocalPort => 80) or die $!;
            print "ready\n";
            while ($socket->recv(my $said, 100)) { $socket->send("hello\n") }"#;
        // The kernel takes connections for it, and nobody ends them.
        let keep = r#"my $listener = IO::Socket::INET->new(Listen => 4096, LocalPort => 81) or die $!;
            print "ready\n";
            sleep"#;
        let services = [greet, answer, keep].map(|script| serve(&name, script));
        Self { name, here, services, _alone: alone, _turn: turn }
    }

    /// Packets that have been sent to it so far.
    pub(super) fn packets(&self) -> u64 {
        let sent = format!("/sys/class/net/{}/statistics/tx_packets", self.here);
        std::fs::read_to_string(sent).expect("the cable is there").trim().parse().expect("a number")
    }

    /// Connections that were begun so far to ports at which nobody listens: each is answered by a reset.
    pub(super) fn connections(&self) -> u64 {
        self.counted("Tcp:", "OutRsts")
    }

    /// One of the kernel's counters (RFC 1213): a line of names, and one of numbers.
    fn counted(&self, protocol: &str, name: &str) -> u64 {
        let told = Command::new("ip").args(["netns", "exec", &self.name, "cat", "/proc/net/snmp"]).output().expect("`ip` is there");
        let told = String::from_utf8(told.stdout).expect("it is text");
        let mut lines = told.lines().filter(|line| line.starts_with(protocol)).map(|line| line.split(' '));
        let (names, mut numbers) = (lines.next().expect("names"), lines.next().expect("numbers"));
        let at = names.into_iter().position(|known| known == name).expect("the counter is there");
        numbers.nth(at).and_then(|number| number.parse().ok()).expect("a number")
    }
}

impl Drop for Neighbour {
    fn drop(&mut self) {
        for service in &mut self.services {
            _ = service.kill();
            _ = service.wait();
        }
        // The cable first, and its routes with it: the namespace goes when the kernel has time.
        _ = Command::new("ip").args(["link", "del", &self.here]).status();
        _ = Command::new("ip").args(["netns", "del", &self.name]).status();
    }
}
