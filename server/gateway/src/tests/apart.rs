//! Builds of two learners, kept apart.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may fail")]

use super::{
    containers::{host, inspect},
    support::Sandbox,
};

async fn build(sandbox: &Sandbox, text: &str, arguments: &[&str]) -> super::support::Printed {
    sandbox.docker_in(&[&["build"], arguments, &["-"]].concat(), text.as_bytes()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_puts_a_lie_into_anothers_cache() {
    let host = host(2).await;
    let (a, b) = (&host.sandboxes[0], &host.sandboxes[1]);
    // The builder takes proxies for no part of a step: its cache would give one's outcome for another's.
    let text = "FROM busybox\nRUN echo \"$HTTP_PROXY\" > /word\n";
    build(a, text, &["-t", "app", "--build-arg", "HTTP_PROXY=http://lie"]).await.ok();
    let of_a = inspect(a, "app", "{{.Id}}").await;
    for cache in ["none", of_a.as_str(), "app"] {
        let built = build(b, text, &["-t", "app", "--build-arg", "HTTP_PROXY=http://truth", "--cache-from", cache]).await.ok();
        // From the second on it is their own.
        assert!(cache != "none" || !built.contains("Using cache"), "{built}");
        assert_eq!(b.run("run --rm app cat /word").await.ok().trim(), "http://truth");
    }
    // Nor is there a sign that it was built.
    let seen =
        [b.run("images -a --no-trunc").await.ok(), b.run("history --no-trunc app").await.ok(), b.run("system df -v").await.ok()].concat();
    assert!(!seen.contains(&of_a) && !seen.contains("lie"), "{seen}");
    assert_eq!(b.run("builder prune -af").await.ok().matches(&of_a["sha256:".len()..][..12]).count(), 0);
    assert_eq!(a.run("run --rm app cat /word").await.ok().trim(), "http://lie");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_marks_an_image_as_anothers() {
    let host = host(2).await;
    let (a, b) = (&host.sandboxes[0], &host.sandboxes[1]);
    for label in [
        format!("LABEL io.lunchbox.sandbox={}", b.id),
        format!("LABEL io.lunch\"box\".sandbox={}", b.id),
        format!("ENV K=io.lunchbox.sandbox\nLABEL $K={}", b.id),
        format!("ARG K=lunchbox\nLABEL a=b io.${{K}}.sandbox={}", b.id),
        format!("ENV K=io.lunchbox.sandbox\nLABEL \"$K\" {}", b.id),
        format!("ENV K=io.lunchbox\nONBUILD LABEL $K.sandbox={}", b.id),
    ] {
        let said = build(a, &format!("FROM busybox\n{label}\n"), &[]).await.fails();
        assert!(said.contains("lunchbox: "), "{label}: {said}");
    }
    build(a, "FROM busybox\nARG V=1\nLABEL version=$V\nLABEL name $V of it\n", &["-t", "labelled"]).await.ok();
    assert_eq!(inspect(a, "labelled", "{{.Config.Labels.name}} {{.Config.Labels.version}}").await, "1 of it 1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_of_a_build_is_on_the_learners_own_network_alone() {
    let host = host(2).await;
    let (a, b) = (&host.sandboxes[0], &host.sandboxes[1]);
    b.docker(&["run", "-d", "--name", "web", "busybox", "httpd", "-f", "-p", "80"]).await.ok();
    a.docker(&["run", "-d", "--name", "web", "busybox", "httpd", "-f", "-p", "80"]).await.ok();
    let address = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
    let (of_a, of_b) = (inspect(a, "web", address).await, inspect(b, "web", address).await);
    // An answer is one, be it that there is no such page. The registry listens on the machine's own loopback.
    let probe = |at: &str| format!("wget -T 3 -qO- http://{at}/ 2>&1 | grep -q 404");
    let text = format!(
        "FROM busybox\nRUN {}\nRUN ! {{ {}; }}\nRUN ! {{ wget -T 3 -qO- http://127.0.0.1:5055/v2/; }}\n",
        probe(&of_a),
        probe(&of_b)
    );
    build(a, &text, &["--no-cache"]).await.ok();
    b.run("network create theirs").await.ok();
    for network in ["theirs", "host", "container:web2", &format!("lb-{}-{}.net", host.config.instance, b.id)] {
        build(a, "FROM busybox\nRUN true\n", &["--network", network]).await.fails();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_of_a_build_has_no_more_processes_than_a_container() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    let most = host.config.limits.pids_max;
    let text = format!(
        "FROM busybox\nRUN for n in $(seq 100); do for f in /sys/fs/cgroup/pids.max /sys/fs/cgroup/pids/pids.max; do [ \"$(cat $f 2>/dev/null)\" = {most} ] && exit 0; done; sleep 0.1; done; exit 1\n"
    );
    build(a, &text, &[]).await.ok();
}
