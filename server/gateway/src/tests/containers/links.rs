//! `--link` on the default network, as Docker has had it since its first days.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may fail")]

use super::{host, inspect, on_engine};
use crate::tests::support::Sandbox;

async fn environment(sandbox: &Sandbox, container: &str) -> Vec<String> {
    sandbox.run(&format!("exec {container} env")).await.ok().lines().map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_linked_container_is_told_by_variables_that_neither_inspect_nor_commit_shows() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    a.run("run -d --name db -e PASSWORD=secret --expose 5432 busybox sleep 1000").await.ok();
    let address = inspect(a, "db", "{{.NetworkSettings.IPAddress}}").await;
    let id = a.run("run -d --name web -e DB_ENV_OWN=1 -e DATABASE_NAME=mine --link db:database --link db busybox sleep 1000").await.ok();
    let told = environment(a, "web").await;
    for pair in [
        format!("DATABASE_PORT=tcp://{address}:5432"),
        format!("DATABASE_PORT_5432_TCP_ADDR={address}"),
        "DATABASE_ENV_PASSWORD=secret".to_owned(),
        "DB_NAME=/web/db".to_owned(),
        "DATABASE_NAME=mine".to_owned(),
    ] {
        assert!(told.contains(&pair), "{pair}: {told:?}");
    }
    assert_eq!(told.iter().filter(|pair| pair.starts_with("DATABASE_NAME=")).count(), 1, "{told:?}");
    // Who links one that links tells nothing of its links.
    a.run("run -d --name third --link web busybox sleep 1000").await.ok();
    let third = environment(a, "third").await;
    assert!(third.contains(&"WEB_ENV_DB_ENV_OWN=1".to_owned()) && !third.iter().any(|pair| pair.contains("PASSWORD")), "{third:?}");

    let own = inspect(a, "web", "{{json .Config.Env}}").await;
    assert!(own.matches("=").count() == 3 && own.contains("DB_ENV_OWN=1") && own.contains("DATABASE_NAME=mine"), "{own}");
    assert!(on_engine(&id).await["Config"]["Env"].to_string().contains("DATABASE_ENV_PASSWORD"), "the engine has them");
    a.docker(&["commit", "--change", "LABEL x=y", "web", "taken"]).await.ok();
    assert_eq!(inspect(a, "taken", "{{json .Config.Env}}").await, own);
    assert_eq!(inspect(a, "taken", "{{.Config.Labels.x}}").await, "y");
    assert_eq!(a.run("run --rm taken env").await.ok().matches("DATABASE").count(), 1);
    assert_eq!(a.run("images --format {{.Repository}} taken").await.ok(), "taken\n");
    a.run("rmi taken").await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn links_are_shown_under_the_names_that_containers_have_now() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    a.run("run -d --name db busybox sleep 1000").await.ok();
    a.run("create --name web --link db:database busybox sleep 1000").await.ok();
    let links = || inspect(a, "web", "{{json .HostConfig.Links}}");
    assert_eq!(links().await, r#"["/db:/web/database"]"#);
    a.run("rename db store").await.ok();
    assert_eq!(links().await, r#"["/store:/web/database"]"#);
    assert_eq!(a.run("ps --no-trunc --format {{.Names}}").await.ok(), "store,web/database\n");
    assert_eq!(a.run("ps --all --filter name=database --format {{.Names}}").await.ok(), "");
    assert_eq!(a.run("ps --format {{.Names}}").await.ok(), "store\n");
    assert!(a.run("rm --link web").await.fails().contains("Conflict, cannot remove the default link name of the container"));
    a.run("rm -f store").await.ok();
    // Who was linked is gone; the link is not.
    assert_eq!(links().await, r#"["/store:/web/database"]"#);
    assert!(a.run("start web").await.fails().contains("Cannot link to a non running container: /store AS /web/database"));
    // On a network of one's own they are the endpoint's.
    a.run("network create app").await.ok();
    a.run("run -d --name other --network app busybox sleep 1000").await.ok();
    a.run("run -d --name joins --network app --link other:friend busybox sleep 1000").await.ok();
    let both = "{{json .HostConfig.Links}} {{json .NetworkSettings.Networks.app.Links}}";
    assert_eq!(inspect(a, "joins", both).await, r#"null ["other:friend"]"#);
    assert!(!environment(a, "joins").await.iter().any(|pair| pair.starts_with("FRIEND")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_does_not_start_without_those_that_it_links() {
    let host = host(1).await;
    let a = &host.sandboxes[0];
    a.run("run -d --name db --expose 80 busybox sleep 1000").await.ok();
    a.run("run -d --name web --link db:database busybox sleep 1000").await.ok();
    a.run("stop -t 0 web db").await.ok();
    let words = "Cannot link to a non running container: /db AS /web/database";
    assert!(a.run("start web").await.fails().contains(words));
    assert_eq!(a.http("POST", "/v1.45/containers/web/start", "").await.0, 500);
    assert!(a.run("restart web").await.fails().contains(&format!("Cannot restart container web: {words}")));
    let told = a.run("run --rm --name gone --link db busybox true").await;
    assert!(told.code == 125 && told.err.contains("Cannot link to a non running container: /db AS /gone/db"), "{told:?}");
    assert_eq!(a.run("ps --all --format {{.Names}}").await.ok(), "web\ndb\n");
    // One that is made before it has no address to tell: its alias is one.
    a.run("create --name early --link db:store busybox env").await.ok();
    a.run("start db").await.ok();
    assert!(a.run("start --attach early").await.ok().contains("STORE_PORT=tcp://store:80\n"));
    a.run("start web").await.ok();

    a.run("network create app").await.ok();
    a.run("run -d --name other --network app busybox sleep 1000").await.ok();
    let told = a.run("run --link other busybox true").await.fails();
    assert!(told.contains("Cannot link to /other, as it does not belong to the default network"), "{told}");
    let told = a.run("run --network container:db --link db busybox true").await.fails();
    assert!(told.contains("conflicting options: container type network can't be used with links"), "{told}");
    assert!(!a.run("run --rm --network none --link db busybox env").await.ok().contains("DB_"));
}
