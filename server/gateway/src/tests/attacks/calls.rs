//! BuildKit's API, asked more than there are answers for. 109 and 131.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, future::join_all};
use http_body_util::{BodyExt, StreamBody, combinators::UnsyncBoxBody};
use hyper::{
    body::{Frame, Incoming},
    client::conn::http2::SendRequest,
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
    task::JoinHandle,
};

use super::{
    super::{
        buildkit::{folder, shell},
        support::{Sandbox, TestHost, until},
    },
    answers_soon, memory,
};
use crate::limits::{MAX_BUILD_CALLS, MAX_BUILD_CONNECTIONS, MAX_BUILDS};

type Sender = SendRequest<UnsyncBoxBody<Bytes, std::io::Error>>;

/// A connection that became one of HTTP/2, or the answer to who may have none.
async fn opened(sandbox: &Sandbox, path: &str, header: &str) -> Result<UnixStream, String> {
    let mut stream = UnixStream::connect(&sandbox.socket).await.unwrap();
    let request = format!("POST /v1.45{path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n{header}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    if head.starts_with(b"HTTP/1.1 101") {
        return Ok(stream);
    }
    let mut body = [0; 512];
    let read = stream.read(&mut body).await.unwrap();
    Err(String::from_utf8_lossy(&[&head, &body[..read]].concat()).into_owned())
}

/// On which the gateway is asked; it lasts until the task is aborted.
async fn asking(sandbox: &Sandbox) -> Option<(Sender, JoinHandle<bool>)> {
    let stream = opened(sandbox, "/grpc", "").await.ok()?;
    let (sender, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    Some((sender, tokio::spawn(async move { connection.await.is_ok() })))
}

async fn call(
    mut sender: Sender,
    method: &str,
    pieces: impl Stream<Item = Result<Frame<Bytes>, std::io::Error>> + Send + 'static,
) -> hyper::Result<http::Response<Incoming>> {
    let request = http::Request::post(format!("http://localhost/moby.buildkit.v1.Control/{method}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(StreamBody::new(pieces).boxed_unsync())
        .unwrap();
    sender.send_request(request).await
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_109_half_a_message_of_a_build_keeps_little() {
    let host = TestHost::start(2).await;
    let (a, b) = (&host.sandboxes[0], &host.sandboxes[1]);
    let before = memory();
    let mut open = Vec::new();
    for _ in 0..MAX_BUILD_CONNECTIONS + 4 {
        // More than may be are refused; those that said too much are gone already, and make room.
        let Some((sender, connection)) = asking(a).await else { continue };
        for method in ["Solve", "Status", "ListWorkers", "Prune", "DiskUsage"] {
            for _ in 0..4 {
                // A message of 4 GB is announced, and comes, and doesn't end.
                let pieces = async_stream::stream! {
                    yield Ok::<_, std::io::Error>(Frame::data(Bytes::from_static(&[0, 0xff, 0xff, 0xff, 0xff])));
                    loop {
                        yield Ok(Frame::data(Bytes::from_static(&[0; 16_384])));
                    }
                };
                let sender = sender.clone();
                open.push(tokio::spawn(
                    async move { tokio::time::timeout(Duration::from_secs(5), call(sender, method, pieces)).await.is_ok() },
                ));
            }
        }
        open.push(connection);
    }
    answers_soon(b, "half messages").await;
    let grown = memory().saturating_sub(before);
    assert!(grown < 150 << 20, "{grown} bytes are kept");
    open.iter().for_each(JoinHandle::abort);
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_131_sessions_connections_and_calls_of_builds_are_counted_and_nobody_else_waits() {
    let host = TestHost::start(2).await;
    let (a, b) = (&host.sandboxes[0], &host.sandboxes[1]);
    a.run("pull -q alpine").await.ok();
    let mut open = Vec::new();
    for (path, most) in [("/session", MAX_BUILDS), ("/grpc", MAX_BUILD_CONNECTIONS)] {
        let mut served = 0;
        for n in 0..most + 8 {
            match opened(a, path, &format!("X-Docker-Expose-Session-Uuid: s{n}\r\n")).await {
                Ok(stream) => open.push(stream),
                Err(answer) => {
                    assert!(answer.starts_with("HTTP/1.1 429") && answer.contains("Let some end, then build again."), "{answer}");
                    continue;
                }
            }
            served += 1;
        }
        assert_eq!(served, most, "{path}");
    }
    answers_soon(b, "as many builds as may be").await;
    drop(open);
    until("a connection's place", || async { opened(a, "/grpc", "").await.is_ok() }).await;

    // Calls that never say what they ask for, on two connections.
    let (one, two) = (asking(a).await.unwrap(), asking(a).await.unwrap());
    let calls = (0..MAX_BUILD_CALLS + 40).map(|n| {
        let sender = if n % 2 == 0 { one.0.clone() } else { two.0.clone() };
        call(sender, "Solve", futures_util::stream::pending())
    });
    let looking = async {
        answers_soon(b, "more calls than may be").await;
        std::future::pending::<Vec<_>>().await
    };
    let answers = tokio::select! { answers = join_all(calls) => answers, never = looking => never };
    // What never comes has ended as too slow; those who were too many were told so at once.
    let refused = answers
        .iter()
        .filter(|answer| answer.as_ref().is_ok_and(|answer| answer.headers().get("grpc-status").is_some_and(|status| status == "8")));
    assert_eq!(refused.count(), 40);
    one.1.abort();
    two.1.abort();

    let files = folder(&[("Dockerfile", "FROM alpine\nRUN true\n")]);
    shell(a, files.path(), "docker build .").await.ok();
}
