//! A learner as the server sees one: cookie, requests, WebSocket.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use http_body_util::{BodyExt, Full};
use hyper::{Request, header};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream,
    tungstenite::{Message, client::IntoClientRequest},
};

/// The server function behind the Start button.
const START: &str = "/api/fn/start_sandbox";
/// How long one wait for text on the terminal may take.
const WAIT_LIMIT: Duration = Duration::from_secs(300);

pub(crate) struct Learner {
    server: String,
    cookie: String,
    client: Client<HttpConnector, Full<Bytes>>,
    terminal: Option<WebSocketStream<MaybeTlsStream<TcpStream>>>,
    /// What the terminal printed since the last wait.
    screen: String,
}

impl Learner {
    /// Opens the lesson's page, as a new visitor: from here on there is a session.
    pub(crate) async fn arrive(server: &str) -> Result<Self, String> {
        let client = Client::builder(TokioExecutor::new()).build_http();
        let mut path = "/".to_owned();
        let mut cookie = String::new();
        // At most a redirect or two from the home page to a step of the lesson.
        for next in ["/", "/lessons/docker-images"] {
            path.replace_range(.., next);
            let mut request = Request::get(format!("{server}{path}")).header(header::ACCEPT, "text/html");
            if !cookie.is_empty() {
                request = request.header(header::COOKIE, &cookie);
            }
            let response = client.request(request.body(Full::default()).map_err(text)?).await.map_err(text)?;
            if let Some(set) = response.headers().get(header::SET_COOKIE).and_then(|value| value.to_str().ok()) {
                cookie = set.split(';').next().unwrap_or_default().to_owned();
            }
            response.into_body().collect().await.map_err(text)?;
        }
        if cookie.is_empty() {
            return Err("the server gave no session".to_owned());
        }
        Ok(Self { server: server.to_owned(), cookie, client, terminal: None, screen: String::new() })
    }

    /// Presses Start; returns when the sandbox is ready.
    pub(crate) async fn press_start(&mut self) -> Result<(), String> {
        let request = Request::post(format!("{}{START}", self.server))
            .header(header::COOKIE, &self.cookie)
            .header(header::ORIGIN, &self.server)
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::default())
            .map_err(text)?;
        let response = self.client.request(request).await.map_err(text)?;
        let status = response.status();
        let body = response.into_body().collect().await.map_err(text)?.to_bytes();
        let answer: serde_json::Value =
            serde_json::from_slice(&body).map_err(|_| format!("Start answered {status}: {}", String::from_utf8_lossy(&body)))?;
        if answer["state"] == "ready" { Ok(()) } else { Err(format!("Start answered {status}: {answer}")) }
    }

    pub(crate) async fn open_terminal(&mut self) -> Result<(), String> {
        let url = format!("{}/api/terminal?id=1", self.server.replacen("http", "ws", 1));
        let mut request = url.into_client_request().map_err(text)?;
        request.headers_mut().insert(header::COOKIE, self.cookie.parse().map_err(text)?);
        request.headers_mut().insert(header::ORIGIN, self.server.parse().map_err(text)?);
        let (mut socket, _) = tokio_tungstenite::connect_async(request).await.map_err(text)?;
        socket.send(Message::text(r#"{"resize":{"cols":100,"rows":30}}"#)).await.map_err(text)?;
        self.terminal = Some(socket);
        Ok(())
    }

    pub(crate) async fn type_line(&mut self, line: &str) -> Result<(), String> {
        let socket = self.terminal.as_mut().ok_or("the terminal is not open")?;
        socket.send(Message::binary(format!("{line}\r").into_bytes())).await.map_err(text)
    }

    /// Reads until either text has been printed.
    pub(crate) async fn wait_for(&mut self, one: &str, other: &str) -> Result<(), String> {
        let deadline = tokio::time::Instant::now() + WAIT_LIMIT;
        loop {
            let found = [one, other].iter().filter_map(|wanted| self.screen.find(wanted).map(|at| at + wanted.len())).min();
            if let Some(end) = found {
                self.screen.drain(..end);
                return Ok(());
            }
            let socket = self.terminal.as_mut().ok_or("the terminal is not open")?;
            match tokio::time::timeout_at(deadline, socket.next()).await {
                Err(_) => return Err(format!("{one:?} did not appear; the terminal says {:?}", self.screen)),
                Ok(None) => return Err("the terminal was closed".to_owned()),
                Ok(Some(Ok(Message::Binary(bytes)))) => {
                    self.screen.push_str(&String::from_utf8_lossy(&bytes));
                    // The server waits until what it has sent is shown.
                    socket.send(Message::text(format!(r#"{{"ack":{}}}"#, bytes.len()))).await.map_err(text)?;
                }
                Ok(Some(Ok(_))) => {}
                Ok(Some(Err(error))) => return Err(error.to_string()),
            }
        }
    }
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
