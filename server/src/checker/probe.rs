//! Asks ports of a learner's host for `/` by HTTP, as a browser of theirs would.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use gateway::{Gateway, SandboxId};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    time::timeout,
};

use crate::checks::HttpProbe;

/// How long one port may take to answer.
const LIMIT: Duration = Duration::from_millis(200);
/// Bytes of an answer that are read.
const MAX_ANSWER: usize = 16 * 1024;
/// Ports asked in one look; a check needs one.
const MAX_PORTS: usize = 16;

pub(super) async fn all(gateway: &Gateway, sandbox: &SandboxId, ports: BTreeSet<u16>) -> BTreeMap<u16, HttpProbe> {
    let probes = ports.into_iter().take(MAX_PORTS).map(|port| async move {
        let answer = async {
            match gateway.dial(sandbox, port).await {
                Ok(stream) => exchange(stream).await,
                Err(gateway::GatewayError::Io(error)) => Err(reason(&error)),
                Err(_) => Err("no container answers there".to_owned()),
            }
        };
        (port, timeout(LIMIT, answer).await.unwrap_or_else(|_| Err("no answer in time".to_owned())))
    });
    let asked = futures_util::future::join_all(probes).await;
    asked.into_iter().map(|(port, answer)| (port, answer.unwrap_or_else(|reason| HttpProbe::NoAnswer { reason }))).collect()
}

/// One request; what came back within the limit.
async fn exchange(mut stream: tokio::net::TcpStream) -> Result<HttpProbe, String> {
    stream
        .write_all(b"GET / HTTP/1.0\r\nHost: localhost\r\nUser-Agent: lunchbox-check\r\nAccept: */*\r\n\r\n")
        .await
        .map_err(|error| reason(&error))?;
    let mut answer = Vec::new();
    // An answer that isn't over in time may still have begun.
    let _ = timeout(LIMIT / 2, (&mut stream).take(MAX_ANSWER as u64).read_to_end(&mut answer)).await;
    parse(&answer).ok_or_else(|| {
        if answer.is_empty() { "it accepts connections and says nothing".to_owned() } else { "the answer is not HTTP".to_owned() }
    })
}

fn parse(answer: &[u8]) -> Option<HttpProbe> {
    let text = String::from_utf8_lossy(answer);
    let rest = text.strip_prefix("HTTP/1.")?;
    let status = rest.split(' ').nth(1)?.get(..3)?.parse().ok()?;
    let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    Some(HttpProbe::Answered { status, body_start: body.to_owned() })
}

fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        std::io::ErrorKind::ConnectionReset | std::io::ErrorKind::BrokenPipe => "connection reset".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_with_status_and_beginning() {
        let answer = parse(b"HTTP/1.1 200 OK\r\nServer: nginx\r\n\r\n<h1>Welcome");
        assert_eq!(answer, Some(HttpProbe::Answered { status: 200, body_start: "<h1>Welcome".to_owned() }));
        assert_eq!(parse(b"HTTP/1.0 404\r\n\r\n"), Some(HttpProbe::Answered { status: 404, body_start: String::new() }));
    }

    #[test]
    fn what_is_no_http_is_no_answer() {
        for answer in [&b""[..], b"-ERR unknown command", b"HTTP/1.1", b"HTTP/1.1 abc", b"\xff\xfe"] {
            assert_eq!(parse(answer), None);
        }
    }
}
