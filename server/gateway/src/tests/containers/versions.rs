//! The versions of the Engine API that are served, by raw requests. What each answer looks like in each of them is
//! tested beside `model::versions`; here, that the answers are those.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may fail")]

use serde_json::{Value, json};

use super::host;
use crate::tests::support::{Sandbox, until};

async fn get(sandbox: &Sandbox, version: u16, path: &str) -> Value {
    let (status, said) = sandbox.http("GET", &format!("/v1.{version}{path}"), "").await;
    assert_eq!(status, 200, "v1.{version}{path}: {said}");
    // An answer may come in pieces.
    let json = said.lines().filter(|line| line.starts_with(['{', '['])).max_by_key(|line| line.len()).unwrap();
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}: {said}"))
}

async fn create(sandbox: &Sandbox, version: u16, body: Value) -> (u16, Value) {
    let (status, said) = sandbox.http("POST", &format!("/v1.{version}/containers/create"), &body.to_string()).await;
    (status, serde_json::from_str(&said).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_version_from_1_41_to_1_53_is_served_and_no_other() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    a.run("run -d --name box busybox sleep 1000").await.ok();
    for version in 41..=53 {
        for path in [
            "/info",
            "/version",
            "/containers/json",
            "/containers/box/json",
            "/images/json",
            "/images/busybox/json",
            "/networks",
            "/system/df",
        ] {
            get(a, version, path).await;
        }
    }
    for version in [40, 54] {
        assert_eq!(a.http("GET", &format!("/v1.{version}/info"), "").await.0, 400, "{version}");
    }
    let ping = a.raw(b"GET /_ping HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n").await;
    assert!(ping.to_lowercase().contains("api-version: 1.53"), "{ping}");
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_of_the_version_that_was_asked_in() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    a.run("network create app").await.ok();
    a.run("run -d --name box --network app busybox sh -c").await;
    a.run("create --name idle busybox").await.ok();
    for (version, name) in [(41, "raw-stream"), (42, "multiplexed-stream")] {
        let request = format!("GET /v1.{version}/containers/box/logs?stdout=1 HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n");
        let head = a.raw(request.as_bytes()).await;
        assert!(head.contains(&format!("application/vnd.docker.{name}")), "{version}: {head}");
    }
    assert!(get(a, 43, "/images/json").await[0]["VirtualSize"].is_i64());
    assert_eq!(get(a, 44, "/images/json").await[0].get("VirtualSize"), None);
    let alias = |shown: &Value| shown["NetworkSettings"]["Networks"]["app"]["Aliases"].as_array().map_or(0, Vec::len);
    assert_eq!([alias(&get(a, 44, "/containers/box/json").await), alias(&get(a, 45, "/containers/box/json").await)], [1, 0]);
    assert_eq!(get(a, 48, "/networks/app").await["EnableIPv4"], true);
    assert_eq!(get(a, 50, "/images/json").await[0]["Containers"], -1);
    assert_eq!(get(a, 51, "/images/json").await[0]["Containers"], 2);
    assert!(get(a, 51, "/containers/box/json").await["NetworkSettings"].get("Gateway").is_some());
    assert!(get(a, 52, "/containers/box/json").await["NetworkSettings"].get("Gateway").is_none());

    let df = get(a, 51, "/system/df").await;
    assert!(df["Images"][0]["Containers"] == 2 && df.get("ImageUsage").is_none(), "{df}");
    let df = get(a, 52, "/system/df").await;
    assert!(df["Images"].is_array() && df["ContainerUsage"]["TotalCount"] == 2 && df["ContainerUsage"].get("Items").is_none(), "{df}");
    let df = get(a, 53, "/system/df?verbose=1&type=container&type=image").await;
    assert!(df.get("Images").is_none() && df.get("VolumeUsage").is_none(), "{df}");
    assert!(df["ContainerUsage"]["Items"][0]["Names"] == json!(["/idle"]) && df["ImageUsage"]["ActiveCount"] == 1, "{df}");
}

#[tokio::test(flavor = "multi_thread")]
async fn wishes_are_read_in_the_version_that_they_are_made_in() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    for name in ["one", "two"] {
        a.run(&format!("network create {name}")).await.ok();
    }
    let several = json!({ "Image": "busybox", "HostConfig": { "NetworkMode": "one" }, "NetworkingConfig": { "EndpointsConfig": { "one": {}, "two": {} } } });
    let (status, said) = create(a, 43, several.clone()).await;
    assert_eq!((status, said["message"].as_str()), (400, Some("Container cannot be connected to network endpoints: one, two")));
    let (status, said) = create(a, 44, several).await;
    assert_eq!(status, 201, "{said}");
    let shown = get(a, 53, &format!("/containers/{}/json", said["Id"].as_str().unwrap())).await;
    assert_eq!(shown["NetworkSettings"]["Networks"].as_object().unwrap().len(), 2);

    let empty = json!({ "Image": "busybox", "ExposedPorts": { "80/tcp": {} }, "HostConfig": { "PortBindings": { "80/tcp": [] } } });
    assert_eq!(create(a, 51, empty.clone()).await.1["Warnings"], json!([]));
    let said = create(a, 52, empty.clone()).await.1;
    assert!(said["Warnings"][0].as_str().unwrap().contains("an empty list of port-bindings: 80/tcp"), "{said}");
    let said = create(a, 53, empty).await.1;
    let shown = get(a, 53, &format!("/containers/{}/json", said["Id"].as_str().unwrap())).await;
    assert_eq!(shown["HostConfig"]["PortBindings"], json!({}));

    // What new clients always send, and what little of it can't be had.
    let mut new = json!({
        "Image": "busybox",
        "HostConfig": { "Annotations": {}, "Mounts": [
            { "Type": "tmpfs", "Target": "/t", "TmpfsOptions": { "SizeBytes": 1_048_576, "Options": [["noexec"], ["uid", "7"]] } },
            { "Type": "volume", "Source": "data", "Target": "/data", "ImageOptions": null, "ClusterOptions": null, "VolumeOptions": { "Subpath": "" } },
        ] },
        "NetworkingConfig": { "EndpointsConfig": { "default": { "GwPriority": 0, "MacAddress": "", "DNSNames": null, "IPv6Gateway": "", "GlobalIPv6PrefixLen": 0 } } },
    });
    let (status, said) = create(a, 53, new.clone()).await;
    assert_eq!(status, 201, "{said}");
    new["NetworkingConfig"]["EndpointsConfig"]["default"]["GwPriority"] = json!(5);
    let (status, said) = create(a, 53, new).await;
    assert!(status == 403 && said["message"].as_str().unwrap().contains("gw-priority"), "{said}");

    let (here, there) =
        ("%7B%22os%22:%22linux%22,%22architecture%22:%22amd64%22%7D", "%7B%22os%22:%22linux%22,%22architecture%22:%22s390x%22%7D");
    let (own, foreign) = if std::env::consts::ARCH == "x86_64" { (here, there) } else { ("linux", there) };
    for path in ["/images/busybox/json", "/images/busybox/history"] {
        get(a, 49, &format!("{path}?platform={own}")).await;
        assert_eq!(a.http("GET", &format!("/v1.49{path}?platform={foreign}"), "").await.0, 404, "{path}");
    }
    let (status, said) = a.http("GET", &format!("/v1.49/images/busybox/json?manifests=1&platform={own}"), "").await;
    assert!(status == 400 && said.contains("cannot both be set"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn disk_usage_tells_sizes_and_a_prune_what_came_free() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    a.docker(&["run", "--name", "box", "-v", "data:/data", "busybox", "sh", "-c", "head -c 100000 /dev/zero | tee /data/file > /file"])
        .await
        .ok();
    a.run("create --name later busybox").await.ok();
    let all = a.docker(&["system", "df", "--verbose", "--format", "{{range .Containers}}{{.Names}} {{.Status}},{{end}}"]).await.ok();
    assert!(all.starts_with("later Created,box Exited (0)"), "{all}");
    // What is told of volumes is a moment old.
    until("the sizes", || async {
        let sizes = a.docker(&["system", "df", "--format", "{{.Type}} {{.TotalCount}} {{.Active}} {{.Size}}"]).await.ok();
        sizes.contains("Local Volumes 1 1 1") && sizes.contains("Containers 2 0 1") && sizes.contains("kB")
    })
    .await;
    a.run("rm box later").await.ok();
    let pruned = a.run("volume prune -af").await.ok();
    assert!(pruned.contains("Total reclaimed space: 10"), "{pruned}");
}
