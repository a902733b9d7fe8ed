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
    assert!(died(137).is_some_and(|(_, error)| error.is_empty()), "a stop is no fault");
    assert_eq!(told(ActivityKind::StateChanged), None);
    let refused = ActivityKind::Refused { operation: "ContainerCreate".to_owned(), status: 400, message: " ".to_owned(), container: None };
    assert!(told(refused).is_some_and(|(text, error)| text == "docker run" && !error.is_empty()));
    let asked = ContainerAsked { detached: true, ports: vec!["8080:80".to_owned()], ..ContainerAsked::default() };
    let container = Some(Box::new(RefusedContainer { name: String::new(), image: "nginx".to_owned(), asked }));
    let taken =
        ActivityKind::Refused { operation: "ContainerCreate".to_owned(), status: 403, message: "limit reached".to_owned(), container };
    assert_eq!(told(taken), Some(("docker run -d -p 8080:80 nginx".to_owned(), "limit reached".to_owned())));
    let odd = ActivityKind::Refused { operation: "NetworkRemove".to_owned(), status: 404, message: "none".to_owned(), container: None };
    assert_eq!(told(odd), Some(("docker network remove".to_owned(), "none".to_owned())));
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
    let told: Vec<(String, bool)> = lines(&all, 4).into_iter().map(|line| (line.done.text, line.is_theirs)).collect();
    let expected = [("docker run --rm nginx", true), ("web was removed, as --rm asks", false)];
    assert_eq!(told, expected.map(|(text, is_theirs)| (text.to_owned(), is_theirs)));
    let by_hand = activities(vec![(0, made("web", true)), (900, started("web")), (990, removed())]);
    assert!(lines(&by_hand, 3).last().is_some_and(|line| line.is_theirs && line.done.text == "docker rm web"));
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
    let theirs: Vec<bool> = lines(&all, 3).iter().map(|line| line.is_theirs).collect();
    assert_eq!(theirs, [true, false, true], "what went wrong is theirs to see");
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
