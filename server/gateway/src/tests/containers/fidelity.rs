//! Against the real engine: what a bare one says, a sandbox says too. `./lunchbox fidelity` compares many more
//! command lines; these are those that once differed.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may fail")]

use serde_json::{Value, json};

use super::{host, inspect};
use crate::tests::support::{Sandbox, TestHost, until};

/// Each line fails with these words.
async fn say(sandbox: &Sandbox, lines: &[(&str, &str)]) {
    for (line, words) in lines {
        let printed = sandbox.run(line).await;
        assert_ne!(printed.code, 0, "{line}: {printed:?}");
        let last = printed.err.lines().find(|line| line.contains("rror")).unwrap_or(&printed.err).trim_end().trim_end_matches('.');
        assert!(last.ends_with(words), "{line}: {words:?} is not the end of {:?}", printed.err);
        assert!(!printed.err.contains("Unable to find image"), "{line} pulls first: {printed:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_in_a_run_are_told_in_the_engines_words() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    say(
        a,
        &[
            ("run --name x busybox true", "Invalid container name (x), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed"),
            ("run --cap-add NOSUCH busybox true", "invalid CapAdd: unknown capability: \"CAP_NOSUCH\""),
            ("run --memory 64m --memory-swap 32m busybox true", "Minimum memoryswap limit should be larger than memory limit, see usage"),
            (
                "run --memory 64m --memory-reservation 128m busybox true",
                "Minimum memory limit can not be less than memory reservation limit, see usage",
            ),
            ("run --cpus 100 busybox true", "Range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available"),
            ("run --cpus 1 --cpu-quota 5000 busybox true", "Conflicting options: Nano CPUs and CPU Quota cannot both be set"),
            ("run --log-opt nosuch=1 busybox true", "unknown log opt 'nosuch' for json-file log driver"),
            ("run --tmpfs scratch busybox true", "response from daemon: invalid mount path: 'scratch' mount path must be absolute"),
            (
                "run -v data:relative busybox true",
                "'data:relative': invalid mount config for type \"volume\": invalid mount path: 'relative' mount path must be absolute",
            ),
            (
                "run -v data:/ busybox true",
                "'data:/': invalid mount config for type \"volume\": invalid specification: destination can't be '/'",
            ),
            ("run --mount type=nosuch,target=/t busybox true", "invalid mount config for type \"nosuch\": mount type unknown"),
            (
                "run --mount type=volume,src=d,dst=/data busybox true",
                "create d: volume name is too short, names should be at least two alphanumeric characters",
            ),
            // What isn't there, and is no image, makes nobody pull one.
            ("run --network nosuch busybox true", "network nosuch not found"),
            ("run --network container:nosuch busybox true", "No such container: nosuch"),
            ("run --volumes-from nosuch busybox true", "No such container: nosuch"),
        ],
    )
    .await;
    assert_eq!(a.run("ps -aq").await.ok() + &a.run("volume ls -q").await.ok(), "");
    // And these are no mistakes.
    let file = tempfile::tempdir().unwrap();
    let file = file.path().join("id");
    a.run(&format!("run --rm --cidfile {} -v data busybox ls /data", file.display())).await.ok();
    assert_eq!(std::fs::read_to_string(file).unwrap().len(), 64);
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_with_containers_images_and_networks_are_told_in_the_engines_words() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    a.run("run -d --name one busybox sleep 1000").await.ok();
    a.run("run -d --name two busybox sleep 1000").await.ok();
    a.run("pause two").await.ok();
    let idle = a.run("create --name idle busybox").await.ok();
    a.run("network create kitchen").await.ok();
    let one = a.docker(&["inspect", "--format", "{{.Id}}", "two"]).await.ok();
    let taken = format!(
        "Error when allocating new name: Conflict. The container name \"/two\" is already in use by container \"{}\". You have to remove (or rename) that container to be able to reuse that name",
        one.trim()
    );
    say(
        a,
        &[
            ("exec two true", "Container two is paused, unpause the container before exec"),
            ("exec idle true", &format!("container {} is not running", idle.trim())),
            ("kill nosuch", "cannot kill container: nosuch: No such container: nosuch"),
            ("rename one two", &taken),
            ("rename one a/b", "Error when allocating new name: Invalid container name (/a/b), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed"),
            ("network disconnect --force kitchen nosuch", "endpoint nosuch not found"),
            ("image inspect BadName", "invalid reference format: repository name (library/BadName) must be lowercase"),
            ("rmi BadName", "invalid reference format: repository name (library/BadName) must be lowercase"),
            ("pull scratch", "'scratch' is a reserved name"),
            ("push nosuch", "An image does not exist locally with the tag: nosuch"),
            ("save nosuch", "No such image: nosuch"),
            ("commit --change NONSENSE one bad", "NONSENSE is not a valid change command"),
            ("volume create v", "create v: volume name is too short, names should be at least two alphanumeric characters"),
            ("images --filter dangling=perhaps", "invalid filter 'dangling=[perhaps]'"),
            ("volume ls --filter dangling=perhaps", "invalid filter 'dangling=[perhaps]'"),
            ("network ls --filter type=banana", "invalid filter: 'type'='banana'"),
            ("search --filter stars=many busybox", "invalid filter 'stars=many': strconv.Atoi: parsing \"many\": invalid syntax"),
            ("ps --filter exited=many", "invalid filter 'exited=many': strconv.Atoi: parsing \"many\": invalid syntax"),
            ("ps --filter health=poorly", "unrecognized filter value for health: poorly"),
            (
                "ps --filter publish=nonsense",
                "error while looking up for publish nonsense: strconv.ParseUint: parsing \"nonsense\": invalid syntax",
            ),
        ],
    )
    .await;
    let (status, said) = a.http("GET", "/v1.45/events?since=4102444800&until=5", "").await;
    assert_eq!(status, 400);
    assert!(said.contains("`since` time (4102444800) cannot be after `until` time (5)"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_container_exposes_is_listed_while_it_runs() {
    let host = TestHost::start(1).await;
    let a = &host.sandboxes[0];
    a.run("pull -q nginx").await.ok();
    a.run("network create --internal inside").await.ok();
    a.run("run -d --name shown --expose 9000 -p 8081:81 nginx").await.ok();
    a.run("run -d --name hidden --network inside nginx").await.ok();
    a.run("create --name never --expose 9000 nginx").await.ok();
    let listed = |filter: &'static str| async move { a.run(&format!("ps -a --format {{{{.Names}}}}={{{{.Ports}}}} {filter}")).await.ok() };
    let all = listed("").await;
    assert!(all.contains("shown=80/tcp, 9000/tcp, 0.0.0.0:8081->81/tcp"), "{all}");
    assert!(all.contains("hidden=\n") && all.contains("never=\n"), "{all}");
    for filter in ["--filter expose=9000", "--filter publish=8081", "--filter expose=1 --filter publish=8081"] {
        assert!(listed(filter).await.starts_with("shown="), "{filter}");
    }
    assert_eq!(listed("--filter publish=9000").await, "");
    a.run("stop -t 0 shown").await.ok();
    assert!(listed("").await.contains("shown=\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn inspect_tells_networks_and_mounts_as_the_engine_does() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    a.run("network create kitchen").await.ok();
    a.run("create --name fresh --network kitchen -v data:/data -v other:/other:ro -v /nameless --mount type=volume,src=data,dst=/again busybox")
        .await
        .ok();
    // It has not been on its network yet, and belongs to it all the same.
    assert_eq!(
        inspect(a, "fresh", "{{range $name, $net := .NetworkSettings.Networks}}{{$name}} {{$net.IPAddress}}{{end}}").await,
        "kitchen"
    );
    assert_eq!(a.run("ps -a --filter network=kitchen --format {{.Names}}").await.ok(), "fresh\n");
    let shown: Value = serde_json::from_str::<Value>(&a.run("inspect fresh").await.ok()).unwrap()[0].clone();
    let mut modes: Vec<(&str, &str)> = shown["Mounts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|mount| (mount["Destination"].as_str().unwrap(), mount["Mode"].as_str().unwrap()))
        .collect();
    modes.sort_unstable();
    assert_eq!(modes, [("/again", "z"), ("/data", "z"), ("/nameless", ""), ("/other", "ro")]);
    assert_eq!(shown["NetworkSettings"]["SecondaryIPAddresses"], Value::Null);
    assert!(shown["NetworkSettings"].as_object().unwrap().contains_key("SecondaryIPv6Addresses"));
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_tell_details_and_none_are_kept_where_none_are_wanted() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    a.run("run --name talk busybox echo said").await.ok();
    assert_eq!(a.run("logs --details talk").await.ok(), " said\n");
    assert_eq!(a.run("run --name silent --log-driver none busybox echo said").await.ok(), "said\n");
    say(a, &[("logs silent", "configured logging driver does not support reading")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_of_an_image_are_in_the_engines_order() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    for name in ["registry.lunchbox/web:v1", "team/web", "web", "a.example/web"] {
        a.run(&format!("tag busybox {name}")).await.ok();
    }
    let names = inspect(a, "busybox", "{{json .RepoTags}}").await;
    assert_eq!(
        names,
        json!(["a.example/web:latest", "busybox:latest", "web:latest", "team/web:latest", "registry.lunchbox/web:v1"]).to_string()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn events_tell_in_order_what_a_run_uses() {
    let host = host(2).await;
    let (a, b) = (&host.sandboxes[0], &host.sandboxes[1]);
    a.run("network create party").await.ok();
    a.run("run --rm --name guest --network party -v crate:/crate -v /nameless busybox true").await.ok();
    a.run("create --name later busybox").await.ok();
    a.run("rename later last").await.ok();
    let told = |sandbox: &Sandbox| {
        let sandbox = sandbox.clone();
        async move {
            let until = (crate::ledger::now_ms() / 1000 + 1).to_string();
            let format = "{{.Type}} {{.Action}} {{.Actor.ID}} {{.Actor.Attributes.name}} {{.Actor.Attributes.oldName}}";
            let printed = sandbox.docker(&["events", "--since", "0", "--until", &until, "--format", format]).await.ok();
            printed.replace("<no value>", "-").lines().map(str::to_owned).collect::<Vec<String>>()
        }
    };
    until("the last event", || async { told(a).await.iter().any(|line| line.contains("rename")) }).await;
    let all = told(a).await;
    let at = |start: &str, end: &str| {
        all.iter()
            .position(|line| line.starts_with(start) && line.contains(end))
            .unwrap_or_else(|| panic!("{start} … {end} is not in {all:#?}"))
    };
    let order = [
        at("volume create", "crate"),
        at("container create", "guest"),
        at("network connect", "party"),
        at("volume mount crate", ""),
        at("container start", "guest"),
        at("network disconnect", "party"),
        at("volume unmount crate", ""),
        at("container die", "guest"),
        at("container destroy", "guest"),
    ];
    // As the engine tells them.
    assert!(order.is_sorted(), "{order:?} of {all:#?}");
    assert_eq!(all.iter().filter(|line| line.starts_with("volume create")).count(), 2, "{all:#?}");
    assert!(all[at("container rename", "")].ends_with(" last /later"), "{all:#?}");
    assert!(!all.iter().any(|line| line.contains("lb-")), "{all:#?}");
    let others = told(b).await;
    assert!(!others.iter().any(|line| line.contains("party") || line.contains("crate") || line.starts_with("container")), "{others:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_may_have_a_configuration_of_its_own() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    a.run("create --name box --env A=1 busybox true").await.ok();
    let commit = |body: Value| async move { a.http("POST", "/v1.45/commit?container=box&repo=image", &body.to_string()).await };
    let (status, said) = commit(json!({ "Cmd": ["echo", "soup"], "Labels": { "kind": "soup" }, "ExposedPorts": { "80/tcp": {} } })).await;
    assert_eq!(status, 201, "{said}");
    assert_eq!(a.run("run --rm image").await.ok(), "soup\n");
    let shown = inspect(a, "image", "{{json .Config.Env}} {{json .Config.Labels}} {{json .Config.ExposedPorts}}").await;
    assert!(shown.contains("A=1") && shown.contains(r#""kind":"soup""#) && shown.ends_with(r#"{"80/tcp":{}}"#), "{shown}");
    for refused in [
        json!({ "Labels": { "io.lunchbox.sandbox": "x" } }),
        json!({ "OnBuild": ["RUN true"] }),
        json!({ "Volumes": { "/proc/x": {} } }),
        json!({ "WorkingDir": "/proc/self/fd/8" }),
        json!({ "HostConfig": { "Privileged": true } }),
    ] {
        let (status, said) = commit(refused.clone()).await;
        assert!((status == 400 || status == 403) && said.contains("lunchbox:"), "{refused}: {status} {said}");
    }
}
