//! No check reads a file of a learner's: an answer that is a link to `/etc/shadow`, a pipe, or ten gigabytes of
//! zeros is then nothing to be tricked with.

use std::{fs, path::Path};

use crate::checks::{CheckKind, Facts};

/// What each kind of check looks at. Who adds one that reads files answers here how: opened below the learner's
/// folder whatever links lie there (`openat2`, `RESOLVE_BENEATH`), without waiting on a pipe (`O_NONBLOCK`), as many
/// bytes as are needed, and "missing" for all else. It gets a row of its own in docs/attacks.md (101).
fn looks_at(kind: &CheckKind) -> &'static str {
    match kind {
        CheckKind::Image(_)
        | CheckKind::Images(_)
        | CheckKind::Pulled(_)
        | CheckKind::Tagged(_)
        | CheckKind::Built { .. }
        | CheckKind::Pushed(_)
        | CheckKind::RemovedContainer(_)
        | CheckKind::RemovedImage(_) => "state and activity",
        CheckKind::Listed(_)
        | CheckKind::Inspected(_)
        | CheckKind::HistoryViewed(_)
        | CheckKind::WasRun(_)
        | CheckKind::LogsRead(_)
        | CheckKind::ExecUsed(_)
        | CheckKind::Diffed(_) => "activity",
        CheckKind::Container(_) => "state, and the beginning of an answer by HTTP",
    }
}

/// All of the sources below a folder, but for tests.
fn sources(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).expect("the sources are there") {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() {
            if !path.ends_with("tests") {
                sources(&path, found);
            }
        } else if !path.ends_with("tests.rs") {
            found.push((path.display().to_string(), fs::read_to_string(&path).expect("a source is text")));
        }
    }
}

#[test]
fn no_kind_of_check_reads_a_learners_files() {
    // All that checks are given. A field more doesn't compile here.
    let (host, http) = Default::default();
    let Facts { host: _, activity: _, http: _ } = Facts { host: &host, activity: &[], http: &http };
    assert!(!looks_at(&CheckKind::Images(Vec::new())).contains("file"));
    // Neither do those who gather it.
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    for name in ["checks", "checker"] {
        sources(&folder.join(name), &mut found);
        let file = folder.join(name).with_extension("rs");
        found.push((file.display().to_string(), fs::read_to_string(file).expect("the module is there")));
    }
    assert!(found.len() > 10, "{found:?}");
    for (file, text) in found {
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        for way in ["fs::", "File", "archive", "std::path", "std::process", "openat", "exec("] {
            assert!(!text.contains(way), "{file} has {way}: does a check read files now? See `looks_at`");
        }
    }
}
