//! Images as a learner's `docker` sees them, against the real engine and the real registry.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may fail")]

use super::support::{Sandbox, TestHost, bare};
use crate::ActivityKind;

/// The short ID of an image of the host's.
async fn id(sandbox: &Sandbox, name: &str) -> String {
    sandbox.docker(&["image", "inspect", "--format", "{{.Id}}", name]).await.ok().trim().to_owned()
}

async fn listed(sandbox: &Sandbox) -> Vec<String> {
    let listed = sandbox.docker(&["images", "--format", "{{.Repository}}:{{.Tag}}"]).await.ok();
    let mut listed: Vec<String> = listed.lines().map(str::to_owned).collect();
    listed.sort();
    listed
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_host_has_no_image_until_one_is_pulled() {
    let host = TestHost::start(1).await;
    let a = &host.sandboxes[0];
    assert!(listed(a).await.is_empty());
    assert!(a.run("image inspect nginx").await.fails().contains("No such image: nginx:latest"));

    let pulled = a.run("pull nginx").await.ok();
    for line in [
        "Using default tag: latest",
        "latest: Pulling from library/nginx",
        ": Pull complete",
        "Digest: sha256:",
        "docker.io/library/nginx:latest",
    ] {
        assert!(pulled.contains(line), "{line:?} is not in {pulled}");
    }
    assert!(pulled.contains("Status: Downloaded newer image for nginx:latest"), "{pulled}");
    assert_eq!(listed(a).await, ["nginx:latest"]);
    assert!(a.run("pull nginx").await.ok().contains("Status: Image is up to date for nginx:latest"));
    a.saw("the pull", |kind| matches!(kind, ActivityKind::ImagePulled { reference, .. } if reference == "nginx:latest")).await;
    a.saw("the list", |kind| matches!(kind, ActivityKind::ImagesListed { references } if references == &["nginx:latest"])).await;

    let state = a.gateway.host_state(&a.id).await.unwrap();
    assert_eq!(state.images[0].references, ["nginx:latest"]);
    assert!(state.images[0].layers.len() > 1);
    assert!(state.transfers.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_a_shell_completes_are_no_look_at_a_list() {
    let host = TestHost::start(1).await;
    let a = &host.sandboxes[0];
    a.run("pull hello-world").await.ok();
    // The folder that a workstation's completion uses: see its Dockerfile.
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../images/workstation/completion");
    let seen = async || a.gateway.activity_since(&a.id, 0, 100).await.unwrap().len();
    let before = seen().await;
    assert!(a.docker(&["--config", folder, "images", "--quiet"]).await.ok().len() > 8);
    a.docker(&["--config", folder, "ps", "--all"]).await.ok();
    assert_eq!(seen().await, before);
    a.run("images").await.ok();
    assert_eq!(seen().await, before + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_layer_that_the_host_has_is_not_pulled_again() {
    let host = TestHost::start(1).await;
    let a = &host.sandboxes[0];
    let first = a.run("pull ubuntu").await.ok();
    assert!(first.contains("Pull complete") && !first.contains("Already exists"), "{first}");
    let second = a.run("pull nginx").await.ok();
    assert_eq!(second.matches("Already exists").count(), 1, "{second}");
    assert!(second.contains("Pull complete"), "{second}");
    // Gone from this host, it is new again.
    a.run("rmi nginx ubuntu").await.ok();
    let again = a.run("pull nginx").await.ok();
    assert!(!again.contains("Already exists"), "{again}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_course_does_not_have_is_told_in_dockers_words_and_then_in_ours() {
    let host = TestHost::start(1).await;
    let a = &host.sandboxes[0];
    let said = a.run("pull postgres").await.fails();
    assert!(
        said.contains("pull access denied for postgres, repository does not exist or may require 'docker login': denied: requested access to the resource is denied"),
        "{said}"
    );
    assert!(said.contains("It has: alpine, busybox"), "{said}");
    let said = a.run("pull nginx:9").await.fails();
    assert!(said.contains("manifest for nginx:9 not found: manifest unknown: manifest unknown"), "{said}");
    assert!(said.contains("nginx:latest"), "{said}");
    a.saw("the failure", |kind| matches!(kind, ActivityKind::ImagePullFailed { reference, .. } if reference == "postgres:latest")).await;
    assert!(listed(a).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn other_registries_are_never_asked() {
    let host = TestHost::start(1).await;
    let a = &host.sandboxes[0];
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    for name in [
        "quay.io/x/y".to_owned(),
        format!("{address}/x"),
        "127.0.0.1:5055/library/nginx".to_owned(),
        "localhost:5055/library/nginx".to_owned(),
        "169.254.169.254/x".to_owned(),
    ] {
        let said = a.docker(&["pull", &name]).await.fails();
        assert!(said.contains("can't be reached from this classroom"), "{name}: {said}");
    }
    let (status, _) = a.http("POST", "/v1.45/images/create?fromSrc=http://127.0.0.1:1/x", "").await;
    assert_eq!(status, 403);
    // A form in the body can't say otherwise than the query.
    let form = format!("fromImage={address}/evil");
    let (status, answer) = a.http("POST", "/v1.45/images/create?fromImage=busybox&tag=latest", &form).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(listed(a).await, ["busybox:latest"]);
    assert!(tokio::time::timeout(std::time::Duration::from_millis(50), listener.accept()).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn images_are_listed_and_inspected_under_the_learners_names_only() {
    let host = TestHost::start(1).await;
    let a = &host.sandboxes[0];
    a.run("pull alpine").await.ok();
    a.run("pull redis").await.ok();
    let inspected = a.run("image inspect redis").await.ok();
    let parsed: serde_json::Value = serde_json::from_str(&inspected).unwrap();
    assert_eq!(parsed[0]["RepoTags"], serde_json::json!(["redis:latest"]));
    assert!(parsed[0]["RepoDigests"][0].as_str().unwrap().starts_with("redis@sha256:"));
    assert_eq!(parsed[0]["Config"]["Labels"]["io.lunchbox.stand-in"], "true");
    for canary in ["127.0.0.1", "io.lunchbox.recipe", "/var/lib/docker/overlay2", host.config.instance.as_str()] {
        assert!(!inspected.contains(canary), "{canary} is in {inspected}");
    }
    let history = a.docker(&["history", "--no-trunc", "redis"]).await.ok();
    assert!(history.contains("<missing>") && history.contains("redis-server"), "{history}");
    assert!(!history.contains("io.lunchbox.recipe"), "{history}");
    let redis = id(a, "redis").await;
    assert_eq!(id(a, &redis["sha256:".len()..][..12]).await, redis);

    let only = |filter: &'static str| async move { a.docker(&["images", "-q", "--no-trunc", "--filter", filter]).await.ok() };
    assert_eq!(only("reference=red*").await.trim(), redis);
    assert_eq!(only("dangling=true").await, "");
    assert_eq!(only("label=io.lunchbox.stand-in=true").await.lines().count(), 2);
    assert_eq!(only("label=io.lunchbox.recipe").await, "");
    assert!(a.docker(&["images", "--filter", "evil=1"]).await.fails().contains("invalid filter 'evil'"));
    let digests = a.docker(&["images", "--digests", "--format", "{{.Digest}}", "redis"]).await.ok();
    assert!(digests.starts_with("sha256:"), "{digests}");
    a.saw("the inspect", |kind| matches!(kind, ActivityKind::ImageInspected { references, .. } if references == &["redis:latest"])).await;
    a.saw("the history", |kind| matches!(kind, ActivityKind::ImageHistoryViewed { image_id, .. } if *image_id == redis)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_is_pulled_by_digest_and_found_by_it() {
    let host = TestHost::start(1).await;
    let a = &host.sandboxes[0];
    a.run("pull busybox").await.ok();
    let digest = a.docker(&["image", "inspect", "--format", "{{index .RepoDigests 0}}", "busybox"]).await.ok().trim().to_owned();
    a.run("rmi busybox").await.ok();
    assert!(a.docker(&["image", "inspect", &digest]).await.fails().contains("No such image"));
    let pulled = a.docker(&["pull", &digest]).await.ok();
    assert!(pulled.contains("Downloaded newer image for busybox@sha256:"), "{pulled}");
    assert_eq!(listed(a).await, ["busybox:<none>"]);
    a.docker(&["image", "inspect", &digest]).await.ok();
    assert!(a.docker(&["rmi", &digest]).await.ok().contains("Untagged: busybox@sha256:"));
    assert!(listed(a).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_given_and_taken_in_this_view_only() {
    let host = TestHost::start(2).await;
    let (a, b) = (&host.sandboxes[0], &host.sandboxes[1]);
    a.run("pull alpine").await.ok();
    b.run("pull alpine").await.ok();
    a.run("tag alpine mine:1").await.ok();
    a.run("tag alpine nginx").await.ok();
    assert_eq!(listed(a).await, ["alpine:latest", "mine:1", "nginx:latest"]);
    assert_eq!(listed(b).await, ["alpine:latest"]);
    assert!(b.run("image inspect mine:1").await.fails().contains("No such image: mine:1"));
    let alpine = id(a, "alpine").await;
    let said = a.docker(&["rmi", &alpine]).await.fails();
    assert!(said.contains("(must be forced) - image is referenced in multiple repositories"), "{said}");
    assert_eq!(a.run("rmi mine:1").await.ok(), "Untagged: mine:1\n");
    let gone = a.docker(&["rmi", "-f", &alpine]).await.ok();
    assert!(gone.contains("Untagged: alpine:latest") && gone.contains("Untagged: nginx:latest"), "{gone}");
    assert!(gone.contains(&format!("Deleted: {alpine}")), "{gone}");
    assert!(listed(a).await.is_empty());
    // The other host and the engine keep it.
    assert_eq!(listed(b).await, ["alpine:latest"]);
    bare(&["image", "inspect", &alpine]).await.ok();
    a.saw("the tag", |kind| matches!(kind, ActivityKind::ImageTagged { reference, .. } if reference == "mine:1")).await;
    a.saw("the removal", |kind| matches!(kind, ActivityKind::ImageRemoved { image_id } if *image_id == alpine)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn removal_tells_the_layers_that_went_and_spares_those_that_are_shared() {
    let host = TestHost::start(1).await;
    let a = &host.sandboxes[0];
    a.run("pull ubuntu").await.ok();
    a.run("pull nginx").await.ok();
    let layers = a.docker(&["image", "inspect", "--format", "{{len .RootFS.Layers}}", "nginx"]).await.ok().trim().parse::<usize>().unwrap();
    // What a container was made of it keeps.
    a.run("create --name web nginx").await.ok();
    assert_eq!(a.run("rmi --force nginx").await.ok().matches("Deleted: sha256:").count(), 1);
    a.run("rm web").await.ok();
    a.run("pull nginx").await.ok();
    let gone = a.run("rmi nginx").await.ok();
    // The image and its layers, but for the one that ubuntu has too.
    assert_eq!(gone.matches("Deleted: sha256:").count(), 1 + layers - 1, "{gone}");
    assert_eq!(gone.matches("Untagged: nginx").count(), 2, "{gone}");
    let pruned = a.run("image prune -af").await.ok();
    assert!(pruned.contains("untagged: ubuntu:latest") && pruned.contains("Total reclaimed space"), "{pruned}");
    assert!(!pruned.contains("space: 0B"), "{pruned}");
    assert!(listed(a).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn thirty_learners_pull_at_once_and_none_waits_long() {
    const LEARNERS: usize = 30;
    const MUCH_TOO_LONG: std::time::Duration = std::time::Duration::from_secs(3);
    let host = TestHost::start(LEARNERS).await;
    // Known to the engine and to the catalogue, as in a class that has begun.
    host.sandboxes[0].run("pull nginx").await.ok();
    let pulls = host.sandboxes.iter().map(|sandbox| async move {
        let began = std::time::Instant::now();
        let (status, answer) = sandbox.http("POST", "/v1.45/images/create?fromImage=nginx&tag=latest", "").await;
        assert_eq!(status, 200);
        assert!(answer.contains("for nginx:latest"), "{answer}");
        began.elapsed()
    });
    let mut times = futures_util::future::join_all(pulls).await;
    times.sort();
    // `./lunchbox bench` measures how long it takes; this finds it where each one waits for the one before.
    assert!(times[LEARNERS / 2] < MUCH_TOO_LONG, "{times:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn search_finds_what_the_course_has() {
    let host = TestHost::start(1).await;
    let a = &host.sandboxes[0];
    let found = a.run("search --format {{.Name}} ngin").await.ok();
    assert_eq!(found.trim(), "nginx");
    let manifest = a.run("manifest inspect --insecure nginx").await;
    assert!(!manifest.out.contains("127.0.0.1"));
    let (status, answer) = a.http("GET", "/v1.45/distribution/nginx/json", "").await;
    assert_eq!(status, 200, "{answer}");
    assert!(answer.contains("\"Digest\"") || answer.contains("\"digest\""), "{answer}");
    assert_eq!(a.http("GET", "/v1.45/distribution/10.0.0.1/x/json", "").await.0, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_is_pushed_into_the_learners_own_corner_and_pulled_back() {
    let host = TestHost::start(2).await;
    let (a, b) = (&host.sandboxes[0], &host.sandboxes[1]);
    build(a, "FROM busybox\nRUN echo mine > /mine\n", "registry.lunchbox/app:1").await;
    let own = id(a, "registry.lunchbox/app:1").await;
    let pushed = a.run("push registry.lunchbox/app:1").await.ok();
    assert!(pushed.contains("The push refers to repository [registry.lunchbox/app]"), "{pushed}");
    assert!(pushed.contains("1: digest: sha256:"), "{pushed}");
    for canary in ["127.0.0.1", "learners", a.id.as_str()] {
        assert!(!pushed.contains(canary), "{canary} is in {pushed}");
    }
    assert!(a.run("push registry.lunchbox/app:1").await.ok().contains("Layer already exists"));
    a.saw("the push", |kind| matches!(kind, ActivityKind::ImagePushed { reference, .. } if reference == "registry.lunchbox/app:1")).await;
    assert_eq!(a.gateway.host_state(&a.id).await.unwrap().pushed, ["registry.lunchbox/app:1"]);
    assert!(a.run("search app").await.ok().contains("registry.lunchbox/app"));

    // Nobody else's name for it finds it.
    for name in ["registry.lunchbox/app:1".to_owned(), format!("registry.lunchbox/{}/app:1", a.id), format!("learners/{}/app:1", a.id)] {
        assert!(b.docker(&["pull", &name]).await.fails().contains("pull access denied"), "{name}");
    }
    // Gone from the host and from the engine, it comes back from the registry, and is the same.
    a.run("rmi registry.lunchbox/app:1").await.ok();
    bare(&["image", "inspect", &own]).await.fails();
    assert_eq!(listed(a).await, ["busybox:latest"]);
    let pulled = a.run("pull registry.lunchbox/app:1").await.ok();
    assert!(pulled.contains("1: Pulling from app"), "{pulled}");
    assert!(pulled.contains("Already exists") && pulled.contains("Pull complete"), "{pulled}");
    assert!(!pulled.contains("learners"), "{pulled}");
    assert_eq!(id(a, "registry.lunchbox/app:1").await, own);

    // Closed, nothing of it is left, here or in the registry.
    host.gateway.close(&a.id).await.unwrap();
    bare(&["image", "inspect", &own]).await.fails();
    let left = bare(&["images", "-q", "--filter", &format!("reference=127.0.0.1:5055/learners/{}/*", a.id)]).await.ok();
    assert_eq!(left, "");
    assert_eq!(registry_status(&format!("/v2/learners/{}/app/manifests/1", a.id)).await, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_courses_images_are_not_pushed_over() {
    let host = TestHost::start(1).await;
    let a = &host.sandboxes[0];
    a.run("pull hello-world").await.ok();
    a.run("tag hello-world nginx").await.ok();
    let said = a.run("push nginx").await.fails();
    assert!(said.contains("denied: requested access to the resource is denied"), "{said}");
    assert!(said.contains("docker tag nginx:latest registry.lunchbox/nginx"), "{said}");
    assert!(a.run("push registry.lunchbox/none").await.fails().contains("An image does not exist locally with the tag"));
    a.run("tag hello-world quay.io/x").await.ok();
    assert!(a.run("push quay.io/x").await.fails().contains("can't be reached from this classroom"));
    a.saw("the failure", |kind| matches!(kind, ActivityKind::ImagePushFailed { reference, .. } if reference == "nginx:latest")).await;
    // A course image under a name of one's own may go there, and stays when it is taken off again.
    a.run("tag hello-world me/hello").await.ok();
    a.run("push me/hello").await.ok();
    a.run("rmi -f me/hello hello-world nginx quay.io/x").await.ok();
    assert!(a.run("pull me/hello").await.ok().contains("Downloaded newer image for me/hello:latest"));
    bare(&["image", "inspect", "127.0.0.1:5055/library/hello-world"]).await.ok();
    host.gateway.close(&a.id).await.unwrap();
    bare(&["image", "inspect", "127.0.0.1:5055/library/hello-world"]).await.ok();
}

/// Builds a Dockerfile that needs no context.
async fn build(sandbox: &Sandbox, dockerfile: &str, name: &str) {
    sandbox.docker_in(&["build", "-t", name, "-"], dockerfile.as_bytes()).await.ok();
}

/// What the registry itself says of a path.
async fn registry_status(path: &str) -> u16 {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect("127.0.0.1:5055").await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: registry\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_others_stand_on_or_that_runs_is_kept() {
    let host = TestHost::start(1).await;
    let a = &host.sandboxes[0];
    build(a, "FROM busybox\nRUN echo one > /one\n", "one").await;
    build(a, "FROM one\nRUN echo two > /two\n", "two").await;
    let one = id(a, "one").await;
    let said = a.docker(&["rmi", &one]).await.fails();
    assert!(said.contains("(cannot be forced) - image has dependent child images"), "{said}");
    // By name only the name goes, as on any Docker.
    assert_eq!(a.run("rmi one").await.ok(), "Untagged: one:latest\n");
    assert_eq!(listed(a).await, ["busybox:latest", "two:latest"]);
    a.run("rmi two").await.ok();
    assert_eq!(listed(a).await, ["busybox:latest"]);
    bare(&["image", "inspect", &one]).await.fails();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_is_committed_to_an_image_of_ones_own() {
    let host = TestHost::start(2).await;
    let (a, b) = (&host.sandboxes[0], &host.sandboxes[1]);
    a.run("pull busybox").await.ok();
    a.docker(&["run", "--name", "maker", "busybox", "sh", "-c", "echo kept > /kept"]).await.ok();
    a.docker(&["commit", "-c", "CMD [\"cat\", \"/kept\"]", "-m", "a note", "maker", "kept:1"]).await.ok();
    assert_eq!(a.run("run --rm kept:1").await.ok(), "kept\n");
    assert!(a.run("history --no-trunc kept:1").await.ok().contains("a note"));
    let labels = a.docker(&["image", "inspect", "--format", "{{json .Config.Labels}}", "kept:1"]).await.ok();
    assert!(!labels.contains("io.lunchbox.sandbox"), "{labels}");
    for change in ["ONBUILD COPY --from=x / /", "LABEL io.lunchbox.sandbox=x", "RUN x"] {
        a.docker(&["commit", "-c", change, "maker", "bad"]).await.fails();
    }
    // A check of its health is taken over, and slowed down where it runs.
    a.docker(&["commit", "-c", "HEALTHCHECK --interval=1s --retries=2 CMD true", "maker", "checked"]).await.ok();
    let check = "{{json .Config.Healthcheck}}";
    let said = r#"{"Test":["CMD-SHELL","true"],"Interval":1000000000,"Retries":2}"#;
    assert_eq!(a.docker(&["inspect", "--format", check, "checked"]).await.ok().trim(), said);
    let id = a.run("create checked").await.ok();
    let interval = bare(&["inspect", "--format", "{{.Config.Healthcheck.Interval}}", id.trim()]).await.ok();
    assert_eq!(interval.trim(), "5s");
    assert!(b.run("commit maker mine").await.fails().contains("No such container: maker"));
    // What another did by hand is in nobody's cache.
    let base = "FROM busybox\nRUN echo kept > /kept\n";
    let built = b.docker_in(&["build", "-"], base.as_bytes()).await.ok();
    assert!(!built.contains("Using cache"), "{built}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_in_use_is_kept() {
    let host = TestHost::start(1).await;
    let a = &host.sandboxes[0];
    a.run("pull busybox").await.ok();
    let image = id(a, "busybox").await;
    let short = &image["sha256:".len()..][..12];
    let container = a.run("run -d --name web busybox sleep 300").await.ok();
    let container = &container[..12];
    assert!(a.run("rmi busybox").await.fails().contains(&format!(
        "conflict: unable to remove repository reference \"busybox\" (must force) - container {container} is using its referenced image {short}"
    )));
    assert!(a.docker(&["rmi", "-f", &image]).await.fails().contains(&format!(
        "conflict: unable to delete {short} (cannot be forced) - image is being used by running container {container}"
    )));
    assert!(a.run("image prune -af").await.ok().contains("reclaimed space: 0B"));
    a.run("rm -f web").await.ok();
    a.run("rmi busybox").await.ok();
}
