//! What somebody does who means no good, and what a server that ends owes the others.

use axum::{
    extract::ws::WebSocketUpgrade,
    response::IntoResponse as _,
    routing::{any, get},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::Notify,
    task::JoinHandle,
    time::timeout,
};

use super::*;

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

struct Server {
    address: SocketAddr,
    end: CancellationToken,
    serving: JoinHandle<()>,
    /// Lets `/slow` answer.
    answer: Arc<Notify>,
}

impl Server {
    async fn start(limits: Limits, trusted: &[&str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("it is bound");
        let answer = Arc::new(Notify::new());
        let slow = Arc::clone(&answer);
        let socket = |upgrade: WebSocketUpgrade| async {
            upgrade.on_upgrade(|mut socket| async move { while let Some(Ok(_)) = socket.recv().await {} }).into_response()
        };
        let router = Router::new()
            .route("/", any(|ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.ip().to_string() }))
            .route("/slow", get(move || async move { slow.notified().await }))
            .route("/socket", get(socket));
        let trusted = trusted.iter().map(|network| network.parse().expect("a network")).collect();
        let end = CancellationToken::new();
        let serving = tokio::spawn(serve_within(limits, listener, router, trusted, end.clone()));
        Self { address, end, serving, answer }
    }

    async fn say(&self, text: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.expect("it listens");
        let _ = stream.write_all(text.as_bytes()).await;
        stream
    }

    /// Whether one more connection is served.
    async fn has_room(&self) -> bool {
        rest(self.say("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await).await.contains("200 OK")
    }
}

/// All that comes until the connection ends.
async fn rest(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    let _ = timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.expect("it ends in time");
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What comes until that text is there.
async fn until(stream: &mut TcpStream, wanted: &str) {
    let mut seen = String::new();
    let reading = async {
        while !seen.contains(wanted) {
            let byte = stream.read_u8().await.expect("it is open");
            seen.push(char::from(byte));
        }
    };
    let in_time = timeout(PATIENCE, reading).await.is_ok();
    assert!(in_time, "no {wanted:?} in {seen:?}");
}

const HASTY: Limits = Limits { headers: Duration::from_millis(100), ..LIMITS };
const NARROW: Limits = Limits { per_client: 3, ..LIMITS };

#[tokio::test]
async fn headers_that_do_not_come_are_not_waited_for() {
    let server = Server::start(HASTY, &[]).await;
    for begun in ["", "GET / HTTP/1.1\r\nHost: loc", "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"] {
        let said = rest(server.say(begun).await).await;
        assert_eq!(said.contains("200 OK"), begun.ends_with("\r\n\r\n"), "{begun:?} was answered: {said}");
    }
    let endless = format!("GET / HTTP/1.1\r\nX: {}", "x".repeat(2 * LIMITS.header_bytes));
    assert!(rest(server.say(&endless).await).await.contains("431"));
}

#[tokio::test]
async fn an_answer_may_take_its_time() {
    let server = Server::start(HASTY, &[]).await;
    let stream = server.say("GET /slow HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await;
    tokio::time::sleep(HASTY.headers * 3).await;
    server.answer.notify_one();
    assert!(rest(stream).await.contains("200 OK"));
}

#[tokio::test]
async fn one_address_has_only_so_many_connections_websockets_among_them() {
    let server = Server::start(NARROW, &[]).await;
    let upgrade = "GET /socket HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                   Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    let mut held = Vec::new();
    for _ in 0..NARROW.per_client {
        let mut stream = server.say(upgrade).await;
        until(&mut stream, "101 Switching Protocols").await;
        held.push(stream);
    }
    assert!(!server.has_room().await);
    held.pop();
    timeout(PATIENCE, async { while !server.has_room().await {} }).await.expect("there is room when one has gone");

    let server = Server::start(NARROW, &["127.0.0.0/8"]).await;
    for _ in 0..2 * NARROW.per_client {
        let mut stream = server.say(upgrade).await;
        until(&mut stream, "101 Switching Protocols").await;
        held.push(stream);
    }
    assert!(server.has_room().await, "everybody comes from a trusted proxy's");
}

#[tokio::test]
async fn a_server_that_ends_answers_what_is_under_way_and_lets_go_of_the_rest() {
    let server = Server::start(LIMITS, &[]).await;
    let mut idle = server.say("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    until(&mut idle, "127.0.0.1").await;
    let under_way = server.say("GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    // It has been read when the next has been answered.
    assert!(server.has_room().await);
    server.end.cancel();
    assert_eq!(rest(idle).await, "");
    assert!(!server.serving.is_finished());
    server.answer.notify_one();
    assert!(rest(under_way).await.contains("200 OK"));
    timeout(PATIENCE, server.serving).await.expect("it ends").expect("it ends well");
    assert!(TcpStream::connect(server.address).await.is_err());
}
