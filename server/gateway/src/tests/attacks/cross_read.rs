//! Reading what is another learner's. 22 to 36.

use super::{
    super::{containers::host, support::Printed},
    CANARY, Pair, tar,
};

/// Everything that a command printed.
fn all(printed: &Printed) -> String {
    format!("{}{}", printed.out, printed.err)
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_22_27_what_is_anothers_looks_just_like_none() {
    let pair = Pair::new().await;
    let (a, victim) = (&pair.a, &pair.victim);
    let image = &victim.image["sha256:".len()..];
    let mut rows: Vec<(&str, &str, &str, Vec<String>)> = Vec::new();
    let containers = pair.names_of_b();
    rows.push(("GET", "/containers/{}/json", "", containers.clone()));
    rows.push(("DELETE", "/containers/{}?force=1&v=1", "", containers));
    for (method, path) in [("GET", "/exec/{}/json"), ("POST", "/exec/{}/start"), ("POST", "/exec/{}/resize?h=1&w=1")] {
        rows.push((method, path, if path.ends_with("start") { "{}" } else { "" }, vec![victim.exec.clone(), victim.exec[..12].to_owned()]));
    }
    let volumes = vec![
        format!("{CANARY}-data"),
        pair.engine_name(&format!("{CANARY}-data")),
        victim.anonymous_volume.clone(),
        victim.anonymous_volume[..12].to_owned(),
    ];
    for method in ["GET", "DELETE"] {
        rows.push((method, "/volumes/{}", "", volumes.clone()));
    }
    let network = pair.engine_name(&format!("{CANARY}-net"));
    let default = format!("lb-{}-{}.net", pair.host.config.instance, pair.b.id);
    let networks = vec![
        victim.network.clone(),
        victim.network[..12].to_owned(),
        victim.network[..6].to_owned(),
        network,
        default,
        format!("{CANARY}-net"),
    ];
    for (method, path, body) in [
        ("GET", "/networks/{}", ""),
        ("DELETE", "/networks/{}", ""),
        ("POST", "/networks/{}/connect", r#"{"Container":"x"}"#),
        ("POST", "/networks/{}/disconnect", r#"{"Container":"x"}"#),
    ] {
        rows.push((method, path, body, networks.clone()));
    }
    let held = format!("lb-{}/{}:{}", pair.host.config.instance, pair.b.id, &image[..12]);
    let images = vec![
        victim.image.clone(),
        image.to_owned(),
        image[..12].to_owned(),
        held,
        format!("{CANARY}-image:1"),
        format!("{CANARY}-secret:1"),
    ];
    for (method, path) in [
        ("GET", "/images/{}/json"),
        ("GET", "/images/{}/history"),
        ("GET", "/images/{}/get"),
        ("GET", "/images/get?names={}"),
        ("POST", "/images/{}/tag?repo=stolen"),
        ("POST", "/images/{}/push"),
        ("DELETE", "/images/{}?force=1"),
    ] {
        rows.push((method, path, "", images.clone()));
    }
    for (method, path, body, names) in rows {
        for name in names {
            // As long, and of the same kinds of letters; so that the answers can be compared.
            let prefix = if name.starts_with("sha256:") { "sha256:" } else { "" };
            let rest = &name[prefix.len()..];
            let is_id = rest.len() >= 2 && rest.chars().all(|c| c.is_ascii_hexdigit());
            let absent: String =
                rest.chars().map(|c| if is_id { char::from(b"0123456789abcdef"[rand::random_range(0..16)]) } else { c }).collect();
            let absent = format!("{prefix}{absent}");
            // Another name that is as absent.
            let absent = if absent == name { name.replace("canary", "nobody").replace(pair.b.id.as_str(), "aaaaaaaaaaaa") } else { absent };
            let of = |name: String| async move {
                let (status, answer) = a.http(method, &format!("/v1.45{}", path.replace("{}", &name)), body).await;
                let repository = name.rsplit_once(':').map_or(name.as_str(), |(repository, _)| repository);
                (status, answer.replace(&name, "NAME").replace(name.trim_start_matches('/'), "NAME").replace(repository, "NAME"))
            };
            let (theirs, none) = (of(name.clone()).await, of(absent).await);
            // A push says no in its stream.
            assert!(matches!(theirs.0, 400 | 403 | 404) || theirs.1.contains("errorDetail"), "{method} {path} {name}: {theirs:?}");
            assert_eq!(theirs, none, "{method} {path} {name}");
        }
    }
    pair.b_is_unharmed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_23_33_nothing_that_lists_or_counts_shows_another() {
    let pair = Pair::new().await;
    let a = &pair.a;
    a.run("run -d --name own busybox sleep 1000").await.ok();
    let mut seen = String::new();
    for line in [
        "ps -a --no-trunc --size",
        "images -a --no-trunc --digests",
        "image inspect busybox",
        "history --no-trunc busybox",
        "volume ls",
        "network ls --no-trunc",
        "network inspect bridge host none",
        "system df -v",
        "info",
        "version",
        "stats --no-stream --no-trunc",
        "search canary",
        "plugin ls",
        "inspect own",
        "logs own",
        "top own",
        "diff own",
        "port own",
        "container ls -a --filter volume=canary-of-b-data",
    ] {
        seen.push_str(&all(&a.run(line).await));
    }
    let until = (crate::ledger::now_ms() / 1000 + 1).to_string();
    seen.push_str(&all(&a.docker(&["events", "--since", "0", "--until", &until]).await));
    for path in [
        "/info",
        "/system/df",
        "/system/df?type=image&type=volume&type=container&type=build-cache",
        "/containers/json?all=1&size=1",
        "/images/json?all=1&digests=1&shared-size=1",
        "/volumes",
        "/networks",
        "/build/prune",
    ] {
        seen.push_str(&a.http(if path == "/build/prune" { "POST" } else { "GET" }, &format!("/v1.45{path}"), "").await.1);
    }
    let (victim, instance) = (&pair.victim, &pair.host.config.instance);
    let image = &victim.image["sha256:".len()..];
    for secret in [
        CANARY,
        pair.b.id.as_str(),
        instance,
        &victim.container[..12],
        &victim.network[..12],
        &image[..12],
        &victim.anonymous_volume[..12],
        "io.lunchbox.sandbox",
    ] {
        // What A asked for comes back as what A asked for.
        let asked_for = if secret == CANARY { seen.replace("canary-of-b-data", "") } else { seen.clone() };
        assert!(!asked_for.contains(secret), "{secret} is in {asked_for}");
    }
    // It was there to be seen.
    assert!(pair.b.run("ps -a").await.ok().contains(CANARY));
    let counts = a.docker(&["info", "--format", "{{.Containers}} {{.Images}}"]).await.ok();
    assert_eq!(counts.trim(), "1 1");
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_24_filters_answer_of_anothers_as_of_none() {
    let pair = Pair::new().await;
    let (a, victim) = (&pair.a, &pair.victim);
    a.run("run -d --name own -v mine:/x busybox sleep 1000").await.ok();
    let random = "5".repeat(64);
    let image = &victim.image["sha256:".len()..];
    for (path, key, theirs, none) in [
        ("/containers/json?all=1", "before", victim.container.as_str(), random.as_str()),
        ("/containers/json?all=1", "since", &victim.container, &random),
        ("/containers/json?all=1", "id", &victim.container, &random),
        ("/containers/json?all=1", "name", "canary-of-b-web", "nobody"),
        ("/containers/json?all=1", "ancestor", &victim.image, &random),
        ("/containers/json?all=1", "ancestor", "canary-of-b-image:1", "nobody:1"),
        ("/containers/json?all=1", "volume", "canary-of-b-data", "nobody"),
        ("/containers/json?all=1", "volume", &victim.anonymous_volume, &random),
        ("/containers/json?all=1", "network", &victim.network, &random),
        ("/containers/json?all=1", "label", "canary", "nobody"),
        ("/containers/json?all=1", "label", "io.lunchbox.sandbox", "nobody"),
        ("/images/json?all=1", "before", "canary-of-b-image:1", "nobody:1"),
        ("/images/json?all=1", "since", &image[..12], &random[..12]),
        ("/images/json?all=1", "reference", "canary-of-b-*", "nobody-*"),
        ("/images/json?all=1", "reference", "lb-*/*", "nobody/*"),
        ("/volumes", "name", "canary-of-b", "nobody"),
        ("/volumes", "label", "canary", "nobody"),
        ("/volumes", "label", "io.lunchbox.instance", "nobody"),
        ("/networks", "id", &victim.network, &random),
        ("/networks", "name", "canary-of-b-net", "nobody"),
        ("/networks", "label", "io.lunchbox.role", "nobody"),
        ("/events?since=0&until=1", "container", &victim.container, &random),
    ] {
        let of = |value: &str| {
            let value = value.to_owned();
            async move {
                let filters = serde_json::json!({ key: [value] }).to_string();
                let filters = percent_encoding::utf8_percent_encode(&filters, percent_encoding::NON_ALPHANUMERIC).to_string();
                let joint = if path.contains('?') { '&' } else { '?' };
                let (status, answer) = a.http("GET", &format!("/v1.45{path}{joint}filters={filters}"), "").await;
                (status, answer.replace(&value, "VALUE"))
            }
        };
        assert_eq!(of(theirs).await, of(none).await, "{path} {key}={theirs}");
    }
    assert!(pair.a.run("ps -a --filter volume=mine").await.ok().contains("own"));
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_25_26_nothing_of_anothers_is_run_built_upon_mounted_or_joined() {
    let pair = Pair::new().await;
    let (a, victim) = (&pair.a, &pair.victim);
    a.run("run -d --name own busybox sleep 1000").await.ok();
    a.run("network create own-net").await.ok();
    let image = &victim.image["sha256:".len()..];
    let held = format!("lb-{}/{}:{}", pair.host.config.instance, pair.b.id, &image[..12]);
    for name in [victim.image.as_str(), image, &image[..12], &held, "canary-of-b-image:1"] {
        a.docker(&["run", "--rm", "--pull", "never", name, "cat", "/canary"]).await.fails();
        a.docker(&["save", "-o", "/dev/null", name]).await.fails();
        for text in [
            format!("FROM {name}\nRUN cat /canary\n"),
            format!("FROM busybox\nCOPY --from={name} /canary /x\nRUN cat /x\n"),
            format!("ARG X={name}\nFROM ${{X}}\nRUN cat /canary\n"),
        ] {
            let said = a.docker_in(&["build", "-"], text.as_bytes()).await;
            assert!(said.code != 0 && !said.out.contains(&format!("{CANARY}\n")), "{text}: {said:?}");
        }
        let mount = format!(r#"{{"Image":"busybox","HostConfig":{{"Mounts":[{{"Type":"image","Source":"{name}","Target":"/x"}}]}}}}"#);
        assert_eq!(a.http("POST", "/v1.45/containers/create", &mount).await.0, 400, "{name}");
        let cache = serde_json::json!([name]).to_string();
        let built = a
            .docker_in(
                &["build", "--cache-from", &cache, "-"],
                format!("FROM busybox\nRUN echo {CANARY} > /canary\nENV CANARY={CANARY}\n").as_bytes(),
            )
            .await;
        assert!(!built.out.contains("Using cache") || built.out.contains("Step 2/3") && !built.out.contains(&image[..12]), "{built:?}");
        a.run("builder prune -af").await.ok();
    }
    for name in pair.names_of_b() {
        for flags in [
            format!("--volumes-from {name}"),
            format!("--network container:{name}"),
            format!("--pid container:{name}"),
            format!("--ipc container:{name}"),
            format!("--link {name}:x"),
        ] {
            let said = a.run(&format!("run --rm {flags} busybox cat /data/canary")).await;
            assert!(said.code != 0 && !said.out.contains(CANARY), "{flags}: {said:?}");
        }
        a.docker(&["network", "connect", "own-net", &name]).await.fails();
        a.docker(&["network", "disconnect", "-f", "bridge", &name]).await.fails();
    }
    let engine_net = pair.engine_name("canary-of-b-net");
    for network in [victim.network.as_str(), &victim.network[..12], &engine_net, "canary-of-b-net"] {
        a.docker(&["run", "--rm", "--network", network, "busybox", "true"]).await.fails();
        a.docker(&["network", "connect", network, "own"]).await.fails();
        a.docker_in(&["build", "--network", network, "-"], b"FROM busybox\nRUN true\n").await.fails();
    }
    // A volume of such a name is A's own, and empty.
    for volume in [victim.anonymous_volume.clone(), pair.engine_name("canary-of-b-data"), "canary-of-b-data".to_owned()] {
        let said = a.docker(&["run", "--rm", "-v", &format!("{volume}:/x"), "busybox", "cat", "/x/canary"]).await;
        assert!(said.code != 0 && !said.out.contains(CANARY), "{volume}: {said:?}");
    }
    pair.b_is_unharmed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_30_files_are_copied_from_the_containers_own_root_alone() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    let outside = tempfile::NamedTempFile::new_in("/tmp").unwrap();
    std::fs::write(&outside, "the engine's host").unwrap();
    let path = outside.path().display().to_string();
    a.docker(&[
        "run",
        "-d",
        "--name",
        "box",
        "busybox",
        "sh",
        "-c",
        "ln -s / /root-of; ln -s /proc/1/root /way; ln -s ../../../../../../tmp /up; exec sleep 1000",
    ])
    .await
    .ok();
    for from in [
        format!("/../../..{path}"),
        path.clone(),
        format!("/proc/1/root{path}"),
        format!("/way{path}"),
        format!("/root-of{path}"),
        format!("/up/{}", outside.path().file_name().unwrap().display()),
        format!("/proc/self/root{path}"),
        format!("/dev/fd/../../..{path}"),
    ] {
        let printed = a.docker(&["cp", &format!("box:{from}"), "-"]).await;
        assert!(!printed.out.contains("the engine's host"), "{from}: {printed:?}");
        a.docker_in(&["cp", "-", &format!("box:{from}")], &tar(&[(b"x", tar::EntryType::Regular, b"x")])).await;
    }
    assert_eq!(std::fs::read_to_string(&outside).unwrap(), "the engine's host");
    let mounts = a.docker(&["cp", "box:/proc/self/mountinfo", "-"]).await;
    assert!(!mounts.out.contains("/var/lib/docker"), "{mounts:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_123_a_hundred_digests_of_the_courses_show_nobodys_use() {
    let pair = Pair::new().await;
    let a = &pair.a;
    // How many containers an image has is how many of A's, though B runs it too.
    pair.b.run("run -d --name also busybox sleep 1000").await.ok();
    let (_, listed) = a.http("GET", "/v1.45/images/json?all=1&shared-size=1&manifests=0", "").await;
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    assert!(listed[0]["Containers"].as_i64().unwrap_or(-1) <= 0, "{listed}");
    let before = a.docker(&["system", "df", "--format", "{{.Type}} {{.TotalCount}} {{.Active}}"]).await.ok();
    assert!(before.contains("Images 1 0") && before.contains("Containers 0 0") && before.contains("Volumes 0 0"), "{before}");
}
