//! To where nobody should come: the machine, its neighbours, other registries. 69 to 79.

use tokio::net::TcpListener;

use super::{
    super::{containers::host, support::bare, support::until},
    send, status, tar,
};

/// Listens, and says whether anybody came.
struct Trap {
    listener: TcpListener,
}

impl Trap {
    async fn new() -> Self {
        Self { listener: TcpListener::bind("0.0.0.0:0").await.unwrap() }
    }

    fn port(&self) -> u16 {
        self.listener.local_addr().unwrap().port()
    }

    async fn nobody_came(&self, what: &str) {
        let came = tokio::time::timeout(std::time::Duration::from_millis(100), self.listener.accept()).await;
        assert!(came.is_err(), "{what}: somebody came");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_69_no_address_but_a_learners_own_can_be_reached() {
    let host = host(2).await;
    let (a, b) = (&host.sandboxes[0], &host.sandboxes[1]);
    b.docker(&["run", "-d", "--name", "web", "busybox", "httpd", "-f", "-p", "80"]).await.ok();
    let theirs =
        b.docker(&["inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", "web"]).await.ok().trim().to_owned();
    a.docker(&["run", "-d", "--name", "web", "busybox", "httpd", "-f", "-p", "80"]).await.ok();
    let trap = Trap::new().await;
    // Every address that the machine itself has, with something listening there.
    let addresses = tokio::process::Command::new("hostname").arg("-I").output().await.unwrap();
    let mut targets: Vec<(String, u16)> =
        String::from_utf8_lossy(&addresses.stdout).split_whitespace().map(|address| (address.to_owned(), trap.port())).collect();
    let bridges = bare(&["network", "ls", "-q", "--filter", "driver=bridge"]).await.ok();
    for network in bridges.lines() {
        let gateway = bare(&["network", "inspect", "--format", "{{range .IPAM.Config}}{{.Gateway}}{{end}}", network]).await.out;
        targets.extend([22, 2375, 3000, 5055, trap.port()].map(|port| (gateway.trim().to_owned(), port)));
    }
    targets.extend(
        [
            ("169.254.169.254", 80),
            ("fd00:ec2::254", 80),
            ("10.0.0.1", 80),
            ("192.168.0.1", 80),
            ("172.17.0.1", 5055),
            ("127.0.0.1", 5055),
            ("::1", 5055),
            ("1.1.1.1", 53),
            (theirs.as_str(), 80),
        ]
        .map(|(address, port)| (address.to_owned(), port)),
    );
    targets.retain(|(address, _)| !address.is_empty());
    let tries: Vec<String> = targets
        .iter()
        .map(|(address, port)| format!("(nc -w 2 {address} {port} </dev/null >/dev/null 2>&1 && echo reached {address} {port}) & "))
        .collect();
    for tries in tries.chunks(40) {
        let said = a.docker(&["run", "--rm", "busybox", "sh", "-c", &format!("{} wait", tries.concat())]).await;
        assert_eq!(said.out, "", "{said:?}");
    }
    trap.nobody_came("a container").await;
    // Its own is, so that it wasn't that nothing can be.
    let own = a.docker(&["inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", "web"]).await.ok();
    until("one's own", || async { a.run(&format!("run --rm busybox nc -w 2 {} 80", own.trim())).await.code == 0 }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_70_73_74_nobody_is_dialled_but_the_courses_registry() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    let trap = Trap::new().await;
    let at = format!("127.0.0.1:{}", trap.port());
    let of_b = crate::SandboxId::random();
    for name in [
        format!("{at}/x"),
        format!("localhost:{}/x", trap.port()),
        format!("[::1]:{}/x", trap.port()),
        format!("0.0.0.0:{}/x", trap.port()),
        format!("2130706433:{}/x", trap.port()),
        "169.254.169.254/x".to_owned(),
        "127.0.0.1:5055/library/nginx".to_owned(),
        "localhost:5055/library/nginx".to_owned(),
        "LOCALHOST:5055/library/nginx".to_owned(),
        format!("localhost:5055/learners/{of_b}/x"),
        format!("evil.com@{at}/x"),
        "evil.com@registry.lunchbox/x".to_owned(),
        "REGISTRY.LUNCHBOX/x".to_owned(),
        "registry.lunchbox:443/x".to_owned(),
        "registry.lunchbox:5055/x".to_owned(),
        "registry.lunchbox./x".to_owned(),
        "registry.lunchbox/../x".to_owned(),
        "registry.lunchbox//x".to_owned(),
        "registry.lunchb\u{f6}x/x".to_owned(),
        "xn--registry-lunchbx.example/x".to_owned(),
        "quay.io/x/y".to_owned(),
        "docker.io.evil.com/library/nginx".to_owned(),
        "user:word@registry.lunchbox/x".to_owned(),
    ] {
        let encoded = percent_encoding::utf8_percent_encode(&name, percent_encoding::NON_ALPHANUMERIC).to_string();
        let (code, answer) = a.http("POST", &format!("/v1.45/images/create?fromImage={encoded}&tag=latest"), "").await;
        assert!(matches!(code, 400 | 403 | 404) || answer.contains("\"error\""), "{name}: {code} {answer}");
        let (code, answer) = a.http("GET", &format!("/v1.45/distribution/{name}/json"), "").await;
        assert!(code >= 400 || code == 0, "{name}: {code} {answer}");
        a.docker_in(&["build", "-"], format!("FROM {name}\n").as_bytes()).await.fails();
        a.docker(&["run", "--rm", &name]).await.fails();
        // As a name for an image of one's own it may serve, but leads nowhere.
        if a.docker(&["tag", "busybox", &name]).await.code == 0 {
            let pushed = a.docker(&["push", &name]).await;
            assert!(pushed.code != 0 || name.starts_with("registry.lunchbox/"), "{name}: {pushed:?}");
            a.docker(&["rmi", &name]).await.ok();
        }
    }
    for (method, path, body) in [
        ("POST", format!("/images/create?fromSrc=http://{at}/x"), String::new()),
        ("POST", format!("/images/create?fromSrc=https%3A%2F%2F{at}%2Fx&repo=x"), String::new()),
        ("POST", "/auth".to_owned(), format!(r#"{{"username":"a","password":"b","serveraddress":"{at}"}}"#)),
        ("POST", "/auth".to_owned(), format!(r#"{{"username":"a","password":"b","serveraddress":"http://{at}/v2/"}}"#)),
        ("POST", "/auth".to_owned(), format!(r#"{{"auth":"YTpi","serveraddress":"{at}"}}"#)),
        ("GET", format!("/images/search?term={at}/x"), String::new()),
        ("GET", format!("/distribution/{at}/x/json"), String::new()),
        ("GET", format!("/plugins/privileges?remote={at}/x"), String::new()),
        ("POST", format!("/plugins/pull?remote={at}/x"), "[]".to_owned()),
        ("POST", format!("/build?remote=http://{at}/x"), String::new()),
        ("POST", format!("/build?remote=git://{at}/x.git"), String::new()),
        ("POST", "/swarm/join".to_owned(), format!(r#"{{"RemoteAddrs":["{at}"],"JoinToken":"x"}}"#)),
    ] {
        let (code, answer) = a.http(method, &format!("/v1.45{path}"), &body).await;
        assert!(code >= 400 || answer == "[]\n", "{path}: {code} {answer}");
    }
    let form = format!("fromSrc=http://{at}/x&fromImage={at}/x");
    send(a, "POST /v1.45/images/create?fromImage=busybox&tag=latest", "application/x-www-form-urlencoded", form.as_bytes()).await;
    trap.nobody_came("the engine or the gateway").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_72_a_layer_is_fetched_from_nowhere_that_an_image_names() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    let trap = Trap::new().await;
    let url = format!("http://127.0.0.1:{}/layer", trap.port());
    let layer = tar(&[(b"x", tar::EntryType::Regular, b"x")]);
    let diff = format!("sha256:{:x}", <sha2::Sha256 as sha2::Digest>::digest(&layer));
    let config = serde_json::json!({ "architecture": crate::registry::architecture(), "os": "linux", "config": {}, "rootfs": { "type": "layers", "diff_ids": [diff] } }).to_string();
    let source = serde_json::json!({ "mediaType": "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", "size": layer.len(), "digest": diff, "urls": [url] });
    let manifest = serde_json::json!([{ "Config": "c.json", "RepoTags": ["registry.lunchbox/foreign:1"], "Layers": ["l.tar"], "LayerSources": { (diff.as_str()): source } }]).to_string();
    let archive = tar(&[
        (b"c.json", tar::EntryType::Regular, config.as_bytes()),
        (b"l.tar", tar::EntryType::Regular, &layer),
        (b"manifest.json", tar::EntryType::Regular, manifest.as_bytes()),
    ]);
    if a.docker_in(&["load"], &archive).await.code == 0 && a.run("push -q registry.lunchbox/foreign:1").await.code == 0 {
        let (_, manifest) = a.http("GET", "/v1.45/distribution/registry.lunchbox/foreign:1/json", "").await;
        assert!(!manifest.contains("127.0.0.1"), "{manifest}");
        a.run("rmi registry.lunchbox/foreign:1").await.ok();
        a.run("pull -q registry.lunchbox/foreign:1").await.ok();
    }
    trap.nobody_came("the engine").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_76_77_no_network_and_no_name_leads_to_the_machine() {
    let host = host(2).await;
    let a = &host.sandboxes[0];
    let label = format!("label=io.lunchbox.sandbox={}", host.sandboxes[1].id);
    let of_b = bare(&["network", "ls", "-q", "--filter", &label]).await.ok();
    let subnet = bare(&["network", "inspect", "--format", "{{range .IPAM.Config}}{{.Subnet}}{{end}}", of_b.trim()]).await.ok();
    let subnet = subnet.trim();
    for wish in [
        r#""Driver":"macvlan","Options":{"parent":"eth0"}"#.to_owned(),
        r#""Driver":"ipvlan""#.to_owned(),
        r#""Driver":"overlay""#.to_owned(),
        r#""Driver":"host""#.to_owned(),
        r#""Driver":"null""#.to_owned(),
        r#""Driver":"../bridge""#.to_owned(),
        r#""Options":{"com.docker.network.bridge.name":"docker0"}"#.to_owned(),
        r#""Options":{"com.docker.network.bridge.gateway_mode_ipv4":"routed"}"#.to_owned(),
        r#""Options":{"com.docker.network.bridge.host_binding_ipv4":"0.0.0.0"}"#.to_owned(),
        r#""Options":{"com.docker.network.bridge.trusted_host_interfaces":"eth0"}"#.to_owned(),
        r#""EnableIPv6":true"#.to_owned(),
        r#""EnableIPv4":false"#.to_owned(),
        r#""Ingress":true"#.to_owned(),
        r#""ConfigOnly":true"#.to_owned(),
        r#""ConfigFrom":{"Network":"x"}"#.to_owned(),
        r#""Scope":"swarm""#.to_owned(),
        format!(r#""IPAM":{{"Config":[{{"Subnet":"{subnet}"}}]}}"#),
        r#""IPAM":{"Config":[{"Subnet":"10.0.0.0/8","Gateway":"10.0.0.1"}]}"#.to_owned(),
        r#""IPAM":{"Driver":"evil"}"#.to_owned(),
        r#""IPAM":{"Options":{"a":"b"}}"#.to_owned(),
        r#""IPAM":{"Config":[{"AuxiliaryAddresses":{"x":"10.0.0.1"}}]}"#.to_owned(),
    ] {
        let (code, answer) = a.http("POST", "/v1.45/networks/create", &format!(r#"{{"Name":"n",{wish}}}"#)).await;
        assert!(matches!(code, 400 | 403), "{wish}: {code} {answer}");
    }
    for wish in [
        r#""HostConfig":{"Dns":["169.254.169.254"]}"#,
        r#""HostConfig":{"Dns":["10.0.0.1"]}"#,
        r#""HostConfig":{"Dns":["127.0.0.53"]}"#,
        r#""HostConfig":{"Dns":["::ffff:169.254.169.254"]}"#,
        r#""HostConfig":{"ExtraHosts":["x:host-gateway"]}"#,
        r#""HostConfig":{"ExtraHosts":["x=host-gateway"]}"#,
        r#""HostConfig":{"DnsOptions":["ndots:1\nnameserver 10.0.0.1"]}"#,
        r#""HostConfig":{"DnsSearch":["x\nnameserver 10.0.0.1"]}"#,
        r#""NetworkingConfig":{"EndpointsConfig":{"bridge":{"IPAMConfig":{"IPv4Address":"10.0.0.1"}}}}"#,
        r#""NetworkingConfig":{"EndpointsConfig":{"host":{}}},"HostConfig":{"NetworkMode":"host"}"#,
        r#""NetworkingConfig":{"EndpointsConfig":{"bridge":{"GwPriority":5}}}"#,
        r#""NetworkingConfig":{"EndpointsConfig":{"bridge":{"DriverOpts":{"com.docker.network.endpoint.sysctls":"net.ipv4.ip_forward=1"}}}}"#,
        r#""HostConfig":{"NetworkMode":"ns:/proc/1/ns/net"}"#,
        r#""MacAddress":"02:42:ac:11:00:02""#,
    ] {
        let (code, answer) = a.http("POST", "/v1.45/containers/create", &format!(r#"{{"Image":"busybox",{wish}}}"#)).await;
        assert!(matches!(code, 400 | 403 | 404), "{wish}: {code} {answer}");
    }
    for network in ["host", "none"] {
        a.run("create --name own busybox true").await;
        a.docker(&["network", "connect", network, "own"]).await.fails();
    }
    // A name that one gives is one's own container's alone.
    let said = a.run("run --rm --add-host registry.lunchbox:10.9.9.9 busybox cat /etc/hosts").await.ok();
    assert!(said.contains("10.9.9.9"));
    a.run("pull -q alpine").await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_78_no_packet_is_forged_and_no_name_is_asked_for_outside() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    for command in [
        "arping -c 1 -w 1 10.0.0.1",
        "ping -c 1 -W 1 10.213.0.1",
        "traceroute -m 1 10.0.0.1",
        "ip link set eth0 down",
        "ip addr add 10.0.0.1/8 dev eth0",
        "ip route add default via 10.0.0.1",
        "udhcpc -n -q -t 1",
        "nslookup example.com",
        "nslookup secret.example.com 1.1.1.1",
    ] {
        let words: Vec<&str> = command.split(' ').collect();
        let said = a.docker(&[&["run", "--rm", "busybox", "timeout", "8"], &words[..]].concat()).await;
        assert!(said.code != 0, "{command}: {said:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_79_a_published_port_is_no_port_of_the_machines() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    let listening = || async {
        let mut ports = String::new();
        for file in ["/proc/net/tcp", "/proc/net/tcp6", "/proc/net/udp"] {
            for line in std::fs::read_to_string(file).unwrap_or_default().lines() {
                let words: Vec<&str> = line.split_whitespace().collect();
                let port = words.get(1).and_then(|address| address.rsplit(':').next()).and_then(|port| u16::from_str_radix(port, 16).ok());
                if let Some(port @ (22 | 80 | 8093 | 8094)) = port
                    && words.get(3) == Some(&"0A")
                {
                    ports.push_str(&format!("{file} {port}\n"));
                }
            }
        }
        ports
    };
    let before = listening().await;
    a.docker(&[
        "run",
        "-d",
        "--name",
        "web",
        "-p",
        "0.0.0.0:22:22",
        "-p",
        "80:80",
        "-p",
        "127.0.0.1:8093:80",
        "-p",
        "8094:8094/udp",
        "--expose",
        "1000",
        "-P",
        "busybox",
        "sleep",
        "1000",
    ])
    .await
    .ok();
    assert_eq!(listening().await, before);
    let id = a.run("ps -q --no-trunc").await.ok();
    let engine = bare(&[
        "inspect",
        "--format",
        "{{json .HostConfig.PortBindings}} {{.HostConfig.PublishAllPorts}} {{json .NetworkSettings.Ports}}",
        id.trim(),
    ])
    .await
    .ok();
    assert!(engine.starts_with("{} false") || engine.starts_with("null false"), "{engine}");
    assert!(!engine.contains("HostPort"), "{engine}");
    for published in ["169.254.1.1:81:80", "10.0.0.1:81:80", "1.2.3.4:81:80", "99999:80", "81:80/sctp", "80-90000:80-90000"] {
        a.run(&format!("run --rm -p {published} busybox true")).await.fails();
    }
    assert_eq!(status(&send(a, "GET /v1.45/_ping", "", b"").await), 200);
}

/// A network's addresses are taken from the machine, too: whoever chooses those of its name server answers its questions.
#[tokio::test(flavor = "multi_thread")]
async fn attack_145_no_learner_takes_the_place_of_whom_the_machine_talks_to() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    let create = |subnet: &str| format!("network create --subnet {subnet} evil");
    let said = a.run(&create("10.255.255.0/24")).await.fails();
    assert!(said.contains("within 172.16.0.0/12 or 192.168.0.0/16"), "a range that nobody gave away: {said}");
    // Somebody whom the machine talks to by way of its router. (Nothing is sent.)
    let peer = std::net::Ipv4Addr::new(172, 27, rand::random(), 5);
    let subnet = ipnet::Ipv4Net::new(peer, 24).unwrap().trunc().to_string();
    let socket = std::net::UdpSocket::bind("0.0.0.0:0").unwrap();
    socket.connect((peer, 9)).unwrap();
    let said = a.run(&create(&subnet)).await.fails();
    assert!(said.contains("in use on this machine"), "{said}");
    drop(socket);
    a.run(&create(&subnet)).await.ok();
    a.run("network rm evil").await.ok();
}
