//! Each sees their own, and nothing of another's.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may fail")]

use serde_json::Value;

use super::{host, inspect, names};

#[tokio::test(flavor = "multi_thread")]
async fn filters_find_what_is_the_learners_own() {
    let host = host(2).await;
    let (a, b) = (&host.sandboxes[0], &host.sandboxes[1]);
    let theirs = b.run("create --name theirs -l secret=1 -v canary:/x busybox true").await.ok();
    a.run("run -d --name one -l tier=front -p 8080:80 -v data:/x busybox sleep 1000").await.ok();
    a.docker(&["run", "--name", "two", "-l", "tier=back", "busybox", "sh", "-c", "exit 3"]).await;
    for (arguments, expected) in [
        ("-a", vec!["two", "one"]),
        ("", vec!["one"]),
        ("-l", vec!["two"]),
        ("-n 2", vec!["two", "one"]),
        ("-a --filter name=on", vec!["one"]),
        ("-a --filter name=^two$", vec!["two"]),
        ("-a --filter label=tier", vec!["two", "one"]),
        ("-a --filter label=tier=front", vec!["one"]),
        ("--filter status=exited", vec!["two"]),
        ("-a --filter exited=3", vec!["two"]),
        ("-a --filter exited=0", vec![]),
        ("-a --filter ancestor=busybox", vec!["two", "one"]),
        ("-a --filter ancestor=nothing", vec![]),
        ("-a --filter volume=data", vec!["one"]),
        ("-a --filter volume=canary", vec![]),
        ("-a --filter network=bridge", vec!["two", "one"]),
        ("-a --filter publish=8080", vec!["one"]),
        ("-a --filter health=none", vec!["two", "one"]),
        ("-a --filter isolation=default", vec!["two", "one"]),
        ("-a --filter label=secret", vec![]),
        ("-a --filter label=io.lunchbox.role", vec![]),
        ("-a --filter since=one", vec!["two"]),
        ("-a --filter before=two", vec!["one"]),
    ] {
        assert_eq!(names(a, arguments).await, expected, "{arguments}");
    }
    // To ask about another's is to ask about nothing.
    for key in ["before", "since"] {
        let of = |id: String| async move { a.run(&format!("ps -a --filter {key}={id}")).await.fails().replace(&id, "ID") };
        assert_eq!(of(theirs.trim().to_owned()).await, of("f".repeat(64)).await);
    }
    assert!(a.run("ps --filter nonsense=1").await.fails().contains("invalid filter 'nonsense'"));
    assert!(a.run("container prune -f").await.ok().contains("Total reclaimed space"));
    assert_eq!(names(a, "-a").await, ["one"]);
    assert_eq!(names(b, "-a").await, ["theirs"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn anothers_container_looks_just_like_none() {
    let host = host(2).await;
    let (a, b) = (&host.sandboxes[0], &host.sandboxes[1]);
    a.run("create --name own busybox true").await.ok();
    let id = b.run("run -d --name victim busybox sleep 1000").await.ok().trim().to_owned();
    let exec: Value = serde_json::from_str(&b.http("POST", "/v1.45/containers/victim/exec", r#"{"Cmd":["true"]}"#).await.1).unwrap();
    let exec = exec["Id"].as_str().unwrap().to_owned();
    let random: String = (0..64).map(|_| char::from(b"0123456789abcdef"[rand::random_range(0..16)])).collect();
    let full = format!("lb-{}-{}-victim", host.config.instance, b.id);
    let rows = [
        ("GET", "/containers/{}/json", ""),
        ("GET", "/containers/{}/top", ""),
        ("GET", "/containers/{}/logs?stdout=1", ""),
        ("GET", "/containers/{}/changes", ""),
        ("GET", "/containers/{}/export", ""),
        ("GET", "/containers/{}/stats?stream=0", ""),
        ("POST", "/containers/{}/resize?h=1&w=1", ""),
        ("POST", "/containers/{}/start", ""),
        ("POST", "/containers/{}/stop", ""),
        ("POST", "/containers/{}/restart", ""),
        ("POST", "/containers/{}/kill", ""),
        ("POST", "/containers/{}/update", "{}"),
        ("POST", "/containers/{}/rename?name=x", ""),
        ("POST", "/containers/{}/pause", ""),
        ("POST", "/containers/{}/unpause", ""),
        ("POST", "/containers/{}/attach?stream=1", ""),
        ("POST", "/containers/{}/wait", ""),
        ("DELETE", "/containers/{}?force=1", ""),
        ("GET", "/containers/{}/archive?path=/", ""),
        ("PUT", "/containers/{}/archive?path=/", ""),
        ("POST", "/containers/{}/exec", r#"{"Cmd":["true"]}"#),
    ];
    for (method, path, body) in rows {
        for foreign in [id.as_str(), &id[..12], &id[..3], "victim", full.as_str()] {
            // As long as the foreign one, so that the answers can be compared letter by letter.
            let absent = if foreign.len() > 64 { "z".repeat(foreign.len()) } else { random[..foreign.len()].to_owned() };
            let of = |name: String| async move {
                let (status, answer) = a.http(method, &format!("/v1.45{}", path.replace("{}", &name)), body).await;
                (status, answer.replace(&name, "NAME"))
            };
            let (theirs, none) = (of(foreign.to_owned()).await, of(absent).await);
            assert_eq!(theirs, none, "{method} {path} {foreign}");
            assert_eq!(theirs.0, 404, "{method} {path} {foreign}");
        }
    }
    for (method, path, body) in [("GET", "/exec/{}/json", ""), ("POST", "/exec/{}/start", "{}"), ("POST", "/exec/{}/resize?h=1&w=1", "")] {
        let of = |name: String| async move {
            let (status, answer) = a.http(method, &format!("/v1.45{}", path.replace("{}", &name)), body).await;
            (status, answer.replace(&name, "NAME"))
        };
        assert_eq!(of(exec.clone()).await, of(random.clone()).await, "{method} {path}");
    }
    for flags in ["--volumes-from", "--network container:", "--pid container:", "--ipc container:"] {
        let line = |name: &str| format!("run --rm {flags}{}{name} busybox true", if flags.ends_with(':') { "" } else { " " });
        let theirs = a.run(&line(&id)).await.fails().replace(&id, "NAME");
        assert_eq!(theirs, a.run(&line(&random)).await.fails().replace(&random, "NAME"), "{flags}");
    }
    // And it's still there.
    assert_eq!(names(b, "").await, ["victim"]);
    assert_eq!(inspect(b, "victim", "{{.State.Running}} {{.State.Paused}}").await, "true false");
}
