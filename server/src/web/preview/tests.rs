//! Previews as a browser meets them, of programs in a learner's containers.

use axum::{Router, middleware};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::*;
use crate::sandboxes::tests::world::{LIMIT, World, learner, serve, until, world};

/// Answers with its own name and the request's head; switches to an echo in capitals where it is asked
/// to upgrade, and to nothing where it isn't.
const MIRROR: &str = r#"
import socket, threading
def serve(c):
    head = b""
    while b"\r\n\r\n" not in head: head += c.recv(4096)
    if b"pgrade: websocket" in head:
        c.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n")
        while data := c.recv(4096): c.sendall(data.upper())
    elif b"/away" in head:
        c.sendall(b"HTTP/1.1 302 Found\r\nLocation: http://localhost:9000/there\r\nSet-Cookie: a=1; Domain=localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    elif b"/unasked" in head:
        c.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: odd\r\nConnection: Upgrade\r\n\r\nhello")
    else:
        name = socket.gethostname().encode()
        c.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\nX-Name: " + name + b"\r\n\r\n" + head)
    c.close()
s = socket.create_server(("", 9000))
while True: threading.Thread(target=serve, args=(s.accept()[0],)).start()
"#;

/// A server with both forms, and one page of its own.
async fn server(sandboxes: &Sandboxes) -> std::net::SocketAddr {
    let by_host = |State(sandboxes): State<Sandboxes>, request: Request, next: middleware::Next| async move {
        match super::by_host(&sandboxes, request).await {
            Ok(response) => response,
            Err(request) => next.run(request).await,
        }
    };
    let router = Router::new().route("/own", any(|| async { "our own page" })).merge(router::<Sandboxes>());
    let router = router.layer(middleware::from_fn_with_state(sandboxes.clone(), by_host)).with_state(sandboxes.clone());
    serve(router).await
}

/// One request, its head as given; the whole answer.
async fn ask(server: std::net::SocketAddr, head: &str) -> String {
    let mut stream = TcpStream::connect(server).await.expect("it listens");
    stream.write_all(format!("{head}\r\nConnection: close\r\n\r\n").as_bytes()).await.expect("it reads");
    let mut answer = Vec::new();
    tokio::time::timeout(LIMIT, stream.read_to_end(&mut answer)).await.expect("in time").expect("it answers");
    String::from_utf8_lossy(&answer).into_owned()
}

async fn run(world: &World, sandboxes: &Sandboxes, commands: &[&[&str]]) -> String {
    let id = sandboxes.start(&learner()).await.expect("a sandbox");
    for command in commands {
        let said = world.docker_of(&id, command).await;
        assert!(!said.contains("Error"), "{command:?}: {said}");
    }
    let url = sandboxes.preview_url(&id, 8080, None);
    url.split('/').nth(2).expect("a token").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_published_page_is_shown_on_an_origin_that_is_not_ours() {
    world(
        |_| {},
        |world| async move {
            let (_, sandboxes) = world.start().await;
            let token = run(&world, &sandboxes, &[&["pull", "-q", "nginx"], &["run", "-d", "-p", "8080:80", "nginx"]]).await;
            let server = server(&sandboxes).await;

            let by_path = format!("GET /preview/{token}/8080/ HTTP/1.1\r\nHost: localhost");
            let answer =
                until("nginx answers", || async { Some(ask(server, &by_path).await).filter(|answer| answer.contains("200 OK")) }).await;
            assert!(answer.contains("<title>"), "{answer}");
            assert!(answer.to_lowercase().contains("content-security-policy: sandbox allow-scripts"), "{answer}");

            let by_host = ask(server, &format!("GET / HTTP/1.1\r\nHost: p8080-{token}.localhost:3000")).await;
            assert!(by_host.contains("200 OK") && by_host.contains("<title>"), "{by_host}");
            assert!(!by_host.to_lowercase().contains("content-security-policy"), "{by_host}");
            assert!(ask(server, "GET /own HTTP/1.1\r\nHost: localhost:3000").await.contains("our own page"));
            let not_ours = ask(server, &format!("GET /own HTTP/1.1\r\nHost: p8080-{token}.localhost:3000")).await;
            assert!(not_ours.contains("404") && !not_ours.contains("our own page"), "{not_ours}");

            let redirect = ask(server, &format!("GET /preview/{token}/8080?a=b HTTP/1.1\r\nHost: localhost")).await;
            assert!(redirect.contains(&format!("location: /preview/{token}/8080/?a=b")), "{redirect}");
            let as_script = format!("{by_path}\r\nSec-Fetch-Site: same-origin\r\nSec-Fetch-Dest: script");
            assert!(ask(server, &as_script).await.contains("403 Forbidden"));
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_a_page_that_says_so() {
    world(
        |_| {},
        |world| async move {
            let (_, sandboxes) = world.start().await;
            let sleeping: &[&str] = &["run", "-d", "-p", "8080:80", "busybox", "sleep", "600"];
            let token = run(&world, &sandboxes, &[&["pull", "-q", "busybox"], sleeping]).await;
            let server = server(&sandboxes).await;
            let silent = ask(server, &format!("GET /preview/{token}/8080/ HTTP/1.1\r\nHost: localhost")).await;
            assert!(silent.contains("502 Bad Gateway") && silent.contains("Nobody answers on port 8080"), "{silent}");
            let unpublished = ask(server, &format!("GET / HTTP/1.1\r\nHost: p9999-{token}.localhost")).await;
            assert!(unpublished.contains("404 Not Found") && unpublished.contains("Nothing is published on port 9999"), "{unpublished}");
            for path in ["/preview/aaaaaaaaaaaaaaaaaaaa/8080/", "/preview/x/8080/", "/preview/aaaaaaaaaaaaaaaaaaaa/x/"] {
                let unknown = ask(server, &format!("GET {path} HTTP/1.1\r\nHost: localhost")).await;
                assert!(unknown.contains("404 Not Found") && unknown.contains("There is no such sandbox"), "{unknown}");
            }
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_sees_no_cookie_of_ours_and_may_switch_protocols() {
    world(
        |_| {},
        |world| async move {
            let (_, sandboxes) = world.start().await;
            let mirror: &[&str] = &["run", "-d", "-p", "9000:9000", "python", "python3", "-c", MIRROR];
            let token = run(&world, &sandboxes, &[&["pull", "-q", "python"], mirror]).await;
            let server = server(&sandboxes).await;
            let host = format!("p9000-{token}.localhost:3000");

            let by_path = format!("GET /preview/{token}/9000/x?y=%2f HTTP/1.1\r\nHost: localhost\r\nCookie: lunchbox=secret; a=1");
            let seen =
                until("the mirror answers", || async { Some(ask(server, &by_path).await).filter(|seen| seen.contains("200 OK")) }).await;
            assert!(seen.contains("GET /x?y=%2f HTTP/1.1") && seen.contains("host: localhost:9000"), "{seen}");
            assert!(!seen.contains("secret") && !seen.to_lowercase().contains("cookie"), "{seen}");
            let seen =
                ask(server, &format!("GET /x HTTP/1.1\r\nHost: {host}\r\nCookie: lunchbox=secret; a=1\r\nOrigin: http://{host}")).await;
            assert!(!seen.contains("secret") && seen.contains("cookie: a=1") && seen.contains("origin: http://localhost:9000"), "{seen}");

            let redirect = ask(server, &format!("GET /preview/{token}/9000/away HTTP/1.1\r\nHost: localhost")).await.to_lowercase();
            assert!(redirect.contains(&format!("location: /preview/{token}/9000/there")) && !redirect.contains("set-cookie"), "{redirect}");
            let redirect = ask(server, &format!("GET /away HTTP/1.1\r\nHost: {host}")).await.to_lowercase();
            assert!(redirect.contains("location: /there\r\n") && redirect.contains("set-cookie: a=1\r\n"), "{redirect}");

            let mut stream = TcpStream::connect(server).await.expect("it listens");
            let head = format!(
                "GET /socket HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n"
            );
            stream.write_all(head.as_bytes()).await.expect("it reads");
            let mut seen = String::new();
            let mut said = false;
            let echoed = async {
                let mut buffer = [0; 4096];
                while !seen.contains("HELLO") {
                    let count = stream.read(&mut buffer).await.expect("it is open");
                    assert!(count > 0, "{seen}");
                    seen.push_str(&String::from_utf8_lossy(&buffer[..count]));
                    if seen.contains("\r\n\r\n") && !std::mem::replace(&mut said, true) {
                        stream.write_all(b"hello").await.expect("it is open");
                    }
                }
            };
            tokio::time::timeout(LIMIT, echoed).await.expect("in time");
            assert!(seen.starts_with("HTTP/1.1 101"), "{seen}");
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_asked_a_preview_reaches_its_own_container_and_nothing_else() {
    world(
        |_| {},
        |world| async move {
            let (_, sandboxes) = world.start().await;
            let mirror = |name| ["run", "-d", "--name", name, "--hostname", name, "-p", "9000:9000", "python", "python3", "-c", MIRROR];
            let token = run(&world, &sandboxes, &[&["pull", "-q", "python"], &mirror("one")]).await;
            let id = sandboxes.by_token(&token).expect("it is there");
            let server = server(&sandboxes).await;
            let (host, path) = (format!("p9000-{token}.localhost:3000"), format!("/preview/{token}/9000"));
            let get = format!("GET / HTTP/1.1\r\nHost: {host}");
            until("the mirror answers", || async { Some(ask(server, &get).await).filter(|seen| seen.contains("x-name: one")) }).await;

            for request in [
                format!("GET http://169.254.169.254/latest HTTP/1.1\r\nHost: {host}"),
                format!("GET //169.254.169.254/latest HTTP/1.1\r\nHost: {host}"),
                format!("GET {path}/http://169.254.169.254/latest HTTP/1.1\r\nHost: localhost"),
                format!("GET {path}/latest HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-Host: 169.254.169.254"),
            ] {
                let seen = ask(server, &request).await;
                assert!(
                    seen.contains("x-name: one") && seen.contains("host: localhost:9000") && seen.contains("/latest"),
                    "{request}: {seen}"
                );
            }
            let tunnel = ask(server, &format!("CONNECT 127.0.0.1:5055 HTTP/1.1\r\nHost: {host}")).await;
            assert!(tunnel.starts_with("HTTP/1.1 405"), "{tunnel}");
            let unasked = ask(server, &format!("GET /unasked HTTP/1.1\r\nHost: {host}")).await;
            assert!(unasked.starts_with("HTTP/1.1 502"), "{unasked}");
            for port in [22, 80, 2375, 5055, server.port()] {
                let other = ask(server, &format!("GET /preview/{token}/{port}/ HTTP/1.1\r\nHost: localhost")).await;
                assert!(other.contains("Nothing is published"), "{port}: {other}");
            }

            // Another container may get the address of one that has ended.
            world.docker_of(&id, &["stop", "-t", "0", "one"]).await;
            let mut hidden = mirror("other").to_vec();
            hidden.drain(6..8);
            world.docker_of(&id, &hidden).await;
            until("its port is free", || async { Some(ask(server, &get).await).filter(|seen| seen.contains("Nothing is published")) })
                .await;
            world.docker_of(&id, &["start", "one"]).await;
            until("the mirror answers", || async { Some(ask(server, &get).await).filter(|seen| seen.contains("200 OK")) }).await;
            assert!(ask(server, &get).await.contains("x-name: one"));
        },
    )
    .await;
}
