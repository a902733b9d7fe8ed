//! A server of the test's own, on a port, an instance and folders of its own.

use std::{collections::BTreeMap, path::PathBuf, process::Command, time::Duration};

use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::Value;
use test_database::TestDatabase;
use tokio::{net::TcpStream, sync::oneshot, task::JoinHandle};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream,
    tungstenite::{self, client::IntoClientRequest as _},
};

use crate::{
    app_state::AppState,
    classroom,
    cli::serve::Server,
    config::{Config, Flags},
};

/// Of every instructor in tests.
pub(super) const PASSWORD: &str = "correct horse battery staple";
/// How long a test waits for something that should come at once.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

pub(super) struct TestServer {
    pub(super) url: String,
    pub(super) run_dir: PathBuf,
    state: Option<AppState>,
    folder: tempfile::TempDir,
    pub(super) database: TestDatabase,
    instance: String,
    /// Kept over a restart.
    pool: String,
    end: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
}

impl TestServer {
    pub(super) async fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("lb").tempdir().unwrap();
        let instance = format!("t{:06x}", rand::random_range(0..0x100_0000));
        let pool = format!("10.{}.{}.0/24", rand::random_range(201..240), rand::random_range(0..256));
        let (run_dir, database) = (folder.path().join("run"), TestDatabase::new().await);
        let mut server = Self { url: String::new(), run_dir, state: None, folder, database, instance, pool, end: None };
        server.serve().await;
        server
    }

    async fn serve(&mut self) {
        let text = |path: PathBuf| path.to_string_lossy().into_owned();
        let lessons = text(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../lessons"));
        let (data, run) = (text(self.folder.path().join("data")), text(self.run_dir.clone()));
        let flags = Flags::from_pairs([
            ("listen", "127.0.0.1:0"),
            ("data_dir", &data),
            ("database_url", self.database.url()),
            ("run_dir", &run),
            ("instance", &self.instance),
            ("address_pool", &self.pool),
            ("lessons_dir", &lessons),
            ("warm_sandboxes", "0"),
        ]);
        let env = |name: &str| {
            std::env::var(name).ok().filter(|_| ["LUNCHBOX_REGISTRY", "LUNCHBOX_WORKSTATION_IMAGE", "DOCKER_HOST"].contains(&name))
        };
        let config = Config::from_sources(&flags, env, self.folder.path()).unwrap();
        let server = Server::start(config)
            .await
            .unwrap_or_else(|error| panic!("a server needs the engine and the registry of ./lunchbox setup: {error:?}"));
        self.url = format!("http://{}", server.address().unwrap());
        self.state = Some(server.state.clone());
        let (end, asked) = oneshot::channel();
        let running = tokio::spawn(async move {
            let asked = async {
                let _ = asked.await;
                Ok(())
            };
            server.run_until(asked).await.unwrap();
        });
        self.end = Some((end, running));
    }

    /// Ends the server and starts another on the same data.
    pub(super) async fn restart(&mut self) {
        let (end, running) = self.end.take().unwrap();
        let _ = end.send(());
        running.await.unwrap();
        self.serve().await;
    }

    pub(super) fn state(&self) -> &AppState {
        self.state.as_ref().unwrap()
    }

    /// Rows of all tables in which there are any that people made, by the table's name.
    pub(super) async fn rows(&self) -> BTreeMap<String, i64> {
        let pool = &self.state().needs.database.pool;
        let mut rows = BTreeMap::new();
        // The server itself keeps facts, and makes the first instructor's link.
        let its_own = ["facts", "invitations", "_sqlx_migrations"];
        for table in self.database.tables(pool).await.into_iter().filter(|name| !its_own.contains(&name.as_str())) {
            let count: i64 = sqlx::query_scalar(&format!("SELECT COUNT(*) FROM {table}")).fetch_one(pool).await.unwrap();
            rows.insert(table, count);
        }
        rows.retain(|_, count| *count > 0);
        rows
    }

    pub(super) fn visitor(&self) -> Visitor {
        Visitor { url: self.url.clone(), cookie: None, client: Client::builder(TokioExecutor::new()).build_http() }
    }

    /// An instructor who is signed in.
    pub(super) async fn instructor(&self, name: &str, is_admin: bool) -> Visitor {
        let pool = &self.state().needs.database.pool;
        let invited = if is_admin { classroom::admin_link(pool).await } else { classroom::instructor_link(pool).await };
        let mut visitor = self.learner().await;
        let token = invited.unwrap().token;
        let me = visitor.call("teach/accept_invitation", &[("token", &token), ("name", name), ("password", PASSWORD)]).await;
        assert_eq!(me.status, StatusCode::OK, "{}", me.text);
        visitor
    }

    /// A visitor who has opened the page of lessons.
    pub(super) async fn learner(&self) -> Visitor {
        let mut visitor = self.visitor();
        visitor.open_page("/").await;
        assert!(visitor.cookie.is_some(), "the first page makes a session");
        visitor
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        // What was made lives on by design; that of a test must not.
        let label = format!("label=io.lunchbox.instance={}", self.instance);
        let remove = [("ps -aq --filter", "rm -f -v"), ("network ls -q --filter", "network rm"), ("volume ls -q --filter", "volume rm")];
        for (list, remove) in remove {
            let _ = Command::new("sh").args(["-c", &format!("docker {list} '{label}' | xargs -r docker {remove}")]).output();
        }
    }
}

/// As a form's field is sent.
fn coded(text: &str) -> String {
    text.bytes().map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// A browser, as far as the server can tell.
#[derive(Clone)]
pub(super) struct Visitor {
    pub(super) url: String,
    pub(super) cookie: Option<String>,
    client: Client<HttpConnector, Full<Bytes>>,
}

pub(super) struct Answer {
    /// Of a server function that refuses: what its error says, as the page reads it. It was sent with [`Answer::sent`].
    pub(super) status: StatusCode,
    pub(super) sent: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON ({}): {}", self.status, self.text))
    }
}

impl Visitor {
    /// Moves to another address of the same server, as after a restart.
    pub(super) fn at(mut self, server: &TestServer) -> Self {
        self.url.clone_from(&server.url);
        self
    }

    pub(super) async fn open_page(&mut self, path: &str) -> Answer {
        self.ask(Method::GET, path, &[("accept", "text/html")], "").await
    }

    /// Calls a server function, as the page does.
    pub(super) async fn call(&mut self, function: &str, fields: &[(&str, &str)]) -> Answer {
        let body: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", coded(value))).collect();
        let origin = self.url.clone();
        let headers = [("accept", "application/json"), ("content-type", "application/x-www-form-urlencoded"), ("origin", &origin)];
        self.ask(Method::POST, &format!("/api/fn/{function}"), &headers, &body.join("&")).await
    }

    pub(super) async fn ask(&mut self, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let response = self.send(method, path, headers, body).await;
        if let Some(cookie) = response.headers().get(header::SET_COOKIE) {
            self.cookie = Some(cookie.to_str().unwrap().split(';').next().unwrap().to_owned());
        }
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let mut status = parts.status;
        if parts.headers.contains_key("serverfnerror") && status == StatusCode::OK {
            let error: app::api::ApiError = serde_json::from_str(&text).unwrap();
            status = StatusCode::from_u16(error.status).unwrap();
        }
        Answer { status, sent: parts.status, headers: parts.headers, text }
    }

    async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> hyper::Response<Incoming> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, cookie);
        }
        let request = request.body(Full::from(body.to_owned())).unwrap();
        tokio::time::timeout(PATIENCE, self.client.request(request)).await.expect("the server answers in time").unwrap()
    }

    /// The status of an answer whose body may never end.
    pub(super) async fn status(&self, method: Method, path: &str) -> StatusCode {
        self.send(method, path, &[], "").await.status()
    }

    /// Opens a WebSocket, as our own page does. `Err`: what was answered instead.
    pub(super) async fn socket(&self, path: &str) -> Result<Socket, StatusCode> {
        let mut request = format!("{}{path}", self.url.replacen("http", "ws", 1)).into_client_request().unwrap();
        request.headers_mut().insert(header::ORIGIN, self.url.parse().unwrap());
        if let Some(cookie) = &self.cookie {
            request.headers_mut().insert(header::COOKIE, cookie.parse().unwrap());
        }
        match tokio_tungstenite::connect_async(request).await {
            Ok((socket, _)) => Ok(socket),
            Err(tungstenite::Error::Http(answer)) => Err(answer.status()),
            Err(error) => panic!("{error}"),
        }
    }

    /// Starts the sandbox; returns its ID.
    pub(super) async fn start_sandbox(&mut self) -> String {
        let status = self.call("start_sandbox", &[]).await.json();
        assert_eq!(status["state"], "ready", "{status}");
        status["id"].as_str().unwrap().to_owned()
    }

    /// Opens the stream of a lesson.
    pub(super) async fn stream(&self, lesson: &str) -> Stream {
        self.events(&format!("/api/stream?lesson={lesson}")).await
    }

    /// Opens a stream.
    pub(super) async fn events(&self, path: &str) -> Stream {
        let response = self.send(Method::GET, path, &[("accept", "text/event-stream")], "").await;
        assert_eq!(response.status(), StatusCode::OK);
        Stream { body: response.into_body(), text: String::new(), last: BTreeMap::new() }
    }
}

/// Server-sent events of one page.
pub(super) struct Stream {
    body: Incoming,
    text: String,
    /// The newest message of each type.
    pub(super) last: BTreeMap<String, Value>,
}

impl Stream {
    /// The next message. `None` at the end.
    pub(super) async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.text = rest;
                let data = event.lines().find_map(|line| line.strip_prefix("data: "));
                if let Some(data) = data {
                    let message: Value = serde_json::from_str(data).unwrap();
                    let name = event.lines().find_map(|line| line.strip_prefix("event: "));
                    let kind = message["type"].as_str().or(name).unwrap_or("message").to_owned();
                    self.last.insert(kind, message.clone());
                    return Some(message);
                }
                continue;
            }
            let frame = tokio::time::timeout(PATIENCE, self.body.frame()).await.expect("the stream says something in time")?;
            if let Ok(data) = frame.ok()?.into_data() {
                self.text.push_str(&String::from_utf8_lossy(&data));
            }
        }
    }

    /// Reads until the newest messages are so.
    pub(super) async fn until(&mut self, what: &str, is_so: impl Fn(&BTreeMap<String, Value>) -> bool) {
        let until = tokio::time::Instant::now() + PATIENCE;
        while !is_so(&self.last) {
            // Signs of life come for ever, and are no message.
            let Ok(next) = tokio::time::timeout_at(until, self.next()).await else { panic!("{what} did not come; last: {:?}", self.last) };
            next.unwrap_or_else(|| panic!("the stream ended before {what}"));
        }
    }
}

/// Runs `docker` on a sandbox's host.
pub(super) async fn docker(server: &TestServer, sandbox: &str, arguments: &[&str]) -> String {
    let socket = format!("unix://{}/{sandbox}/docker.sock", server.run_dir.display());
    let output = tokio::process::Command::new("docker").env("DOCKER_HOST", socket).args(arguments).output().await.unwrap();
    assert!(output.status.success(), "docker {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
