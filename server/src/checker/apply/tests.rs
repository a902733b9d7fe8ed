use std::collections::BTreeMap;

use app::model::{Answered, StepKind};
use gateway::{Activity, ActivityKind, HostState, host::Image};

use super::*;
use crate::checks::{Answer, Question, Reference};

fn nginx() -> Reference {
    Reference::parse("nginx").expect("it is a reference")
}

fn step(id: &str, checks: Vec<CheckKind>, questions: Vec<Question>) -> Step {
    let checks = checks.into_iter().enumerate().map(|(number, kind)| Check { id: number.to_string(), goal: String::new(), kind });
    let title = String::new();
    Step {
        id: id.to_owned(),
        kind: StepKind::Lab,
        title,
        html: String::new(),
        checks: checks.collect(),
        questions,
        hints: Vec::new(),
        solution: None,
    }
}

fn host(references: &[&str]) -> HostState {
    let image = |reference: &&str| Image {
        id: "sha256:1".to_owned(),
        references: vec![(*reference).to_owned()],
        size: 1,
        layers: Vec::new(),
        exposed_ports: Vec::new(),
        env: Vec::new(),
        entrypoint: Vec::new(),
        cmd: Vec::new(),
        created_at: 0,
        stand_in: false,
    };
    HostState { images: references.iter().map(image).collect(), ..HostState::default() }
}

fn look(record: &mut Record, steps: &[&Step], host: &HostState, activity: &[Activity]) {
    let open: Vec<_> = steps.iter().copied().filter(|step| is_open(record, step)).collect();
    lesson(record, &open, &Facts { host, activity, http: &BTreeMap::new() });
}

#[test]
fn a_step_that_nobody_touched_stays_absent_until_something_in_it_is_done() {
    let step = step("pull", vec![CheckKind::Image(nginx())], Vec::new());
    let mut record = Record::default();
    look(&mut record, &[&step], &host(&[]), &[]);
    assert_eq!(record, Record::default());
    look(&mut record, &[&step], &host(&["nginx:latest"]), &[]);
    assert!(record.steps["pull"].passed_at.is_some());
}

#[test]
fn the_step_in_front_of_the_learner_says_what_is_missing() {
    let step = step("pull", vec![CheckKind::Image(nginx())], Vec::new());
    let mut record = Record { current_step: Some("pull".to_owned()), ..Record::default() };
    look(&mut record, &[&step], &host(&[]), &[]);
    let outcome = &record.steps["pull"].checks["0"];
    assert!(!outcome.passed && !outcome.undone && !outcome.message.is_empty());
}

#[test]
fn what_is_undone_is_said_so_and_the_step_stays_passed() {
    let step = step("pull", vec![CheckKind::Image(nginx())], Vec::new());
    let mut record = Record { current_step: Some("pull".to_owned()), ..Record::default() };
    look(&mut record, &[&step], &host(&["nginx:latest"]), &[]);
    let passed_at = record.steps["pull"].passed_at;
    look(&mut record, &[&step], &host(&[]), &[]);
    assert!(record.steps["pull"].checks["0"].undone);
    // It is still undone when it is looked at once more.
    look(&mut record, &[&step], &host(&[]), &[]);
    assert!(record.steps["pull"].checks["0"].undone);
    assert_eq!(record.steps["pull"].passed_at, passed_at);
    look(&mut record, &[&step], &host(&["nginx:latest"]), &[]);
    assert!(record.steps["pull"].checks["0"].passed && !record.steps["pull"].checks["0"].undone);
}

#[test]
fn what_was_done_stays_done_in_a_fresh_sandbox() {
    let step = step("list", vec![CheckKind::Listed(vec![nginx()])], Vec::new());
    let mut record = Record { current_step: Some("list".to_owned()), ..Record::default() };
    let listed = Activity { seq: 1, at: 1, kind: ActivityKind::ImagesListed { references: vec!["nginx:latest".to_owned()] } };
    look(&mut record, &[&step], &host(&["nginx:latest"]), &[listed]);
    assert!(record.steps["list"].passed_at.is_some());
    let before = record.clone();
    look(&mut record, &[&step], &host(&[]), &[]);
    assert_eq!(record, before);
}

#[test]
fn a_passed_step_that_is_not_in_front_of_the_learner_is_left_alone() {
    let step = step("pull", vec![CheckKind::Image(nginx())], Vec::new());
    let mut record = Record::default();
    look(&mut record, &[&step], &host(&["nginx:latest"]), &[]);
    let before = record.clone();
    look(&mut record, &[&step], &host(&[]), &[]);
    assert_eq!(record, before);
}

#[test]
fn a_step_is_passed_when_its_questions_are_right_too() {
    let question = Question {
        id: "port".to_owned(),
        prompt: String::new(),
        placeholder: String::new(),
        answer: Answer::Text(vec!["80".to_owned()]),
        right: String::new(),
        wrong: String::new(),
    };
    let step = step("inspect", vec![CheckKind::Image(nginx())], vec![question]);
    let mut record = Record::default();
    look(&mut record, &[&step], &host(&["nginx:latest"]), &[]);
    assert_eq!(record.steps["inspect"].passed_at, None);
    let inspect = record.steps.get_mut("inspect").expect("it was touched");
    inspect.answers.insert("port".to_owned(), Answered { answer: "80".to_owned(), right: true, feedback: String::new() });
    passed(inspect, &step);
    assert!(inspect.passed_at.is_some());
}
