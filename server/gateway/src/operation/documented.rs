//! The table, the documentation, the endpoints that Docker documents, and what is dispatched: all say the same.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    path::PathBuf,
};

use super::{Disposition, Operation, Reads, TABLE, classify};
use crate::limits;

/// `METHOD PATH [versions]` a line, from Docker's own description of its API.
const ENDPOINTS: &str = include_str!("endpoints.txt");
const DISPATCH: &str = include_str!("../serve/dispatch.rs");

fn documentation() -> PathBuf {
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/engine-api.md").into()
}

fn endpoints() -> impl Iterator<Item = (&'static str, &'static str)> {
    ENDPOINTS.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).map(|line| {
        let mut words = line.split(' ');
        (words.next().unwrap(), words.next().unwrap())
    })
}

fn count(disposition: Disposition) -> usize {
    TABLE.iter().filter(|row| row.disposition == disposition).count()
}

/// The documentation as the table has it.
fn written() -> String {
    let mut text = format!(
        "# The Engine API, as a learner's host has it\n\n{} endpoints: {} allowed, {} scoped, {} synthesised, {} refused. All others: not found.\n\n",
        TABLE.len(),
        count(Disposition::Allowed),
        count(Disposition::Scoped),
        count(Disposition::Synthesised),
        count(Disposition::Refused),
    );
    text.push_str(
        "Every endpoint that Docker documents for the versions 1.41 to 1.53 has a row. This page is\n\
         made of the table that the gateway goes by (`server/gateway/src/operation/table.rs`), and a test fails where they differ:\n\
         `LUNCHBOX_WRITE_DOCS=1 cargo test -p gateway operation::` writes it anew.\n\n\
         - **allowed**: built anew for a thing of the sandbox's own; wish and answer are passed on as they are\n\
         - **scoped**: built anew, with names, limits or fields changed on the way in or out\n\
         - **synthesised**: answered by the gateway, from its ledger and small questions to the engine\n\
         - **refused**: 403, with the sentence that stands here\n\n",
    );
    writeln!(
        text,
        "**All** is said of what reads all that a learner has: {} of these are answered at once, and the next waits its turn.",
        limits::MAX_LISTS
    )
    .unwrap();
    text.push_str(
        "`{name*}` may have slashes. What a request names is looked for among the sandbox's own; what is another's looks like\n\
         what never was.\n\n\
         | endpoint | | why |\n|---|---|---|\n",
    );
    for row in TABLE {
        let disposition = format!("{:?}", row.disposition).to_lowercase();
        let disposition = if row.reads == Reads::All { format!("{disposition}, all") } else { disposition };
        writeln!(text, "| `{} {}` | {disposition} | {} |", row.method, row.template, row.why.trim_end_matches('.')).unwrap();
    }
    text
}

#[test]
fn the_documentation_is_the_table() {
    let path = documentation();
    if std::env::var_os("LUNCHBOX_WRITE_DOCS").is_some() {
        std::fs::write(&path, written()).unwrap();
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(there == written(), "docs/engine-api.md is not what the table says: LUNCHBOX_WRITE_DOCS=1 cargo test -p gateway operation::");
}

#[test]
fn every_endpoint_that_docker_documents_has_a_row_of_its_own() {
    let rows: BTreeSet<(&str, String)> = TABLE.iter().map(|row| (row.method, row.template.replace('*', ""))).collect();
    let missing: Vec<_> = endpoints().filter(|(method, path)| !rows.contains(&(*method, (*path).to_owned()))).collect();
    assert!(missing.is_empty(), "without a row: {missing:?}");
    assert!(endpoints().count() > 100);
    // And the few that Docker serves and doesn't document.
    let documented: BTreeSet<(&str, String)> = endpoints().map(|(method, path)| (method, path.to_owned())).collect();
    let own: Vec<String> = rows.difference(&documented).map(|(method, path)| format!("{method} {path}")).collect();
    assert_eq!(
        own,
        [
            "DELETE /containers/{id}/checkpoints/{checkpoint}",
            "GET /containers/{id}/checkpoints",
            "POST /build/cancel",
            "POST /containers/{id}/checkpoints",
            "POST /grpc"
        ]
    );
}

#[test]
fn every_row_has_a_reason_and_is_found_by_its_own_endpoint() {
    let mut seen = BTreeSet::new();
    for (index, row) in TABLE.iter().enumerate() {
        assert!(row.why.len() >= 10 && !row.why.contains('|'), "{} {}: {:?}", row.method, row.template, row.why);
        assert_eq!(row.disposition == Disposition::Refused, row.operation == Operation::Refused, "{} {}", row.method, row.template);
        assert!(seen.insert((row.method, row.template)), "{} {} is there twice", row.method, row.template);
        let example: Vec<String> = row
            .template
            .trim_start_matches('/')
            .split('/')
            .map(|part| if part.starts_with('{') { "x9".into() } else { part.to_owned() })
            .collect();
        let found = classify(&row.method.parse().unwrap(), &example).unwrap().0;
        assert!(std::ptr::eq(found, &TABLE[index]), "{} {} is hidden by {}", row.method, row.template, found.template);
    }
}

/// What is asked for without a name and is there once, or not at all.
const ONCE: [Operation; 7] = [
    Operation::Ping,
    Operation::Version,
    Operation::PluginList,
    Operation::SwarmInspect,
    // A stream; what is past has a backlog of its own.
    Operation::Events,
    // Names are in the query.
    Operation::ImageGetAll,
    Operation::Refused,
];

#[test]
fn what_lists_sums_up_or_prunes_waits_its_turn_and_nothing_else_does() {
    let mut seen: BTreeMap<String, Reads> = BTreeMap::new();
    for row in TABLE {
        let of_all = !row.template.contains('{')
            && (row.method == "GET" || row.method == "HEAD" || row.template.ends_with("/prune"))
            && !ONCE.contains(&row.operation);
        assert_eq!(row.reads == Reads::All, of_all, "{} {}", row.method, row.template);
        // A handler that has two rows is the same work in both.
        let first = *seen.entry(format!("{:?}", row.operation)).or_insert(row.reads);
        assert_eq!(first, row.reads, "{} {}", row.method, row.template);
    }
    assert!(TABLE.iter().filter(|row| row.reads == Reads::All).count() >= 10);
}

#[test]
fn what_is_dispatched_is_in_the_table_and_nothing_else() {
    // The compiler sees to it that each operation has an arm; each must be reachable, too.
    let arms: BTreeSet<String> =
        DISPATCH.split("O::").skip(1).map(|rest| rest.chars().take_while(char::is_ascii_alphanumeric).collect()).collect();
    let rows: BTreeSet<String> = TABLE.iter().map(|row| format!("{:?}", row.operation)).collect();
    assert_eq!(arms, rows);
}
