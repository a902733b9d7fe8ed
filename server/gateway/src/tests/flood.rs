//! What a container can send at most, so that it floods nobody: tried from inside one, with real packets. The
//! limits are set-up's (server/setup/firewall.sh), and hold while the engine makes a network, too.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may fail")]

use std::time::Instant;

use super::{
    making_a_network::MakingANetwork,
    neighbour::{LIKE_THE_INTERNET, Neighbour},
    support::{Sandbox, TestHost, until},
};
use crate::{Egress, limits::NETWORK_PREFIX_LENGTH};

const FIREWALL: &str = include_str!("../../../setup/firewall.sh");

/// A limit by its name in the script.
fn limit(name: &str) -> u64 {
    let line = FIREWALL.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    line.unwrap_or_else(|| panic!("firewall.sh has {name}")).parse().unwrap()
}

/// A sandbox whose containers reach the internet.
async fn open(host: &mut TestHost) -> Sandbox {
    host.config.egress = Egress::On;
    host.restart().await;
    let sandbox = host.open().await;
    sandbox.run("pull -q python").await.ok();
    sandbox
}

/// Runs a program in a container.
async fn run(sandbox: &Sandbox, program: &str) {
    sandbox.docker(&["run", "--rm", "python", "python3", "-c", &format!("import socket\n{program}")]).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_packets_is_cut_and_what_others_send_is_not() {
    const SENT: u64 = 60_000;
    let neighbour = Neighbour::move_in().await;
    let mut host = TestHost::start(0).await;
    let (a, b) = (open(&mut host).await, host.open().await);
    for sandbox in [&a, &b] {
        sandbox.run("pull -q busybox").await.ok();
    }
    let _moment = MakingANetwork::of(&[&a]).await;
    let before = neighbour.packets();
    let began = Instant::now();
    // What is answered once is no new connection any more: those have a limit of their own, which is lower.
    let program = format!(
        "s = socket.socket(type=socket.SOCK_DGRAM)
s.connect(('{LIKE_THE_INTERNET}', 80))
s.send(b'x')
assert s.recv(10) == b'hello\\n'
for _ in range({SENT}): s.send(b'x' * 64)"
    );
    run(&a, &program).await;
    let came = neighbour.packets() - before;
    // A busy machine looks at some after they were sent.
    let seconds = began.elapsed().as_secs() + 1;
    let most = limit("OTHER_PACKETS_AT_ONCE") + seconds * limit("OTHER_PACKETS_A_SECOND");
    assert!(came <= most, "{came} of {SENT} packets came in {seconds} s: as root, run server/setup/firewall.sh");
    assert!(came >= limit("OTHER_PACKETS_AT_ONCE"), "{came} came");
    // TCP has a limit of its own, and each learner has theirs.
    for sandbox in [&a, &b] {
        assert_eq!(sandbox.run(&format!("run --rm busybox nc -w 5 {LIKE_THE_INTERNET} 80")).await.ok(), "hello\n");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_new_connections_is_cut() {
    const BEGUN: u64 = 12_000;
    let neighbour = Neighbour::move_in().await;
    let mut host = TestHost::start(0).await;
    let a = open(&mut host).await;
    let _moment = MakingANetwork::of(&[&a]).await;
    let before = neighbour.connections();
    // A pause that is too short to have earned as many again.
    let program = format!(
        "import time
for pause in (3, 0):
    for n in range({BEGUN}):
        s = socket.socket()
        s.setblocking(False)
        s.connect_ex(('{LIKE_THE_INTERNET}', 1000 + n % 50000))
        s.close()
    time.sleep(pause)"
    );
    let began = Instant::now();
    run(&a, &program).await;
    let came = neighbour.connections() - before;
    let seconds = began.elapsed().as_secs() + 1;
    let most = limit("NEW_AT_ONCE") + seconds * limit("NEW_A_SECOND");
    assert!(came <= most, "{came} of twice {BEGUN} connections came in {seconds} s: as root, run server/setup/firewall.sh");
    assert!(came >= limit("NEW_AT_ONCE"), "{came} came");
}

#[tokio::test(flavor = "multi_thread")]
async fn so_many_connections_are_open_at_once_at_most() {
    const WANTED: u64 = 2_500;
    let _neighbour = Neighbour::move_in().await;
    let mut host = TestHost::start(0).await;
    let a = open(&mut host).await;
    let program = format!(
        "import resource, select, socket
resource.setrlimit(resource.RLIMIT_NOFILE, ({WANTED} + 100,) * 2)
poll, all = select.epoll(), []
for _ in range({WANTED}):
    s = socket.socket()
    s.setblocking(False)
    s.connect_ex(('{LIKE_THE_INTERNET}', 81))
    poll.register(s, select.EPOLLOUT | select.EPOLLONESHOT)
    all.append(s)
opened = 0
while ready := poll.poll(2, {WANTED}):
    opened += sum(event == select.EPOLLOUT for _, event in ready)
print(opened)"
    );
    let opened: u64 = a.docker(&["run", "--rm", "python", "python3", "-c", &program]).await.ok().trim().parse().unwrap();
    let most = limit("OPEN_AT_ONCE");
    assert!(opened <= most, "{opened} were open: as root, run server/setup/firewall.sh");
    assert!(opened >= most - 10, "{opened} were open");
}

/// What the kernel's table of connections has with an address, at port 81. Root may read it.
fn recorded(address: &str) -> usize {
    let table = std::fs::read_to_string("/proc/net/nf_conntrack").expect("this kernel shows its table of connections to root");
    table.lines().filter(|line| line.contains(&format!("dst={address} ")) && line.contains("dport=81 ")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_between_a_learners_own_containers_take_no_place_in_the_machines_table() {
    const WANTED: usize = 300;
    for egress in [Egress::Off, Egress::On] {
        let mut host = TestHost::start(0).await;
        host.config.egress = egress;
        host.restart().await;
        let a = host.open().await;
        a.run("pull -q python").await.ok();
        let listen = format!(
            "import socket, time
s = socket.socket()
s.bind(('', 81))
s.listen({WANTED})
time.sleep(600)"
        );
        a.docker(&["run", "-d", "--name", "server", "python", "python3", "-c", &listen]).await.ok();
        let format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
        let address = a.docker(&["inspect", "--format", format, "server"]).await.ok().trim().to_owned();
        let call = format!(
            "import socket, time
def call():
    while True:
        try: return socket.create_connection(('{address}', 81))
        except ConnectionRefusedError: time.sleep(0.1)
all = [call() for _ in range({WANTED})]
print('open', flush=True)
time.sleep(600)"
        );
        a.docker(&["run", "-d", "--name", "client", "python", "python3", "-c", &call]).await.ok();
        until("all are open", async || a.run("logs client").await.ok() == "open\n").await;
        // Nobody says goodbye.
        for name in ["client", "server"] {
            a.run(&format!("network disconnect --force bridge {name}")).await.ok();
        }
        assert_eq!(recorded(&address), 0, "with {egress:?}: as root, run server/setup/firewall.sh");
    }
}

#[test]
fn what_the_firewall_counts_as_one_is_a_sandboxs_network() {
    assert_eq!(limit("LIMIT_MASK"), u64::from(NETWORK_PREFIX_LENGTH));
}
