use super::*;
use crate::sandboxes::tests::world::{World, until, world};

/// A sandbox as `lunchbox sandbox` opens one, with a container, a volume and an image of its own.
async fn open(world: &World, instance: &str) {
    let config = GatewayConfig { instance: instance.to_owned(), ..world.gateway_config.clone() };
    let database = AnyPoolOptions::new().max_connections(1).connect("sqlite::memory:").await.expect("a database");
    let gateway = Gateway::start(config, database, Arc::new(NoHostPorts)).await.expect("a gateway");
    let id = SandboxId::random();
    gateway.open(id.clone()).await.expect("a sandbox");
    for command in [
        &["pull", "-q", "busybox"][..],
        &["run", "-d", "--name", "left", "-v", "kept:/kept", "busybox", "sleep", "600"],
        &["commit", "left", "mine"],
    ] {
        let said = world.docker_of(&id, command).await;
        assert!(!said.contains("Error"), "{command:?}: {said}");
    }
}

/// What of it is on the engine.
async fn left(world: &World, instance: &str) -> Vec<String> {
    let label = format!("label=io.lunchbox.instance={instance}");
    let mut left = Vec::new();
    for list in [&["ps", "-aq"][..], &["network", "ls", "-q"], &["volume", "ls", "-q"]] {
        left.extend(world.docker(&[list, &["--filter", &label]].concat()).await.lines().map(str::to_owned));
    }
    left.extend(world.docker(&["images", "-q", &format!("lb-{instance}/*")]).await.lines().map(str::to_owned));
    left
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_one_left_is_removed_at_the_next_start_and_a_living_ones_is_not() {
    world(
        |_| {},
        |world| async move {
            let (dead, alive) = (Throwaway::new().expect("a socket"), Throwaway::new().expect("a socket"));
            tokio::join!(open(&world, dead.instance()), open(&world, alive.instance()));
            let instance = dead.instance().to_owned();
            std::fs::create_dir_all(dead.folder().join("run")).expect("a folder");
            assert_eq!(left(&world, &instance).await.len(), 4, "container, network, volume and image");
            drop(dead);
            world.start().await;
            until("nothing of it is left", || async { left(&world, &instance).await.is_empty().then_some(()) }).await;
            until("its folder is gone", || async { (!folder(&instance).exists()).then_some(()) }).await;
            assert_eq!(left(&world, alive.instance()).await.len(), 4, "it lives");
            let instance = alive.instance().to_owned();
            drop(alive);
            sweep(&world.engine, &world.gateway_config).await;
            until("nothing is left", || async { left(&world, &instance).await.is_empty().then_some(()) }).await;
        },
    )
    .await;
}

#[test]
fn only_names_that_no_server_has_are_theirs() {
    assert!(is_throwaway(Throwaway::new().expect("a socket").instance()));
    for other in ["sbx", "sbx0123456", "sbx0123456789", "sbx0123456g", "sbx0123456G", "lunchbox", "s01234567"] {
        assert!(!is_throwaway(other), "{other}");
    }
}
