use gateway::{
    ActivityKind,
    host::{Direction, Transfer},
};

use super::{World, created, fails, id, listed, passes, pulled, reference};
use crate::checks::CheckKind;

fn image() -> CheckKind {
    CheckKind::Image(reference("nginx"))
}

fn transfer(direction: Direction, reference: &str) -> Transfer {
    Transfer { direction, reference: reference.to_owned(), layers: Vec::new() }
}

fn failed_pull(reference: &str) -> ActivityKind {
    ActivityKind::ImagePullFailed { reference: reference.to_owned(), message: "there is no such image.\n".to_owned() }
}

#[test]
fn an_image_counts_however_its_name_is_written() {
    for name in ["nginx:latest", "docker.io/library/nginx:latest"] {
        passes(&image(), &World::empty().image(name));
    }
}

#[test]
fn a_missing_image_is_told_with_what_is_there() {
    let world = World::empty();
    fails(&image(), &world, "There is no image nginx:latest on your host yet, nor any other");
    fails(&image(), &world.clone().image("alpine:latest"), "There is no image nginx:latest on your host yet. Images there: alpine:latest");
    fails(&image(), &world.clone().image("nginx:1"), "nginx:1 is on your host, and the step asks for nginx:latest");
    let under_way = {
        let mut world = world.clone();
        world.host.transfers.push(transfer(Direction::Pull, "nginx:latest"));
        world
    };
    fails(&image(), &under_way, "nginx:latest is on its way to your host; its pull has not finished yet");
    fails(
        &image(),
        &world.clone().did(pulled("nginx:latest")),
        "nginx:latest was on your host and has been removed since; the step asks for it to be there",
    );
    fails(&image(), &world.clone().did(failed_pull("nginx")), "The last pull of nginx:latest failed: there is no such image");
    fails(
        &image(),
        &world.did(failed_pull("ngnix:latest")),
        "There is no image nginx:latest on your host yet. The last pull was of ngnix:latest, and it failed: there is no such image",
    );
}

#[test]
fn a_long_list_of_images_is_cut() {
    let world = ["a", "b", "c", "d", "e", "f", "g", "h"].iter().fold(World::empty(), |world, name| world.image(&format!("{name}:latest")));
    fails(
        &image(),
        &world,
        "There is no image nginx:latest on your host yet. Images there: a:latest, b:latest, c:latest, d:latest, e:latest, f:latest and 2 more",
    );
}

#[test]
fn several_images_must_all_be_there() {
    let all = CheckKind::Images(["ubuntu", "alpine", "redis"].map(reference).to_vec());
    let world = World::empty();
    fails(&all, &world, "None of ubuntu:latest, alpine:latest and redis:latest is on your host yet, nor any other");
    let world = world.image("alpine:latest");
    fails(&all, &world, "alpine:latest is on your host; still missing: ubuntu:latest and redis:latest");
    let world = world.image("ubuntu:latest");
    fails(&all, &world, "ubuntu:latest and alpine:latest are on your host; still missing: redis:latest");
    fails(
        &all,
        &world.clone().did(failed_pull("redis:latest")),
        "ubuntu:latest and alpine:latest are on your host; still missing: redis:latest. The last pull of redis:latest failed: there is no such image",
    );
    passes(&all, &world.image("redis:latest"));
}

#[test]
fn a_pull_counts_even_when_the_image_was_removed_again() {
    let pull = CheckKind::Pulled(reference("registry.lunchbox/hello:1"));
    let world = World::empty();
    fails(&pull, &world, "registry.lunchbox/hello:1 has not been pulled yet, nor any other");
    fails(
        &pull,
        &world.clone().image("registry.lunchbox/hello:1"),
        "registry.lunchbox/hello:1 is on your host, but it did not come from a registry; the step asks you to pull it",
    );
    passes(&pull, &world.did(pulled("registry.lunchbox/hello:1")));
}

#[test]
fn listing_counts_when_the_images_were_seen_in_the_list() {
    let list = CheckKind::Listed(vec![reference("nginx")]);
    let world = World::empty();
    fails(&list, &world, "You have not listed the images on your host yet; the step asks you to find nginx:latest there");
    let world = world.did(listed(&["alpine:latest"]));
    fails(&list, &world, "You listed images, but nginx:latest is not on your host yet; pull first, then list again");
    let world = world.image("nginx:latest");
    fails(&list, &world, "You listed images, but nginx:latest was not there yet when you did; list them again");
    passes(&list, &world.did(listed(&["alpine:latest", "nginx:latest"])));
}

#[test]
fn images_may_be_seen_in_one_list_or_in_several() {
    let list = CheckKind::Listed(["ubuntu", "redis"].map(reference).to_vec());
    let world = World::empty().image("ubuntu:latest").image("redis:latest").did(listed(&["ubuntu:latest"]));
    fails(&list, &world, "You listed images, but redis:latest was not there yet when you did; list them again");
    passes(&list, &world.did(listed(&["redis:latest"])));
}

fn inspect(seed: &str, references: &[&str]) -> ActivityKind {
    ActivityKind::ImageInspected { image_id: id(seed), references: references.iter().map(|&text| text.to_owned()).collect() }
}

#[test]
fn inspecting_counts_by_name_and_by_id() {
    let inspected = CheckKind::Inspected(reference("nginx"));
    let world = World::empty().image("nginx:latest");
    passes(&inspected, &world.clone().did(inspect("nginx:latest", &["nginx:latest"])));
    passes(&inspected, &world.did(inspect("nginx:latest", &[])));
}

#[test]
fn inspecting_something_else_is_told() {
    let inspected = CheckKind::Inspected(reference("nginx"));
    let world = World::empty();
    fails(&inspected, &world, "You have not inspected nginx:latest yet, and it is not on your host; pull it first");
    let world = world.image("nginx:latest");
    fails(&inspected, &world, "nginx:latest is on your host, but you have not inspected it yet");
    fails(
        &inspected,
        &world.clone().did(inspect("alpine:latest", &["alpine:latest"])),
        "You inspected alpine:latest, and the step asks for nginx:latest",
    );
}

#[test]
fn inspecting_a_container_in_place_of_its_image_is_told() {
    let inspected = CheckKind::Inspected(reference("nginx"));
    let not_yet = "nginx:latest is on your host, but you have not inspected it yet";
    let container = |name: &str| ActivityKind::ContainerInspected { id: name.to_owned(), name: name.to_owned() };
    let world =
        World::empty().image("nginx:latest").did(created("web", "nginx")).did(created("nginx", "redis")).did(created("db", "redis"));
    for name in ["web", "nginx"] {
        let message = format!(
            "You inspected the container {name}, and the step asks for the image nginx:latest; `docker image inspect nginx` shows images only"
        );
        fails(&inspected, &world.clone().did(container(name)), &message);
    }
    fails(&inspected, &world.clone().did(container("db")), not_yet);
    // `docker logs` inspects by the way.
    let logs = ActivityKind::ContainerLogsRead { id: "web".to_owned(), name: "web".to_owned() };
    fails(&inspected, &world.did(container("web")).did(logs), not_yet);
}

#[test]
fn looking_at_the_history_is_not_inspecting() {
    let history = CheckKind::HistoryViewed(reference("python"));
    let view = |name: &str| ActivityKind::ImageHistoryViewed { image_id: id(name), references: vec![name.to_owned()] };
    let world = World::empty();
    fails(&history, &world, "You have not looked at the history of python:latest yet, and it is not on your host; pull it first");
    let world = world.image("python:latest").did(inspect("python:latest", &["python:latest"]));
    fails(&history, &world, "python:latest is on your host, but you have not looked at its history yet");
    let world = world.did(view("redis:latest"));
    fails(&history, &world, "You looked at the history of redis:latest, and the step asks for python:latest");
    passes(&history, &world.did(view("python:latest")));
}

#[test]
fn an_image_is_removed_only_if_it_was_there_before() {
    let gone = CheckKind::RemovedImage(reference("nginx"));
    let world = World::empty();
    fails(&gone, &world, "There has been no image nginx:latest on your host yet that could be removed");
    let world = world.did(pulled("nginx:latest"));
    passes(&gone, &world);
    let there = world.image("nginx:latest");
    fails(&gone, &there, "nginx:latest is still on your host");
    fails(
        &gone,
        &there.did(created("web", "nginx")).container("web", "nginx:latest"),
        "nginx:latest is still on your host, and the container web is made from it; remove that first",
    );
}
