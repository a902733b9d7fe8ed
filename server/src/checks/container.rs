//! Checks of containers. Where several could be meant, the message is about the one that misses the
//! least.

use gateway::{
    ActivityKind, HostState,
    host::{Container, ContainerState, PublishedPort},
};

use super::{
    Answers, ContainerCheck, ContainerOf, Facts, HttpProbe, Publishes, StateWanted, Verdict,
    known::{self, Known},
    words::some_of,
};

/// Statuses from here on are a server's own failure, not an answer.
const FIRST_SERVER_ERROR: u16 = 500;

pub(super) fn ports_to_probe(wanted: &ContainerCheck, host: &HostState) -> Vec<u16> {
    if wanted.answers.is_none() {
        return Vec::new();
    }
    // Without activities an image that has lost its name isn't known by it; its containers are then
    // found by the name they were started under.
    let nothing = std::collections::BTreeMap::new();
    let facts = Facts { host, activity: &[], http: &nothing };
    let ids = wanted.of.image_ids(&facts);
    let mut ports: Vec<u16> = known::containers(&facts)
        .iter()
        .filter(|container| container.is(&wanted.of, &ids))
        .filter_map(|container| container.there)
        .filter(|container| container.state == ContainerState::Running)
        .flat_map(|container| ports_that_count(wanted.publishes, container))
        .collect();
    ports.sort_unstable();
    ports.dedup();
    ports
}

/// Ports on the learner's host under which the container could answer.
fn ports_that_count(wanted: Option<Publishes>, container: &Container) -> impl Iterator<Item = u16> {
    let tcp = container.ports.iter().filter(|port| port.protocol == "tcp");
    tcp.filter(move |port| wanted.is_none_or(|wanted| wanted.is(port))).map(|port| port.host_port)
}

impl Publishes {
    fn is(self, port: &PublishedPort) -> bool {
        port.protocol == "tcp" && port.host_port == self.host && port.container_port == self.container
    }
}

pub(super) fn evaluate(wanted: &ContainerCheck, facts: &Facts<'_>) -> Verdict {
    let of = &wanted.of;
    let ids = of.image_ids(facts);
    let known = known::containers(facts);
    let candidates: Vec<Candidate<'_>> = known
        .iter()
        .filter_map(|known| {
            let container = known.there?;
            let image = of.image.as_ref().is_none_or(|image| known.is_from(image, &ids));
            let name = of.name.as_ref().is_none_or(|name| *name == container.name);
            let meant = (of.image.is_some() && image) || (of.name.is_some() && name) || (of.image.is_none() && of.name.is_none());
            meant.then(|| Candidate::new(wanted, container, image, name, facts))
        })
        .collect();
    // The last of equals: what was done last is what the learner is at.
    let Some(nearest) = candidates.iter().max_by_key(|candidate| candidate.stages) else {
        return Verdict::failed(none_there(of, &known, &ids));
    };
    match &nearest.miss {
        None => Verdict::passed(nearest.passed(wanted)),
        Some(_) => Verdict::failed(nearest.message(wanted, candidates.len(), facts)),
    }
}

/// One container, and what it lacks.
struct Candidate<'a> {
    container: &'a Container,
    /// What holds of it: image, name, state, ports, answer. Compared in this order.
    stages: [bool; 5],
    miss: Option<Miss>,
}

/// The first thing that does not hold.
enum Miss {
    Image,
    Name,
    State,
    Ports,
    Answer(String),
}

impl<'a> Candidate<'a> {
    fn new(wanted: &ContainerCheck, container: &'a Container, image: bool, name: bool, facts: &Facts<'_>) -> Self {
        let state = match wanted.state {
            StateWanted::Any => true,
            StateWanted::Running => container.state == ContainerState::Running,
            StateWanted::Exited => container.state == ContainerState::Exited,
        };
        let ports = wanted.publishes.is_none_or(|publishes| container.ports.iter().any(|port| publishes.is(port)));
        let no_answer = wanted.answers.as_ref().and_then(|answers| why_no_answer(answers, wanted.publishes, container, facts));
        let stages = [image, name, state, ports, no_answer.is_none()];
        let miss = match stages {
            [false, ..] => Some(Miss::Image),
            [_, false, ..] => Some(Miss::Name),
            [_, _, false, ..] => Some(Miss::State),
            [_, _, _, false, _] => Some(Miss::Ports),
            _ => no_answer.map(Miss::Answer),
        };
        Self { container, stages, miss }
    }

    fn passed(&self, wanted: &ContainerCheck) -> String {
        let Container { name, image, .. } = self.container;
        let state = state_word(self.container.state);
        let ports = wanted.publishes.map(|p| format!(", with its port {} on {}", p.container, p.host)).unwrap_or_default();
        let answers = if wanted.answers.is_some() { ", and answers HTTP" } else { "" };
        format!("{name}, from {image}, {state}{ports}{answers}")
    }

    fn message(&self, wanted: &ContainerCheck, candidates: usize, facts: &Facts<'_>) -> String {
        let Container { name, image, state, .. } = self.container;
        let from = wanted.of.image.as_ref().map_or_else(|| image.clone(), |image| image.spoken());
        // By its image where it is the only one, as one would say it.
        let subject = match (*state, candidates) {
            (ContainerState::Running, 1) => format!("{from} is running"),
            (ContainerState::Running, _) => format!("{name}, from {from}, is running"),
            _ => format!("There is a container {name} from {from}"),
        };
        match &self.miss {
            None => String::new(),
            Some(Miss::Image) => format!("The container {name} was made from {image}, and the step asks for one from {from}"),
            Some(Miss::Name) => {
                let asked = wanted.of.name.as_deref().unwrap_or_default();
                format!("There is a container from {from}, but its name is {name}, and the step asks for {asked}")
            }
            Some(Miss::State) => wrong_state(self.container, &from, wanted.state, facts),
            Some(Miss::Ports) => match wanted.publishes {
                Some(publishes) => format!("{subject}, but {}", wrong_ports(publishes, &self.container.ports)),
                None => subject,
            },
            Some(Miss::Answer(why)) => {
                let ports: Vec<String> = ports_that_count(wanted.publishes, self.container).map(|port| port.to_string()).collect();
                if ports.is_empty() {
                    return format!("{subject}, but publishes no port, so nothing outside can ask it");
                }
                format!("{name} runs {from} and publishes {}, but {why}", some_of(&ports))
            }
        }
    }
}

/// `None`: it answers as wanted.
fn why_no_answer(answers: &Answers, publishes: Option<Publishes>, container: &Container, facts: &Facts<'_>) -> Option<String> {
    let mut why = "has not been asked by HTTP yet".to_owned();
    for port in ports_that_count(publishes, container) {
        match (facts.http.get(&port), &answers.containing) {
            (Some(HttpProbe::Answered { status, .. }), _) if *status >= FIRST_SERVER_ERROR => {
                why = format!("answers HTTP with an error of its own: status {status}");
            }
            (Some(HttpProbe::Answered { body_start, .. }), Some(text)) if !body_start.contains(text) => {
                why = format!("the page it answers with doesn't say {text:?}");
            }
            (Some(HttpProbe::Answered { .. }), _) => return None,
            (Some(HttpProbe::NoAnswer { reason }), _) => why = format!("doesn't answer HTTP yet: {reason}"),
            (None, _) => {}
        }
    }
    Some(why)
}

fn wrong_ports(wanted: Publishes, ports: &[PublishedPort]) -> String {
    let Publishes { host, container } = wanted;
    if ports.is_empty() {
        return format!("publishes no port, and the step asks for its port {container} on {host}");
    }
    let swapped = ports.iter().any(|port| port.host_port == container && port.container_port == host);
    if swapped && host != container {
        return format!(
            "port {host} is published on {container}, and the step asks for the reverse, port {container} on {host}: your host's port comes first"
        );
    }
    if let Some(udp) = ports.iter().find(|port| port.host_port == host && port.container_port == container) {
        return format!("port {container} is published on {host} for {} only, and the step asks for tcp", udp.protocol);
    }
    if let Some(elsewhere) = ports.iter().find(|port| port.container_port == container) {
        return format!("port {container} is published on {}, and the step asks for {host}", elsewhere.host_port);
    }
    if let Some(other) = ports.iter().find(|port| port.host_port == host) {
        return format!("{host} leads to its port {}, and the step asks for its port {container}", other.container_port);
    }
    let there: Vec<String> = ports.iter().map(|port| format!("port {} on {}", port.container_port, port.host_port)).collect();
    format!("what it publishes is {}, and the step asks for port {container} on {host}", some_of(&there))
}

fn wrong_state(container: &Container, from: &str, wanted: StateWanted, facts: &Facts<'_>) -> String {
    let name = &container.name;
    let stopped = facts.activity.iter().any(|activity| match &activity.kind {
        ActivityKind::ContainerStopAsked { id, .. } => *id == container.id,
        _ => false,
    });
    let then = match wanted {
        StateWanted::Exited => "the step asks for one that has ended",
        StateWanted::Running | StateWanted::Any => "the step asks for one that runs",
    };
    match container.state {
        ContainerState::Created => format!("A container from {from} was created but never started; `docker start {name}` starts it"),
        ContainerState::Running => format!("{name}, from {from}, is still running, and {then}"),
        ContainerState::Paused => format!("{name}, from {from}, is paused, and {then}; `docker unpause {name}` lets it go on"),
        ContainerState::Restarting => {
            format!("{name}, from {from}, ends again and again and is being restarted; `docker logs {name}` says why")
        }
        ContainerState::Removing => format!("{name}, from {from}, is just being removed, and {then}"),
        ContainerState::Exited if stopped => format!("{name}, from {from}, was stopped, and {then}; `docker start {name}` starts it again"),
        ContainerState::Exited | ContainerState::Dead => {
            let code = container.exit_code.map(|code| format!(" with exit code {code}")).unwrap_or_default();
            format!("A container from {from} was created and has ended{code}; `docker logs {name}` says why")
        }
    }
}

fn state_word(state: ContainerState) -> &'static str {
    match state {
        ContainerState::Created => "is created",
        ContainerState::Running => "is running",
        ContainerState::Paused => "is paused",
        ContainerState::Restarting => "is restarting",
        ContainerState::Removing => "is being removed",
        ContainerState::Exited => "has ended",
        ContainerState::Dead => "is dead",
    }
}

/// No container on the host is what is asked for, not even nearly.
fn none_there(of: &ContainerOf, known: &[Known<'_>], ids: &std::collections::BTreeSet<&str>) -> String {
    let what = of.describe();
    if let Some(gone) = known.iter().rev().find(|known| known.is(of, ids)) {
        let did = if gone.started { "started" } else { "created" };
        return format!("There was {what}: {} was {did} and has been removed since", gone.name);
    }
    let there: Vec<String> =
        known.iter().filter_map(|known| known.there).map(|container| format!("{} (from {})", container.name, container.image)).collect();
    if there.is_empty() {
        return format!("There is not yet {what} on your host, nor any other");
    }
    format!("There is not yet {what} on your host. Containers there: {}", some_of(&there))
}

pub(super) fn was_run(of: &ContainerOf, facts: &Facts<'_>) -> Verdict {
    let ids = of.image_ids(facts);
    let known = known::containers(facts);
    let ours: Vec<&Known<'_>> = known.iter().filter(|known| known.is(of, &ids)).collect();
    if let Some(started) = ours.iter().rev().find(|known| known.started) {
        return Verdict::passed(format!("{} was started: {}", capitalised(&of.describe()), started.name));
    }
    Verdict::failed(match ours.last() {
        Some(Known { name, there: Some(_), .. }) => {
            format!("{} was created but never started; `docker start {name}` starts it", capitalised(&of.describe()))
        }
        _ => none_there(of, &known, &ids),
    })
}

pub(super) fn removed(of: &ContainerOf, facts: &Facts<'_>) -> Verdict {
    let ids = of.image_ids(facts);
    let known = known::containers(facts);
    // By every name it ever had: renaming is not removing.
    let had_name = |id: &str| {
        facts.activity.iter().any(|activity| match &activity.kind {
            ActivityKind::ContainerCreated { id: its, name, .. } => its == id && of.name.as_ref().is_none_or(|wanted| wanted == name),
            ActivityKind::ContainerRenamed { id: its, name, old_name } => {
                its == id && of.name.as_ref().is_none_or(|wanted| wanted == name || wanted == old_name)
            }
            _ => false,
        })
    };
    let by_image = |known: &Known<'_>| of.image.as_ref().is_none_or(|image| known.is_from(image, &ids));
    let ours: Vec<&Known<'_>> = known.iter().filter(|known| known.is(of, &ids) || (by_image(known) && had_name(known.id))).collect();
    if ours.is_empty() {
        return Verdict::failed(format!("There has not been {} on your host yet that could be removed", of.describe()));
    }
    match ours.iter().find_map(|known| known.there) {
        None => Verdict::passed(format!("{} was there and has been removed", capitalised(&of.describe()))),
        Some(container) => {
            let renamed = of.name.as_ref().filter(|name| **name != container.name).map(|name| format!(" (it was {name})"));
            let state = state_word(container.state);
            let how = if container.state == ContainerState::Running { "; stop it first, or remove it by force" } else { "" };
            Verdict::failed(format!("The container {}{} is still there: it {state}{how}", container.name, renamed.unwrap_or_default()))
        }
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
