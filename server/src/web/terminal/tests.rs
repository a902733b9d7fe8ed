//! The terminal as a browser meets it.

use axum::{Router, routing::get};
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{
        self,
        protocol::frame::{
            Frame,
            coding::{Data, OpCode},
        },
    },
};

use super::*;
use crate::sandboxes::tests::world::{LIMIT, learner, serve, world};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A browser's terminal of the learner's.
struct Browser {
    address: std::net::SocketAddr,
}

impl Browser {
    async fn of(sandboxes: &Sandboxes, learner: &LearnerId) -> Self {
        Self::with_limit(sandboxes, learner, STUCK_LIMIT).await
    }

    async fn with_limit(sandboxes: &Sandboxes, learner: &LearnerId, stuck_limit: Duration) -> Self {
        let (sandboxes, learner) = (sandboxes.clone(), learner.clone());
        let terminal = move |query, upgrade| async move { answer(sandboxes, learner, query, upgrade, stuck_limit) };
        Self { address: serve(Router::new().route("/api/terminal", get(terminal))).await }
    }

    async fn connect(&self, id: &str, (cols, rows): (u16, u16)) -> Socket {
        let (mut socket, _) = connect_async(format!("ws://{}/api/terminal?id={id}", self.address)).await.expect("the upgrade");
        let size = format!(r#"{{"resize":{{"cols":{cols},"rows":{rows}}}}}"#);
        socket.send(tungstenite::Message::text(size)).await.expect("it is open");
        socket
    }
}

async fn enter(socket: &mut Socket, line: &str) {
    socket.send(tungstenite::Message::binary(format!("{line}\r").into_bytes())).await.expect("it is open");
}

/// Reads until `wanted` is on the screen, or a text message says so.
async fn read_until(socket: &mut Socket, wanted: &str) -> String {
    let mut seen = String::new();
    let reading = async {
        while !seen.contains(wanted) {
            match socket.next().await {
                Some(Ok(tungstenite::Message::Binary(bytes))) => {
                    seen.push_str(&String::from_utf8_lossy(&bytes));
                    let ack = format!(r#"{{"ack":{}}}"#, bytes.len());
                    // Where it has just ended, what was said on the way is still to be read.
                    let _ = socket.send(tungstenite::Message::text(ack)).await;
                }
                Some(Ok(tungstenite::Message::Text(text))) => seen.push_str(&text),
                Some(Ok(tungstenite::Message::Ping(_) | tungstenite::Message::Pong(_))) => {}
                other => panic!("{other:?} before {wanted:?}; seen: {seen:?}"),
            }
        }
    };
    let in_time = timeout(LIMIT, reading).await.is_ok();
    assert!(in_time, "no {wanted:?} in {seen:?}");
    seen
}

#[test]
fn a_size_is_read_and_kept_within_limits() {
    assert_eq!(said(r#"{"resize":{"cols":80,"rows":24}}"#), Some(Said::Resize { cols: 80, rows: 24 }));
    assert_eq!(said(r#"{"resize":{"cols":0,"rows":65535}}"#), Some(Said::Resize { cols: 1, rows: MAX_SIDE }));
    assert_eq!(said(r#"{"ack":16384}"#), Some(Said::Ack(16384)));
    assert_eq!(said(r#"{"renew":true}"#), Some(Said::Renew(true)));
    for odd in [r#"{"resize":{"cols":-1,"rows":24}}"#, r#"{"ack":-1}"#, "ls\n"] {
        assert_eq!(said(odd), None, "{odd}");
    }
}

#[test]
fn what_the_browser_is_told_is_as_the_contract_has_it() {
    let json = |told| serde_json::to_string(&told).expect("it is plain data");
    assert_eq!(json(closed(Closed::SandboxReset)), r#"{"closed":"the sandbox was reset"}"#);
    assert_eq!(json(Told::Goodbye("server is restarting")), r#"{"goodbye":"server is restarting"}"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_learner_without_a_sandbox_is_told_so() {
    world(
        |_| {},
        |world| async move {
            let (_, sandboxes) = world.start().await;
            let mut socket = Browser::of(&sandboxes, &learner()).await.connect("1", (80, 24)).await;
            read_until(&mut socket, r#"{"closed":"you have no sandbox"#).await;
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_types_resizes_is_taken_over_ends_and_says_goodbye() {
    world(
        |_| {},
        |world| async move {
            let (_, sandboxes) = world.start().await;
            let learner = learner();
            sandboxes.start(&learner).await.expect("a sandbox");
            let browser = Browser::of(&sandboxes, &learner).await;

            let mut first = browser.connect("1", (101, 31)).await;
            enter(&mut first, "stty size").await;
            read_until(&mut first, "31 101").await;
            first.send(tungstenite::Message::text(r#"{"resize":{"cols":9999,"rows":40}}"#)).await.expect("it is open");
            enter(&mut first, "sleep 0.2; stty size").await;
            read_until(&mut first, "40 500").await;

            let mut second = browser.connect("1", (80, 24)).await;
            read_until(&mut first, r#"{"closed":"it was opened in another window"}"#).await;
            read_until(&mut second, "40 500").await;

            let mut other = browser.connect("2", (80, 24)).await;
            enter(&mut other, "echo ot''her").await;
            read_until(&mut other, "other").await;
            for id in ["3", "4"] {
                read_until(&mut browser.connect(id, (80, 24)).await, "# ").await;
            }
            let mut fifth = browser.connect("5", (80, 24)).await;
            read_until(&mut fifth, r#"{"closed":"as many terminals"#).await;

            enter(&mut second, "exit").await;
            read_until(&mut second, r#"{"closed":"the shell has ended"}"#).await;
            let mut again = browser.connect("1", (80, 24)).await;
            enter(&mut again, "echo ba''ck").await;
            read_until(&mut again, "back").await;

            sandboxes.shutdown().await;
            read_until(&mut again, r#"{"goodbye":"server is restarting"}"#).await;
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_is_told_and_the_next_connection_is_to_the_fresh_sandbox() {
    world(
        |_| {},
        |world| async move {
            let (_, sandboxes) = world.start().await;
            let learner = learner();
            sandboxes.start(&learner).await.expect("a sandbox");
            let browser = Browser::of(&sandboxes, &learner).await;
            let mut old = browser.connect("1", (80, 24)).await;
            enter(&mut old, "touch mine; echo to''uched").await;
            read_until(&mut old, "touched").await;
            sandboxes.reset(&learner).await.expect("a fresh one");
            read_until(&mut old, r#"{"closed":"the sandbox was reset"}"#).await;
            let mut fresh = browser.connect("1", (80, 24)).await;
            enter(&mut fresh, "ls -A; echo li''sted").await;
            let seen = read_until(&mut fresh, "listed").await;
            assert!(!seen.contains("mine"), "{seen}");
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_shell_is_had_from_what_heeds_no_ctrl_c_and_files_and_containers_stay() {
    world(
        |_| {},
        |world| async move {
            let (_, sandboxes) = world.start().await;
            let learner = learner();
            let id = sandboxes.start(&learner).await.expect("a sandbox");
            world.docker_of(&id, &["run", "-d", "--name", "dish", "nginx"]).await;
            let mut socket = Browser::of(&sandboxes, &learner).await.connect("1", (101, 31)).await;
            enter(&mut socket, "touch letter; X=old; trap '' INT HUP TERM; echo de''af; while :; do sleep 1; done").await;
            read_until(&mut socket, "deaf").await;
            socket.send(tungstenite::Message::binary(vec![0x03])).await.expect("it is open");

            let began = Instant::now();
            // A second word of the same moment ends nothing.
            for _ in 0..2 {
                socket.send(tungstenite::Message::text(r#"{"renew":true}"#)).await.expect("it is open");
            }
            enter(&mut socket, "Y=new").await;
            read_until(&mut socket, "# ").await;
            assert!(began.elapsed() < Duration::from_secs(2), "the prompt was there after {:?}", began.elapsed());
            enter(&mut socket, "ls; docker ps --format '{{.Names}}'; stty size; echo [$X$Y] li''sted").await;
            let seen = read_until(&mut socket, "listed").await;
            for stays in ["letter", "dish", "31 101", "[new]"] {
                assert!(seen.contains(stays), "{stays}: {seen}");
            }
            assert_eq!(sandboxes.status(&learner), Status::Ready { id });
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_shows_nothing_gets_no_more_than_a_window_and_ctrl_c_ends_a_flood_at_once() {
    world(
        |_| {},
        |world| async move {
            let (_, sandboxes) = world.start().await;
            let learner = learner();
            sandboxes.start(&learner).await.expect("a sandbox");
            let mut socket = Browser::of(&sandboxes, &learner).await.connect("1", (80, 24)).await;
            read_until(&mut socket, "# ").await;
            enter(&mut socket, "yes").await;
            let mut got = 0;
            while got < flow::WINDOW_BYTES {
                match timeout(LIMIT, socket.next()).await.expect("in time").expect("it is open").expect("it is open") {
                    tungstenite::Message::Binary(bytes) => got += bytes.len() as u64,
                    tungstenite::Message::Text(text) => panic!("{text}"),
                    _ => {}
                }
            }
            assert_eq!(got, flow::WINDOW_BYTES);
            assert!(timeout(Duration::from_millis(500), socket.next()).await.is_err(), "more came than was taken");

            let began = Instant::now();
            socket.send(tungstenite::Message::binary(vec![0x03])).await.expect("it is open");
            socket.send(tungstenite::Message::text(format!(r#"{{"ack":{got}}}"#))).await.expect("it is open");
            let rest = read_until(&mut socket, "# ").await;
            assert!(rest.len() < 512 * 1024, "{} bytes came after Ctrl-C", rest.len());
            assert!(began.elapsed() < Duration::from_secs(2), "the prompt was back after {:?}", began.elapsed());
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_shows_nothing_for_too_long_is_told_and_closed() {
    world(
        |_| {},
        |world| async move {
            let (_, sandboxes) = world.start().await;
            let learner = learner();
            sandboxes.start(&learner).await.expect("a sandbox");
            let mut socket = Browser::with_limit(&sandboxes, &learner, Duration::from_millis(200)).await.connect("1", (80, 24)).await;
            enter(&mut socket, "yes").await;
            let told = async {
                loop {
                    let message = socket.next().await.expect("it is told first").expect("it is told first");
                    if let tungstenite::Message::Text(text) = message {
                        return text;
                    }
                }
            };
            let told = timeout(LIMIT, told).await.expect("in time");
            assert!(told.contains(r#"{"closed":"this page has not shown"#), "{told}");
            timeout(LIMIT, async { while let Some(Ok(_)) = socket.next().await {} }).await.expect("it ends");
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_learner_has_only_so_many_browsers_at_their_terminals() {
    world(
        |_| {},
        |world| async move {
            let (_, sandboxes) = world.start().await;
            let learner = learner();
            let id = sandboxes.start(&learner).await.expect("a sandbox");
            let browser = Browser::of(&sandboxes, &learner).await;
            let mut held = Vec::new();
            // As those hold that are just being taken over.
            while let Ok(terminal) = sandboxes.workstations().terminal(&id, "1", (80, 24)).await {
                held.push(terminal);
                assert!(held.len() < 100, "as many as one likes");
            }
            let mut socket = browser.connect("1", (80, 24)).await;
            read_until(&mut socket, r#"{"closed":"as many terminals"#).await;
            held.clear();
            let mut socket = browser.connect("1", (80, 24)).await;
            read_until(&mut socket, "# ").await;
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_too_large_costs_the_connection_and_a_flood_waits_for_its_reader() {
    world(
        |_| {},
        |world| async move {
            let (_, sandboxes) = world.start().await;
            let learner = learner();
            sandboxes.start(&learner).await.expect("a sandbox");
            let browser = Browser::of(&sandboxes, &learner).await;
            let mut socket = browser.connect("1", (80, 24)).await;
            enter(&mut socket, "seq 300000; echo en''d").await;
            // Nobody reads for a while, and still every line comes.
            tokio::time::sleep(Duration::from_millis(500)).await;
            let seen = read_until(&mut socket, "end").await;
            let numbers: Vec<u32> = seen.lines().filter_map(|line| line.trim().parse().ok()).collect();
            assert_eq!(numbers.last(), Some(&300_000));
            assert!(numbers.windows(2).all(|two| two[0] + 1 == two[1]), "a line is missing");

            let _ = socket.send(tungstenite::Message::binary(vec![b'x'; MAX_MESSAGE_BYTES + 1])).await;
            let ended = async { while let Some(Ok(_)) = socket.next().await {} };
            timeout(LIMIT, ended).await.expect("it ends");

            // Nor in pieces, none of which is too large.
            let mut socket = browser.connect("1", (80, 24)).await;
            read_until(&mut socket, "# ").await;
            for piece in 0..10 {
                let opcode = if piece == 0 { OpCode::Data(Data::Binary) } else { OpCode::Data(Data::Continue) };
                let frame = Frame::message(vec![b'x'; MAX_MESSAGE_BYTES / 2], opcode, false);
                let _ = socket.send(tungstenite::Message::Frame(frame)).await;
            }
            let ended = async { while let Some(Ok(_)) = socket.next().await {} };
            timeout(LIMIT, ended).await.expect("it ends");
        },
    )
    .await;
}
