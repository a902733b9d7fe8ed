//! A browser as the server sees it: cookie, requests, streams, a terminal.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use http_body_util::{BodyExt as _, Full};
use hyper::{Method, Request, Response, body::Incoming, header};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::Value;
use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest as _};

const ANSWER_LIMIT: Duration = Duration::from_secs(30);

#[derive(Clone)]
pub(crate) struct Visitor {
    url: String,
    cookie: String,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Visitor {
    /// Opens the home page: from here on there is a session.
    pub(crate) async fn arrive(url: &str) -> Result<Self, String> {
        let mut visitor = Self { url: url.to_owned(), cookie: String::new(), client: Client::builder(TokioExecutor::new()).build_http() };
        let response = visitor.send(Method::GET, "/", "text/html", "").await?;
        visitor.take_cookie(&response);
        response.into_body().collect().await.map_err(text)?;
        if visitor.cookie.is_empty() { Err("the server gave no session".to_owned()) } else { Ok(visitor) }
    }

    /// Opens a page and reads it.
    pub(crate) async fn page(&self, path: &str) -> Result<(), String> {
        let response = self.send(Method::GET, path, "text/html", "").await?;
        response.into_body().collect().await.map_err(text).map(drop)
    }

    /// Calls a server function, as the page does.
    pub(crate) async fn call(&mut self, function: &str, fields: &[(&str, &str)]) -> Result<Value, String> {
        let body: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", coded(value))).collect();
        let response = self.send(Method::POST, &format!("/api/fn/{function}"), "application/json", &body.join("&")).await?;
        self.take_cookie(&response);
        // What is refused is answered with 200, too.
        let (status, is_error) = (response.status(), response.headers().contains_key("serverfnerror"));
        let body = response.into_body().collect().await.map_err(text)?.to_bytes();
        if status.is_success() && !is_error {
            serde_json::from_slice(&body).map_err(text)
        } else {
            Err(format!("{function} answered {status}: {}", String::from_utf8_lossy(&body)))
        }
    }

    /// Opens a stream.
    pub(crate) async fn stream(&self, path: &str) -> Result<Incoming, String> {
        let response = self.send(Method::GET, path, "text/event-stream", "").await?;
        let status = response.status();
        if status.is_success() { Ok(response.into_body()) } else { Err(format!("{path} answered {status}")) }
    }

    /// A terminal in which a line is typed every so often, for ever.
    pub(crate) async fn type_for_ever(&self, lines: &[&str], every: Duration) -> Result<(), String> {
        let mut request = format!("{}/api/terminal?id=1", self.url.replacen("http", "ws", 1)).into_client_request().map_err(text)?;
        request.headers_mut().insert(header::COOKIE, self.cookie.parse().map_err(text)?);
        request.headers_mut().insert(header::ORIGIN, self.url.parse().map_err(text)?);
        let (mut socket, _) = tokio_tungstenite::connect_async(request).await.map_err(text)?;
        socket.send(Message::text(r#"{"resize":{"cols":100,"rows":30}}"#)).await.map_err(text)?;
        let mut lines = lines.iter().cycle();
        let mut type_next = tokio::time::interval(every);
        loop {
            tokio::select! {
                _ = type_next.tick() => {
                    let line = lines.next().unwrap_or(&"");
                    socket.send(Message::binary(format!("{line}\r").into_bytes())).await.map_err(text)?;
                }
                message = socket.next() => match message {
                    Some(Ok(Message::Binary(bytes))) => {
                        socket.send(Message::text(format!(r#"{{"ack":{}}}"#, bytes.len()))).await.map_err(text)?;
                    }
                    Some(Ok(_)) => {}
                    Some(Err(error)) => return Err(text(error)),
                    None => return Err("the terminal was closed".to_owned()),
                },
            }
        }
    }

    async fn send(&self, method: Method, path: &str, accept: &str, body: &str) -> Result<Response<Incoming>, String> {
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header(header::ACCEPT, accept)
            .header(header::ORIGIN, &self.url)
            .header(header::COOKIE, &self.cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::from(body.to_owned()))
            .map_err(text)?;
        tokio::time::timeout(ANSWER_LIMIT, self.client.request(request))
            .await
            .map_err(|_| format!("{path}: no answer in {ANSWER_LIMIT:?}"))?
            .map_err(text)
    }

    fn take_cookie(&mut self, response: &Response<Incoming>) {
        if let Some(set) = response.headers().get(header::SET_COOKIE).and_then(|value| value.to_str().ok()) {
            set.split(';').next().unwrap_or_default().clone_into(&mut self.cookie);
        }
    }
}

fn coded(value: &str) -> String {
    value.bytes().map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

pub(crate) fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
