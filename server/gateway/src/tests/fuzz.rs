//! Parsers that a learner's bytes meet first, fed with what nobody would write. How often is said by
//! `PROPTEST_CASES`; what was found once is kept in `proptest-regressions` and tried first.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may fail")]

mod names;
mod requests;
pub(crate) mod tars;

use std::cell::Cell;

use proptest::{
    strategy::Strategy,
    test_runner::{Config, TestCaseResult, TestError, TestRunner},
};

/// Executions where nobody says how many: enough to notice what was just broken.
const FEW: u32 = 256;

/// Tries a property, and tells how often.
#[track_caller]
pub(crate) fn holds<S: Strategy>(source: &'static str, what: &str, given: &S, property: impl Fn(S::Value) -> TestCaseResult) {
    holds_often(FEW, source, what, given, property);
}

/// The same, where few are too few.
#[track_caller]
pub(crate) fn holds_often<S: Strategy>(
    few: u32,
    source: &'static str,
    what: &str,
    given: &S,
    property: impl Fn(S::Value) -> TestCaseResult,
) {
    let executions = Cell::new(0_u64);
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(few);
    let config = Config { cases, source_file: Some(source), max_global_rejects: u32::MAX, ..Config::default() };
    let outcome = TestRunner::new(config).run(given, |value| {
        executions.set(executions.get() + 1);
        property(value)
    });
    eprintln!("fuzzed: {} executions: {what}", executions.get());
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(why, value)) => panic!("{what}: {why}\n{value:?}"),
        Err(TestError::Abort(why)) => panic!("{what}: {why}"),
    }
}

/// Some of these, in any order and number, and now and then anything at all.
pub(crate) fn pieces(of: &'static [&'static str], most: usize) -> impl Strategy<Value = String> {
    let piece = proptest::prop_oneof![
        9 => proptest::sample::select(of).prop_map(str::to_owned),
        1 => "\\PC{0,6}",
        1 => proptest::collection::vec(proptest::char::any(), 0..3).prop_map(|letters| letters.into_iter().collect()),
    ];
    proptest::collection::vec(piece, 0..most).prop_map(|pieces| pieces.concat())
}

/// The same as bytes, some of them changed.
pub(crate) fn mutated(whole: impl Strategy<Value = Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let change = (proptest::num::usize::ANY, proptest::num::u8::ANY);
    (whole, proptest::collection::vec(change, 0..6), proptest::option::weighted(0.1, proptest::num::usize::ANY)).prop_map(
        |(mut bytes, changes, cut)| {
            if !bytes.is_empty() {
                let length = bytes.len();
                changes.into_iter().for_each(|(at, byte)| bytes[at % length] = byte);
                if let Some(cut) = cut {
                    bytes.truncate(cut % length);
                }
            }
            bytes
        },
    )
}
