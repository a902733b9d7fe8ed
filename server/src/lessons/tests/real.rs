//! The lessons that are served.

use std::{collections::BTreeMap, path::Path};

use app::model::{AnswerKind, StepKind};
use gateway::HostState;

use super::super::{Library, Mistake};
use crate::checks::{Facts, evaluate, mark, ports_to_probe};

fn library() -> Library {
    let (library, mistakes) = Library::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../lessons"));
    let mistakes: Vec<String> = mistakes.iter().map(Mistake::to_string).collect();
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
    library
}

#[test]
fn every_lesson_loads_without_mistakes_or_warnings() {
    assert!(!library().lessons().is_empty());
}

#[test]
fn the_first_lesson_has_its_foundations_lab_practice_and_recap_in_order() {
    let lesson = library().lesson("docker-images").expect("the lesson is there");
    let kinds: Vec<StepKind> = lesson.steps.iter().map(|step| step.kind).collect();
    let mut expected = vec![StepKind::Foundation; 5];
    expected.extend([StepKind::Lab; 4]);
    expected.extend([StepKind::Practice; 4]);
    expected.push(StepKind::Recap);
    assert_eq!(kinds, expected);
}

#[test]
fn on_an_empty_host_every_check_fails_with_a_message_of_its_own() {
    let host = HostState::default();
    let http = BTreeMap::new();
    let facts = Facts { host: &host, activity: &[], http: &http };
    for lesson in library().lessons() {
        for step in &lesson.steps {
            let mut messages: Vec<String> = Vec::new();
            for check in &step.checks {
                let verdict = evaluate(check, &facts);
                assert!(!verdict.passed, "{} {} passes on an empty host: {}", step.id, check.id, verdict.message);
                assert!(!messages.contains(&verdict.message), "{}: two checks say {:?}", step.id, verdict.message);
                messages.push(verdict.message);
                assert!(ports_to_probe(check, &host).is_empty());
            }
        }
    }
}

#[test]
fn no_question_takes_just_any_answer() {
    let host = HostState::default();
    let http = BTreeMap::new();
    let facts = Facts { host: &host, activity: &[], http: &http };
    for lesson in library().lessons() {
        for question in lesson.steps.iter().flat_map(|step| &step.questions) {
            for answer in ["", "99", "xyzzy", "0 0"] {
                assert!(!mark(question, answer, &facts).right, "{} takes {answer:?}", question.id);
            }
        }
    }
}

#[test]
fn every_solution_can_be_clicked() {
    for lesson in library().lessons() {
        for step in lesson.steps.iter().filter(|step| !step.checks.is_empty()) {
            let solution = step.solution.as_deref().unwrap_or_default();
            assert!(solution.contains("data-run="), "the solution of {} has no command", step.id);
        }
    }
}

#[test]
fn the_view_tells_goals_and_options_but_no_answers() {
    for lesson in library().lessons() {
        let view = lesson.view();
        assert_eq!(view.steps.len(), lesson.steps.len());
        let json = serde_json::to_string(&view).expect("a lesson can be sent");
        for step in &lesson.steps {
            assert!(step.hints.iter().all(|hint| !json.contains(hint.as_str())), "a hint of {} is given away", step.id);
            for question in &step.questions {
                assert!(!json.contains(question.right.as_str()), "the answer to {} is given away", question.id);
            }
        }
        let choices = view.steps.iter().flat_map(|step| &step.questions).filter_map(|question| match &question.answer {
            AnswerKind::Choice { options } => Some(options),
            AnswerKind::Text { .. } => None,
        });
        assert!(choices.into_iter().all(|options| options.len() >= 2));
    }
}
