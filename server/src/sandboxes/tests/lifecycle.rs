//! From start to removal.

use std::{collections::HashSet, time::Duration};

use futures_util::future::join_all;
use gateway::{BindError, HostPorts as _};
use tokio::time::Instant;

use super::world::{LIMIT, learner, typed, until, world};
use crate::sandboxes::{Closed, Sandboxes, Status, WorkstationError};

const SIZE: (u16, u16) = (80, 24);

/// Waits until so many warm sandboxes are there.
async fn warmed(sandboxes: &Sandboxes, count: u32) {
    let warm = "SELECT COUNT(*) FROM learner_sandboxes WHERE state = 'warm'";
    until("the pool is warm", || async {
        let row: (i64,) = sqlx::query_as(warm).fetch_one(sandboxes.inner.store.database()).await.expect("SQL");
        (row.0 >= i64::from(count)).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_learner_starts_works_and_everything_is_gone_after_the_removal() {
    world(
        |config| config.idle_limit = Duration::from_secs(3600),
        |world| async move {
            let (_, sandboxes) = world.start().await;
            let learner = learner();
            let mut status = sandboxes.watch(&learner);
            assert_eq!(*status.borrow(), Status::None { removed_idle: false });
            let id = sandboxes.start(&learner).await.expect("a sandbox");
            assert_eq!(*status.borrow_and_update(), Status::Ready { id: id.clone() });
            let mut terminal = sandboxes.workstations().terminal(&id, "1", SIZE).await.expect("a terminal");
            typed(&mut terminal, "hostname; id -u; cat .bash_profile; docker version --format 'api {{.Server.APIVersion}}'", "api 1.")
                .await;
            let seen = typed(&mut terminal, "command grep -E 'CapEff|NoNewPrivs|Seccomp:' /proc/self/status; echo do''ne", "done").await;
            assert!(seen.contains("NoNewPrivs:\t1") && seen.contains("Seccomp:\t2"), "{seen}");
            assert_eq!(sandboxes.start(&learner).await.expect("the same"), id);

            sandboxes.inner.retire(&id, Closed::SandboxRemoved).await;
            assert_eq!(terminal.line.sandbox_closed().await, Closed::SandboxRemoved);
            until("nothing is left", || async { world.left_on_engine().await.is_empty().then_some(()) }).await;
            until("its row is gone", || async { sandboxes.inner.store.all().await.expect("SQL").is_empty().then_some(()) }).await;
            assert!(!world.config.run_dir.join(id.as_str()).exists(), "its folder is left");
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tabs_that_press_start_get_one_sandbox() {
    world(
        |_| {},
        |world| async move {
            let (gateway, sandboxes) = world.start().await;
            let learner = learner();
            let started = join_all((0..5).map(|_| sandboxes.start(&learner))).await;
            let ids: HashSet<_> = started.into_iter().map(|id| id.expect("a sandbox")).collect();
            assert_eq!(ids.len(), 1);
            assert_eq!(gateway.open_sandboxes().await.expect("the ledger").len(), 1);
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_leaves_sandboxes_that_the_next_one_finds() {
    world(
        |config| config.warm = 1,
        |world| async move {
            let (gateway, sandboxes) = world.start().await;
            warmed(&sandboxes, 1).await;
            let learner = learner();
            let id = sandboxes.start(&learner).await.expect("a sandbox");
            let mut terminal = sandboxes.workstations().terminal(&id, "1", SIZE).await.expect("a terminal");
            typed(&mut terminal, "KEPT=yes; echo se''t", "set").await;
            warmed(&sandboxes, 1).await;
            // In the middle of making and of removing, when it is killed.
            for state in ["making", "removing"] {
                let lost = gateway::SandboxId::random();
                let _ = gateway.open(lost.clone()).await.expect("a sandbox");
                let insert = "INSERT INTO learner_sandboxes (id, state, token, made_at, used_at) VALUES ($1, $2, $1, 0, 0)";
                sqlx::query(insert).bind(lost.as_str()).bind(state).execute(&world.database).await.expect("SQL");
            }
            sandboxes.kill();
            drop((gateway, sandboxes, terminal));

            let (gateway, sandboxes) = world.start().await;
            assert_eq!(sandboxes.status(&learner), Status::Ready { id: id.clone() });
            let mut terminal = sandboxes.workstations().terminal(&id, "1", SIZE).await.expect("the same terminal");
            typed(&mut terminal, "ec''ho kept=$KEPT", "kept=yes").await;
            assert_eq!(sandboxes.start(&learner).await.expect("the same"), id);
            warmed(&sandboxes, 1).await;
            until("the unfinished ones are removed", || async {
                (gateway.open_sandboxes().await.expect("the ledger").len() == 2).then_some(())
            })
            .await;
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sandbox_is_its_learners_since_it_was_given_to_them_however_long_it_was_kept_warm() {
    world(
        |config| config.warm = 1,
        |world| async move {
            let (_, sandboxes) = world.start().await;
            warmed(&sandboxes, 1).await;
            sqlx::query("UPDATE learner_sandboxes SET made_at = 1").execute(&world.database).await.expect("SQL");
            let began = crate::clock::now();
            let warm = sandboxes.start(&learner()).await.expect("the one that was warm");
            let given = "SELECT made_at, given_at FROM learner_sandboxes WHERE id = $1";
            let (made_at, given_at): (i64, i64) = sqlx::query_as(given).bind(warm.as_str()).fetch_one(&world.database).await.expect("SQL");
            assert_eq!(made_at, 1, "it is the one that was warm");
            assert!((began..=crate::clock::now()).contains(&given_at), "{given_at}");
        },
    )
    .await;
}

/// As after the restore of a backup that is older than what happened to the sandbox since.
#[tokio::test(flavor = "multi_thread")]
async fn a_sandbox_of_which_nothing_is_on_the_engine_any_more_is_made_anew() {
    world(
        |_| {},
        |world| async move {
            let (gateway, sandboxes) = world.start().await;
            let learner = learner();
            let id = sandboxes.start(&learner).await.expect("a sandbox");
            sandboxes.kill();
            drop((gateway, sandboxes));
            world.remove_all().await;
            assert_eq!(world.left_on_engine().await, Vec::<String>::new());

            let (_, sandboxes) = world.start().await;
            assert_eq!(sandboxes.start(&learner).await.expect("the same, from nothing"), id);
            let mut terminal = sandboxes.workstations().terminal(&id, "1", SIZE).await.expect("a terminal");
            typed(&mut terminal, "docker pull -q nginx; echo do''ne", "done").await;
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_gives_a_fresh_sandbox_and_removes_the_old_one() {
    world(
        |config| config.warm = 1,
        |world| async move {
            let (_, sandboxes) = world.start().await;
            warmed(&sandboxes, 1).await;
            let learner = learner();
            let old = sandboxes.start(&learner).await.expect("a sandbox");
            let mut terminal = sandboxes.workstations().terminal(&old, "1", SIZE).await.expect("a terminal");
            typed(&mut terminal, "touch mine; echo to''uched", "touched").await;
            warmed(&sandboxes, 1).await;
            let began = Instant::now();
            let fresh = sandboxes.reset(&learner).await.expect("a fresh one");
            let took = began.elapsed();
            assert_ne!(fresh, old);
            assert!(took < Duration::from_secs(3), "a warm one is there at once, not after {took:?}");
            assert_eq!(terminal.line.sandbox_closed().await, Closed::SandboxReset);
            let mut terminal = sandboxes.workstations().terminal(&fresh, "1", SIZE).await.expect("a terminal");
            let seen = typed(&mut terminal, "ls -A; echo li''sted", "listed").await;
            assert!(!seen.contains("mine"), "{seen}");
            until("the old one is gone", || async {
                let left = world.left_on_engine().await;
                (!left.iter().any(|name| name.contains(old.as_str()))).then_some(())
            })
            .await;
            assert_eq!(sandboxes.preview_url(&old, 80, None), "");
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_sandbox_is_removed_and_a_used_one_is_not() {
    world(
        |config| config.idle_limit = Duration::from_secs(3),
        |world| async move {
            let (_, sandboxes) = world.start().await;
            let (idle, busy) = (learner(), learner());
            let (idle_id, busy_id) = tokio::join!(sandboxes.start(&idle), sandboxes.start(&busy));
            let (_, busy_id) = (idle_id.expect("a sandbox"), busy_id.expect("a sandbox"));
            let mut status = sandboxes.watch(&idle);
            let removed = status.wait_for(|status| *status == Status::None { removed_idle: true });
            let touching = async {
                loop {
                    sandboxes.touch(&busy);
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            };
            tokio::select! {
                removed = tokio::time::timeout(LIMIT, removed) => drop(removed.expect("in time").expect("the sender lives")),
                () = touching => {}
            }
            assert_eq!(sandboxes.status(&busy), Status::Ready { id: busy_id });
            // It is remembered over a restart, until they start another.
            sandboxes.kill();
            drop((sandboxes, status));
            let (_, sandboxes) = world.start().await;
            assert_eq!(sandboxes.status(&idle), Status::None { removed_idle: true });
            sandboxes.start(&idle).await.expect("another");
            assert!(matches!(sandboxes.status(&idle), Status::Ready { .. }));
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workstation_that_its_learner_ended_is_started_again_with_its_home() {
    world(
        |_| {},
        |world| async move {
            let (_, sandboxes) = world.start().await;
            let learner = learner();
            let id = sandboxes.start(&learner).await.expect("a sandbox");
            let mut terminal = sandboxes.workstations().terminal(&id, "1", SIZE).await.expect("a terminal");
            typed(&mut terminal, "echo kept > note; echo wr''itten; kill 1", "written").await;
            until("it has ended", || async { (!sandboxes.workstations().is_connected(&id)).then_some(()) }).await;
            assert_eq!(sandboxes.start(&learner).await.expect("the same"), id);
            let mut terminal = sandboxes.workstations().terminal(&id, "1", SIZE).await.expect("a terminal");
            typed(&mut terminal, "ca''t note", "kept").await;
            drop(world);
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_classroom_says_so_and_goes_on_when_there_is_room() {
    world(
        |config| config.max = 1,
        |world| async move {
            let (_, sandboxes) = world.start().await;
            let (first, second) = (learner(), learner());
            let id = sandboxes.start(&first).await.expect("a sandbox");
            let refused = sandboxes.start(&second).await.expect_err("there is no room");
            assert!(refused.message.contains("Every place"), "{refused}");
            assert!(matches!(sandboxes.status(&second), Status::Failed { .. }));
            sandboxes.inner.retire(&id, Closed::SandboxRemoved).await;
            sandboxes.start(&second).await.expect("a sandbox");
            drop(world);
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_published_port_answers_on_the_workstations_localhost() {
    world(
        |_| {},
        |world| async move {
            let (_, sandboxes) = world.start().await;
            let learner = learner();
            let id = sandboxes.start(&learner).await.expect("a sandbox");
            let mut terminal = sandboxes.workstations().terminal(&id, "1", SIZE).await.expect("a terminal");
            typed(
                &mut terminal,
                "docker run -d --name web -p 8080:80 nginx && curl -s --retry 20 --retry-all-errors localhost:8080 | command grep -q Welcome && echo fe''tched",
                "fetched",
            )
            .await;
            typed(&mut terminal, "docker rm -f web; curl -s localhost:8080 || echo re''fused", "refused").await;
            drop(world);
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ports_published_before_and_while_the_workstation_was_away_answer_when_it_is_back() {
    world(
        |_| {},
        |world| async move {
            let (_, sandboxes) = world.start().await;
            let learner = learner();
            let id = sandboxes.start(&learner).await.expect("a sandbox");
            world.docker_of(&id, &["pull", "-q", "nginx"]).await;
            world.docker_of(&id, &["run", "-d", "--name", "before", "-p", "8080:80", "nginx"]).await;
            let mut terminal = sandboxes.workstations().terminal(&id, "1", SIZE).await.expect("a terminal");
            typed(&mut terminal, "echo go''ing; kill 1", "going").await;
            until("it has ended", || async { (!sandboxes.workstations().is_connected(&id)).then_some(()) }).await;
            // As the gateway asks while a container starts, and gives up.
            let ports = sandboxes.workstations();
            for port in [8081, 8082] {
                assert_eq!(ports.bind(&id, port).await, Err(BindError::NoWorkstation));
            }
            ports.release(&id, 8082).await;

            sandboxes.start(&learner).await.expect("the same");
            let mut terminal = sandboxes.workstations().terminal(&id, "1", SIZE).await.expect("a terminal");
            let fetch = "curl -s --retry 20 --retry-all-errors localhost:8080 | command grep -q Welcome && echo fet''ched";
            typed(&mut terminal, fetch, "fetched").await;
            // Somebody listens, and leads nowhere.
            typed(&mut terminal, "curl -s --retry 20 --retry-connrefused localhost:8081; echo co''de=$?", "code=52").await;
            typed(&mut terminal, "curl -s localhost:8082 || echo re''fused", "refused").await;
            drop(world);
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sandbox_that_is_not_there_has_no_terminal() {
    world(
        |_| {},
        |world| async move {
            let (_, sandboxes) = world.start().await;
            let nobody = gateway::SandboxId::random();
            let terminal = sandboxes.workstations().terminal(&nobody, "1", SIZE).await;
            assert_eq!(terminal.err(), Some(WorkstationError::Away));
            drop(world);
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn thirty_learners_join_at_once_from_a_warm_pool() {
    world(
        |config| config.warm = 30,
        |world| async move {
            let (_, sandboxes) = world.start().await;
            warmed(&sandboxes, 30).await;
            let learners: Vec<_> = (0..30).map(|_| learner()).collect();
            let began = Instant::now();
            let ids: HashSet<_> = join_all(learners.iter().map(|learner| sandboxes.start(learner)))
                .await
                .into_iter()
                .map(|id| id.expect("a sandbox"))
                .collect();
            let assigned = began.elapsed();
            assert_eq!(ids.len(), 30, "everybody has their own");
            let prompts = join_all(ids.iter().map(|id| async {
                let mut terminal = sandboxes.workstations().terminal(id, "1", SIZE).await.expect("a terminal");
                typed(&mut terminal, "echo re''ady", "ready").await;
            }));
            prompts.await;
            let ready = began.elapsed();
            eprintln!("30 learners: assigned in {assigned:?}, all at a prompt that answers in {ready:?}");
            assert!(assigned < Duration::from_secs(2), "assigned in {assigned:?}");
            drop(world);
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_course_registry_is_read_by_its_name_from_shell_and_containers_where_it_may_be() {
    world(
        |config| config.registry_alias = Some("registry.lunchbox".to_owned()),
        |world| async move {
            let (_, sandboxes) = world.start().await;
            let id = sandboxes.start(&learner()).await.expect("a sandbox");
            let mut terminal = sandboxes.workstations().terminal(&id, "1", SIZE).await.expect("a terminal");
            let curl = "curl -sS --retry 20 --retry-connrefused --retry-delay 0 http://registry.lunchbox/v2/_catalog; echo do''ne";
            assert!(typed(&mut terminal, curl, "done").await.contains("library/nginx"));
            // Whoever publishes the same port has it: that is on localhost.
            world.docker_of(&id, &["pull", "-q", "busybox"]).await;
            let wget = ["run", "--rm", "busybox", "wget", "-qO-", "http://registry.lunchbox/v2/library/nginx/tags/list"];
            assert_eq!(world.docker_of(&id, &wget).await, r#"{"name":"library/nginx","tags":["latest"]}"#);
            world
                .docker_of(
                    &id,
                    &["run", "-d", "--name", "web", "-p", "80:80", "busybox", "sh", "-c", "echo mine > /i; httpd -f -h / -p 80"],
                )
                .await;
            let own = "curl -sS --retry 20 --retry-all-errors --retry-delay 0 http://localhost/i; echo do''ne";
            assert!(typed(&mut terminal, own, "done").await.contains("mine"));
            // Nothing else is reached by it.
            let other = ["run", "--rm", "busybox", "nc", "-w", "2", "192.0.2.1", "80"];
            assert!(!world.docker_of(&id, &other).await.contains("open"));
            let routes = world.docker_of(&id, &["run", "--rm", "busybox", "ip", "route"]).await;
            assert!(!routes.contains("default"), "{routes}");
        },
    )
    .await;
}
