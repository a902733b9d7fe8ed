//! What verdicts mean for progress. Pure.

use app::model::Outcome;

use crate::{
    checks::{self, Check, CheckKind, Facts},
    clock::now,
    lessons::Step,
    progress::{Record, StepRecord},
};

/// Whether the checks of a step are looked at when something happens: not yet passed, or in front of
/// the learner, who is told when they have undone one.
pub(super) fn is_open(record: &Record, step: &Step) -> bool {
    if step.checks.is_empty() {
        return false;
    }
    record.current_step.as_ref() == Some(&step.id) || record.steps.get(&step.id).is_none_or(|record| record.passed_at.is_none())
}

/// Every open step. One that the learner has not touched stays absent as long as none of its checks
/// is passed.
pub(super) fn lesson(record: &mut Record, open: &[&Step], facts: &Facts<'_>) {
    for step in open {
        let known = record.steps.contains_key(&step.id) || record.current_step.as_ref() == Some(&step.id);
        let mut looked = record.steps.get(&step.id).cloned().unwrap_or_default();
        checks(&mut looked, step, facts);
        passed(&mut looked, step);
        if known || looked.checks.values().any(|outcome| outcome.passed) {
            record.steps.insert(step.id.clone(), looked);
        }
    }
}

/// How each check of the step stands now.
pub(super) fn checks(record: &mut StepRecord, step: &Step, facts: &Facts<'_>) {
    for check in &step.checks {
        let verdict = checks::evaluate(check, facts);
        let old = record.checks.get(&check.id);
        let had_passed = old.is_some_and(|old| old.passed || old.undone);
        if !verdict.passed && had_passed && is_deed(check) {
            continue;
        }
        let outcome = Outcome { passed: verdict.passed, message: verdict.message, undone: !verdict.passed && had_passed };
        record.checks.insert(check.id.clone(), outcome);
    }
}

/// The learner asked for a check and has no sandbox: what was passed is left alone.
pub(super) fn no_sandbox(record: &mut StepRecord, step: &Step) {
    for check in &step.checks {
        let old = record.checks.get(&check.id);
        if old.is_some_and(|old| old.passed) {
            continue;
        }
        let undone = old.is_some_and(|old| old.undone);
        let message = "You have no sandbox at the moment: press Start, then do this step there".to_owned();
        record.checks.insert(check.id.clone(), Outcome { passed: false, message, undone });
    }
}

/// Notes that the step is passed when everything in it is. It stays so.
pub(super) fn passed(record: &mut StepRecord, step: &Step) {
    let all_checks = step.checks.iter().all(|check| record.checks.get(&check.id).is_some_and(|outcome| outcome.passed));
    let all_answers = step.questions.iter().all(|question| record.answers.get(&question.id).is_some_and(|answered| answered.right));
    if record.passed_at.is_none() && step.is_checked() && all_checks && all_answers {
        record.passed_at = Some(now());
    }
}

/// Something that was done stays done, even in a sandbox that is fresh since; a state is as it is.
fn is_deed(check: &Check) -> bool {
    match check.kind {
        CheckKind::Image(_) | CheckKind::Images(_) | CheckKind::Tagged(_) | CheckKind::Container(_) => false,
        CheckKind::Pulled(_)
        | CheckKind::Listed(_)
        | CheckKind::Inspected(_)
        | CheckKind::HistoryViewed(_)
        | CheckKind::Built { .. }
        | CheckKind::Pushed(_)
        | CheckKind::WasRun(_)
        | CheckKind::RemovedContainer(_)
        | CheckKind::RemovedImage(_)
        | CheckKind::LogsRead(_)
        | CheckKind::ExecUsed(_)
        | CheckKind::Diffed(_) => true,
    }
}

#[cfg(test)]
mod tests;
