//! Compose, as a learner has it in their workstation.

use super::world::{learner, typed, world};

const PROJECT: &str = r#"services: {web: {image: nginx, ports: ["8080:80"], depends_on: [cache]}, cache: {image: redis}}"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_project_of_the_courses_images_comes_up_in_a_workstation_and_goes_whole() {
    world(
        |_| {},
        |world| async move {
            let (_, sandboxes) = world.start().await;
            let id = sandboxes.start(&learner()).await.expect("a sandbox");
            let mut terminal = sandboxes.workstations().terminal(&id, "1", (120, 30)).await.expect("a terminal");
            let write = format!("mkdir shop && cd shop && echo '{PROJECT}' > compose.yaml; echo wr''itten");
            typed(&mut terminal, &write, "written").await;
            typed(&mut terminal, "docker compose --progress plain up -d; echo outc''ome=$?", "outcome=0").await;
            let seen = typed(&mut terminal, "docker compose ps --format '{{.Service}} is {{.State}}'; echo li''sted", "listed").await;
            assert!(seen.contains("cache is running") && seen.contains("web is running"), "{seen}");
            let fetch = "curl -s --retry 20 --retry-all-errors localhost:8080 | command grep -q Welcome && echo fe''tched";
            typed(&mut terminal, fetch, "fetched").await;
            let seen = typed(&mut terminal, "docker compose exec web getent hosts cache; echo as''ked", "asked").await;
            assert!(seen.contains(" cache\r\n"), "the name of one service leads another to it: {seen}");
            let seen = typed(&mut terminal, "docker compose logs cache; echo lo''gged", "logged").await;
            assert!(seen.contains("cache-1  |"), "{seen}");
            typed(&mut terminal, "docker compose down; echo outc''ome=$?", "outcome=0").await;
            let left = world.docker_of(&id, &["ps", "-aq"]).await + &world.docker_of(&id, &["network", "ls", "-qf", "name=shop"]).await;
            assert_eq!(left, "");
        },
    )
    .await;
}
