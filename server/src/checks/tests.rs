//! Every kind of check: when it passes, and what it says when it doesn't.

#![allow(clippy::expect_used, reason = "a test that can't be set up may end there")]

mod containers;
mod done;
mod files;
mod images;
mod naming;
mod questions;
mod references;

use std::collections::BTreeMap;

use gateway::{
    Activity, ActivityKind, HostState,
    host::{Container, ContainerState, Image, PublishedPort},
};

use super::{Check, CheckKind, ContainerOf, Facts, HttpProbe, Reference, Verdict, evaluate};

/// A learner's host and what was done there, put together piece by piece.
#[derive(Debug, Clone, Default)]
pub(super) struct World {
    host: HostState,
    activity: Vec<Activity>,
    http: BTreeMap<u16, HttpProbe>,
}

impl World {
    fn empty() -> Self {
        Self::default()
    }

    /// With an image of one name; its ID comes from the name's first letters.
    fn image(self, reference: &str) -> Self {
        self.image_with(reference, &[reference])
    }

    /// `seed`: what the ID is made from.
    fn image_with(mut self, seed: &str, references: &[&str]) -> Self {
        self.host.images.push(Image {
            id: id(seed),
            references: references.iter().map(|&text| text.to_owned()).collect(),
            size: 1_000_000,
            layers: Vec::new(),
            exposed_ports: Vec::new(),
            env: Vec::new(),
            entrypoint: Vec::new(),
            cmd: Vec::new(),
            created_at: 0,
            stand_in: true,
        });
        self
    }

    fn last_image(mut self, change: impl FnOnce(&mut Image)) -> Self {
        change(self.host.images.last_mut().expect("an image was put there before"));
        self
    }

    /// A running container.
    fn container(mut self, name: &str, image: &str) -> Self {
        self.host.containers.push(Container {
            id: name.to_owned(),
            name: name.to_owned(),
            image: image.to_owned(),
            image_id: id(image),
            state: ContainerState::Running,
            exit_code: None,
            command: String::new(),
            ports: Vec::new(),
            networks: Vec::new(),
            writable_bytes: None,
            created_at: 1,
            started_at: 1,
            finished_at: 0,
        });
        self
    }

    fn last_container(mut self, change: impl FnOnce(&mut Container)) -> Self {
        change(self.host.containers.last_mut().expect("a container was put there before"));
        self
    }

    /// The last container is in this state.
    fn state(self, state: ContainerState) -> Self {
        self.last_container(|container| container.state = state)
    }

    fn ended(self, exit_code: i64) -> Self {
        self.state(ContainerState::Exited).last_container(|container| container.exit_code = Some(exit_code))
    }

    /// The last container publishes a port.
    fn port(self, host_port: u16, container_port: u16) -> Self {
        self.protocol_port(host_port, container_port, "tcp")
    }

    fn protocol_port(self, host_port: u16, container_port: u16, protocol: &str) -> Self {
        let protocol = protocol.to_owned();
        self.last_container(|container| container.ports.push(PublishedPort { host_port, container_port, protocol }))
    }

    fn did(mut self, kind: ActivityKind) -> Self {
        let seq = self.activity.len() as i64 + 1;
        self.activity.push(Activity { seq, at: seq, kind });
        self
    }

    fn answers(mut self, port: u16, status: u16, body: &str) -> Self {
        self.http.insert(port, HttpProbe::Answered { status, body_start: body.to_owned() });
        self
    }

    fn no_answer(mut self, port: u16, reason: &str) -> Self {
        self.http.insert(port, HttpProbe::NoAnswer { reason: reason.to_owned() });
        self
    }

    pub(super) fn facts(&self) -> Facts<'_> {
        Facts { host: &self.host, activity: &self.activity, http: &self.http }
    }

    fn verdict(&self, kind: &CheckKind) -> Verdict {
        evaluate(&check(kind.clone()), &self.facts())
    }
}

fn check(kind: CheckKind) -> Check {
    Check { id: "check".to_owned(), goal: "It is so".to_owned(), kind }
}

/// An image's ID that depends on nothing but the name.
fn id(seed: &str) -> String {
    let hex: String = seed.bytes().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex:0<64.64}")
}

fn reference(text: &str) -> Reference {
    Reference::parse(text).expect("the test writes a proper reference")
}

fn of_image(image: &str) -> ContainerOf {
    ContainerOf { image: Some(reference(image)), name: None }
}

fn of_name(name: &str) -> ContainerOf {
    ContainerOf { image: None, name: Some(name.to_owned()) }
}

#[track_caller]
fn passes(kind: &CheckKind, world: &World) {
    let verdict = world.verdict(kind);
    assert!(verdict.passed, "does not pass: {}", verdict.message);
    assert!(!verdict.message.is_empty());
}

#[track_caller]
fn fails(kind: &CheckKind, world: &World, message: &str) {
    let verdict = world.verdict(kind);
    assert_eq!(verdict.message, message);
    assert!(!verdict.passed, "passes, with {message:?}");
}

fn pulled(text: &str) -> ActivityKind {
    ActivityKind::ImagePulled { reference: text.to_owned(), image_id: id(text) }
}

fn listed(references: &[&str]) -> ActivityKind {
    ActivityKind::ImagesListed { references: references.iter().map(|&text| text.to_owned()).collect() }
}

fn created(name: &str, image: &str) -> ActivityKind {
    ActivityKind::ContainerCreated { id: name.to_owned(), name: name.to_owned(), image: image.to_owned(), asked: Box::default() }
}

fn started(name: &str, image: &str) -> ActivityKind {
    ActivityKind::ContainerStarted { id: name.to_owned(), name: name.to_owned(), image: image.to_owned(), start_ms: 200 }
}

fn removed(name: &str) -> ActivityKind {
    ActivityKind::ContainerRemoved { id: name.to_owned(), name: name.to_owned() }
}
