//! Names: of containers, images, networks, volumes and folders, as the learner knows them.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may fail")]

use serde_json::{Value, json};

use super::{host, inspect, refused};
use crate::tests::support::{TestHost, bare};

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_there_once() {
    let host = host(2).await;
    let (a, b) = (&host.sandboxes[0], &host.sandboxes[1]);
    let id = a.run("create --name web busybox true").await.ok();
    let taken = a.run("create --name web busybox true").await.fails();
    let words = format!(
        "Conflict. The container name \"/web\" is already in use by container \"{}\". You have to remove (or rename) that container to be able to reuse that name.",
        id.trim()
    );
    assert!(taken.contains(&words), "{taken}");
    b.run("create --name web busybox true").await.ok();
    a.run("create --name other busybox true").await.ok();
    assert!(a.run("rename other web").await.fails().contains("is already in use by container"));
    for bad in ["-x", "a/b", "a:b", "web.ws/", &"x".repeat(64)] {
        let (status, _) =
            a.http("POST", &format!("/v1.45/containers/create?name={}", bad.replace('/', "%2F")), r#"{"Image":"busybox"}"#).await;
        assert_eq!(status, 400, "{bad}");
    }
    // Of two at once, one.
    let (first, second) = tokio::join!(a.run("create --name race busybox true"), a.run("create --name race busybox true"));
    assert_eq!([first.code, second.code].iter().filter(|code| **code == 0).count(), 1, "{first:?} {second:?}");
    let made_up = a.run("create busybox true").await.ok();
    let name = inspect(a, made_up.trim(), "{{.Name}}").await;
    assert!(name.starts_with('/') && name.contains('_'), "{name}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_absent_image_is_told_as_docker_tells_it() {
    let host = TestHost::start(1).await;
    let (status, answer) = host.sandboxes[0].http("POST", "/v1.45/containers/create", r#"{"Image":"busybox"}"#).await;
    assert_eq!(status, 404);
    assert!(answer.contains("No such image: busybox:latest"), "{answer}");
    // The CLI pulls on exactly this.
    let printed = host.sandboxes[0].run("run --rm busybox echo pulled").await;
    assert_eq!(printed.out, "pulled\n", "{printed:?}");
    assert!(printed.err.contains("Unable to find image 'busybox:latest' locally"), "{printed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn inspect_shows_the_learners_own_names_and_nothing_of_ours() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    a.run("network create app").await.ok();
    a.run("run -d --name web --network app --network-alias www -v data:/data -v /anonymous -l mine=1 -p 8080:80 busybox sleep 1000")
        .await
        .ok();
    let text = a.run("inspect web").await.ok();
    let list = a.http("GET", "/v1.45/containers/json?all=1&size=1", "").await.1;
    for ours in ["lb-", "io.lunchbox", host.config.instance.as_str(), "5055", "overlay2/"] {
        assert!(!text.contains(ours), "{ours} is in {text}");
        assert!(!list.contains(ours), "{ours} is in {list}");
    }
    let shown: Value = serde_json::from_str::<Value>(&text).unwrap()[0].clone();
    assert_eq!(shown["Name"], "/web");
    assert_eq!(shown["Config"]["Image"], "busybox");
    assert_eq!(shown["Config"]["Labels"]["mine"], "1");
    assert_eq!(shown["HostConfig"]["NetworkMode"], "app");
    assert_eq!(shown["HostConfig"]["Binds"], json!(["data:/data"]));
    assert_eq!(shown["HostConfig"]["PortBindings"]["80/tcp"][0]["HostPort"], "8080");
    assert_eq!(shown["HostConfig"]["SecurityOpt"], Value::Null);
    assert_eq!(shown["HostConfig"]["Memory"], 0);
    assert_eq!(shown["NetworkSettings"]["Ports"]["80/tcp"][0], json!({ "HostIp": "0.0.0.0", "HostPort": "8080" }));
    assert_eq!(shown["NetworkSettings"]["Networks"]["app"]["Aliases"], json!(["www"]));
    let mounts = shown["Mounts"].as_array().unwrap();
    let data = mounts.iter().find(|mount| mount["Destination"] == "/data").unwrap();
    assert_eq!((data["Name"].as_str(), data["Source"].as_str()), (Some("data"), Some("/var/lib/docker/volumes/data/_data")));
    let anonymous = mounts.iter().find(|mount| mount["Destination"] == "/anonymous").unwrap();
    assert_eq!(anonymous["Name"].as_str().unwrap().len(), 64);
    // By its name and by its alias.
    for name in ["web", "www"] {
        assert_eq!(a.docker(&["run", "--rm", "--network", "app", "busybox", "nslookup", name]).await.code, 0, "{name}");
    }
    a.run("rename web site").await.ok();
    assert_eq!(a.run("run --rm --network app busybox nslookup site").await.code, 0);
    assert_eq!(a.run("run --rm --network none busybox ip addr show lo").await.code, 0);
    assert_eq!(a.run("run --rm --network container:site busybox true").await.code, 0);

    let volumes = a.run("volume ls -q").await.ok();
    assert_eq!(volumes.lines().count(), 2, "{volumes}");
    a.run("rm -fv site").await.ok();
    assert_eq!(a.run("volume ls -q").await.ok(), "data\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_a_volume_outlives_its_container() {
    let host = host(2).await;
    let (a, b) = (&host.sandboxes[0], &host.sandboxes[1]);
    a.docker(&["run", "--rm", "-v", "data:/x", "busybox", "sh", "-c", "echo kept > /x/f"]).await.ok();
    assert_eq!(a.run("run --rm --mount type=volume,src=data,dst=/y,readonly busybox cat /y/f").await.ok(), "kept\n");
    a.run("create --name holder -v data:/x busybox true").await.ok();
    assert_eq!(a.run("run --rm --volumes-from holder:ro busybox cat /x/f").await.ok(), "kept\n");
    assert_eq!(b.run("run --rm -v data:/x busybox ls /x").await.ok(), "");
}

/// A folder of the home, as the server makes it for a workstation.
#[tokio::test(flavor = "multi_thread")]
async fn folders_of_the_home_can_be_mounted_and_no_way_leads_out() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    refused(a.run("run --rm -v /root/site:/x busybox true").await, "this host has no /root");
    let home = format!("lb-{}-{}.home", host.config.instance, a.id);
    let labels: Vec<String> = a.handle.labels.iter().map(|(key, value)| format!("--label={key}={value}")).collect();
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    bare(&[&["volume", "create"], &labels[..], &[home.as_str()]].concat()).await.ok();
    let fill = "mkdir -p /h/site; echo hello > /h/site/index.html; echo conf > /h/file; ln -s /etc /h/way-out";
    bare(&["run", "--rm", "-v", &format!("{home}:/h"), "127.0.0.1:5055/library/busybox", "sh", "-c", fill]).await.ok();
    assert_eq!(a.run("run --rm -v /root/site:/x:ro busybox cat /x/index.html").await.ok(), "hello\n");
    assert_eq!(a.run("run --rm -v /root/file:/etc/conf busybox cat /etc/conf").await.ok(), "conf\n");
    assert_eq!(a.run("run --rm --mount type=bind,src=/root,dst=/x busybox cat /x/site/index.html").await.ok(), "hello\n");
    refused(a.run("run --rm -v /root/absent:/x busybox true").await, "should be mounted is not there");
    refused(a.run("run --rm -v /root/way-out:/x busybox true").await, "leads out of your home");
    a.run("create --name web -v /root/site:/x:ro busybox true").await.ok();
    assert_eq!(
        inspect(a, "web", "{{range .Mounts}}{{.Type}} {{.Source}} {{.Destination}} {{.RW}}{{end}}").await,
        "bind /root/site /x false"
    );
    assert_eq!(inspect(a, "web", "{{.HostConfig.Binds}}").await, "[/root/site:/x:ro]");
}
