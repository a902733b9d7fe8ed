//! Checks of what was done with a container: its logs read, a command run in it, its changes shown.

use gateway::{Activity, ActivityKind};

use super::{ContainerOf, Facts, Verdict, known};

pub(super) fn logs_read(of: &ContainerOf, facts: &Facts<'_>) -> Verdict {
    done(of, facts, "read the logs of", |activity| match &activity.kind {
        ActivityKind::ContainerLogsRead { id, name } => Some((id, name)),
        _ => None,
    })
}

pub(super) fn exec_used(of: &ContainerOf, facts: &Facts<'_>) -> Verdict {
    done(of, facts, "run a command in", |activity| match &activity.kind {
        ActivityKind::ContainerExec { id, name, .. } => Some((id, name)),
        _ => None,
    })
}

pub(super) fn diffed(of: &ContainerOf, facts: &Facts<'_>) -> Verdict {
    done(of, facts, "looked at the changes in", |activity| match &activity.kind {
        ActivityKind::ContainerDiffed { id, name } => Some((id, name)),
        _ => None,
    })
}

/// `did`: what has to be done with the container: "read the logs of".
fn done<'a>(
    of: &ContainerOf,
    facts: &Facts<'a>,
    did: &str,
    with_container: impl Fn(&'a Activity) -> Option<(&'a String, &'a String)>,
) -> Verdict {
    let ids = of.image_ids(facts);
    let known = known::containers(facts);
    let wanted: Vec<_> = known.iter().filter(|container| container.is(of, &ids)).collect();
    let mut last_other = None;
    for (id, name) in facts.activity.iter().filter_map(with_container) {
        // By the name it had then, too: it may have been renamed since.
        let by_name = of.image.is_none() && of.name.as_ref().is_none_or(|wanted| wanted == name);
        if by_name || wanted.iter().any(|container| container.id == id) {
            return Verdict::passed(format!("You have {did} {name}"));
        }
        last_other = Some(name);
    }
    Verdict::failed(match (last_other, wanted.last()) {
        (Some(other), _) => format!("You have {did} {other}, and the step asks for {}", of.describe()),
        (None, Some(container)) if container.there.is_some() => format!("You have not {did} {} yet", container.name),
        (None, Some(_)) => format!("There was {}, but you have not {did} it, and it has been removed since", of.describe()),
        (None, None) => format!("You have not {did} {} yet, and there is none on your host", of.describe()),
    })
}
