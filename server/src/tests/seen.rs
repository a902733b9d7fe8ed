//! What an instructor sees of what learners type.

use super::{
    classes::{class, join},
    support::{TestServer, docker},
};

const LESSON: &str = "docker-images";

#[tokio::test(flavor = "multi_thread")]
async fn the_board_shows_a_run_as_it_was_typed_with_ports_name_and_command_and_the_timeline_once() {
    let server = TestServer::start().await;
    let mut grace = server.instructor("Grace", false).await;
    let (class, code) = class(&mut grace, "free").await;
    let mut ada = server.learner().await;
    let place = join(&mut ada, &code, "Ada").await["seat"]["id"].as_str().unwrap().to_owned();
    let sandbox = ada.start_sandbox().await;
    let _page = ada.stream(LESSON).await;
    let mut board = grace.events(&format!("/api/teach/board?class={class}")).await;
    docker(&server, &sandbox, &["pull", "alpine"]).await;

    for arguments in [
        &["run", "-d", "--name", "web", "-p", "8080:80", "-e", "PASSWORD=secret", "alpine", "sleep", "600"][..],
        &["run", "--rm", "alpine", "echo", "it is here"],
        &["create", "alpine", "true"],
    ] {
        let typed = format!("docker {}", arguments.join(" ")).replace("secret", "…").replace("it is here", "'it is here'");
        docker(&server, &sandbox, arguments).await;
        board.until(&typed, |last| last.values().any(|message| message.to_string().contains(&format!("\"text\":\"{typed}\"")))).await;
    }
    for arguments in [&["run", "-d", "nosuch"][..], &["inspect", "nosuch"]] {
        let socket = format!("unix://{}/{sandbox}/docker.sock", server.run_dir.display());
        let ended = tokio::process::Command::new("docker").env("DOCKER_HOST", socket).args(arguments).output().await.unwrap();
        assert!(!ended.status.success());
        let typed = format!("\"text\":\"docker {}\"", arguments.join(" "));
        board.until(&typed, |last| last.values().any(|message| message.to_string().contains(&typed))).await;
    }
    let timeline = grace.call("teach/timeline", &[("place", &place), ("before", "0")]).await.text;
    assert_eq!(timeline.matches("\"failed\"").count(), 2, "a line a command: {timeline}");
    assert_eq!(timeline.matches("docker run -d --name web").count(), 1, "{timeline}");
    assert!(!timeline.contains("secret") && !timeline.contains("docker start"), "{timeline}");
}
