//! Containers as a learner's `docker` sees them, against the real engine.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may fail")]

mod disk;
mod fidelity;
mod folders;
mod life;
mod links;
mod names;
mod networks;
mod policy;
mod ports;
mod scope;
mod streams;
mod versions;

use serde_json::Value;

use super::support::{Printed, Sandbox, TestHost, bare};

/// A host whose sandboxes have busybox.
pub(super) async fn host(sandboxes: usize) -> TestHost {
    let host = TestHost::start(sandboxes).await;
    for sandbox in &host.sandboxes {
        sandbox.run("pull -q busybox").await.ok();
    }
    host
}

/// The container as the bare engine has it.
async fn on_engine(id: &str) -> Value {
    let text = bare(&["inspect", id.trim()]).await.ok();
    serde_json::from_str::<Value>(&text).unwrap()[0].clone()
}

pub(super) async fn inspect(sandbox: &Sandbox, name: &str, format: &str) -> String {
    sandbox.docker(&["inspect", "--format", format, name]).await.ok().trim().to_owned()
}

async fn names(sandbox: &Sandbox, arguments: &str) -> Vec<String> {
    let printed = sandbox.run(&format!("ps --format {{{{.Names}}}} {arguments}")).await.ok();
    printed.lines().map(str::to_owned).collect()
}

#[track_caller]
pub(super) fn refused(printed: Printed, words: &str) {
    let err = printed.fails();
    assert!(err.contains(words), "{words:?} is not in {err}");
    for taken_for_an_exit_code in ["permission denied", "no such file or directory", "executable file not found"] {
        assert!(!err.to_lowercase().contains(taken_for_an_exit_code), "{err}");
    }
}
