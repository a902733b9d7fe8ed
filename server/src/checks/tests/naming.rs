use gateway::{
    ActivityKind,
    host::{Direction, Transfer},
};

use super::{World, fails, id, passes, pulled, reference};
use crate::checks::{CheckKind, TagCheck};

fn in_registry() -> TagCheck {
    TagCheck { image: reference("hello"), registry: Some("registry.lunchbox".to_owned()), name: None }
}

fn by_name() -> TagCheck {
    TagCheck { image: reference("hello"), registry: None, name: Some(reference("registry.lunchbox/hello:1")) }
}

fn build(seed: &str, references: &[&str], cached_steps: u32) -> ActivityKind {
    let references = references.iter().map(|&text| text.to_owned()).collect();
    ActivityKind::ImageBuilt { image_id: id(seed), references, steps: 3, cached_steps }
}

fn push(seed: &str, name: &str) -> ActivityKind {
    ActivityKind::ImagePushed { reference: name.to_owned(), image_id: id(seed) }
}

#[test]
fn a_second_name_counts_wherever_it_came_from() {
    let world = World::empty().image_with("hello", &["hello:latest", "registry.lunchbox/anything:else"]);
    passes(&CheckKind::Tagged(in_registry()), &world);
    fails(
        &CheckKind::Tagged(by_name()),
        &world,
        "hello:latest also has the name registry.lunchbox/anything:else, and the step asks for the name registry.lunchbox/hello:1",
    );
}

#[test]
fn a_missing_name_is_told_with_the_names_there_are() {
    let tagged = CheckKind::Tagged(in_registry());
    let world = World::empty();
    fails(&tagged, &world, "There is no image hello:latest on your host yet that could be given another name");
    fails(
        &tagged,
        &world.clone().image("hello:latest"),
        "hello:latest has no other name yet; the step asks for a name that begins with registry.lunchbox/",
    );
    fails(
        &tagged,
        &world.clone().image_with("hello", &["hello:latest", "hello:2"]),
        "hello:latest also has the name hello:2, and the step asks for a name that begins with registry.lunchbox/",
    );
    fails(
        &tagged,
        &world.clone().image("hello:latest").image("registry.lunchbox/hello:1"),
        "registry.lunchbox/hello:1 is the name of another image, and the step asks for hello:latest to have it",
    );
    fails(
        &tagged,
        &world
            .image("hello:latest")
            .did(ActivityKind::ImageTagged { image_id: id("hello:latest"), reference: "registry.lunchbox/hello:1".to_owned() }),
        "hello:latest had the name registry.lunchbox/hello:1, and it has been removed since",
    );
}

#[test]
fn a_build_counts_by_the_name_that_its_image_has() {
    let built = CheckKind::Built { image: reference("hello"), from_cache: false };
    passes(&built, &World::empty().did(build("x", &["hello:latest"], 0)));
    // Named afterwards, with docker tag.
    passes(&built, &World::empty().did(build("x", &[], 0)).image_with("x", &["hello:latest"]));
}

#[test]
fn a_build_that_is_missing_failed_or_has_another_name_is_told() {
    let built = CheckKind::Built { image: reference("hello"), from_cache: false };
    let world = World::empty();
    fails(&built, &world, "You have not built hello:latest yet");
    fails(&built, &world.clone().image("hello:latest"), "You have not built hello:latest yet");
    fails(&built, &world.clone().did(build("x", &["soup:latest"], 0)), "You built soup:latest, and the step asks for hello:latest");
    fails(
        &built,
        &world.clone().did(build("x", &[], 0)),
        "You built an image without a name, and the step asks for hello:latest; `docker build -t` names it",
    );
    let failed = ActivityKind::ImageBuildFailed { message: "unknown instruction: FORM".to_owned() };
    fails(&built, &world.did(failed), "The last build failed: unknown instruction: FORM");
}

#[test]
fn a_build_from_the_cache_needs_a_step_that_came_from_there() {
    let cached = CheckKind::Built { image: reference("soup"), from_cache: true };
    let world = World::empty();
    fails(&cached, &world, "You have not built soup:latest yet, let alone a second time from the cache");
    let world = world.did(build("soup", &["soup:latest"], 0));
    fails(&cached, &world, "You built soup:latest, but no step of it came from the cache; build it once more");
    passes(&cached, &world.did(build("soup", &["soup:latest"], 2)));
}

#[test]
fn a_push_counts_under_any_name_in_the_registry() {
    let pushed = CheckKind::Pushed(in_registry());
    let world = World::empty().image_with("hello", &["hello:latest", "registry.lunchbox/mine:1"]);
    passes(&pushed, &world.did(push("hello", "registry.lunchbox/mine:1")));
}

#[test]
fn a_push_that_is_missing_failed_or_went_elsewhere_is_told() {
    let pushed = CheckKind::Pushed(in_registry());
    let world = World::empty();
    fails(
        &pushed,
        &world,
        "hello:latest has not been pushed yet; the step asks for a push under a name that begins with registry.lunchbox/",
    );
    let world = world.image_with("hello", &["hello:latest", "registry.lunchbox/hello:1"]);
    fails(&pushed, &world, "registry.lunchbox/hello:1 is on your host, but it has not been pushed yet");
    fails(
        &pushed,
        &world.clone().did(push("hello", "me/hello:latest")),
        "You pushed me/hello:latest, and the step asks for a name that begins with registry.lunchbox/",
    );
    fails(
        &pushed,
        &world.clone().did(push("alpine", "registry.lunchbox/alpine:1")),
        "You pushed registry.lunchbox/alpine:1, which is not hello:latest, and the step asks for that",
    );
    let denied = ActivityKind::ImagePushFailed { reference: "hello:latest".to_owned(), message: "denied".to_owned() };
    fails(&pushed, &world.clone().did(denied), "The last push of hello:latest failed: denied");
    let mut under_way = world;
    under_way.host.transfers.push(Transfer {
        direction: Direction::Push,
        reference: "registry.lunchbox/hello:1".to_owned(),
        layers: Vec::new(),
    });
    fails(&pushed, &under_way, "registry.lunchbox/hello:1 is on its way to the registry; its push has not finished yet");
}

#[test]
fn pulling_back_under_the_pushed_name_does_not_count_as_a_push() {
    let world = World::empty().image_with("hello", &["hello:latest"]).did(pulled("registry.lunchbox/hello:1"));
    assert!(!world.verdict(&CheckKind::Pushed(by_name())).passed);
}
