use gateway::{ContainerAsked, RefusedContainer};

use super::*;

fn told(kind: ActivityKind) -> Option<(String, String)> {
    told_all(vec![(5, kind)]).pop()
}

fn told_all(kinds: Vec<(i64, ActivityKind)>) -> Vec<(String, String)> {
    let all = activities(kinds);
    lines(&all, all.len()).into_iter().map(|line| (line.done.text, line.done.error)).collect()
}

fn activities(kinds: Vec<(i64, ActivityKind)>) -> Vec<Activity> {
    kinds.into_iter().zip(1..).map(|((at, kind), seq)| Activity { seq, at, kind }).collect()
}

fn made(id: &str, detached: bool) -> ActivityKind {
    let asked = ContainerAsked { detached, ports: vec!["8080:80".to_owned()], ..ContainerAsked::default() };
    ActivityKind::ContainerCreated { id: id.to_owned(), name: id.to_owned(), image: "nginx".to_owned(), asked: Box::new(asked) }
}

fn attached(id: &str) -> ActivityKind {
    ActivityKind::ContainerAttached { id: id.to_owned(), name: id.to_owned() }
}

fn started(id: &str) -> ActivityKind {
    ActivityKind::ContainerStarted { id: id.to_owned(), name: id.to_owned(), image: "nginx".to_owned(), start_ms: 200 }
}

fn well(text: &str) -> (String, String) {
    (text.to_owned(), String::new())
}

#[test]
fn what_went_wrong_says_why_and_what_went_well_says_nothing_more() {
    let failed = ActivityKind::ImagePullFailed { reference: "ngnix:latest".to_owned(), message: "not found".to_owned() };
    assert_eq!(told(failed), Some(("docker pull ngnix:latest".to_owned(), "not found".to_owned())));
    let pulled = ActivityKind::ImagePulled { reference: "nginx:latest".to_owned(), image_id: "sha256:1".to_owned() };
    assert_eq!(told(pulled), Some(well("docker pull nginx:latest")));
    let died = |exit_code| told(ActivityKind::ContainerDied { id: "1".to_owned(), name: "web".to_owned(), exit_code });
    assert_eq!(died(1), Some(("web ended".to_owned(), "exit code 1".to_owned())));
    for stopped in [130, 137, 143] {
        assert!(died(stopped).is_some_and(|(_, error)| error.is_empty()), "a stop is no fault: {stopped}");
    }
    assert_eq!(told(ActivityKind::StateChanged), None);
    let refused = ActivityKind::Refused { operation: "ContainerCreate".to_owned(), status: 400, message: " ".to_owned(), container: None };
    assert!(told(refused).is_some_and(|(text, error)| text == "docker run" && !error.is_empty()));
    let asked = ContainerAsked { detached: true, ports: vec!["8080:80".to_owned()], ..ContainerAsked::default() };
    let container = Some(Box::new(RefusedContainer { name: String::new(), image: "nginx".to_owned(), asked }));
    let taken =
        ActivityKind::Refused { operation: "ContainerCreate".to_owned(), status: 403, message: "limit reached".to_owned(), container };
    assert_eq!(told(taken), Some(("docker run -d -p 8080:80 nginx".to_owned(), "limit reached".to_owned())));
    let odd = ActivityKind::Refused { operation: "NetworkRemove".to_owned(), status: 404, message: "none".to_owned(), container: None };
    assert_eq!(told(odd), Some(("docker network rm".to_owned(), "none".to_owned())));
    let pause = ActivityKind::Refused { operation: "ContainerPause".to_owned(), status: 409, message: "it is".to_owned(), container: None };
    assert_eq!(told(pause), Some(("docker pause".to_owned(), "it is".to_owned())));
    let gone = || "No such container: web".to_owned();
    assert_eq!(told(refused_404("ContainerRemove", &gone())), Some(("docker rm web".to_owned(), gone())), "it is told of what");
}

fn refused_404(operation: &str, message: &str) -> ActivityKind {
    ActivityKind::Refused { operation: operation.to_owned(), status: 404, message: message.to_owned(), container: None }
}

/// What docker asks for when it inspects what has that name and isn't there, in its order.
fn inspects(name: &str) -> [ActivityKind; 4] {
    [
        refused_404("ContainerInspect", &format!("No such container: {name}")),
        refused_404("ImageInspect", &format!("No such image: {name}:latest")),
        refused_404("NetworkInspect", &format!("network {name} not found")),
        refused_404("VolumeInspect", &format!("get {name}: no such volume")),
    ]
}

#[test]
fn an_inspect_of_what_is_not_there_is_one_command_that_went_wrong() {
    let ill = ("docker inspect typo".to_owned(), "No such object: typo".to_owned());
    let once = || inspects("typo").into_iter().zip(0..).map(|(kind, at)| (at * 5, kind));
    assert_eq!(told_all(once().collect()), std::slice::from_ref(&ill));
    let between = told_all(once().flat_map(|(at, kind)| [(at, kind), (at, ActivityKind::StateChanged)]).collect());
    assert_eq!(between, std::slice::from_ref(&ill), "what comes about by itself may come between");
    let two = once().chain((20..).zip(inspects("more"))).collect();
    assert_eq!(told_all(two), [ill, ("docker inspect more".to_owned(), "No such object: more".to_owned())]);
}

#[test]
fn an_inspect_of_what_is_there_went_well_whatever_was_asked_for_first() {
    let inspected = ActivityKind::ImageInspected { references: vec!["nginx:latest".to_owned()], image_id: "sha256:1".to_owned() };
    let [container, image, network, _] = inspects("nginx");
    assert_eq!(told_all(vec![(0, container.clone()), (4, inspected.clone())]), [well("docker inspect nginx")]);
    assert_eq!(told_all(vec![(0, container.clone()), (4, image.clone())]), [well("docker inspect nginx")], "a network");
    assert_eq!(told_all(vec![(0, container.clone()), (4, image), (8, network)]), [well("docker inspect nginx")], "a volume");
    assert_eq!(told(inspected), Some(well("docker image inspect nginx:latest")));
    let other = vec![(0, container.clone()), (900, refused_404("VolumeInspect", "no such volume"))];
    assert_eq!(told_all(other).len(), 2, "later, by hand");
    // As `docker logs` and `docker exec` begin.
    assert_eq!(told(container), Some(("docker … nginx".to_owned(), "No such container: nginx".to_owned())));
}

#[test]
fn a_run_whose_image_nobody_has_is_told_as_it_was_typed_with_what_the_pull_said() {
    let asked = ContainerAsked { detached: true, ..ContainerAsked::default() };
    let wanted = ActivityKind::Refused {
        operation: "ContainerCreate".to_owned(),
        status: 404,
        message: "No such image: ngnix:latest".to_owned(),
        container: Some(Box::new(RefusedContainer { name: String::new(), image: "ngnix".to_owned(), asked })),
    };
    let pull = |reference: &str| ActivityKind::ImagePullStarted { reference: reference.to_owned() };
    let failed = |reference: &str| ActivityKind::ImagePullFailed { reference: reference.to_owned(), message: "denied".to_owned() };
    let run = ("docker run -d ngnix".to_owned(), "denied".to_owned());
    let all = vec![(0, wanted.clone()), (5, pull("ngnix:latest")), (9_000, failed("ngnix:latest"))];
    assert_eq!(told_all(all), std::slice::from_ref(&run));
    let at_once = vec![(0, wanted.clone()), (50, failed("ngnix:latest")), (52, refused_404("ImageCreate", "denied"))];
    assert_eq!(told_all(at_once), [run], "as the gateway says it of an image that nobody has");
    let by_hand = vec![(0, wanted), (5_000, pull("ngnix:latest")), (9_000, failed("ngnix:latest"))];
    assert_eq!(told_all(by_hand), [("docker pull ngnix:latest".to_owned(), "denied".to_owned())]);
}

#[test]
fn a_container_that_ends_badly_is_told_with_the_run_it_came_from_and_a_shell_that_is_left_is_no_fault() {
    let died = |id: &str| ActivityKind::ContainerDied { id: id.to_owned(), name: id.to_owned(), exit_code: 1 };
    let all = vec![(0, made("web", true)), (900, started("web")), (5_000, died("web"))];
    let ill = ("docker run -d -p 8080:80 nginx".to_owned(), "web ended with exit code 1".to_owned());
    assert_eq!(told_all(all), [well("docker run -d -p 8080:80 nginx"), ill]);
    let asked = ContainerAsked { interactive: true, tty: true, ..ContainerAsked::default() };
    let shell =
        ActivityKind::ContainerCreated { id: "sh".to_owned(), name: "sh".to_owned(), image: "alpine".to_owned(), asked: Box::new(asked) };
    let all = activities(vec![(0, shell), (5, attached("sh")), (900, started("sh")), (5_000, died("sh"))]);
    let last = lines(&all, 4).pop().expect("its end is told");
    assert!(last.done.error.is_empty() && last.kind == Kind::Event && last.done.text == "sh ended (1)", "{last:?}");
}

#[test]
fn a_run_is_one_line_with_its_ports_whether_or_not_somebody_listens() {
    assert_eq!(told_all(vec![(0, made("web", true)), (900, started("web"))]), [well("docker run -d -p 8080:80 nginx")]);
    assert_eq!(told_all(vec![(0, made("web", false)), (5, attached("web")), (900, started("web"))]), [well("docker run -p 8080:80 nginx")]);
}

#[test]
fn a_run_that_is_seen_in_two_halves_is_the_same_line_twice() {
    let all = activities(vec![(7, made("web", true)), (900, started("web"))]);
    assert_eq!(lines(&all[..1], 1), lines(&all, 1));
}

#[test]
fn a_container_that_goes_by_itself_was_removed_by_nobody() {
    let removed = || ActivityKind::ContainerRemoved { id: "web".to_owned(), name: "web".to_owned() };
    let asked = ContainerAsked { auto_remove: true, ..ContainerAsked::default() };
    let once =
        ActivityKind::ContainerCreated { id: "web".to_owned(), name: "web".to_owned(), image: "nginx".to_owned(), asked: Box::new(asked) };
    let all = activities(vec![(0, once), (5, attached("web")), (900, started("web")), (990, removed())]);
    let told: Vec<(String, bool)> = lines(&all, 4).into_iter().map(|line| (line.done.text, line.kind == Kind::Command)).collect();
    let expected = [("docker run --rm nginx", true), ("web was removed, as --rm asks", false)];
    assert_eq!(told, expected.map(|(text, is_theirs)| (text.to_owned(), is_theirs)));
    let by_hand = activities(vec![(0, made("web", true)), (900, started("web")), (990, removed())]);
    assert!(lines(&by_hand, 3).last().is_some_and(|line| line.kind == Kind::Command && line.done.text == "docker rm web"));
}

#[test]
fn a_run_whose_port_is_taken_is_told_with_what_docker_said() {
    let refused = ActivityKind::Refused {
        operation: "ContainerStart".to_owned(),
        status: 500,
        message: "port is already allocated".to_owned(),
        container: None,
    };
    assert_eq!(
        told_all(vec![(0, made("web", true)), (9, refused)]),
        [("docker run -d -p 8080:80 nginx".to_owned(), "port is already allocated".to_owned())]
    );
}

#[test]
fn a_container_that_was_made_and_started_by_hand_was_not_run() {
    let by_hand = [well("docker create -p 8080:80 nginx"), well("docker start web")];
    assert_eq!(told_all(vec![(0, made("web", false)), (5_000, started("web"))]), by_hand, "later");
    let other = told_all(vec![(0, made("web", false)), (9, started("other"))]);
    assert_eq!(other, [well("docker create -p 8080:80 nginx"), well("docker start other")], "another");
}

#[test]
fn what_comes_about_by_itself_is_told_from_what_they_did() {
    let died = |exit_code| ActivityKind::ContainerDied { id: "web".to_owned(), name: "web".to_owned(), exit_code };
    let all = activities(vec![(0, started("web")), (1, died(0)), (2, died(1))]);
    let kinds: Vec<Kind> = lines(&all, 3).iter().map(|line| line.kind).collect();
    assert_eq!(kinds, [Kind::Command, Kind::Event, Kind::Command], "what went wrong is theirs to see");
}

#[test]
fn a_list_is_a_look_and_is_told_once_until_something_else_is_seen() {
    let listed = |all, names: &[&str]| ActivityKind::ContainersListed { all, names: names.iter().map(|name| (*name).to_owned()).collect() };
    let images = ActivityKind::ImagesListed { references: Vec::new() };
    let all = activities(vec![
        (0, listed(false, &[])),
        (2, listed(false, &[])),
        (4, listed(true, &[])),
        (6, listed(true, &["web"])),
        (8, images),
    ]);
    let told = lines(&all, all.len());
    let texts: Vec<&str> = told.iter().map(|line| line.done.text.as_str()).collect();
    assert_eq!(texts, ["docker ps", "docker ps -a", "docker ps -a", "docker images"]);
    assert!(told.iter().all(|line| line.kind == Kind::Look && line.done.error.is_empty()));
    // In another terminal, while a run pulls its image.
    let asked = refused_404("ContainerCreate", "No such image: ngnix:latest");
    let ActivityKind::Refused { operation, status, message, .. } = asked else { unreachable!() };
    let container = Some(Box::new(RefusedContainer { name: String::new(), image: "ngnix".to_owned(), asked: ContainerAsked::default() }));
    let asked = ActivityKind::Refused { operation, status, message, container };
    let failed = ActivityKind::ImagePullFailed { reference: "ngnix:latest".to_owned(), message: "not found".to_owned() };
    assert_eq!(
        told_all(vec![(0, asked), (5, listed(false, &[])), (9, failed)]),
        [well("docker ps"), ("docker run ngnix".to_owned(), "not found".to_owned())]
    );
}

#[test]
fn what_to_do_is_said_before_dockers_own_words() {
    let message = "pull access denied for nosuch3\nlunchbox: nosuch3 is not part of this course. It has: nginx.".to_owned();
    let failed = ActivityKind::ImagePullFailed { reference: "nosuch3:latest".to_owned(), message };
    let (_, said) = told(failed).unwrap_or_default();
    assert_eq!(said, "nosuch3 is not part of this course. It has: nginx. pull access denied for nosuch3");
}

#[test]
fn thousands_made_and_thousands_listened_to_are_told_at_once() {
    // One a millisecond, which is more than an engine does: looked through for each of them it takes hours.
    let created = (0..5_000).map(|number| (number, made(&number.to_string(), false)));
    let heard = (5_000..10_000).map(|number| (number, attached("another")));
    let told = told_all(created.chain(heard).collect());
    assert_eq!(told.len(), 10_000);
    assert_eq!((&told[4_999], &told[5_000]), (&well("docker create -p 8080:80 nginx"), &well("docker attach another")));
}

#[test]
fn a_run_ends_where_something_else_was_done_and_after_its_time() {
    let create = well("docker create -p 8080:80 nginx");
    let start = well("docker start web");
    let looked = ActivityKind::ContainerInspected { id: "web".to_owned(), name: "web".to_owned() };
    let all = told_all(vec![(0, made("web", false)), (5, looked), (900, started("web"))]);
    assert_eq!(all, [create.clone(), well("docker inspect web"), start.clone()]);
    assert_eq!(told_all(vec![(0, made("web", false)), (2999, started("web"))]), [well("docker run -p 8080:80 nginx")]);
    assert_eq!(told_all(vec![(0, made("web", false)), (3000, started("web"))]), [create, start]);
}
