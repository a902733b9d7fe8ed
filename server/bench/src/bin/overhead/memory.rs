//! What an open stream costs the gateway, in memory.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
};

use crate::host::{PREFIX, Sandbox};

/// How long an answer may take to begin.
const LIMIT: Duration = Duration::from_secs(30);

/// Streams that stay open with nothing in them.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Logs,
    Events,
}

pub(crate) struct Row {
    pub(crate) kind: Kind,
    pub(crate) streams: usize,
    /// The process's resident memory with no stream, and with all of them.
    pub(crate) bytes: [u64; 2],
}

impl Kind {
    pub(crate) const ALL: [Self; 2] = [Self::Logs, Self::Events];

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Logs => "logs --follow",
            Self::Events => "events",
        }
    }

    fn path(self) -> String {
        match self {
            Self::Logs => format!("/v1.45/containers/{PREFIX}silent/logs?follow=1&stdout=1&stderr=1"),
            Self::Events => "/v1.45/events".to_owned(),
        }
    }
}

pub(crate) async fn measure(sandbox: &Sandbox, kind: Kind, streams: usize) -> Result<Row, String> {
    let host = sandbox.host();
    host.docker(&["run", "--detach", "--name", &format!("{PREFIX}silent"), &host.image, "sleep", "100000"]).await?;
    // Whatever the first ones bring into the process for good is no stream's.
    drop(open(sandbox, kind).await?);
    drop(open(sandbox, kind).await?);
    host.docker(&["ps"]).await?;
    let before = resident(sandbox.pid())?;
    let mut all = Vec::new();
    for _ in 0..streams {
        all.push(open(sandbox, kind).await?);
    }
    let after = resident(sandbox.pid())?;
    Ok(Row { kind, streams: all.len(), bytes: [before, after] })
}

/// A stream whose answer has begun.
async fn open(sandbox: &Sandbox, kind: Kind) -> Result<UnixStream, String> {
    let told = |error: std::io::Error| format!("{}: {error}", kind.title());
    let mut stream = UnixStream::connect(sandbox.socket()).await.map_err(told)?;
    stream.write_all(format!("GET {} HTTP/1.1\r\nHost: docker\r\n\r\n", kind.path()).as_bytes()).await.map_err(told)?;
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        let read = tokio::time::timeout(LIMIT, stream.read_exact(&mut byte)).await;
        read.map_err(|_| format!("{}: no answer after {LIMIT:?}", kind.title()))?.map_err(told)?;
        head.push(byte[0]);
    }
    if head.starts_with(b"HTTP/1.1 200") { Ok(stream) } else { Err(format!("{}: {}", kind.title(), String::from_utf8_lossy(&head))) }
}

/// `VmRSS` of a process.
fn resident(pid: u32) -> Result<u64, String> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).map_err(|error| format!("process {pid}: {error}"))?;
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|rest| rest.split_whitespace().next())
        .and_then(|kib| kib.parse::<u64>().ok())
        .map(|kib| kib * 1024)
        .ok_or_else(|| format!("process {pid} tells no VmRSS"))
}
