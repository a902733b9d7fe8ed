//! An engine that answers with harm. 91.

use std::time::Duration;

use super::{
    super::support::PATIENCE,
    converse,
    fake::{FakeHost, Reply, Then, exec_of},
};

#[tokio::test(flavor = "multi_thread")]
async fn attack_91_an_engine_that_answers_with_harm_does_none() {
    let fake = FakeHost::new().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let elsewhere = format!("HTTP/1.1 301 X\r\nLocation: http://{}/x\r\nContent-Length: 0\r\n\r\n", listener.local_addr().unwrap());
    let huge = format!("HTTP/1.1 200 OK\r\nX: {}\r\nContent-Length: 2\r\n\r\n{{}}", "x".repeat(2_000_000));
    let many = format!("HTTP/1.1 200 OK\r\n{}Content-Length: 2\r\n\r\n{{}}", "X-A: b\r\n".repeat(5_000));
    let endless =
        format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{}", format!("100000\r\n{}\r\n", " ".repeat(1 << 20)).repeat(40));
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    let deep = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{deep}", deep.len());
    for (what, bytes, then) in [
        ("a header of 2 MB", huge.as_bytes(), Then::Next),
        ("5,000 headers", many.as_bytes(), Then::Next),
        ("no JSON", &b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"[..], Then::Next),
        ("JSON of another shape", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n[[[[[[]]]]]]", Then::End),
        ("deep JSON", deep.as_bytes(), Then::Next),
        ("40 MB", endless.as_bytes(), Then::End),
        ("a chunk that is cut", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nxx", Then::End),
        ("no end of the body", b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{", Then::End),
        ("another place", elsewhere.as_bytes(), Then::Next),
        ("an upgrade unasked", b"HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nhello", Then::End),
        ("no HTTP", b"SSH-2.0-OpenSSH_9.2\r\n", Then::End),
        ("nothing", b"", Then::End),
        ("two answers", b"HTTP/1.1 404 X\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", Then::Next),
    ] {
        let bytes = bytes.to_vec();
        fake.answers(move |asked| asked.path().contains("/containers/").then(|| Reply::raw(&bytes, then)));
        for (method, path) in [
            ("GET", "/v1.45/containers/web/json"),
            ("GET", "/v1.45/containers/web/top"),
            ("GET", "/v1.45/containers/web/logs?stdout=1"),
            ("GET", "/v1.45/containers/json?all=1"),
            ("POST", "/v1.45/containers/web/start"),
            ("POST", "/v1.45/containers/web/wait"),
            ("GET", "/v1.45/containers/web/stats?stream=0"),
        ] {
            let asked = tokio::time::timeout(PATIENCE, fake.a.http(method, path, "")).await;
            let (code, answer) = asked.unwrap_or_else(|_| panic!("{what}: {method} {path} has no end"));
            // 200 only where the answer's body is the container's own, and passed on.
            assert!(code >= 400 || code == 0 || path.contains("logs") || answer.len() < 10_000, "{what}: {path} {code}");
            assert!(!matches!(code, 101 | 301) && !answer.contains("SSH-2.0"), "{what}: {path} {code} {answer}");
        }
        for (head, body) in
            [("/v1.45/containers/web/attach?stream=1&stdout=1".to_owned(), ""), (format!("/v1.45/exec/{}/start", exec_of('a')), "{}")]
        {
            fake.answers({
                let bytes = if what == "an upgrade unasked" {
                    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}".to_vec()
                } else {
                    b"HTTP/1.1 301 X\r\nContent-Length: 0\r\n\r\n".to_vec()
                };
                move |asked| (asked.path().contains("/attach") || asked.path().contains("/start")).then(|| Reply::raw(&bytes, then))
            });
            let heard = converse(&fake.a, &head, body, b"", "}").await;
            assert!(!heard.starts_with("HTTP/1.1 101") && !heard.starts_with("HTTP/1.1 2"), "{head}: {heard}");
        }
        fake.answers(|_| None);
        assert_eq!(fake.a.http("GET", "/v1.45/containers/web/json", "").await.0, 200, "after {what}");
    }
    assert!(tokio::time::timeout(Duration::from_millis(50), listener.accept()).await.is_err());
}
