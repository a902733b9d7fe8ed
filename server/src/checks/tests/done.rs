use gateway::ActivityKind;

use super::{World, created, fails, of_image, of_name, passes, removed};
use crate::checks::{CheckKind, ContainerOf};

type Kind = fn(ContainerOf) -> CheckKind;
type Deed = fn(&str) -> ActivityKind;

/// Each kind, what makes it pass, and how it speaks of it.
const DEEDS: [(Kind, Deed, &str); 3] = [
    (CheckKind::LogsRead, |name| ActivityKind::ContainerLogsRead { id: name.to_owned(), name: name.to_owned() }, "read the logs of"),
    (
        CheckKind::ExecUsed,
        |name| ActivityKind::ContainerExec { id: name.to_owned(), name: name.to_owned(), command: vec!["ls".to_owned()] },
        "run a command in",
    ),
    (CheckKind::Diffed, |name| ActivityKind::ContainerDiffed { id: name.to_owned(), name: name.to_owned() }, "looked at the changes in"),
];

#[test]
fn what_was_done_with_a_container_counts_by_its_image_and_by_its_name() {
    for (kind, deed, _) in DEEDS {
        let world = World::empty().did(created("dish", "alpine"));
        passes(&kind(of_image("alpine")), &world.clone().container("dish", "alpine").did(deed("dish")));
        passes(&kind(of_name("dish")), &world.clone().did(deed("dish")));
        // Gone since, and known by what was done with it.
        passes(&kind(of_image("alpine")), &world.did(deed("dish")).did(removed("dish")));
    }
}

#[test]
fn what_was_not_done_or_done_with_another_is_told() {
    for (kind, deed, did) in DEEDS {
        let alpine = kind(of_image("alpine"));
        let world = World::empty();
        fails(&alpine, &world, &format!("You have not {did} a container from alpine yet, and there is none on your host"));
        let there = world.did(created("dish", "alpine")).container("dish", "alpine");
        fails(&alpine, &there, &format!("You have not {did} dish yet"));
        let other = there.clone().did(created("dish-1", "redis")).did(deed("dish-1"));
        fails(&alpine, &other, &format!("You have {did} dish-1, and the step asks for a container from alpine"));
        fails(&kind(of_name("dish")), &other, &format!("You have {did} dish-1, and the step asks for a container named dish"));
        let gone = World::empty().did(created("dish", "alpine")).did(removed("dish"));
        fails(&alpine, &gone, &format!("There was a container from alpine, but you have not {did} it, and it has been removed since"));
    }
}

#[test]
fn one_deed_is_not_another() {
    let world = World::empty().did(created("dish", "alpine"));
    for (index, (kind, _, _)) in DEEDS.iter().enumerate() {
        for (other, (_, deed, _)) in DEEDS.iter().enumerate() {
            let verdict = world.clone().did(deed("dish")).verdict(&kind(of_image("alpine")));
            assert_eq!(verdict.passed, index == other, "{}", verdict.message);
        }
    }
}
