use gateway::{ActivityKind, host::ContainerState};

use super::{World, check, created, fails, id, of_image, of_name, passes, removed, started};
use crate::checks::{Answers, CheckKind, ContainerCheck, ContainerOf, Publishes, StateWanted, ports_to_probe};

/// As the lesson's lab asks for it.
fn serving() -> ContainerCheck {
    ContainerCheck {
        of: of_image("nginx"),
        state: StateWanted::Running,
        publishes: Some(Publishes { host: 8080, container: 80 }),
        answers: Some(Answers::default()),
    }
}

fn running(of: ContainerOf) -> CheckKind {
    CheckKind::Container(ContainerCheck { of, state: StateWanted::Running, publishes: None, answers: None })
}

fn lab() -> CheckKind {
    CheckKind::Container(serving())
}

fn nginx() -> World {
    World::empty().image("nginx:latest").container("web", "nginx:latest")
}

#[test]
fn a_web_server_that_answers_passes() {
    passes(&lab(), &nginx().port(8080, 80).answers(8080, 200, "Welcome"));
    // It answers, if only to say no.
    passes(&lab(), &nginx().port(8080, 80).answers(8080, 403, ""));
}

#[test]
fn the_image_counts_by_reference_by_id_and_by_another_of_its_names() {
    let kind = running(of_image("nginx"));
    let world = World::empty().image("nginx:latest");
    for image in ["nginx", "docker.io/library/nginx:latest", &id("nginx:latest"), &id("nginx:latest")[7..19]] {
        let world = world.clone().container("web", image).last_container(|container| container.image_id = id("other"));
        passes(&kind, &world);
    }
    passes(&kind, &world.container("web", "mine").last_container(|container| container.image_id = id("nginx:latest")));
}

#[test]
fn a_missing_container_is_told_with_those_that_are_there() {
    let world = World::empty().image("nginx:latest");
    fails(&lab(), &world, "There is not yet a container from nginx on your host, nor any other");
    fails(
        &lab(),
        &world.clone().container("db", "redis"),
        "There is not yet a container from nginx on your host. Containers there: db (from redis)",
    );
    fails(
        &lab(),
        &world.did(created("web", "nginx")).did(started("web", "nginx")).did(removed("web")),
        "There was a container from nginx: web was started and has been removed since",
    );
}

#[test]
fn a_container_that_does_not_run_says_why() {
    let cases = [
        (nginx().ended(1), "A container from nginx was created and has ended with exit code 1; `docker logs web` says why"),
        (
            nginx().ended(0).did(ActivityKind::ContainerStopAsked { id: "web".to_owned(), name: "web".to_owned() }),
            "web, from nginx, was stopped, and the step asks for one that runs; `docker start web` starts it again",
        ),
        (nginx().state(ContainerState::Created), "A container from nginx was created but never started; `docker start web` starts it"),
        (
            nginx().state(ContainerState::Paused),
            "web, from nginx, is paused, and the step asks for one that runs; `docker unpause web` lets it go on",
        ),
        (
            nginx().state(ContainerState::Restarting),
            "web, from nginx, ends again and again and is being restarted; `docker logs web` says why",
        ),
        (nginx().state(ContainerState::Removing), "web, from nginx, is just being removed, and the step asks for one that runs"),
        (nginx().state(ContainerState::Dead), "A container from nginx was created and has ended; `docker logs web` says why"),
    ];
    for (world, message) in cases {
        fails(&lab(), &world, message);
    }
}

#[test]
fn a_port_that_is_published_otherwise_is_told_as_it_is() {
    let cases = [
        (nginx(), "nginx is running, but publishes no port, and the step asks for its port 80 on 8080"),
        (nginx().port(8081, 80), "nginx is running, but port 80 is published on 8081, and the step asks for 8080"),
        (nginx().port(8080, 8080), "nginx is running, but 8080 leads to its port 8080, and the step asks for its port 80"),
        (
            nginx().port(80, 8080),
            "nginx is running, but port 8080 is published on 80, and the step asks for the reverse, port 80 on 8080: your host's port comes first",
        ),
        (
            nginx().protocol_port(8080, 80, "udp"),
            "nginx is running, but port 80 is published on 8080 for udp only, and the step asks for tcp",
        ),
        (
            nginx().port(81, 81).port(82, 82),
            "nginx is running, but what it publishes is port 81 on 81, port 82 on 82, and the step asks for port 80 on 8080",
        ),
    ];
    for (world, message) in cases {
        fails(&lab(), &world.answers(8080, 200, ""), message);
    }
}

#[test]
fn a_server_that_does_not_answer_is_told_with_the_reason() {
    let world = nginx().port(8080, 80);
    fails(&lab(), &world, "web runs nginx and publishes 8080, but has not been asked by HTTP yet");
    fails(
        &lab(),
        &world.clone().no_answer(8080, "connection refused"),
        "web runs nginx and publishes 8080, but doesn't answer HTTP yet: connection refused",
    );
    fails(
        &lab(),
        &world.answers(8080, 502, ""),
        "web runs nginx and publishes 8080, but answers HTTP with an error of its own: status 502",
    );
}

#[test]
fn a_page_can_be_asked_to_say_something() {
    let says = CheckKind::Container(ContainerCheck { answers: Some(Answers { containing: Some("Hello".to_owned()) }), ..serving() });
    let world = nginx().port(8080, 80);
    passes(&says, &world.clone().answers(8080, 200, "<h1>Hello</h1>"));
    fails(
        &says,
        &world.answers(8080, 200, "Welcome"),
        "web runs nginx and publishes 8080, but the page it answers with doesn't say \"Hello\"",
    );
}

#[test]
fn without_a_port_asked_for_any_published_one_may_answer() {
    let any = CheckKind::Container(ContainerCheck { publishes: None, ..serving() });
    passes(&any, &nginx().port(8080, 80).port(9000, 90).no_answer(8080, "connection refused").answers(9000, 200, ""));
    fails(&any, &nginx(), "nginx is running, but publishes no port, so nothing outside can ask it");
}

#[test]
fn of_several_containers_the_nearest_miss_is_told() {
    let world = nginx().ended(1).container("web2", "nginx:latest").port(8081, 80).container("web3", "nginx:latest").ended(0);
    fails(&lab(), &world, "web2, from nginx, is running, but port 80 is published on 8081, and the step asks for 8080");
    passes(&lab(), &world.container("web4", "nginx:latest").port(8080, 80).answers(8080, 200, ""));
}

#[test]
fn names_are_compared_whole() {
    let app = running(of_name("app-1"));
    let world = World::empty().container("app-10", "nginx").container("my-app-1", "nginx");
    fails(
        &app,
        &world,
        "There is not yet a container named app-1 on your host. Containers there: app-10 (from nginx), my-app-1 (from nginx)",
    );
    passes(&app, &world.container("app-1", "nginx"));
}

#[test]
fn a_container_asked_for_by_name_and_image_must_be_both() {
    let web = running(ContainerOf { name: Some("web".to_owned()), ..of_image("nginx") });
    fails(
        &web,
        &World::empty().container("quirky_bell", "nginx"),
        "There is a container from nginx, but its name is quirky_bell, and the step asks for web",
    );
    fails(&web, &World::empty().container("web", "redis"), "The container web was made from redis, and the step asks for one from nginx");
    passes(&web, &World::empty().container("quirky_bell", "nginx").container("web", "nginx"));
}

#[test]
fn a_container_can_be_asked_to_have_ended() {
    let ended = CheckKind::Container(ContainerCheck { state: StateWanted::Exited, publishes: None, answers: None, ..serving() });
    fails(&ended, &nginx(), "web, from nginx, is still running, and the step asks for one that has ended");
    passes(&ended, &nginx().ended(0));
    let any = CheckKind::Container(ContainerCheck { state: StateWanted::Any, publishes: None, answers: None, ..serving() });
    passes(&any, &nginx());
    passes(&any, &nginx().ended(3));
}

#[test]
fn only_ports_that_could_pass_are_asked_by_http() {
    let probes = |kind: CheckKind, world: &World| ports_to_probe(&check(kind), &world.host);
    assert_eq!(probes(lab(), &nginx().port(8080, 80).port(8443, 443)), [8080]);
    assert!(probes(lab(), &nginx().port(8081, 80)).is_empty(), "wrong port");
    assert!(probes(lab(), &nginx().port(8080, 80).ended(0)).is_empty(), "not running");
    assert!(probes(lab(), &World::empty().container("db", "redis").port(8080, 80)).is_empty(), "another image");
    let any = CheckKind::Container(ContainerCheck { publishes: None, ..serving() });
    assert_eq!(probes(any, &nginx().port(9000, 90).port(8080, 80).protocol_port(53, 53, "udp")), [8080, 9000]);
    assert!(probes(running(of_image("nginx")), &nginx().port(8080, 80)).is_empty(), "nothing to ask");
    assert!(probes(CheckKind::Image(super::reference("nginx")), &nginx().port(8080, 80)).is_empty(), "not about containers");
}

#[test]
fn what_was_run_counts_after_it_has_ended_and_is_gone() {
    let ran = CheckKind::WasRun(of_image("ubuntu"));
    let world = World::empty();
    fails(&ran, &world, "There is not yet a container from ubuntu on your host, nor any other");
    fails(
        &ran,
        &world.clone().container("a", "alpine"),
        "There is not yet a container from ubuntu on your host. Containers there: a (from alpine)",
    );
    fails(
        &ran,
        &world.clone().container("u", "ubuntu").state(ContainerState::Created).last_container(|container| container.started_at = 0),
        "A container from ubuntu was created but never started; `docker start u` starts it",
    );
    fails(
        &ran,
        &world.clone().did(created("u", "ubuntu")).did(removed("u")),
        "There was a container from ubuntu: u was created and has been removed since",
    );
    passes(&ran, &world.clone().container("u", "ubuntu").ended(0));
    passes(&ran, &world.did(created("u", "ubuntu")).did(started("u", "ubuntu:latest")).did(removed("u")));
}

#[test]
fn a_container_is_removed_only_if_it_was_there_before() {
    let gone = CheckKind::RemovedContainer(of_name("dish"));
    let world = World::empty();
    fails(&gone, &world, "There has not been a container named dish on your host yet that could be removed");
    fails(
        &gone,
        &world.clone().did(created("dish-1", "alpine")).did(removed("dish-1")),
        "There has not been a container named dish on your host yet that could be removed",
    );
    let world = world.did(created("dish", "alpine"));
    passes(&gone, &world);
    let there = world.clone().container("dish", "alpine");
    fails(&gone, &there, "The container dish is still there: it is running; stop it first, or remove it by force");
    fails(&gone, &there.ended(0), "The container dish is still there: it has ended");
    let renamed = ActivityKind::ContainerRenamed { id: "dish".to_owned(), name: "plate".to_owned(), old_name: "dish".to_owned() };
    fails(
        &gone,
        &world.did(renamed).container("dish", "alpine").last_container(|container| container.name = "plate".to_owned()).ended(0),
        "The container plate (it was dish) is still there: it has ended",
    );
}

#[test]
fn all_containers_of_an_image_can_be_asked_to_be_removed() {
    let gone = CheckKind::RemovedContainer(of_image("alpine"));
    let world = World::empty().did(created("a", "alpine")).did(created("b", "alpine")).did(removed("a"));
    fails(&gone, &world.clone().container("b", "alpine").ended(0), "The container b is still there: it has ended");
    passes(&gone, &world.did(removed("b")).container("c", "ubuntu"));
}
